//! The calls that begin, keep and end a session.

use std::sync::Arc;

use callvault_core::listen::Door;
use callvault_core::service::logins::{Attempt, LoginRefused};
use callvault_core::service::sessions::{SessionRefused, Tokens};
use callvault_wire::yeastar::error::Errno;
use callvault_wire::yeastar::path::Version;
use callvault_wire::yeastar::request::{Heartbeat, Login, TokenRefresh};
use callvault_wire::yeastar::response::{Success, Transport};

use super::{DOOR, Visit, internal, reporting};
use crate::app::App;
use crate::caller::Caller;

pub(super) async fn log_in(
    app: &Arc<App>,
    caller: Caller,
    version: Version,
    login: Login,
) -> Result<Success, Errno> {
    let peer = caller.address();
    if caller.is_readable_on_the_wire() {
        app.warnings.plain_login(peer);
    }
    let logins = &app.services.logins;
    let verified = match &login.password {
        Some(password) => {
            let attempt = Attempt { door: Door::Yeastar, username: &login.username, password, peer };
            logins.verify(attempt).await
        }
        None => Err(logins.refuse(Door::Yeastar, &login.username, peer)),
    };
    let account = verified.map_err(|refused| {
        app.metrics.login_failed(DOOR);
        if let LoginRefused::Failed(error) = &refused {
            return internal(error);
        }
        tracing::warn!(client = %peer, door = DOOR, "login refused: {refused}");
        Errno::from(&refused)
    })?;
    let (report, target) = reporting::of_login(&login, peer);
    let begun = app.services.sessions.begin(&account, peer, report, target, version.refreshes()).await;
    let Tokens { token, refresh } = begun.map_err(|error| internal(&error))?.ok_or(Errno::LoginRefused)?;
    Ok(Success::Login { version, token, refresh_token: refresh, transport: Transport::Http })
}

/// Whatever is wrong with the token, its age included, is 20004 in every version (`docs/yeastar.md` G8).
pub(super) async fn refresh(app: &Arc<App>, caller: Caller, shown: TokenRefresh) -> Result<Success, Errno> {
    let renewed = app.services.sessions.renew(shown.refresh_token.reveal(), caller.address()).await;
    let renewed = renewed.map_err(|refused| match refused {
        SessionRefused::Unknown | SessionRefused::Expired { .. } => Errno::TokenUnknown,
        SessionRefused::Failed(error) => internal(&error),
    })?;
    Ok(Success::TokenRefresh { token: renewed.token, refresh_token: renewed.refresh })
}

pub(super) async fn heartbeat(visit: &Visit<'_>, beat: Heartbeat) -> Result<Success, Errno> {
    let session = &visit.resumed.session;
    let heartbeat = reporting::of_heartbeat(beat, session);
    let beaten = visit.app.services.sessions.heartbeat(session.token, heartbeat).await;
    beaten.map_err(|error| internal(&error))?;
    Ok(Success::Heartbeat)
}

pub(super) async fn log_out(visit: &Visit<'_>) -> Result<Success, Errno> {
    let ended = visit.app.services.sessions.end(&visit.resumed.session).await;
    ended.map_err(|error| internal(&error))?;
    Ok(Success::Logout)
}
