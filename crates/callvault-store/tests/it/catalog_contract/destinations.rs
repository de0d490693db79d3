//! What hunt groups do with calls: settings, levels, destinations, and trying changes out.

use callvault_core::customer::CustomerChange;
use callvault_core::destination::{
    Destination, DestinationChange, DestinationDetails, DestinationKind, NewDestination,
};
use callvault_core::hunt_group::settings::{
    Exit, ExitChange, HuntGroupSettings, HuntGroupSettingsChange, LevelChange, LevelSettings, RingOrder,
    Screening,
};
use callvault_core::hunt_group::{HuntGroup, HuntGroupChange, NewHuntGroup};
use callvault_core::id::{CustomerId, DestinationId, HuntGroupId, PersonId, RecordGroupId};
use callvault_core::page::PageRequest;
use callvault_core::plan::{PlanChange, PlanLimit};
use callvault_core::port::catalog::{CatalogError, Trial};
use callvault_core::record_group::NewRecordGroup;

use super::record_groups::new_group;
use crate::bench::{Bench, assert_forbidden, assert_gone, assert_taken, at, first, level};

fn exit(kind: &str, number: &str) -> Exit {
    Exit { kind: kind.to_owned(), number: number.to_owned() }
}

/// Settings that differ from the default ones in each field.
fn settings() -> HuntGroupSettings {
    HuntGroupSettings {
        description: "Ground\nfloor".to_owned(),
        order: RingOrder::SmartCircular,
        ring_seconds: 3600,
        music: Some(-7),
        music_ringing: true,
        allow_forwards: true,
        screen: Screening::Name,
        record_group: Some(RecordGroupId(i64::MAX)),
        panel: true,
        default_exit: exit("phone", "100"),
        unavailable_exit: exit("mailbox", "200"),
        busy_exit: exit("callback", ""),
    }
}

/// The record groups that these tests refer to.
async fn record_groups(bench: &Bench, customer: CustomerId) {
    for id in [3, i64::MAX] {
        let new = NewRecordGroup { id: Some(RecordGroupId(id)), ..new_group(customer) };
        bench.catalog.add_record_group(new).await.unwrap();
    }
}

async fn find(bench: &Bench, id: HuntGroupId) -> HuntGroup {
    bench.catalog.hunt_group(&bench.everywhere(), id).await.unwrap().unwrap()
}

async fn plan(bench: &Bench, customer: CustomerId, plan: PlanChange) {
    let change = CustomerChange { plan, ..CustomerChange::default() };
    bench.catalog.change_customer(customer, change).await.unwrap();
}

async fn forbid(bench: &Bench, customer: CustomerId) {
    plan(bench, customer, PlanChange { hunt_groups_allowed: Some(false), ..PlanChange::default() }).await;
}

pub(crate) async fn settings_come_back_as_written(bench: &Bench) {
    let customer = bench.customer(None).await;
    record_groups(bench, customer).await;
    let catalog = &bench.catalog;
    let plain = bench.hunt_group(customer).await;
    let new = NewHuntGroup { settings: settings(), ..bench.new_hunt_group(customer) };
    let full = catalog.add_hunt_group(new).await.unwrap();
    assert_eq!(find(bench, plain).await.settings, HuntGroupSettings::default());
    assert_eq!(find(bench, full).await.settings, settings());
    let listed = catalog.hunt_groups(&bench.inside(customer).await, first(10)).await.unwrap();
    let listed: Vec<_> = listed.into_iter().map(|one| one.settings).collect();
    assert_eq!(listed, [HuntGroupSettings::default(), settings()]);
}

