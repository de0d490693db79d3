//! Who makes a call of this dialect: by a token, or by name and password (`docs/enswitch.md` 19).

use std::net::IpAddr;
use std::sync::Arc;

use callvault_core::Error;
use callvault_core::gate::{Kind, Principal, Verb};
use callvault_core::listen::Door;
use callvault_core::login_token::LoginToken;
use callvault_core::person::Account;
use callvault_core::role::Privilege;
use callvault_core::secret::{PasswordMd5, Secret};
use callvault_core::service::login_tokens::LoginTokenRefused;
use callvault_core::service::logins::{Attempt, LoginRefused};
use callvault_wire::enswitch::auth::Credentials;
use callvault_wire::enswitch::error::Failure;
use callvault_wire::enswitch::parameters::Parameters;
use callvault_wire::enswitch::path::Function;

use super::DOOR;
use crate::app::App;
use crate::caller::Caller;

/// Somebody who was authenticated.
pub(super) struct Entrant {
    pub(super) principal: Principal,
    pub(super) account: Arc<Account>,
    pub(super) proof: Proof,
}

/// What somebody was authenticated by.
pub(super) enum Proof {
    /// Name and password; `user/login` has to ask for the code of who uses them.
    Password,
    /// A token.
    Token(LoginToken),
    /// The token of a login's second step, whose code is still to be verified.
    SecondStep(Secret),
}

/// Who calls, if their role has the function at all.
pub(super) async fn admit(app: &App, caller: Caller, parameters: &Parameters) -> Result<Entrant, Failure> {
    let entrant = authenticate(app, caller, parameters).await?;
    // The privileges are those of the function's page; what they reach is asked of the gate by the services.
    let words = parameters.function().privileges().iter();
    let privileges: Vec<_> = words.filter_map(|word| Privilege::parse(word)).collect();
    let gate = &app.services.gate;
    gate.any_of(&entrant.principal, &privileges).map_err(|_| Failure::Role)?;
    // Some need more than their page says, which is 402 before 400 as well (`docs/enswitch.md` 13, 67, 71).
    let besides = match parameters.function() {
        Function::CustomersCreate => app.services.accounts.may_add_customers(&entrant.principal),
        Function::PeopleCreate => gate.in_some_customer(&entrant.principal, Kind::Person, Verb::Administer),
        Function::PeopleDelete => gate.privilege(&entrant.principal, Kind::Person, Verb::Delete),
        _ => Ok(()),
    };
    besides.map_err(|_| Failure::Role)?;
    Ok(entrant)
}

async fn authenticate(app: &App, caller: Caller, parameters: &Parameters) -> Result<Entrant, Failure> {
    match Credentials::from_parameters(parameters) {
        None => Err(Failure::Unauthenticated),
        Some(Credentials::Token(token)) => by_token(app, caller, &token).await,
        Some(Credentials::Password { username, password }) => {
            let peer = caller.address();
            let password = PasswordMd5::of_password(&password);
            let username = username.reveal();
            let attempt = Attempt { door: Door::Enswitch, username, password: &password, peer };
            let logins = &app.services.logins;
            let verified = match parameters.function() {
                Function::UserLogin => logins.verify_first_step(attempt).await,
                _ => logins.verify(attempt).await,
            };
            entered(app, peer, verified, Proof::Password)
        }
        Some(Credentials::OneTime { token, .. }) => {
            let peer = caller.address();
            let resumed = app.services.logins.resume_second_step(token.reveal(), Door::Enswitch, peer).await;
            entered(app, peer, resumed, Proof::SecondStep(token))
        }
    }
}

async fn by_token(app: &App, caller: Caller, token: &Secret) -> Result<Entrant, Failure> {
    let peer = caller.address();
    match app.services.login_tokens.resume(token.reveal(), peer).await {
        Ok(holder) => {
            let proof = Proof::Token(holder.token);
            Ok(Entrant { principal: holder.principal, account: holder.account, proof })
        }
        Err(LoginTokenRefused::Unknown) => {
            app.metrics.login_failed(DOOR);
            tracing::warn!(client = %peer, door = DOOR, "a token was refused");
            Err(Failure::Unauthenticated)
        }
        Err(LoginTokenRefused::Failed(error)) => Err(broken(&error)),
    }
}

fn entered(
    app: &App,
    peer: IpAddr,
    verified: Result<Arc<Account>, LoginRefused>,
    proof: Proof,
) -> Result<Entrant, Failure> {
    let account = verified.map_err(|refused| turned_away(app, peer, &refused))?;
    Ok(Entrant { principal: Principal::of_account(&account, Door::Enswitch, peer), account, proof })
}

/// Counts and logs a refused login.
pub(super) fn turned_away(app: &App, peer: IpAddr, refused: &LoginRefused) -> Failure {
    app.metrics.login_failed(DOOR);
    match refused {
        LoginRefused::Failed(error) => {
            broken(error);
        }
        _ => tracing::warn!(client = %peer, door = DOOR, "login refused: {refused}"),
    }
    Failure::from(refused)
}

fn broken(error: &Error) -> Failure {
    tracing::error!(error = error as &dyn std::error::Error, "a login at the Enswitch door failed");
    Failure::Internal
}
