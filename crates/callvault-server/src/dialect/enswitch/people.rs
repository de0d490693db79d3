//! `people/*` and `roles/list`.

use callvault_core::Error;
use callvault_core::address::SourceList;
use callvault_core::id::{CustomerId, PersonId, RoleId};
use callvault_core::page::PageRequest;
use callvault_core::person::profile::{
    DateFormat, PeopleOrder, PeopleSlice, Profile, ProfileChange, Profiled, TimeFormat,
};
use callvault_core::person::{DownloadErrors, EmptyCalls};
use callvault_core::role::Role;
use callvault_core::service::accounts::{NewPassword, PersonToAdd, PersonToChange, RoleChoice};
use callvault_wire::enswitch::error::{Failure, Fault};
use callvault_wire::enswitch::request::people::{
    Changes, Create, Delete, Details, Get, List, NewPassword as SentPassword, Update, Whom,
};
use callvault_wire::enswitch::response::Reply;
use callvault_wire::enswitch::response::rows::{self, ListPieces};
use callvault_wire::enswitch::schema::values::{
    Country, DateFormat as SentDateFormat, Description, PeopleOrder as SentOrder, ProfileText, PublicKey,
    TimeFormat as SentTimeFormat, ZoneName,
};

use super::lists::Rows;
use super::{Outcome, Visit, no_such_reference, unreadable};

pub(super) async fn create(visit: &Visit<'_>, call: Create) -> Result<Outcome, Failure> {
    let source = call.details.source.clone();
    let new = PersonToAdd {
        customer: call.place.customer.0.map(CustomerId),
        username: call.username.as_str().to_owned(),
        role: RoleChoice::Id(RoleId(call.role)),
        password: match call.password {
            SentPassword::Given(password) => NewPassword::Given(password.into_secret()),
            SentPassword::CopiedFrom(id) => NewPassword::CopiedFrom(PersonId(id)),
        },
        source,
        download_errors: DownloadErrors::default(),
        empty_calls: EmptyCalls::default(),
        profile: profile_change(call.details.into(), Some(call.email)),
    };
    let accounts = &visit.app.services.accounts;
    let reply = if call.validation.only {
        accounts.try_add_person(&visit.principal, new).await.map(|()| Reply::valid())
    } else {
        accounts.add_person(&visit.principal, new).await.map(|id| Reply::created(id.0))
    };
    reply.map(Outcome::Reply).map_err(|error| failed(visit, &error))
}

pub(super) async fn get(visit: &Visit<'_>, call: Get) -> Result<Outcome, Failure> {
    let accounts = &visit.app.services.accounts;
    let found = match &call.whom {
        Whom::Id(id) => accounts.person(&visit.principal, PersonId(*id)).await,
        Whom::Username(name) => accounts.person_named(&visit.principal, name.as_str()).await,
        Whom::Email(email) => accounts.person_with_email(&visit.principal, email.as_str()).await,
    };
    if call.check && matches!(found, Err(Error::NotFound { what: "person" })) {
        return Ok(Outcome::Reply(Reply::found(false)));
    }
    let person = found.map_err(|error| failed(visit, &error))?;
    if call.check {
        return Ok(Outcome::Reply(Reply::found(true)));
    }
    let details = details(&person).map_err(|error| failed(visit, &error))?;
    Ok(Outcome::Reply(Reply::row(&row(&person, &details))))
}

pub(super) async fn update(visit: &Visit<'_>, call: Update) -> Result<Outcome, Failure> {
    let id = PersonId(call.id);
    let change = PersonToChange {
        username: call.username.map(|name| name.as_str().to_owned()),
        role: call.role.map(|role| RoleChoice::Id(RoleId(role))),
        password: call.password.map(|password| password.into_secret()),
        source: call.changes.source.clone(),
        profile: profile_change(call.changes, call.email),
        ..PersonToChange::default()
    };
    let accounts = &visit.app.services.accounts;
    let reply = if call.validation.only {
        accounts.try_change_person(&visit.principal, id, change).await.map(|()| Reply::valid())
    } else {
        accounts.change_person(&visit.principal, id, change).await.map(|()| Reply::done())
    };
    reply.map(Outcome::Reply).map_err(|error| failed(visit, &error))
}