pub(crate) async fn settings_change_one_by_one(bench: &Bench) {
    let customer = bench.customer(None).await;
    record_groups(bench, customer).await;
    let new = NewHuntGroup { settings: settings(), ..bench.new_hunt_group(customer) };
    let id = bench.catalog.add_hunt_group(new).await.unwrap();
    let mut expected = settings();
    let mut check = async |change: HuntGroupSettingsChange, set: &dyn Fn(&mut HuntGroupSettings)| {
        set(&mut expected);
        let change = HuntGroupChange { settings: change, ..HuntGroupChange::default() };
        bench.catalog.change_hunt_group(id, change).await.unwrap();
        assert_eq!(find(bench, id).await.settings, expected);
    };
    let none = HuntGroupSettingsChange::default;
    check(none(), &|_| ()).await;
    let change = HuntGroupSettingsChange { description: Some(String::new()), ..none() };
    check(change, &|settings| settings.description = String::new()).await;
    let change =
        HuntGroupSettingsChange { music: Some(None), record_group: Some(Some(RecordGroupId(3))), ..none() };
    check(change, &|settings| (settings.music, settings.record_group) = (None, Some(RecordGroupId(3)))).await;
    let number = ExitChange { kind: None, number: Some("300".to_owned()) };
    let change = HuntGroupSettingsChange { busy_exit: number, panel: Some(false), ..none() };
    check(change, &|settings| {
        settings.busy_exit = exit("callback", "300");
        settings.panel = false;
    })
    .await;
    let change = HuntGroupSettingsChange { screen: Some(Screening::CallerId), ..none() };
    check(change, &|settings| settings.screen = Screening::CallerId).await;
    forbid(bench, customer).await;
    let refused = bench.catalog.change_hunt_group(id, HuntGroupChange::default()).await;
    assert_forbidden(refused, PlanLimit::HuntGroups);
    let nobody = HuntGroupChange { owner: Some(Some(PersonId(99))), ..HuntGroupChange::default() };
    assert_gone(bench.catalog.change_hunt_group(id, nobody).await, "owner");
}

/// Each change is right by itself, and against the settings that were read before the other one.
pub(crate) async fn two_changes_leave_no_number_behind_the_end_of_a_call(bench: &Bench) {
    let customer = bench.customer(None).await;
    let catalog = &bench.catalog;
    let settings = HuntGroupSettings { record_group: None, ..settings() };
    let new = NewHuntGroup { settings, ..bench.new_hunt_group(customer) };
    let id = catalog.add_hunt_group(new).await.unwrap();
    let change = |default_exit| HuntGroupChange {
        settings: HuntGroupSettingsChange { default_exit, ..HuntGroupSettingsChange::default() },
        ..HuntGroupChange::default()
    };
    let whole = exit("hangup", "").into();
    catalog.change_hunt_group(id, change(whole)).await.unwrap();
    let number = ExitChange { kind: None, number: Some("101".to_owned()) };
    let refused = catalog.change_hunt_group(id, change(number)).await.unwrap_err();
    let CatalogError::Contradicts { fields } = refused else { panic!("{refused}") };
    assert_eq!(fields, ["default_exit"]);
    assert_eq!(find(bench, id).await.settings.default_exit, exit("hangup", ""));
}

pub(crate) async fn levels_have_settings_of_their_own(bench: &Bench) {
    let customer = bench.customer(None).await;
    let (one, other) = (bench.hunt_group(customer).await, bench.hunt_group(customer).await);
    let catalog = &bench.catalog;
    let check = async |change: LevelChange, expected: LevelSettings| {
        catalog.change_level(one, level(10), change).await.unwrap();
        assert_eq!(catalog.level_settings(one, level(10)).await.unwrap(), expected, "{change:?}");
    };
    let default = LevelSettings { ring_seconds: None, music_ringing: None, play_message: false };
    assert_eq!(catalog.level_settings(one, level(10)).await.unwrap(), default);
    let none = LevelChange::default();
    check(none, default).await;
    let ringing = LevelSettings { ring_seconds: Some(0), ..default };
    check(LevelChange { ring_seconds: Some(Some(0)), ..none }, ringing).await;
    let playing = LevelSettings { music_ringing: Some(false), play_message: true, ..ringing };
    let change = LevelChange { music_ringing: Some(Some(false)), play_message: Some(true), ..none };
    check(change, playing).await;
    check(none, playing).await;
    let change = LevelChange { ring_seconds: Some(None), music_ringing: Some(None), ..none };
    check(change, LevelSettings { play_message: true, ..default }).await;
    for (hunt_group, number) in [(one, 1), (other, 10), (HuntGroupId(99), 1)] {
        assert_eq!(catalog.level_settings(hunt_group, level(number)).await.unwrap(), default);
    }
    assert_gone(catalog.change_level(HuntGroupId(99), level(1), none).await, "hunt group");
    forbid(bench, customer).await;
    assert_forbidden(catalog.change_level(one, level(1), none).await, PlanLimit::HuntGroups);
}

