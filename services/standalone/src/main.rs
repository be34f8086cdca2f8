//! The `sluicegate` command: parses the command line, prints for a person, and leaves the work to the library.

mod doctor;
mod ledger_report;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Parser, Subcommand};
use sluicegate_service_runtime::shutdown;
use sluicegate_service_runtime::tracing::{LogFormat, LogSettings};
use sluicegate_standalone::data_directory::DataDirectory;
use sluicegate_standalone::ledger::{self, VerifyOptions};
use sluicegate_standalone::{Options, Progress, Standalone, postgres};
use tokio_util::sync::CancellationToken;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Exit code of a comparison that found differences.
const DIFFERENCES: u8 = 6;

/// A multi-tenant router for LLM providers.
#[derive(Debug, Parser)]
#[command(name = "sluicegate", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,

    /// Log levels per module, for example `info,sluicegate_data_plane=debug`
    #[arg(
        long,
        global = true,
        default_value = "warn,sluicegate=info,sluicegate::access=warn",
        value_name = "FILTER"
    )]
    log: String,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run everything on this machine: both planes and a private Postgres
    Up(Options),
    /// Show what `up` would use and what is missing
    Doctor(Options),
    /// The books of prepaid credit and usage
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// Delete the data directory: database, master key, usage not yet counted
    Reset {
        /// Folder given to `up`
        #[arg(long, default_value = ".sluicegate/data", value_name = "DIR")]
        data_dir: PathBuf,
        /// Delete without asking
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Subcommand)]
enum LedgerCommand {
    /// Compare usage events, roll-ups, budgets and the ledger row by row; exits with 6 when they do not agree
    Verify(VerifyOptions),
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse()).await {
        Ok(code) => code,
        Err(error) => {
            // The last word to the operator; standard output stays for results.
            let _ = writeln!(std::io::stderr(), "sluicegate: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Up(options) => {
            start_logging(cli.log)?;
            up(&options).await.map(|()| ExitCode::SUCCESS)
        }
        Command::Doctor(options) => {
            let healthy = doctor::examine(&options, &mut std::io::stdout().lock())?;
            Ok(if healthy {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            })
        }
        Command::Ledger(LedgerCommand::Verify(options)) => {
            let report = ledger::verify(&options, ledger_report::progress(std::io::stderr())).await?;
            ledger_report::write(&report, &mut std::io::stdout().lock())?;
            Ok(if report.agrees() {
                ExitCode::SUCCESS
            } else {
                ExitCode::from(DIFFERENCES)
            })
        }
        Command::Reset { data_dir, yes } => reset(&data_dir, yes).await.map(|()| ExitCode::SUCCESS),
    }
}

fn start_logging(filter: String) -> anyhow::Result<()> {
    let settings = LogSettings {
        format: LogFormat::Pretty,
        filter,
    };
    sluicegate_service_runtime::tracing::init(&settings, None).context("--log")
}

async fn up(options: &Options) -> anyhow::Result<()> {
    let drain = CancellationToken::new();
    let serve = async {
        let standalone = Standalone::start(options, |step| say(&described(&step))).await?;
        say(&welcome(&standalone));
        standalone.run_until_stopped(drain.clone()).await
    };
    shutdown::until_stopped(&drain, serve).await???;
    say("stopped");
    Ok(())
}

fn described(step: &Progress) -> String {
    match step {
        Progress::DatabaseReady { version, after } => {
            format!("Postgres {version} is ready after {:.1} s", after.as_secs_f64())
        }
        Progress::Migrated { after } => {
            format!("the schema is up to date after {:.1} s", after.as_secs_f64())
        }
        Progress::CatalogReady { added: 0, .. } => "models and prices are up to date".to_owned(),
        Progress::CatalogReady { added, after } => {
            format!(
                "{added} model endpoints with prices imported after {:.1} s",
                after.as_secs_f64()
            )
        }
    }
}

fn welcome(standalone: &Standalone) -> String {
    let options = standalone.options();
    let dashboard = options.dashboard_url();
    let next = if options.web_dir.join("index.html").exists() {
        format!("open {dashboard}, sign up, and make your first call")
    } else {
        format!("build the dashboard with `./justw web-build`, or use {dashboard}/api/v1")
    };
    format!(
        "\n  dashboard  {dashboard}\n  endpoint   {}\n  admin      http://{}/readyz\n\n  next       {next}\n             Ctrl-C stops everything; the data stays in {}\n",
        options.inference_url(),
        standalone.addresses().admin,
        options.data_dir.display(),
    )
}

async fn reset(path: &std::path::Path, yes: bool) -> anyhow::Result<()> {
    if !path.exists() {
        say(&format!("there is nothing at {}", path.display()));
        return Ok(());
    }
    if !path.join("master.key").exists() {
        bail!(
            "{} does not look like a data directory of sluicegate",
            path.display()
        );
    }
    let data = DataDirectory::open(path)?;
    if !yes {
        say(&format!(
            "this deletes {} for good: database, keys and credentials",
            data.path().display()
        ));
        say("type `yes` to go on:");
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer)?;
        if answer.trim() != "yes" {
            bail!("nothing was deleted");
        }
    }
    postgres::remove(data.path()).await?;
    std::fs::remove_dir_all(data.path())
        .with_context(|| format!("cannot remove {}", data.path().display()))?;
    say("deleted");
    Ok(())
}

/// Results and progress for the person at the terminal. A closed pipe is no reason to stop serving.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
