//! Recorded traffic of other dialects told in Gemini's: what comes out has only members that Google
//! knows, keeps the rules of turns, says the same, and reads back.

use serde_json::Value;
use sluicegate_protocols::Dialect;
use sluicegate_protocols::canonical::{Candidate, FinishReason, StreamEnd};
use sluicegate_protocols::dialect::{
    StreamEncoder, decode_request, decode_response, encode_request, encode_response,
};
use sluicegate_protocols::lossy::Severity;
use sluicegate_protocols::target::{AnswerTarget, RequestTarget};

use crate::corpus::{Recording, recordings};
use crate::meaning::{self, told};

const SOURCES: [(Dialect, &str); 2] = [
    (Dialect::OpenAiChat, "chat.completions"),
    (Dialect::AnthropicMessages, "messages"),
];

const TARGET: AnswerTarget<'static> = AnswerTarget {
    id: "x",
    model: "m",
    created: 0,
    usage: true,
    meaning_only: false,
    for_any_client: true,
    openrouter: false,
};

/// Recordings of other dialects.
fn foreign() -> impl Iterator<Item = (Dialect, Recording)> {
    SOURCES
        .into_iter()
        .flat_map(|(dialect, endpoint)| recordings(endpoint).into_iter().map(move |r| (dialect, r)))
}

/// Members of `value` must be among those that Google's services describe.
fn assert_members(id: &str, value: &Value, known: &[&str]) {
    for name in value.as_object().into_iter().flat_map(|object| object.keys()) {
        assert!(known.contains(&name.as_str()), "{id}: {name}");
    }
}

#[test]
fn requests_keep_the_rules() {
    let (mut count, mut whole) = (0, 0);
    for (dialect, recording) in foreign() {
        let Some(text) = recording.request() else { continue };
        let Ok(request) = decode_request(dialect, text.as_bytes(), 64) else {
            continue;
        };
        let id = &recording.id;
        let encoded = encode_request(Dialect::Gemini, &request, &RequestTarget::default());
        decode_request(Dialect::Gemini, &encoded.body, 64).unwrap_or_else(|e| panic!("{id}: {e}"));
        let sent: Value = serde_json::from_slice(&encoded.body).unwrap();
        assert_members(
            id,
            &sent,
            &[
                "contents",
                "systemInstruction",
                "tools",
                "toolConfig",
                "generationConfig",
            ],
        );
        assert_members(
            id,
            &sent["generationConfig"],
            &[
                "temperature",
                "topP",
                "topK",
                "seed",
                "candidateCount",
                "maxOutputTokens",
                "stopSequences",
                "presencePenalty",
                "frequencyPenalty",
                "responseLogprobs",
                "logprobs",
                "responseMimeType",
                "responseJsonSchema",
                "responseModalities",
                "thinkingConfig",
            ],
        );
        for content in sent["contents"].as_array().unwrap() {
            assert_content(id, content);
        }
        assert_results(id, sent["contents"].as_array().unwrap());
        count += 1;
        whole += u32::from(encoded.losses.worst() < Some(Severity::Missing));
    }
    assert!(
        count > 0 && whole * 4 > count * 3,
        "{whole} of {count} lack nothing"
    );
}

/// A content speaks for one of two sides and says something; a part holds one thing.
fn assert_content(id: &str, content: &Value) {
    assert!(content["role"] == "user" || content["role"] == "model", "{id}");
    let parts = content["parts"].as_array().unwrap();
    assert!(!parts.is_empty(), "{id}");
    for part in parts {
        let held = [
            "text",
            "inlineData",
            "fileData",
            "functionCall",
            "functionResponse",
        ];
        let count = held.iter().filter(|name| !part[**name].is_null()).count();
        assert_eq!(count, 1, "{id}: {part:.200}");
        for media in ["inlineData", "fileData"] {
            assert!(
                part[media].is_null() || part[media]["mimeType"].is_string(),
                "{id}"
            );
        }
        let call = &part["functionCall"];
        assert!(call.is_null() || call["args"].is_object(), "{id}");
        let result = &part["functionResponse"];
        assert!(
            result.is_null() || (result["name"].is_string() && result["response"].is_object()),
            "{id}"
        );
    }
}