pub(crate) async fn a_level_that_loses_its_message_plays_none(bench: &Bench) {
    let hunt_group = bench.hunt_group(bench.customer(None).await).await;
    let catalog = &bench.catalog;
    let plays =
        LevelChange { ring_seconds: Some(Some(5)), play_message: Some(true), ..LevelChange::default() };
    for number in [1, 2] {
        catalog.change_level(hunt_group, level(number), plays).await.unwrap();
        let audio = bench.received(1).await;
        catalog.put_message(bench.new_message(hunt_group, number, audio)).await.unwrap();
        let audio = bench.received(1).await;
        catalog.put_message(bench.new_message(hunt_group, number, audio)).await.unwrap();
        assert!(catalog.level_settings(hunt_group, level(number)).await.unwrap().play_message, "replaced");
    }
    assert!(bench.clear(hunt_group, 1).await.unwrap());
    let cleared = LevelSettings { ring_seconds: Some(5), ..LevelSettings::default() };
    assert_eq!(catalog.level_settings(hunt_group, level(1)).await.unwrap(), cleared);
    assert!(catalog.level_settings(hunt_group, level(2)).await.unwrap().play_message);
    catalog.restore_message(hunt_group, level(1), 1).await.unwrap();
    assert!(!catalog.level_settings(hunt_group, level(1)).await.unwrap().play_message);
}

fn details(number: &str) -> DestinationDetails {
    DestinationDetails {
        level: level(1),
        kind: DestinationKind::Phone,
        number: number.to_owned(),
        append_caller_id: "9".to_owned(),
        available: true,
        screen: false,
        description: "Desk".to_owned(),
    }
}

pub(crate) fn new_destination(hunt_group: HuntGroupId, number: &str) -> NewDestination {
    NewDestination { id: None, hunt_group, details: details(number) }
}

async fn numbers(bench: &Bench, hunt_group: HuntGroupId) -> Vec<i64> {
    let rows = bench.catalog.destinations(hunt_group, first(100)).await.unwrap();
    rows.iter().map(|row| row.id.0).collect()
}

pub(crate) async fn a_destination_comes_back_as_written(bench: &Bench) {
    let customer = bench.customer(None).await;
    let owner = bench.person(customer, "ann").await;
    let hunt_group = NewHuntGroup { owner: Some(owner), ..bench.new_hunt_group(customer) };
    let hunt_group = bench.catalog.add_hunt_group(hunt_group).await.unwrap();
    let catalog = &bench.catalog;
    let all = bench.everywhere();
    let numbered = NewDestination { id: Some(DestinationId(500)), ..new_destination(hunt_group, "100") };
    assert_eq!(catalog.add_destination(numbered.clone()).await.unwrap(), DestinationId(500));
    assert_taken(catalog.add_destination(numbered).await, "id");
    assert_eq!(
        catalog.add_destination(new_destination(hunt_group, "100")).await.unwrap(),
        DestinationId(501)
    );
    assert_gone(catalog.add_destination(new_destination(HuntGroupId(99), "100")).await, "hunt group");
    let expected = Destination { id: DestinationId(501), hunt_group, details: details("100") };
    let found = catalog.destination(&all, DestinationId(501)).await.unwrap();
    assert_eq!(found, Some((expected.clone(), Some(owner))));
    let full = DestinationChange {
        level: Some(level(10)),
        kind: Some(DestinationKind::SipUri),
        number: Some("sip:a@example.com".to_owned()),
        append_caller_id: Some(String::new()),
        available: Some(false),
        screen: Some(true),
        description: Some(String::new()),
    };
    catalog.change_destination(DestinationId(501), DestinationChange::default()).await.unwrap();
    let found = catalog.destination(&all, DestinationId(501)).await.unwrap();
    assert_eq!(found.map(|(found, _)| found), Some(expected.clone()));
    catalog.change_destination(DestinationId(501), full).await.unwrap();
    let changed = DestinationDetails {
        level: level(10),
        kind: DestinationKind::SipUri,
        number: "sip:a@example.com".to_owned(),
        append_caller_id: String::new(),
        available: false,
        screen: true,
        description: String::new(),
    };
    let found = catalog.destination(&all, DestinationId(501)).await.unwrap();
    assert_eq!(found.map(|(found, _)| found.details), Some(changed));
    let nothing = DestinationChange::default();
    assert_gone(catalog.change_destination(DestinationId(99), nothing.clone()).await, "destination");
    catalog.remove_destination(DestinationId(501)).await.unwrap();
    assert_gone(catalog.remove_destination(DestinationId(501)).await, "destination");
    assert_eq!(catalog.destination(&all, DestinationId(501)).await.unwrap(), None);
    assert_eq!(numbers(bench, hunt_group).await, [500]);
    forbid(bench, customer).await;
    assert_forbidden(catalog.change_destination(DestinationId(500), nothing).await, PlanLimit::HuntGroups);
    assert_forbidden(catalog.add_destination(new_destination(hunt_group, "1")).await, PlanLimit::HuntGroups);
    catalog.remove_destination(DestinationId(500)).await.unwrap();
}

