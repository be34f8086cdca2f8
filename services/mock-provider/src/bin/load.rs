//! The load generator as a command: one run, its report as JSON on standard output.

use std::io::Write;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use sluicegate_mock_provider::load::{Mode, Target, run};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Loads an OpenAI-compatible endpoint on this machine.
#[derive(Debug, Parser)]
#[command(version)]
struct Options {
    /// Address of chat completions, on loopback.
    #[arg(long)]
    url: String,
    /// Bearer token.
    #[arg(long, default_value = "sk-bench")]
    key: String,
    /// Model to ask for.
    #[arg(long, default_value = "mock-model")]
    model: String,
    /// Further header, `name: value`.
    #[arg(long)]
    header: Vec<String>,
    /// End after this many seconds whatever happens.
    #[arg(long, default_value_t = 60)]
    limit_seconds: u64,
    #[command(subcommand)]
    mode: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Connections that send as soon as they are answered.
    Closed {
        #[arg(long, default_value_t = 64)]
        connections: usize,
        #[command(flatten)]
        time: Time,
    },
    /// Requests at a fixed rate.
    Open {
        #[arg(long, default_value_t = 500)]
        rate: u32,
        #[command(flatten)]
        time: Time,
    },
    /// Streams at the same time.
    Stream {
        #[arg(long, default_value_t = 200)]
        streams: usize,
        #[arg(long, default_value_t = 3)]
        repeats: usize,
        #[arg(long, default_value_t = 1000)]
        stagger_ms: u64,
    },
}

#[derive(Debug, Args)]
struct Time {
    /// Seconds before measuring.
    #[arg(long, default_value_t = 1.0)]
    warm_up: f64,
    /// Seconds of measuring.
    #[arg(long, default_value_t = 4.0)]
    seconds: f64,
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let target = Target {
        url: options.url,
        key: options.key,
        model: options.model,
        headers: options.header,
    };
    let mode = match options.mode {
        Command::Closed { connections, time } => Mode::Closed {
            connections,
            warm_up: Duration::try_from_secs_f64(time.warm_up)?,
            duration: Duration::try_from_secs_f64(time.seconds)?,
        },
        Command::Open { rate, time } => Mode::Open {
            rate,
            warm_up: Duration::try_from_secs_f64(time.warm_up)?,
            duration: Duration::try_from_secs_f64(time.seconds)?,
        },
        Command::Stream {
            streams,
            repeats,
            stagger_ms,
        } => Mode::Stream {
            streams,
            repeats,
            stagger: Duration::from_millis(stagger_ms),
        },
    };
    let report = run(&target, mode, Duration::from_secs(options.limit_seconds))?;
    writeln!(std::io::stdout(), "{}", serde_json::to_string(&report)?)?;
    Ok(())
}
