//! Plans that know how the endpoints fare: what is sick is passed over and never left out, what is measured puts the
//! candidates in order, and nobody looks where there is no choice.

use std::collections::HashMap;
use std::time::Duration;

use proptest::prelude::*;
use sluicegate_contracts::config::{Connection, Operation, PriceCard, Rates, Status, Strategy as Ordering};
use sluicegate_contracts::money::{NanoUsd, PicoUsd};
use sluicegate_contracts::time::UnixMillis;
use sluicegate_routing::health::{Assessment, Delivery, Failure, Health, Moment, Speed, Standing};
use sluicegate_routing::{
    Candidate, Cause, Live, Percentiles, Plan, Preferences, RequestFeatures, RoutingInput, Seed, Selection,
    Sort, Target,
};

use crate::support::{ANY, CHAT, NO_WISHES, STRATEGIES, candidate, connection, endpoint, plan, target};

const START: f64 = 1_000.0;
const STREAM: RequestFeatures = RequestFeatures { stream: true, ..CHAT };

fn at(seconds: f64) -> Moment {
    Moment::default().after(seconds)
}

/// What is known, by the account.
#[derive(Debug, Default)]
struct Known(HashMap<String, Health>);

impl Live for Known {
    fn moment(&self) -> Moment {
        at(START)
    }

    fn assess(&self, candidate: &Candidate<'_>, delivery: Delivery, tokens: f64) -> Option<Assessment> {
        let health = self.0.get(&candidate.connection?.slug)?;
        Some(health.assess(self.moment(), delivery, tokens))
    }

    fn speed(&self, candidate: &Candidate<'_>, delivery: Delivery) -> Option<Speed> {
        let health = self.0.get(&candidate.connection?.slug)?;
        health.speed(self.moment(), delivery)
    }

    fn warm_tokens(&self, _: &Candidate<'_>) -> u32 {
        0
    }
}

/// Must not be asked.
#[derive(Debug)]
struct Nobody;

impl Live for Nobody {
    fn moment(&self) -> Moment {
        at(START)
    }

    fn assess(&self, _: &Candidate<'_>, _: Delivery, _: f64) -> Option<Assessment> {
        panic!("looked at an endpoint without a choice")
    }

    fn speed(&self, _: &Candidate<'_>, _: Delivery) -> Option<Speed> {
        panic!("looked at an endpoint without a choice")
    }

    fn warm_tokens(&self, _: &Candidate<'_>) -> u32 {
        panic!("looked at an endpoint without a choice")
    }
}

/// Steady calls until [`START`]: seconds to the first token, or the whole answer, and tokens a second after it.
fn steady(delivery: Delivery, first: f64, speed: f64) -> Health {
    let mut health = Health::default();
    for it in 0..60 {
        let sent = START - 60.0 + f64::from(it) * 0.5;
        let first = first * (f64::from(it % 5 - 2) * 0.2).exp();
        let mut call = health.sent(at(sent), delivery, 0.0);
        if delivery == Delivery::Streamed {
            health.first_token(at(sent + first), &mut call);
            health.finished(at(sent + first + 100.0 / speed), call, 100);
        } else {
            health.finished(at(sent + first), call, 100);
        }
    }
    health
}

fn streams(first: f64, speed: f64) -> Health {
    steady(Delivery::Streamed, first, speed)
}

fn broken() -> Health {
    let mut health = streams(0.1, 100.0);
    for _ in 0..4 {
        let call = health.sent(at(START - 0.1), Delivery::Streamed, 0.0);
        health.failed(at(START - 0.05), call, Failure::Broken, Seed::from_id(1));
    }
    health
}

fn refused(seconds: u64) -> Health {
    let mut health = streams(0.1, 100.0);
    let call = health.sent(at(START - 0.1), Delivery::Streamed, 0.0);
    let failure = Failure::RateLimited(Some(Duration::from_secs(seconds)));
    health.failed(at(START - 0.1), call, failure, Seed::from_id(1));
    health
}

