//! Which endpoint is chosen, when a call is held, and what is never done.

use std::time::Duration;

use proptest::prelude::*;
use sluicegate_routing::Seed;
use sluicegate_routing::health::{Delivery, Failure, Health, Moment, Standing};
use sluicegate_routing::select::{
    Ask, Contender, Hedging, Objective, Pool, Price, Ranked, Ranking, Reason, Weights, hedge_after,
    hedge_target, is_well, rank, room,
};

use crate::health::{life, lived};

const START: f64 = 1_000.0;

fn at(seconds: f64) -> Moment {
    Moment::default().after(seconds)
}

/// Steady calls until [`START`].
fn known(ttft: f64) -> Health {
    let mut health = Health::default();
    for it in 0..60 {
        let sent = START - 30.0 + f64::from(it) * 0.5;
        // Spread around the middle, so that the variance is that of a real provider.
        let ttft = ttft * f64::from(it % 5 - 2).mul_add(0.2, 0.0).exp();
        let mut call = health.sent(at(sent), Delivery::Streamed, 0.0);
        health.first_token(at(sent + ttft), &mut call);
        health.finished(at(sent + ttft), call, 0);
    }
    health
}

fn contender(health: &Health, usd: f64) -> Contender {
    contender_at(at(START), health, usd)
}

fn contender_at(now: Moment, health: &Health, usd: f64) -> Contender {
    let Ask {
        input_tokens,
        output_tokens,
        ..
    } = ask(0);
    Contender {
        known: health.assess(now, Delivery::Streamed, room(input_tokens, output_tokens)),
        price: Price {
            input: usd,
            warm_input: usd,
            output: 3.0 * usd,
        },
        warm_tokens: 0,
        quality: 0.0,
        capacity: None,
        tried: false,
    }
}

fn ask(seed: u128) -> Ask {
    Ask {
        now: at(START),
        seed: Seed::from_id(seed),
        input_tokens: 1_000,
        output_tokens: 200,
        conversation: false,
        held: Duration::ZERO,
        tries_left: 3,
    }
}

fn first(contenders: &[Contender], objective: &Objective) -> usize {
    let ranking = rank(contenders, &ask(1), objective, &mut Pool::default());
    assert_eq!(ranking.hold, None);
    usize::from(ranking.order[0].contender)
}

fn breaks(health: &mut Health) {
    for _ in 0..4 {
        let call = health.sent(at(START - 0.1), Delivery::Streamed, 0.0);
        health.failed(at(START - 0.05), call, Failure::Broken, Seed::from_id(1));
    }
}

fn refuses(health: &mut Health, seconds: u64) {
    let call = health.sent(at(START), Delivery::Streamed, 0.0);
    let failure = Failure::RateLimited(Some(Duration::from_secs(seconds)));
    health.failed(at(START), call, failure, Seed::from_id(1));
}

#[test]
fn each_objective_gets_what_it_asks_for() {
    let (quick, middling, slow) = (known(0.2), known(0.5), known(1.5));
    let all = [
        contender(&quick, 9.0),
        contender(&middling, 3.0),
        contender(&slow, 1.0),
    ];
    assert_eq!(first(&all, &Objective::Fastest), 0);
    assert_eq!(first(&all, &Objective::Cheapest), 2);
    assert_eq!(first(&all, &Objective::FastestUnder(6.0)), 1);
    let weights = |seconds, milli_usd| {
        Objective::Balanced(Weights {
            seconds,
            milli_usd,
            ..Weights::default()
        })
    };
    assert_eq!(first(&all, &weights(100.0, 1.0)), 0);
    assert_eq!(first(&all, &weights(1.0, 1.0)), 2);

    let better = Contender {
        quality: 0.9,
        ..contender(&slow, 9.0)
    };
    let for_quality = Objective::Balanced(Weights {
        quality: 10.0,
        milli_usd: 0.1,
        ..Weights::default()
    });
    assert_eq!(first(&[contender(&quick, 1.0), better], &for_quality), 1);
}

#[test]
fn the_least_loaded_has_the_fewest_open_calls() {
    let (mut busy, idle) = (known(0.2), known(0.4));
    let calls: Vec<_> = (0..5)
        .map(|_| busy.sent(at(START - 0.1), Delivery::Streamed, 0.0))
        .collect();
    assert_eq!(
        first(
            &[contender(&busy, 1.0), contender(&idle, 1.0)],
            &Objective::LeastLoaded
        ),
        1
    );
    calls.into_iter().for_each(|call| busy.cancelled(at(START), call));
}

#[test]
fn a_warm_prompt_is_worth_its_price_and_no_more() {
    let (warm, cold) = (known(0.5), known(0.3));
    let price = Price {
        input: 3.0,
        warm_input: 0.3,
        output: 9.0,
    };
    let holder = Contender {
        price,
        warm_tokens: 900,
        ..contender(&warm, 3.0)
    };
    let other = Contender {
        price,
        ..contender(&cold, 3.0)
    };
    let weights = Weights {
        seconds: 1.0,
        milli_usd: 1.0,
        ..Weights::default()
    };
    assert_eq!(first(&[holder, other], &Objective::Balanced(weights)), 0);
    let mut sick = known(0.5);
    breaks(&mut sick);
    let holder = Contender {
        known: contender(&sick, 3.0).known,
        ..holder
    };
    assert_eq!(
        first(&[holder, other], &Objective::Balanced(weights)),
        1,
        "a sick holder loses it"
    );
}