pub(crate) async fn destinations_are_found_by_number(bench: &Bench) {
    let (own, other) = (bench.customer(None).await, bench.customer(None).await);
    let (mine, theirs) = (bench.hunt_group(own).await, bench.hunt_group(other).await);
    let catalog = &bench.catalog;
    for hunt_group in [mine, mine, theirs] {
        catalog.add_destination(new_destination(hunt_group, "100")).await.unwrap();
    }
    let mut forward = new_destination(mine, "100");
    forward.details.kind = DestinationKind::Forward;
    catalog.add_destination(forward).await.unwrap();
    catalog.add_destination(new_destination(mine, "200")).await.unwrap();
    let with_number = async |after: Option<i64>, limit| {
        let page = PageRequest::new(after.map(DestinationId), limit);
        let all = bench.everywhere();
        let rows = catalog.destinations_with_number(&all, DestinationKind::Phone, "100", page).await;
        rows.unwrap().iter().map(|(row, _)| row.id.0).collect::<Vec<_>>()
    };
    assert_eq!(with_number(None, 10).await, [1, 2, 3]);
    assert_eq!(with_number(None, 2).await, [1, 2]);
    assert_eq!(with_number(Some(2), 2).await, [3]);
    assert_eq!(numbers(bench, mine).await, [1, 2, 4, 5]);
    let page = PageRequest::new(Some(DestinationId(2)), 1);
    assert_eq!(catalog.destinations(mine, page).await.unwrap()[0].id, DestinationId(4));
    let on_level = async |hunt_group, number: i64, kind, dialled: &str| {
        let found = catalog.destination_on_level(hunt_group, level(number), kind, dialled).await.unwrap();
        found.map(|found| found.id.0)
    };
    assert_eq!(on_level(mine, 1, DestinationKind::Phone, "100").await, Some(1), "the first of two");
    assert_eq!(on_level(mine, 1, DestinationKind::Forward, "100").await, Some(4));
    assert_eq!(on_level(mine, 2, DestinationKind::Phone, "100").await, None);
    assert_eq!(on_level(mine, 1, DestinationKind::Phone, "1").await, None);
    assert_eq!(on_level(theirs, 1, DestinationKind::Phone, "100").await, Some(3));
}

