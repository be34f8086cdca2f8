//! The proof against brute force: it finds a call that reaches a forbidden endpoint exactly where there is one.

use proptest::prelude::*;
use sluicegate_contracts::config::{
    Choice, Constraints, Endpoint, Facts, Level, Operation, PriceCard, PriceCeiling, Rates, Status,
    model_matches,
};
use sluicegate_contracts::money::PicoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_routing::proof::{Proof, prove, representatives};
use sluicegate_routing::{Preferences, RoutingInput, Seed, Selection, Target, Turn, Unknown};
use std::time::Duration;

use crate::support::{CHAT, NO_WISHES, STRATEGIES, candidate, connection, demand, endpoint, plan, target};

const PLACES: [&str; 3] = ["EU", "DE", "US"];
/// Whether place `j` lies in place `i`.
const LIES_IN: [[bool; 3]; 3] = [[true, true, false], [false, true, false], [false, false, true]];
const MODELS: [&str; 3] = ["a/x", "a/y", "b/x"];
const PATTERNS: [&str; 4] = ["a/*", "a/x", "b/*", "*"];
/// When the second price of an endpoint takes the place of the first.
const CHANGE: i64 = 1_000;

/// Facts of an endpoint, by numbers, so that a plain table can judge them.
#[derive(Debug, Clone)]
struct Row {
    place: Option<usize>,
    retention: Option<u32>,
    trains: Option<bool>,
    open: Option<bool>,
    model: usize,
    prices: Option<(i64, i64)>,
    is_off: bool,
}

/// Constraints, by numbers.
#[derive(Debug, Clone)]
struct Law {
    place: Option<usize>,
    retention: Option<u32>,
    no_training: bool,
    open: bool,
    ignored: Option<usize>,
    price: Option<i64>,
}

fn row() -> impl Strategy<Value = Row> {
    let facts = (
        prop::option::of(0..3_usize),
        prop::option::of(0..3_u32),
        any::<Option<bool>>(),
        any::<Option<bool>>(),
    );
    let rest = (
        0..3_usize,
        prop::option::of((0..3_i64, 0..3_i64)),
        prop::bool::weighted(0.1),
    );
    (facts, rest).prop_map(
        |((place, retention, trains, open), (model, prices, is_off))| Row {
            place,
            retention,
            trains,
            open,
            model,
            prices,
            is_off,
        },
    )
}

fn law() -> impl Strategy<Value = Law> {
    let facts = (
        prop::option::of(0..3_usize),
        prop::option::of(0..3_u32),
        any::<bool>(),
        any::<bool>(),
    );
    let rest = (prop::option::of(0..4_usize), prop::option::of(0..3_i64));
    (facts, rest).prop_map(|((place, retention, no_training, open), (ignored, price))| Law {
        place,
        retention,
        no_training,
        open,
        ignored,
        price,
    })
}

impl Law {
    fn written(&self) -> Constraints {
        Constraints {
            processing: self.place.map(|index| vec![PLACES[index].parse().unwrap()]),
            max_retention_days: self.retention,
            no_training: self.no_training,
            open_weights: self.open,
            models: Choice {
                only: None,
                ignore: self
                    .ignored
                    .map(|index| PATTERNS[index].to_owned())
                    .into_iter()
                    .collect(),
            },
            max_price: PriceCeiling {
                input: self.price.map(PicoUsd::from_picos),
                ..PriceCeiling::default()
            },
            ..Constraints::NONE
        }
    }

    /// By the table: the constraints of this law that forbid an endpoint at a moment.
    fn forbids(&self, row: &Row, at: i64) -> Vec<&'static str> {
        let lies = |wide: usize| row.place.is_some_and(|narrow| LIES_IN[wide][narrow]);
        let price = row
            .prices
            .map(|(first, second)| if at < CHANGE { first } else { second });
        let broken = [
            ("processing", self.place.is_some_and(|wide| !lies(wide))),
            (
                "max_retention_days",
                self.retention
                    .is_some_and(|most| row.retention.is_none_or(|days| days > most)),
            ),
            ("no_training", self.no_training && row.trains != Some(false)),
            ("open_weights", self.open && row.open != Some(true)),
            (
                "models",
                self.ignored
                    .is_some_and(|index| model_matches(PATTERNS[index], MODELS[row.model])),
            ),
            (
                "max_price",
                self.price.is_some_and(|most| price.is_none_or(|it| it > most)),
            ),
        ];
        let broken = broken.into_iter().filter(|(_, is_broken)| *is_broken);
        broken.map(|(name, _)| name).collect()
    }
}

fn written(row: &Row) -> Endpoint {
    let card = |picos, from: Option<i64>, until: Option<i64>| PriceCard {
        rates: Rates {
            input: PicoUsd::from_picos(picos),
            ..Rates::default()
        },
        valid_from: from.map(UnixMillis::new),
        valid_until: until.map(UnixMillis::new),
        ..PriceCard::default()
    };
    let versions = row
        .prices
        .map(|(first, second)| vec![card(first, None, Some(CHANGE)), card(second, Some(CHANGE), None)]);
    Endpoint {
        model: MODELS[row.model].to_owned(),
        price_versions: versions.unwrap_or_default(),
        status: if row.is_off {
            Status::Disabled
        } else {
            Status::Active
        },
        facts: Facts {
            processing: row.place.map(|index| PLACES[index].parse().unwrap()),
            retention_days: row.retention,
            trains: row.trains,
            open_weights: row.open,
            ..Facts::UNKNOWN
        },
        ..endpoint(1, &[Operation::ChatCompletions])
    }
}

