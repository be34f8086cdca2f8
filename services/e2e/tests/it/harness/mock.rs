//! The mock provider as a process, and its ledger as the auditor reads it: a file, with prices written down here from
//! the price list and not read from the gateway.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use sluicegate_mock_provider::Entry;

use super::process::{Process, binary, free_ports};

/// A chat model, its price in dollars per million tokens (input, output), as OpenAI publishes them.
pub(crate) const CHAT: &str = "gpt-4o-mini";
/// An embedding model.
pub(crate) const EMBEDDING: &str = "text-embedding-3-small";
/// The credential the mock provider asks for.
pub(crate) const CREDENTIAL: &str = "sk-provider-secret-0123456789";

/// A running mock provider.
#[derive(Debug)]
pub(crate) struct Mock {
    _process: Process,
    /// Base URL with the version path.
    pub(crate) url: String,
    ledger: PathBuf,
}

impl Mock {
    /// Starts one; `behaviour` is how all models answer.
    pub(crate) async fn start(folder: &Path, behaviour: Value) -> Self {
        let [port] = free_ports();
        let (config, ledger) = (folder.join("mock.json"), folder.join("ledger.jsonl"));
        let document = json!({
            "keys": [CREDENTIAL],
            "prices": { "models": {
                CHAT: { "input_pico_usd": 150_000, "cached_input_pico_usd": 75_000, "output_pico_usd": 600_000 },
                EMBEDDING: { "input_pico_usd": 20_000 },
            } },
            "script": { "default": behaviour },
        });
        std::fs::write(&config, document.to_string()).unwrap();
        let mut command = Command::new(binary("sluicegate-mock-provider"));
        command
            .args(["--listen", &format!("127.0.0.1:{port}")])
            .arg("--config")
            .arg(&config)
            .arg("--ledger")
            .arg(&ledger);
        let mut process = Process::start("mock-provider", folder, &mut command);
        let origin = format!("http://127.0.0.1:{port}");
        process.until_ready(&format!("{origin}/__mock/totals")).await;
        Self {
            _process: process,
            url: format!("{origin}/v1"),
            ledger,
        }
    }

    /// Every billed call so far.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        let text = std::fs::read_to_string(&self.ledger).unwrap_or_default();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// Every billed call so far, by the id of the request it was made for.
    pub(crate) fn by_request(&self) -> BTreeMap<String, Vec<Entry>> {
        let mut found = BTreeMap::<String, Vec<Entry>>::new();
        for entry in self.entries() {
            let id = entry.request_id.clone().expect("every call names its request");
            found.entry(id).or_default().push(entry);
        }
        found
    }
}
