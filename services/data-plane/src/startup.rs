//! Builds a worker from settings and runs it until told to stop. Used by `main` and by the standalone assembly.
//!
//! Order of the end: no new requests, open answers finish, the spool is sealed, what can be shipped is shipped, the
//! configuration is saved. Whatever of that does not happen is made up for at the next start.

use std::fs::DirBuilder;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use sluicegate_backplane::{ConfigBus, Escrow, Rates, Sightings, UsageQueue};
use sluicegate_metering::escrow::Epoch;
use sluicegate_service_runtime::health::CheckHandle;
use sluicegate_service_runtime::ids;
use sluicegate_service_runtime::process::Runtime;
use sluicegate_service_runtime::shutdown::Tasks;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::account::{AccountRelay, RelayError};
use crate::budgets::Budgets;
use crate::config::{ConfigError, Settings};
use crate::http::server;
use crate::limits::RateLimits;
use crate::live::{Endpoints, Exchange};
use crate::metrics::Metrics;
use crate::snapshot::heartbeat::{self, Identity};
use crate::snapshot::sync::{self, Applied, Parts};
use crate::snapshot::{ControlPlane, ControlPlaneError, SnapshotHandle};
use crate::state::WorkerState;
use crate::upstream::ClientFactory;
use crate::usage::{Recorder, Shipper, Spool, SpoolError, SpoolLimits, Stored};

/// Pause before a background task that ended early is started again.
const RESTART_PAUSE: Duration = Duration::from_secs(1);

/// What the assembly brings: shared by everything that runs in the process.
#[derive(Debug, Clone)]
pub struct Seams {
    /// What everything in the process shares.
    pub runtime: Runtime,
    /// Configuration changes.
    pub bus: ConfigBus,
    /// Usage records.
    pub queue: UsageQueue,
    /// The fast store of budgets.
    pub escrow: Escrow,
    /// The store of rate limits.
    pub rates: Rates,
    /// What workers saw of endpoints.
    pub sightings: Sightings,
}

/// Why a worker could not be built, as a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The data directory cannot be used.
    #[error("setting `data_dir`: {0}: {1}")]
    DataDirectory(PathBuf, io::Error),
    /// The usage spool cannot be used.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// No client for the control plane.
    #[error(transparent)]
    ControlPlane(#[from] ControlPlaneError),
    /// No client for the account API.
    #[error(transparent)]
    Account(#[from] RelayError),
    /// No trust anchors for providers.
    #[error("the platform's trust anchors cannot be read: {0}")]
    TrustAnchors(io::Error),
    /// The port cannot be bound.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, io::Error),
}

/// A bound worker; it answers once [`Application::run_until_stopped`] is polled.
pub struct Application {
    address: SocketAddr,
    server: Server,
    recorder: Recorder,
    serving: CheckHandle,
    /// Ends the background tasks, after the last request.
    stop: CancellationToken,
}

impl Application {
    /// Seals what an earlier process left, binds the port and starts the background tasks. Must run on the runtime that
    /// outlives every request. The worker is ready once its first configuration is in service.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn build(settings: &Settings, seams: &Seams) -> Result<Self, StartError> {
        let master = settings.master_key()?;
        let spool = spool(settings)?;
        let control_plane = ControlPlane::new(&settings.control_plane_url, master.worker_token())?;
        let addresses = settings.upstream.allow_private.clone();
        let listen = settings.http.listen;
        let refused = |error| StartError::Listen(listen, error);
        let listener = TcpListener::bind(listen).map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let snapshots = SnapshotHandle::default();
        let epoch = Epoch {
            worker: spool.worker(),
            number: spool.epoch(),
        };
        let (budgets, office) = Budgets::new(epoch, seams.escrow.clone(), seams.runtime.clock.clone());
        let stop = CancellationToken::new();
        let state = WorkerState {
            snapshots: snapshots.clone(),
            recorder: spool.recorder(),
            budgets,
            rate_limits: spawn_rate_limits(epoch, seams, &stop),
            endpoints: spawn_endpoints(epoch, seams, &stop),
            clock: seams.runtime.clock.clone(),
            key_hasher: master.key_hasher(),
            account: AccountRelay::new(&settings.control_plane_url, master.worker_token())?,
            worker_token: master.worker_token(),
            limits: settings.limits,
            metrics: Metrics::new(&seams.runtime.registry),
            drain: seams.runtime.tasks.drain_token(),
            clients: ClientFactory::new(addresses).map_err(StartError::TrustAnchors)?,
        };
        let span = seams.runtime.span.clone();
        let drain = Duration::from_secs(settings.http.drain_seconds);
        let threads = threads(settings.http.workers);
        let server = server::serve(listener, Arc::new(state), span, threads, drain).map_err(refused)?;
        let (applied, heard) = watch::channel(Applied::default());
        let parts = Parts {
            worker: spool.worker(),
            handle: snapshots,
            bus: seams.bus.clone(),
            control_plane: control_plane.clone(),
            keyring: master.keyring(),
            data: settings.data_dir.clone(),
            clock: seams.runtime.clock.clone(),
            health: seams.runtime.health.register("snapshot"),
            metrics: sync::Metrics::new(&seams.runtime.registry),
            applied: Arc::new(applied),
        };
        let identity = Identity {
            worker: spool.worker(),
            epoch: spool.epoch(),
            internal_url: settings.internal_url.clone(),
            listen: address,
            control_plane: settings.control_plane_url.clone(),
        };
        spawn_sync(&seams.runtime.tasks, parts, &stop);
        let stored = spawn_usage(&spool, seams, &stop)?;
        let taken = spawn_heartbeat(
            &seams.runtime.tasks,
            identity,
            control_plane,
            heard,
            &stored,
            &stop,
        );
        let office = office.run(taken, stored, stop.clone());
        seams.runtime.tasks.spawn("budgets", office);
        let serving = seams.runtime.health.register("serving");
        Ok(Self {
            address,
            server,
            recorder: spool.recorder(),
            serving,
            stop,
        })
    }

    /// Where the inference API listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The port of [`Application::address`].
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.address.port()
    }

    /// Serves until `drain` is cancelled and open answers have finished, then closes the spool and tells the
    /// background tasks to finish; wait for those with [`Tasks::join`].
    ///
    /// # Errors
    /// When the server fails.
    pub async fn run_until_stopped(self, drain: CancellationToken) -> io::Result<()> {
        self.serving.ok("taking requests");
        let handle = self.server.handle();
        let serving = self.serving;
        let stopping = async {
            drain.cancelled().await;
            serving.failed("draining: no new requests are taken");
            handle.stop(true).await;
        };
        // The server may also end by itself, with an error.
        let served = tokio::select! {
            served = self.server => served,
            () = async { stopping.await; std::future::pending().await } => Ok(()),
        };
        if let Err(error) = self.recorder.close().await {
            tracing::warn!(%error, "the usage spool was not sealed: the next start does it");
        }
        self.stop.cancel();
        served
    }
}