/// With `features` as well as without it: what a person owns is never removed on the way (`docs/enswitch.md` 69).
pub(super) async fn delete(visit: &Visit<'_>, call: &Delete) -> Result<Outcome, Failure> {
    let removed = visit.app.services.accounts.remove_person(&visit.principal, PersonId(call.id)).await;
    removed.map_err(|error| failed(visit, &error))?;
    Ok(Outcome::Reply(Reply::done()))
}

/// A person in a list, with the place where the next page begins.
struct Placed {
    person: Profiled,
    key: String,
    /// How many came before, from 0.
    number: u64,
}

pub(super) async fn list(visit: &Visit<'_>, call: List) -> Result<Outcome, Failure> {
    let (app, principal) = (visit.app.clone(), visit.principal.clone());
    let customer = call.place.customer.0.map(CustomerId);
    if call.count {
        let count = app.services.accounts.count_people(&principal, customer).await;
        return count.map(|count| Outcome::Reply(Reply::count(count))).map_err(|error| failed(visit, &error));
    }
    let order = match call.sort {
        SentOrder::Forename => PeopleOrder::Forename,
        SentOrder::FullName => PeopleOrder::FullName,
        SentOrder::Surname => PeopleOrder::Surname,
        SentOrder::Username => PeopleOrder::Username,
    };
    let (skip, most) = (call.offset.get().unsigned_abs(), call.limit.get().unsigned_abs());
    let rows = Rows {
        next: move |page: PageRequest<(String, PersonId, u64)>| {
            let (app, principal) = (app.clone(), principal.clone());
            async move {
                let first = page.after.as_ref().map_or(0, |(_, _, number)| number + 1);
                // Nothing is the bound of no bound.
                let left = if most == 0 { u64::MAX } else { most.saturating_sub(first) };
                let limit = page.limit.min(u32::try_from(left).unwrap_or(u32::MAX));
                if limit == 0 {
                    return Ok(Vec::new());
                }
                let skip = if page.after.is_some() { 0 } else { skip };
                let after = page.after.map(|(key, id, _)| (key, id));
                let slice = PeopleSlice { order, descending: call.descending, after, skip, limit };
                let people = app.services.accounts.sorted_people(&principal, customer, slice).await?;
                let placed = people.into_iter().zip(first..).map(|(person, number)| Placed {
                    key: order.key(&person.person.username, &person.profile),
                    person,
                    number,
                });
                Ok(placed.collect())
            }
        },
        key: |row: &Placed| (row.key.clone(), row.person.person.id, row.number),
        write: if call.pages { write_on_page } else { write_whole },
    };
    rows.body().await.map(Outcome::List).map_err(|error| failed(visit, &error))
}

fn write_whole(placed: &Placed, pieces: &mut ListPieces) -> Result<Vec<u8>, Error> {
    let details = details(&placed.person)?;
    Ok(pieces.row(&row(&placed.person, &details)))
}

fn write_on_page(placed: &Placed, pieces: &mut ListPieces) -> Result<Vec<u8>, Error> {
    let person = &placed.person.person;
    Ok(pieces.row(&rows::PersonOnPage { id: person.id.0, username: &person.username }))
}

pub(super) async fn roles(visit: &Visit<'_>) -> Result<Outcome, Failure> {
    let roles = visit.app.services.accounts.roles(&visit.principal).await;
    let roles = roles.map_err(|error| failed(visit, &error))?;
    let words: Vec<_> = roles.iter().map(|role| role.privileges.to_string()).collect();
    let rows: Vec<_> = roles.iter().zip(&words).map(|(role, words)| role_row(role, words)).collect();
    Ok(Outcome::Reply(Reply::rows(&rows)))
}

fn role_row<'a>(role: &'a Role, privileges: &'a str) -> rows::Role<'a> {
    rows::Role { id: role.id.0, name: &role.name, description: "", privileges }
}

/// The row of a person, with the [`details`] of the same one.
pub(super) fn row<'a>(person: &'a Profiled, details: &'a Details) -> rows::Person<'a> {
    rows::Person {
        id: person.person.id.0,
        customer: person.person.customer.0,
        username: &person.person.username,
        email: &person.profile.email,
        role: person.person.role.0,
        details,
    }
}

