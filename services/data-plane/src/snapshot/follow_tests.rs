//! When the follower pulls, and that it ends up where the control plane is.

use proptest::prelude::*;
use sluicegate_contracts::config::Entity;
use sluicegate_contracts::event::StateHash;
use sluicegate_contracts::snapshot::SnapshotHeader;

use super::super::fixtures::{endpoint, event, keyring, raw, uuid};
use super::*;

const fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn log(length: u64) -> Vec<ConfigEvent> {
    (1..=length)
        .map(|version| event(version, &Entity::Endpoint(endpoint(version % 7))))
        .collect()
}

fn state(events: &[ConfigEvent]) -> State {
    let mut state = State::new(keyring());
    for event in events {
        assert_eq!(state.offer(event.clone()), Offer::Applied);
    }
    state
}

fn follower(events: &[ConfigEvent]) -> Follower {
    let mut follower = Follower::new(state(events), Duration::ZERO);
    follower.hear(BusItem::Connected, Duration::ZERO);
    assert!(follower.due(Duration::ZERO).is_some());
    let head = follower.state().head();
    follower.pulled(
        Pulled::Deltas(Deltas::Events {
            head,
            events: Vec::new(),
        }),
        Duration::ZERO,
        0.5,
    );
    assert_eq!(follower.due(Duration::ZERO), None);
    follower
}

fn message(event: &ConfigEvent) -> BusItem {
    BusItem::Message(ConfigMessage::Event(event.clone()))
}

fn head(follower: &Follower) -> BusItem {
    BusItem::Message(ConfigMessage::Head(follower.state().head()))
}

#[test]
fn a_fresh_worker_asks_for_everything_and_an_old_one_for_the_rest() {
    let mut fresh = Follower::new(state(&[]), Duration::ZERO);
    assert_eq!(fresh.due(Duration::ZERO), Some(Pull::Snapshot));
    assert_eq!(fresh.due(seconds(60)), None, "one pull at a time");
    let mut old = Follower::new(state(&log(3)), Duration::ZERO);
    assert_eq!(old.due(Duration::ZERO), Some(Pull::Deltas(ConfigVersion(3))));
}

#[test]
fn a_gap_is_filled_at_once_and_what_came_early_is_kept() {
    let log = log(6);
    let mut follower = follower(&log[..3]);
    follower.hear(message(&log[5]), seconds(1));
    follower.hear(message(&log[4]), seconds(1));
    assert_eq!(follower.due(seconds(1)), Some(Pull::Deltas(ConfigVersion(3))));
    let head = ConfigHead {
        version: ConfigVersion(4),
        ..ConfigHead::default()
    };
    let events = vec![log[3].clone()];
    follower.pulled(Pulled::Deltas(Deltas::Events { head, events }), seconds(1), 0.5);
    assert_eq!(follower.state().head(), state(&log).head());
    assert_eq!(follower.due(seconds(2)), None);
}

#[test]
fn a_head_that_stays_ahead_leads_to_a_pull() {
    let log = log(4);
    let mut follower = follower(&log[..3]);
    let ahead = BusItem::Message(ConfigMessage::Head(state(&log).head()));
    follower.hear(ahead.clone(), seconds(1));
    follower.hear(ahead, seconds(2));
    assert_eq!(follower.due(seconds(2)), None);
    assert_eq!(follower.due(seconds(3)), Some(Pull::Deltas(ConfigVersion(3))));
}

#[test]
fn a_lost_or_silent_bus_is_replaced_by_polling() {
    let mut follower = follower(&log(3));
    assert_eq!(follower.due(seconds(4)), None);
    assert_eq!(follower.hearing(seconds(5)), Hearing::Polling);
    for at in [5, 7, 9] {
        assert!(follower.due(seconds(at)).is_some());
        let head = follower.state().head();
        follower.pulled(
            Pulled::Deltas(Deltas::Events {
                head,
                events: Vec::new(),
            }),
            seconds(at),
            0.5,
        );
        assert_eq!(follower.due(seconds(at + 1)), None);
    }
    follower.hear(head(&follower), seconds(10));
    assert_eq!(follower.due(seconds(14)), None);
    follower.hear(BusItem::Lost, seconds(14));
    assert!(follower.due(seconds(14)).is_some());
}

