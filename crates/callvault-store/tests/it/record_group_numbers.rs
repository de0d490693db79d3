//! Numbers that hunt groups were told before there were record groups: they mean none, and no later record group comes to
//! be meant by them.

use std::path::Path;

use callvault_core::hunt_group::NewHuntGroup;
use callvault_core::hunt_group::settings::HuntGroupSettings;
use callvault_core::id::{CustomerId, HuntGroupId, RecordGroupId};
use callvault_core::record_group::NewRecordGroup;

use crate::bench::Bench;
use crate::catalog_contract::record_groups::new_group;
use crate::sqlite_file::{at_path, directory, raw};

/// A hunt group of a customer that was told of a record group when nothing looked whether it was there.
async fn told(bench: &Bench, path: &Path, customer: CustomerId, number: i64) -> HuntGroupId {
    let new = NewHuntGroup { settings: HuntGroupSettings::default(), ..bench.new_hunt_group(customer) };
    let id = bench.catalog.add_hunt_group(new).await.unwrap();
    let query = sqlx::query("UPDATE hunt_group SET record_group = $1 WHERE id = $2").bind(number).bind(id.0);
    query.execute(&mut raw(path).await).await.unwrap();
    id
}

async fn referred(bench: &Bench, id: HuntGroupId) -> Option<RecordGroupId> {
    let found = bench.catalog.hunt_group(&bench.everywhere(), id).await.unwrap();
    found.unwrap().settings.record_group
}

#[tokio::test]
async fn removing_a_record_group_leaves_hunt_groups_of_other_customers_alone() {
    let (_directory, path) = directory();
    let bench = at_path(&path).await;
    let (one, two) = (bench.customer(None).await, bench.customer(None).await);
    let id = RecordGroupId(7);
    let (of_one, of_two) = (told(&bench, &path, one, id.0).await, told(&bench, &path, two, id.0).await);
    let new = NewRecordGroup { id: Some(id), ..new_group(two) };
    assert_eq!(bench.catalog.add_record_group(new).await.unwrap(), id);
    bench.catalog.remove_record_group(id).await.unwrap();
    assert_eq!(referred(&bench, of_one).await, Some(id), "customer 2 changed a hunt group of customer 1");
    assert_eq!(referred(&bench, of_two).await, None);
}

#[tokio::test]
async fn record_groups_are_numbered_beyond_what_hunt_groups_were_told() {
    let check = async |numbers: &[i64], expected: i64| {
        let (_directory, path) = directory();
        let bench = at_path(&path).await;
        let customer = bench.customer(None).await;
        for number in numbers {
            told(&bench, &path, customer, *number).await;
        }
        bench.catalog.close().await;
        let mut before = raw(&path).await;
        for change in [
            "DELETE FROM counter WHERE kind = 'record_group'",
            "DELETE FROM migration WHERE name = '20261122_record_group_numbers'",
        ] {
            sqlx::query(change).execute(&mut before).await.unwrap();
        }
        let bench = at_path(&path).await;
        let given = bench.catalog.add_record_group(new_group(customer)).await.unwrap();
        assert_eq!(given, RecordGroupId(expected), "{numbers:?}");
    };
    check(&[], 1).await;
    check(&[3, 41, -5], 42).await;
    // A number that leaves none after it ends the numbering of nobody.
    check(&[i64::MAX, 2], 3).await;
}
