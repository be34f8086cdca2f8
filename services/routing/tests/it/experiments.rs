//! Arms in a plan: the request's own first, the others as its fallbacks, and none of them past a constraint.

use std::time::Duration;

use proptest::prelude::*;
use sluicegate_contracts::config::{Constraints, Level, Status, Strategy as Ordering};
use sluicegate_contracts::time::UnixMillis;
use sluicegate_routing::{
    Cause, Demand, Preferences, RejectionCode, RoutingInput, Seed, Selection, Sort, Target, Turn, Unknown,
};

use crate::support::{ANY, CHAT, NO_WISHES, STRATEGIES, candidate, connection, demand, plan, target};

fn input<'a>(strategy: Ordering, targets: &'a [Target<'a>], id: u128) -> RoutingInput<'a> {
    RoutingInput {
        selection: Selection::Route {
            strategy,
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

fn turn() -> impl Strategy<Value = Turn> {
    prop_oneof![
        Just(Turn::Own),
        Just(Turn::Shared),
        (1..3_u8).prop_map(Turn::Other),
        Just(Turn::Never)
    ]
}

proptest! {
    #[test]
    fn targets_are_tried_in_their_turns_whatever_the_strategy(
        turns in prop::collection::vec((turn(), 0..3_usize), 1..6), strategy in prop::sample::select(STRATEGIES.to_vec()),
        id: u128,
    ) {
        let account = connection(1, Status::Active);
        let targets: Vec<_> = turns.iter().map(|(turn, candidates)| Target {
            turn: *turn,
            ..target(1, vec![candidate(&account, None); *candidates])
        }).collect();
        let planned = plan(&input(strategy, &targets, id)).map(|it| it.attempts).unwrap_or_default();
        let tried: Vec<Turn> = planned.iter().map(|it| turns[it.target].0).collect();
        prop_assert!(tried.is_sorted(), "{tried:?}");
        let may_serve: usize = turns.iter().filter(|(turn, _)| *turn != Turn::Never).map(|(_, candidates)| candidates).sum();
        prop_assert_eq!(tried.len(), may_serve, "each once, and none of an arm without weight");
        if let Some(first) = planned.first().filter(|_| turns.iter().any(|(turn, _)| *turn != Turn::Shared)) {
            let expected = if tried[0] == Turn::Own { Cause::Experiment } else { Cause::OtherArm };
            prop_assert_eq!(first.cause, expected);
        }
    }
}

/// Two arms at two providers.
fn two_arms(check: impl FnOnce(&[Target<'_>])) {
    let (mut here, mut there) = (connection(1, Status::Active), connection(2, Status::Active));
    here.provider = "groq".to_owned();
    there.provider = "mistral".to_owned();
    let of = |turn, account| Target {
        turn,
        ..target(1, vec![candidate(account, None)])
    };
    check(&[of(Turn::Other(1), &there), of(Turn::Own, &here)]);
}

#[test]
fn an_arm_that_nothing_may_serve_falls_to_the_others_and_says_so() {
    two_arms(|targets| {
        let mut constraints = Constraints::NONE;
        constraints.providers.ignore = vec!["groq".to_owned()];
        let demands: [Demand<'_>; 1] = [demand(Level::Key, &constraints)];
        let usual = plan(&input(Ordering::Ordered, targets, 1)).unwrap();
        let order =
            |plan: &sluicegate_routing::Plan| plan.attempts.iter().map(|it| it.target).collect::<Vec<_>>();
        assert_eq!(
            (order(&usual), usual.attempts[0].cause),
            (vec![1, 0], Cause::Experiment)
        );
        let forbidden = RoutingInput {
            demands: &demands,
            ..input(Ordering::Ordered, targets, 1)
        };
        let left = plan(&forbidden).unwrap();
        assert_eq!((order(&left), left.attempts[0].cause), (vec![0], Cause::OtherArm));
        assert_eq!(left.rejections[0].code, RejectionCode::ProviderExcluded);
    });
}

#[test]
fn a_wish_of_the_request_comes_before_its_arm() {
    two_arms(|targets| {
        let wishes = Preferences {
            order: vec!["mistral".to_owned()],
            sort: Some(Sort::Price),
            across_targets: true,
            ..Preferences::NONE
        };
        let wished = RoutingInput {
            preferences: &wishes,
            ..input(Ordering::Ordered, targets, 1)
        };
        let attempts = plan(&wished).unwrap().attempts;
        assert_eq!((attempts[0].target, attempts[0].cause), (0, Cause::OtherArm));
    });
}
