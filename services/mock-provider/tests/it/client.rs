//! A small client and the waiting that tests share.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use reqwest::Response;
use serde_json::{Value, json};
use sluicegate_mock_provider::pricing::{Price, PriceTable};
use sluicegate_mock_provider::{Config, Entry, MockHandle, MockProvider};

pub(crate) const PRICE: Price = Price {
    input_pico_usd: 150_000,
    cached_input_pico_usd: Some(75_000),
    output_pico_usd: 600_000,
};

pub(crate) fn config() -> Config {
    Config {
        prices: PriceTable {
            default: PRICE,
            ..PriceTable::default()
        },
        ..Config::default()
    }
}

pub(crate) fn start() -> MockHandle {
    MockProvider::start(config()).unwrap()
}

/// One client for all tests: making one takes long. It keeps no connection, since each test has a
/// runtime of its own.
pub(crate) fn http() -> reqwest::Client {
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    let make = || {
        sluicegate_service_runtime::tls::install_crypto_provider();
        let builder = reqwest::Client::builder().pool_max_idle_per_host(0);
        builder.build().unwrap()
    };
    CLIENT.get_or_init(make).clone()
}

pub(crate) fn chat(model: &str, more: Value) -> Value {
    let mut body = json!({"model": model, "messages": [{"role": "user", "content": "What turns the mill?"}]});
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    body
}

pub(crate) async fn post(mock: &MockHandle, path: &str, body: &Value) -> Response {
    http()
        .post(format!("{}{path}", mock.base_url()))
        .json(body)
        .send()
        .await
        .unwrap()
}

pub(crate) async fn complete(mock: &MockHandle, body: &Value) -> Value {
    let response = post(mock, "/v1/chat/completions", body).await;
    assert_eq!(response.status(), 200);
    response.json().await.unwrap()
}

/// The JSON chunks of a stream and whether it ended in `[DONE]`.
pub(crate) fn chunks(text: &str) -> (Vec<Value>, bool) {
    let data: Vec<&str> = text
        .split("\n\n")
        .filter_map(|frame| frame.strip_prefix("data: "))
        .collect();
    let done = data.last() == Some(&"[DONE]");
    (
        data.iter()
            .filter(|d| **d != "[DONE]")
            .map(|d| serde_json::from_str(d).unwrap())
            .collect(),
        done,
    )
}

pub(crate) fn text_of(chunks: &[Value]) -> String {
    chunks
        .iter()
        .filter_map(|c| c["choices"][0]["delta"]["content"].as_str())
        .collect()
}

/// Waits until the ledger has `count` entries.
pub(crate) async fn billed(mock: &MockHandle, count: usize) -> Vec<Entry> {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let entries = mock.entries();
        if entries.len() >= count || Instant::now() > deadline {
            assert_eq!(entries.len(), count);
            return entries;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