/// The results of the calls of one turn all stand in the next.
fn assert_results(id: &str, contents: &[Value]) {
    let names = |content: &Value, kind: &str| -> Vec<String> {
        let parts = content["parts"].as_array().unwrap();
        let held = parts.iter().filter(|part| !part[kind].is_null());
        held.map(|part| part[kind]["name"].as_str().unwrap().to_owned())
            .collect()
    };
    for pair in contents.windows(2) {
        let mut called = names(&pair[0], "functionCall");
        let mut answered = names(&pair[1], "functionResponse");
        called.sort();
        answered.sort();
        if !answered.is_empty() {
            assert_eq!(called, answered, "{id}");
        }
    }
}

/// What an answer says, its calls as values.
fn said(candidate: &Candidate<'_>) -> (String, String, Vec<(String, Value)>) {
    let told = told(candidate);
    let value =
        |text: &str| serde_json::from_str(text).unwrap_or_else(|_| serde_json::json!({"input": text}));
    let calls = told
        .calls
        .iter()
        .map(|(name, arguments)| (name.clone(), value(arguments)));
    (told.text, told.reasoning, calls.collect())
}

fn reason(candidate: &Candidate<'_>) -> Option<FinishReason> {
    let reason = candidate.finish.as_ref()?.reason;
    Some(match reason {
        FinishReason::StopSequence | FinishReason::Pause => FinishReason::Stop,
        FinishReason::ContextWindow => FinishReason::Length,
        FinishReason::Refusal => FinishReason::ContentFilter,
        FinishReason::Error => FinishReason::Other,
        same @ (FinishReason::Stop
        | FinishReason::Length
        | FinishReason::ToolUse
        | FinishReason::ContentFilter
        | FinishReason::Other) => same,
    })
}

#[test]
fn answers_say_the_same() {
    let mut count = 0;
    for (dialect, recording) in foreign() {
        let Some(text) = recording.whole().filter(|_| recording.status() < 400) else {
            continue;
        };
        let id = &recording.id;
        let response = decode_response(dialect, text.as_bytes()).unwrap();
        let encoded = encode_response(Dialect::Gemini, &response, &TARGET);
        let again = decode_response(Dialect::Gemini, &encoded.body).unwrap();
        assert_eq!(again.candidates.len(), response.candidates.len(), "{id}");
        for (before, after) in response.candidates.iter().zip(&again.candidates) {
            assert_eq!(said(before), said(after), "{id}");
            assert_eq!(reason(before), reason(after), "{id}");
        }
        let total = |usage: &Option<sluicegate_protocols::canonical::Usage<'_>>| {
            usage
                .as_ref()
                .map(|usage| (usage.counts.input, usage.counts.output))
        };
        assert_eq!(total(&again.usage), total(&response.usage), "{id}");
        count += 1;
    }
    assert!(count > 0);
}

#[test]
fn streams_say_the_same_and_end_the_same() {
    let mut count = 0;
    for (dialect, recording) in foreign() {
        let Some(text) = recording.stream() else { continue };
        let id = &recording.id;
        let encoder = StreamEncoder::new(Dialect::Gemini, &TARGET);
        let first = meaning::run(dialect, [text.as_bytes()], Some(encoder));
        let second = meaning::run(Dialect::Gemini, [first.written.as_slice()], None);
        assert_eq!(
            second.end == StreamEnd::Complete,
            first.end == StreamEnd::Complete,
            "{id}"
        );
        if first.end != StreamEnd::Complete {
            continue;
        }
        for (before, after) in first.response.candidates.iter().zip(&second.response.candidates) {
            assert_eq!(said(before), said(after), "{id}");
            assert_eq!(reason(before), reason(after), "{id}");
        }
        count += 1;
    }
    assert!(count > 0);
}
