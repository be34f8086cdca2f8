//! generateContent: requests as the passthrough reads them, and token counts as recorded.

use bytes::Bytes;
use serde_json::Value;
use sluicegate_protocols::canonical::StreamEnd;
use sluicegate_protocols::dialect::decode_response;
use sluicegate_protocols::gemini::GeminiRequestView;
use sluicegate_protocols::{Dialect, TokenCounts, passthrough};

use crate::corpus::{Recording, recordings};
use crate::meaning;

const ENDPOINTS: [&str; 2] = ["generateContent", "streamGenerateContent"];

/// The value of a member in either spelling.
fn member<'v>(value: &'v Value, camel: &str, snake: &str) -> &'v Value {
    if value[camel].is_null() {
        &value[snake]
    } else {
        &value[camel]
    }
}

#[test]
fn recorded_requests_are_read_and_stripped_of_the_extension() {
    for recording in ENDPOINTS.into_iter().flat_map(recordings) {
        let Some(text) = recording.request() else { continue };
        let id = &recording.id;
        let before: Value = serde_json::from_str(&text).unwrap();
        let marked = text.replacen('{', r#"{"sluicegate":{"cache":false},"#, 1);
        let body = Bytes::from(marked);
        let view = GeminiRequestView::parse(&body, 64).unwrap_or_else(|e| panic!("{id}: {e}"));
        assert_eq!(passthrough::gemini(&body, &view), text.as_bytes(), "{id}");

        let config = member(&before, "generationConfig", "generation_config");
        assert_eq!(view.output_limit(), config["maxOutputTokens"].as_u64(), "{id}");
        let contents = before["contents"].as_array().unwrap();
        assert_eq!(view.contents as usize, contents.len(), "{id}");
        let tools = match &before["tools"] {
            Value::Array(tools) => tools.clone(),
            Value::Null => Vec::new(),
            one @ (Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => {
                vec![one.clone()]
            }
        };
        let offered: usize = tools
            .iter()
            .flat_map(|tool| tool.as_object().unwrap())
            .map(|(_, value)| value.as_array().map_or(1, Vec::len))
            .sum();
        assert_eq!(view.tools as usize, offered, "{id}");
        let images = text.matches("\"image/").count();
        assert_eq!(view.input.images as usize, images, "{id}");
        assert!(view.input.text_bytes as usize <= text.len(), "{id}");
    }
}

/// The recording's own counts by our rules. Google counts thoughts beside the answer, and what its
/// tools fed the model beside the prompt; the summaries leave the latter out of the input.
fn expected(recording: &Recording, tool_prompt: u64) -> (u64, u64, u64) {
    let reasoning = recording.count("reasoning");
    (
        recording.count("input") + tool_prompt,
        recording.count("output") + reasoning,
        reasoning,
    )
}

fn ours(counts: Option<TokenCounts>) -> (u64, u64, u64) {
    let counts = counts.unwrap_or_default();
    (counts.input, counts.output, counts.reasoning)
}

#[test]
fn recorded_counts_add_up_to_googles_total() {
    let mut checked = 0;
    for recording in ENDPOINTS.into_iter().flat_map(recordings) {
        let id = &recording.id;
        if !recording.is_oracle() || recording.status() >= 400 {
            continue;
        }
        let (counts, native) = match (recording.whole(), recording.stream()) {
            (Some(text), _) => {
                let response = decode_response(Dialect::Gemini, text.as_bytes()).unwrap();
                let usage = response.usage.unwrap();
                (usage.counts, usage.native.unwrap().into_owned())
            }
            (None, Some(text)) => {
                let run = meaning::run(Dialect::Gemini, [text.as_bytes()], None);
                assert_eq!(run.end, StreamEnd::Complete, "{id}");
                let usage = run.response.usage.unwrap();
                (usage.counts, usage.native.unwrap())
            }
            (None, None) => continue,
        };
        let native: Value = serde_json::from_str(native.as_str()).unwrap();
        let tool_prompt = native["toolUsePromptTokenCount"].as_u64().unwrap_or(0);
        assert_eq!(ours(Some(counts)), expected(&recording, tool_prompt), "{id}");
        if let Some(total) = native["totalTokenCount"].as_u64() {
            assert_eq!(counts.total(), total, "{id}");
        }
        checked += 1;
    }
    assert!(checked >= 10, "only {checked} recordings have counts");
}
