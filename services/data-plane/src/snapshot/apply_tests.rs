//! What the fold promises: order and repetition do not matter, poison changes nothing but itself, tightening always
//! gets through.

use proptest::prelude::*;
use sluicegate_contracts::config::{
    ApiKey, ApiKeyStatus, Budget, Constraints, Entity, Organization, Project, SealedText, Status,
};
use sluicegate_contracts::event::ConfigVersion;
use sluicegate_contracts::time::UnixMillis;

use super::super::fixtures::*;
use super::super::{Blocked, Snapshot};
use super::*;
use crate::upstream::auth::quotes_credential;

fn folded(events: impl IntoIterator<Item = ConfigEvent>) -> (State, Snapshot) {
    let mut state = State::new(keyring());
    for event in events {
        assert_eq!(state.offer(event), Offer::Applied);
    }
    let snapshot = state.publish(&Snapshot::default());
    (state, snapshot)
}

/// One of everything: organization 1, project 2, key 3, connection 4, route 5, endpoint 6.
fn one_of_each() -> Vec<ConfigEvent> {
    let owner = organization(1);
    [
        Entity::Organization(owner.clone()),
        Entity::Project(project(2, 1)),
        Entity::ApiKey(key(3, 1, 2)),
        Entity::Connection(connection(4, &owner, Some(2), Some("sk-upstream"))),
        Entity::Route(route(5, 1, 2, &["fast"])),
        Entity::Endpoint(endpoint(6)),
    ]
    .iter()
    .zip(1..)
    .map(|(entity, version)| event(version, entity))
    .collect()
}

#[test]
fn everything_published_can_be_looked_up() {
    let (state, snapshot) = folded(one_of_each());
    let grant = snapshot.grant(&digest(3)).unwrap();
    assert_eq!((grant.key.id, grant.usable), (uuid(3).into(), Ok(())));
    let view = snapshot.project(grant.key.project).unwrap();
    assert_eq!(view.routes["route/r5"].route.id, view.routes["fast"].route.id);
    assert!(quotes_credential(b"it is sk-upstream", &view.connections[0]));
    assert!(!format!("{:?}", view.connections).contains("sk-upstream"));
    assert_eq!(snapshot.catalog().by_model("vendor/m6").len(), 1);
    assert_eq!((snapshot.head(), state.refusals().len()), (state.head(), 0));
}

