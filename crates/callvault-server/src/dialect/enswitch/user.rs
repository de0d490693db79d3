//! `user/login` and `user/switch`.

use callvault_core::Error;
use callvault_core::id::PersonId;
use callvault_core::listen::Door;
use callvault_core::person::Account;
use callvault_core::person::profile::Profiled;
use callvault_core::service::login_tokens::{self, Wish};
use callvault_core::service::switching;
use callvault_wire::enswitch::error::Failure;
use callvault_wire::enswitch::request::people::Details;
use callvault_wire::enswitch::request::user::{Login, Switch, Whom};
use callvault_wire::enswitch::response::Reply;
use callvault_wire::enswitch::response::login::{Expiry, Token};

use super::entry::{Proof, turned_away};
use super::{Outcome, Visit, failed, people};

pub(super) async fn login(visit: &Visit<'_>, call: &Login) -> Result<Outcome, Failure> {
    let account = &visit.account;
    let second_step = match &visit.proof {
        // Who has a token has shown a code, if they use codes, when they got it.
        Proof::Token(_) => None,
        Proof::Password if !account.one_time_codes => None,
        Proof::Password => Some(None),
        Proof::SecondStep(token) => Some(Some(token.reveal())),
    };
    if let Some(second_step) = second_step {
        let logins = &visit.app.services.logins;
        let Some(code) = &call.code else {
            let token = logins.begin_second_step(account);
            return Ok(Outcome::Reply(Reply::code_wanted(&token, &account.person.username)));
        };
        let verified = logins.verify_code(account, code, second_step, Door::Enswitch, visit.peer).await;
        verified.map_err(|refused| turned_away(visit.app, visit.peer, &refused))?;
    }
    let shown = Shown::of(visit, account).await?;
    let token = match call.token {
        true => Some(issue(visit, account, visit.principal.switched_by).await?),
        false => None,
    };
    Ok(Outcome::Reply(shown.logged_in(token.as_ref())))
}

pub(super) async fn switch(visit: &Visit<'_>, call: &Switch) -> Result<Outcome, Failure> {
    let principal = &visit.principal;
    let whom = match &call.whom {
        Whom::Id(id) => switching::Whom::Id(PersonId(*id)),
        Whom::Username(username) => switching::Whom::Username(username.as_str()),
    };
    let switched = visit.app.services.switching.switch(principal, whom).await;
    let account = switched.map_err(|error| visit.failed(&error))?;
    let shown = Shown::of(visit, &account).await?;
    // Of a row of switches the first counts: it is who answers for all of them.
    let by = principal.switched_by.or(principal.person);
    tracing::info!(
        person = account.person.id.0,
        switched_by = by.map(|person| person.0),
        through = principal.person.map(|person| person.0),
        client = ?principal.peer,
        "somebody switched to a person"
    );
    let token = match call.token {
        true => Some(issue(visit, &account, by).await?),
        false => None,
    };
    Ok(Outcome::Reply(shown.logged_in(token.as_ref())))
}

async fn issue(visit: &Visit<'_>, account: &Account, by: Option<PersonId>) -> Result<Token, Failure> {
    let shown = match &visit.proof {
        Proof::Token(token) => login_tokens::Shown::Token(token),
        Proof::Password | Proof::SecondStep(_) => login_tokens::Shown::Password(&visit.account),
    };
    let wish = Wish { account, peer: visit.peer, switched_by: by, by: shown };
    let issued = visit.app.services.login_tokens.issue(wish).await.map_err(|error| failed(&error))?;
    // What they were let in by is not good any more, or the person was disabled.
    let issued = issued.ok_or(Failure::Unauthenticated)?;
    let expires = issued.ends.map(|(at, left)| Expiry {
        left_seconds: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
        at: at.unix_ms().div_euclid(1000),
    });
    Ok(Token { token: issued.token, expires })
}

/// What is told of a person, looked up before a token is made for them.
struct Shown {
    person: Profiled,
    details: Details,
}

impl Shown {
    async fn of(visit: &Visit<'_>, account: &Account) -> Result<Self, Failure> {
        let person = visit.app.services.accounts.person(&visit.principal, account.person.id).await;
        let person = person.map_err(|error| match error {
            // They were removed since they were verified or found.
            Error::NotFound { .. } => visit.function.no_such().unwrap_or(Failure::Unauthenticated),
            other => visit.failed(&other),
        })?;
        let details = people::details(&person).map_err(|error| visit.failed(&error))?;
        Ok(Self { person, details })
    }

    fn logged_in(&self, token: Option<&Token>) -> Reply {
        Reply::logged_in(&people::row(&self.person, &self.details), token)
    }
}
