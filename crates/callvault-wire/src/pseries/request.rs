//! From the parts of an HTTP request to a typed call, in two stages.
//!
//! [`parse_head`] checks path, method, `User-Agent` and that a token is there. The server then looks the token up,
//! and asks [`Head::call`] for the rest. So a client with a stale token learns of the token before it learns of
//! anything else (`docs/pseries.md`, "Order of checks"). Neither stage panics on any input.

use callvault_core::call::CallStatus;
use callvault_core::recording::RecordingName;
use callvault_core::secret::Secret;

use crate::pseries::error::Errcode;
use crate::pseries::fields::{Body, Query};
use crate::pseries::path::{self, Endpoint, Method, Resource};
use crate::pseries::sent::{self, SentId};
use crate::pseries::time::TimeBound;

/// The longest page, and the page of those who ask for no length (`docs/pseries.md` P13).
pub const MOST_ROWS: u32 = 10_000;

/// How many `ids` one search may name.
pub const MOST_IDS: usize = 1000;

/// The parts of an HTTP request that count. `Debug` is left out, as they hold secrets.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The method.
    pub method: Method,
    /// The path as it stood in the request line, not decoded.
    pub path: &'a str,
    /// The query as it stood there, without its `?`; empty if there is none.
    pub query: &'a str,
    /// The `User-Agent` header, if it was sent.
    pub user_agent: Option<&'a str>,
    /// The body; over 16 KiB is refused unread.
    pub body: &'a [u8],
}

/// A call whose path, method and presence of a token are right, and whose parameters are not yet looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Where it goes.
    pub endpoint: Endpoint,
    /// The access token; `None` for `get_token` and `refresh_token` alone.
    pub access_token: Option<Secret>,
    method: Method,
    query: Query,
    body: Result<Body, Errcode>,
}

/// A call with its parameters, ready to be carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// `get_token`
    GetToken(GetToken),
    /// `refresh_token`
    RefreshToken {
        /// The refresh token.
        refresh_token: Secret,
    },
    /// `del_token`
    DelToken,
    /// `recording/list`
    RecordingList(Paging),
    /// `recording/search`
    RecordingSearch(RecordingSearch),
    /// `recording/download`
    RecordingDownload(RecordingChoice),
    /// `cdr/download`
    CdrDownload(CdrDownload),
    /// A link.
    Resource {
        /// The ticket in it.
        resource: Resource,
        /// A HEAD request: headers only.
        headers_only: bool,
    },
}

/// The parameters of `get_token`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetToken {
    /// `username`, the client id, without blanks around it. Not blank.
    pub username: String,
    /// `password`, the client secret, in clear. To be verified by way of [`auth::password`].
    ///
    /// [`auth::password`]: crate::pseries::auth::password
    pub client_secret: Secret,
}

/// Which rows of a list, in which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paging {
    /// The page, from 1.
    pub page: u32,
    /// Rows on a page, 1 to [`MOST_ROWS`].
    pub page_size: u32,
    /// By what they are sorted.
    pub sort_by: SortBy,
    /// In which direction.
    pub order: Order,
}

impl Paging {
    /// How many rows come before the page.
    pub fn skipped(&self) -> u64 {
        u64::from(self.page.saturating_sub(1)) * u64::from(self.page_size)
    }
}

/// `sort_by`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SortBy {
    /// `id`: in order of arrival.
    #[default]
    Id,
    /// `time`: by the time of the call, rows of one second by their id.
    Time,
}

/// `order_by`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Order {
    /// `asc`
    #[default]
    Ascending,
    /// `desc`
    Descending,
}

/// The parameters of `recording/search`. What is `None` or empty does not filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordingSearch {
    /// Which rows.
    pub paging: Paging,
    /// Calls at or after this; always [`TimeBound::Unix`].
    pub start_time: Option<TimeBound>,
    /// Calls at or before this; always [`TimeBound::Unix`].
    pub end_time: Option<TimeBound>,
    /// The caller's whole number.
    pub caller: Option<String>,
    /// The callee's whole number.
    pub callee: Option<String>,
    /// Any of these, at most [`MOST_IDS`].
    pub ids: Vec<SentId>,
}

/// Which recording a link is wanted for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordingChoice {
    /// By `id`, also when `file` is there too.
    Id(SentId),
    /// By `file`: one or two spellings to look up, the likelier first.
    File(Vec<RecordingName>),
}

/// The parameters of `cdr/download`. What is `None` does not filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CdrDownload {
    /// Calls that began at or after this.
    pub start_time: Option<TimeBound>,
    /// Calls that began at or before this.
    pub end_time: Option<TimeBound>,
    /// The caller's number.
    pub call_from: Option<String>,
    /// The callee's number.
    pub call_to: Option<String>,
    /// How the call ended.
    pub status: Option<CallStatus>,
    /// An extension group of the device (`docs/pseries.md` P23).
    pub extension_group: Option<i64>,
    /// `enable_fuzzy_search`: numbers match where they contain what was asked for.
    pub fuzzy: bool,
}

/// The first stage: path, method, `User-Agent`, presence of a token.
///
/// Fails with [`Errcode::InterfaceUnknown`], [`Errcode::VersionUnsupported`] or, for a link, [`Errcode::NotFound`];
/// then with [`Errcode::AccessDenied`].
pub fn parse_head(request: &Request<'_>) -> Result<Head, Errcode> {
    let endpoint = path::parse(request.path)?;
    if !endpoint.accepts(request.method) {
        return Err(Errcode::InterfaceUnknown);
    }
    let named = request.user_agent.is_some_and(|agent| !agent.trim().is_empty());
    if endpoint.needs_user_agent() && !named {
        return Err(Errcode::AccessDenied);
    }
    let query = Query::parse(request.query);
    let access_token = if endpoint.needs_token() {
        // A token that is too long to be one is unknown like any other.
        let token = query.text("access_token").map_err(|_| Errcode::TokenExpired)?;
        Some(Secret::new(token.ok_or(Errcode::AccessDenied)?))
    } else {
        None
    };
    // The body of a GET is nobody's business.
    let body = if request.method == Method::Post { Body::parse(request.body) } else { Body::parse(b"") };
    Ok(Head { endpoint, access_token, method: request.method, query, body })
}

