//! Preferences: they order what may serve, and leave out what the caller does not want, and never let anything in.

use sluicegate_contracts::config::{Connection, Endpoint, Operation, PriceCard, Rates, Status};
use sluicegate_contracts::money::PicoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_routing::{Preferences, RejectionCode, RoutingInput, Seed, Selection, Sort, Target, Unknown};
use std::time::Duration;

use crate::support::{ANY, CHAT, candidate, connection, endpoint, plan, target};

/// A provider's account, and its endpoint at a price per token.
fn offer(id: u128, provider: &str, price: Option<(i64, i64)>) -> (Connection, Endpoint) {
    let mut account = connection(id, Status::Active);
    provider.clone_into(&mut account.provider);
    let mut offered = endpoint(id, &[Operation::ChatCompletions]);
    provider.clone_into(&mut offered.provider);
    offered.price = price.map(|(input, output)| PriceCard {
        rates: Rates {
            input: PicoUsd::from_picos(input),
            output: PicoUsd::from_picos(output),
            ..Rates::default()
        },
        ..PriceCard::default()
    });
    (account, offered)
}

fn offers() -> Vec<(Connection, Endpoint)> {
    vec![
        offer(1, "openai", Some((10, 40))),
        offer(2, "azure", None),
        offer(3, "deepinfra", Some((1, 50))),
        offer(4, "groq", Some((20, 0))),
    ]
}

/// Position of a target, and of a candidate in it.
type Place = (usize, usize);

/// The order in which the candidates of these targets would be tried, and those that the caller does not want.
fn tried(targets: &[Target<'_>], wishes: &Preferences) -> (Vec<Place>, Vec<Place>) {
    let plan = plan(&RoutingInput {
        selection: Selection::Direct,
        targets,
        features: CHAT,
        demands: ANY,
        ceiling: None,
        preferences: wishes,
        now: UnixMillis::new(0),
        live: &Unknown,
        held: Duration::ZERO,
        seed: Seed::from_id(1),
    });
    let (attempts, rejections) = match plan {
        Ok(plan) => (plan.attempts, plan.rejections),
        Err(none) => (Default::default(), none.rejections),
    };
    let unwanted = rejections
        .iter()
        .filter(|it| it.code == RejectionCode::FallbackExcluded);
    (
        attempts.iter().map(|it| (it.target, it.candidate)).collect(),
        unwanted
            .filter_map(|it| Some((it.target, it.candidate?)))
            .collect(),
    )
}

fn of_one_target(wishes: &Preferences) -> Vec<usize> {
    let offers = offers();
    let candidates = offers
        .iter()
        .map(|(account, endpoint)| candidate(account, Some(endpoint)));
    let (order, unwanted) = tried(&[target(1, candidates.collect())], wishes);
    assert_eq!(order.len() + unwanted.len(), 4, "each is tried or rejected");
    order.into_iter().map(|(_, candidate)| candidate).collect()
}

#[test]
fn without_wishes_candidates_stand_as_listed() {
    assert_eq!(of_one_target(&Preferences::NONE), [0, 1, 2, 3]);
}

#[test]
fn named_providers_come_first_in_their_order() {
    let order = Preferences {
        order: vec!["groq".to_owned(), "nobody".to_owned(), "Azure".to_owned()],
        ..Preferences::NONE
    };
    assert_eq!(of_one_target(&order), [3, 1, 0, 2]);
    let no_others = Preferences {
        no_fallbacks: true,
        ..order
    };
    assert_eq!(of_one_target(&no_others), [3, 1]);
}

#[test]
fn without_fallbacks_only_the_first_is_tried() {
    let first = Preferences {
        no_fallbacks: true,
        ..Preferences::NONE
    };
    assert_eq!(of_one_target(&first), [0]);
    let cheapest = Preferences {
        sort: Some(Sort::Price),
        ..first.clone()
    };
    assert_eq!(of_one_target(&cheapest), [2]);
    let nobody = Preferences {
        order: vec!["nobody".to_owned()],
        ..first
    };
    assert_eq!(of_one_target(&nobody), [0_usize; 0]);
}

#[test]
fn the_cheapest_comes_first_and_an_unknown_price_last() {
    let cheapest = Preferences {
        sort: Some(Sort::Price),
        ..Preferences::NONE
    };
    // Three tokens of a prompt and one of an answer: 70, unknown, 53, 60.
    assert_eq!(of_one_target(&cheapest), [2, 3, 0, 1]);
}

#[test]
fn models_stand_in_their_order_unless_all_are_compared() {
    let offers = offers();
    let one = |index: usize| candidate(&offers[index].0, Some(&offers[index].1));
    let targets = [target(1, vec![one(0), one(3)]), target(1, vec![one(2), one(1)])];
    let mut wishes = Preferences {
        sort: Some(Sort::Price),
        ..Preferences::NONE
    };
    assert_eq!(tried(&targets, &wishes).0, [(0, 1), (0, 0), (1, 0), (1, 1)]);
    wishes.across_targets = true;
    assert_eq!(tried(&targets, &wishes).0, [(1, 0), (0, 1), (0, 0), (1, 1)]);
    wishes.no_fallbacks = true;
    assert_eq!(
        tried(&targets, &wishes),
        (vec![(1, 0)], vec![(0, 1), (0, 0), (1, 1)])
    );
    wishes.across_targets = false;
    assert_eq!(
        tried(&targets, &wishes).0,
        [(0, 1), (1, 0)],
        "the first of each model"
    );
}

#[test]
fn a_gateway_keeps_to_the_order_itself() {
    let (account, endpoint) = offer(1, "openrouter", None);
    let mut gateway = candidate(&account, Some(&endpoint));
    gateway.site.is_gateway = true;
    let order = Preferences {
        order: vec!["deepinfra".to_owned()],
        no_fallbacks: true,
        ..Preferences::NONE
    };
    assert_eq!(tried(&[target(1, vec![gateway])], &order).0, [(0, 0)]);
}