pub(crate) async fn a_plan_bounds_the_destinations_of_each_hunt_group(bench: &Bench) {
    let customer = bench.customer(None).await;
    let (one, other) = (bench.hunt_group(customer).await, bench.hunt_group(customer).await);
    let catalog = &bench.catalog;
    let limit = |limit| PlanChange { hunt_group_destinations: Some(limit), ..PlanChange::default() };
    plan(bench, customer, limit(Some(2))).await;
    for hunt_group in [one, one, other] {
        catalog.add_destination(new_destination(hunt_group, "100")).await.unwrap();
    }
    let forbidden = PlanLimit::Destinations { limit: 2 };
    assert_forbidden(catalog.add_destination(new_destination(one, "100")).await, forbidden);
    assert_eq!(numbers(bench, one).await, [1, 2]);
    let change = DestinationChange { screen: Some(true), ..DestinationChange::default() };
    catalog.change_destination(DestinationId(1), change).await.unwrap();
    catalog.remove_destination(DestinationId(1)).await.unwrap();
    catalog.add_destination(new_destination(one, "100")).await.unwrap();
    plan(bench, customer, limit(Some(0))).await;
    assert_forbidden(
        catalog.add_destination(new_destination(other, "100")).await,
        PlanLimit::Destinations { limit: 0 },
    );
    assert_eq!(numbers(bench, one).await.len(), 2, "what is there stays");
    plan(bench, customer, limit(None)).await;
    catalog.add_destination(new_destination(one, "100")).await.unwrap();
}

pub(crate) async fn removing_a_hunt_group_takes_levels_and_destinations_along(bench: &Bench) {
    let customer = bench.customer(None).await;
    let (one, other) = (bench.hunt_group(customer).await, bench.hunt_group(customer).await);
    let catalog = &bench.catalog;
    let plays = LevelChange { play_message: Some(true), ..LevelChange::default() };
    for hunt_group in [one, other] {
        catalog.add_destination(new_destination(hunt_group, "100")).await.unwrap();
        catalog.change_level(hunt_group, level(1), plays).await.unwrap();
    }
    bench.remove_hunt_group(one, at(1)).await.unwrap();
    assert_eq!((numbers(bench, one).await, numbers(bench, other).await), (vec![], vec![2]));
    assert!(!catalog.level_settings(one, level(1)).await.unwrap().play_message);
    assert!(catalog.level_settings(other, level(1)).await.unwrap().play_message);
}

pub(crate) async fn a_trial_fails_as_the_change_would_and_changes_nothing(bench: &Bench) {
    let customer = bench.customer(None).await;
    let hunt_group = bench.hunt_group(customer).await;
    let catalog = &bench.catalog;
    let destination = catalog.add_destination(new_destination(hunt_group, "100")).await.unwrap();
    let before = find(bench, hunt_group).await;
    let renamed = || HuntGroupChange { name: Some("Lost".to_owned()), ..HuntGroupChange::default() };
    let plays = LevelChange { play_message: Some(true), ..LevelChange::default() };
    let moved = || DestinationChange { level: Some(level(9)), ..DestinationChange::default() };
    let works = || {
        [
            Trial::AddHuntGroup(bench.new_hunt_group(customer)),
            Trial::ChangeHuntGroup(hunt_group, renamed()),
            Trial::ChangeLevel(hunt_group, level(1), plays),
            Trial::AddDestination(new_destination(hunt_group, "200")),
            Trial::ChangeDestination(destination, moved()),
        ]
    };
    let untouched = async || {
        assert_eq!(find(bench, hunt_group).await, before);
        assert_eq!(catalog.level_settings(hunt_group, level(1)).await.unwrap(), LevelSettings::default());
        let rows = catalog.destinations(hunt_group, first(10)).await.unwrap();
        assert_eq!(rows, [Destination { id: destination, hunt_group, details: details("100") }]);
    };
    for work in works() {
        catalog.try_out(work).await.unwrap();
        untouched().await;
    }
    let owned = HuntGroupChange { owner: Some(Some(PersonId(99))), ..renamed() };
    assert_gone(catalog.try_out(Trial::ChangeHuntGroup(hunt_group, owned)).await, "owner");
    let lost = Trial::ChangeDestination(DestinationId(99), moved());
    assert_gone(catalog.try_out(lost).await, "destination");
    forbid(bench, customer).await;
    for work in works() {
        assert_forbidden(catalog.try_out(work).await, PlanLimit::HuntGroups);
        untouched().await;
    }
    // Numbers that a trial took are free again.
    plan(bench, customer, PlanChange { hunt_groups_allowed: Some(true), ..PlanChange::default() }).await;
    assert_eq!(bench.hunt_group(customer).await, HuntGroupId(hunt_group.0 + 1));
    assert_eq!(catalog.add_destination(new_destination(hunt_group, "1")).await.unwrap().0, destination.0 + 1);
}
