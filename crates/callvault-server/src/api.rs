//! Our own API, `/api/v1`: see `docs/api.md`. The command line, and later the web UI, are its clients.

mod accounts;
mod audio;
mod calls;
mod destinations;
mod extract;
mod hunt_groups;
mod installation;
mod object;
pub(crate) mod principal;
pub(crate) mod problem;
mod record_groups;
mod recordings;
mod rights;
mod sounds;
mod targets;
mod upload;

use std::sync::Arc;

use axum::Router;
use axum::routing::{delete, get, post, put};

use crate::api::problem::Problem;
use crate::app::App;

/// The routes, below `/api/v1`.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/customers", get(accounts::list_customers).post(accounts::add_customer))
        .route("/customers/{id}", get(accounts::find_customer).patch(accounts::change_customer))
        .route("/people", get(accounts::list_people).post(accounts::add_person))
        .route("/people/{id}", get(accounts::find_person).patch(accounts::change_person))
        .route("/roles", get(accounts::list_roles).post(accounts::add_role))
        .route("/huntgroups", get(hunt_groups::list).post(hunt_groups::add))
        .route(
            "/huntgroups/{id}",
            get(hunt_groups::find).patch(hunt_groups::change).delete(hunt_groups::remove),
        )
        .route("/huntgroups/{id}/versions", get(hunt_groups::list_versions))
        .route(
            "/huntgroups/{id}/levels/{level}",
            get(destinations::find_level).patch(destinations::change_level),
        )
        .route("/destinations", get(destinations::list).post(destinations::add))
        .route(
            "/destinations/{id}",
            get(destinations::find).patch(destinations::change).delete(destinations::remove),
        )
        .route(
            "/huntgroups/{id}/levels/{level}/message",
            get(hunt_groups::play_message).put(hunt_groups::put_message).delete(hunt_groups::clear_message),
        )
        .route("/huntgroups/{id}/levels/{level}/message/restore", post(hunt_groups::restore_message))
        .route("/sounds", get(sounds::list).post(sounds::add))
        .route("/sounds/{id}", get(sounds::find).delete(sounds::remove))
        .route("/sounds/{id}/audio", get(sounds::play).put(sounds::fill))
        .route("/recordgroups", get(record_groups::list).post(record_groups::add))
        .route(
            "/recordgroups/{id}",
            get(record_groups::find).patch(record_groups::change).delete(record_groups::remove),
        )
        .route("/recordings", get(recordings::list))
        .route(
            "/recordings/{name}",
            get(recordings::find).put(recordings::keep).patch(recordings::change).delete(recordings::remove),
        )
        .route(
            "/recordings/{name}/groups/{id}",
            put(recordings::put_into_group).delete(recordings::take_from_group),
        )
        .route("/recordings/{name}/audio", get(recordings::play))
        .route("/recordings/{name}/verify", post(recordings::verify))
        .route("/calls", get(calls::list).post(calls::add))
        .route("/tickets", get(rights::list_tickets).post(rights::create_ticket))
        .route("/tickets/{id}", delete(rights::revoke_ticket))
        .route("/tickets/{id}/audio", get(rights::redeem_ticket))
        .route("/sessions", get(rights::list_sessions))
        .route("/sessions/{id}", delete(rights::revoke_session))
        .route("/lockouts", get(rights::list_lockouts).delete(rights::clear_lockouts))
        .route("/targets", get(targets::list))
        .route("/targets/{id}", get(targets::find))
        .route("/targets/{id}/test", post(targets::try_out))
        .route("/targets/{id}/resend", post(targets::resend))
        .route("/log", get(installation::list_log))
        .route("/log/verify", post(installation::verify_log))
        .route("/check", post(installation::check))
        .method_not_allowed_fallback(|| async { Problem::method_not_allowed() })
}
