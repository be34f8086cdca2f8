//! What every store of rate limits promises, run against both; that the script does what the pure pool does; and what
//! becomes of limits when the server hangs or forgets.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use sluicegate_backplane::rates::{Allowance, Answer, Ask, Message, Standing};
use sluicegate_backplane::{BackplaneError, Rates};
use sluicegate_contracts::bucket::BucketId;
use sluicegate_contracts::ids::{OrganizationId, RateLimitId};
use sluicegate_metering::bucket::{Pool, Rate};
use sluicegate_metering::escrow::Epoch;
use tokio::time::sleep;
use uuid::Uuid;

use crate::services::{self, PrivateRedis};
use crate::support::{PATIENCE, prefix, retry, worker};

#[tokio::test(flavor = "multi_thread")]
async fn memory_keeps_the_contract() {
    holds(Rates::memory).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_keeps_the_contract() {
    let server = services::redis().await;
    holds(|| Rates::redis(&server.url(), &prefix()).unwrap()).await;
}

async fn holds(rates: impl Fn() -> Rates) {
    a_limit_is_one_for_all_workers(rates()).await;
    tenants_limits_and_partitions_are_apart(rates()).await;
    what_is_held_is_nobody_elses(rates()).await;
    slots_of_the_dead_come_back(rates()).await;
    late_messages_do_nothing(rates()).await;
    workers_are_counted(rates()).await;
    the_largest_amounts_are_exact(rates()).await;
    a_closed_store_says_so(rates()).await;
}

fn epoch() -> Epoch {
    Epoch {
        worker: worker(),
        number: 2,
    }
}

fn organization() -> OrganizationId {
    OrganizationId::from(Uuid::now_v7())
}

/// One with a partition for each other number, so that its text is tried as a key.
fn bucket(limit: u128) -> BucketId {
    BucketId {
        limit: RateLimitId::from(Uuid::from_u128(limit)),
        partition: limit
            .is_multiple_of(2)
            .then(|| format!("user {{{limit}}} \u{1F600}")),
    }
}

/// So slow that nothing is refilled during a test.
fn hourly(amount: u64) -> Allowance {
    Allowance::Rate(Rate::new(amount, 3_600_000 * amount, amount).unwrap())
}

fn ask(allowance: Allowance, op: u64, needs: &[u64]) -> Ask {
    Ask {
        allowance,
        op,
        held: 0,
        back: 0,
        owed: 0,
        needs: needs.to_vec(),
        spare: 0,
        lease_ms: 60_000,
    }
}

async fn say(rates: &Rates, organization: OrganizationId, limit: u128, epoch: Epoch, ask: Ask) -> Answer {
    let message = Message {
        organization,
        bucket: bucket(limit),
        ask,
    };
    let answers = rates.exchange(epoch, &[message]).await.unwrap();
    answers.into_iter().next().unwrap().unwrap()
}

fn taken(answer: &Answer) -> Vec<bool> {
    answer.waits.iter().map(Option::is_none).collect()
}

async fn a_limit_is_one_for_all_workers(rates: Rates) {
    let (tenant, one, two) = (organization(), epoch(), epoch());
    assert_eq!(rates.exchange(one, &[]).await.unwrap(), []);
    let answer = say(&rates, tenant, 1, one, ask(hourly(10), 1, &[3, 8, 4])).await;
    assert_eq!((taken(&answer), answer.left), (vec![true, false, true], 3));
    // 8 are there when 5 more have come, one in an hour.
    let wait = answer.waits[1].unwrap();
    assert!((17_990_000..=18_000_000).contains(&wait), "{wait}");
    let answer = say(&rates, tenant, 1, two, ask(hourly(10), 1, &[4, 3, 1])).await;
    assert_eq!((taken(&answer), answer.left), (vec![false, true, false], 0));
    let both = [(bucket(1), hourly(10)), (bucket(3), hourly(7))];
    let standings = rates.look(tenant, &both).await.unwrap();
    let remaining: Vec<u64> = standings.iter().map(|standing| standing.remaining).collect();
    assert_eq!(remaining, [0, 7]);
    assert!(standings[0].reset_after_ms > 35_000_000 && standings[1].reset_after_ms == 0);
    // An estimate is corrected, both ways.
    let corrected = Ask {
        back: 5,
        owed: 2,
        ..ask(hourly(10), 2, &[])
    };
    assert_eq!(say(&rates, tenant, 1, two, corrected).await.left, 3);
}

async fn tenants_limits_and_partitions_are_apart(rates: Rates) {
    let (ours, theirs, one) = (organization(), organization(), epoch());
    let mut apart = vec![(ours, bucket(1)), (ours, bucket(2)), (theirs, bucket(1))];
    apart.push((
        ours,
        BucketId {
            partition: None,
            ..bucket(2)
        },
    ));
    let message = |(organization, bucket): &(OrganizationId, BucketId)| Message {
        organization: *organization,
        bucket: bucket.clone(),
        ask: ask(hourly(5), 1, &[5]),
    };
    let messages: Vec<_> = apart.iter().map(message).collect();
    for answer in rates.exchange(one, &messages).await.unwrap() {
        assert_eq!(taken(&answer.unwrap()), [true]);
    }
}

async fn what_is_held_is_nobody_elses(rates: Rates) {
    let (tenant, one, two) = (organization(), epoch(), epoch());
    let wish = Ask {
        spare: 50,
        ..ask(hourly(100), 1, &[20])
    };
    // An eighth of what is left.
    let answer = say(&rates, tenant, 2, one, wish).await;
    assert_eq!((answer.spare, answer.left), (10, 70));
    let standing = rates.look(tenant, &[(bucket(2), hourly(100))]).await.unwrap();
    assert_eq!(standing[0].remaining, 80);
    let answer = say(&rates, tenant, 2, two, ask(hourly(100), 1, &[70, 1])).await;
    assert_eq!(taken(&answer), [true, false]);
    // Six of them were used, and four come back.
    let back = Ask {
        back: 4,
        ..ask(hourly(100), 2, &[])
    };
    assert_eq!(say(&rates, tenant, 2, one, back).await.left, 4);
}

async fn slots_of_the_dead_come_back(rates: Rates) {
    let (tenant, dead, living) = (organization(), epoch(), epoch());
    let slots = Allowance::AtOnce(3);
    let short = Ask {
        lease_ms: 300,
        ..ask(slots, 1, &[1, 1])
    };
    assert_eq!(taken(&say(&rates, tenant, 1, dead, short).await), [true, true]);
    let begun = Instant::now();
    let mut held = 0;
    for op in 1.. {
        let more = Ask {
            held,
            ..ask(slots, op, &[1, 1])
        };
        let answer = say(&rates, tenant, 1, living, more).await;
        held += taken(&answer).iter().filter(|taken| **taken).count() as u64;
        assert!(held <= 1 || begun.elapsed() >= Duration::from_millis(250));
        if held == 3 {
            break;
        }
        assert!(
            begun.elapsed() < PATIENCE,
            "the slots of the dead do not come back"
        );
        sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(
        rates.look(tenant, &[(bucket(1), slots)]).await.unwrap(),
        [Standing {
            remaining: 0,
            reset_after_ms: 0
        }]
    );
}

async fn late_messages_do_nothing(rates: Rates) {
    let (tenant, one) = (organization(), epoch());
    say(&rates, tenant, 1, one, ask(hourly(10), 5, &[1])).await;
    for op in [5, 4] {
        let message = Message {
            organization: tenant,
            bucket: bucket(1),
            ask: ask(hourly(10), op, &[1]),
        };
        assert_eq!(rates.exchange(one, &[message]).await.unwrap(), [None]);
    }
    assert_eq!(say(&rates, tenant, 1, one, ask(hourly(10), 6, &[])).await.left, 9);
}

async fn workers_are_counted(rates: Rates) {
    let (one, two) = (epoch(), epoch());
    assert_eq!(rates.roll_call(one).await.unwrap(), 1);
    assert_eq!(rates.roll_call(one).await.unwrap(), 1);
    assert_eq!(rates.roll_call(two).await.unwrap(), 2);
}

async fn the_largest_amounts_are_exact(rates: Rates) {
    let (tenant, one) = (organization(), epoch());
    let most = Allowance::Rate(Rate::nearest(1, u64::MAX));
    let units = most.most();
    let answer = say(&rates, tenant, 1, one, ask(most, 1, &[units - 1, 2, 1, 1])).await;
    assert_eq!(taken(&answer), [true, false, true, false]);
    // Two units come in two minutes, the whole in as many minutes as there are units.
    assert!((59_000..=60_000).contains(&answer.waits[3].unwrap()));
    let owed = Ask {
        owed: units * 16,
        ..ask(most, 2, &[units])
    };
    let wait = say(&rates, tenant, 1, one, owed).await.waits[0].unwrap();
    assert!(wait.abs_diff(units * 17 * 60_000) < 10_000, "{wait}");
}

async fn a_closed_store_says_so(rates: Rates) {
    rates.close().await;
    let closed = rates.roll_call(epoch()).await;
    assert!(matches!(closed, Err(BackplaneError::Closed)), "{closed:?}");
}

/// A message about one limit, of one of two workers.
type Said = (usize, Ask);

fn said(allowance: impl Strategy<Value = Allowance>) -> impl Strategy<Value = Said> {
    let needs = prop::collection::vec(1..60_u64, 0..4);
    let amounts = (0..60_u64, 0..60_u64, 0..80_u64, 0..60_u64);
    (0..2_usize, allowance, 1..1_000_u64, amounts, needs, 1..8_u64).prop_map(
        |(speaker, allowance, op, (held, back, owed, spare), needs, lease_ms)| {
            let ask = Ask {
                allowance,
                op,
                held,
                back,
                owed,
                needs,
                spare,
                lease_ms,
            };
            (speaker, ask)
        },
    )
}

fn rate() -> impl Strategy<Value = Allowance> {
    (
        1..20_000_u64,
        prop_oneof![Just(100_u64), Just(997), Just(60_000)],
        60..300_u64,
    )
        .prop_map(|(amount, per_ms, burst)| Allowance::Rate(Rate::new(amount, per_ms, burst).unwrap()))
}

/// Histories of one limit that is changed once or twice.
fn history() -> impl Strategy<Value = Vec<Said>> {
    let of_rates = prop::collection::vec(rate(), 1..3)
        .prop_flat_map(|rates| prop::collection::vec(said(prop::sample::select(rates)), 1..40));
    let slots = (0..100_u64).prop_map(Allowance::AtOnce);
    prop_oneof![3 => of_rates, 1 => prop::collection::vec(said(slots), 1..40)]
}

#[test]
fn the_script_does_what_the_pure_pool_does() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(services::redis());
    let rates = Rates::redis(&server.url(), &prefix()).unwrap();
    let mut runner = TestRunner::new(Config {
        cases: 150,
        failure_persistence: None,
        ..Config::default()
    });
    let outcome = runner.run(&history(), |history| {
        runtime.block_on(async {
            let (tenant, epochs) = (organization(), [epoch(), epoch()]);
            let mut pool: Option<Pool> = None;
            for (speaker, ask) in history {
                let message = Message {
                    organization: tenant,
                    bucket: bucket(1),
                    ask: ask.clone(),
                };
                let answer = rates
                    .exchange(epochs[speaker], &[message])
                    .await
                    .unwrap()
                    .remove(0);
                // The server owns the time. Of a late message it tells none, and the pool is left as it was.
                let Some(answer) = answer else { continue };
                let pool = pool.get_or_insert_with(|| Pool::new(ask.allowance, answer.at));
                let expected = pool.exchange(epochs[speaker], &ask, answer.at);
                prop_assert_eq!(Some(answer), expected, "{:?}", ask);
            }
            Ok(())
        })
    });
    outcome.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_is_given_up_soon() {
    let server = PrivateRedis::start().await;
    let rates = Rates::redis(&server.url(), &prefix()).unwrap();
    let (tenant, one) = (organization(), epoch());
    say(&rates, tenant, 1, one, ask(hourly(10), 1, &[1])).await;
    server.pause();
    let message = Message {
        organization: tenant,
        bucket: bucket(1),
        ask: ask(hourly(10), 2, &[1]),
    };
    let given_up = tokio::time::timeout(PATIENCE, rates.exchange(one, &[message]))
        .await
        .unwrap();
    assert!(
        matches!(given_up, Err(BackplaneError::Unavailable { .. })),
        "{given_up:?}"
    );
    server.resume();
    assert_eq!(retry(async || rates.roll_call(one).await).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_forgot_begins_anew_and_hears_what_was_used_meanwhile() {
    let mut server = PrivateRedis::start().await;
    let rates = Rates::redis(&server.url(), &prefix()).unwrap();
    let (tenant, one) = (organization(), epoch());
    let answer = say(&rates, tenant, 1, one, ask(hourly(10), 1, &[10])).await;
    assert_eq!(taken(&answer), [true]);
    server.kill();
    assert!(rates.roll_call(one).await.is_err());
    server.restart().await;
    retry(async || rates.roll_call(one).await).await;
    // It has its file, so it knows what was taken; the script has to be sent again.
    assert_eq!(say(&rates, tenant, 1, one, ask(hourly(10), 2, &[])).await.left, 0);
    let client = redis::Client::open(server.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let () = redis::cmd("FLUSHALL").query_async(&mut connection).await.unwrap();
    let told = Ask {
        owed: 4,
        ..ask(hourly(10), 3, &[])
    };
    assert_eq!(say(&rates, tenant, 1, one, told).await.left, 6);
}
