//! What workers tell each other of an endpoint: put together in any order it says the same, it weighs little, nobody's own
//! calls count twice, and what keeps one away keeps all away.

use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::Index;
use sluicegate_routing::Seed;
use sluicegate_routing::health::{
    Allotment, Delivery, Failure, Health, Limits, Moment, Peers, Standing, Summary, Told, Word,
};

fn at(seconds: f64) -> Moment {
    Moment::default().after(seconds)
}

fn answer(health: &mut Health, sent: f64, ttft: f64) {
    let mut call = health.sent(at(sent), Delivery::Streamed, 0.0);
    health.first_token(at(sent + ttft), &mut call);
    health.finished(at(sent + ttft + 1.0), call, 100);
}

fn fail(health: &mut Health, sent: f64, failure: Failure) {
    let call = health.sent(at(sent), Delivery::Streamed, 0.0);
    health.failed(at(sent + 0.03), call, failure, Seed::from_id(1));
}

/// A worker whose calls got their first tokens after these times, all at second 1.
fn answered(seconds: &[f64]) -> Health {
    let mut health = Health::default();
    for it in seconds {
        let mut call = health.sent(at(1.0 - it), Delivery::Streamed, 0.0);
        health.first_token(at(1.0), &mut call);
        health.finished(at(1.0), call, 0);
    }
    health
}

fn word(round: u64, seconds: f64, summary: Summary) -> Word {
    Word {
        round,
        at: at(seconds),
        summary,
    }
}

fn told_by(workers: &[Summary], said: f64, now: f64) -> Told {
    let mut peers = Peers::default();
    for (worker, summary) in workers.iter().enumerate() {
        peers.hear(worker, word(1, said, *summary));
    }
    peers.told(at(now))
}

/// A fresh worker that was told something.
fn hearing(told: &Told, now: f64) -> Health {
    let mut health = Health::default();
    health.heard(at(now), told);
    health
}

/// A worker to which all kinds of things happened.
fn lived(story: &[(u8, f64)]) -> (Health, f64) {
    let (mut health, mut now) = (Health::default(), 0.0);
    for (what, pause) in story {
        match what % 6 {
            0 | 1 => answer(&mut health, now, 0.2 + pause),
            2 => fail(&mut health, now, Failure::Broken),
            3 => fail(
                &mut health,
                now,
                Failure::RateLimited(Some(Duration::from_secs(7))),
            ),
            4 => fail(&mut health, now, Failure::TimedOut),
            _ => {
                let tokens = Allotment {
                    most: 100.0,
                    left: 40.0,
                    per_second: 1.0,
                };
                let limits = Limits {
                    requests: None,
                    tokens: Some(tokens),
                };
                health.headers(at(now), &limits);
            }
        }
        now += pause;
    }
    (health, now + 1.5)
}

fn stories() -> impl Strategy<Value = Vec<(u8, f64)>> {
    prop::collection::vec((any::<u8>(), 0.0_f64..3.0), 0..40)
}

