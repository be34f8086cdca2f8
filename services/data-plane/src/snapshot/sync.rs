//! Keeps the snapshot current: listens on the config bus, pulls from the control plane, saves to disk.
//!
//! One task owns the state and is the only writer of the [`SnapshotHandle`]. Start order: the disk state is read, the
//! bus is joined, the control plane is asked; the worker becomes ready with the first answer, or with the disk state
//! when there is no answer within two seconds, and never with nothing.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use sluicegate_backplane::{BusItem, ConfigBus, ConfigSubscription};
use sluicegate_contracts::event::{ConfigHead, ConfigVersion};
use sluicegate_contracts::ids::WorkerId;
use sluicegate_contracts::worker::Refusal;
use sluicegate_credentials::Keyring;
use sluicegate_service_runtime::clock::Clock;
use sluicegate_service_runtime::health::CheckHandle;
use sluicegate_service_runtime::metrics::Registry;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::SnapshotHandle;
use super::apply::State;
use super::client::ControlPlane;
use super::disk::{self, DiskError};
use super::follow::{Follower, Hearing, Pull, Pulled};
use super::index::Snapshot;

/// How often the time is looked at.
const TICK: Duration = Duration::from_millis(100);
/// How long a start waits for the control plane before it makes do with the disk.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often the disk state is replaced, at most.
const SAVE_EVERY: Duration = Duration::from_secs(5);
/// Messages applied as one batch.
const MAX_BATCH: usize = 1_000;

/// What the sync task needs; cloned when it has to start anew.
#[derive(Clone)]
pub struct Parts {
    /// Who this worker is.
    pub worker: WorkerId,
    /// Where snapshots are published.
    pub handle: SnapshotHandle,
    /// Messages.
    pub bus: ConfigBus,
    /// Pulls.
    pub control_plane: ControlPlane,
    /// Opens data keys.
    pub keyring: Keyring,
    /// The worker's data directory.
    pub data: PathBuf,
    /// The time.
    pub clock: Clock,
    /// The check `snapshot`.
    pub health: CheckHandle,
    /// Counters.
    pub metrics: Metrics,
    /// Told of every applied version.
    pub applied: Arc<watch::Sender<Applied>>,
}

/// What is in service, for heartbeats.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// Version and hash.
    pub head: ConfigHead,
    /// Entities that were refused.
    pub refused: Vec<Refusal>,
}

/// Metrics of the sync task. Clones share them.
#[derive(Debug, Clone)]
pub struct Metrics {
    version: Gauge,
    refused: Gauge,
    stale_seconds: Gauge,
    pulls: Counter,
    failed_pulls: Counter,
}

impl Metrics {
    /// Registers `config_version`, `config_refused_entities`, `config_stale_seconds`, `config_pulls`,
    /// `config_failed_pulls`.
    #[must_use]
    pub fn new(registry: &Registry) -> Self {
        let gauge = |name, help| registry.register(name, help, Gauge::default());
        let counter = |name, help| registry.register(name, help, Counter::default());
        Self {
            version: gauge("config_version", "Version of the configuration in service"),
            refused: gauge(
                "config_refused_entities",
                "Entities whose newest state could not be taken over",
            ),
            stale_seconds: gauge(
                "config_stale_seconds",
                "Time since the worker last knew that it missed nothing",
            ),
            pulls: counter("config_pulls", "Pulls from the control plane"),
            failed_pulls: counter("config_failed_pulls", "Pulls that failed"),
        }
    }
}

/// Keeps the snapshot current until `stop` is cancelled, then saves it once more.
pub async fn run(parts: Parts, stop: CancellationToken) {
    let state = from_disk(&parts).await;
    let mut subscription = parts.bus.subscribe(parts.worker);
    let now = parts.clock.monotonic();
    let mut sync = Sync {
        saved: state.head().version,
        saved_at: now,
        saving: None,
        from_disk: state.head().version > ConfigVersion::default(),
        started: now,
        follower: Follower::new(state, now),
        published: None,
        answered: false,
        parts,
    };
    let mut pull: Option<BoxFuture<'static, Pulled>> = None;
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // Joining the bus before the first pull: what is published in between then arrives by one of the two.
    if let Ok(item) = tokio::time::timeout(PATIENCE / 4, subscription.next()).await {
        sync.follower.hear(item, now);
    }
    loop {
        let now = sync.parts.clock.monotonic();
        if let Some(due) = sync.follower.due(now) {
            pull = Some(sync.start(due));
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            item = subscription.next() => sync.hear_batch(item, &mut subscription),
            pulled = in_flight(&mut pull) => {
                pull = None;
                sync.pulled(pulled);
            }
            _ = ticks.tick() => {}
        }
        sync.publish();
        sync.save_when_due(SAVE_EVERY).await;
    }
    sync.save_last().await;
}

async fn in_flight(pull: &mut Option<BoxFuture<'static, Pulled>>) -> Pulled {
    match pull {
        Some(pull) => pull.await,
        None => std::future::pending().await,
    }
}

async fn from_disk(parts: &Parts) -> State {
    let path = disk::path(&parts.data);
    let mut state = State::new(parts.keyring.clone());
    let loaded = tokio::task::spawn_blocking(move || disk::load(&path)).await;
    match loaded {
        Ok(Ok(Some((header, events)))) => match state.replace(&header, events) {
            Ok(()) => tracing::info!(
                version = state.head().version.0,
                "the configuration on disk was read"
            ),
            Err(error) => tracing::error!(%error, "the configuration on disk is refused"),
        },
        Ok(Ok(None)) => tracing::info!("no configuration on disk"),
        Ok(Err(error)) => tracing::error!(%error, "the configuration on disk is refused"),
        Err(error) => tracing::error!(%error, "reading the configuration on disk failed"),
    }
    state
}