impl Head {
    /// The second stage, for after the token was found good.
    ///
    /// Fails with [`Errcode::ParameterSyntax`], [`Errcode::Parameter`] or, for a `file` that can be no recording's
    /// name, [`Errcode::NotFound`].
    pub fn call(&self) -> Result<Call, Errcode> {
        let query = &self.query;
        match &self.endpoint {
            Endpoint::GetToken => {
                let body = self.body()?;
                let username = body.required("username")?.reveal().trim().to_owned();
                Ok(Call::GetToken(GetToken { username, client_secret: body.required("password")? }))
            }
            Endpoint::RefreshToken => {
                let refresh_token = self.body()?.required("refresh_token")?;
                Ok(Call::RefreshToken { refresh_token: Secret::new(refresh_token.reveal().trim()) })
            }
            Endpoint::DelToken => Ok(Call::DelToken),
            Endpoint::RecordingList => paging(query).map(Call::RecordingList),
            Endpoint::RecordingSearch => recording_search(query).map(Call::RecordingSearch),
            Endpoint::RecordingDownload => recording_download(query).map(Call::RecordingDownload),
            Endpoint::CdrDownload => cdr_download(query).map(Call::CdrDownload),
            Endpoint::Resource(resource) => {
                Ok(Call::Resource { resource: resource.clone(), headers_only: self.method == Method::Head })
            }
        }
    }

    fn body(&self) -> Result<&Body, Errcode> {
        self.body.as_ref().map_err(|errcode| *errcode)
    }
}

fn paging(query: &Query) -> Result<Paging, Errcode> {
    let page = query.integer("page")?.unwrap_or(1);
    let page_size = query.integer("page_size")?.unwrap_or(i64::from(MOST_ROWS));
    // Refused rather than bent: a client that counts pages of another length would miss rows without knowing.
    if !(1..=i64::from(MOST_ROWS)).contains(&page_size) {
        return Err(Errcode::Parameter);
    }
    Ok(Paging {
        page: u32::try_from(page).ok().filter(|page| *page > 0).ok_or(Errcode::Parameter)?,
        page_size: u32::try_from(page_size).map_err(|_| Errcode::Parameter)?,
        sort_by: choice(query, "sort_by", &[("id", SortBy::Id), ("time", SortBy::Time)])?.unwrap_or_default(),
        order: choice(query, "order_by", &[("asc", Order::Ascending), ("desc", Order::Descending)])?
            .unwrap_or_default(),
    })
}

fn recording_search(query: &Query) -> Result<RecordingSearch, Errcode> {
    let unix = |name| match time_bound(query, name)? {
        Some(TimeBound::Text(_)) => Err(Errcode::Parameter),
        bound => Ok(bound),
    };
    // Not by `Query::text`, as the list may be longer than any text.
    let ids = crate::pseries::fields::form_decoded(query.raw("ids").unwrap_or_default());
    let ids = ids.split(',').filter(|id| !id.trim().is_empty());
    let ids = ids.take(MOST_IDS + 1).map(SentId::parse).collect::<Result<Vec<_>, _>>()?;
    if ids.len() > MOST_IDS {
        return Err(Errcode::Parameter);
    }
    Ok(RecordingSearch {
        paging: paging(query)?,
        start_time: unix("start_time")?,
        end_time: unix("end_time")?,
        caller: query.number("caller")?,
        callee: query.number("callee")?,
        ids,
    })
}

fn recording_download(query: &Query) -> Result<RecordingChoice, Errcode> {
    if let Some(id) = query.text("id")? {
        return SentId::parse(&id).map(RecordingChoice::Id);
    }
    let raw = query.raw("file").ok_or(Errcode::Parameter)?;
    sent::names(raw).map(RecordingChoice::File)
}

fn cdr_download(query: &Query) -> Result<CdrDownload, Errcode> {
    // `NO_ANSWER` is what blanks become in the settings of some clients.
    let word = query.text("status")?.map(|word| word.replace('_', " "));
    let status = word.map(|word| CallStatus::parse(&word).ok_or(Errcode::Parameter)).transpose()?;
    let yes_or_no =
        [("1", true), ("yes", true), ("true", true), ("0", false), ("no", false), ("false", false)];
    Ok(CdrDownload {
        start_time: time_bound(query, "start_time")?,
        end_time: time_bound(query, "end_time")?,
        call_from: query.number("call_from")?,
        call_to: query.number("call_to")?,
        status,
        extension_group: query.integer("extension_group")?,
        fuzzy: choice(query, "enable_fuzzy_search", &yes_or_no)?.unwrap_or_default(),
    })
}

fn time_bound(query: &Query, name: &str) -> Result<Option<TimeBound>, Errcode> {
    query.text(name)?.map(|text| TimeBound::parse(&text)).transpose()
}

/// One word of several, without regard to case.
fn choice<T: Copy>(query: &Query, name: &str, choices: &[(&str, T)]) -> Result<Option<T>, Errcode> {
    let Some(text) = query.text(name)? else { return Ok(None) };
    let chosen = choices.iter().find(|(word, _)| text.eq_ignore_ascii_case(word));
    chosen.map(|(_, value)| Some(*value)).ok_or(Errcode::Parameter)
}

#[cfg(test)]
mod tests;
