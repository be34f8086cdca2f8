//! The mock provider as a process, and its ledger as the auditor reads it: a file, with prices written down here from
//! the price list and not read from the gateway.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use sluicegate_mock_provider::Entry;
use sluicegate_mock_provider::pricing::Price;

use super::process::{Process, binary, free_ports};
use super::rest::nanos;

/// A chat model.
pub(crate) const CHAT: &str = "gpt-4o-mini";
/// An embedding model.
pub(crate) const EMBEDDING: &str = "text-embedding-3-small";
/// A chat model for scripts that differ from [`CHAT`]'s.
pub(crate) const SECOND_CHAT: &str = "gpt-4.1-nano";
/// And a third.
pub(crate) const THIRD_CHAT: &str = "gpt-4.1-mini";

/// What OpenAI publishes about a model.
#[derive(Debug)]
pub(crate) struct Listed {
    model: &'static str,
    pub(crate) price: Price,
    /// Most tokens of an answer.
    pub(crate) max_output: u64,
}

/// Input, cached input and output; a dollar per million tokens is 1,000,000 pico-dollars per token.
const fn listed(model: &'static str, price: [u64; 3], max_output: u64) -> Listed {
    let price = Price {
        input_pico_usd: price[0],
        cached_input_pico_usd: Some(price[1]),
        output_pico_usd: price[2],
    };
    Listed {
        model,
        price,
        max_output,
    }
}

const PRICE_LIST: [Listed; 4] = [
    listed(CHAT, [150_000, 75_000, 600_000], 16_384),
    listed(SECOND_CHAT, [100_000, 25_000, 400_000], 32_768),
    listed(THIRD_CHAT, [400_000, 100_000, 1_600_000], 32_768),
    listed(EMBEDDING, [20_000, 20_000, 0], 0),
];

/// Looks a model up in the price list.
pub(crate) fn list_entry(model: &str) -> &'static Listed {
    PRICE_LIST.iter().find(|listed| listed.model == model).unwrap()
}

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
    /// Starts one; `more` is added to its configuration: the script, the seed.
    pub(crate) async fn start(folder: &Path, more: Value) -> Self {
        let [port] = free_ports();
        let (config, ledger) = (folder.join("mock.json"), folder.join("ledger.jsonl"));
        let price = |price: &Price| {
            json!({
                "input_pico_usd": price.input_pico_usd,
                "cached_input_pico_usd": price.cached_input_pico_usd,
                "output_pico_usd": price.output_pico_usd,
            })
        };
        let prices: Value = PRICE_LIST
            .iter()
            .map(|listed| (listed.model.to_owned(), price(&listed.price)))
            .collect();
        let mut document = json!({ "keys": [CREDENTIAL], "prices": { "models": prices } });
        document
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
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

    /// Scheme, host and port.
    pub(crate) fn origin(&self) -> &str {
        self.url.trim_end_matches("/v1")
    }

    /// Every call that has ended so far.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        let text = std::fs::read_to_string(&self.ledger).unwrap_or_default();
        // What follows the last line feed is being written.
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        whole
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// Every call that has ended so far, by the id of the request it was made for.
    pub(crate) fn by_request(&self) -> BTreeMap<String, Vec<Entry>> {
        let mut found = BTreeMap::<String, Vec<Entry>>::new();
        for entry in self.entries() {
            let id = entry.request_id.clone().expect("every call names its request");
            found.entry(id).or_default().push(entry);
        }
        found
    }
}

/// Holds a row of the request list against what was billed for it.
pub(crate) fn assert_as_billed(row: &Value, entry: &Entry) {
    let tokens = (row["tokens"]["input"].as_u64(), row["tokens"]["output"].as_u64());
    assert_eq!(
        tokens,
        (Some(entry.input_tokens), Some(entry.output_tokens)),
        "{row}"
    );
    assert_eq!(nanos(&row["cost"]), Some(entry.cost_nano_usd), "{row}");
    assert!(entry.cost_nano_usd > 0);
    assert_eq!(row["cost_evidence"], "reported", "{row}");
}
