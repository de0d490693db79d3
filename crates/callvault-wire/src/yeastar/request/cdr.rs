//! `cdr/get_random` and `cdr/download`: which call records a file is to hold.

use std::net::IpAddr;

use callvault_core::secret::Secret;

use super::numbers::{EXTENSION, NumberList};
use super::values::{allowed_address, random};
use crate::yeastar::error::Errno;
use crate::yeastar::fields::{Field, Fields};
use crate::yeastar::name::readings;
use crate::yeastar::time::CivilTime;

/// Which call records are wanted. A ticket is for one selection (`docs/yeastar.md` G31).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CdrSelection {
    /// A record fits if one of these called or was called.
    pub numbers: NumberList,
    /// Calls that started then or later, on the customer's wall clock.
    pub start: CivilTime,
    /// Calls that started then or earlier; not before `start`.
    pub end: CivilTime,
}

/// The parameters of `cdr/get_random`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CdrGetRandom {
    /// What a ticket is wanted for.
    pub selection: CdrSelection,
    /// The list of numbers to repeat in the answer, as sent; `all` where nothing was.
    pub echo_numbers: String,
    /// One more address that may fetch the file.
    pub allowed_address: Option<IpAddr>,
}

/// The parameters of `cdr/download`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CdrDownload {
    selections: Vec<CdrSelection>,
    /// The ticket.
    pub random: Secret,
    /// A HEAD request: headers only, and the ticket is not spent (`docs/yeastar.md` G14).
    pub headers_only: bool,
}

impl CdrDownload {
    /// Whether the link asks for what its ticket is for. Otherwise the answer is
    /// [`Errno::CdrRandomInvalid`] (`docs/yeastar.md` G31).
    pub fn matches(&self, ticket: &CdrSelection) -> bool {
        self.selections.contains(ticket)
    }

    /// The selections that the link may mean, the likeliest first, at least one. There are several where a `+`
    /// is the plus of a number or a blank.
    pub fn selections(&self) -> &[CdrSelection] {
        &self.selections
    }
}

pub(super) fn get_random(fields: &Fields<'_>) -> Result<CdrGetRandom, Errno> {
    let numbers = fields.any(EXTENSION);
    let echo_numbers = match &numbers {
        Field::Text(text) => text.trim().to_owned(),
        Field::Blank | Field::Composite => "all".to_owned(),
    };
    let numbers = NumberList::of_field(numbers)?;
    let start = fields.field("starttime").text().ok_or(Errno::ParameterBlank)?;
    let end = fields.field("endtime").text().ok_or(Errno::ParameterBlank)?;
    let allowed_address = allowed_address(fields)?;
    let (start, end) = span(CivilTime::parse(&start), CivilTime::parse(&end))?;
    Ok(CdrGetRandom { selection: CdrSelection { numbers, start, end }, echo_numbers, allowed_address })
}

/// A link that lacks a part cannot be the one that its ticket is for.
pub(super) fn download(fields: &Fields<'_>, headers_only: bool) -> Result<CdrDownload, Errno> {
    let random = random(fields).ok_or(Errno::CdrRandomInvalid)?;
    let time = |name: &str| -> Result<Option<CivilTime>, Errno> {
        let raw = fields.raw_any(&[name]).ok_or(Errno::CdrRandomInvalid)?;
        Ok(readings(raw).find_map(|reading| CivilTime::parse(&reading)))
    };
    let (start, end) = span(time("starttime")?, time("endtime")?)?;
    let mut selections: Vec<CdrSelection> = Vec::new();
    for reading in readings(fields.raw_any(EXTENSION).unwrap_or("all")) {
        let numbers =
            if reading.trim().is_empty() { Some(NumberList::All) } else { NumberList::parse(&reading) };
        let selection = numbers.map(|numbers| CdrSelection { numbers, start, end });
        selections.extend(selection.filter(|selection| !selections.contains(selection)));
    }
    if selections.is_empty() {
        return Err(Errno::CdrRandomInvalid);
    }
    Ok(CdrDownload { selections, random, headers_only })
}

/// Both ends are included, so a span of one second is a good one (`docs/yeastar.md` G30).
fn span(start: Option<CivilTime>, end: Option<CivilTime>) -> Result<(CivilTime, CivilTime), Errno> {
    start.zip(end).filter(|(start, end)| start <= end).ok_or(Errno::CdrTimeWrong)
}
