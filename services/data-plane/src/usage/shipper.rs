//! Ships the spool to the usage queue, in order, and forgets what the watermark has passed.
//!
//! The queue is transport, not storage: it may lose everything. So the shipper goes back to the watermark after every
//! error, and whenever the watermark has stood still for ten seconds although shipped records wait for it.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use sluicegate_backplane::{BackplaneError, UsageQueue};
use sluicegate_contracts::ids::WorkerId;
use sluicegate_service_runtime::clock::Clock;
use sluicegate_service_runtime::health::CheckHandle;
use sluicegate_service_runtime::metrics::Registry;
use std::sync::Arc;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::backlog::Backlog;
use super::journal::Journal;
use super::{Recorder, Spool, Stored};
use crate::backoff::Backoff;

/// Records appended with one call.
const BATCH: usize = 500;
/// How often the watermark is asked for while records wait.
const ASK_EVERY: Duration = Duration::from_millis(200);
/// How long the watermark may stand still before shipped records are taken for lost.
const STALE_AFTER: Duration = Duration::from_secs(10);
/// How long a shipper that stops waits for the word that everything is stored. Without it the next start says so.
const LAST_WORD: Duration = Duration::from_secs(2);
/// Samples kept to tell the age of the oldest record that waits.
const MAX_MARKS: usize = 1024;

/// The shipper of one worker.
#[derive(Debug)]
pub struct Shipper {
    backlog: Backlog,
    journal: Arc<Journal>,
    recorder: Recorder,
    worker: WorkerId,
    queue: UsageQueue,
    clock: Clock,
    health: CheckHandle,
    metrics: Metrics,
    asked: Option<Duration>,
    /// Records to append at once: fewer while the queue is nearly full, so that a small gap is enough.
    batch: usize,
    /// When the watermark last moved, or records last began to wait for it.
    moved: Duration,
    /// Unacknowledged records over time, to tell how old the oldest is.
    marks: VecDeque<(u64, Duration)>,
    acknowledged: u64,
    stored: watch::Sender<Stored>,
}

#[derive(Debug)]
struct Metrics {
    bytes: Gauge,
    unacknowledged: Gauge,
    oldest_seconds: Gauge,
    shipped: Counter,
    resent: Counter,
    failures: Counter,
}

/// What a pass found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pass {
    /// A batch was shipped; there may be more.
    Shipped,
    /// Nothing to ship.
    Idle,
    /// The queue did not take part; try again after a pause.
    Failed,
}

#[derive(Debug, thiserror::Error)]
enum ShippingError {
    #[error(transparent)]
    Queue(#[from] BackplaneError),
    #[error("the spool cannot be read: {0}")]
    Spool(#[from] io::Error),
}

impl Shipper {
    /// A shipper from `spool` to `queue`. Registers its metrics.
    ///
    /// # Errors
    /// When the spool's folders cannot be listed.
    pub fn new(
        spool: &Spool,
        queue: UsageQueue,
        clock: Clock,
        health: CheckHandle,
        registry: &Registry,
    ) -> io::Result<Self> {
        let backlog = spool.backlog()?;
        Ok(Self {
            stored: watch::Sender::new(backlog.stored()),
            backlog,
            journal: Arc::clone(&spool.journal),
            recorder: spool.recorder(),
            worker: spool.worker(),
            queue,
            moved: clock.monotonic(),
            clock,
            health,
            metrics: Metrics::new(registry),
            asked: None,
            batch: BATCH,
            marks: VecDeque::new(),
            acknowledged: 0,
        })
    }

    /// How far everything is stored for good. Closes when the shipper ends.
    #[must_use]
    pub fn stored(&self) -> watch::Receiver<Stored> {
        self.stored.subscribe()
    }

    /// Ships until `stop` is cancelled, then what is left, and waits a moment for the word that it is stored; gives up on
    /// that at the first failure, since the files stay.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut last_word = None;
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(10));
        loop {
            let stopping = stop.is_cancelled();
            let pass = self.pass().await;
            match pass {
                Pass::Shipped => backoff.reset(),
                Pass::Failed if stopping => return,
                Pass::Idle if stopping => {
                    let now = tokio::time::Instant::now();
                    let until = *last_word.get_or_insert(now + LAST_WORD);
                    if self.backlog.unacknowledged() == 0 || now >= until {
                        return;
                    }
                    tokio::time::sleep(ASK_EVERY).await;
                }
                Pass::Idle => {
                    backoff.reset();
                    tokio::select! {
                        () = self.journal.visible() => {}
                        () = tokio::time::sleep(ASK_EVERY) => {}
                        () = stop.cancelled() => {}
                    }
                }
                Pass::Failed => {
                    tokio::select! {
                        () = tokio::time::sleep(backoff.next(rand::random())) => {}
                        () = stop.cancelled() => {}
                    }
                }
            }
        }
    }

