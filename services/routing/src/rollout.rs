//! Which of two versions of a route serves a request, while the newer one is being rolled out.
//!
//! Whoever a request belongs to has a place from 0 to 99 that depends on nothing but its name, the route and the newer version.
//! A version serves the places below its share: one conversation stays with one version on every worker and in every release, and
//! a share that grows moves nobody back.

use sluicegate_contracts::ids::RouteId;
use sluicegate_contracts::usage::Labels;

use crate::seed::Seed;

/// Whom a request belongs to: its session, else the user it is made for, else nobody but itself.
#[must_use]
pub fn belongs_to(labels: &Labels, request: Seed) -> Seed {
    let named = labels.session.as_deref().or(labels.end_user.as_deref());
    named.map_or(request, Seed::from_text)
}

/// Whether the newer version, which serves `percent` of 100, serves what belongs to `whom`. Each version draws anew, so that it
/// is not always the same who are asked to try.
#[must_use]
pub fn serves(route: RouteId, version: u32, percent: u8, whom: Seed) -> bool {
    let of_route = Seed::from_id(route.as_uuid().as_u128()).branch(u64::from(version));
    whom.joined(of_route).generator().below(100) < u64::from(percent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    const REQUEST: Seed = Seed::from_id(9);

    fn route(n: u128) -> RouteId {
        Uuid::from_u128(n).into()
    }

    fn session(name: &str) -> Labels {
        Labels {
            session: Some(name.to_owned()),
            ..Labels::default()
        }
    }

    proptest! {
        #[test]
        fn a_share_that_grows_moves_nobody_back(
            n in any::<u128>(), version in any::<u32>(), name in ".{0,40}", less in 0_u8..=100, more in 0_u8..=100,
        ) {
            prop_assume!(less <= more);
            let whom = belongs_to(&session(&name), REQUEST);
            prop_assert!(!serves(route(n), version, less, whom) || serves(route(n), version, more, whom));
            prop_assert!(!serves(route(n), version, 0, whom));
            prop_assert!(serves(route(n), version, 100, whom));
        }
    }

    #[test]
    fn a_share_is_the_share_it_says() {
        for percent in [5, 25, 50] {
            let served = (0..10_000).filter(|n| {
                let whom = belongs_to(&session(&format!("session-{n}")), REQUEST);
                serves(route(1), 2, percent, whom)
            });
            let share = served.count() as f64 / 100.0;
            assert!((share - f64::from(percent)).abs() < 1.5, "{share} of {percent}");
        }
    }

    #[test]
    fn the_session_counts_before_the_user_and_both_before_the_request() {
        let mut labels = session("s");
        let by_session = belongs_to(&labels, REQUEST);
        labels.end_user = Some("u".to_owned());
        assert_eq!(belongs_to(&labels, Seed::from_id(1)), by_session);
        labels.session = None;
        assert_eq!(
            belongs_to(&labels, REQUEST),
            belongs_to(&labels, Seed::from_id(1))
        );
        labels.end_user = None;
        assert_eq!(belongs_to(&labels, REQUEST), REQUEST);
    }

    #[test]
    fn who_tries_a_version_does_not_depend_on_who_tried_another() {
        let both = (0..10_000).filter(|n| {
            let whom = belongs_to(&session(&n.to_string()), REQUEST);
            serves(route(1), 2, 50, whom) && serves(route(1), 3, 50, whom)
        });
        let both = both.count();
        assert!((2_300..2_700).contains(&both), "{both}");
    }

    #[test]
    fn places_are_the_same_for_good() {
        let first: Vec<u32> = (0..200)
            .filter(|n: &u32| serves(route(7), 2, 5, belongs_to(&session(&n.to_string()), REQUEST)))
            .collect();
        assert_eq!(first, PINNED);
    }

    /// Sessions of the first 200 that were drawn when this was written.
    const PINNED: [u32; 11] = [34, 48, 67, 85, 133, 134, 137, 147, 175, 192, 198];
}