proptest! {
    #[test]
    fn any_order_and_any_repeats_say_the_same(
        said in prop::collection::vec((0_u8..5, stories()), 1..12),
        order in prop::collection::vec(any::<Index>(), 0..40),
    ) {
        let mut rounds = [0_u64; 5];
        let words: Vec<(u8, Word)> = said.iter().map(|(worker, story)| {
            let round = &mut rounds[usize::from(*worker)];
            *round += 1;
            let (health, now) = lived(story);
            (*worker, word(*round, *round as f64, health.summary(at(now))))
        }).collect();
        let (mut once, mut mixed) = (Peers::default(), Peers::default());
        for (worker, word) in &words {
            once.hear(*worker, *word);
        }
        // Some twice and in any order, and in the end each at least once, the last first.
        let picked = order.iter().map(|it| it.get(&words));
        for (worker, word) in picked.chain(words.iter().rev()) {
            mixed.hear(*worker, *word);
        }
        for now in [0.0, 5.0, 15.0, 1_000.0] {
            prop_assert_eq!(once.told(at(now)), mixed.told(at(now)));
        }
    }

    #[test]
    fn what_was_told_is_never_told_on(own in stories(), others in prop::collection::vec(stories(), 1..5)) {
        let (mut health, now) = lived(&own);
        let before = health.summary(at(now));
        let others: Vec<Summary> = others.iter().map(|story| {
            let (other, ended) = lived(story);
            other.summary(at(ended))
        }).collect();
        for _ in 0..3 {
            health.heard(at(now), &told_by(&others, now, now));
        }
        prop_assert_eq!(health.summary(at(now)), before);
    }

    #[test]
    fn many_weigh_no_more_than_a_few_calls_and_pull_towards_what_they_saw(
        own in prop::collection::vec(0.1_f64..0.9, 0..60),
        theirs in prop::collection::vec(0.1_f64..0.9, 5..60),
        workers in 1_usize..200,
    ) {
        let summary = answered(&theirs).summary(at(1.0));
        let told = told_by(&vec![summary; workers], 1.0, 1.0);
        prop_assert!(told.evidence.weights().iter().all(|it| *it <= 8.001), "{:?}", told);
        let mut health = answered(&own);
        let alone = health.estimate(at(1.0), Delivery::Streamed);
        health.heard(at(1.0), &told);
        let together = health.estimate(at(1.0), Delivery::Streamed);
        let mean = theirs.iter().map(|it| it.ln()).sum::<f64>() / theirs.len() as f64;
        let (low, high) = (alone.mu.min(mean) - 1e-3, alone.mu.max(mean) + 1e-3);
        prop_assert!((low..=high).contains(&together.mu), "{} {} {}", alone.mu, together.mu, mean);
        // Eight calls and what is usual beside those of its own.
        let share = 8.0 / (own.len() as f64 + 8.0);
        let moved = (together.mu - alone.mu).abs();
        prop_assert!(own.len() < 20 || moved <= 2.0 * share * (mean - alone.mu).abs() + 1e-3);
    }

    #[test]
    fn a_worker_tells_only_what_others_can_count(story in stories(), later in 0.0_f64..10_000.0) {
        let (health, now) = lived(&story);
        let summary = health.summary(at(now + later));
        prop_assert!(summary.is_sane(), "{:?}", summary);
        let text = serde_json::to_string(&summary).unwrap();
        prop_assert_eq!(serde_json::from_str::<Summary>(&text).unwrap(), summary);
    }
}

#[test]
fn a_fresh_worker_starts_with_what_the_others_know() {
    let told = told_by(&[answered(&[0.6; 20]).summary(at(1.0))], 1.0, 1.0);
    let warm = hearing(&told, 1.0).estimate(at(1.0), Delivery::Streamed).mean();
    let cold = Health::default().estimate(at(1.0), Delivery::Streamed).mean();
    assert!((0.55..0.7).contains(&warm) && cold < 0.4, "{warm} {cold}");
    assert!(
        hearing(&told, 1.0).speed(at(1.0), Delivery::Streamed).is_none(),
        "nobody wrote"
    );
    let mut wrote = Health::default();
    answer(&mut wrote, 0.0, 0.5);
    let told = told_by(&[wrote.summary(at(2.0))], 2.0, 2.0);
    let speed = hearing(&told, 2.0).speed(at(2.0), Delivery::Streamed).unwrap();
    assert!((speed.reached(0.0) - 100.0).abs() < 1.0, "100 tokens in a second");
}

#[test]
fn what_was_told_fades_and_is_forgotten() {
    let mut peers = Peers::default();
    peers.hear(1, word(1, 1.0, answered(&[0.6; 20]).summary(at(1.0))));
    let weight = |seconds| peers.told(at(seconds)).evidence.weights()[0];
    assert!(
        weight(1.0) > weight(20.0) && weight(20.0) > weight(40.0),
        "as it ages"
    );
    assert!(weight(100.0) < 1e-3);
    peers.forget(at(60.0));
    assert!(!peers.is_empty());
    peers.forget(at(62.0));
    assert!(peers.is_empty());
}

#[test]
fn a_refusal_that_one_got_keeps_all_away_to_its_end() {
    let mut refused = Health::default();
    fail(
        &mut refused,
        0.0,
        Failure::RateLimited(Some(Duration::from_secs(300))),
    );
    let mut peers = Peers::default();
    peers.hear("one", word(1, 10.0, refused.summary(at(10.0))));
    peers.hear("two", word(1, 10.0, Summary::default()));
    let mut other = hearing(&peers.told(at(11.0)), 11.0);
    assert!(matches!(other.standing(at(12.0), 0.0), Standing::Drained(until)
        if (300.0..300.2).contains(&until.since(at(0.0)))));
    peers.forget(at(200.0));
    other.heard(at(200.0), &peers.told(at(200.0)));
    assert!(
        matches!(other.standing(at(299.0), 0.0), Standing::Drained(_)),
        "the one that was refused may be gone"
    );
    assert_eq!(other.standing(at(300.1), 0.0), Standing::Ready);
    peers.forget(at(301.0));
    assert!(peers.is_empty());
}

