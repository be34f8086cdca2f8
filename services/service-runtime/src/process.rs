//! The life of a process: logs, span export and the admin port first, then the server; on a signal, everything stopped in
//! order. Called by the `main.rs` of each plane; an assembly with an order of its own takes only [`Runtime`].
//!
//! Must stay true: the admin port stops last, so that a draining process can be watched; a second signal cuts all of
//! it, the wait for background tasks included.

use std::fmt::Display;
use std::future::Future;
use std::io;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::admin_server::{self, AdminServer, AdminSettings};
use crate::clock::Clock;
use crate::health::Health;
use crate::http_span::{HttpSpan, NameRequest};
use crate::metrics::Registry;
use crate::otel::{Exporter, OtelError, OtelSettings};
use crate::shutdown::{self, StoppedAtOnce, Tasks, Unfinished};
use crate::tracing::{LogSettings, TracingError};
use crate::{build_info, otel, tls};

/// How long background tasks may take to finish after the last request.
const JOIN_DEADLINE: Duration = Duration::from_secs(10);

/// What everything in one process shares. Clones share it too.
#[derive(Debug, Clone)]
pub struct Runtime {
    /// The time.
    pub clock: Clock,
    /// Background tasks.
    pub tasks: Tasks,
    /// Metrics.
    pub registry: Registry,
    /// Request ids, spans and request metrics; one per registry.
    pub span: HttpSpan,
    /// Readiness checks.
    pub health: Health,
}

impl Runtime {
    /// Nothing registered, nothing running. `name` writes request ids.
    #[must_use]
    pub fn new(clock: Clock, name: NameRequest) -> Self {
        let registry = Registry::new();
        Self {
            span: HttpSpan::new(&registry, clock.clone(), name),
            clock,
            tasks: Tasks::new(),
            registry,
            health: Health::new(),
        }
    }
}

/// Why a process could not start, or did not end as it should.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// Logs.
    #[error(transparent)]
    Logs(#[from] TracingError),
    /// Span export.
    #[error(transparent)]
    Export(#[from] OtelError),
    /// The admin port.
    #[error("setting `admin.listen`: {0}")]
    Admin(io::Error),
    /// Signal handlers.
    #[error("cannot listen for signals: {0}")]
    Signals(io::Error),
    /// The server.
    #[error("the server failed: {0}")]
    Server(io::Error),
    /// A second signal.
    #[error(transparent)]
    StoppedAtOnce(#[from] StoppedAtOnce),
    /// Background tasks.
    #[error(transparent)]
    Unfinished(#[from] Unfinished),
}

/// A process that logs, exports and shows its health, and does not serve yet.
pub struct Process {
    runtime: Runtime,
    exporter: Option<Exporter>,
    admin: AdminServer,
}

impl Process {
    /// Starts what every process has, for `service` (`sluicegate-data-plane`). `name` writes request ids.
    ///
    /// # Errors
    /// [`ProcessError`] when a setting cannot be used.
    pub fn start(
        service: &'static str,
        log: &LogSettings,
        otel: &OtelSettings,
        admin: &AdminSettings,
        name: NameRequest,
    ) -> Result<Self, ProcessError> {
        tls::install_crypto_provider();
        let exporter = otel::exporter(otel, service)?;
        crate::tracing::init(log, exporter.as_ref())?;
        let runtime = Runtime::new(Clock::system(), name);
        let admin = admin_server::serve(admin.listen, runtime.health.clone(), runtime.registry.clone())
            .map_err(ProcessError::Admin)?;
        Ok(Self {
            runtime,
            exporter,
            admin,
        })
    }

    /// What the application is built from.
    #[must_use]
    pub const fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// Runs the server made by `serve`, which listens on `address`, until a signal cancels its token; then waits for the
    /// background tasks and for `close`.
    ///
    /// # Errors
    /// [`ProcessError`], the first of what went wrong.
    pub async fn run<S>(
        self,
        address: impl Display,
        serve: impl FnOnce(CancellationToken) -> S,
        close: impl Future<Output = ()>,
    ) -> Result<(), ProcessError>
    where
        S: Future<Output = io::Result<()>>,
    {
        tracing::info!(%address, admin = %self.admin.address(), release = build_info::release(), "serving");
        let tasks = self.runtime.tasks;
        let drain = tasks.drain_token();
        let serving = async {
            let served = serve(drain.clone()).await;
            let joined = tasks.join(JOIN_DEADLINE).await;
            close.await;
            (served, joined)
        };
        let admin_stop = CancellationToken::new();
        let work = async {
            let outcome = shutdown::until_stopped(&drain, serving).await;
            admin_stop.cancel();
            outcome
        };
        let (outcome, ()) = tokio::join!(work, self.admin.run_until(admin_stop.clone()));
        let (served, joined) = outcome.map_err(ProcessError::Signals)??;
        if let Some(exporter) = self.exporter {
            // It blocks for up to some seconds.
            let flushed = tokio::task::spawn_blocking(move || exporter.shutdown()).await;
            flushed.map_err(io::Error::other).map_err(ProcessError::Server)?;
        }
        served.map_err(ProcessError::Server)?;
        joined?;
        tracing::info!("stopped");
        Ok(())
    }
}