/// The profile in the words of the dialect.
///
/// # Errors
/// Where the catalog holds what no service would have let in.
pub(super) fn details(person: &Profiled) -> Result<Details, Error> {
    let Profiled { person, profile } = person;
    words(profile, person.source.clone()).ok_or_else(|| unreadable("person"))
}

fn words(profile: &Profile, source: SourceList) -> Option<Details> {
    let text = |text: &str| ProfileText::new(text);
    Some(Details {
        company: text(&profile.company)?,
        country: Country::new(&profile.country)?,
        date_format: match profile.date_format {
            DateFormat::DayFirst => SentDateFormat::DayFirst,
            DateFormat::MonthFirst => SentDateFormat::MonthFirst,
            DateFormat::YearFirst => SentDateFormat::YearFirst,
        },
        description: Description::new(&profile.description)?,
        extension: text(&profile.extension)?,
        fax: text(&profile.fax)?,
        forename: text(&profile.forename)?,
        language: text(&profile.language)?,
        mobile: text(&profile.mobile)?,
        public_key: PublicKey::new(&profile.public_key)?,
        source,
        surname: text(&profile.surname)?,
        telephone: text(&profile.telephone)?,
        time_format: match profile.time_format {
            TimeFormat::Twelve => SentTimeFormat::Twelve,
            TimeFormat::TwentyFour => SentTimeFormat::TwentyFour,
        },
        timezone: ZoneName::new(&profile.timezone)?,
        title: text(&profile.title)?,
    })
}

fn date_format(sent: SentDateFormat) -> DateFormat {
    match sent {
        SentDateFormat::DayFirst => DateFormat::DayFirst,
        SentDateFormat::MonthFirst => DateFormat::MonthFirst,
        SentDateFormat::YearFirst => DateFormat::YearFirst,
    }
}

fn time_format(sent: SentTimeFormat) -> TimeFormat {
    match sent {
        SentTimeFormat::Twelve => TimeFormat::Twelve,
        SentTimeFormat::TwentyFour => TimeFormat::TwentyFour,
    }
}

/// What is named of a profile; of a new person that is all of it.
fn profile_change(sent: Changes, email: Option<ProfileText>) -> ProfileChange {
    let text = |text: Option<ProfileText>| text.map(|text| text.as_str().to_owned());
    ProfileChange {
        email: text(email),
        title: text(sent.title),
        forename: text(sent.forename),
        surname: text(sent.surname),
        company: text(sent.company),
        description: sent.description.map(|text| text.as_str().to_owned()),
        country: sent.country.map(|country| country.as_str().to_owned()),
        language: text(sent.language),
        timezone: sent.timezone.map(|zone| zone.as_str().to_owned()),
        date_format: sent.date_format.map(date_format),
        time_format: sent.time_format.map(time_format),
        telephone: text(sent.telephone),
        mobile: text(sent.mobile),
        fax: text(sent.fax),
        extension: text(sent.extension),
        public_key: sent.public_key.map(|key| key.as_str().to_owned()),
    }
}

fn failed(visit: &Visit<'_>, error: &Error) -> Failure {
    match error {
        Error::NotFound { what: "person" } => visit.function.no_such().unwrap_or(Failure::Internal),
        Error::NotFound { what: "role" } => no_such_reference("role"),
        Error::NotFound { what: "copied person" } => no_such_reference("copy_password"),
        Error::Conflict { field: "email", .. } => Failure::SeveralPeople,
        Error::Conflict { field: "username", .. } => Failure::Input(vec![Fault::taken("username")]),
        Error::Conflict { field: field @ ("id" | "role"), reason }
        | Error::Invalid { field: field @ ("id" | "password"), reason } => refused(field, reason),
        other => visit.failed(other),
    }
}

/// A refusal that says why, as a sentence. The reasons of services repeat nothing that was sent.
pub(super) fn refused(key: &'static str, reason: &str) -> Failure {
    let mut letters = reason.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    let sentence: String = first.into_iter().chain(letters).chain(['.']).collect();
    Failure::Input(vec![Fault::new(key, sentence)])
}