#[test]
fn near_equals_share_and_what_is_worse_gets_nothing() {
    let (a, b, worse) = (known(0.3), known(0.3), known(0.9));
    let all = [contender(&a, 1.0), contender(&b, 1.0), contender(&worse, 1.0)];
    let mut wins = [0; 3];
    for seed in 0..1_000 {
        let ranking = rank(&all, &ask(seed), &Objective::Fastest, &mut Pool::default());
        wins[usize::from(ranking.order[0].contender)] += 1;
    }
    assert!(wins[0] > 400 && wins[1] > 400 && wins[2] < 5, "{wins:?}");
}

#[test]
fn what_was_not_used_for_long_is_visited_now_and_then() {
    let (used, mut idle) = (known(0.3), Health::default());
    let mut call = idle.sent(at(10.0), Delivery::Streamed, 0.0);
    idle.first_token(at(14.0), &mut call);
    idle.finished(at(14.0), call, 0);
    let visits = |contenders: &[Contender], objective: &Objective| {
        let visited = |seed: &u128| {
            let ranking = rank(contenders, &ask(*seed), objective, &mut Pool::default());
            ranking.order[0].reason == Reason::Visited
        };
        (0..5_000).filter(visited).count()
    };
    let all = [contender(&used, 1.0), contender(&idle, 1.0)];
    let count = visits(&all, &Objective::Fastest);
    assert!((50..150).contains(&count), "2 % of 5,000, not {count}");
    let warm = [
        Contender {
            warm_tokens: 500,
            ..all[0]
        },
        all[1],
    ];
    assert_eq!(
        visits(&warm, &Objective::Fastest),
        0,
        "never with a warm conversation"
    );
    let dear = [all[0], contender(&idle, 50.0)];
    assert_eq!(
        visits(&dear, &Objective::Cheapest),
        0,
        "its price is known: it cannot win"
    );
}

#[test]
fn a_call_is_held_while_everything_is_drained_and_no_longer() {
    let (mut a, mut b) = (known(0.3), known(0.3));
    refuses(&mut a, 20);
    refuses(&mut b, 0);
    let all = [contender(&a, 1.0), contender(&b, 1.0)];
    let ranking = rank(&all, &ask(1), &Objective::Fastest, &mut Pool::default());
    assert_eq!(ranking.hold, Some(Duration::from_millis(50)));
    let later = Ask {
        now: at(START + 0.05),
        ..ask(1)
    };
    let all = [&a, &b].map(|health| contender_at(later.now, health, 1.0));
    let ranking = rank(&all, &later, &Objective::Fastest, &mut Pool::default());
    assert_eq!((ranking.hold, ranking.order[0].contender), (None, 1));
}

#[test]
fn nobody_to_ask_is_a_hold_and_no_panic() {
    let ranking = rank(&[], &ask(1), &Objective::Fastest, &mut Pool::default());
    assert!(ranking.hold.is_some() && ranking.order.is_empty());
}

/// The cheap endpoint misses the target in one call of six, the dear one hardly ever: only a mix is cheap and meets it.
#[test]
fn a_target_is_met_by_a_mix_at_the_least_cost() {
    let target = Duration::from_millis(800);
    let objective = Objective::CheapestMeeting(target);
    let mut health = [Health::default(), Health::default()];
    let middle = [0.5_f64, 0.2];
    let mut pool = Pool::default();
    let (mut missed, mut dear, mut counted) = (0, 0, 0);
    for number in 0..12_000_u32 {
        let now = at(f64::from(number) * 0.3);
        let all = [
            contender_at(now, &health[0], 1.0),
            contender_at(now, &health[1], 10.0),
        ];
        let ranking = rank(
            &all,
            &Ask {
                now,
                ..ask(u128::from(number))
            },
            &objective,
            &mut pool,
        );
        let chosen = usize::from(ranking.order[0].contender);
        let mut dice = Seed::from_id(u128::from(number)).branch(9).generator();
        let spread = (0..12).map(|_| dice.unit()).sum::<f64>() - 6.0;
        let ttft = middle[chosen] * (0.5 * spread).exp();
        let mut call = health[chosen].sent(now, Delivery::Streamed, 0.0);
        health[chosen].first_token(now.after(ttft), &mut call);
        health[chosen].finished(now.after(ttft), call, 0);
        let miss = ttft > target.as_secs_f64();
        pool.judged(miss);
        if number >= 2_000 {
            counted += 1;
            missed += u32::from(miss);
            dear += u32::from(chosen == 1);
        }
    }
    let share = |count: u32| f64::from(count) / f64::from(counted);
    assert!(
        (0.035..0.055).contains(&share(missed)),
        "{} missed",
        share(missed)
    );
    assert!(
        (0.4..0.9).contains(&share(dear)),
        "{} at the dear one",
        share(dear)
    );
}

