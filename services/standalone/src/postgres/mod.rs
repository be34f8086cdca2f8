//! A private Postgres for one process: found on this machine, given a folder and a password of its own, run as a child
//! on a loopback port, and stopped with the process. Called by `supervisor.rs`.
//!
//! | module | holds |
//! |---|---|
//! | [`account`] | which user runs the server: Postgres refuses to run as root |
//! | [`locate`] | where the server's programs are |
//! | [`cluster`] | the database folder: created once, opened again by the same major version |
//! | [`child`] | the running server: start, readiness, stop, and what a crash left behind |

pub mod account;
pub mod child;
pub mod cluster;
pub mod locate;

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use secrecy::SecretString;

use account::Account;
use child::Server;
use cluster::Cluster;
use locate::Installation;

/// Which Postgres to run, and as whom.
#[derive(Debug, Clone, Args)]
pub struct PostgresOptions {
    /// Folder with the programs of a Postgres 15 or newer
    #[arg(long = "postgres-bin", env = "PG_BIN", value_name = "DIR")]
    pub bin: Option<PathBuf>,

    /// User that runs Postgres when sluicegate itself runs as root
    #[arg(long = "postgres-user", value_name = "NAME")]
    pub user: Option<String>,

    /// Where the database goes when that user cannot reach the data directory
    #[arg(
        long = "postgres-fallback-dir",
        default_value = "/var/lib/sluicegate",
        value_name = "DIR"
    )]
    pub fallback_dir: PathBuf,
}

/// Why there is no Postgres.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    /// No usable installation.
    #[error(transparent)]
    Locate(#[from] locate::LocateError),
    /// No user to run it as.
    #[error(transparent)]
    Account(#[from] account::AccountError),
    /// The folder was written by a major version that is not here.
    #[error(
        "the database in {directory} was written by Postgres {written}, and only {found} is here; install Postgres \
         {written} or set PG_BIN, or start afresh with `sluicegate reset`"
    )]
    MajorVersion {
        /// The database folder.
        directory: PathBuf,
        /// Major version of the data.
        written: u32,
        /// Versions that are installed.
        found: String,
    },
    /// The system refused.
    #[error("cannot {action} {path}: {source}")]
    File {
        /// What was tried.
        action: &'static str,
        /// With which file, folder or program.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// One of Postgres's programs failed.
    #[error("{program} failed: {output}")]
    Program {
        /// Which.
        program: &'static str,
        /// The end of what it printed.
        output: String,
    },
    /// A server of an earlier run does not stop.
    #[error("a Postgres of an earlier run (process {0}) does not stop; end it by hand")]
    Stale(i32),
    /// The server ended or stayed silent while starting.
    #[error("Postgres did not start ({reason}); the end of its log:\n{log}")]
    NotReady {
        /// What was seen.
        reason: String,
        /// Last lines of the log.
        log: String,
    },
}

/// What a missing or failing file operation becomes.
fn failed(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> PostgresError {
    let path = path.to_owned();
    move |source| PostgresError::File { action, path, source }
}

/// How long a server may take to accept connections: recovery after a crash replays its journal first.
const READY_WITHIN: Duration = Duration::from_secs(120);

/// Attempts before a start counts as failed: a port may be taken in the meantime, or a server that was killed may
/// still be letting go of its memory.
const ATTEMPTS: u32 = 4;

/// A running private Postgres. Dropping it without [`Postgres::stop`] kills the server; its data stays consistent.
#[derive(Debug)]
pub struct Postgres {
    installation: Installation,
    cluster: Cluster,
    server: Server,
}

impl Postgres {
    /// Finds a Postgres, creates its database on the first run, stops what a crashed run left, and starts it.
    ///
    /// `data_dir` must be locked by the caller, so that no other process starts a server on the same folder.
    ///
    /// # Errors
    /// [`PostgresError`], whose text tells the operator what to do.
    pub async fn start(options: &PostgresOptions, data_dir: &Path) -> Result<Self, PostgresError> {
        let account = Account::for_child(options.user.as_deref())?;
        let installations = locate::installations(options.bin.as_deref(), account.as_ref())?;
        let installation = cluster::suitable(installations, data_dir)?;
        let mut cluster = Cluster::open(data_dir, &options.fallback_dir, &installation, account).await?;
        child::stop_stale(&cluster.directory).await?;
        let server = start_somewhere(&installation, &mut cluster, data_dir).await?;
        Ok(Self {
            installation,
            cluster,
            server,
        })
    }

    /// URL with the password in it, for the control plane's pool.
    #[must_use]
    pub fn url(&self) -> SecretString {
        self.cluster.url()
    }

    /// Which installation runs.
    #[must_use]
    pub const fn installation(&self) -> &Installation {
        &self.installation
    }

    /// Process id of the server.
    #[must_use]
    pub const fn process_id(&self) -> i32 {
        self.server.process_id()
    }

    /// Resolves when the server ends without having been asked to.
    pub async fn ended(&mut self) {
        self.server.ended().await;
    }

    /// Starts the server again on the same port after it [`ended`](Self::ended), so that open pools reconnect.
    ///
    /// # Errors
    /// [`PostgresError`] when it does not come back.
    pub async fn restart(&mut self) -> Result<(), PostgresError> {
        let mut attempt = 1;
        loop {
            match Server::start(&self.installation, &self.cluster, READY_WITHIN).await {
                Ok(server) => {
                    self.server = server;
                    return Ok(());
                }
                Err(error) if attempt == ATTEMPTS => return Err(error),
                Err(_) => attempt += 1,
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    /// Stops the server and waits for it.
    ///
    /// # Errors
    /// [`PostgresError`] when it does not end even when killed.
    pub async fn stop(self) -> Result<(), PostgresError> {
        self.server.stop().await
    }
}

/// Deletes the database of `data_dir`, wherever it is, and first stops a server that a crash left on it.
///
/// `data_dir` must be locked by the caller.
///
/// # Errors
/// [`PostgresError`] when such a server does not stop or something cannot be removed.
pub async fn remove(data_dir: &Path) -> Result<(), PostgresError> {
    match cluster::recorded_directory(data_dir) {
        Some(directory) => {
            child::stop_stale(&directory).await?;
            cluster::remove_folder(&directory)
        }
        None => Ok(()),
    }
}

/// URL of the database of `data_dir` where the process that has the folder runs it; `None` before there is one.
#[must_use]
pub fn recorded_url(data_dir: &Path) -> Option<SecretString> {
    cluster::recorded_url(data_dir)
}

async fn start_somewhere(
    installation: &Installation,
    cluster: &mut Cluster,
    data_dir: &Path,
) -> Result<Server, PostgresError> {
    let mut attempt = 1;
    loop {
        cluster.choose_port(data_dir)?;
        match Server::start(installation, cluster, READY_WITHIN).await {
            Ok(server) => return Ok(server),
            Err(error) if attempt == ATTEMPTS => return Err(error),
            Err(error) => tracing::debug!(%error, attempt, "Postgres did not start; trying again"),
        }
        attempt += 1;
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}
