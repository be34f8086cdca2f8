//! Replays over the gateway's own model, which needs no account.

use std::collections::HashMap;

use sluicegate_contracts::config::{
    Arm, Experiment, Operation, RetryPolicy, RouteTarget, Rule, Strategy, Unit,
};
use sluicegate_contracts::ids::{ApiKeyId, OrganizationId, RequestId};
use sluicegate_contracts::time::UnixMillis;
use sluicegate_contracts::tokens::TokenUsage;
use sluicegate_contracts::usage::{DecidedFacts, DecidedReading, RequestShape};
use uuid::Uuid;

use super::*;
use crate::domain::past_request::ServedBy;
use crate::domain::replay::{StatedOf, Today};
use crate::domain::route_check::Supply;

const KEY: u128 = 7;

fn today() -> Today {
    Today {
        organization: OrganizationId::from(Uuid::from_u128(1)),
        supply: Supply::default(),
        stated: HashMap::new(),
        above: Vec::new(),
        keys: HashMap::from([(ApiKeyId::from(Uuid::from_u128(KEY)), Vec::new())]),
        now: UnixMillis::new(0),
    }
}

fn echo(suffix: &str, weight: u32) -> RouteTarget {
    RouteTarget {
        model: format!("sluicegate/echo{suffix}"),
        connection: None,
        weight,
        arm: None,
    }
}

fn rule(strategy: Strategy, targets: Vec<RouteTarget>) -> Rule {
    Rule::always(strategy, targets, RetryPolicy::default())
}

fn request(id: u128, input_tokens: u32) -> PastRequest {
    let key = ApiKeyId::from(Uuid::from_u128(KEY));
    PastRequest {
        id: RequestId::from(Uuid::from_u128(
            id.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835),
        )),
        at: UnixMillis::new(0),
        operation: Operation::ChatCompletions,
        dialect: None,
        model: "route/support".to_owned(),
        key: (key, key.to_string()),
        user: None,
        session: None,
        tags: Vec::new(),
        facts: Some(DecidedFacts {
            input_tokens,
            max_output_tokens: None,
            stream: false,
            shape: Some(RequestShape::default()),
            language: None,
            readings: Vec::new(),
        }),
        tokens: TokenUsage::default(),
        served: None,
    }
}

fn simulated(requests: &[PastRequest], published: &[Rule], proposed: &[Rule]) -> Simulation {
    let today = today();
    let stated = StatedOf::of(&today);
    let published = Replay::of(published, &today, &stated);
    let proposed = Replay::of(proposed, &today, &stated);
    simulate(requests, published, proposed)
}

#[test]
fn the_same_document_changes_nothing_even_where_a_draw_decides() {
    let rules = [rule(Strategy::Weighted, vec![echo("", 1), echo(":slow", 1)])];
    let requests: Vec<PastRequest> = (1..=200).map(|id| request(id, 5)).collect();
    let told = simulated(&requests, &rules, &rules);
    assert_eq!((told.simulated, told.differences.len()), (200, 0));
    let shares: Vec<u32> = told.mix.values().map(|it| it.published).collect();
    assert!(
        shares.len() == 2 && shares.iter().all(|it| *it > 50),
        "{shares:?}"
    );
    assert!(told.mix.values().all(|it| it.published == it.proposed));
    assert_eq!((told.priced, told.proposed.violations), (200, 0));
}

#[test]
fn what_goes_elsewhere_is_told_newest_first() {
    let published = [rule(Strategy::Ordered, vec![echo("", 1)])];
    let long = Rule {
        name: "long".to_owned(),
        when: Some("request.input_tokens > 100".to_owned()),
        ..rule(Strategy::Ordered, vec![echo(":slow", 1)])
    };
    let proposed = [long, published[0].clone()];
    let requests = [request(3, 500), request(2, 5), request(1, 500)];
    let told = simulated(&requests, &published, &proposed);
    let elsewhere: Vec<_> = told.differences.iter().map(|it| it.request).collect();
    assert_eq!(elsewhere, [requests[0].id, requests[2].id]);
    assert_eq!(told.rules.get("long"), Some(&2));
}

