//! `sluicegate ledger verify`: finds the database, also the private one of a data directory whether or not it runs, and
//! compares the books in it. Nothing is written to the database.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use secrecy::{ExposeSecret, SecretString};
use sluicegate_control_plane::app::verification::{self, Report, Step};
use sluicegate_control_plane::settings::DatabaseSettings;
use sluicegate_control_plane::store::Database;
use sluicegate_service_runtime::secret::SecretSetting;
use sluicegate_service_runtime::tls;

use crate::data_directory::{DataDirectory, DataDirectoryError};
use crate::postgres::{self, Postgres, PostgresOptions};

/// Options of `sluicegate ledger verify`.
#[derive(Debug, Clone, Args)]
pub struct VerifyOptions {
    /// Database to read, for a distributed deployment; else the one of the data directory is
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub database_url: Option<String>,

    /// Folder given to `up`; it may be running or stopped
    #[arg(long, default_value = ".sluicegate/data", value_name = "DIR")]
    pub data_dir: PathBuf,

    /// How to start the database of a data directory that is stopped
    #[command(flatten)]
    pub postgres: PostgresOptions,
}

/// Compares the books.
///
/// # Errors
/// When there is no database, or it does not answer. What does not agree is in the report.
pub async fn verify(
    options: &VerifyOptions,
    step: impl FnMut(Step) + Send + 'static,
) -> anyhow::Result<Report> {
    if let Some(url) = &options.database_url {
        return read(&SecretString::from(url.clone()), step).await;
    }
    let data = &options.data_dir;
    if !data.join("master.key").exists() {
        bail!(
            "{} is not a data directory of sluicegate; name one with --data-dir, or a database with --database-url",
            data.display()
        );
    }
    match DataDirectory::open(data) {
        Ok(held) => started(&held, &options.postgres, step).await,
        Err(DataDirectoryError::InUse(path)) => read(&running(&path)?, step).await,
        Err(other) => Err(other.into()),
    }
}

fn running(path: &Path) -> anyhow::Result<SecretString> {
    postgres::recorded_url(path)
        .with_context(|| format!("{} is in use, and its database is not there yet", path.display()))
}

/// Starts the database of a stopped data directory for as long as it is read.
async fn started(
    held: &DataDirectory,
    options: &PostgresOptions,
    step: impl FnMut(Step) + Send + 'static,
) -> anyhow::Result<Report> {
    let server = Postgres::start(options, held.path()).await?;
    let report = read(&server.url(), step).await;
    server.stop().await?;
    report
}

async fn read(url: &SecretString, step: impl FnMut(Step) + Send + 'static) -> anyhow::Result<Report> {
    tls::install_crypto_provider();
    let settings = DatabaseSettings {
        url: SecretSetting::from_value(url.clone()),
        app_connections: 1,
        system_connections: 1,
    };
    let database = Database::open(url.expose_secret(), &settings)
        .context("that is not the URL of a Postgres database")?;
    let report = verification::verify(&database, step).await;
    database.close().await;
    report.context("the database cannot be read; does it have the schema of this release?")
}
