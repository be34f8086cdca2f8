//! Which arm of an experiment a request is of, and in which order the others stand in for it.
//!
//! For each unit every arm draws a waiting time, the shorter the more it weighs, and the first is the unit's (rendezvous hashing
//! with weights). A draw depends on nothing but the unit, the experiment's name and the arm's: a unit is of one arm on every
//! worker, an arm whose weight grows takes units from others and moves none between those, and one that is taken out leaves its
//! units to the others by their weights.

use sluicegate_contracts::config::{Arm, Experiment, Unit};
use sluicegate_contracts::ids::ApiKeyId;
use smallvec::SmallVec;

use crate::seed::Seed;

/// What a request says of itself that can be a unit.
#[derive(Debug, Clone, Copy)]
pub struct Whose<'a> {
    /// Its session.
    pub session: Option<&'a str>,
    /// Its end user.
    pub user: Option<&'a str>,
    /// Its key.
    pub key: Option<ApiKeyId>,
    /// Headers that conditions may read, by name in lower case.
    pub headers: &'a [(String, String)],
    /// The texts in its metadata.
    pub metadata: &'a [(String, String)],
    /// The request itself.
    pub request: Seed,
}

/// The arm of a request.
#[derive(Debug, Clone)]
pub struct Drawn<'e> {
    /// What it is an arm of.
    pub experiment: &'e Experiment,
    /// What was drawn for, by the name of its kind: that of the experiment, or the request where it does not say that.
    pub unit: &'static str,
    /// Names of the arms that serve: that of the request first, then those that stand in for it.
    order: Vec<&'e str>,
}

/// When it is a target's turn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Turn {
    /// It is of the request's arm.
    Own,
    /// It is of no arm, or there is no experiment.
    #[default]
    Shared,
    /// It is of another arm, so many others before it.
    Other(u8),
    /// It is of an arm without weight.
    Never,
}

/// Draws the arm of a request. Of an experiment in which no arm has weight, which cannot be published, none is.
#[must_use]
pub fn draw<'e>(experiment: &'e Experiment, whose: &Whose<'_>) -> Drawn<'e> {
    let named = named(&experiment.unit, whose);
    let unit = named.unwrap_or(whose.request);
    let salted = unit.joined(Seed::from_text(&experiment.name));
    let serving = experiment.arms.iter().filter(|arm| arm.weight > 0);
    let mut waits: SmallVec<[(f64, &str); 4]> = serving
        .map(|arm| (wait(arm, salted), arm.name.as_str()))
        .collect();
    waits.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(other.1)));
    Drawn {
        experiment,
        unit: named.map_or(Unit::Request.kind(), |_| experiment.unit.kind()),
        order: waits.into_iter().map(|(_, name)| name).collect(),
    }
}

/// What the request says of the unit; `None`: nothing, or it is the unit itself.
fn named(unit: &Unit, whose: &Whose<'_>) -> Option<Seed> {
    let entry = |entries: &[(String, String)], name: &str| {
        let found = entries.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| Seed::from_text(value))
    };
    match unit {
        Unit::Session => whose.session.map(Seed::from_text),
        Unit::User => whose.user.map(Seed::from_text),
        Unit::Key => whose.key.map(|key| Seed::from_id(key.as_uuid().as_u128())),
        Unit::Request => None,
        Unit::Header(name) => entry(whose.headers, name),
        Unit::Metadata(name) => entry(whose.metadata, name),
    }
}

/// Drawn from an exponential distribution, whose smallest draw falls to each arm by its weight.
fn wait(arm: &Arm, unit: Seed) -> f64 {
    let drawn = unit.joined(Seed::from_text(&arm.name)).generator().unit();
    -(1.0 - drawn).ln() / f64::from(arm.weight)
}

