//! Sessions.

use callvault_core::id::{CustomerId, PersonId};
use callvault_core::person::{PasswordHash, PersonChange};
use callvault_core::secret::{Secret, SecretHash};
use callvault_core::session::{RefreshToken, ReportWish, Session};

use crate::bench::{Bench, at};

pub(crate) fn session(token: &str, person: PersonId) -> Session {
    Session {
        token: SecretHash::of(token),
        person,
        customer: CustomerId(1),
        peer: "2001:db8::7".parse().unwrap(),
        application_server: Some("192.0.2.8".parse().unwrap()),
        report: ReportWish {
            port: 65_535,
            url: Secret::new("192.0.2.8:80/reports"),
            url_is_complete: true,
            version: "2.0.0".to_owned(),
            place: "192.0.2.8:80".to_owned(),
        },
        created_at: at(1_000),
        expires_at: at(2_000),
        refresh: Some(refresh(token)),
    }
}

fn refresh(token: &str) -> RefreshToken {
    RefreshToken { token: SecretHash::of(&format!("refresh {token}")), expires_at: at(5_000) }
}

/// Begins a session with the password that [`Bench::person`] gives.
pub(crate) async fn begin(bench: &Bench, session: Session, pushed_out: Vec<SecretHash>) -> bool {
    let verified = PasswordHash::new("$argon2id$one");
    bench.catalog.begin_session(session, verified, pushed_out, None).await.unwrap()
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
    other.refresh = None;
    assert!(begin(bench, one.clone(), vec![]).await);
    assert!(begin(bench, one.clone(), vec![]).await, "a second run of the unit does no harm");
    assert!(begin(bench, other.clone(), vec![]).await);
    assert_eq!(catalog.sessions().await.unwrap(), [one.clone(), other.clone()]);
    let report = ReportWish {
        port: 1,
        url: Secret::new("x"),
        url_is_complete: false,
        version: "1.0.2".to_owned(),
        place: "192.0.2.9:1".to_owned(),
    };
    let moved = Session { expires_at: at(9_000), application_server: None, report, ..one.clone() };
    catalog.retarget_session(moved.clone(), None, None).await.unwrap();
    let slid = Session { expires_at: at(10_000), ..moved };
    catalog.slide_sessions(vec![slid.clone()], vec![other.token]).await.unwrap();
    assert_eq!(catalog.sessions().await.unwrap(), [slid]);
    assert!(begin(bench, other.clone(), vec![one.token]).await);
    assert_eq!(
        catalog.sessions().await.unwrap(),
        [other.clone()],
        "what is pushed out goes in the same commit"
    );
    catalog.slide_sessions(vec![], vec![other.token]).await.unwrap();
    catalog.slide_sessions(vec![], vec![]).await.unwrap();
    for number in 0..100 {
        begin(bench, session(&number.to_string(), person), vec![]).await;
    }
    let tokens: Vec<_> = (0..100).map(|number| SecretHash::of(&number.to_string())).collect();
    catalog.slide_sessions(vec![], tokens[1..].to_vec()).await.unwrap();
    assert_eq!(catalog.sessions().await.unwrap()[0].token, tokens[0]);
}

pub(crate) async fn a_session_is_renewed_once(bench: &Bench) {
    let customer = bench.customer(None).await;
    let person = bench.person(customer, "ann").await;
    let catalog = &bench.catalog;
    let (old, pushed, plain) = (session("old", person), session("pushed", person), session("plain", person));
    let plain = Session { refresh: None, ..plain };
    for one in [&old, &pushed, &plain] {
        begin(bench, one.clone(), vec![]).await;
    }
    let right = refresh("old").token;
    let renewed = Session {
        token: SecretHash::of("renewed"),
        expires_at: at(4_000),
        refresh: Some(refresh("renewed")),
        ..old.clone()
    };
    let renew = async |old: &Session, shown: SecretHash, renewed: &Session, pushed: &[SecretHash]| {
        catalog.renew_session(old.token, shown, renewed.clone(), pushed.to_vec()).await.unwrap()
    };
    let before = catalog.sessions().await.unwrap();
    for (old, shown) in [(&old, refresh("pushed").token), (&plain, right), (&renewed, right)] {
        assert!(!renew(old, shown, &renewed, &[pushed.token]).await);
    }
    assert_eq!(catalog.sessions().await.unwrap(), before, "nothing was done");
    assert!(renew(&old, right, &renewed, &[pushed.token]).await);
    assert!(renew(&old, right, &renewed, &[pushed.token]).await, "a second run of the unit does no harm");
    let mut expected = vec![renewed.clone(), plain];
    expected.sort_by_key(|session| session.token);
    assert_eq!(catalog.sessions().await.unwrap(), expected);
    let other = Session { token: SecretHash::of("other"), ..renewed.clone() };
    assert!(!renew(&old, right, &other, &[]).await, "the refresh token is used up");
    catalog.slide_sessions(vec![], vec![renewed.token]).await.unwrap();
    assert!(!renew(&renewed, refresh("renewed").token, &other, &[]).await, "a session that ended stays so");
}

pub(crate) async fn changing_does_not_bring_back(bench: &Bench) {
    let customer = bench.customer(None).await;
    let person = bench.person(customer, "ann").await;
    let catalog = &bench.catalog;
    let (kept, gone, last) = (session("kept", person), session("gone", person), session("last", person));
    for one in [&kept, &gone, &last] {
        begin(bench, one.clone(), vec![]).await;
    }
    catalog.slide_sessions(vec![], vec![gone.token]).await.unwrap();
    let later = |session: &Session| Session { expires_at: at(3_000), ..session.clone() };
    catalog.slide_sessions(vec![later(&kept), later(&gone)], vec![last.token]).await.unwrap();
    assert_eq!(catalog.sessions().await.unwrap(), [later(&kept)]);
}

pub(crate) async fn a_session_begins_only_with_the_password_of_now(bench: &Bench) {
    let customer = bench.customer(None).await;
    let person = bench.person(customer, "ann").await;
    let kept = session("kept", person);
    begin(bench, kept.clone(), vec![]).await;
    let catalog = &bench.catalog;
    let old = PasswordHash::new("$argon2id$old");
    assert!(!catalog.begin_session(session("new", person), old, vec![kept.token], None).await.unwrap());
    assert!(!begin(bench, session("nobody", PersonId(99)), vec![]).await);
    assert_eq!(catalog.sessions().await.unwrap(), [kept], "nothing was done");
    let change = PersonChange { disabled: Some(true), ..PersonChange::default() };
    catalog.change_person(person, change).await.unwrap();
    assert!(!begin(bench, session("disabled", person), vec![]).await);
}
