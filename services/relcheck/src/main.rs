//! `relcheck`: starts the distributed deployment, loads it, breaks it on a schedule, and judges from outside whether
//! the promises about money and records held (docs/reliability.md).
//!
//! ```text
//! runs ── what a run is: hammer, storm, outage, short
//!  ├── schedule ── which fault strikes when: a pure function of the seed
//!  ├── stack ──── the processes and servers, each behind fault proxies; strikes and repairs
//!  ├── scene ──── who calls under which budgets; made by tenant, over REST
//!  ├── load ───── callers, and the log of what each saw
//!  ├── evidence ─ the provider's ledger and the rows in Postgres, read by a connection of our own
//!  └── verdict ── what must hold, each rule with a name and the numbers it was judged by
//! ```

mod evidence;
mod load;
mod operator;
mod options;
mod report;
mod runs;
mod scene;
mod schedule;
mod stack;
mod tenant;
mod verdict;

use std::process::ExitCode;

use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

use options::Cli;
use report::say;

/// What a shell expects of a process that a signal ended.
const INTERRUPTED: u8 = 130;

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let cli = Cli::parse();
    // Dropping the run stops everything it has started.
    let mut terminate = signal(SignalKind::terminate())?;
    let interrupted = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
    };
    tokio::select! {
        outcome = Box::pin(runs::run(cli)) => outcome.map(|holds| if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE }),
        () = interrupted => {
            say("interrupted: everything is stopped");
            Ok(ExitCode::from(INTERRUPTED))
        }
    }
}
