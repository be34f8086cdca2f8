//! The mock's documents held against recordings: an object has no member that no server of the dialect
//! was seen to send, and every member that the provider itself sends each time. Objects are known by
//! the event they stand in, their place in it, and their type.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;
use sluicegate_protocols::canonical::Request;
use sluicegate_protocols::dialect::{Dialect, Framing};

use super::{Way, ask, ask_with_tools, frames, thinking, way};
use crate::client::start;

/// Members of what callers and schemas make up, and are not looked into.
const FREE: [&str; 8] = [
    "input",
    "args",
    "metadata",
    "tools",
    "logprobs",
    "container",
    "annotations",
    "text",
];

/// Members seen of an object.
#[derive(Debug, Default, Clone)]
struct Members {
    any: BTreeSet<String>,
    all: BTreeSet<String>,
    seen: usize,
}

type Shape = BTreeMap<String, Members>;

fn look(value: &Value, place: &str, shape: &mut Shape) {
    match value {
        Value::Array(items) => items
            .iter()
            .for_each(|item| look(item, &format!("{place}[]"), shape)),
        Value::Object(members) => {
            let kind = members.get("type").and_then(Value::as_str).unwrap_or_default();
            let place = format!("{place}<{kind}>");
            let names: BTreeSet<String> = members.keys().cloned().collect();
            let known = shape.entry(place.clone()).or_default();
            known.all = if known.seen == 0 {
                names.clone()
            } else {
                known.all.intersection(&names).cloned().collect()
            };
            known.any.extend(names);
            known.seen += 1;
            for (name, value) in members {
                if !FREE.contains(&name.as_str()) {
                    look(value, &format!("{place}.{name}"), shape);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn look_into_stream(framing: Framing, bytes: &[u8], shape: &mut Shape) {
    for (event, data) in frames(framing, bytes) {
        // The end marker of OpenAI's chunks is no document.
        if let Ok(document) = serde_json::from_slice::<Value>(&data) {
            let name = if framing == Framing::EventStream {
                String::from_utf8(event.unwrap_or_default()).unwrap()
            } else {
                "event".to_owned()
            };
            look(&document, &name, shape);
        }
    }
}

/// Shapes of the recordings of one provider.
fn recorded(dialect: Dialect, provider: &str) -> Shape {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../protocols/tests/golden");
    let mut shape = Shape::new();
    let mut count = 0;
    for file in std::fs::read_dir(golden.join(dialect.as_str())).unwrap() {
        let path = file.unwrap().path();
        if !path.file_name().unwrap().to_str().unwrap().starts_with(provider) {
            continue;
        }
        let recording: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let answer = &recording["response"];
        if answer["status"] != 200 {
            continue;
        }
        count += 1;
        if let Some(text) = answer["text"].as_str() {
            look_into_stream(Framing::Sse, text.as_bytes(), &mut shape);
        } else if let Some(events) = answer["events"].as_array() {
            for event in events {
                look(&event["payload"], event["type"].as_str().unwrap(), &mut shape);
            }
        } else {
            look(&answer["body"], "whole", &mut shape);
        }
    }
    assert!(count > 3, "{count} recordings of {provider}");
    shape
}

/// Shapes of what the mock answers to each kind of question.
async fn answered(way: &Way) -> Shape {
    let mock = start();
    let mut shape = Shape::new();
    let mut short = ask("[[say=one two three]]");
    short.max_output_tokens = Some(2);
    let questions: [Request<'static>; 5] = [
        ask("What turns the mill?"),
        ask_with_tools("[[call=2]]"),
        thinking(ask_with_tools("[[call=2]]")),
        thinking(ask("What turns the mill?")),
        short,
    ];
    for question in questions {
        let whole = way.send(&mock, &question, false).await.bytes().await.unwrap();
        look(&serde_json::from_slice(&whole).unwrap(), "whole", &mut shape);
        let streamed = way.streamed(&mock, &question).await;
        look_into_stream(way.dialect.framing(), &streamed.bytes, &mut shape);
    }
    shape
}

/// What differs, a line each.
fn differences(mock: &Shape, anyone: &Shape, provider: &Shape) -> Vec<String> {
    let mut found = Vec::new();
    for (place, members) in mock {
        let Some(known) = anyone.get(place) else {
            found.push(format!("{place} is invented"));
            continue;
        };
        for name in members.any.difference(&known.any) {
            found.push(format!("{place}.{name} is invented"));
        }
        if let Some(known) = provider.get(place) {
            for name in known.all.difference(&members.all) {
                found.push(format!("{place}.{name} is left out"));
            }
        }
    }
    found
}

/// Holds one format against recordings; `but` are the differences that are known.
async fn hold(name: &str, provider: &str, but: &[&str]) {
    let way = way(name);
    let (anyone, provider) = (recorded(way.dialect, ""), recorded(way.dialect, provider));
    let found = differences(&answered(way).await, &anyone, &provider);
    assert_eq!(found, but, "{name}");
}

#[tokio::test]
async fn anthropic() {
    // Who calls the tool, which newer models tell in answers that are not streamed.
    let known = ["whole<message>.content[]<tool_use>.caller is left out"];
    hold("anthropic", "anthropic", &known).await;
}

#[tokio::test]
async fn responses() {
    // No answer of this set ran into its limit; the event is that of a complete one by another name. The
    // name of the function is in OpenAI's reference.
    let known = [
        "event<response.function_call_arguments.done>.name is invented",
        "event<response.incomplete> is invented",
        "event<response.incomplete>.response<> is invented",
        "event<response.incomplete>.response<>.incomplete_details<> is invented",
        "event<response.incomplete>.response<>.output[]<message> is invented",
        "event<response.incomplete>.response<>.output[]<message>.content[]<output_text> is invented",
        "event<response.incomplete>.response<>.reasoning<> is invented",
        "event<response.incomplete>.response<>.usage<> is invented",
        "event<response.incomplete>.response<>.usage<>.input_tokens_details<> is invented",
        "event<response.incomplete>.response<>.usage<>.output_tokens_details<> is invented",
        "whole<>.incomplete_details<> is invented",
    ];
    hold("responses", "openai", &known).await;
}

#[tokio::test]
async fn gemini() {
    hold("gemini", "gemini", &[]).await;
}

#[tokio::test]
async fn bedrock() {
    // The few recordings of streams were made without signed reasoning.
    let known = ["contentBlockDelta<>.delta<>.reasoningContent<>.signature is invented"];
    hold("bedrock", "bedrock", &known).await;
}

#[tokio::test]
async fn cohere() {
    // Whole answers were recorded with it.
    let known = ["event<message-end>.delta<>.usage<>.tokens<>.reasoning_tokens is invented"];
    hold("cohere", "cohere", &known).await;
}

#[tokio::test]
async fn azure() {
    hold("azure", "azure", &[]).await;
}

#[test]
fn a_difference_is_seen() {
    let shape = |text: &str| {
        let mut shape = Shape::new();
        look(&serde_json::from_str(text).unwrap(), "whole", &mut shape);
        shape
    };
    let recorded = shape(r#"{"type":"a","b":[{"c":1}]}"#);
    let found = |text: &str| differences(&shape(text), &recorded, &recorded);
    assert!(found(r#"{"type":"a","b":[{"c":2}]}"#).is_empty());
    assert_eq!(
        found(r#"{"type":"a","b":[{"d":2}]}"#),
        ["whole<a>.b[]<>.d is invented", "whole<a>.b[]<>.c is left out"]
    );
    assert_eq!(found(r#"{"type":"x"}"#), ["whole<x> is invented"]);
}
