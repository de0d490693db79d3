//! Lists over many pages: every row once, in order.

use std::collections::BTreeSet;
use std::fmt::Debug;

use callvault_core::page::PageRequest;
use callvault_core::port::catalog::{LogFilter, LogPlace};

use super::listen_log::chain;
use crate::bench::Bench;

const ROWS: usize = 2_500;

/// Walks a list in pages of some odd length.
async fn walk<K: Clone + Ord + Debug>(list: impl AsyncFn(PageRequest<K>) -> Vec<K>) {
    let mut keys: Vec<K> = Vec::new();
    loop {
        let page = list(PageRequest::new(keys.last().cloned(), 313)).await;
        assert!(page.len() <= 313);
        if page.is_empty() {
            break;
        }
        keys.extend(page);
    }
    assert!(keys.is_sorted(), "out of order");
    assert_eq!(keys.len(), ROWS);
    assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), ROWS, "repeated");
}

pub(crate) async fn lists_have_no_gap_and_no_repeat(bench: &Bench) {
    let customer = bench.customer(None).await;
    let other = bench.customer(None).await;
    let catalog = &bench.catalog;
    let rows = (0..ROWS).map(|number| async move {
        // Another customer's rows lie between.
        let owners = if number % 10 == 9 { &[customer, other][..] } else { &[customer] };
        for owner in owners {
            // The order of arrival is not the order of the list.
            let text = format!("r{}.wav", number * 7919 % ROWS);
            let recording = bench.new_recording(*owner, &text, 1).await;
            catalog.add_recording(recording).await.unwrap();
            bench.person(*owner, &format!("p{number}-{owner}")).await;
            catalog.add_sound(bench.new_sound(*owner)).await.unwrap();
            bench.hunt_group(*owner).await;
        }
    });
    futures_util::future::join_all(rows).await;
    let (rows, head) = chain(customer, 1, i64::try_from(ROWS).unwrap());
    catalog.append_log(rows.into(), vec![head]).await.unwrap();
    let inside = bench.inside(customer).await;
    walk(async |page| {
        let rows = catalog.recordings(&inside, page).await.unwrap();
        rows.into_iter().map(|row| row.name).collect()
    })
    .await;
    walk(async |page| catalog.people(&inside, page).await.unwrap().iter().map(|row| row.id).collect()).await;
    walk(async |page| catalog.sounds(&inside, false, page).await.unwrap().iter().map(|row| row.id).collect())
        .await;
    walk(async |page| catalog.hunt_groups(&inside, page).await.unwrap().iter().map(|row| row.id).collect())
        .await;
    let place = |epoch, sequence| LogPlace { epoch, sequence };
    walk(async |page| {
        let rows = catalog.log_rows(&inside, &LogFilter::default(), page).await.unwrap();
        rows.iter().map(|row| place(row.epoch, row.sequence)).collect()
    })
    .await;
    let needed = catalog.needed(PageRequest::new(None, PageRequest::<()>::MOST)).await.unwrap();
    assert_eq!(needed.len(), 1000);
}
