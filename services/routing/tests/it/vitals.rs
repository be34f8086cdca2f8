//! How several endpoints fare together, as conditions of routes are told.

use std::time::Duration;

use sluicegate_routing::Seed;
use sluicegate_routing::health::{Allotment, Delivery, Failure, Health, Limits, Moment, Peers, Vitals, Word};

fn at(seconds: f64) -> Moment {
    Moment::default().after(seconds)
}

/// Calls whose first tokens come after `ttft`, all at second 10.
fn answered(calls: u32, ttft: f64) -> Health {
    let mut health = Health::default();
    for _ in 0..calls {
        let mut call = health.sent(at(10.0 - ttft), Delivery::Streamed, 0.0);
        health.first_token(at(10.0), &mut call);
        health.finished(at(10.0), call, 0);
    }
    health
}

fn failed(health: &mut Health, failure: Failure) {
    let call = health.sent(at(10.0), Delivery::Streamed, 0.0);
    health.failed(at(10.0), call, failure, Seed::from_id(1));
}

#[test]
fn what_rests_on_too_few_calls_is_not_known() {
    let nothing = Vitals::of(&[], at(10.0));
    assert_eq!((nothing.success_rate(), nothing.available()), (None, None));
    let few = Vitals::of(&[answered(2, 0.5)], at(10.0));
    assert_eq!((few.success_rate(), few.first_token_p95()), (None, None));
    assert_eq!((few.available(), few.headroom()), (Some(true), None));
    let old = Vitals::of(&[answered(20, 0.5)], at(100.0));
    assert_eq!(old.success_rate(), None, "it was once");
}

#[test]
fn calls_of_all_endpoints_count_alike() {
    let mut sick = answered(3, 0.5);
    (0..3).for_each(|_| failed(&mut sick, Failure::Broken));
    let both = Vitals::of(&[answered(6, 0.5), sick], at(10.0));
    let rate = both.success_rate().unwrap();
    assert!((rate - 0.75).abs() < 1e-6, "{rate}");
}

#[test]
fn the_p95_of_two_speeds_is_near_the_slow_one() {
    let one = Vitals::of(&[answered(20, 0.5)], at(10.0))
        .first_token_p95()
        .unwrap();
    assert!((0.5..0.8).contains(&one), "{one}");
    let two = Vitals::of(&[answered(20, 0.5), answered(20, 2.0)], at(10.0));
    let two = two.first_token_p95().unwrap();
    assert!((2.0..4.0).contains(&two), "{two}");
}

#[test]
fn one_that_takes_calls_is_enough_and_the_most_room_counts() {
    let limits = |left| Limits {
        requests: Some(Allotment {
            most: 10.0,
            left,
            per_second: 0.0,
        }),
        tokens: None,
    };
    let mut refused = answered(1, 0.5);
    refused.headers(at(10.0), &limits(2.0));
    failed(&mut refused, Failure::RateLimited(Some(Duration::from_secs(30))));
    assert_eq!(Vitals::of([&refused], at(10.0)).available(), Some(false));
    let mut well = answered(1, 0.5);
    well.headers(at(10.0), &limits(5.0));
    let both = Vitals::of([&refused, &well], at(10.0));
    assert_eq!((both.available(), both.headroom()), (Some(true), Some(0.5)));
}

#[test]
fn what_other_workers_saw_counts_too() {
    let mut peers = Peers::default();
    let word = Word {
        round: 1,
        at: at(10.0),
        summary: answered(6, 0.5).summary(at(10.0)),
    };
    peers.hear("another", word);
    let mut health = Health::default();
    health.heard(at(10.0), &peers.told(at(10.0)));
    let vitals = Vitals::of([&health], at(10.0));
    assert_eq!(vitals.success_rate(), Some(1.0));
    assert!(vitals.first_token_p95().is_some());
}
