//! What an endpoint's state says after calls went well, badly, slowly, or never ended.

use std::time::Duration;

use proptest::prelude::*;
use sluicegate_contracts::usage::AttemptOutcome;
use sluicegate_routing::Seed;
use sluicegate_routing::health::{Allotment, Call, Delivery, Failure, Health, Limits, Moment, Standing};

fn at(seconds: f64) -> Moment {
    Moment::default().after(seconds)
}

/// One call that leaves at `sent` and whose first token takes `ttft`.
fn answer(health: &mut Health, sent: f64, ttft: f64) {
    let mut call = health.sent(at(sent), Delivery::Streamed, 0.0);
    health.first_token(at(sent + ttft), &mut call);
    health.finished(at(sent + ttft), call, 0);
}

fn steady(ttft: f64) -> Health {
    let mut health = Health::default();
    (0..200).for_each(|it| answer(&mut health, f64::from(it) * 0.5, ttft));
    health
}

fn fail(health: &mut Health, sent: f64, failure: Failure) {
    let call = health.sent(at(sent), Delivery::Streamed, 0.0);
    health.failed(at(sent + 0.03), call, failure, Seed::from_id(1));
}

#[test]
fn a_change_is_seen_within_seconds_and_an_outlier_is_not_one() {
    let mut health = steady(0.3);
    let usual = health.estimate(at(100.0), Delivery::Streamed).mean();
    assert!((0.28..0.35).contains(&usual), "{usual}");
    answer(&mut health, 100.0, 3.0);
    assert!(health.estimate(at(103.0), Delivery::Streamed).mean() < 0.6);
    (0..20).for_each(|it| answer(&mut health, 103.0 + f64::from(it) * 0.5, 3.0));
    assert!(health.estimate(at(116.0), Delivery::Streamed).mean() > 1.5);
}

#[test]
fn calls_that_hang_are_seen_before_they_time_out() {
    let mut health = steady(0.3);
    let before = health.estimate(at(100.0), Delivery::Streamed).mean();
    let hanging: Vec<Call> = (0..8)
        .map(|it| health.sent(at(100.0 + f64::from(it) * 0.1), Delivery::Streamed, 0.0))
        .collect();
    let after = health.estimate(at(102.5), Delivery::Streamed).mean();
    assert!(after > 1.8 * before, "{before} {after}");
    for call in hanging {
        health.cancelled(at(102.5), call);
    }
    assert_eq!(health.in_flight(), 0);
    assert!(
        health.estimate(at(102.5), Delivery::Streamed).mean() > before,
        "a call that was given up waited too"
    );
}

#[test]
fn a_refusal_keeps_us_away_for_as_long_as_the_provider_says() {
    for (said, expected) in [
        (Some(30), 30.0),
        (Some(0), 0.05),
        (None, 1.0),
        (Some(1_000_000), 3_600.0),
    ] {
        let mut health = Health::default();
        fail(
            &mut health,
            0.0,
            Failure::RateLimited(said.map(Duration::from_secs)),
        );
        let back = at(0.03).after(expected);
        assert_eq!(health.standing(at(0.03), 0.0), Standing::Drained(back));
        assert_eq!(health.standing(back, 0.0), Standing::Ready);
        assert!(health.failure_share(back) < 0.02, "a full bucket is no failure");
    }
}

#[test]
fn no_call_is_sent_that_the_headers_say_would_be_refused() {
    let mut health = Health::default();
    let tokens = Allotment {
        most: 10_000.0,
        left: 1_000.0,
        per_second: 100.0,
    };
    let limits = Limits {
        requests: None,
        tokens: Some(tokens),
    };
    health.headers(at(0.0), &limits);
    assert_eq!(health.standing(at(0.0), 900.0), Standing::Ready);
    let call = health.sent(at(0.0), Delivery::Streamed, 900.0);
    assert_eq!(health.standing(at(0.0), 900.0), Standing::Drained(at(8.0)));
    assert_eq!(health.standing(at(8.0), 900.0), Standing::Ready);
    assert_eq!(
        health.standing(at(100.0), 50_000.0),
        Standing::Ready,
        "larger than the bucket: it goes when it is full"
    );
    health.finished(at(8.0), call, 10);
}

