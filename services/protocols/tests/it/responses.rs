//! Responses: requests as the passthrough reads them, usage against summaries, and the shape of the
//! streams that are written, event by event, against what OpenAI's specification demands.

use std::collections::HashMap;

use bytes::Bytes;
use serde_json::Value;
use sluicegate_protocols::canonical::StreamEnd;
use sluicegate_protocols::dialect::{StreamEncoder, decode_response};
use sluicegate_protocols::openai_responses::ResponsesRequestView;
use sluicegate_protocols::target::AnswerTarget;
use sluicegate_protocols::{Dialect, TokenCounts, passthrough};

use crate::corpus::{Recording, recordings};
use crate::meaning;

#[test]
fn recorded_requests_are_read_and_rewritten() {
    for recording in recordings("responses") {
        let Some(text) = recording.request() else { continue };
        let id = &recording.id;
        let before: Value = serde_json::from_str(&text).unwrap();
        let body = Bytes::from(text);
        let view = ResponsesRequestView::parse(&body, 64).unwrap_or_else(|e| panic!("{id}: {e}"));
        assert_eq!(view.model.decode(), before["model"].as_str().unwrap(), "{id}");
        assert_eq!(view.is_stream(), before["stream"] == true, "{id}");
        let items = before["input"].as_array().map_or(1, Vec::len);
        assert_eq!(view.items as usize, items, "{id}");
        assert_eq!(
            view.tools as usize,
            before["tools"].as_array().map_or(0, Vec::len),
            "{id}"
        );
        assert_eq!(view.output_limit(), before["max_output_tokens"].as_u64(), "{id}");
        assert_eq!(
            view.state.previous_response,
            before["previous_response_id"].is_string(),
            "{id}"
        );
        assert_eq!(
            view.state.conversation,
            before.get("conversation").is_some(),
            "{id}"
        );
        assert_eq!(view.state.background, before["background"] == true, "{id}");
        let images = parts_of_type(&before["input"], "input_image");
        assert_eq!(view.input.images as usize, images, "{id}");

        let rewritten = passthrough::responses(&body, &view, "another/model");
        let mut expected = before;
        expected["model"] = "another/model".into();
        let after: Value = serde_json::from_slice(&rewritten).unwrap();
        assert_eq!(after, expected, "{id}");
    }
}

/// Parts of that type in all items.
fn parts_of_type(input: &Value, kind: &str) -> usize {
    let items = || input.as_array().into_iter().flatten();
    let contents = items().flat_map(|item| [&item["content"], &item["output"]]);
    contents
        .filter_map(Value::as_array)
        .flatten()
        .filter(|part| part["type"] == kind)
        .count()
}

#[test]
fn tokens_are_counted_as_summaries_count_them() {
    for recording in recordings("responses") {
        if !recording.is_oracle() || recording.summary()["usage"].is_null() {
            continue;
        }
        let counts = match (recording.whole(), recording.stream()) {
            (Some(body), _) if recording.status() < 400 => {
                let read = decode_response(Dialect::OpenAiResponses, body.as_bytes()).unwrap();
                read.usage.map(|usage| usage.counts)
            }
            // Several answers run together have several reports, of which the first is read.
            (None, Some(text)) if text.matches("event: response.completed").count() < 2 => {
                let run = meaning::run(Dialect::OpenAiResponses, [text.as_bytes()], None);
                run.response.usage.map(|usage| usage.counts)
            }
            _ => continue,
        };
        let counts = counts.unwrap_or_default();
        let TokenCounts {
            input,
            cached_input,
            output,
            reasoning,
            ..
        } = counts;
        let id = &recording.id;
        assert_eq!(input, recording.count("input"), "{id}");
        assert_eq!(cached_input, recording.count("cached"), "{id}");
        assert_eq!(output, recording.count("output"), "{id}");
        assert_eq!(reasoning, recording.count("reasoning"), "{id}");
    }
}

/// The streams of a dialect's recordings, written in this one.
fn written(dialect: Dialect, endpoint: &str) -> Vec<(Recording, Vec<u8>)> {
    let target = AnswerTarget {
        id: "resp_x",
        model: "m",
        created: 1,
        usage: true,
        meaning_only: false,
        for_any_client: false,
        openrouter: false,
    };
    let mut all = Vec::new();
    for recording in recordings(endpoint) {
        let Some(text) = recording.stream() else { continue };
        let encoder = StreamEncoder::new(Dialect::OpenAiResponses, &target);
        let run = meaning::run(dialect, [text.as_bytes()], Some(encoder));
        if run.end == StreamEnd::Complete {
            all.push((recording, run.written));
        }
    }
    assert!(!all.is_empty());
    all
}