#[test]
fn a_project_sees_the_budgets_over_it_and_keeps_one_whose_newest_body_is_unreadable() {
    let off = Budget {
        status: Status::Disabled,
        ..budget(10, 1, None)
    };
    let budgets = [
        budget(7, 1, None),
        budget(8, 1, Some(2)),
        budget(9, 1, Some(99)),
        off,
        budget(11, 98, Some(2)),
    ];
    let mut events = one_of_each();
    events.extend(
        (7..)
            .zip(budgets)
            .map(|(version, it)| event(version, &Entity::Budget(it))),
    );
    let (mut state, snapshot) = folded(events);
    let over = |snapshot: &Snapshot| {
        let view = snapshot.project(uuid(2).into()).unwrap();
        view.budgets.all().map(|it| it.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(over(&snapshot), ["b7", "b8"]);
    state.offer(raw(12, "budget", uuid(7), false, Some("{}")));
    let snapshot = state.publish(&snapshot);
    assert_eq!((over(&snapshot).len(), state.refusals().len()), (2, 1));
    state.offer(raw(13, "budget", uuid(7), false, None));
    assert_eq!(over(&state.publish(&snapshot)), ["b8"]);
}

#[test]
fn switching_off_a_parent_blocks_its_keys() {
    let mut events = one_of_each();
    events.push(event(
        7,
        &Entity::Project(Project {
            status: Status::Disabled,
            ..project(2, 1)
        }),
    ));
    let (mut state, snapshot) = folded(events);
    assert_eq!(snapshot.grant(&digest(3)).unwrap().usable, Err(Blocked::Project));
    state.offer(event(8, &Entity::Project(project(2, 1))));
    state.offer(event(
        9,
        &Entity::Organization(Organization {
            status: Status::Disabled,
            ..organization(1)
        }),
    ));
    let snapshot = state.publish(&snapshot);
    assert_eq!(
        snapshot.grant(&digest(3)).unwrap().usable,
        Err(Blocked::Organization)
    );
    state.offer(event(10, &Entity::Organization(organization(1))));
    state.offer(event(
        11,
        &Entity::ApiKey(ApiKey {
            status: ApiKeyStatus::Disabled,
            ..key(3, 1, 2)
        }),
    ));
    let snapshot = state.publish(&snapshot);
    assert_eq!(snapshot.grant(&digest(3)).unwrap().usable, Err(Blocked::Key));
    state.offer(raw(12, "api_key", uuid(3), true, None));
    assert!(state.publish(&snapshot).grant(&digest(3)).is_none());
}

#[test]
fn a_rotated_secret_works_until_its_time_and_is_gone_when_taken_out() {
    let mut events = one_of_each();
    events.push(event(7, &Entity::ApiKey(rotated(key(3, 1, 2), 33, 1_000))));
    let (mut state, snapshot) = folded(events);
    let old = snapshot.grant(&digest(33)).unwrap();
    assert_eq!(old.check(UnixMillis::new(999)), Ok(()));
    assert_eq!(old.check(UnixMillis::new(1_000)), Err(Blocked::Expired));
    assert_eq!(
        snapshot.grant(&digest(3)).unwrap().check(UnixMillis::new(1_000)),
        Ok(())
    );
    state.offer(event(8, &Entity::ApiKey(key(3, 1, 2))));
    let snapshot = state.publish(&snapshot);
    assert!(snapshot.grant(&digest(33)).is_none() && snapshot.grant(&digest(3)).is_some());
}

#[test]
fn an_entity_of_another_tenant_is_linked_to_nothing() {
    let mut events = one_of_each();
    let stranger = organization(11);
    events.push(event(7, &Entity::Organization(stranger.clone())));
    events.push(event(8, &Entity::ApiKey(key(13, 11, 2))));
    events.push(event(9, &Entity::Route(route(15, 11, 2, &[]))));
    events.push(event(
        10,
        &Entity::Connection(connection(14, &stranger, Some(2), None)),
    ));
    let (_, snapshot) = folded(events);
    assert_eq!(snapshot.grant(&digest(13)).unwrap().usable, Err(Blocked::Project));
    let view = snapshot.project(uuid(2).into()).unwrap();
    assert!(!view.routes.contains_key("route/r15"));
    assert_eq!(view.connections.len(), 1);
}

#[test]
fn an_unreadable_entity_keeps_its_predecessor_but_its_blocked_flag_counts() {
    let mut events = one_of_each();
    events.push(raw(7, "api_key", uuid(3), false, Some(r#"{"id":"key_?"}"#)));
    let (mut state, snapshot) = folded(events);
    assert_eq!(snapshot.grant(&digest(3)).unwrap().usable, Ok(()));
    assert_eq!(state.refusals()[0].version, ConfigVersion(7));
    state.offer(raw(8, "api_key", uuid(3), true, Some("7")));
    let snapshot = state.publish(&snapshot);
    assert_eq!(snapshot.grant(&digest(3)).unwrap().usable, Err(Blocked::Key));
    state.offer(event(9, &Entity::ApiKey(key(3, 1, 2))));
    assert_eq!(state.publish(&snapshot).grant(&digest(3)).unwrap().usable, Ok(()));
    assert!(state.refusals().is_empty());
}

#[test]
fn constraints_of_an_organization_reach_its_projects_even_without_its_data_key() {
    let (mut state, snapshot) = folded(one_of_each());
    let demanded = |snapshot: &Snapshot| {
        let view = snapshot.project(uuid(2).into()).unwrap();
        (*view.organization_constraints).clone()
    };
    assert!(demanded(&snapshot).are_none());
    let private = Constraints {
        no_training: true,
        ..Constraints::NONE
    };
    let unopenable = Organization {
        data_key: SealedText("nonsense".to_owned()),
        constraints: private.clone(),
        ..organization(1)
    };
    state.offer(event(7, &Entity::Organization(unopenable)));
    assert_eq!(state.refusals().len(), 1, "the data key");
    assert_eq!(demanded(&state.publish(&snapshot)), private);
}

#[test]
fn a_credential_that_does_not_open_keeps_the_one_before_and_heals_with_the_data_key() {
    let mut events = one_of_each();
    let (id, replaced) = (organization(1).id, organization(1));
    let next = Organization {
        data_key: keyring().wrap_new_data_key(id, [8; 32], [3; 24]),
        ..replaced
    };
    events.push(event(
        7,
        &Entity::Connection(connection(4, &next, Some(2), Some("sk-next"))),
    ));
    let (mut state, snapshot) = folded(events);
    let sends = |snapshot: &Snapshot, secret: &str| {
        let view = snapshot.project(uuid(2).into()).unwrap();
        quotes_credential(secret.as_bytes(), &view.connections[0])
    };
    assert_eq!(
        (sends(&snapshot, "sk-upstream"), state.refusals().len()),
        (true, 1)
    );
    state.offer(event(8, &Entity::Organization(next)));
    let snapshot = state.publish(&snapshot);
    assert_eq!((sends(&snapshot, "sk-next"), state.refusals().len()), (true, 0));
    assert!(!sends(&snapshot, "sk-upstream"));
}

#[test]
fn an_older_snapshot_slows_nothing_down_and_a_damaged_one_changes_nothing() {
    let (mut state, _) = folded(one_of_each());
    let header = state.header();
    let lines: Vec<ConfigEvent> = state.events().map(|event| (**event).clone()).collect();
    let older = SnapshotHeader {
        head: ConfigHead {
            version: ConfigVersion(5),
            ..header.head
        },
        ..header
    };
    assert_eq!(
        state.replace(&older, lines.clone()),
        Err(SnapshotRefused::Older {
            offered: 5,
            current: 6
        })
    );
    let damaged = |lines: Vec<ConfigEvent>| State::new(keyring()).replace(&header, lines).is_err();
    assert!(damaged(lines[1..].to_vec()));
    assert!(damaged([&lines[..5], &lines[..1]].concat()));
    let mut changed = lines.clone();
    changed[0] = raw(1, &lines[0].kind, lines[0].id, false, Some("{}"));
    assert!(damaged(changed));
    let mut fresh = State::new(keyring());
    assert_eq!(fresh.replace(&header, lines), Ok(()));
    assert_eq!(fresh.head(), state.head());
    assert!(fresh.publish(&Snapshot::default()).grant(&digest(3)).is_some());
}

#[test]
fn a_snapshot_takes_out_what_it_does_not_list() {
    let (source, _) = folded(one_of_each());
    let mut events = one_of_each();
    events.push(event(7, &Entity::ApiKey(key(30, 1, 2))));
    let (mut state, snapshot) = folded(events);
    let header = SnapshotHeader {
        head: ConfigHead {
            version: ConfigVersion(8),
            ..source.head()
        },
        ..source.header()
    };
    let lines = source.events().map(|event| (**event).clone()).collect();
    state.replace(&header, lines).unwrap();
    let snapshot = state.publish(&snapshot);
    assert!(snapshot.grant(&digest(30)).is_none() && snapshot.grant(&digest(3)).is_some());
    assert_eq!(state.head(), header.head);
    assert_eq!(state.header(), header);
}

/// A change of the small world of organization 1 and project 2, as a number.
fn change(version: u64, choice: u8) -> ConfigEvent {
    let n = u64::from(choice % 8) + 100;
    match choice / 8 % 8 {
        0 => event(version, &Entity::ApiKey(key(n, 1, 2))),
        1 => event(version, &Entity::ApiKey(rotated(key(n, 1, 2), n + 100, 5))),
        2 => raw(version, "api_key", uuid(n), true, None),
        3 => event(version, &Entity::Route(route(n, 1, 2, &["fast"]))),
        4 => raw(version, "route", uuid(n), true, None),
        5 => event(version, &Entity::Endpoint(endpoint(n))),
        6 => raw(version, "budget", uuid(n), false, Some(r#"{"limit":1}"#)),
        _ => raw(version, "api_key", uuid(n), choice.is_multiple_of(2), Some("[]")),
    }
}

fn facts(snapshot: &Snapshot) -> Vec<String> {
    let mut facts: Vec<_> = (100..308)
        .filter_map(|n| {
            snapshot
                .grant(&digest(n))
                .map(|grant| format!("{n} {:?} {:?}", grant.key.id, grant.usable))
        })
        .collect();
    let view = snapshot.project(uuid(2).into()).unwrap();
    facts.extend(
        view.routes
            .iter()
            .map(|(name, route)| format!("{name} {}", route.route.id)),
    );
    facts.extend(snapshot.catalog().models().map(|(model, _)| model.to_owned()));
    facts.sort();
    facts
}

proptest! {
    /// Any loss, repetition and reordering, with a pull whenever a gap shows, ends in the state of the plain sequence;
    /// so does a publish after every single event, and so does a snapshot taken at the end.
    #[test]
    fn deliveries_converge(choices in proptest::collection::vec(any::<u8>(), 1..60), order in proptest::collection::vec(any::<prop::sample::Index>(), 0..120)) {
        let mut log = vec![event(1, &Entity::Organization(organization(1))), event(2, &Entity::Project(project(2, 1)))];
        log.extend(choices.iter().zip(3..).map(|(choice, version)| change(version, *choice)));
        let (plain, expected) = folded(log.clone());

        let mut state = State::new(keyring());
        let mut snapshot = Snapshot::default();
        for index in order {
            let offered = index.get(&log);
            let before = state.head().version;
            if state.offer(offered.clone()) == Offer::Gap {
                for missing in &log[usize::try_from(before.0).unwrap()..] {
                    prop_assert_eq!(state.offer(missing.clone()), Offer::Applied);
                }
            }
            prop_assert!(state.head().version >= before);
            snapshot = state.publish(&snapshot);
        }
        let reached = usize::try_from(state.head().version.0).unwrap();
        for rest in &log[reached..] {
            state.offer(rest.clone());
        }
        snapshot = state.publish(&snapshot);
        prop_assert_eq!(state.head(), plain.head());
        prop_assert_eq!(facts(&snapshot), facts(&expected));

        let mut copy = State::new(keyring());
        let lines: Vec<ConfigEvent> = plain.events().map(|event| (**event).clone()).collect();
        prop_assert_eq!(copy.replace(&plain.header(), lines), Ok(()));
        prop_assert_eq!(copy.head(), plain.head());
    }

    /// Whatever an event says, nothing panics and what it does not name goes on.
    #[test]
    fn poison_hurts_only_what_it_names(
        kind in prop_oneof![
            Just("organization"), Just("project"), Just("api_key"), Just("connection"), Just("route"), Just("endpoint"), Just("")
        ],
        id in 50_u64..60,
        blocked: bool,
        body in prop_oneof![
            "[1-9][0-9]{0,4}", Just("null".to_owned()), Just("{}".to_owned()), Just(r#"{"id":null}"#.to_owned()),
            "\"[a-z]{0,9}\"", Just(format!("\"{}\"", "x".repeat(MAX_BODY))), Just("[".repeat(500) + &"]".repeat(500)),
            Just(Entity::ApiKey(key(50, 1, 2)).to_body().unwrap()),
            Just(Entity::Project(project(51, 1)).to_body().unwrap()),
        ],
    ) {
        let mut events = one_of_each();
        events.push(raw(7, kind, uuid(id), blocked, Some(&body)));
        events.push(raw(8, kind, uuid(id), blocked, None));
        let (state, snapshot) = folded(events);
        prop_assert_eq!(state.head().version, ConfigVersion(8));
        prop_assert_eq!(snapshot.grant(&digest(3)).unwrap().usable, Ok(()));
        prop_assert_eq!(snapshot.project(uuid(2).into()).unwrap().connections.len(), 1);
        let (plain, _) = folded(one_of_each());
        prop_assert_eq!(state.head().state_hash, plain.head().state_hash);
    }
}
