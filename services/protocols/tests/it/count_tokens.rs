//! Token counts asked of providers: the question is a request of the dialect, and is read as one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sluicegate_protocols::Dialect;
use sluicegate_protocols::anthropic_messages::MessagesRequestView;
use sluicegate_protocols::dialect::decode_request;

use crate::corpus::recordings;

pub(crate) const ENDPOINT: &str = "count_tokens";

#[test]
fn recorded_questions_are_requests_of_their_dialect() {
    for recording in recordings(ENDPOINT) {
        let id = &recording.id;
        let text = recording.request().unwrap();
        let request: Value = serde_json::from_str(&text).unwrap();
        // Google and Amazon may wrap the request, and Amazon one in base64.
        let invoked = request.pointer("/input/invokeModel/body").and_then(Value::as_str);
        let (dialect, inner) = if let Some(body) = invoked {
            let body = STANDARD.decode(body).unwrap();
            (Dialect::AnthropicMessages, String::from_utf8(body).unwrap())
        } else if let Some(inner) = request.pointer("/input/converse") {
            (Dialect::BedrockConverse, inner.to_string())
        } else if let Some(inner) = request.get("generateContentRequest") {
            (Dialect::Gemini, inner.to_string())
        } else if request.get("contents").is_some() {
            (Dialect::Gemini, text)
        } else if request.get("input").is_some() {
            (Dialect::OpenAiResponses, text)
        } else {
            let view =
                MessagesRequestView::parse(text.as_bytes(), 64).unwrap_or_else(|e| panic!("{id}: {e}"));
            assert!(view.messages > 0, "{id}");
            (Dialect::AnthropicMessages, text)
        };
        let decoded = decode_request(dialect, inner.as_bytes(), 64).unwrap_or_else(|e| panic!("{id}: {e}"));
        assert!(!decoded.messages.is_empty(), "{id}");
        if recording.status() < 400 {
            let answer: Value = serde_json::from_str(&recording.whole().unwrap()).unwrap();
            let names = ["input_tokens", "totalTokens", "inputTokens"];
            assert!(names.iter().any(|name| answer[*name].as_u64().is_some()), "{id}");
        }
    }
}
