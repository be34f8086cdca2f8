//! The control plane as a process: serve, migrate, import the catalog, print the OpenAPI document, check the settings.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use clap::{Parser, Subcommand};
use secrecy::ExposeSecret;
use sluicegate_contracts::ids::RequestId;
use sluicegate_control_plane::app::catalog;
use sluicegate_control_plane::settings::{DEFAULTS, Settings};
use sluicegate_control_plane::startup::Seams;
use sluicegate_control_plane::state::AppState;
use sluicegate_control_plane::store::Database;
use sluicegate_control_plane::{Application, openapi, store};
use sluicegate_credentials::MasterKey;
use sluicegate_service_runtime::clock::Clock;
use sluicegate_service_runtime::process::Process;
use sluicegate_service_runtime::secret::SecretSetting;
use sluicegate_service_runtime::{build_info, settings, tracing as logging};

#[derive(Parser)]
#[command(name = "sluicegate-control-plane", version = build_info::VERSION, about = "The Sluicegate control plane")]
struct Cli {
    /// Settings file (TOML), laid over the built-in defaults and under SLUICEGATE_… variables.
    #[arg(long, env = "SLUICEGATE_CONFIG", global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the management API and the dashboard.
    Serve,
    /// Bring the database to the schema of this release.
    Migrate,
    /// Take in a price and model list in the form of models.dev; importing the same list again changes nothing.
    Import {
        /// The list; the one that comes with this release when absent.
        file: Option<PathBuf>,
    },
    /// Print the OpenAPI document.
    Openapi,
    /// Read the settings, say whether they can be used, and stop.
    CheckConfig,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    let load = || settings::load::<Settings>(DEFAULTS, cli.config.as_deref());
    match cli.command {
        Command::Openapi => Ok(std::io::stdout().write_all(openapi::text(&openapi::document())?.as_bytes())?),
        Command::CheckConfig => {
            let settings = load()?;
            settings.amqp.config_bus(SecretSetting::resolve)?;
            settings.redis.usage_queue(SecretSetting::resolve)?;
            Ok(writeln!(std::io::stdout(), "The settings can be used.")?)
        }
        Command::Migrate => migrate(&load()?).await,
        Command::Import { file } => import(load()?, file).await,
        Command::Serve => serve(load()?).await,
    }
}

async fn migrate(settings: &Settings) -> anyhow::Result<()> {
    let url = settings.database.url.resolve()?;
    store::migrations::run(url.expose_secret())
        .await
        .context("the database could not be migrated")?;
    Ok(writeln!(
        std::io::stdout(),
        "The database has the schema of this release."
    )?)
}

async fn import(settings: Settings, file: Option<PathBuf>) -> anyhow::Result<()> {
    logging::init(&settings.log, None)?;
    let text = match &file {
        Some(file) => {
            std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?
        }
        None => catalog::SEED.to_owned(),
    };
    let url = settings.database.url.resolve()?;
    let database = Database::open(url.expose_secret(), &settings.database)?;
    let master = MasterKey::parse(settings.master_key.resolve()?.expose_secret())?;
    let state = AppState::new(settings, &master, database, Clock::system())?;
    let imported = catalog::import(&state, &text).await;
    state.database.close().await;
    Ok(writeln!(std::io::stdout(), "{}.", imported?)?)
}

async fn serve(settings: Settings) -> anyhow::Result<()> {
    let process = Process::start(
        "sluicegate-control-plane",
        &settings.log,
        &settings.otel,
        &settings.admin,
        |id| RequestId::from(id).to_string(),
    )?;
    let seams = Seams {
        runtime: process.runtime().clone(),
        bus: settings.amqp.config_bus(SecretSetting::resolve)?,
        queue: settings.redis.usage_queue(SecretSetting::resolve)?,
        escrow: settings.redis.escrow(SecretSetting::resolve)?,
        rates: settings.redis.rates(SecretSetting::resolve)?,
    };
    let application = Application::build(settings, &seams)?;
    let (address, database) = (application.address(), application.state().database.clone());
    let close = async {
        database.close().await;
        seams.bus.close().await;
        seams.queue.close().await;
        seams.escrow.close().await;
        seams.rates.close().await;
    };
    let serve = |drain| application.run_until_stopped(drain);
    Ok(process.run(address, serve, close).await?)
}
