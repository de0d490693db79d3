//! Sessions.

use callvault_core::id::{CustomerId, PersonId};
use callvault_core::secret::SecretHash;
use callvault_core::session::{ReportWish, Session};

use crate::bench::{Bench, assert_gone, at};

pub(crate) fn session(token: &str, person: PersonId) -> Session {
    Session {
        token: SecretHash::of(token),
        person,
        customer: CustomerId(1),
        peer: "2001:db8::7".parse().unwrap(),
        application_server: Some("192.0.2.8".parse().unwrap()),
        report: ReportWish {
            port: 65_535,
            url: "192.0.2.8:80/reports".to_owned(),
            url_is_complete: true,
            version: "2.0.0".to_owned(),
        },
        created_at: at(1_000),
        expires_at: at(2_000),
    }
}

pub(crate) async fn sessions_come_back_as_written(bench: &Bench) {
    let customer = bench.customer(None).await;
    let person = bench.person(customer, "ann").await;
    let catalog = &bench.catalog;
    let one = session("one", person);
    let mut other = session("other", person);
    other.application_server = None;
    other.report = ReportWish::default();
    other.created_at = at(1_001);
    catalog.write_sessions(vec![one.clone(), other.clone()], vec![]).await.unwrap();
    assert_eq!(catalog.sessions().await.unwrap(), [one.clone(), other.clone()]);
    let moved = Session { expires_at: at(9_000), peer: "192.0.2.9".parse().unwrap(), ..one.clone() };
    catalog.write_sessions(vec![one.clone(), moved.clone()], vec![other.token]).await.unwrap();
    assert_eq!(catalog.sessions().await.unwrap(), [moved], "the last of a token counts");
    assert_gone(catalog.write_sessions(vec![session("x", PersonId(99))], vec![one.token]).await, "person");
    assert_eq!(catalog.sessions().await.unwrap().len(), 1, "all in one commit, or nothing");
    catalog.write_sessions(vec![], vec![one.token]).await.unwrap();
    catalog.write_sessions(vec![], vec![]).await.unwrap();
    let many: Vec<_> = (0..500).map(|number| session(&number.to_string(), person)).collect();
    let tokens: Vec<_> = many.iter().map(|session| session.token).collect();
    catalog.write_sessions(many, vec![]).await.unwrap();
    assert_eq!(catalog.sessions().await.unwrap().len(), 500);
    catalog.write_sessions(vec![], tokens[1..].to_vec()).await.unwrap();
    assert_eq!(catalog.sessions().await.unwrap()[0].token, tokens[0]);
}

pub(crate) async fn sliding_does_not_bring_back(bench: &Bench) {
    let customer = bench.customer(None).await;
    let person = bench.person(customer, "ann").await;
    let catalog = &bench.catalog;
    let (kept, gone, last) = (session("kept", person), session("gone", person), session("last", person));
    catalog.write_sessions(vec![kept.clone(), gone.clone(), last.clone()], vec![]).await.unwrap();
    catalog.write_sessions(vec![], vec![gone.token]).await.unwrap();
    let ends = vec![(kept.token, at(3_000)), (gone.token, at(3_000))];
    catalog.slide_sessions(ends, vec![last.token]).await.unwrap();
    assert_eq!(catalog.sessions().await.unwrap(), [Session { expires_at: at(3_000), ..kept }]);
    catalog.slide_sessions(vec![], vec![]).await.unwrap();
}
