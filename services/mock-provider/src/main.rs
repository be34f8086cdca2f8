//! The mock provider as a process: configuration from a file, the address on standard output.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use clap::Parser;
use sluicegate_mock_provider::{Config, LedgerKind, MockProvider};
use tokio_util::sync::CancellationToken;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A scriptable provider with a ledger of its own.
///
/// Answers in the formats of OpenAI (/v1: chat/completions, responses, completions, embeddings),
/// Azure (/openai/v1, /openai/deployments), Anthropic (/v1/messages), Gemini (/v1beta/models), Vertex
/// AI (/v1/projects, with /token for service accounts), Bedrock (/model) and Cohere (/v2: chat,
/// rerank, embed). Script and ledger are under /__mock.
#[derive(Debug, Parser)]
#[command(version)]
struct Options {
    /// JSON file with keys, models, prices, script and seed.
    #[arg(long)]
    config: Option<PathBuf>,
    /// Address to listen on; port 0 takes a free one, which is printed.
    #[arg(long)]
    listen: Option<SocketAddr>,
    /// Threads that answer requests.
    #[arg(long)]
    workers: Option<usize>,
    /// File to append every call to.
    #[arg(long)]
    ledger: Option<PathBuf>,
    /// Keep sums only.
    #[arg(long, conflicts_with = "ledger")]
    totals_only: bool,
}

fn config(options: &Options) -> anyhow::Result<Config> {
    let mut config = match &options.config {
        None => Config::default(),
        Some(path) => {
            let text = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
            serde_json::from_slice(&text)
                .with_context(|| format!("{} is not a configuration", path.display()))?
        }
    };
    if let Some(listen) = options.listen {
        config.listen = listen;
    }
    if let Some(workers) = options.workers {
        config.workers = workers;
    }
    if let Some(path) = &options.ledger {
        config.ledger = LedgerKind::File(path.clone());
    }
    if options.totals_only {
        config.ledger = LedgerKind::Totals;
    }
    Ok(config)
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let mock = MockProvider::start(config(&options)?)?;
    writeln!(std::io::stdout(), "listening on {}", mock.base_url())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async move {
        let drain = CancellationToken::new();
        let until = drain.clone();
        let waiting = async move { until.cancelled().await };
        // A second signal has nothing left to hasten here.
        let _ = sluicegate_service_runtime::shutdown::until_stopped(&drain, waiting).await?;
        mock.stop().await;
        Ok(())
    })
}