#[test]
fn failed_pulls_back_off_and_go_on() {
    let mut follower = Follower::new(state(&[]), Duration::ZERO);
    let mut now = Duration::ZERO;
    for _ in 0..20 {
        assert!(follower.due(now).is_some());
        follower.pulled(Pulled::Failed, now, 1.0);
        assert_eq!(follower.due(now), None);
        now += SILENT_AFTER;
    }
}

#[test]
fn equal_versions_with_different_hashes_lead_to_one_snapshot_per_half_minute() {
    let mut follower = follower(&log(3));
    let other = ConfigHead {
        state_hash: StateHash(1),
        ..follower.state().head()
    };
    let differing = BusItem::Message(ConfigMessage::Head(other));
    follower.hear(differing.clone(), seconds(1));
    assert_eq!(follower.due(seconds(1)), Some(Pull::Snapshot));
    let truth = state(
        &[raw(3, "endpoint", uuid(9), false, Some("{}"))].map(|event| ConfigEvent {
            version: ConfigVersion(1),
            ..event
        }),
    );
    let header = SnapshotHeader {
        head: ConfigHead {
            version: ConfigVersion(3),
            ..truth.head()
        },
        ..truth.header()
    };
    let lines = (header, truth.events().map(|event| (**event).clone()).collect());
    follower.pulled(Pulled::Snapshot(lines), seconds(1), 0.5);
    assert_eq!(follower.state().head(), header.head);
    follower.hear(differing.clone(), seconds(3));
    assert_eq!(follower.due(seconds(3)), None);
    follower.hear(differing, seconds(31));
    assert_eq!(follower.due(seconds(31)), Some(Pull::Snapshot));
}

#[test]
fn a_control_plane_that_is_behind_changes_nothing_and_is_told_of() {
    let log = log(5);
    let mut follower = Follower::new(state(&log), Duration::ZERO);
    follower.due(Duration::ZERO);
    let head = state(&log[..2]).head();
    follower.pulled(
        Pulled::Deltas(Deltas::SnapshotNeeded { head }),
        Duration::ZERO,
        0.5,
    );
    assert_eq!(follower.control_plane_behind(), Some(ConfigVersion(2)));
    assert_eq!(follower.state().head(), state(&log).head());
    assert_eq!(follower.due(seconds(3)), Some(Pull::Deltas(ConfigVersion(5))));
}

proptest! {
    /// Messages dropped, repeated and out of order; pulls that fail or are cut short: within half a minute of quiet the
    /// worker is where the control plane is, and its version never went back.
    #[test]
    fn converges(
        length in 1_u64..40,
        bus in proptest::collection::vec((any::<prop::sample::Index>(), 0_u8..10), 0..60),
        fates in proptest::collection::vec(0_u8..4, 1..20),
        from in 0_u64..40,
    ) {
        let log = log(length);
        let truth = state(&log).head();
        let start = usize::try_from(from.min(length)).unwrap();
        let mut follower = Follower::new(state(&log[..start]), Duration::ZERO);
        let mut fates = fates.into_iter().chain(std::iter::repeat(2));
        let mut version = follower.state().head().version;
        let quiet = (0..400).map(|_| None);
        for (tick, step) in bus.into_iter().map(Some).chain(quiet).enumerate() {
            let now = Duration::from_millis(100 * u64::try_from(tick).unwrap());
            match step {
                Some((_, 0)) => follower.hear(BusItem::Lost, now),
                Some((_, 1)) => follower.hear(BusItem::Connected, now),
                Some((index, _)) => follower.hear(message(index.get(&log)), now),
                None => {}
            }
            if let Some(pull) = follower.due(now) {
                let fate = fates.next().unwrap();
                let pulled = match pull {
                    _ if fate == 0 => Pulled::Failed,
                    Pull::Deltas(after) => {
                        let after = usize::try_from(after.0).unwrap();
                        let end = if fate == 1 { (after + 3).min(log.len()) } else { log.len() };
                        Pulled::Deltas(Deltas::Events { head: truth, events: log[after..end].to_vec() })
                    }
                    Pull::Snapshot => {
                        let whole = state(&log);
                        let events = whole.events().map(|event| (**event).clone()).collect();
                        Pulled::Snapshot((whole.header(), events))
                    }
                };
                follower.pulled(pulled, now, 0.5);
            }
            prop_assert!(follower.state().head().version >= version);
            version = follower.state().head().version;
        }
        prop_assert_eq!(follower.state().head(), truth);
        prop_assert!(follower.current_at().is_some());
    }
}
