//! Record groups.

use callvault_core::customer::CustomerChange;
use callvault_core::hunt_group::settings::{HuntGroupSettings, HuntGroupSettingsChange};
use callvault_core::hunt_group::{HuntGroupChange, NewHuntGroup};
use callvault_core::id::{CustomerId, PersonId, RecordGroupId};
use callvault_core::plan::{PlanChange, PlanLimit};
use callvault_core::port::catalog::{CatalogResult, RecordGroupWork, Trial};
use callvault_core::record_group::{
    Announcement, NewRecordGroup, RecordGroup, RecordGroupChange, RecordGroupSettings,
    RecordGroupSettingsChange,
};

use crate::bench::{Bench, assert_forbidden, assert_gone, assert_taken, at, first};

pub(crate) fn new_group(customer: CustomerId) -> NewRecordGroup {
    NewRecordGroup {
        id: None,
        customer,
        name: "Sales calls".to_owned(),
        owner: None,
        settings: RecordGroupSettings::default(),
        created_at: at(3_500),
    }
}

/// Settings that differ from the default ones in each field.
fn settings() -> RecordGroupSettings {
    RecordGroupSettings {
        description: "Ground\nfloor".to_owned(),
        email: "a@example.com, b@example.com".to_owned(),
        retention_days: 36_500,
        fraction_percent: 0,
        beep_seconds: 3600,
        record_inbound: false,
        record_outbound: false,
        transcribe: true,
        announcement: Announcement::InboundOutbound,
    }
}

async fn find(bench: &Bench, id: RecordGroupId) -> Option<RecordGroup> {
    bench.catalog.record_group(&bench.everywhere(), id).await.unwrap()
}

async fn allow(bench: &Bench, customer: CustomerId, allowed: bool) {
    let plan = PlanChange { record_groups_allowed: Some(allowed), ..PlanChange::default() };
    let change = CustomerChange { plan, ..CustomerChange::default() };
    bench.catalog.change_customer(customer, change).await.unwrap();
}

pub(crate) async fn a_record_group_comes_back_as_written(bench: &Bench) {
    let customer = bench.customer(None).await;
    let ann = bench.person(customer, "ann").await;
    let catalog = &bench.catalog;
    let new = NewRecordGroup { owner: Some(ann), settings: settings(), ..new_group(customer) };
    let id = catalog.add_record_group(new).await.unwrap();
    let expected = RecordGroup {
        id,
        customer,
        name: "Sales calls".to_owned(),
        owner: Some(ann),
        settings: settings(),
        created_at: at(3_500),
    };
    assert_eq!(find(bench, id).await, Some(expected.clone()));
    let own = NewRecordGroup { id: Some(RecordGroupId(70)), ..new_group(customer) };
    assert_eq!(catalog.add_record_group(own.clone()).await.unwrap(), RecordGroupId(70));
    assert_taken(catalog.add_record_group(own).await, "id");
    assert_eq!(catalog.add_record_group(new_group(customer)).await.unwrap(), RecordGroupId(71));
    let listed = catalog.record_groups(&bench.inside(customer).await, first(10)).await.unwrap();
    assert_eq!(listed.iter().map(|group| group.id.0).collect::<Vec<_>>(), [id.0, 70, 71]);
    assert_eq!(listed[0], expected);
    assert_eq!(listed[1].settings, RecordGroupSettings::default());
    assert_gone(catalog.add_record_group(new_group(CustomerId(99))).await, "customer");
    let nobody = NewRecordGroup { owner: Some(PersonId(99)), ..new_group(customer) };
    assert_gone(catalog.add_record_group(nobody).await, "owner");
    let other = bench.customer(None).await;
    let stranger = Some(bench.person(other, "eve").await);
    assert_gone(
        catalog.add_record_group(NewRecordGroup { owner: stranger, ..new_group(customer) }).await,
        "owner",
    );
    catalog.remove_record_group(id).await.unwrap();
    assert_gone(catalog.remove_record_group(id).await, "record group");
    assert_eq!(find(bench, id).await, None);
}