impl<'e> Drawn<'e> {
    /// Name of the arm that the request is of.
    #[must_use]
    pub fn arm(&self) -> Option<&'e str> {
        self.order.first().copied()
    }

    /// When it is the turn of a target that names this arm, or none.
    #[must_use]
    pub fn turn(&self, arm: Option<&str>) -> Turn {
        let Some(arm) = arm else { return Turn::Shared };
        match self.order.iter().position(|it| *it == arm) {
            Some(0) => Turn::Own,
            Some(place) => Turn::Other(u8::try_from(place).unwrap_or(u8::MAX)),
            None => Turn::Never,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn experiment(weights: &[u32]) -> Experiment {
        let arm = |(index, weight): (usize, &u32)| Arm {
            name: format!("arm-{index}"),
            weight: *weight,
        };
        Experiment {
            name: "trial".to_owned(),
            unit: Unit::Session,
            arms: weights.iter().enumerate().map(arm).collect(),
        }
    }

    const NOBODY: Whose<'static> = Whose {
        session: None,
        user: None,
        key: None,
        headers: &[],
        metadata: &[],
        request: Seed::from_id(9),
    };

    fn of_session(experiment: &Experiment, session: &str) -> String {
        let whose = Whose {
            session: Some(session),
            ..NOBODY
        };
        draw(experiment, &whose).arm().unwrap().to_owned()
    }

    fn share(experiment: &Experiment, arm: &str) -> f64 {
        let of_arm = (0..10_000).filter(|n| of_session(experiment, &format!("session-{n}")) == arm);
        of_arm.count() as f64 / 10_000.0
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn each_arm_has_its_share_of_the_units(weights in prop::collection::vec(0_u32..50, 2..6)) {
            prop_assume!(weights.iter().any(|it| *it > 0));
            let (experiment, whole) = (experiment(&weights), weights.iter().sum::<u32>());
            for (arm, weight) in experiment.arms.iter().zip(&weights) {
                let expected = f64::from(*weight) / f64::from(whole);
                let found = share(&experiment, &arm.name);
                prop_assert!((found - expected).abs() < 0.025, "{found} for {expected} of {weights:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn an_arm_that_grows_takes_units_and_moves_none_between_the_others(
            weights in prop::collection::vec(0_u32..50, 2..6), more in 1_u32..50, which in any::<prop::sample::Index>(),
            session in ".{0,40}",
        ) {
            prop_assume!(weights.iter().any(|it| *it > 0));
            let (which, mut grown) = (which.index(weights.len()), weights.clone());
            grown[which] += more;
            let before = of_session(&experiment(&weights), &session);
            let after = of_session(&experiment(&grown), &session);
            let took = format!("arm-{which}");
            prop_assert!(after == before || after == took);
        }

        #[test]
        fn the_order_of_arms_and_the_scale_of_weights_move_nobody(
            weights in prop::collection::vec(0_u32..50, 2..6), scale in 1_u32..1_000, session in ".{0,40}",
        ) {
            prop_assume!(weights.iter().any(|it| *it > 0));
            let before = experiment(&weights);
            let mut turned = experiment(&weights.iter().map(|it| it * scale).collect::<Vec<_>>());
            turned.arms.reverse();
            prop_assert_eq!(of_session(&before, &session), of_session(&turned, &session));
        }

        #[test]
        fn every_target_has_one_turn_and_the_arm_of_the_request_the_first(
            weights in prop::collection::vec(0_u32..3, 2..6), id in any::<u128>(),
        ) {
            let experiment = experiment(&weights);
            let drawn = draw(&experiment, &Whose { request: Seed::from_id(id), ..NOBODY });
            let mut turns: Vec<Turn> = experiment.arms.iter().map(|arm| drawn.turn(Some(&arm.name))).collect();
            for (turn, weight) in turns.iter().zip(&weights) {
                prop_assert_eq!(*turn == Turn::Never, *weight == 0);
            }
            turns.retain(|it| *it != Turn::Never);
            turns.sort_unstable();
            let others = (1..turns.len()).map(|place| Turn::Other(place as u8));
            let expected: Vec<Turn> = [Turn::Own].into_iter().take(turns.len()).chain(others).collect();
            prop_assert_eq!(turns, expected);
            prop_assert_eq!(drawn.turn(None), Turn::Shared);
        }
    }

    #[test]
    fn two_experiments_draw_apart() {
        let (one, mut other) = (experiment(&[1, 1]), experiment(&[1, 1]));
        other.name = "another".to_owned();
        let both = (0..10_000)
            .map(|n| n.to_string())
            .filter(|session| of_session(&one, session) == "arm-0" && of_session(&other, session) == "arm-0");
        let both = both.count();
        assert!((2_300..2_700).contains(&both), "{both}");
    }

    #[test]
    fn a_request_that_does_not_say_the_unit_is_drawn_for_by_itself() {
        let headers = [("x-route-team".to_owned(), "blue".to_owned())];
        let whose = Whose {
            session: Some("s"),
            user: Some("u"),
            headers: &headers,
            metadata: &headers,
            ..NOBODY
        };
        let drawn_by = |unit: Unit, whose: &Whose<'_>| {
            let experiment = Experiment {
                unit,
                ..experiment(&[1, 1, 1, 1])
            };
            let drawn = draw(&experiment, whose);
            (drawn.unit, drawn.arm().unwrap().to_owned())
        };
        let itself = drawn_by(Unit::Request, &NOBODY);
        let name = || "x-route-team".to_owned();
        let units = [
            Unit::Session,
            Unit::User,
            Unit::Header(name()),
            Unit::Metadata(name()),
        ];
        for unit in units {
            assert_eq!(drawn_by(unit.clone(), &NOBODY), itself);
            assert_eq!(drawn_by(unit.clone(), &whose).0, unit.kind());
        }
        assert_eq!(drawn_by(Unit::Key, &whose).0, "request");
        let same_text = drawn_by(Unit::Header(name()), &whose).1;
        assert_eq!(drawn_by(Unit::Metadata(name()), &whose).1, same_text);
    }

    #[test]
    fn arms_are_the_same_for_good() {
        let experiment = experiment(&[90, 10]);
        let in_trial = |n: &u32| of_session(&experiment, &format!("session-{n}")) == "arm-1";
        assert_eq!((0..100).filter(in_trial).collect::<Vec<_>>(), PINNED);
    }

    /// Sessions of the first 100 that were drawn into the smaller arm when this was written.
    const PINNED: [u32; 10] = [0, 2, 13, 24, 29, 30, 40, 57, 87, 94];
}
