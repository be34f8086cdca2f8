//! The callers: calls begin at random moments at a fixed rate, whether or not earlier ones have ended, so that a slow
//! answer does not make the load lighter.

pub(crate) mod call;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::scene::Scene;
use crate::tenant;
use call::{Asked, Call};

/// Calls under way beyond which none is begun. Those are counted: a run with many says little.
const MOST_UNDER_WAY: usize = 2_000;
/// One call in so many is streamed.
const STREAMED: u32 = 4;
/// Tokens of the longest stream, each of them an event: it is money that is under test, not the reading of events.
const LONGEST_STREAM: u64 = 1_000;

/// How calls are made.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) rate: u32,
    pub(crate) clients: usize,
    /// Longest answer asked for; the shortest is half of it.
    pub(crate) max_tokens: u64,
    /// Ends by itself after so many calls.
    pub(crate) most: Option<u64>,
}

/// What was seen so far; clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Log {
    calls: Arc<Mutex<Vec<Call>>>,
    begun: Arc<AtomicU64>,
    left_out: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
}

impl Log {
    fn add(&self, call: Call) {
        self.calls
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(call);
    }

    /// Looks at what was seen so far.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&[Call]) -> T) -> T {
        look(&self.calls.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes everything that was seen.
    pub(crate) fn take(&self) -> Vec<Call> {
        std::mem::take(&mut *self.calls.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Calls that were begun.
    pub(crate) fn begun(&self) -> u64 {
        self.begun.load(Ordering::Relaxed)
    }

    /// Calls that were due and not begun, because too many were under way.
    pub(crate) fn left_out(&self) -> u64 {
        self.left_out.load(Ordering::Relaxed)
    }

    /// Begins no further calls.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// Makes calls until the log is told to stop or there are enough, then waits for those under way.
pub(crate) async fn run(
    plan: Plan,
    scene: Arc<Scene>,
    endpoints: Vec<String>,
    log: Log,
) -> anyhow::Result<()> {
    let mut random = StdRng::seed_from_u64(plan.seed);
    let clients: Vec<reqwest::Client> = (0..plan.clients)
        .map(|_| tenant::http_client())
        .collect::<Result<_, _>>()?;
    let (mut under_way, mut due) = (JoinSet::new(), Instant::now());
    for number in 0.. {
        if log.stop.load(Ordering::Relaxed) || plan.most.is_some_and(|most| log.begun() >= most) {
            break;
        }
        // Exponential gaps: nobody's call waits for another's.
        let gap = -(1.0 - random.random::<f64>()).ln() / f64::from(plan.rate);
        due += Duration::from_secs_f64(gap.min(1.0));
        sleep_until(due).await;
        while under_way.try_join_next().is_some() {}
        let (caller, worker) = (
            random.random_range(0..scene.callers.len()),
            random.random_range(0..endpoints.len()),
        );
        let max_tokens = random.random_range(plan.max_tokens.div_ceil(2)..=plan.max_tokens);
        let asked = Asked {
            max_tokens,
            is_streamed: random.random_range(0..STREAMED) == 0 && max_tokens <= LONGEST_STREAM,
        };
        let trace = random.random::<u128>();
        let client = clients.get(number % clients.len().max(1)).cloned();
        let (Some(client), Some(base)) = (client, endpoints.get(worker).cloned()) else {
            continue;
        };
        if under_way.len() >= MOST_UNDER_WAY {
            log.left_out.fetch_add(1, Ordering::Relaxed);
            continue;
        }
        log.begun.fetch_add(1, Ordering::Relaxed);
        let (scene, log) = (Arc::clone(&scene), log.clone());
        under_way.spawn(async move {
            if let Some(who) = scene.callers.get(caller) {
                log.add(call::make(&client, &base, (caller, who), worker, asked, trace).await);
            }
        });
    }
    under_way.join_all().await;
    Ok(())
}
