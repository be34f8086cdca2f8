//! The mock provider as a process, and what it sells: prices written down here from the provider's price list, never
//! read from the gateway.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use rustix::process::Signal;
use serde_json::json;
use sluicegate_mock_provider::pricing::Price;
use tokio::process::Command;

use super::process::{Process, binary, free_addresses};

/// The model all callers ask for.
pub(crate) const MODEL: &str = "gpt-4o";
/// The credential the provider asks for.
pub(crate) const CREDENTIAL: &str = "sk-provider-secret-0123456789";
/// 2.50 and 10 USD for a million tokens, half of that from the cache.
pub(crate) const PRICE: Price = Price {
    input_pico_usd: 2_500_000,
    cached_input_pico_usd: Some(1_250_000),
    output_pico_usd: 10_000_000,
};

/// See the module.
#[derive(Debug)]
pub(crate) struct Provider {
    folder: PathBuf,
    http: reqwest::Client,
    program: PathBuf,
    config: PathBuf,
    pub(crate) ledger: PathBuf,
    pub(crate) address: SocketAddr,
    process: Option<Process>,
}

impl Provider {
    /// Not started yet; every answer is as long as the caller lets it be, and begins after `first_token_ms`.
    pub(crate) fn new(
        folder: &Path,
        http: reqwest::Client,
        seed: u64,
        first_token_ms: u64,
    ) -> anyhow::Result<Self> {
        let [address] = free_addresses()?;
        let (config, ledger) = (folder.join("provider.json"), folder.join("ledger.jsonl"));
        let document = json!({
            "keys": [CREDENTIAL],
            "prices": { "models": { MODEL: {
                "input_pico_usd": PRICE.input_pico_usd,
                "cached_input_pico_usd": PRICE.cached_input_pico_usd,
                "output_pico_usd": PRICE.output_pico_usd,
            } } },
            "script": { "default": { "output_tokens": 100_000, "first_token_ms": first_token_ms } },
            "seed": seed,
        });
        std::fs::write(&config, document.to_string())?;
        Ok(Self {
            folder: folder.to_owned(),
            http,
            program: binary("sluicegate-mock-provider")?,
            config,
            ledger,
            address,
            process: None,
        })
    }

    /// Starts it and waits until it answers.
    pub(crate) async fn start(&mut self) -> anyhow::Result<()> {
        let mut command = Command::new(&self.program);
        command.args(["--listen", &self.address.to_string()]);
        command.arg("--config").arg(&self.config);
        command.arg("--ledger").arg(&self.ledger);
        let mut process = Process::start("provider", &self.folder, command)?;
        let url = format!("http://{}/__mock/totals", self.address);
        match process.until_ready(&self.http, &url).await? {
            None => self.process = Some(process),
            Some(status) => bail!("the provider does not start: {status}\n{}", process.log_tail()),
        }
        Ok(())
    }

    /// kill -9: what was under way is neither answered nor billed.
    pub(crate) async fn kill(&mut self) -> anyhow::Result<()> {
        self.process.take().context("it runs")?.kill().await
    }

    /// Stops it for a while, or lets it go on.
    pub(crate) fn pause(&self, is_paused: bool) -> anyhow::Result<()> {
        let signal = if is_paused { Signal::STOP } else { Signal::CONT };
        self.process.as_ref().context("it runs")?.signal(signal)
    }
}
