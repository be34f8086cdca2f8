//! The control plane as a process: serve, migrate, import the catalog, print the OpenAPI document, check the settings.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::{Parser, Subcommand};
use secrecy::ExposeSecret;
use sluicegate_backplane::{ConfigBus, UsageQueue};
use sluicegate_contracts::ids::RequestId;
use sluicegate_control_plane::app::catalog;
use sluicegate_control_plane::settings::{AmqpSettings, DEFAULTS, RedisSettings, Settings};
use sluicegate_control_plane::startup::Seams;
use sluicegate_control_plane::state::AppState;
use sluicegate_control_plane::store::Database;
use sluicegate_control_plane::{Application, openapi, store};
use sluicegate_credentials::MasterKey;
use sluicegate_service_runtime::clock::Clock;
use sluicegate_service_runtime::health::Health;
use sluicegate_service_runtime::http_span::HttpSpan;
use sluicegate_service_runtime::metrics::Registry;
use sluicegate_service_runtime::shutdown::{self, Tasks};
use sluicegate_service_runtime::{admin_server, build_info, otel, settings, tls, tracing as logging};
use tokio_util::sync::CancellationToken;

/// How long background tasks may take to finish.
const JOIN_DEADLINE: Duration = Duration::from_secs(10);

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
            config_bus(&settings.amqp)?;
            usage_queue(&settings.redis)?;
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

fn config_bus(settings: &AmqpSettings) -> anyhow::Result<ConfigBus> {
    let url = settings.url.as_ref().context("setting `amqp.url` is missing")?;
    Ok(ConfigBus::rabbitmq(
        url.resolve()?.expose_secret(),
        &settings.prefix,
    )?)
}

fn usage_queue(settings: &RedisSettings) -> anyhow::Result<UsageQueue> {
    let url = settings.url.as_ref().context("setting `redis.url` is missing")?;
    Ok(UsageQueue::redis(
        url.resolve()?.expose_secret(),
        &settings.prefix,
        settings.queue_cap,
    )?)
}

async fn serve(settings: Settings) -> anyhow::Result<()> {
    tls::install_crypto_provider();
    let exporter = otel::exporter(&settings.otel, "sluicegate-control-plane")?;
    logging::init(&settings.log, exporter.as_ref())?;
    let (clock, registry) = (Clock::system(), Registry::new());
    let seams = Seams {
        span: HttpSpan::new(&registry, clock.clone(), |id| RequestId::from(id).to_string()),
        clock,
        tasks: Tasks::new(),
        registry,
        health: Health::new(),
        bus: config_bus(&settings.amqp)?,
        queue: usage_queue(&settings.redis)?,
    };
    let admin = admin_server::serve(
        settings.admin.listen,
        seams.health.clone(),
        seams.registry.clone(),
    )?;
    let application = Application::build(settings, &seams)?;
    tracing::info!(address = %application.address(), admin = %admin.address(), release = build_info::release(), "serving");
    let database = application.state().database.clone();
    let admin_stop = CancellationToken::new();
    let drain = seams.tasks.drain_token();
    // The admin port stops last, so that a draining process can be watched.
    let work = async {
        let served = shutdown::until_stopped(&drain, application.run_until_stopped(drain.clone())).await;
        let joined = seams.tasks.join(JOIN_DEADLINE).await;
        database.close().await;
        seams.bus.close().await;
        seams.queue.close().await;
        admin_stop.cancel();
        (served, joined)
    };
    let ((served, joined), ()) = tokio::join!(work, admin.run_until(admin_stop.clone()));
    served???;
    joined?;
    if let Some(exporter) = exporter {
        tokio::task::spawn_blocking(move || exporter.shutdown()).await?;
    }
    Ok(())
}