fn refuted(proof: &Proof) -> Vec<&'static str> {
    let verdicts = proof.verdicts.iter().filter(|it| it.counterexample.is_some());
    verdicts.map(|it| it.constraint).collect()
}

const LEVELS: [Level; 3] = [Level::Organization, Level::Project, Level::Key];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn it_agrees_with_brute_force(
        claim in law(), laws in prop::collection::vec(law(), 0..=2), rows in prop::collection::vec(row(), 0..6),
        request in prop::option::of(law()), strategy in prop::sample::select(&STRATEGIES), id: u128, late: bool,
        no_fallbacks: bool,
    ) {
        let endpoints: Vec<Endpoint> = rows.iter().map(written).collect();
        let account = connection(1, Status::Active);
        // Whichever arm a target is of, and whichever the request.
        let turn = |index: usize| [Turn::Own, Turn::Shared, Turn::Other(1)][(id.rotate_right(index as u32) % 3) as usize];
        let targets: Vec<_> = endpoints.iter().enumerate().map(|(index, it)| Target {
            turn: turn(index),
            ..target(1, vec![candidate(&account, Some(it))])
        }).collect();
        let constraints: Vec<_> = laws.iter().map(Law::written).collect();
        let demands: Vec<_> = LEVELS.into_iter().zip(&constraints).map(|(level, it)| demand(level, it)).collect();
        let claimed = claim.written();
        let proof = prove(&claimed, &demands, &targets, UnixMillis::new(0));

        // Every endpoint at both prices, by the table.
        let reaches = |row: &Row, at: i64| !row.is_off && laws.iter().all(|law| law.forbids(row, at).is_empty());
        let mut broken: Vec<&str> = Vec::new();
        for row in &rows {
            for at in [0, CHANGE] {
                if reaches(row, at) {
                    broken.extend(claim.forbids(row, at));
                }
            }
        }
        let expected: Vec<&str> = proof.verdicts.iter().map(|it| it.constraint).filter(|it| broken.contains(it)).collect();
        prop_assert_eq!(&refuted(&proof), &expected);
        prop_assert!(broken.iter().all(|it| expected.contains(it)), "every constraint of the claim has its verdict");
        prop_assert_eq!(proof.holds(), broken.is_empty());

        // Any call, whatever it asks for: what it reaches is not what was proved to be out of reach.
        let asked = request.as_ref().map(Law::written);
        let with_request: Vec<_> = demands.iter().copied().chain(asked.iter().map(|it| demand(Level::Request, it))).collect();
        let at = if late { CHANGE } else { 0 };
        let base = RoutingInput {
            selection: Selection::Route { strategy, by_alias: false },
            targets: &targets,
            features: CHAT,
            demands: &demands,
            ceiling: None,
            preferences: &NO_WISHES,
            now: UnixMillis::new(at),
            live: &Unknown,
            held: Duration::ZERO,
            seed: Seed::from_id(id),
        };
        let preferences = Preferences { no_fallbacks, ..Preferences::NONE };
        let call = plan(&RoutingInput { demands: &with_request, preferences: &preferences, ..base.clone() });
        for attempt in call.map(|it| it.attempts).unwrap_or_default() {
            for constraint in claim.forbids(&rows[attempt.target], at) {
                prop_assert!(expected.contains(&constraint), "{constraint} was said to hold");
            }
        }
        // And a counterexample is a call that can be made.
        for found in proof.verdicts.iter().filter_map(|it| it.counterexample) {
            let attempts = plan(&RoutingInput { now: found.at, ..base.clone() }).unwrap().attempts;
            prop_assert!(attempts.iter().any(|it| (it.target, it.candidate) == (found.target, found.candidate)));
        }
    }

    #[test]
    fn a_name_that_patterns_tell_apart_has_one_that_stands_for_it(
        patterns in prop::collection::vec("[ab]{0,3}\\*?", 0..5), name in "[abc]{1,5}",
    ) {
        let patterns: Vec<&str> = patterns.iter().map(String::as_str).collect();
        let class = |name: &str| patterns.iter().map(|it| model_matches(it, name)).collect::<Vec<_>>();
        let names = representatives(patterns.iter().copied());
        prop_assert!(names.iter().any(|it| class(it) == class(&name)), "{name}: {names:?}");
    }
}

#[test]
fn what_no_catalog_lists_is_a_counterexample_to_every_fact() {
    let server = connection(1, Status::Active);
    let targets = [target(1, vec![candidate(&server, None)])];
    let claim = Constraints {
        no_training: true,
        open_weights: true,
        ..Constraints::NONE
    };
    let proof = prove(&claim, &[], &targets, UnixMillis::new(0));
    assert_eq!(
        (refuted(&proof), proof.reachable),
        (vec!["no_training", "open_weights"], 1)
    );
    let stated = [demand(Level::Project, &claim)];
    let proof = prove(&claim, &stated, &targets, UnixMillis::new(0));
    assert!(proof.holds() && proof.reachable == 0 && proof.verdicts.len() == 2);
}