#[test]
fn hedges_stay_within_their_allowance_and_only_go_where_there_is_room() {
    let (slow, other) = (known(0.5), known(0.3));
    let all = [
        Contender {
            tried: true,
            ..contender(&slow, 1.0)
        },
        contender(&other, 1.0),
    ];
    let hedging = Hedging {
        idempotent: true,
        share: 0.05,
        most: None,
    };
    let mut pool = Pool::default();
    let hedged = (0..10_000).filter(|seed| {
        pool.arrived();
        hedge_target(&all, &ask(*seed), &Objective::Fastest, &hedging, &mut pool) == Some(1)
    });
    assert_eq!(hedged.count(), 510, "ten at the start and one of twenty calls");

    let after = |objective, hedging| hedge_after(&all[0], &ask(1), objective, &hedging);
    let late = after(&Objective::Fastest, hedging).unwrap().as_secs_f64();
    assert!((0.6..1.5).contains(&late), "{late}");
    assert_eq!(after(&Objective::Cheapest, hedging), None, "no money for speed");
    assert_eq!(
        after(
            &Objective::Fastest,
            Hedging {
                most: Some(0.5),
                ..hedging
            }
        ),
        None,
        "the prompt costs more"
    );

    let never = Hedging {
        idempotent: false,
        ..hedging
    };
    assert_eq!(after(&Objective::Fastest, never), None);
    let mut pool = Pool::default();
    assert_eq!(
        hedge_target(&all, &ask(1), &Objective::Fastest, &never, &mut pool),
        None
    );
    let mut broken = known(0.3);
    breaks(&mut broken);
    let all = [all[0], contender(&broken, 1.0)];
    assert_eq!(
        hedge_target(&all, &ask(1), &Objective::Fastest, &hedging, &mut pool),
        None
    );
}

#[test]
fn when_everything_is_broken_retries_are_one_of_five() {
    let mut broken = known(0.3);
    breaks(&mut broken);
    assert!(!is_well(&broken, at(START), 0.0), "else it would be free");
    assert!(is_well(&known(0.3), at(START), 0.0));
    let mut pool = Pool::default();
    let retried = (0..10_000).filter(|_| {
        pool.arrived();
        pool.spend_retry()
    });
    let retried = retried.count();
    assert!((2_000..=2_010).contains(&retried), "{retried}");
}

fn by_score(ranking: &Ranking) -> Vec<(u16, f32)> {
    let mut totals: Vec<_> = ranking
        .order
        .iter()
        .map(|it| (it.contender, it.terms.total()))
        .collect();
    totals.sort_by_key(|it| it.0);
    totals
}

proptest! {
    #[test]
    fn every_contender_stands_once_and_the_first_takes_the_call(lives in prop::collection::vec((life(), any::<bool>(), 0_u32..5_000), 1..16), seed: u128, held in 0_u64..5_000) {
        let endpoints: Vec<(Health, Moment)> = lives.iter().map(|it| lived(&it.0)).collect();
        let now = endpoints.iter().map(|it| it.1).max().unwrap();
        let contenders: Vec<Contender> = endpoints.iter().zip(&lives).map(|((health, _), (_, tried, warm))| Contender {
            tried: *tried,
            warm_tokens: *warm,
            ..contender_at(now, health, 1.0)
        }).collect();
        let ask = Ask { now, held: Duration::from_millis(held), conversation: true, ..ask(seed) };
        for objective in [Objective::Fastest, Objective::Cheapest, Objective::CheapestMeeting(Duration::from_millis(800)), Objective::FastestUnder(1.0), Objective::LeastLoaded] {
            let ranking = rank(&contenders, &ask, &objective, &mut Pool::default());
            let totals = by_score(&ranking);
            prop_assert_eq!(totals.iter().map(|it| usize::from(it.0)).collect::<Vec<_>>(), (0..contenders.len()).collect::<Vec<_>>());
            prop_assert!(totals.iter().all(|it| it.1.is_finite()));
            prop_assert_eq!(&ranking, &rank(&contenders, &ask, &objective, &mut Pool::default()), "not the same again");
            let standing = |it: &Ranked| contenders[usize::from(it.contender)].known.standing;
            let first = standing(&ranking.order[0]);
            let drained = matches!(first, Standing::Drained(_) | Standing::OnTrial);
            prop_assert!(ranking.hold.is_some() || !drained, "sent to one that takes no call");
            if ranking.order.iter().any(|it| standing(it) == Standing::Ready) {
                prop_assert_eq!(first, Standing::Ready);
                prop_assert_eq!(ranking.hold, None);
            }
            let mirrored: Vec<Contender> = contenders.iter().rev().copied().collect();
            let mut other = by_score(&rank(&mirrored, &ask, &objective, &mut Pool::default()));
            other.reverse();
            prop_assert_eq!(totals.iter().map(|it| it.1).collect::<Vec<_>>(), other.iter().map(|it| it.1).collect::<Vec<_>>(), "a score depends on the order");
        }
    }
}
