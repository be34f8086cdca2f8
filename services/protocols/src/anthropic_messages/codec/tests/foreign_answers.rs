//! Answers of other dialects: what a caller of this one is shown, and what is reported as lost.

use super::{lost, tree};
use crate::TokenCounts;
use crate::anthropic_messages::codec::{decode_request, encode_request, encode_response};
use crate::canonical::{
    Arguments, CallKind, Candidate, Citation, Extra, Finish, FinishReason, Issuer, Part, PartBody, Reasoning,
    Response, Text, ToolCall, Usage,
};
use crate::dialect::Dialect;
use crate::lossy::Feature;
use crate::target::{AnswerTarget, RequestTarget};

#[test]
fn answers_of_other_dialects_are_messages() {
    let mut response = Response::new(Dialect::OpenAiChat);
    let mut candidate = Candidate::new(0);
    let cited = |url: Option<&'static str>| Citation {
        kind: "url_citation".into(),
        url: url.map(Into::into),
        title: Some("t".into()),
        ..Citation::default()
    };
    candidate.message.parts = vec![
        Part::new(PartBody::from(Reasoning {
            text: vec!["r".into()],
            ..Reasoning::default()
        })),
        Part::text(""),
        Part::new(PartBody::Text(Text {
            text: "a".into(),
            citations: vec![cited(Some("u")), cited(None)],
        })),
        Part::new(PartBody::Refusal("no".into())),
        Part::new(PartBody::from(ToolCall {
            id: None,
            name: "f".into(),
            arguments: Arguments::Text("".into()),
            kind: CallKind::Function,
            extra: Extra::NONE,
        })),
    ];
    candidate.finish = Some(Finish {
        reason: FinishReason::Stop,
        native: Some("stop".into()),
        sequence: None,
    });
    response.candidates = vec![candidate, Candidate::new(1)];
    response.usage = Some(Usage {
        counts: TokenCounts {
            input: 10,
            cached_input: 4,
            cache_write: 1,
            output: 7,
            reasoning: 2,
            ..TokenCounts::default()
        },
        native: None,
    });
    let target = AnswerTarget {
        id: "i",
        model: "m",
        ..AnswerTarget::default()
    };
    let encoded = encode_response(&response, &target);
    let shown = tree(&encoded.body);
    let id = shown["content"][3]["id"].as_str().unwrap();
    assert!(id.starts_with("call_"));
    assert_eq!(
        shown,
        serde_json::json!({"id": "i", "type": "message", "model": "m", "role": "assistant", "content": [
            {"type": "thinking", "thinking": "r", "signature": ""},
            {"type": "text", "text": "a", "citations": [{"type": "web_search_result_location", "url": "u",
                "title": "t", "cited_text": "", "encrypted_index": ""}]},
            {"type": "text", "text": "no"},
            {"type": "tool_use", "id": id, "name": "f", "input": {}}],
            "stop_reason": "tool_use", "stop_sequence": null,
            "usage": {"input_tokens": 5, "cache_creation_input_tokens": 1, "cache_read_input_tokens": 4,
                "output_tokens": 7, "output_tokens_details": {"thinking_tokens": 2}}})
    );
    assert_eq!(
        lost(&encoded),
        [
            (Feature::Citation, "/messages/0/parts/2"),
            (Feature::Refusal, "/messages/0/parts/3"),
            (Feature::Candidates, "/candidates/1"),
        ]
    );
}

#[test]
fn seals_of_other_providers_come_back_as_they_were() {
    let sealed = |issuer: Issuer<'static>, reasoning: Reasoning<'static>, signature: Option<&'static str>| {
        let mut part = Part::new(PartBody::from(reasoning));
        part.issuer = Some(issuer);
        part.signature = signature.map(Into::into);
        part
    };
    let parts = vec![
        sealed(
            Issuer::Google,
            Reasoning {
                text: vec!["t".into()],
                ..Reasoning::default()
            },
            Some("sig"),
        ),
        sealed(
            Issuer::OpenAi,
            Reasoning {
                summary: vec!["s".into()],
                encrypted: Some("gAAA".into()),
                ..Reasoning::default()
            },
            None,
        ),
        sealed(
            Issuer::OpenAi,
            Reasoning {
                encrypted: Some("gBBB".into()),
                ..Reasoning::default()
            },
            None,
        ),
    ];
    let mut response = Response::new(Dialect::OpenAiChat);
    let mut candidate = Candidate::new(0);
    candidate.message.parts = parts.clone();
    response.candidates = vec![candidate];
    let shown = tree(&encode_response(&response, &AnswerTarget::default()).body);
    let replayed =
        serde_json::json!({"messages": [{"role": "assistant", "content": shown["content"]}]}).to_string();
    let request = decode_request(replayed.as_bytes(), 64).unwrap();
    assert_eq!(request.messages[0].parts, parts);
    // A provider of this dialect is not sent them, whoever asks.
    let encoded = encode_request(&request, &RequestTarget::default());
    assert_eq!(tree(&encoded.body)["messages"], serde_json::json!([]));
    assert_eq!(encoded.losses.losses().len(), 3);
}