#[test]
fn headers_that_are_no_numbers_change_nothing() {
    for broken in [f64::NAN, f64::INFINITY, -1.0] {
        let mut health = Health::default();
        let limit = Allotment {
            most: 10.0,
            left: broken,
            per_second: 1.0,
        };
        health.headers(
            at(0.0),
            &Limits {
                requests: Some(limit),
                tokens: Some(limit),
            },
        );
        assert_eq!(health.standing(at(0.0), 1e9), Standing::Ready);
    }
}

#[test]
fn it_recovers_by_a_probe_and_a_ramp() {
    let mut health = steady(0.3);
    (0..4).for_each(|it| fail(&mut health, 100.0 + f64::from(it), Failure::Broken));
    let Standing::Broken(until) = health.standing(at(103.1), 0.0) else {
        panic!("four failures in a row open the breaker");
    };
    let mut allowed = Vec::new();
    let mut now = until;
    while !health.is_trusted() {
        let mut calls = Vec::new();
        while health.standing(now, 0.0) == Standing::Ready && calls.len() < 100 {
            calls.push(health.sent(now, Delivery::Streamed, 0.0));
        }
        allowed.push(calls.len());
        now = now.after(0.3);
        let mut calls = calls.into_iter();
        let mut first = calls.next().unwrap();
        health.first_token(now, &mut first);
        health.finished(now, first, 0);
        calls.for_each(|call| health.cancelled(now, call));
        assert!(allowed.len() < 10);
    }
    assert_eq!(allowed, [1, 2, 4, 8, 16, 32]);
}

#[test]
fn an_account_that_is_refused_is_left_alone_at_once() {
    let mut health = steady(0.3);
    fail(&mut health, 100.0, Failure::AccountRefused);
    assert!(matches!(health.standing(at(100.1), 0.0), Standing::Broken(_)));
}

/// Time per token doubles once more than 20 calls are open. The limit must find that, and stay there.
#[test]
fn the_limit_finds_what_an_endpoint_can_take_and_does_not_spiral() {
    let mut health = Health::default();
    let mut open: Vec<(f64, Call)> = Vec::new();
    let (mut now, mut limits) = (0.0, Vec::new());
    for step in 0..6_000 {
        now += 0.05;
        open.retain_mut(|(_, call)| {
            call.age(at(now)) < 0.2 || {
                health.first_token(at(now), call);
                true
            }
        });
        let (ended, rest): (Vec<_>, Vec<_>) = open.into_iter().partition(|(end, _)| *end <= now);
        open = rest;
        ended
            .into_iter()
            .for_each(|(_, call)| health.finished(at(now), call, 100));
        // Demand of 10 a second, the first minute at a quarter of it.
        let wanted = step % 2 == 0 && (step > 1_200 || step % 8 == 0);
        if wanted && health.standing(at(now), 0.0) == Standing::Ready {
            let slow = if open.len() > 20 { 2.0 } else { 1.0 };
            open.push((
                now + 0.2 + 3.0 * slow,
                health.sent(at(now), Delivery::Streamed, 0.0),
            ));
        }
        if step > 3_000 {
            limits.push(health.limit());
        }
    }
    let (least, most) = limits.iter().fold((f64::INFINITY, 0.0_f64), |it, limit| {
        (it.0.min(*limit), it.1.max(*limit))
    });
    assert!(least > 10.0 && most < 40.0, "{least} {most}");
}

/// The first answers to end are the short and the quick ones. They must not pass for what the endpoint does unloaded, or
/// the usual looks like overload.
#[test]
fn a_lucky_start_makes_no_limit() {
    let mut limited = 0;
    for seed in 0..500 {
        let mut dice = Seed::from_id(seed).generator();
        let mut normal = move || (0..12).map(|_| dice.unit()).sum::<f64>() - 6.0;
        let mut health = Health::default();
        let mut open: Vec<(f64, u32, Call)> = Vec::new();
        let mut least = f64::INFINITY;
        for step in 0..1_000 {
            let now = 0.1 * f64::from(step);
            let (ended, rest): (Vec<_>, Vec<_>) = open.into_iter().partition(|it| it.0 <= now);
            open = rest;
            for (_, tokens, call) in ended {
                health.finished(at(now), call, tokens);
            }
            let tokens = (180.0 * (0.7 * normal()).exp()) as u32;
            let seconds = f64::from(tokens) * 0.025 * (0.2 * normal()).exp();
            let mut call = health.sent(at(now), Delivery::Streamed, 0.0);
            health.first_token(at(now), &mut call);
            open.push((now + seconds, tokens, call));
            least = health.limit().min(least);
        }
        limited += u32::from(least < 50.0);
        open.into_iter()
            .for_each(|(_, _, call)| health.cancelled(at(100.0), call));
    }
    assert_eq!(limited, 0);
}

