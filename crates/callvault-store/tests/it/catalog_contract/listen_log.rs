//! The listen log.

use callvault_core::audio::Sha256;
use callvault_core::id::{CustomerId, PersonId};
use callvault_core::listen::{Action, ChainCheck, Door, Head, ListenEntry, Listened, LogRow};
use callvault_core::page::PageRequest;
use callvault_core::port::catalog::{LogFilter, LogPlace};
use callvault_core::role::Reach;

use crate::bench::{Bench, at, first};

/// A chain of entries about `r0.wav`, `r1.wav`, `r2.wav`, `r0.wav`, ... by persons 1 and 2 in turn.
pub(crate) fn chain(customer: CustomerId, epoch: i64, length: i64) -> (Vec<LogRow>, Head) {
    let mut head = Head::start(customer, epoch);
    let rows = (0..length).map(|place| {
        let entry = ListenEntry {
            customer,
            at: at(1_000 + place),
            person: (place % 5 != 4).then_some(PersonId(1 + place % 2)),
            door: Door::Yeastar,
            peer: Some("192.0.2.7".parse().unwrap()),
            action: Action::Download,
            subject: Listened {
                kind: "recording",
                name: format!("r{}.wav", place % 3),
                sha256: (place % 4 != 3).then_some(Sha256([7; 32])),
                bytes: (place % 2 == 0).then_some((0, 99)),
            },
            ticket: (place % 2 == 1).then(|| "abcdef012345".to_owned()),
        };
        let row = LogRow::chained(&entry, epoch, &head);
        head = Head::at(&row);
        row
    });
    (rows.collect(), head)
}

pub(crate) async fn epochs_are_fresh(bench: &Bench) {
    let one = bench.catalog.open_epoch(at(1)).await.unwrap();
    let other = bench.catalog.open_epoch(at(1)).await.unwrap();
    assert!(other > one && one > 0);
}

pub(crate) async fn entries_come_back_as_written(bench: &Bench) {
    let customer = bench.customer(None).await;
    let (rows, head) = chain(customer, 1, 5);
    bench.catalog.append_log(rows.clone().into(), vec![head.clone()]).await.unwrap();
    let inside = bench.inside(customer).await;
    let found = bench.catalog.log_rows(&inside, &LogFilter::default(), first(10)).await.unwrap();
    assert_eq!(found, rows);
    assert_eq!(bench.catalog.log_heads(&bench.everywhere()).await.unwrap(), [head]);
}

pub(crate) async fn entries_are_written_once(bench: &Bench) {
    let customer = bench.customer(None).await;
    let (rows, head) = chain(customer, 1, 200);
    let catalog = &bench.catalog;
    catalog.append_log(rows[..150].into(), vec![Head::at(&rows[149])]).await.unwrap();
    let mut forged = rows.clone();
    forged[3].name = "other.wav".to_owned();
    catalog.append_log(forged.into(), vec![head.clone()]).await.unwrap();
    let found = catalog.log_chain(&head, 0, 1000).await.unwrap();
    assert_eq!(found, rows, "what is there stays as it is");
    catalog.append_log([].into(), vec![]).await.unwrap();
}

pub(crate) async fn heads_never_go_back(bench: &Bench) {
    let customer = bench.customer(None).await;
    let (rows, head) = chain(customer, 1, 10);
    let catalog = &bench.catalog;
    catalog.append_log(rows.clone().into(), vec![head.clone()]).await.unwrap();
    catalog.append_log(rows[..4].into(), vec![Head::at(&rows[3])]).await.unwrap();
    assert_eq!(catalog.log_heads(&bench.everywhere()).await.unwrap(), [head]);
}

pub(crate) async fn entries_are_filtered(bench: &Bench) {
    let customer = bench.customer(None).await;
    let inside = bench.inside(customer).await;
    let catalog = &bench.catalog;
    let (earlier, head) = chain(customer, 1, 30);
    let (later, next) = chain(customer, 2, 30);
    catalog.append_log([later.clone(), earlier.clone()].concat().into(), vec![next, head]).await.unwrap();
    let all = [earlier, later].concat();
    let check = async |name: Option<&str>, person: Option<i64>| {
        let filter = LogFilter { name: name.map(str::to_owned), person: person.map(PersonId) };
        let expected: Vec<_> = all
            .iter()
            .filter(|row| name.is_none_or(|name| row.name == name))
            .filter(|row| person.is_none_or(|person| row.person == Some(PersonId(person))))
            .cloned()
            .collect();
        assert!(expected.len() < 61 && (expected.len() > 5 || name == Some("x")), "{}", expected.len());
        let mut found = Vec::new();
        let mut page = first(7);
        loop {
            let rows = catalog.log_rows(&inside, &filter, page).await.unwrap();
            let Some(last) = rows.last() else { break };
            page = PageRequest::new(Some(LogPlace { epoch: last.epoch, sequence: last.sequence }), 7);
            found.extend(rows);
        }
        assert_eq!(found, expected, "{filter:?}");
    };
    check(None, None).await;
    check(Some("r1.wav"), None).await;
    check(None, Some(2)).await;
    check(Some("r1.wav"), Some(2)).await;
    check(Some("x"), None).await;
}

pub(crate) async fn a_chain_is_read_in_order(bench: &Bench) {
    let customer = bench.customer(None).await;
    let other = bench.customer(None).await;
    let catalog = &bench.catalog;
    let (mut rows, head) = chain(customer, 1, 20);
    rows.reverse();
    let (other_rows, other_head) = chain(other, 1, 3);
    catalog.append_log(rows.into(), vec![head.clone()]).await.unwrap();
    catalog.append_log(other_rows.into(), vec![other_head.clone()]).await.unwrap();
    let mut check = ChainCheck::start(customer, 1);
    let mut after = 0;
    loop {
        let rows = catalog.log_chain(&head, after, 6).await.unwrap();
        let Some(last) = rows.last() else { break };
        after = last.sequence;
        assert_eq!(rows.iter().find_map(|row| check.row(row)), None);
    }
    assert_eq!(check.end(&head), None);
    assert_eq!(catalog.log_heads(&bench.everywhere()).await.unwrap(), [head.clone(), other_head]);
    let own = bench.reach(customer, Reach::Customer);
    assert_eq!(catalog.log_heads(&own).await.unwrap(), [head]);
}