#[test]
fn times_are_compared_only_where_both_were_measured() {
    let way = |suffix: &str| EndpointKey {
        provider: "sluicegate".to_owned(),
        upstream_model: format!("sluicegate/echo{suffix}"),
        connection: None,
    };
    let mut requests = [request(2, 5), request(1, 5)];
    for (request, time) in requests.iter_mut().zip([1_000, 3_000]) {
        request.served = Some(ServedBy {
            way: way(""),
            first_byte_us: Some(time),
        });
    }
    let here = [rule(Strategy::Ordered, vec![echo("", 1)])];
    let there = [rule(Strategy::Ordered, vec![echo(":slow", 1)])];
    let same = simulated(&requests, &here, &here);
    assert_eq!((same.timed, same.published.first_byte_us), (2, 4_000));
    assert_eq!(simulated(&requests, &here, &there).timed, 0);
}

#[test]
fn what_was_read_of_endpoints_then_decides_and_what_was_not_is_told() {
    let published = [rule(Strategy::Ordered, vec![echo("", 1)])];
    let asking = |when: &str| {
        let unwell = Rule {
            name: "unwell".to_owned(),
            when: Some(when.to_owned()),
            ..rule(Strategy::Ordered, vec![echo(":slow", 1)])
        };
        [unwell, published[0].clone()]
    };
    let mut requests = [request(3, 5), request(2, 5), request(1, 5)];
    for (request, thousandths) in requests.iter_mut().zip([Some(200), None]) {
        request.facts.as_mut().unwrap().readings = vec![DecidedReading {
            measure: "health.success_rate".into(),
            of: "a/b".to_owned(),
            over: None,
            thousandths,
        }];
    }
    let same = asking(r#"health.success_rate("a/b", 1.0) < 0.5"#);
    let told = simulated(&requests, &published, &same);
    let elsewhere: Vec<_> = told.differences.iter().map(|it| it.request).collect();
    assert_eq!((told.simulated, elsewhere), (2, vec![requests[0].id]));
    let missing = Unknown::FactNotKept("health.success_rate");
    assert_eq!(
        told.unknown.get(&missing),
        Some(&1),
        "the oldest was asked nothing"
    );
    let other = asking(r#"health.success_rate("a/b", "main", 1.0) < 0.5"#);
    assert_eq!(simulated(&requests, &published, &other).simulated, 0);
}

/// Two arms of the same weight, by this unit.
fn compared(unit: Unit) -> Rule {
    let arm = |name: &str| Arm {
        name: name.to_owned(),
        weight: 1,
    };
    let mut rule = rule(Strategy::Ordered, vec![echo("", 1), echo(":slow", 1)]);
    for (target, arm) in rule.targets.iter_mut().zip(["a", "b"]) {
        target.arm = Some(arm.to_owned());
    }
    rule.experiment = Some(Experiment {
        name: "trial".to_owned(),
        unit,
        arms: vec![arm("a"), arm("b")],
    });
    rule
}

#[test]
fn requests_come_to_the_arms_that_they_would_be_of() {
    let requests: Vec<PastRequest> = (1..=100)
        .map(|id| PastRequest {
            session: Some(format!("session-{}", id % 10)),
            ..request(id, 10)
        })
        .collect();
    let (published, proposed) = (
        [rule(Strategy::Ordered, vec![echo("", 1)])],
        [compared(Unit::Session)],
    );
    let found = simulated(&requests, &published, &proposed);
    let counts: Vec<(u32, u32)> = found
        .arms
        .values()
        .map(|it| (it.published, it.proposed))
        .collect();
    assert_eq!(counts.iter().map(|(published, _)| published).sum::<u32>(), 0);
    assert_eq!(counts.iter().map(|(_, proposed)| proposed).sum::<u32>(), 100);
    assert!(
        counts
            .iter()
            .all(|(_, proposed)| *proposed % 10 == 0 && *proposed > 0),
        "{counts:?}"
    );
    let unkept = simulated(
        &requests,
        &published,
        &[compared(Unit::Metadata("team".to_owned()))],
    );
    assert_eq!(unkept.unknown[&Unknown::FactNotKept("request.metadata")], 100);
}

#[test]
fn the_language_is_known_where_it_was_asked_for() {
    let mut german = request(1, 10);
    german.facts.as_mut().unwrap().language = Some("de".into());
    let asking = Rule {
        name: "german".to_owned(),
        when: Some("request.language == \"de\"".to_owned()),
        ..rule(Strategy::Ordered, vec![echo(":slow", 1)])
    };
    let rest = rule(Strategy::Ordered, vec![echo("", 1)]);
    let published = [rest.clone()];
    let found = simulated(&[german, request(2, 10)], &published, &[asking, rest]);
    assert_eq!((found.simulated, found.differences.len()), (1, 1));
    assert_eq!(found.unknown[&Unknown::FactNotKept("request.language")], 1);
}