/// Plans over one candidate for each of `known`, by their positions.
fn planned(
    known: Vec<Health>,
    strategy: Option<Ordering>,
    features: RequestFeatures,
    wishes: &Preferences,
) -> Plan {
    held(Duration::ZERO, known, strategy, features, wishes)
}

/// The same for a request that was held so long.
fn held(
    held: Duration,
    known: Vec<Health>,
    strategy: Option<Ordering>,
    features: RequestFeatures,
    wishes: &Preferences,
) -> Plan {
    let accounts: Vec<Connection> = (0..known.len())
        .map(|it| connection(it as u128, Status::Active))
        .collect();
    let endpoints: Vec<_> = (0..known.len())
        .map(|it| {
            let mut offered = endpoint(it as u128, &[Operation::ChatCompletions]);
            // The later, the cheaper.
            let price = PicoUsd::from_picos(10_000_000 / (it as i64 + 1));
            offered.price = Some(PriceCard {
                rates: Rates {
                    input: price,
                    output: price,
                    ..Rates::default()
                },
                ..PriceCard::default()
            });
            offered
        })
        .collect();
    let candidates = accounts.iter().zip(&endpoints);
    let targets: Vec<Target<'_>> = match strategy {
        Some(_) => candidates
            .map(|(account, it)| target(1, vec![candidate(account, Some(it))]))
            .collect(),
        None => vec![target(
            1,
            candidates
                .map(|(account, it)| candidate(account, Some(it)))
                .collect(),
        )],
    };
    let live = Known(accounts.iter().map(|it| it.slug.clone()).zip(known).collect());
    let selection = strategy.map_or(Selection::Direct, |strategy| Selection::Route {
        strategy,
        by_alias: false,
    });
    plan(&RoutingInput {
        selection,
        targets: &targets,
        features,
        demands: ANY,
        ceiling: None,
        preferences: wishes,
        now: UnixMillis::new(0),
        live: &live,
        held,
        seed: Seed::from_id(7),
    })
    .unwrap()
}

fn order(plan: &Plan) -> Vec<usize> {
    plan.attempts
        .iter()
        .map(|it| it.target.max(it.candidate))
        .collect()
}

fn by(known: Vec<Health>, strategy: Ordering) -> Vec<usize> {
    order(&planned(known, Some(strategy), STREAM, &NO_WISHES))
}

fn wishing(known: Vec<Health>, wishes: &Preferences) -> Vec<usize> {
    order(&planned(known, None, STREAM, wishes))
}

#[test]
fn what_is_sick_is_passed_over_and_stays_as_a_fallback() {
    for strategy in [None, Some(Ordering::Ordered)] {
        let plan = planned(
            vec![broken(), refused(30), streams(9.0, 1.0)],
            strategy,
            STREAM,
            &NO_WISHES,
        );
        assert_eq!(order(&plan), [2, 0, 1], "{strategy:?}");
        assert_eq!(plan.attempts[0].cause, Cause::Capacity);
        assert!(matches!(plan.attempts[1].standing, Standing::Broken(_)));
        assert!(matches!(plan.attempts[2].standing, Standing::Drained(until) if until > at(START + 29.0)));
    }
    let well = planned(
        vec![streams(9.0, 1.0), streams(0.1, 100.0)],
        None,
        STREAM,
        &NO_WISHES,
    );
    assert_eq!(
        (order(&well), well.attempts[0].cause),
        (vec![0, 1], Cause::Direct)
    );
}