pub(crate) async fn a_record_group_changes_one_by_one(bench: &Bench) {
    let customer = bench.customer(None).await;
    let ann = bench.person(customer, "ann").await;
    let catalog = &bench.catalog;
    let new = NewRecordGroup { settings: settings(), ..new_group(customer) };
    let id = catalog.add_record_group(new).await.unwrap();
    let mut expected = find(bench, id).await.unwrap();
    let mut check = async |change: RecordGroupChange, set: &dyn Fn(&mut RecordGroup)| {
        set(&mut expected);
        catalog.change_record_group(id, change).await.unwrap();
        assert_eq!(find(bench, id).await.unwrap(), expected);
    };
    let none = RecordGroupChange::default;
    let of = |settings: RecordGroupSettingsChange| RecordGroupChange { settings, ..none() };
    check(none(), &|_| ()).await;
    check(RecordGroupChange { name: Some("Other".to_owned()), ..none() }, &|group| {
        "Other".clone_into(&mut group.name);
    })
    .await;
    check(RecordGroupChange { owner: Some(Some(ann)), ..none() }, &|group| group.owner = Some(ann)).await;
    check(RecordGroupChange { owner: Some(None), ..none() }, &|group| group.owner = None).await;
    let change = RecordGroupSettingsChange { email: Some(String::new()), ..Default::default() };
    check(of(change), &|group| group.settings.email = String::new()).await;
    let change = RecordGroupSettingsChange {
        retention_days: Some(0),
        announcement: Some(Announcement::None),
        ..Default::default()
    };
    check(of(change), &|group| {
        group.settings.retention_days = 0;
        group.settings.announcement = Announcement::None;
    })
    .await;
    let nobody = RecordGroupChange { owner: Some(Some(PersonId(99))), ..none() };
    assert_gone(catalog.change_record_group(id, nobody).await, "owner");
    assert_gone(catalog.change_record_group(RecordGroupId(99), none()).await, "record group");
}

pub(crate) async fn a_plan_without_record_groups_forbids_them(bench: &Bench) {
    let customer = bench.customer(None).await;
    let catalog = &bench.catalog;
    let id = catalog.add_record_group(new_group(customer)).await.unwrap();
    let name = RecordGroupChange { name: Some("Other".to_owned()), ..RecordGroupChange::default() };
    allow(bench, customer, false).await;
    let forbidden = |result: CatalogResult<()>| assert_forbidden(result, PlanLimit::RecordGroups);
    forbidden(catalog.add_record_group(new_group(customer)).await.map(drop));
    forbidden(catalog.change_record_group(id, name.clone()).await);
    let work = |work: RecordGroupWork| Trial::RecordGroup(work);
    forbidden(catalog.try_out(work(RecordGroupWork::Add(new_group(customer)))).await);
    forbidden(catalog.try_out(work(RecordGroupWork::Change(id, name.clone()))).await);
    assert_eq!(find(bench, id).await.unwrap().name, "Sales calls");
    allow(bench, customer, true).await;
    // A trial takes back what it did.
    catalog.try_out(work(RecordGroupWork::Add(new_group(customer)))).await.unwrap();
    catalog.try_out(work(RecordGroupWork::Change(id, name))).await.unwrap();
    let gone = RecordGroupWork::Change(RecordGroupId(99), RecordGroupChange::default());
    assert_gone(catalog.try_out(work(gone)).await, "record group");
    let listed = catalog.record_groups(&bench.inside(customer).await, first(10)).await.unwrap();
    assert_eq!(listed.iter().map(|group| group.name.as_str()).collect::<Vec<_>>(), ["Sales calls"]);
    allow(bench, customer, false).await;
    catalog.remove_record_group(id).await.unwrap();
}

pub(crate) async fn hunt_groups_refer_to_record_groups_of_their_customer(bench: &Bench) {
    let customer = bench.customer(None).await;
    let other = bench.customer(None).await;
    let catalog = &bench.catalog;
    let id = catalog.add_record_group(new_group(customer)).await.unwrap();
    let strange = catalog.add_record_group(new_group(other)).await.unwrap();
    let new = |group: RecordGroupId| NewHuntGroup {
        settings: HuntGroupSettings { record_group: Some(group), ..HuntGroupSettings::default() },
        ..bench.new_hunt_group(customer)
    };
    for absent in [strange, RecordGroupId(99)] {
        assert_gone(catalog.add_hunt_group(new(absent)).await, "record group");
    }
    let hunt_group = catalog.add_hunt_group(new(id)).await.unwrap();
    let change = |group: Option<RecordGroupId>| HuntGroupChange {
        settings: HuntGroupSettingsChange { record_group: Some(group), ..HuntGroupSettingsChange::default() },
        ..HuntGroupChange::default()
    };
    assert_gone(catalog.change_hunt_group(hunt_group, change(Some(strange))).await, "record group");
    let referred = async || {
        let found = catalog.hunt_group(&bench.everywhere(), hunt_group).await.unwrap();
        found.unwrap().settings.record_group
    };
    assert_eq!(referred().await, Some(id));
    catalog.change_hunt_group(hunt_group, change(None)).await.unwrap();
    assert_eq!(referred().await, None);
    catalog.change_hunt_group(hunt_group, change(Some(id))).await.unwrap();
    // What is gone is referred to no more.
    catalog.remove_record_group(id).await.unwrap();
    assert_eq!(referred().await, None);
}
