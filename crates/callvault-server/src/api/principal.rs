//! Who asks: the control socket's owner, a key with `Authorization: Bearer`, or a person with `Authorization: Basic`.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use callvault_core::gate::Principal;
use callvault_core::listen::Door;
use callvault_core::secret::{PasswordMd5, Secret};
use callvault_core::service::api_keys::KeyRefused;
use callvault_core::service::logins::{Attempt, LoginRefused};
use http::header::AUTHORIZATION;
use http::request::Parts;

use crate::api::operation::{Input, Operation, Schemas};
use crate::api::problem::{Code, Problem};
use crate::app::App;
use crate::caller::Caller;

/// A caller who was verified.
pub(crate) struct Verified(pub(crate) Principal);

/// In the extensions of a request whose caller was verified.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WasVerified;

impl FromRequestParts<Arc<App>> for Verified {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let principal = of(app, parts).await?;
        parts.extensions.insert(WasVerified);
        Ok(Self(principal))
    }
}

impl Input for Verified {
    fn describe(operation: &mut Operation, _: &mut Schemas) {
        operation.login = true;
        operation.fails(&[Code::Unauthenticated, Code::Forbidden, Code::Scope, Code::Busy, Code::Internal]);
    }
}

/// The principal of a request.
pub(crate) async fn of(app: &Arc<App>, parts: &Parts) -> Result<Principal, Problem> {
    let peer = match Caller::of(&parts.extensions) {
        Caller::ControlSocket => return Ok(Principal::local_owner()),
        Caller::Network { address, .. } => address,
    };
    if let Some(key) = bearer(parts) {
        return match app.services.api_keys.resume(key.reveal(), peer).await {
            Ok(principal) => Ok(principal),
            Err(KeyRefused::Failed(error)) => Err(error.into()),
            Err(refused @ KeyRefused::Unknown) => {
                app.metrics.login_failed(Door::Api.as_str());
                tracing::warn!(client = %peer, door = Door::Api.as_str(), "login refused: {refused}");
                Err(Problem::unauthenticated())
            }
        };
    }
    let (username, password) = basic(parts).ok_or_else(Problem::unauthenticated)?;
    let password = PasswordMd5::of_password(&password);
    let attempt = Attempt { door: Door::Api, username: &username, password: &password, peer };
    match app.services.logins.verify(attempt).await {
        Ok(account) => Ok(Principal::of_account(&account, Door::Api, peer)),
        Err(LoginRefused::Failed(error)) => Err(error.into()),
        Err(LoginRefused::Busy) => Err(callvault_core::Error::Busy.into()),
        Err(refused @ (LoginRefused::Wrong | LoginRefused::Locked)) => {
            app.metrics.login_failed(Door::Api.as_str());
            tracing::warn!(client = %peer, door = Door::Api.as_str(), "login refused: {refused}");
            Err(Problem::unauthenticated())
        }
    }
}

/// The credentials of a scheme.
fn credentials<'a>(parts: &'a Parts, wanted: &str) -> Option<&'a str> {
    let (scheme, credentials) = parts.headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case(wanted).then(|| credentials.trim())
}

/// The key of RFC 6750.
fn bearer(parts: &Parts) -> Option<Secret> {
    credentials(parts, "bearer").map(Secret::new)
}

/// The credentials of RFC 7617, as UTF-8.
fn basic(parts: &Parts) -> Option<(String, Secret)> {
    let credentials = credentials(parts, "basic")?;
    let decoded = base64_simd::STANDARD.decode_to_vec(credentials).ok()?;
    let (username, password) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    Some((username.to_owned(), Secret::new(password)))
}
