//! What the echo reads of a request. Lenient: the request was checked before, and whatever is odd counts as absent.

use serde_json::{Map, Value};
use sluicegate_protocols::embeddings::openai::EncodingFormat;
use sluicegate_routing::Seed;

const MAX_CHOICES: u8 = 16;
const DIMENSIONS: usize = 64;
const MAX_DIMENSIONS: usize = 4_096;

/// A chat request, as the echo understands it.
#[derive(Debug)]
pub(super) struct Prompt {
    last: String,
    last_is_tool: bool,
    /// Words over all messages.
    pub(super) words: u64,
    /// The tool to call, when one was demanded or named by the caller.
    pub(super) tool: Option<Tool>,
    /// Most words to answer.
    pub(super) max_tokens: Option<usize>,
    /// Answers wanted.
    pub(super) n: u8,
    /// Whether a usage chunk is wanted.
    pub(super) wants_usage: bool,
}

/// A call of a tool.
#[derive(Debug)]
pub(super) struct Tool {
    pub(super) name: String,
    pub(super) arguments: String,
}

impl Prompt {
    pub(super) fn read(body: &[u8]) -> Self {
        let request: Value = serde_json::from_slice(body).unwrap_or_default();
        let messages = request["messages"].as_array().map_or(&[][..], Vec::as_slice);
        let texts: Vec<String> = messages.iter().map(|it| text(&it["content"])).collect();
        let last = texts.last().cloned().unwrap_or_default();
        let last_is_tool = messages.last().is_some_and(|it| it["role"] == "tool");
        let limit = request["max_completion_tokens"]
            .as_u64()
            .or(request["max_tokens"].as_u64());
        Self {
            tool: if last_is_tool { None } else { tool(&request, &last) },
            last,
            last_is_tool,
            words: texts.iter().map(|it| it.split_whitespace().count() as u64).sum(),
            max_tokens: limit.map(|it| usize::try_from(it).unwrap_or(usize::MAX)),
            n: request["n"]
                .as_u64()
                .and_then(|n| u8::try_from(n).ok())
                .unwrap_or(1)
                .clamp(1, MAX_CHOICES),
            wants_usage: request["stream_options"]["include_usage"] == true,
        }
    }

    /// The text of the answer.
    pub(super) fn reply(&self) -> String {
        match (self.last.trim(), self.last_is_tool) {
            ("", _) => "Hello from Sluicegate.".to_owned(),
            (said, true) => format!("The tool said: {said}"),
            (said, false) => format!("You said: {said}"),
        }
    }
}

/// The text of a content member: a string, or the text parts of an array.
fn text(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let texts: Vec<&str> = parts.iter().filter_map(|part| part["text"].as_str()).collect();
            texts.join(" ")
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => String::new(),
    }
}

/// Calls the tool that `tool_choice` demands, or one whose name stands in the caller's text.
fn tool(request: &Value, said: &str) -> Option<Tool> {
    let functions = request["tools"].as_array()?.iter().map(|it| &it["function"]);
    let name = |function: &Value| function["name"].as_str().unwrap_or_default().to_owned();
    let choice = &request["tool_choice"];
    let demanded = choice["function"]["name"].as_str();
    let function = functions.into_iter().find(|function| {
        let name = name(function);
        match demanded {
            Some(demanded) => name == demanded,
            None => choice == "required" || (choice != "none" && !name.is_empty() && said.contains(&name)),
        }
    })?;
    Some(Tool {
        name: name(function),
        arguments: arguments(&function["parameters"], said).to_string(),
    })
}

/// Arguments that satisfy the required properties of a simple schema.
fn arguments(schema: &Value, said: &str) -> Value {
    let required = schema["required"].as_array().map_or(&[][..], Vec::as_slice);
    let filled = required.iter().filter_map(Value::as_str).map(|name| {
        let value = match schema["properties"][name]["type"].as_str() {
            Some("integer" | "number") => Value::from(1),
            Some("boolean") => Value::Bool(true),
            Some("array") => Value::Array(Vec::new()),
            Some("object") => Value::Object(Map::new()),
            _ => Value::from(said),
        };
        (name.to_owned(), value)
    });
    Value::Object(filled.collect())
}

/// An embeddings request, as the echo understands it.
#[derive(Debug)]
pub(super) struct EmbeddingPrompt {
    items: Vec<String>,
    dimensions: usize,
    /// Words over all items.
    pub(super) words: u64,
    /// Form of the vectors.
    pub(super) encoding: EncodingFormat,
}

impl EmbeddingPrompt {
    pub(super) fn read(body: &[u8]) -> Self {
        let request: Value = serde_json::from_slice(body).unwrap_or_default();
        let items: Vec<String> = match &request["input"] {
            Value::Array(items) if items.iter().all(Value::is_number) => vec![request["input"].to_string()],
            Value::Array(items) => items
                .iter()
                .map(|it| it.as_str().map_or_else(|| it.to_string(), str::to_owned))
                .collect(),
            other @ (Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Object(_)) => vec![text(other)],
        };
        let dimensions = request["dimensions"]
            .as_u64()
            .and_then(|it| usize::try_from(it).ok());
        Self {
            words: items.iter().map(|it| it.split([' ', ',']).count() as u64).sum(),
            items,
            dimensions: dimensions.unwrap_or(DIMENSIONS).clamp(1, MAX_DIMENSIONS),
            encoding: match request["encoding_format"].as_str() {
                Some("base64") => EncodingFormat::Base64,
                _ => EncodingFormat::Float,
            },
        }
    }

    /// One vector of length one per item, from a hash of its text.
    pub(super) fn vectors(&self) -> Vec<Vec<f32>> {
        self.items
            .iter()
            .map(|item| vector(item, self.dimensions))
            .collect()
    }
}

fn vector(text: &str, dimensions: usize) -> Vec<f32> {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mut generator = Seed::from_id(u128::from(hash)).generator();
    let raw: Vec<f32> = (0..dimensions)
        .map(|_| generator.below(2_001) as f32 - 1_000.0)
        .collect();
    let length = raw.iter().map(|it| it * it).sum::<f32>().sqrt().max(1.0);
    raw.into_iter().map(|it| it / length).collect()
}
