//! A worker as a process: serve, or check the settings.

use std::io::Write;
use std::path::PathBuf;

use clap::{Parser, Subcommand};
use sluicegate_contracts::ids::RequestId;
use sluicegate_data_plane::config::{DEFAULTS, Settings};
use sluicegate_data_plane::startup::{Application, Seams};
use sluicegate_service_runtime::process::Process;
use sluicegate_service_runtime::secret::SecretSetting;
use sluicegate_service_runtime::{build_info, settings};

/// Request threads allocate and free on different cores; this allocator is made for that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
#[command(name = "sluicegate-data-plane", version = build_info::VERSION, about = "A Sluicegate worker")]
struct Cli {
    /// Settings file (TOML), laid over the built-in defaults and under SLUICEGATE_… variables.
    #[arg(long, env = "SLUICEGATE_CONFIG", global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the inference API.
    Serve,
    /// Read the settings, say whether they can be used, and stop.
    CheckConfig,
}

// Requests run on the server's own threads; these two carry the background tasks.
#[tokio::main(worker_threads = 2)]
async fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    let settings: Settings = settings::load(DEFAULTS, cli.config.as_deref())?;
    match cli.command {
        Command::CheckConfig => check(&settings),
        Command::Serve => serve(&settings).await,
    }
}

fn check(settings: &Settings) -> anyhow::Result<()> {
    settings.master_key()?;
    settings.amqp.config_bus(SecretSetting::resolve)?;
    settings.redis.usage_queue(SecretSetting::resolve)?;
    Ok(writeln!(std::io::stdout(), "The settings can be used.")?)
}

async fn serve(settings: &Settings) -> anyhow::Result<()> {
    let process = Process::start(
        "sluicegate-data-plane",
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
        sightings: settings.redis.sightings(SecretSetting::resolve)?,
    };
    let application = Application::build(settings, &seams)?;
    let address = application.address();
    let close = async {
        seams.bus.close().await;
        seams.queue.close().await;
        seams.escrow.close().await;
        seams.rates.close().await;
        seams.sightings.close().await;
    };
    let serve = |drain| application.run_until_stopped(drain);
    Ok(process.run(address, serve, close).await?)
}