#[derive(Debug, Clone)]
pub(crate) enum Event {
    Send(f64),
    First,
    Finish(u32),
    Fail(u8),
    Cancel,
    Headers(f64, f64, f64),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (0.0..1e5_f64).prop_map(Event::Send),
        3 => Just(Event::First),
        2 => any::<u32>().prop_map(Event::Finish),
        1 => any::<u8>().prop_map(Event::Fail),
        1 => Just(Event::Cancel),
        1 => (any::<f64>(), any::<f64>(), any::<f64>()).prop_map(|it| Event::Headers(it.0, it.1, it.2)),
    ]
}

pub(crate) fn lived(events: &[(u64, Event)]) -> (Health, Moment) {
    let (mut health, mut now, mut calls) = (Health::default(), Moment::default(), Vec::new());
    for (micros, event) in events {
        now = now.after(*micros as f64 / 1e6);
        match (event, calls.pop()) {
            (Event::Send(tokens), call) => {
                calls.extend(call);
                calls.insert(0, health.sent(now, Delivery::Streamed, *tokens));
            }
            (Event::First, Some(mut call)) => {
                health.first_token(now, &mut call);
                calls.push(call);
            }
            (Event::Finish(tokens), Some(call)) => health.finished(now, call, *tokens),
            (Event::Fail(which), Some(call)) => {
                let failure = match which % 4 {
                    0 => Failure::RateLimited(Some(Duration::from_millis(u64::from(*which) * 50))),
                    1 => Failure::Broken,
                    2 => Failure::TimedOut,
                    _ => Failure::AccountRefused,
                };
                health.failed(now, call, failure, Seed::from_id(u128::from(*which)));
            }
            (Event::Cancel, Some(call)) => health.cancelled(now, call),
            (Event::Headers(most, left, per_second), call) => {
                calls.extend(call);
                let told = Allotment {
                    most: *most,
                    left: *left,
                    per_second: *per_second,
                };
                health.headers(
                    now,
                    &Limits {
                        requests: Some(told),
                        tokens: None,
                    },
                );
            }
            (Event::First | Event::Finish(_) | Event::Fail(_) | Event::Cancel, None) => {}
        }
    }
    assert_eq!(health.in_flight() as usize, calls.len());
    (health, now)
}

pub(crate) fn life() -> impl Strategy<Value = Vec<(u64, Event)>> {
    prop::collection::vec((0_u64..3_000_000, event()), 0..120)
}

proptest! {
    #[test]
    fn whatever_happens_every_figure_stays_a_figure(life in life(), later in 0.0..1e7_f64) {
        let (health, now) = lived(&life);
        for now in [now, now.after(later)] {
            let estimate = health.estimate(now, Delivery::Streamed);
            prop_assert!(estimate.mu.is_finite() && estimate.variance > 0.0 && estimate.weight >= 0.0);
            prop_assert!(estimate.mean() > 0.0 && estimate.mean().is_finite());
            prop_assert!((0.0..=1.0).contains(&health.failure_share(now)));
            prop_assert!((0.0..=1.0).contains(&health.headroom(now)));
            prop_assert!(health.limit() >= 6.0 && health.time_to_fail() >= 0.0);
            prop_assert!(health.summary(now).is_sane());
        }
    }
}

#[test]
fn only_what_the_endpoint_is_to_blame_for_counts_against_it() {
    use AttemptOutcome as Outcome;
    for blameless in [
        Outcome::Served,
        Outcome::BadRequest,
        Outcome::ClientGone,
        Outcome::Stopped,
        Outcome::Interrupted,
    ] {
        assert_eq!(Failure::of(blameless, None), None);
    }
    assert_eq!(Failure::of(Outcome::Cut, None), Some(Failure::Broken));
    assert_eq!(
        Failure::of(Outcome::QuotaExhausted, None),
        Some(Failure::AccountRefused)
    );
    let wait = Some(Duration::from_secs(3));
    assert_eq!(
        Failure::of(Outcome::RateLimited, wait),
        Some(Failure::RateLimited(wait))
    );
}
