//! Whole answers: habits of Converse, and that each comes out as it came in.

use super::tree;
use crate::bedrock_converse::codec::{decode_response, encode_response};
use crate::canonical::{FinishReason, Issuer, OpaqueRole, PartBody, Response};
use crate::dialect::{self, Dialect};
use crate::target::AnswerTarget;

/// An answer decoded, which has come out as it came in.
fn same(body: &str) -> Response<'_> {
    let response = decode_response(body.as_bytes()).unwrap();
    let encoded = encode_response(&response, &AnswerTarget::default());
    assert_eq!(tree(&encoded.body), tree(body.as_bytes()), "{body}");
    assert!(encoded.losses.is_empty(), "{body}: {:?}", encoded.losses);
    response
}

fn said(content: &str, stop: &str) -> String {
    format!(
        r#"{{"metrics":{{"latencyMs":7}},"output":{{"message":{{"content":{content},"role":"assistant"}}}},
        "stopReason":"{stop}","usage":{{"inputTokens":1,"outputTokens":2,"totalTokens":3,"serverToolUsage":{{}}}}}}"#
    )
}

#[test]
fn every_block_comes_out_as_it_came_in() {
    let body = said(
        r#"[{"text":"a","type":"text"},{"reasoningContent":{"reasoningText":{"text":"t","signature":"s"}}},
        {"reasoningContent":{"redactedContent":"AA=="}},{"reasoningContent":{"new":1}},
        {"image":{"format":"png","source":{"bytes":"AA=="}}},
        {"citationsContent":{"content":[{"text":"c"}],"citations":[
            {"title":"T","source":"s","sourceContent":[{"text":"q"}],"location":{"documentPage":{"documentIndex":0,"start":1,"end":2}}},
            {"location":{"web":{"url":"u"}}},{"location":{"web":{"url":"u","domain":"d"}}},{"sourceContent":[]},
            {"location":{"searchResultLocation":{"searchResultIndex":1,"start":-1}}}]}},
        {"citationsContent":{"content":[],"citations":[]}},
        {"citationsContent":{"content":[{},{"text":"c"}],"citations":[]}},
        {"citationsContent":{"content":[{"text":"c"}],"citations":[{"sourceContent":[{},{"text":"q"}]}]}},
        {"toolUse":{"toolUseId":"a","name":"f","input":{"x":1.0},"type":"tool_use"}},
        {"new":{"x":1}},{"text":"d","json":1},5]"#,
        "tool_use",
    );
    let response = same(&body);
    let parts = &response.candidates[0].message.parts;
    assert_eq!(parts[1].signature.as_deref(), Some("s"));
    assert_eq!(
        (&parts[1].issuer, &parts[2].issuer),
        (&Some(Issuer::Anthropic), &Some(Issuer::Anthropic))
    );
    let cited = parts[5].body.as_text().unwrap();
    let page = &cited.citations[0];
    assert_eq!(
        (
            page.kind.as_ref(),
            page.document,
            page.start,
            page.end,
            page.quote.as_deref()
        ),
        ("documentPage", Some(0), Some(1), Some(2), Some("q"))
    );
    assert_eq!(cited.citations[1].url.as_deref(), Some("u"));
    let usage = response.usage.as_ref().unwrap();
    assert_eq!((usage.counts.input, usage.counts.output), (1, 2));
}

#[test]
fn odd_values_are_kept_and_harm_nothing() {
    for body in [
        "{}",
        r#"{"output":{}}"#,
        r#"{"output":5,"usage":{"inputTokens":"x"},"serviceTier":{"type":"flex","x":1}}"#,
        r#"{"output":{"message":null,"x":1},"usage":null,"stopReason":null}"#,
        r#"{"output":{"message":{"role":"assistant","content":[{"toolUse":{"name":"f"}},{"toolUse":5},{"image":{}},{}]},"x":1}}"#,
    ] {
        same(body);
    }
    // Told by its meaning, an answer has a message with role and content.
    let body = r#"{"output":{"message":{}},"stopReason":"end_turn"}"#;
    same(body);
    let target = AnswerTarget {
        meaning_only: true,
        ..AnswerTarget::default()
    };
    let encoded = encode_response(&decode_response(body.as_bytes()).unwrap(), &target);
    assert_eq!(
        tree(&encoded.body),
        serde_json::json!({"output": {"message": {"role": "assistant", "content": []}}, "stopReason": "end_turn"})
    );
    assert!(decode_response(b"<html>").is_err());
}

#[test]
fn calls_count_for_more_than_the_stop_reason() {
    let reason = |content: &str, stop: &str| {
        let body = said(content, stop);
        let response = same(&body);
        response.candidates[0].finish.as_ref().unwrap().reason
    };
    let call = r#"[{"toolUse":{"toolUseId":"a","name":"f","input":{}}}]"#;
    assert_eq!(reason(call, "end_turn"), FinishReason::ToolUse);
    let text = r#"[{"text":"a"}]"#;
    for (stop, expected) in [
        ("end_turn", FinishReason::Stop),
        ("stop_sequence", FinishReason::StopSequence),
        ("max_tokens", FinishReason::Length),
        ("model_context_window_exceeded", FinishReason::ContextWindow),
        ("guardrail_intervened", FinishReason::ContentFilter),
        ("content_filtered", FinishReason::ContentFilter),
        ("malformed_model_output", FinishReason::Error),
        ("malformed_tool_use", FinishReason::Error),
        ("new_word", FinishReason::Other),
    ] {
        assert_eq!(reason(text, stop), expected, "{stop}");
    }
}

#[test]
fn tools_that_the_provider_runs_are_kept_whole() {
    let body = said(
        r#"[{"toolUse":{"input":{"snippet":"1"},"name":"nova_code_interpreter","toolUseId":"a","type":"server_tool_use"}},
        {"toolResult":{"content":[{"json":{"exitCode":0}}],"status":"success","toolUseId":"a","type":"nova_code_interpreter_result"}}]"#,
        "end_turn",
    );
    let response = same(&body);
    let parts = response.candidates[0].message.parts.iter();
    let roles: Vec<_> = parts
        .filter_map(|part| {
            if let PartBody::Opaque(opaque) = &part.body {
                Some((opaque.role, opaque.kind.as_ref()))
            } else {
                None
            }
        })
        .collect();
    assert_eq!(
        roles,
        [
            (OpaqueRole::ServerToolCall, "server_tool_use"),
            (OpaqueRole::ServerToolResult, "nova_code_interpreter_result"),
        ]
    );
    let finish = response.candidates[0].finish.as_ref().unwrap();
    assert_eq!(finish.reason, FinishReason::Stop);
}

#[test]
fn an_answer_may_lack_its_message() {
    for body in [
        r#"{"output":null,"stopReason":"end_turn"}"#,
        r#"{"output":{"message":null},"stopReason":"end_turn"}"#,
        r#"{"stopReason":"end_turn"}"#,
        r#"{"output":{"message":{"x":1,"content":null}},"stopReason":"end_turn"}"#,
    ] {
        same(body);
    }
}

#[test]
fn how_long_it_took_is_no_loss_elsewhere() {
    let body = said(r#"[{"text":"a"}]"#, "end_turn");
    let response = same(&body);
    for &dialect in Dialect::ALL {
        let told = dialect::encode_response(dialect, &response, &AnswerTarget::default());
        assert!(told.losses.is_empty(), "{dialect:?}: {:?}", told.losses);
    }
}