#[test]
fn streams_written_are_in_order_and_whole() {
    for (dialect, endpoint) in [
        (Dialect::OpenAiResponses, "responses"),
        (Dialect::OpenAiChat, "chat.completions"),
    ] {
        for (recording, text) in written(dialect, endpoint) {
            let mut check = Check::new(&recording.id);
            for (name, data) in frames(&text) {
                check.event(&name, &data);
            }
            check.finish();
        }
    }
}

/// Event names and data of a stream.
fn frames(text: &[u8]) -> Vec<(String, Value)> {
    let text = std::str::from_utf8(text).unwrap();
    let frame = |frame: &str| {
        let (name, data) = frame.split_once('\n').unwrap();
        (
            name.strip_prefix("event: ").unwrap().to_owned(),
            serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap(),
        )
    };
    text.split_terminator("\n\n").map(frame).collect()
}

/// Members that the specification requires of each event, besides type and number.
const REQUIRED: &[(&str, &[&str])] = &[
    ("response.created", &["response"]),
    ("response.in_progress", &["response"]),
    ("response.completed", &["response"]),
    ("response.incomplete", &["response"]),
    ("response.output_item.added", &["output_index", "item"]),
    ("response.output_item.done", &["output_index", "item"]),
    (
        "response.content_part.added",
        &["item_id", "output_index", "content_index", "part"],
    ),
    (
        "response.content_part.done",
        &["item_id", "output_index", "content_index", "part"],
    ),
    (
        "response.output_text.delta",
        &["item_id", "output_index", "content_index", "delta", "logprobs"],
    ),
    (
        "response.output_text.done",
        &["item_id", "output_index", "content_index", "text", "logprobs"],
    ),
    (
        "response.output_text.annotation.added",
        &[
            "item_id",
            "output_index",
            "content_index",
            "annotation_index",
            "annotation",
        ],
    ),
    (
        "response.refusal.delta",
        &["item_id", "output_index", "content_index", "delta"],
    ),
    (
        "response.refusal.done",
        &["item_id", "output_index", "content_index", "refusal"],
    ),
    (
        "response.reasoning_text.delta",
        &["item_id", "output_index", "content_index", "delta"],
    ),
    (
        "response.reasoning_text.done",
        &["item_id", "output_index", "content_index", "text"],
    ),
    (
        "response.reasoning_summary_part.added",
        &["item_id", "output_index", "summary_index", "part"],
    ),
    (
        "response.reasoning_summary_part.done",
        &["item_id", "output_index", "summary_index", "part"],
    ),
    (
        "response.reasoning_summary_text.delta",
        &["item_id", "output_index", "summary_index", "delta"],
    ),
    (
        "response.reasoning_summary_text.done",
        &["item_id", "output_index", "summary_index", "text"],
    ),
    (
        "response.function_call_arguments.delta",
        &["item_id", "output_index", "delta"],
    ),
    (
        "response.function_call_arguments.done",
        &["item_id", "output_index", "name", "arguments"],
    ),
    (
        "response.custom_tool_call_input.delta",
        &["item_id", "output_index", "delta"],
    ),
    (
        "response.custom_tool_call_input.done",
        &["item_id", "output_index", "input"],
    ),
];

/// Members that the specification requires of a response.
const RESPONSE: &[&str] = &[
    "id",
    "object",
    "created_at",
    "status",
    "error",
    "incomplete_details",
    "instructions",
    "metadata",
    "model",
    "output",
    "parallel_tool_calls",
    "temperature",
    "tool_choice",
    "tools",
    "top_p",
];

/// Members that the specification requires of finished items and of what is in them.
const PARTS: &[(&str, &[&str])] = &[
    ("message", &["id", "status", "role", "content"]),
    ("reasoning", &["id", "summary"]),
    ("function_call", &["id", "status", "call_id", "name", "arguments"]),
    ("custom_tool_call", &["id", "call_id", "name", "input"]),
    ("output_text", &["text", "annotations", "logprobs"]),
    ("refusal", &["refusal"]),
    ("reasoning_text", &["text"]),
    ("summary_text", &["text"]),
    ("url_citation", &["url", "title", "start_index", "end_index"]),
    ("file_citation", &["file_id", "filename", "index"]),
];

fn require(id: &str, what: &str, value: &Value, table: &[(&str, &[&str])]) {
    if let Some((_, members)) = table.iter().find(|(name, _)| *name == what) {
        for member in *members {
            assert!(
                value.get(*member).is_some(),
                "{id}: {what} without {member}: {value}"
            );
        }
    }
}