    async fn pass(&mut self) -> Pass {
        let outcome = self.try_pass().await;
        self.report(outcome.is_ok());
        let stored = self.backlog.stored();
        self.stored
            .send_if_modified(|known| std::mem::replace(known, stored) != stored);
        match outcome {
            Ok(pass) => pass,
            Err(error) => {
                self.metrics.failures.inc();
                tracing::warn!(%error, records = self.backlog.unacknowledged(), "usage records wait on disk");
                // A queue that refuses for depth has kept what it took; any other may have lost it.
                if matches!(error, ShippingError::Queue(BackplaneError::Backpressure { .. })) {
                    self.batch = (self.batch / 2).max(1);
                } else {
                    self.rewind();
                }
                Pass::Failed
            }
        }
    }

    async fn try_pass(&mut self) -> Result<Pass, ShippingError> {
        let now = self.clock.monotonic();
        let due = self
            .asked
            .is_none_or(|asked| now.saturating_sub(asked) >= ASK_EVERY);
        if due && self.backlog.unacknowledged() > 0 {
            self.asked = Some(now);
            let watermarks = self.queue.watermarks(self.worker).await?;
            let before = self.backlog.unacknowledged();
            if self.backlog.acknowledge(&watermarks) {
                self.acknowledged += before.saturating_sub(self.backlog.unacknowledged());
                self.moved = now;
                self.backlog.delete_stored()?;
            }
        }
        if self.backlog.waiting() == 0 {
            self.moved = now;
        } else if now.saturating_sub(self.moved) >= STALE_AFTER {
            tracing::warn!(
                records = self.backlog.waiting(),
                "the watermark stands still: usage records are sent again"
            );
            self.moved = now;
            self.rewind();
        }
        // Reading a megabyte from the page cache takes less time than handing it to another thread and back.
        let Some(batch) = self.backlog.next_batch(self.batch)? else {
            return Ok(Pass::Idle);
        };
        self.queue.append(&batch.entries).await?;
        self.metrics.shipped.inc_by(batch.entries.len() as u64);
        self.backlog.shipped(&batch);
        self.batch = BATCH;
        Ok(Pass::Shipped)
    }

    fn rewind(&mut self) {
        match self.backlog.rewind() {
            Ok(again) => {
                self.metrics.resent.inc_by(again);
            }
            Err(error) => tracing::warn!(%error, "the spool cannot be read"),
        }
    }

    fn report(&mut self, healthy: bool) {
        let now = self.clock.monotonic();
        let waiting = self.backlog.unacknowledged();
        let written = self.acknowledged + waiting;
        if self.marks.back().is_none_or(|(mark, _)| *mark < written) && self.marks.len() < MAX_MARKS {
            self.marks.push_back((written, now));
        }
        while self
            .marks
            .front()
            .is_some_and(|(mark, _)| *mark <= self.acknowledged)
        {
            self.marks.pop_front();
        }
        let oldest = self
            .marks
            .front()
            .map_or(Duration::ZERO, |(_, since)| now.saturating_sub(*since));
        self.metrics.bytes.set(signed(self.journal.bytes()));
        self.metrics.unacknowledged.set(signed(waiting));
        self.metrics.oldest_seconds.set(signed(oldest.as_secs()));
        if self.recorder.is_full() {
            self.health
                .failed("the usage spool is full: no request can be accounted for");
        } else if healthy {
            self.health.ok(format!("{waiting} records wait to be stored"));
        } else {
            self.health
                .degraded(format!("the usage queue is away; {waiting} records wait on disk"));
        }
    }
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

impl Metrics {
    fn new(registry: &Registry) -> Self {
        let gauge = |name, help| registry.register(name, help, Gauge::default());
        let counter = |name, help| registry.register(name, help, Counter::default());
        Self {
            bytes: gauge("usage_spool_bytes", "Bytes of the usage spool on disk"),
            unacknowledged: gauge("usage_spool_records", "Usage records not yet known to be stored"),
            oldest_seconds: gauge(
                "usage_spool_oldest_seconds",
                "Age of the oldest usage record not known to be stored",
            ),
            shipped: counter(
                "usage_records_shipped",
                "Usage records given to the queue, repeats included",
            ),
            resent: counter(
                "usage_records_resent",
                "Usage records given to the queue once more",
            ),
            failures: counter(
                "usage_shipping_failures",
                "Passes the usage queue or the spool failed",
            ),
        }
    }
}

#[cfg(test)]
#[path = "shipper_tests.rs"]
mod tests;
