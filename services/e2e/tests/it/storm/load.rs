//! The callers: a fixed number of them, each with one call at a time, and a log of what each saw. Some hang up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::task::JoinSet;

use crate::harness::eventually;
use crate::harness::inference::{App, Call, Manner, Stay};
use crate::harness::mock::{CHAT, EMBEDDING, SECOND_CHAT, THIRD_CHAT};
use crate::harness::rest::Key;
use crate::harness::stack::WORKERS;

const CALLERS: u64 = 20;
/// Longest pause of a caller between two calls, in milliseconds.
const PAUSE_MS: u64 = 160;
/// A model whose streams are so long that nobody waits for their end.
pub(super) const LONG: &str = SECOND_CHAT;
/// A model whose whole answers come so late that nobody waits for them.
pub(super) const LATE: &str = THIRD_CHAT;

/// A line of the callers' log.
#[derive(Debug)]
pub(super) struct Logged {
    /// The worker that was called.
    pub(super) worker: usize,
    pub(super) began: Instant,
    pub(super) ended: Instant,
    pub(super) call: Call,
}

/// Running callers.
pub(super) struct Load {
    callers: JoinSet<Vec<Logged>>,
    shared: Arc<Shared>,
}

struct Shared {
    made: AtomicU64,
    stop: AtomicBool,
}

impl Load {
    pub(super) fn start(seed: u64, key: &Key, endpoints: [String; WORKERS]) -> Self {
        let shared = Arc::new(Shared {
            made: AtomicU64::new(0),
            stop: AtomicBool::new(false),
        });
        let mut callers = JoinSet::new();
        for number in 0..CALLERS {
            let random = StdRng::seed_from_u64(seed.wrapping_add(number));
            let app = App::new(&key.secret);
            callers.spawn(call_on(app, endpoints.clone(), random, Arc::clone(&shared)));
        }
        Self { callers, shared }
    }

    /// Waits until so many calls were made.
    pub(super) async fn until_calls(&self, count: u64) {
        let enough = async || self.shared.made.load(Ordering::Relaxed) >= count;
        eventually("enough calls", Duration::from_secs(120), enough).await;
    }

    /// Lets each caller end its call, and collects the log.
    pub(super) async fn stop(self) -> Vec<Logged> {
        self.shared.stop.store(true, Ordering::Relaxed);
        self.callers.join_all().await.into_iter().flatten().collect()
    }
}

async fn call_on(
    app: App,
    endpoints: [String; WORKERS],
    mut random: StdRng,
    shared: Arc<Shared>,
) -> Vec<Logged> {
    let mut log = Vec::new();
    while !shared.stop.load(Ordering::Relaxed) {
        let worker = random.random_range(0..WORKERS);
        let endpoint = &endpoints[worker];
        let prompt = format!("call {} of a caller", log.len());
        let began = Instant::now();
        let call = match random.random_range(0..100) {
            0..35 => app.chat(endpoint, CHAT, Manner::Whole, &prompt).await,
            35..61 => app.chat(endpoint, CHAT, Manner::Streamed, &prompt).await,
            61..80 => {
                app.chat(endpoint, CHAT, Manner::StreamedWithoutUsage, &prompt)
                    .await
            }
            80..90 => app.embed(endpoint, EMBEDDING, &prompt).await,
            90..94 => {
                let stay = Stay::ForWords(random.random_range(1..40));
                app.chat_for(endpoint, LONG, Manner::Streamed, &prompt, stay)
                    .await
            }
            94..97 => {
                let stay = Stay::For(Duration::from_millis(random.random_range(20..300)));
                app.chat_for(endpoint, LATE, Manner::Whole, &prompt, stay).await
            }
            // At any moment, also at that of the end.
            number => {
                let manner = if number == 97 {
                    Manner::Whole
                } else {
                    Manner::Streamed
                };
                let stay = Stay::For(Duration::from_millis(random.random_range(0..160)));
                app.chat_for(endpoint, CHAT, manner, &prompt, stay).await
            }
        };
        let ended = Instant::now();
        shared.made.fetch_add(1, Ordering::Relaxed);
        log.push(Logged {
            worker,
            began,
            ended,
            call,
        });
        tokio::time::sleep(Duration::from_millis(random.random_range(0..PAUSE_MS))).await;
    }
    log
}
