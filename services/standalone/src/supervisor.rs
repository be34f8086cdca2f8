//! The order of starting (folder, key, Postgres, then the planes) and, reversed, of stopping. Called by `main.rs` and by
//! end-to-end tests.

use std::time::{Duration, Instant};

use secrecy::SecretString;
use sluicegate_credentials::MasterKey;
use tokio_util::sync::CancellationToken;

use crate::config::Options;
use crate::data_directory::{DataDirectory, DataDirectoryError};
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
}

/// A running deployment in one process.
#[derive(Debug)]
pub struct Standalone {
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
        let data = DataDirectory::open(&options.data_dir)?;
        let master_key = data.master_key(rand::random())?;
        let postgres = Postgres::start(&options.postgres, data.path()).await?;
        let version = postgres.installation().version.clone();
        progress(Progress::DatabaseReady {
            version,
            after: begun.elapsed(),
        });
        Ok(Self {
            postgres,
            master_key,
            data,
        })
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
        self.postgres.stop().await?;
        Ok(())
    }
}
