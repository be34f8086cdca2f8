//! Every dialect in, whatever the provider speaks: whole answers, streams, tools, errors and what cannot be said.

mod bedrock;
mod cohere;
mod completions;
mod counting;
mod cursor;
mod foreign_reasoning;
mod gemini;
mod hostile;
mod losses;
mod messages;
mod paths;
mod rerank;
mod responses;
mod slow;
mod untold;
mod vectors;

use reqwest::Response;
use serde_json::Value;

use crate::support::{Config, Provider, Script, Worker};

/// A worker with a provider of Chat Completions behind `local/…` that answers by these scripts.
async fn with_chat(scripts: impl IntoIterator<Item = Script>) -> (Worker, Provider) {
    let provider = Provider::start(scripts).await;
    let mut config = Config::new();
    config.compatible("local", &provider.url());
    (Worker::start(&config), provider)
}

/// The data of each event, with its name.
fn events(text: &str) -> Vec<(String, Value)> {
    let frames = text.split("\n\n").filter(|frame| frame.contains("data: "));
    let parsed = frames.map(|frame| {
        let line = |name: &str| frame.lines().find_map(|line| line.strip_prefix(name));
        let name = line("event: ").unwrap_or_default().to_owned();
        let data = line("data: ").unwrap();
        (name, serde_json::from_str(data).unwrap_or(Value::Null))
    });
    parsed.collect()
}

fn header<'r>(response: &'r Response, name: &str) -> Option<&'r str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

const CHAT_ANSWER: &str = r#"{"id":"c1","object":"chat.completion","created":7,"model":"m-1","choices":[{"index":0,"message":{"role":"assistant","content":"Hi."},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}"#;
const CHAT_HEL: &str = "data: {\"id\":\"c1\",\"created\":7,\"model\":\"m-1\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"Hel\"}}]}\n\n";
const CHAT_LO: &str = "data: {\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"lo\"},\"finish_reason\":\"stop\"}]}\n\n";
const CHAT_USAGE: &str = "data: {\"id\":\"c1\",\"choices\":[],\"usage\":{\"prompt_tokens\":11,\"completion_tokens\":2,\"total_tokens\":13}}\n\n";
const DONE: &str = "data: [DONE]\n\n";

fn chat_stream() -> Script {
    Script::events()
        .then(CHAT_HEL)
        .then(CHAT_LO)
        .then(CHAT_USAGE)
        .then(DONE)
        .end()
}