/// What was seen of a stream so far.
struct Check<'r> {
    id: &'r str,
    sequence: u64,
    names: Vec<String>,
    /// Finished items.
    output: Vec<Value>,
    /// The id of the item that is open.
    open: Option<Value>,
    /// Pieces by the event that adds them and their place.
    told: HashMap<(String, u64), String>,
    last: Value,
}

impl<'r> Check<'r> {
    fn new(id: &'r str) -> Self {
        Self {
            id,
            sequence: 0,
            names: Vec::new(),
            output: Vec::new(),
            open: None,
            told: HashMap::new(),
            last: Value::Null,
        }
    }

    fn event(&mut self, name: &str, data: &Value) {
        let id = self.id;
        assert_eq!(data["type"], name, "{id}");
        assert_eq!(data["sequence_number"], self.sequence, "{id}");
        self.sequence += 1;
        assert!(REQUIRED.iter().any(|(known, _)| *known == name), "{id}: {name}");
        require(id, name, data, REQUIRED);
        if let Some(response) = data.get("response") {
            for member in RESPONSE {
                assert!(response.get(*member).is_some(), "{id}: no {member} in {name}");
            }
        }
        if let Some(index) = data.get("output_index") {
            assert_eq!(*index, self.output.len(), "{id}: {name}");
        }
        if let Some(item) = data.get("item_id") {
            assert_eq!(Some(item), self.open.as_ref(), "{id}: {name}");
        }
        for member in ["part", "annotation"] {
            let kind = data[member]["type"].as_str().unwrap_or_default();
            require(id, kind, &data[member], PARTS);
        }
        match name {
            "response.output_item.added" => {
                assert!(self.open.is_none(), "{id}: two items open");
                let item = &data["item"];
                self.open = Some(item["id"].clone());
                self.told.clear();
            }
            "response.output_item.done" => self.item(&data["item"]),
            _ => self.piece(name, data),
        }
        self.names.push(name.to_owned());
        self.last = data.clone();
    }

    /// Deltas, and what repeats them.
    fn piece(&mut self, name: &str, data: &Value) {
        let place = ["content_index", "summary_index"]
            .iter()
            .find_map(|member| data[*member].as_u64())
            .unwrap_or(0);
        if let Some(kind) = name.strip_suffix(".delta") {
            let told = self.told.entry((kind.to_owned(), place)).or_default();
            told.push_str(data["delta"].as_str().unwrap());
        }
        if let Some(kind) = name.strip_suffix(".done") {
            let whole = ["text", "refusal", "arguments", "input"]
                .iter()
                .find_map(|member| data[*member].as_str());
            let told = self.told.get(&(kind.to_owned(), place));
            if let Some(whole) = whole {
                assert_eq!(told.map_or("", String::as_str), whole, "{}: {name}", self.id);
            }
        }
    }

    fn item(&mut self, item: &Value) {
        let id = self.id;
        assert_eq!(self.open.take().as_ref(), Some(&item["id"]), "{id}");
        require(id, item["type"].as_str().unwrap(), item, PARTS);
        for part in ["content", "summary"]
            .iter()
            .filter_map(|m| item[*m].as_array())
            .flatten()
        {
            require(id, part["type"].as_str().unwrap_or_default(), part, PARTS);
            for citation in part["annotations"].as_array().into_iter().flatten() {
                require(id, citation["type"].as_str().unwrap_or_default(), citation, PARTS);
            }
        }
        self.output.push(item.clone());
    }

    fn finish(self) {
        let id = self.id;
        assert_eq!(
            self.names.get(..2),
            Some(&["response.created".to_owned(), "response.in_progress".to_owned()][..]),
            "{id}"
        );
        let last = self.names.last().map(String::as_str);
        assert!(
            matches!(last, Some("response.completed" | "response.incomplete")),
            "{id}: {last:?}"
        );
        let response = &self.last["response"];
        assert_eq!(response["output"], Value::from(self.output.clone()), "{id}");
        let ids: Vec<_> = self.output.iter().map(|item| &item["id"]).collect();
        let mut distinct: Vec<_> = ids.iter().map(ToString::to_string).collect();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), ids.len(), "{id}: ids are not distinct");
        let usage = &response["usage"];
        if !usage.is_null() {
            let total = usage["input_tokens"].as_u64().unwrap() + usage["output_tokens"].as_u64().unwrap();
            assert_eq!(usage["total_tokens"], total, "{id}");
            assert!(usage["input_tokens_details"]["cached_tokens"].is_u64(), "{id}");
            assert!(
                usage["output_tokens_details"]["reasoning_tokens"].is_u64(),
                "{id}"
            );
        }
    }
}
