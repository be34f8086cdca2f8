//! Both planes in this process, over in-memory twins of the seams between them. Called by [`crate::supervisor`].
//!
//! Must stay true: the worker stops first and ships what it has, so that the ingester of the control plane still takes
//! it in; the admin port stops last, so that a draining process can be watched.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use secrecy::{ExposeSecret, SecretString};
use sluicegate_backplane::{ConfigBus, Escrow, Rates, Sightings, UsageQueue};
use sluicegate_contracts::ids::RequestId;
use sluicegate_control_plane::app::catalog;
use sluicegate_control_plane::store;
use sluicegate_control_plane::store::Database;
use sluicegate_credentials::MasterKey;
use sluicegate_service_runtime::clock::Clock;
use sluicegate_service_runtime::health::Health;
use sluicegate_service_runtime::process::Runtime;
use sluicegate_service_runtime::shutdown::Tasks;
use sluicegate_service_runtime::{admin_server, tls};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::config::Options;
use crate::plane_settings;
use crate::supervisor::{Progress, StartError};

/// Usage records that may wait in memory; beyond that they wait in the worker's spool.
const QUEUE_CAP: u64 = 10_000;
/// How long open answers may take to finish when the process is asked to stop.
const DRAIN: Duration = Duration::from_secs(20);
/// Further time for background tasks to finish.
const FINISH: Duration = Duration::from_secs(10);

/// Where the parts listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addresses {
    /// Dashboard and REST API.
    pub dashboard: SocketAddr,
    /// Inference API.
    pub inference: SocketAddr,
    /// Health checks and metrics.
    pub admin: SocketAddr,
}

/// Both planes, serving.
#[derive(Debug)]
pub(crate) struct Planes {
    addresses: Addresses,
    worker: Plane,
    control_plane: Plane,
    database: Database,
    admin: Tasks,
    ended: watch::Receiver<Option<&'static str>>,
}

/// One plane's tasks, its server among them.
#[derive(Debug)]
struct Plane {
    name: &'static str,
    tasks: Tasks,
}

impl Planes {
    /// Migrates, imports the catalog that comes with this release, and starts to serve.
    pub(crate) async fn start(
        options: &Options,
        database_url: &SecretString,
        master_key: &MasterKey,
        data: &Path,
        progress: &mut impl FnMut(Progress),
    ) -> Result<Self, StartError> {
        tls::install_crypto_provider();
        let begun = Instant::now();
        store::migrations::run(database_url.expose_secret())
            .await
            .map_err(|error| StartError::Migrate(Box::new(error)))?;
        progress(Progress::Migrated {
            after: begun.elapsed(),
        });
        let runtime = Runtime::new(Clock::system(), |id| RequestId::from(id).to_string());
        let bus = ConfigBus::memory();
        let queue = UsageQueue::memory(QUEUE_CAP);
        let (escrow, rates) = (Escrow::memory(), Rates::memory());
        let (end, ended) = watch::channel(None);
        let admin = Tasks::new();
        let worker = Plane::new("the worker");
        let control_plane = Plane::new("the control plane");

        let settings = plane_settings::control_plane(options, database_url, master_key)?;
        let seams = sluicegate_control_plane::startup::Seams {
            runtime: control_plane.share_of(&runtime),
            bus: bus.clone(),
            queue: queue.clone(),
            escrow: escrow.clone(),
            rates: rates.clone(),
        };
        let application = sluicegate_control_plane::Application::build(settings, &seams)?;
        let dashboard = application.address();
        let database = application.state().database.clone();
        let imported = catalog::import(application.state(), catalog::SEED)
            .await
            .map_err(|error| StartError::Catalog(Box::new(error)))?;
        progress(Progress::CatalogReady {
            added: imported.endpoints_added,
            after: begun.elapsed(),
        });
        control_plane.serve(end.clone(), |drain| application.run_until_stopped(drain));

        let settings = plane_settings::worker(options, master_key, data, dashboard)?;
        let seams = sluicegate_data_plane::startup::Seams {
            runtime: worker.share_of(&runtime),
            bus,
            queue,
            escrow,
            rates,
            sightings: Sightings::memory(),
        };
        let application = sluicegate_data_plane::startup::Application::build(&settings, &seams)?;
        let inference = application.address();
        worker.serve(end, |drain| application.run_until_stopped(drain));

        let port = admin_server::serve(options.admin_listen, runtime.health.clone(), runtime.registry)
            .map_err(|error| StartError::Admin(options.admin_listen, error))?;
        let addresses = Addresses {
            dashboard,
            inference,
            admin: port.address(),
        };
        let stop = admin.drain_token();
        admin.spawn("admin server", port.run_until(stop));
        let planes = Self {
            addresses,
            worker,
            control_plane,
            database,
            admin,
            ended,
        };
        planes.until_ready(&runtime.health).await?;
        Ok(planes)
    }

    /// Where the parts listen.
    pub(crate) const fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// Returns, with its name, when a plane's server has ended without being asked to.
    pub(crate) async fn ended(&mut self) -> &'static str {
        let waited = self.ended.wait_for(Option::is_some).await.map(|name| *name);
        waited.ok().flatten().unwrap_or("a plane")
    }

    /// Stops everything, the worker first. What does not finish in time is named in the log and made up for by the next
    /// start.
    pub(crate) async fn stop(self) {
        self.worker.stop().await;
        self.control_plane.stop().await;
        self.database.close().await;
        self.admin_finished().await;
    }

    async fn admin_finished(&self) {
        if let Err(unfinished) = self.admin.join(FINISH).await {
            tracing::warn!(%unfinished, "the admin port was cut");
        }
    }

    /// Waits until the first configuration is in service, so that what `up` prints can be used at once.
    async fn until_ready(&self, health: &Health) -> Result<(), StartError> {
        let deadline = Instant::now() + FINISH;
        while !health.ready() {
            if Instant::now() > deadline {
                return Err(StartError::NotReady);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }
}

impl Plane {
    fn new(name: &'static str) -> Self {
        Self {
            name,
            tasks: Tasks::new(),
        }
    }

    /// The runtime with the plane's own tasks, which end apart from those of the other.
    fn share_of(&self, runtime: &Runtime) -> Runtime {
        Runtime {
            tasks: self.tasks.clone(),
            ..runtime.clone()
        }
    }

    /// Runs the plane's server as one of its tasks and tells `end` if it stops without being asked to.
    fn serve<F>(&self, end: watch::Sender<Option<&'static str>>, server: impl FnOnce(CancellationToken) -> F)
    where
        F: Future<Output = io::Result<()>> + Send + 'static,
    {
        let (name, drain) = (self.name, self.tasks.drain_token());
        let serving = server(drain.clone());
        self.tasks.spawn(name, async move {
            if let Err(error) = serving.await {
                tracing::error!(%error, plane = name, "the server failed");
            }
            if !drain.is_cancelled() {
                end.send_replace(Some(name));
            }
        });
    }

    async fn stop(&self) {
        if let Err(unfinished) = self.tasks.join(DRAIN + FINISH).await {
            tracing::warn!(%unfinished, plane = self.name, "stopped with work left, which the next start takes up");
        }
    }
}