#[test]
fn what_fails_often_is_passed_over_but_for_a_call_now_and_then() {
    let failing = |last: f64| {
        let mut health = Health::default();
        for it in 0..20 {
            let sent = last - 10.0 + f64::from(it + 1) * 0.5;
            let call = health.sent(at(sent), Delivery::Streamed, 0.0);
            if it % 2 == 0 {
                health.failed(at(sent), call, Failure::Broken, Seed::from_id(1));
            } else {
                health.finished(at(sent), call, 0);
            }
        }
        health
    };
    let order_after = |idle| {
        let known = vec![failing(START - idle), streams(0.4, 30.0)];
        order(&planned(known, Some(Ordering::Ordered), STREAM, &NO_WISHES))
    };
    assert_eq!(order_after(0.1), [1, 0]);
    assert_eq!(order_after(1.9), [1, 0]);
    assert_eq!(order_after(2.1), [0, 1]);
    let once = {
        let mut health = Health::default();
        let call = health.sent(at(START - 0.1), Delivery::Streamed, 0.0);
        health.failed(at(START), call, Failure::Broken, Seed::from_id(1));
        health
    };
    assert_eq!(
        by(vec![once, streams(0.4, 30.0)], Ordering::Ordered),
        [0, 1],
        "once is not often"
    );
}

#[test]
fn each_objective_has_its_order() {
    let known = || vec![streams(0.2, 20.0), streams(0.9, 20.0), streams(2.0, 20.0)];
    let usd = |nanos| NanoUsd::from_nanos(nanos);
    assert_eq!(by(known(), Ordering::Fastest), [0, 1, 2]);
    assert_eq!(by(known(), Ordering::Cheapest), [2, 1, 0]);
    assert_eq!(
        by(
            known(),
            Ordering::Balanced {
                second: usd(100_000_000)
            }
        ),
        [0, 1, 2]
    );
    assert_eq!(by(known(), Ordering::Balanced { second: usd(1) }), [2, 1, 0]);
    // 1,300 tokens cost 13, 6.5 and 4.3 thousandths of a dollar.
    assert_eq!(
        by(known(), Ordering::FastestUnder { cost: usd(7_000_000) }),
        [1, 2, 0]
    );
    let mut busy = streams(0.2, 20.0);
    for _ in 0..5 {
        let _open = busy.sent(at(START - 0.01), Delivery::Streamed, 0.0);
    }
    assert_eq!(by(vec![busy, streams(0.9, 20.0)], Ordering::LeastLoaded), [1, 0]);
    let plan = planned(known(), Some(Ordering::Fastest), STREAM, &NO_WISHES);
    assert_eq!(plan.attempts[0].cause, Cause::Score);
    assert!(
        plan.attempts
            .iter()
            .all(|it| it.score.is_some_and(|score| score.terms.latency > 0.0))
    );
}

#[test]
fn streams_and_whole_answers_are_measured_apart() {
    // The first is quick to begin and slow to end.
    let both = |first: f64, whole: f64| {
        let mut health = streams(first, 50.0);
        for it in 0..40 {
            let sent = START - 30.0 + f64::from(it) * 0.5;
            let call = health.sent(at(sent), Delivery::Whole, 0.0);
            health.finished(at(sent + whole), call, 100);
        }
        health
    };
    let known = || vec![both(0.2, 8.0), both(0.8, 2.0)];
    let order_of = |features| order(&planned(known(), Some(Ordering::Fastest), features, &NO_WISHES));
    assert_eq!(order_of(STREAM), [0, 1]);
    assert_eq!(order_of(CHAT), [1, 0]);
}

#[test]
fn a_caller_sorts_by_what_is_measured() {
    let known = || vec![streams(0.9, 20.0), streams(0.2, 10.0), streams(2.0, 90.0)];
    let sort = |sort| Preferences {
        sort: Some(sort),
        ..Preferences::NONE
    };
    assert_eq!(wishing(known(), &sort(Sort::Latency)), [1, 0, 2]);
    assert_eq!(wishing(known(), &sort(Sort::Throughput)), [2, 0, 1]);
    assert_eq!(wishing(known(), &sort(Sort::Price)), [2, 1, 0]);
    let mut with_a_stranger = known();
    with_a_stranger.push(Health::default());
    assert_eq!(
        wishing(with_a_stranger, &sort(Sort::Throughput)),
        [3, 2, 0, 1],
        "nothing would ever be known of it else"
    );
}

