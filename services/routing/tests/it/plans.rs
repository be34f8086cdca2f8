//! Plans: completeness, eligibility, order, weights, reproducibility.

use proptest::prelude::*;
use sluicegate_contracts::config::{Level, Operation, Status, Strategy as Ordering};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_routing::eligibility::check;
use sluicegate_routing::{
    Bounds, Candidate, Cause, Ceiling, Credential, NoRoute, RejectionCode, RoutingInput, Seed, Selection,
    Target, Unknown,
};
use std::time::Duration;

use crate::support::{ANY, CHAT, NO_WISHES, candidate, connection, endpoint, plan, target};

fn input<'a>(ordering: Ordering, targets: &'a [Target<'a>], id: u128) -> RoutingInput<'a> {
    RoutingInput {
        selection: Selection::Route {
            strategy: ordering,
            by_alias: false,
        },
        targets,
        features: CHAT,
        demands: ANY,
        ceiling: None,
        preferences: &NO_WISHES,
        now: UnixMillis::new(0),
        live: &Unknown,
        held: Duration::ZERO,
        seed: Seed::from_id(id),
    }
}

/// What a call costs at most, by the provider's name of the model; nothing is known of a name that is no number.
#[derive(Debug)]
struct Spelled;

impl Bounds for Spelled {
    fn bound(&self, candidate: &Candidate<'_>) -> Option<NanoUsd> {
        candidate.upstream_model.parse().ok()
    }
}

#[test]
fn what_can_cost_more_than_the_request_may_is_left_out_whatever_the_order() {
    let account = connection(1, Status::Active);
    let costing = |bound| Candidate {
        upstream_model: bound,
        ..candidate(&account, None)
    };
    let targets = [
        target(1, vec![costing("0.003"), costing("0.001")]),
        target(1, vec![costing("unknown"), costing("0.002")]),
    ];
    let most = |dollars: &str| Ceiling {
        most: dollars.parse().unwrap(),
        bounds: &Spelled,
    };
    for ordering in [Ordering::Ordered, Ordering::Weighted, Ordering::Cheapest] {
        let capped = RoutingInput {
            ceiling: Some(most("0.002")),
            ..input(ordering, &targets, 1)
        };
        let found = plan(&capped).unwrap();
        let mut planned: Vec<_> = found
            .attempts
            .iter()
            .map(|it| (it.target, it.candidate))
            .collect();
        planned.sort_unstable();
        assert_eq!(planned, [(0, 1), (1, 1)], "{ordering:?}");
        let left_out = found.rejections.iter().map(|it| (it.code, it.level));
        let expected = [
            (RejectionCode::CostAboveCap, Some(Level::Request)),
            (RejectionCode::PriceUnknown, Some(Level::Request)),
        ];
        assert_eq!(left_out.collect::<Vec<_>>(), expected);
    }
    let nothing = RoutingInput {
        ceiling: Some(most("0.000999999")),
        ..input(Ordering::Ordered, &targets, 1)
    };
    assert!(plan(&nothing).unwrap_err().is_by_choice());
}

/// Spreads consecutive numbers over the space of ids.
fn id(index: u128) -> u128 {
    index.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
}

#[test]
fn ordered_targets_stand_as_listed_with_fallbacks_behind() {
    let (a, b) = (connection(1, Status::Active), connection(2, Status::Active));
    let targets = [
        target(1, vec![candidate(&a, None), candidate(&b, None)]),
        target(1, vec![candidate(&b, None)]),
    ];
    let plan = plan(&input(Ordering::Ordered, &targets, 1)).unwrap();
    let seen: Vec<_> = plan
        .attempts
        .iter()
        .map(|it| (it.target, it.candidate, it.cause))
        .collect();
    assert_eq!(
        seen,
        [
            (0, 0, Cause::Rule),
            (0, 1, Cause::Fallback),
            (1, 0, Cause::Fallback)
        ]
    );
}

#[test]
fn each_reason_against_a_candidate_has_its_code() {
    let (active, disabled) = (connection(1, Status::Active), connection(2, Status::Disabled));
    let chat = endpoint(1, &[Operation::ChatCompletions]);
    let embeddings = endpoint(2, &[Operation::Embeddings]);
    let mut retired = chat.clone();
    retired.status = Status::Disabled;
    let mut small = chat.clone();
    small.context_window = Some(10);
    let mut sealed = candidate(&active, Some(&chat));
    sealed.credential = Credential::Missing;
    let targets = [
        target(
            1,
            vec![
                candidate(&disabled, Some(&chat)),
                candidate(&active, Some(&embeddings)),
            ],
        ),
        target(
            1,
            vec![
                sealed,
                candidate(&active, Some(&retired)),
                candidate(&active, Some(&small)),
            ],
        ),
        target(1, Vec::new()),
        target(0, vec![candidate(&active, Some(&chat))]),
    ];
    let NoRoute { rejections } = plan(&input(Ordering::Weighted, &targets, 1)).unwrap_err();
    let codes: Vec<_> = rejections
        .iter()
        .map(|it| (it.target, it.candidate, it.code))
        .collect();
    assert_eq!(
        codes,
        [
            (0, Some(0), RejectionCode::CredentialDisabled),
            (0, Some(1), RejectionCode::ModalityUnsupported),
            (1, Some(0), RejectionCode::CredentialMissing),
            (1, Some(1), RejectionCode::Deprecated),
            (1, Some(2), RejectionCode::ContextTooSmall),
            (2, None, RejectionCode::CredentialMissing),
            (3, None, RejectionCode::WeightZero),
        ]
    );
}

#[test]
fn first_picks_converge_to_the_weights() {
    let account = connection(1, Status::Active);
    let targets = [70, 20, 10, 0].map(|weight| target(weight, vec![candidate(&account, None)]));
    let mut first = [0_u32; 4];
    for index in 0..20_000 {
        let plan = plan(&input(Ordering::Weighted, &targets, id(index))).unwrap();
        first[plan.attempts[0].target] += 1;
        assert_eq!(plan.attempts.len(), 3, "the others stay as fallbacks");
    }
    // Three standard deviations of the largest share are below 200 of 20,000.
    for (seen, expected) in first.into_iter().zip([14_000, 4_000, 2_000, 0_u32]) {
        assert!(seen.abs_diff(expected) <= 200, "{first:?}");
    }
}

#[test]
fn the_second_pick_follows_the_remaining_weights() {
    let account = connection(1, Status::Active);
    let targets = [60, 30, 10].map(|weight| target(weight, vec![candidate(&account, None)]));
    let after_first: Vec<_> = (0..30_000)
        .map(|index| plan(&input(Ordering::Weighted, &targets, id(index))).unwrap())
        .filter(|plan| plan.attempts[0].target == 0)
        .map(|plan| plan.attempts[1].target)
        .collect();
    let share = after_first.iter().filter(|target| **target == 1).count() * 100 / after_first.len();
    assert!((73..=77).contains(&share), "{share}% instead of 75%");
}

#[derive(Debug, Clone)]
struct Shape {
    weight: u32,
    /// Connection enabled, credential ready, endpoint offers chat.
    candidates: Vec<(bool, bool, bool)>,
}

fn shapes() -> impl Strategy<Value = Vec<Shape>> {
    let shape = (0..4_u32, prop::collection::vec(any::<(bool, bool, bool)>(), 0..4))
        .prop_map(|(weight, candidates)| Shape { weight, candidates });
    prop::collection::vec(shape, 0..6)
}

proptest! {
    #[test]
    fn every_candidate_is_planned_or_rejected_and_never_both(shapes in shapes(), id: u128, weighted: bool) {
        let accounts = [connection(1, Status::Disabled), connection(2, Status::Active)];
        let endpoints = [endpoint(1, &[Operation::Embeddings]), endpoint(2, &[Operation::ChatCompletions])];
        let targets: Vec<_> = shapes
            .iter()
            .map(|shape| {
                let candidates = shape.candidates.iter().map(|(enabled, ready, chat)| {
                    let mut it = candidate(&accounts[usize::from(*enabled)], Some(&endpoints[usize::from(*chat)]));
                    it.credential = if *ready { Credential::Ready } else { Credential::Missing };
                    it
                });
                target(shape.weight, candidates.collect())
            })
            .collect();
        let ordering = if weighted { Ordering::Weighted } else { Ordering::Ordered };
        let input = input(ordering, &targets, id);
        let result = plan(&input);
        prop_assert_eq!(&result, &plan(&input), "same input, same plan");

        let (attempts, rejections) = match result {
            Ok(plan) => (plan.attempts, plan.rejections),
            Err(none) => (Default::default(), none.rejections),
        };
        for attempt in &attempts {
            let candidate = &targets[attempt.target].candidates[attempt.candidate];
            prop_assert!(check(candidate, &input).is_ok());
            prop_assert!(!weighted || targets[attempt.target].weight > 0);
        }
        for (position, target) in targets.iter().enumerate() {
            let whole = rejections.iter().filter(|it| it.target == position && it.candidate.is_none()).count();
            for index in 0..target.candidates.len() {
                let planned = attempts.iter().filter(|it| (it.target, it.candidate) == (position, index)).count();
                let refused = rejections.iter().filter(|it| (it.target, it.candidate) == (position, Some(index))).count();
                prop_assert_eq!(planned + refused + whole, 1);
            }
        }
    }
}