struct Sync {
    parts: Parts,
    follower: Follower,
    /// What was published last by this run of the task.
    published: Option<Arc<Snapshot>>,
    /// The control plane has answered, and everything it had then is here.
    answered: bool,
    from_disk: bool,
    started: Duration,
    saved: ConfigVersion,
    saved_at: Duration,
    saving: Option<(ConfigVersion, JoinHandle<Result<(), DiskError>>)>,
}

impl Sync {
    fn start(&self, pull: Pull) -> BoxFuture<'static, Pulled> {
        self.parts.metrics.pulls.inc();
        let control_plane = self.parts.control_plane.clone();
        async move {
            let outcome = match pull {
                Pull::Deltas(after) => control_plane.deltas(after).await.map(Pulled::Deltas),
                Pull::Snapshot => control_plane.snapshot().await.map(Pulled::Snapshot),
            };
            outcome.unwrap_or_else(|error| {
                tracing::debug!(%error, ?pull, "a pull failed");
                Pulled::Failed
            })
        }
        .boxed()
    }

    /// Applies `first` and whatever else has already arrived, so that a burst is published once.
    fn hear_batch(&mut self, first: BusItem, subscription: &mut ConfigSubscription) {
        let now = self.parts.clock.monotonic();
        self.follower.hear(first, now);
        for _ in 1..MAX_BATCH {
            match subscription.next().now_or_never() {
                Some(item) => self.follower.hear(item, now),
                None => return,
            }
        }
    }

    fn pulled(&mut self, pulled: Pulled) {
        if matches!(pulled, Pulled::Failed) {
            self.parts.metrics.failed_pulls.inc();
        } else {
            self.answered = true;
        }
        self.follower
            .pulled(pulled, self.parts.clock.monotonic(), rand::random());
    }

    fn publish(&mut self) {
        let now = self.parts.clock.monotonic();
        let patient = now.saturating_sub(self.started) < PATIENCE;
        if !self.answered && (!self.from_disk || patient) {
            self.parts
                .health
                .failed("no configuration yet: the control plane has not answered");
            return;
        }
        let head = self.follower.state().head();
        let current = self.parts.handle.load().head();
        let is_news = self
            .published
            .as_ref()
            .is_none_or(|published| published.head() != head);
        // After a restart of this task the readers may be ahead of it for a moment.
        if is_news && head.version >= current.version {
            let previous = self.published.take().unwrap_or_default();
            let next = Arc::new(self.follower.state_mut().publish(&previous));
            self.parts.handle.store_shared(Arc::clone(&next));
            self.published = Some(next);
            let refused = self.follower.state().refusals();
            self.parts
                .metrics
                .version
                .set(i64::try_from(head.version.0).unwrap_or(i64::MAX));
            self.parts
                .metrics
                .refused
                .set(i64::try_from(refused.len()).unwrap_or(i64::MAX));
            self.parts.applied.send_replace(Applied { head, refused });
        }
        self.report(now);
    }

    fn report(&self, now: Duration) {
        let version = self.follower.state().head().version.0;
        let since = self.follower.current_at().unwrap_or(self.started);
        let stale = now.saturating_sub(since).as_secs();
        self.parts
            .metrics
            .stale_seconds
            .set(i64::try_from(stale).unwrap_or(i64::MAX));
        let health = &self.parts.health;
        if let Some(behind) = self.follower.control_plane_behind() {
            health.degraded(format!(
                "serving version {version}, but the control plane is at {}: was it restored from a backup?",
                behind.0
            ));
        } else if !self.answered {
            health.degraded(format!(
                "serving version {version} from disk: the control plane has not answered"
            ));
        } else if self.follower.hearing(now) == Hearing::Polling {
            health.degraded(format!(
                "serving version {version}, current {stale} s ago: the config bus is away"
            ));
        } else if version == 0 {
            health.degraded("the control plane has published nothing yet");
        } else {
            health.ok(format!("serving version {version}"));
        }
    }

    /// Saves in the background: a slow disk must not hold up a revocation.
    async fn save_when_due(&mut self, every: Duration) {
        let now = self.parts.clock.monotonic();
        let version = self.follower.state().head().version;
        if self
            .saving
            .as_ref()
            .is_some_and(|(_, saving)| saving.is_finished())
        {
            self.saving_ended().await;
        }
        let rested = now.saturating_sub(self.saved_at) >= every;
        if version == self.saved || !rested || self.saving.is_some() {
            return;
        }
        self.saved_at = now;
        let header = self.follower.state().header();
        let events: Vec<_> = self.follower.state().events().cloned().collect();
        let path = disk::path(&self.parts.data);
        let saving = tokio::task::spawn_blocking(move || disk::save(&path, &header, &events));
        self.saving = Some((version, saving));
    }

    async fn saving_ended(&mut self) {
        let Some((version, saving)) = self.saving.take() else {
            return;
        };
        match saving.await {
            Ok(Ok(())) => self.saved = version,
            Ok(Err(error)) => tracing::warn!(%error, "the configuration was not saved to disk"),
            Err(error) => tracing::warn!(%error, "saving the configuration failed"),
        }
    }

    /// Saves what is not on disk yet, before the task ends.
    async fn save_last(&mut self) {
        self.saving_ended().await;
        self.save_when_due(Duration::ZERO).await;
        self.saving_ended().await;
    }
}

#[cfg(test)]
#[path = "sync_tests.rs"]
mod tests;