#[test]
fn what_misses_a_wish_is_tried_after_the_others() {
    let known = || vec![streams(0.9, 20.0), streams(0.2, 10.0), streams(2.0, 90.0)];
    let p50 = |value| Percentiles {
        p50: Some(value),
        ..Percentiles::NONE
    };
    let fast = Preferences {
        min_throughput: p50(15.0),
        ..Preferences::NONE
    };
    assert_eq!(wishing(known(), &fast), [0, 2, 1]);
    let soon = Preferences {
        max_latency: p50(1.0),
        ..Preferences::NONE
    };
    assert_eq!(wishing(known(), &soon), [0, 1, 2]);
    // Nine of ten are slower than the middle.
    let nearly_all = Percentiles {
        p90: Some(1.0),
        ..Percentiles::NONE
    };
    let surely = Preferences {
        max_latency: nearly_all,
        ..Preferences::NONE
    };
    assert_eq!(wishing(known(), &surely), [1, 0, 2]);
    let none = Preferences {
        max_latency: p50(0.01),
        ..Preferences::NONE
    };
    assert_eq!(wishing(known(), &none), [0, 1, 2], "never excluded");
}

#[test]
fn without_a_choice_nobody_looks() {
    let account = connection(1, Status::Active);
    let targets = [target(1, vec![candidate(&account, None)])];
    for strategy in STRATEGIES {
        let found = plan(&RoutingInput {
            selection: Selection::Route {
                strategy,
                by_alias: false,
            },
            targets: &targets,
            features: CHAT,
            demands: ANY,
            ceiling: None,
            preferences: &NO_WISHES,
            now: UnixMillis::new(0),
            live: &Nobody,
            held: Duration::ZERO,
            seed: Seed::from_id(1),
        });
        assert_eq!(order(&found.unwrap()), [0]);
    }
}

#[test]
fn a_request_is_held_while_everything_is_out_of_its_rate() {
    let hold = |held_ms, known| {
        let held_for = Duration::from_millis(held_ms);
        held(held_for, known, Some(Ordering::Ordered), STREAM, &NO_WISHES).hold
    };
    let wait = hold(0, vec![refused(4), refused(2), refused(9)]).unwrap();
    let (soonest, latest) = (Duration::from_millis(1_900), Duration::from_millis(2_090));
    assert!(
        (soonest..=latest).contains(&wait),
        "until the first is back: {wait:?}"
    );
    assert!(hold(3_000, vec![refused(2), refused(2)]).is_some());
    assert_eq!(hold(3_200, vec![refused(2), refused(2)]), None, "not for ever");
    assert_eq!(
        hold(0, vec![refused(6), refused(9)]),
        None,
        "what is too long is not begun"
    );
    assert_eq!(hold(0, vec![refused(2), streams(9.0, 1.0)]), None);
    assert_eq!(hold(0, vec![refused(2), broken()]), None, "a try is worth more");
}

proptest! {
    #[test]
    fn whatever_is_known_everything_is_tried_once_and_the_same_again(
        kinds in prop::collection::vec(0_usize..4, 1..8), strategy in prop::sample::select(&STRATEGIES), whole: bool,
    ) {
        let known = || kinds.iter().map(|kind| match kind {
            0 => broken(),
            1 => refused(5),
            2 => Health::default(),
            _ => streams(0.4, 30.0),
        }).collect();
        let features = RequestFeatures { stream: !whole, ..CHAT };
        let plan = planned(known(), Some(strategy), features, &NO_WISHES);
        let mut seen = order(&plan);
        prop_assert_eq!(&plan, &planned(known(), Some(strategy), features, &NO_WISHES));
        // What does not take a call never stands before what does.
        let ready: Vec<bool> = plan.attempts.iter().map(|it| it.standing == Standing::Ready).collect();
        prop_assert!(kinds.len() == 1 || ready.is_sorted_by(|a, b| a >= b), "{:?}", ready);
        seen.sort_unstable();
        prop_assert_eq!(seen, (0..kinds.len()).collect::<Vec<_>>());
    }
}
