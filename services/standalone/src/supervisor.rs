//! The order of starting (folder, key, Postgres, then the planes) and, reversed, of stopping. Called by `main.rs` and by
//! end-to-end tests.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use secrecy::SecretString;
use sluicegate_credentials::MasterKey;
use sluicegate_service_runtime::settings::SettingsError;
use tokio_util::sync::CancellationToken;

use crate::config::Options;
use crate::data_directory::{DataDirectory, DataDirectoryError};
use crate::planes::{Addresses, Planes};
use crate::postgres::{Postgres, PostgresError};

/// Why the process cannot start, or had to end.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data directory.
    #[error(transparent)]
    Data(#[from] DataDirectoryError),
    /// The database.
    #[error(transparent)]
    Postgres(#[from] PostgresError),
    /// The schema.
    #[error("the database cannot be brought to this release's schema: {0}")]
    Migrate(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The models and prices that come with this release.
    #[error("the catalog cannot be imported: {0}")]
    Catalog(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Settings made from the options.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The control plane.
    #[error(transparent)]
    ControlPlane(#[from] sluicegate_control_plane::startup::StartError),
    /// The worker.
    #[error(transparent)]
    Worker(#[from] sluicegate_data_plane::startup::StartError),
    /// The admin port.
    #[error("cannot listen on {0} ({1}); choose another --admin-listen")]
    Admin(SocketAddr, std::io::Error),
    /// No free port.
    #[error("no free port: {0}")]
    Ports(std::io::Error),
    /// The worker got no configuration.
    #[error("the worker took too long to become ready; the log says what it waits for")]
    NotReady,
    /// A server stopped by itself.
    #[error("{0} stopped by itself; the log says why")]
    Ended(&'static str),
}

/// What has just been reached while starting; for a person who waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// The database accepts connections.
    DatabaseReady {
        /// Version as Postgres states it.
        version: String,
        /// Time since the start began.
        after: Duration,
    },
    /// The database has this release's schema.
    Migrated {
        /// Time it took.
        after: Duration,
    },
    /// Models and prices are in.
    CatalogReady {
        /// Endpoints that were not there before.
        added: u64,
        /// Time since migrating began.
        after: Duration,
    },
}

/// A running deployment in one process.
#[derive(Debug)]
pub struct Standalone {
    options: Options,
    planes: Planes,
    postgres: Postgres,
    master_key: MasterKey,
    // The last field, so dropped last: the folder stays locked until everything that uses it has stopped.
    data: DataDirectory,
}

impl Standalone {
    /// Starts everything, reporting to `progress`.
    ///
    /// # Errors
    /// [`StartError`], whose text tells the operator what to do. What was already started is stopped again.
    pub async fn start(options: &Options, mut progress: impl FnMut(Progress)) -> Result<Self, StartError> {
        let begun = Instant::now();
        let options = options.with_ports().map_err(StartError::Ports)?;
        let data = DataDirectory::open(&options.data_dir)?;
        let master_key = data.master_key(rand::random())?;
        let postgres = Postgres::start(&options.postgres, data.path()).await?;
        let version = postgres.installation().version.clone();
        progress(Progress::DatabaseReady {
            version,
            after: begun.elapsed(),
        });
        let url = postgres.url();
        let started = Planes::start(&options, &url, &master_key, data.path(), &mut progress).await;
        match started {
            Ok(planes) => Ok(Self {
                options,
                planes,
                postgres,
                master_key,
                data,
            }),
            Err(error) => {
                postgres.stop().await?;
                Err(error)
            }
        }
    }

    /// The options in effect, every port chosen.
    #[must_use]
    pub const fn options(&self) -> &Options {
        &self.options
    }

    /// Where the parts listen.
    #[must_use]
    pub const fn addresses(&self) -> Addresses {
        self.planes.addresses()
    }

    /// URL of the database, with its password.
    #[must_use]
    pub fn database_url(&self) -> SecretString {
        self.postgres.url()
    }

    /// The deployment's master key.
    #[must_use]
    pub const fn master_key(&self) -> &MasterKey {
        &self.master_key
    }

    /// The folder that outlives the process.
    #[must_use]
    pub const fn data(&self) -> &DataDirectory {
        &self.data
    }

    /// The database server.
    #[must_use]
    pub const fn postgres(&self) -> &Postgres {
        &self.postgres
    }

    /// Serves until `drain` is cancelled, then stops everything. A database server that dies is started again on the
    /// same port; the planes reconnect.
    ///
    /// # Errors
    /// [`StartError`] when the database server does not come back, or does not stop.
    pub async fn run_until_stopped(mut self, drain: CancellationToken) -> Result<(), StartError> {
        loop {
            tokio::select! {
                () = drain.cancelled() => return self.stop().await,
                plane = self.planes.ended() => {
                    self.stop().await?;
                    return Err(StartError::Ended(plane));
                }
                () = self.postgres.ended() => {
                    tracing::warn!("starting Postgres again");
                    self.postgres.restart().await?;
                }
            }
        }
    }

    /// Stops everything, in the reverse order of starting.
    ///
    /// # Errors
    /// [`StartError`] when the database server does not stop.
    pub async fn stop(self) -> Result<(), StartError> {
        self.planes.stop().await;
        self.postgres.stop().await?;
        Ok(())
    }
}
