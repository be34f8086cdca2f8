//! What calls take through the handle, with the keeper in hand.

use std::time::Duration;

use futures_util::FutureExt;
use sluicegate_contracts::config::{Partition, RateLimit, RateMetric, RateScope, Status};
use sluicegate_contracts::ids::WorkerId;
use sluicegate_metering::bucket::Allowance;
use sluicegate_service_runtime::clock::ManualClock;

use super::index::{Caller, LimitIndex};
use super::*;
use crate::snapshot::fixtures::{key, uuid};

struct Scene {
    limits: RateLimits,
    keeper: Keeper,
    rates: Rates,
    hand: ManualClock,
}

fn scene() -> Scene {
    let (clock, hand) = Clock::manual(1_700_000_000_000);
    let of_store = clock.clone();
    let rates = Rates::memory_by(Arc::new(move || UnixMillis::new(of_store.now_millis())));
    let epoch = Epoch {
        worker: WorkerId::from(uuid(9)),
        number: 1,
    };
    let (limits, keeper) = RateLimits::new(epoch, rates.clone(), clock, &Registry::new());
    Scene {
        limits,
        keeper,
        rates,
        hand,
    }
}

fn limit(number: u64, metric: RateMetric, amount: u64, scope: RateScope) -> Arc<RateLimit> {
    Arc::new(RateLimit {
        id: uuid(number).into(),
        organization: uuid(1).into(),
        scope,
        metric,
        amount,
        burst: amount,
        status: Status::Active,
    })
}

fn filed(rule: Arc<RateLimit>) -> Arc<Limit> {
    let allowance = Allowance::of(&rule);
    Arc::new(Limit { rule, allowance })
}

impl Scene {
    async fn take(&self, limit: &Arc<Limit>, partition: Option<&str>, units: u64) -> Result<Taken, Refused> {
        let want = Want {
            limit,
            partition,
            units,
        };
        let standings = &mut Standings::default();
        self.limits.take(uuid(1).into(), vec![want], standings).await
    }

    async fn left(&self, limit: &Arc<Limit>) -> u64 {
        let bucket = BucketId {
            limit: limit.rule.id,
            partition: None,
        };
        let looked = self
            .rates
            .look(uuid(1).into(), &[(bucket, limit.allowance)])
            .await;
        looked.unwrap()[0].remaining
    }

    async fn speak(&self) {
        self.keeper.say_all().await;
    }
}

#[tokio::test]
async fn what_is_dropped_comes_back_and_what_was_used_does_not() {
    let scene = scene();
    let limit = filed(limit(5, RateMetric::InputTokens, 100, RateScope::default()));
    let (taken, ()) = tokio::join!(scene.take(&limit, None, 40), scene.speak());
    assert_eq!(scene.left(&limit).await, 60);
    drop(taken);
    scene.speak().await;
    assert_eq!(scene.left(&limit).await, 100);
    for (used, left) in [
        (
            Used::Tokens {
                input: 10,
                output: 99,
            },
            90,
        ),
        (Used::Tokens { input: 70, output: 0 }, 20),
    ] {
        let (taken, ()) = tokio::join!(scene.take(&limit, None, 20), scene.speak());
        taken.unwrap().used(used);
        scene.speak().await;
        assert_eq!(scene.left(&limit).await, left);
    }
    // Nobody knows what was used, so what was taken counts.
    let (taken, ()) = tokio::join!(scene.take(&limit, None, 20), scene.speak());
    taken.unwrap().used(Used::AtLeast { input: 0, output: 0 });
    scene.speak().await;
    assert_eq!(scene.left(&limit).await, 0);
}

#[tokio::test]
async fn a_caller_that_hung_up_while_it_waited_takes_nothing() {
    let scene = scene();
    let limit = filed(limit(5, RateMetric::Requests, 10, RateScope::default()));
    assert!(
        scene.take(&limit, None, 1).now_or_never().is_none(),
        "it has to ask"
    );
    scene.speak().await;
    scene.speak().await;
    assert_eq!(scene.left(&limit).await, 10);
    let slots = filed(self::limit(6, RateMetric::Concurrency, 1, RateScope::default()));
    assert!(scene.take(&slots, None, 1).now_or_never().is_none());
    scene.speak().await;
    scene.speak().await;
    let (taken, ()) = tokio::join!(scene.take(&slots, None, 1), scene.speak());
    assert!(taken.is_ok());
}

#[tokio::test]
async fn end_users_who_are_gone_are_forgotten() {
    let scene = scene();
    let scope = RateScope {
        end_user: Some(Partition::Each),
        ..RateScope::default()
    };
    let limit = filed(limit(5, RateMetric::Requests, 10, scope));
    for user in ["ann", "bob"] {
        let (taken, ()) = tokio::join!(scene.take(&limit, Some(user), 1), scene.speak());
        taken.unwrap().used(Used::Tokens { input: 0, output: 0 });
    }
    scene.speak().await;
    let known = || scene.limits.shared.counters.read().unwrap().len();
    scene.keeper.sweep();
    assert_eq!(known(), 1);
    scene.hand.advance(Duration::from_secs(121));
    scene.speak().await;
    scene.keeper.sweep();
    assert_eq!(known(), 0);
}

/// Not a check but a measure, for the record: `--release --ignored --nocapture`.
#[tokio::test]
#[ignore = "a measurement"]
async fn what_limits_cost_a_call() {
    const CALLS: u32 = 100_000;
    let scene = scene();
    let per_key = (0..5_000).map(|number| {
        let scope = RateScope {
            api_key: Some(uuid(10_000 + number).into()),
            ..RateScope::default()
        };
        limit(100 + number, RateMetric::Requests, 1_000_000_000, scope)
    });
    let over_all = (0..2).map(|number| {
        limit(
            50 + number,
            RateMetric::Requests,
            1_000_000_000,
            RateScope::default(),
        )
    });
    let index = LimitIndex::new(per_key.chain(over_all));
    let (none, key) = (LimitIndex::default(), key(10_007, 1, 2));
    for (name, index) in [("no limit", &none), ("3 of 5,002 limits", &index)] {
        let caller = Caller {
            key: &key,
            end_user: None,
        };
        let begun = std::time::Instant::now();
        for _ in 0..CALLS {
            let wants: Vec<Want<'_>> = index
                .over_request(caller)
                .map(|limit| Want {
                    limit,
                    partition: None,
                    units: 1,
                })
                .collect();
            let standings = &mut Standings::default();
            let mut taking = std::pin::pin!(scene.limits.take(uuid(1).into(), wants, standings));
            let taken = match taking.as_mut().now_or_never() {
                Some(taken) => taken,
                None => {
                    scene.speak().await;
                    taking.await
                }
            };
            taken.unwrap().used(Used::Tokens { input: 0, output: 0 });
        }
        println!("{name}: {:?} a call", begun.elapsed() / CALLS);
    }
}
