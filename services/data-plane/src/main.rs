//! A worker as a process: serve, or check the settings.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand};
use sluicegate_contracts::ids::RequestId;
use sluicegate_data_plane::config::{DEFAULTS, Settings};
use sluicegate_data_plane::startup::{Application, Seams};
use sluicegate_service_runtime::clock::Clock;
use sluicegate_service_runtime::health::Health;
use sluicegate_service_runtime::http_span::HttpSpan;
use sluicegate_service_runtime::metrics::Registry;
use sluicegate_service_runtime::shutdown::{self, Tasks};
use sluicegate_service_runtime::{admin_server, build_info, otel, settings, tls, tracing as logging};
use tokio_util::sync::CancellationToken;

/// Request threads allocate and free on different cores; this allocator is made for that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How long background tasks may take to finish after the last request.
const JOIN_DEADLINE: Duration = Duration::from_secs(10);

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
    settings.config_bus()?;
    settings.usage_queue()?;
    Ok(writeln!(std::io::stdout(), "The settings can be used.")?)
}

async fn serve(settings: &Settings) -> anyhow::Result<()> {
    tls::install_crypto_provider();
    let exporter = otel::exporter(&settings.otel, "sluicegate-data-plane")?;
    logging::init(&settings.log, exporter.as_ref())?;
    let (clock, registry) = (Clock::system(), Registry::new());
    let seams = Seams {
        span: HttpSpan::new(&registry, clock.clone(), |id| RequestId::from(id).to_string()),
        clock,
        tasks: Tasks::new(),
        registry,
        health: Health::new(),
        bus: settings.config_bus()?,
        queue: settings.usage_queue()?,
    };
    let application = Application::build(settings, &seams)?;
    let admin = admin_server::serve(
        settings.admin.listen,
        seams.health.clone(),
        seams.registry.clone(),
    )?;
    tracing::info!(
        address = %application.address(),
        admin = %admin.address(),
        release = build_info::release(),
        "serving"
    );
    // The admin port stops last, so that a draining process can be watched.
    let admin_stop = CancellationToken::new();
    let drain = seams.tasks.drain_token();
    let work = async {
        let serving = async {
            let served = application.run_until_stopped(drain.clone()).await;
            (served, seams.tasks.join(JOIN_DEADLINE).await)
        };
        let outcome = shutdown::until_stopped(&drain, serving).await;
        admin_stop.cancel();
        outcome
    };
    let (outcome, ()) = tokio::join!(work, admin.run_until(admin_stop.clone()));
    let (served, joined) = outcome??;
    served?;
    joined?;
    if let Some(exporter) = exporter {
        tokio::task::spawn_blocking(move || exporter.shutdown()).await?;
    }
    tracing::info!("stopped");
    Ok(())
}
