//! Our own API, `/api/v1`: see `docs/api.md`. The command line, and later the web UI, are its clients.

mod accounts;
mod audio;
mod calls;
mod destinations;
mod extract;
mod features;
mod hunt_groups;
mod installation;
mod keys;
mod members;
mod object;
pub(crate) mod openapi;
pub(crate) mod operation;
pub(crate) mod principal;
pub(crate) mod problem;
mod record_groups;
mod recordings;
mod rights;
pub(crate) mod route;
pub(crate) mod schema;
mod sounds;
mod targets;
mod totp;
mod upload;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use serde_json::Value;

use self::extract::Json;
use self::principal::Verified;
use self::problem::{Code, Problem};
use self::route::{At, at, delete, get, patch, post, put};
use crate::app::App;

/// Every route, below `/api/v1`: what it does, its handler, and the problems of its use case.
fn table() -> Vec<At> {
    use Code::{Address, Conflict, NotFound, Plan, Ticket, Unreadable};
    vec![
        at(
            "/customers",
            [
                get("List customers", accounts::list_customers),
                post("Add customer", accounts::add_customer).fails(&[NotFound, Conflict, Plan]),
            ],
        ),
        at(
            "/customers/{id}",
            [
                get("Find customer", accounts::find_customer),
                patch("Change customer", accounts::change_customer).fails(&[Conflict, Plan]),
                delete("Remove customer", accounts::remove_customer).fails(&[Conflict]),
            ],
        ),
        at(
            "/people",
            [
                get("List people", accounts::list_people).fails(&[NotFound, Conflict]),
                post("Add person", accounts::add_person).fails(&[NotFound, Conflict, Plan]),
            ],
        ),
        at(
            "/people/{id}",
            [
                get("Find person", accounts::find_person),
                patch("Change person", accounts::change_person).fails(&[Conflict, Plan]),
                delete("Remove person", accounts::remove_person).fails(&[Conflict]),
            ],
        ),
        at(
            "/people/{id}/totp",
            [
                get("Find one-time codes", totp::find),
                post("Begin one-time codes", totp::begin).fails(&[Conflict]),
                delete("Remove one-time codes", totp::remove),
            ],
        ),
        at("/people/{id}/totp/confirm", [post("Confirm one-time codes", totp::confirm).fails(&[Conflict])]),
        at(
            "/roles",
            [
                get("List roles", accounts::list_roles),
                post("Add role", accounts::add_role).fails(&[NotFound, Conflict]),
            ],
        ),
        at(
            "/huntgroups",
            [
                get("List hunt groups", hunt_groups::list).fails(&[NotFound]),
                post("Add hunt group", hunt_groups::add).fails(&[NotFound, Conflict, Plan]),
            ],
        ),
        at(
            "/huntgroups/{id}",
            [
                get("Find hunt group", hunt_groups::find),
                patch("Change hunt group", hunt_groups::change).fails(&[Plan]),
                delete("Remove hunt group", hunt_groups::remove),
            ],
        ),
        at("/huntgroups/{id}/versions", [get("List versions of messages", hunt_groups::list_versions)]),
        at(
            "/huntgroups/{id}/levels/{level}",
            [
                get("Find level", destinations::find_level),
                patch("Change level", destinations::change_level).fails(&[Plan]),
            ],
        ),
        at(
            "/destinations",
            [
                get("List destinations", destinations::list).fails(&[NotFound]),
                post("Add destination", destinations::add).fails(&[NotFound, Conflict, Plan]),
            ],
        ),
        at(
            "/destinations/{id}",
            [
                get("Find destination", destinations::find),
                patch("Change destination", destinations::change).fails(&[Plan]),
                delete("Remove destination", destinations::remove),
            ],
        ),
        at(
            "/huntgroups/{id}/levels/{level}/message",
            [
                get("Play message", hunt_groups::play_message),
                put("Put message", hunt_groups::put_message).fails(&[Plan]),
                delete("Clear message", hunt_groups::clear_message),
            ],
        ),
        at(
            "/huntgroups/{id}/levels/{level}/message/restore",
            [post("Restore version of message", hunt_groups::restore_message).fails(&[Plan])],
        ),
        at(
            "/sounds",
            [
                get("List sounds", sounds::list).fails(&[NotFound]),
                post("Add sound", sounds::add).fails(&[NotFound, Conflict, Plan]),
            ],
        ),
        at(
            "/sounds/{id}",
            [
                get("Find sound", sounds::find),
                patch("Change sound", sounds::change).fails(&[Plan]),
                delete("Remove sound", sounds::remove),
            ],
        ),
        at(
            "/sounds/{id}/audio",
            [
                get("Play sound", sounds::play),
                put("Fill sound", sounds::fill).fails(&[Plan]),
                delete("Clear sound", sounds::clear),
            ],
        ),
        at(
            "/features",
            [
                get("List features", features::list).fails(&[NotFound]),
                post("Add feature", features::add).fails(&[NotFound, Conflict]),
            ],
        ),
        at(
            "/features/{kind}/{id}",
            [
                get("Find feature", features::find),
                patch("Change feature", features::change).fails(&[Conflict]),
                delete("Remove feature", features::remove),
            ],
        ),
        at("/features/{kind}/{id}/prompts", [get("List prompts", features::list_prompts)]),
        at(
            "/features/{kind}/{id}/prompts/{file}",
            [
                get("Play prompt", features::play_prompt),
                put("Put prompt", features::put_prompt).fails(&[Plan]),
                delete("Remove prompt", features::remove_prompt),
            ],
        ),
        at(
            "/recordgroups",
            [
                get("List record groups", record_groups::list).fails(&[NotFound]),
                post("Add record group", record_groups::add).fails(&[NotFound, Conflict, Plan]),
            ],
        ),
        at(
            "/recordgroups/{id}",
            [
                get("Find record group", record_groups::find),
                patch("Change record group", record_groups::change).fails(&[Plan]),
                delete("Remove record group", record_groups::remove).fails(&[Conflict]),
            ],
        ),
        at("/recordings", [get("List recordings", recordings::list).fails(&[NotFound])]),
        at(
            "/recordings/{name}",
            [
                get("Find recording", recordings::find).fails(&[Conflict]),
                put("Keep recording", recordings::keep).fails(&[Conflict]),
                patch("Change recording", recordings::change).fails(&[Conflict]),
                delete("Remove recording", recordings::remove).fails(&[Conflict]),
            ],
        ),
        at(
            "/recordings/{name}/groups/{id}",
            [
                put("Put recording into record group", recordings::put_into_group).fails(&[Conflict]),
                delete("Take recording from record group", recordings::take_from_group).fails(&[Conflict]),
            ],
        ),
        at("/recordings/{name}/audio", [get("Play recording", recordings::play).fails(&[Conflict])]),
        at("/recordings/{name}/verify", [post("Verify recording", recordings::verify).fails(&[Conflict])]),
        at(
            "/calls",
            [
                get("List calls", calls::list).fails(&[NotFound]),
                post("Add calls", calls::add).fails(&[NotFound]),
            ],
        ),
        at(
            "/tickets",
            [
                get("List tickets", rights::list_tickets),
                post("Create ticket", rights::create_ticket).fails(&[NotFound, Conflict, Unreadable]),
            ],
        ),
        at("/tickets/{id}", [delete("Revoke ticket", rights::revoke_ticket)]),
        at(
            "/tickets/{random}/audio",
            [get("Redeem ticket", rights::redeem_ticket).fails(&[Address, Ticket])],
        ),
        at("/sessions", [get("List sessions", rights::list_sessions).fails(&[NotFound])]),
        at("/sessions/{id}", [delete("Revoke session", rights::revoke_session)]),
        at(
            "/keys",
            [get("List keys", keys::list).fails(&[NotFound]), post("Add key", keys::add).fails(&[NotFound])],
        ),
        at("/keys/{id}", [delete("Revoke key", keys::revoke)]),
        at(
            "/lockouts",
            [get("List lockouts", rights::list_lockouts), delete("Clear lockouts", rights::clear_lockouts)],
        ),
        at("/targets", [get("List targets", targets::list)]),
        at("/targets/{id}", [get("Find target", targets::find)]),
        at("/targets/{id}/test", [post("Test target", targets::try_out)]),
        at("/targets/{id}/resend", [post("Resend reports of target", targets::resend)]),
        at("/log", [get("List log", installation::list_log).fails(&[NotFound])]),
        at("/log/verify", [post("Verify log", installation::verify_log)]),
        at("/check", [post("Check installation", installation::check)]),
        at("/openapi.json", [get("Describe API", describe)]),
    ]
}

/// The routes, below `/api/v1`.
pub(crate) fn routes() -> Router<Arc<App>> {
    route::router("/api/v1", table())
}

/// The OpenAPI description of this API, which is served at `/api/v1/openapi.json`.
pub fn description() -> Value {
    openapi::document(&table())
}

async fn describe(State(app): State<Arc<App>>, _: Verified) -> Result<Json<openapi::Document>, Problem> {
    Ok(Json::ok(app.description.get_or_init(openapi::Document::default).clone()))
}