#[test]
fn what_others_find_broken_is_left_alone_and_comes_back_by_a_ramp() {
    let mut broken = Health::default();
    (0..4).for_each(|it| fail(&mut broken, f64::from(it) * 0.1, Failure::Broken));
    let told = told_by(&[broken.summary(at(0.5))], 0.5, 0.5);
    let mut fresh = hearing(&told, 0.5);
    let Standing::Broken(until) = fresh.standing(at(0.5), 0.0) else {
        panic!("it is open for the others");
    };
    let probe = fresh.sent(until, Delivery::Streamed, 0.0);
    assert_eq!(fresh.standing(until, 0.0), Standing::OnTrial, "one probe");
    fresh.finished(until.after(0.2), probe, 0);
    let _two = [
        fresh.sent(until.after(0.2), Delivery::Streamed, 0.0),
        fresh.sent(until.after(0.2), Delivery::Streamed, 0.0),
    ];
    assert_eq!(
        fresh.standing(until.after(0.2), 0.0),
        Standing::OnTrial,
        "then two: its own ramp"
    );
}

#[test]
fn the_trouble_of_one_worker_is_not_that_of_all() {
    let mut sick = Health::default();
    (0..6).for_each(|it| fail(&mut sick, f64::from(it) * 0.1, Failure::Broken));
    let sick = sick.summary(at(1.0));
    let told = told_by(&[sick], 1.0, 1.0);
    assert!(told.broken.is_some());
    let mut served = answered(&[0.3; 2]);
    served.heard(at(1.0), &told);
    assert_eq!(
        served.standing(at(1.0), 0.0),
        Standing::Ready,
        "who is served believes that"
    );
    let well = answered(&[0.3; 20]).summary(at(1.0));
    assert_eq!(
        told_by(&[sick, well], 1.0, 1.0).broken,
        None,
        "most calls are served elsewhere"
    );
}

#[test]
fn the_latest_headers_count_whoever_got_them() {
    let said = |left: f64| Limits {
        requests: Some(Allotment {
            most: 10.0,
            left,
            per_second: 0.1,
        }),
        tokens: None,
    };
    let (mut one, mut other) = (Health::default(), Health::default());
    one.headers(at(0.0), &said(9.0));
    other.headers(at(5.0), &said(2.0));
    one.heard(at(6.0), &told_by(&[other.summary(at(6.0))], 6.0, 6.0));
    assert!(
        (one.headroom(at(6.0)) - 0.21).abs() < 1e-3,
        "{}",
        one.headroom(at(6.0))
    );
    let sent = [(); 2].map(|()| one.sent(at(6.0), Delivery::Streamed, 0.0));
    assert!(
        matches!(one.standing(at(6.0), 0.0), Standing::Drained(_)),
        "it counts down"
    );
    one.heard(at(6.1), &told_by(&[other.summary(at(6.1))], 6.1, 6.1));
    assert!(
        matches!(one.standing(at(6.1), 0.0), Standing::Drained(_)),
        "the same headers again are no news"
    );
    one.headers(at(7.0), &said(8.0));
    assert_eq!(
        one.standing(at(7.0), 0.0),
        Standing::Ready,
        "its own are later now"
    );
    sent.into_iter().for_each(|call| one.cancelled(at(7.0), call));
}

#[test]
fn nonsense_from_another_process_says_nothing() {
    let sane = answered(&[0.2; 20]).summary(at(1.0));
    assert!(sane.is_sane());
    for number in [f32::NAN, f32::INFINITY, -1.0, 1e30] {
        let changes: [fn(&mut Summary, f32); 8] = [
            |it, to| it.streamed.first.weight = to,
            |it, to| it.streamed.first.squares = to,
            |it, to| it.whole.usual.weight = to,
            |it, to| it.streamed.busy = to,
            |it, to| it.good = to,
            |it, to| it.bad = to,
            |it, to| it.cooling = to,
            |it, to| it.broken = to,
        ];
        for change in changes {
            let mut summary = sane;
            change(&mut summary, number);
            assert_eq!(told_by(&[summary], 1.0, 1.0), Told::default(), "{summary:?}");
        }
    }
    let mut far = sane;
    far.streamed.first.sum = -1e6;
    assert!(!far.is_sane(), "no call is that quick");
}