/// Opens the usage spool, in a data directory that nobody else can read.
fn spool(settings: &Settings) -> Result<Spool, StartError> {
    let data = &settings.data_dir;
    let created = DirBuilder::new().recursive(true).mode(0o700).create(data);
    created.map_err(|error| StartError::DataDirectory(data.clone(), error))?;
    let limits = SpoolLimits {
        max_bytes: settings.spool.max_bytes,
        ..SpoolLimits::default()
    };
    Ok(Spool::open(data, limits, ids::fresh)?)
}

fn threads(configured: usize) -> usize {
    if configured > 0 {
        configured
    } else {
        std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
    }
}

/// Starts the conversation about rate limits. Until the store has answered, this worker is the only one it knows of.
fn spawn_rate_limits(epoch: Epoch, seams: &Seams, stop: &CancellationToken) -> RateLimits {
    let runtime = &seams.runtime;
    let (limits, keeper) = RateLimits::new(
        epoch,
        seams.rates.clone(),
        runtime.clock.clone(),
        &runtime.registry,
    );
    runtime.tasks.spawn("rate limits", keeper.run(stop.clone()));
    limits
}

/// Starts the conversation about endpoints. Nothing waits for it.
fn spawn_endpoints(epoch: Epoch, seams: &Seams, stop: &CancellationToken) -> Endpoints {
    let runtime = &seams.runtime;
    let endpoints = Endpoints::new(runtime.clock.clone());
    let exchange = Exchange::new(
        endpoints.clone(),
        seams.sightings.clone(),
        epoch,
        &runtime.registry,
    );
    runtime.tasks.spawn("endpoint health", exchange.run(stop.clone()));
    endpoints
}

fn spawn_sync(tasks: &Tasks, parts: Parts, stop: &CancellationToken) {
    let stop = stop.clone();
    tasks.supervise("config sync", RESTART_PAUSE, move || {
        sync::run(parts.clone(), stop.clone())
    });
}

/// Starts the heartbeat; tells once the control plane knows this epoch.
fn spawn_heartbeat(
    tasks: &Tasks,
    identity: Identity,
    control_plane: ControlPlane,
    applied: watch::Receiver<Applied>,
    stored: &watch::Receiver<Stored>,
    stop: &CancellationToken,
) -> watch::Receiver<bool> {
    let (taken, told) = watch::channel(false);
    let (stored, drain) = (stored.clone(), tasks.drain_token());
    let beats = heartbeat::run(
        identity,
        control_plane,
        applied,
        stored,
        taken,
        drain,
        stop.clone(),
    );
    tasks.spawn("heartbeat", beats);
    told
}

/// Starts shipping; tells how far everything is stored.
fn spawn_usage(
    spool: &Spool,
    seams: &Seams,
    stop: &CancellationToken,
) -> Result<watch::Receiver<Stored>, SpoolError> {
    let health = seams.runtime.health.register("usage");
    let shipper = Shipper::new(
        spool,
        seams.queue.clone(),
        seams.runtime.clock.clone(),
        health,
        &seams.runtime.registry,
    )?;
    let stored = shipper.stored();
    seams
        .runtime
        .tasks
        .spawn("usage durability", spool.recorder().keep_durable(stop.clone()));
    seams
        .runtime
        .tasks
        .spawn("usage shipping", shipper.run(stop.clone()));
    Ok(stored)
}

#[cfg(test)]
#[path = "startup_tests.rs"]
mod tests;
