//! What login and heartbeat say about reports, turned into a wish that a session keeps and a target for the catalog.

use std::net::IpAddr;

use callvault_core::report::WantedTarget;
use callvault_core::service::sessions::Heartbeat;
use callvault_core::session::{ReportWish, Session};
use callvault_wire::yeastar::request::{self, Login, UrlKind};

use crate::work::reports;

/// The wish of a login and its target. A wish that comes to no target is kept all the same: the login is good for
/// downloads, and a heartbeat may mend it.
pub(super) fn of_login(login: &Login, peer: IpAddr) -> (ReportWish, Option<WantedTarget>) {
    settled(
        ReportWish {
            port: login.report_port,
            url: login.report_url.clone().unwrap_or_default(),
            url_is_complete: login.url_kind == UrlKind::Complete,
            version: login.report_format.as_str().to_owned(),
            place: String::new(),
        },
        peer,
    )
}

/// What a heartbeat makes of a session's wish.
pub(super) fn of_heartbeat(beat: request::Heartbeat, session: &Session) -> Heartbeat {
    let before = &session.report;
    let application_server = beat.address.or(session.application_server);
    let wish = ReportWish {
        port: beat.report_port.unwrap_or(before.port),
        url: beat.report_url.unwrap_or_else(|| before.url.clone()),
        url_is_complete: beat.url_kind.map_or(before.url_is_complete, |kind| kind == UrlKind::Complete),
        version: beat
            .report_format
            .map_or_else(|| before.version.clone(), |format| format.as_str().to_owned()),
        place: String::new(),
    };
    let (report, target) = settled(wish, application_server.unwrap_or(session.peer));
    Heartbeat { application_server, report, target }
}

fn settled(mut wish: ReportWish, application_server: IpAddr) -> (ReportWish, Option<WantedTarget>) {
    match reports::by_http(&wish, application_server) {
        Ok(wanted) => {
            wish.place.clone_from(&wanted.place);
            (wish, Some(wanted))
        }
        Err(error) => {
            tracing::warn!(client = %application_server, %error, "no reports can be sent where a client wants them");
            (wish, None)
        }
    }
}

#[cfg(test)]
mod tests {
    use callvault_core::secret::Secret;
    use callvault_wire::yeastar::event::target::Target;

    use super::*;

    const SERVER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 5));

    fn wish(port: u16, url: &str, url_is_complete: bool) -> ReportWish {
        let version = "2.0.0".to_owned();
        ReportWish { port, url: Secret::new(url), url_is_complete, version, place: String::new() }
    }

    /// The targets are those of the table in `docs/yeastar.md`, "Reports".
    #[test]
    fn a_wish_comes_to_one_place_and_one_address() {
        let check = |wish: ReportWish, expected: Option<(&str, &str)>| {
            let (settled, target) = settled(wish, SERVER);
            let found = target.as_ref().map(|target| (target.place.as_str(), target.address.reveal()));
            assert_eq!(found, expected);
            assert_eq!(settled.place, expected.map_or("", |(place, _)| place));
        };
        check(wish(8260, "", false), Some(("10.0.0.5:8260", "http://10.0.0.5:8260/")));
        check(wish(8260, "report", false), Some(("10.0.0.5:8260", "http://10.0.0.5:8260/report")));
        check(wish(1, "10.0.0.6:8001/r?k=1", true), Some(("10.0.0.6:8001", "http://10.0.0.6:8001/r?k=1")));
        let https = Some(("crm.example.org:443", "https://crm.example.org:443/hook"));
        check(wish(8260, "https://crm.example.org/hook", true), https);
        check(wish(8260, "ftp://crm.example.org/hook", true), None);
    }

    /// What was settled is read back as the same target by whoever delivers.
    #[test]
    fn an_address_is_complete() {
        for (url, is_complete) in
            [("", true), ("a b?c", false), ("https://[2001:db8::5]/x", true), ("crm.example.org", true)]
        {
            let (_, target) = settled(wish(8260, url, is_complete), SERVER);
            let target = target.unwrap();
            let read = Target::new(SERVER, 1, Some(target.address.reveal()), UrlKind::Complete).unwrap();
            assert_eq!(read.key(), target.place);
            assert!(target.address.reveal().ends_with(read.path().reveal()), "{url}");
        }
    }
}
