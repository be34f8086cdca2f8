//! Streams as Google's servers send them, and as its clients want them.

use serde_json::json;

use super::{chunk, events, tree};
use crate::canonical::{
    Arguments, CallKind, Delta, Extra, Finish, FinishReason, Issuer, Part, PartBody, Reasoning, StreamEnd,
    StreamEvent, StreamStart, Text, ToolCall,
};
use crate::failure::{Failure, FailureClass};
use crate::target::AnswerTarget;

const STOP: &str = r#","finishReason":"STOP""#;

fn seen(chunks: &[(&str, &str)]) -> Vec<String> {
    let chunks: Vec<_> = chunks.iter().map(|(parts, rest)| chunk(parts, rest)).collect();
    let (seen, end) = events(&chunks.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(end, StreamEnd::Complete);
    seen
}

#[test]
fn text_goes_on_with_text_and_thoughts_with_thoughts() {
    let seen = seen(&[
        (r#"{"text":"t","thought":true}"#, ""),
        (r#"{"text":"u","thought":true},{"text":"a"}"#, ""),
        (r#"{"text":"b"}"#, ""),
        (r#"{"text":""}"#, STOP),
    ]);
    assert_eq!(
        seen,
        [
            "start r",
            "reasoning",
            "+t",
            "+u",
            "end",
            "text \"\"",
            "+a",
            "+b",
            "end",
            "finish 0 Stop",
            "done"
        ]
    );
}

#[test]
fn an_empty_text_that_is_signed_is_kept_and_one_that_is_not_is_nothing() {
    let seen = seen(&[
        (r#"{"text":"a"}"#, ""),
        (r#"{"text":"","thoughtSignature":"S"}"#, STOP),
    ]);
    assert_eq!(
        seen,
        [
            "start r",
            "text \"\"",
            "+a",
            "end",
            "text \"\" signed S",
            "end",
            "finish 0 Stop",
            "done"
        ]
    );
}

#[test]
fn a_call_comes_whole_and_makes_stop_a_tool_use() {
    let seen = seen(&[
        (
            r#"{"functionCall":{"name":"f","args":{"a":1}},"thoughtSignature":"S"}"#,
            "",
        ),
        (r#"{"functionCall":{"name":"g"}}"#, STOP),
    ]);
    assert_eq!(
        seen,
        [
            "start r",
            "call f {\"a\":1} signed S",
            "end",
            "call g {}",
            "end",
            "finish 0 ToolUse",
            "done"
        ]
    );
}

#[test]
fn arguments_told_value_by_value_are_joined() {
    let seen = seen(&[
        (r#"{"functionCall":{"name":"f","willContinue":true}}"#, ""),
        (
            r#"{"functionCall":{"partialArgs":[{"jsonPath":"$.a[0]","stringValue":"x","willContinue":true}],"willContinue":true}}"#,
            "",
        ),
        (
            r#"{"functionCall":{"partialArgs":[{"jsonPath":"$.a[0]","stringValue":"y"}],"willContinue":true}}"#,
            "",
        ),
        (r#"{"functionCall":{}}"#, ""),
        (
            r#"{"functionCall":{"name":"g","partialArgs":[{"jsonPath":"$.n","numberValue":1}]}}"#,
            "",
        ),
        (r#"{"text":""}"#, STOP),
    ]);
    assert_eq!(
        seen,
        [
            "start r",
            "call f {}",
            r#"+{"a":["x"#,
            r#"+y""#,
            "+]}",
            "end",
            "call g {}",
            r#"+{"n":1"#,
            "+}",
            "end",
            "finish 0 ToolUse",
            "done"
        ]
    );
}

#[test]
fn sources_told_anew_in_every_chunk_are_told_once() {
    let grounding = |uri: &str| {
        format!(
            r#","groundingMetadata":{{"groundingChunks":[{{"web":{{"uri":"{uri}"}}}}],
                "groundingSupports":[{{"segment":{{"endIndex":1}},"groundingChunkIndices":[0]}}]}}"#
        )
    };
    let first = grounding("https://a");
    let last = format!("{STOP}{}", grounding("https://b"));
    let seen = seen(&[(r#"{"text":"a"}"#, &first), (r#"{"text":"b"}"#, &last)]);
    assert_eq!(
        seen,
        [
            "start r",
            "text \"\"",
            "+a",
            "extra groundingMetadata",
            "+b",
            "cites https://b",
            "end",
            "finish 0 Stop",
            "done"
        ]
    );
}

#[test]
fn early_counts_are_replaced_and_those_without_tokens_say_nothing() {
    let (seen, end) = events(&[
        r#"{"candidates":[{"content":{"parts":[{"text":"a"}]}}],"usageMetadata":{"trafficType":"ON_DEMAND"}}"#,
        r#"{"candidates":[{"content":{"parts":[{"text":"b"}]}}],"usageMetadata":{"promptTokenCount":4}}"#,
        r#"{"candidates":[{"finishReason":"MAX_TOKENS"}],
            "usageMetadata":{"promptTokenCount":4,"candidatesTokenCount":2,"thoughtsTokenCount":3}}"#,
    ]);
    assert_eq!(end, StreamEnd::Complete);
    assert_eq!(
        seen,
        [
            "start -",
            "text \"\"",
            "+a",
            "+b",
            "usage 4/0",
            "usage 4/5",
            "end",
            "finish 0 Length",
            "done"
        ]
    );
}

#[test]
fn a_blocked_prompt_is_complete_and_a_stream_without_a_reason_is_cut() {
    let (seen, end) = events(&[r#"{"promptFeedback":{"blockReason":"OTHER"},"responseId":"r"}"#]);
    assert_eq!(end, StreamEnd::Complete);
    assert_eq!(
        seen,
        [
            "start r",
            "extra promptFeedback",
            "finish 0 ContentFilter",
            "done"
        ]
    );
    assert_eq!(events(&[&chunk(r#"{"text":"a"}"#, "")]).1, StreamEnd::Cut);
    assert_eq!(events(&[]).1, StreamEnd::Cut);
    let two = r#"{"candidates":[{"index":0,"finishReason":"STOP"},{"index":1}]}"#;
    assert_eq!(events(&[two]).1, StreamEnd::Cut);
}

#[test]
fn an_error_ends_the_stream() {
    let (seen, end) = events(&[
        &chunk(r#"{"text":"a"}"#, ""),
        r#"{"error":{"code":503,"message":"busy","status":"UNAVAILABLE"}}"#,
        &chunk(r#"{"text":"b"}"#, STOP),
    ]);
    assert_eq!(end, StreamEnd::Failed);
    assert_eq!(seen, ["start r", "text \"\"", "+a", "error busy"]);
}

#[test]
fn ids_of_calls_are_told_apart_over_chunks_as_in_a_whole_answer() {
    let call = r#"{"functionCall":{"name":"f"}}"#;
    let mut decoder = super::super::StreamDecoder::new();
    let mut streamed = Vec::new();
    for _ in 0..2 {
        decoder
            .frame(None, chunk(call, "").as_bytes(), &mut |event| {
                if let StreamEvent::PartStart { part, .. } = event {
                    streamed.extend(
                        part.body
                            .as_tool_call()
                            .unwrap()
                            .id
                            .clone()
                            .map(|id| id.into_owned()),
                    );
                }
            })
            .unwrap();
    }
    let both = chunk(&format!("{call},{call}"), "");
    let whole = super::answer(&both);
    let whole: Vec<_> = whole.candidates[0]
        .message
        .parts
        .iter()
        .map(|part| part.body.as_tool_call().unwrap().id.clone().unwrap())
        .collect();
    assert_eq!(streamed, whole);
}

/// Frames that events make, as trees.
fn written(events: &[StreamEvent<'_>]) -> Vec<serde_json::Value> {
    let target = AnswerTarget {
        id: "r",
        model: "m",
        ..AnswerTarget::default()
    };
    let mut encoder = super::super::StreamEncoder::new(&target);
    let mut out = Vec::new();
    for event in events {
        encoder.event(event, &mut out);
    }
    let text = String::from_utf8(out).unwrap();
    let frames = text.split_terminator("\n\n");
    frames
        .map(|frame| tree(frame.strip_prefix("data: ").unwrap().as_bytes()))
        .collect()
}

fn begin<'a>(index: u32, part: Part<'a>) -> StreamEvent<'a> {
    StreamEvent::PartStart {
        candidate: 0,
        index,
        part: Box::new(part),
    }
}

fn add(delta: Delta<'_>) -> StreamEvent<'_> {
    StreamEvent::Delta { candidate: 0, delta }
}

const END: StreamEvent<'static> = StreamEvent::PartEnd { candidate: 0 };

fn ends(reason: FinishReason) -> StreamEvent<'static> {
    StreamEvent::Finish {
        candidate: 0,
        finish: Finish {
            reason,
            native: None,
            sequence: None,
        },
    }
}

fn call(arguments: &'static str) -> Part<'static> {
    Part::new(PartBody::from(ToolCall {
        id: Some("c".into()),
        name: "f".into(),
        arguments: Arguments::Text(arguments.into()),
        kind: CallKind::Function,
        extra: Extra::NONE,
    }))
}

#[test]
fn a_call_is_written_when_it_is_whole_and_the_end_comes_last() {
    let mut signed = call("");
    signed.signature = Some("S".into());
    signed.issuer = Some(Issuer::Google);
    let frames = written(&[
        StreamEvent::Start(StreamStart::default()),
        begin(0, Part::new(PartBody::from(Reasoning::default()))),
        add(Delta::Summary {
            piece: 0,
            text: "a".into(),
        }),
        add(Delta::Summary {
            piece: 1,
            text: "b".into(),
        }),
        END,
        begin(1, signed),
        add(Delta::Arguments("{\"x\":".into())),
        add(Delta::Arguments("1}".into())),
        END,
        ends(FinishReason::ToolUse),
        StreamEvent::Done,
    ]);
    let parts: Vec<_> = frames
        .iter()
        .map(|frame| frame["candidates"][0]["content"]["parts"][0].clone())
        .collect();
    assert_eq!(
        parts,
        [
            json!({"text": "a", "thought": true}),
            json!({"text": "\n\nb", "thought": true}),
            json!({"functionCall": {"id": "c", "name": "f", "args": {"x": 1}}, "thoughtSignature": "S"}),
            json!({"text": ""}),
        ]
    );
    let reasons: Vec<_> = frames
        .iter()
        .map(|frame| frame["candidates"][0]["finishReason"].as_str())
        .collect();
    assert_eq!(reasons, [None, None, None, Some("STOP")]);
}

#[test]
fn arguments_that_are_no_object_are_told_and_reported() {
    let mut encoder = super::super::StreamEncoder::new(&AnswerTarget::default());
    let mut out = Vec::new();
    for event in [begin(0, call("oops")), END] {
        encoder.event(&event, &mut out);
    }
    let text = String::from_utf8(out).unwrap();
    assert!(text.contains(r#""args":{"input":"oops"}"#), "{text}");
    assert_eq!(encoder.losses().losses()[0].to_string(), "tool_arguments@/stream");
}

#[test]
fn a_foreign_signature_is_not_sent() {
    let mut thought = Part::new(PartBody::from(Reasoning {
        text: vec!["hm".into()],
        ..Reasoning::default()
    }));
    thought.signature = Some("sig".into());
    thought.issuer = Some(Issuer::Anthropic);
    let frames = written(&[begin(0, thought), END]);
    assert_eq!(
        frames[0]["candidates"][0]["content"]["parts"],
        json!([{"text": "hm", "thought": true}])
    );
}

#[test]
fn a_call_without_end_is_given_up_and_a_stream_without_reason_fails() {
    let mut encoder = super::super::StreamEncoder::new(&AnswerTarget::default());
    let mut out = Vec::new();
    encoder.event(&begin(0, call("")), &mut out);
    let piece = "x".repeat(1 << 20);
    for _ in 0..16 {
        encoder.event(&add(Delta::Arguments(piece.as_str().into())), &mut out);
    }
    assert!(out.len() < 1024);
    assert!(String::from_utf8(out).unwrap().contains("\"error\""));

    let frames = written(&[
        begin(
            0,
            Part::new(PartBody::Text(Text {
                text: "a".into(),
                citations: Vec::new(),
            })),
        ),
        END,
        StreamEvent::Done,
    ]);
    assert_eq!(frames[1]["error"]["status"], "INTERNAL");
}

#[test]
fn a_failure_of_ours_is_the_last_frame() {
    let mut encoder = super::super::StreamEncoder::new(&AnswerTarget::default());
    let mut out = Vec::new();
    let failure = Failure {
        class: FailureClass::Timeout,
        message: "too slow",
        param: None,
        code: None,
        details: &[],
    };
    encoder.fail(&failure, &mut out);
    encoder.event(&ends(FinishReason::Stop), &mut out);
    encoder.event(&StreamEvent::Done, &mut out);
    let text = String::from_utf8(out).unwrap();
    assert_eq!(
        text,
        "data: {\"error\":{\"code\":504,\"message\":\"too slow\",\"status\":\"DEADLINE_EXCEEDED\"}}\n\n"
    );
}
