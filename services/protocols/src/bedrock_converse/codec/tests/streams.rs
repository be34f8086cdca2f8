//! Streams: habits of Converse, what a broken one becomes, and what is written.

use super::{events, tree};
use crate::TokenCounts;
use crate::bedrock_converse::codec::{StreamDecoder, StreamEncoder};
use crate::canonical::{
    Arguments, CallKind, Delta, Extra, Finish, FinishReason, Part, PartBody, Reasoning, StreamEnd,
    StreamEvent, StreamFault, ToolCall, Usage,
};
use crate::event_stream::{FramingFault, Parser};
use crate::failure::{Failure, FailureClass};
use crate::target::AnswerTarget;

const START: (&str, &str) = ("messageStart", r#"{"p":"abc","role":"assistant"}"#);
const STOP: (&str, &str) = ("messageStop", r#"{"p":"ab","stopReason":"end_turn"}"#);
const USAGE: (&str, &str) = (
    "metadata",
    r#"{"metrics":{"latencyMs":5},"usage":{"inputTokens":1,"outputTokens":2,"totalTokens":3}}"#,
);

fn text(index: u32, text: &str) -> String {
    format!(r#"{{"contentBlockIndex":{index},"delta":{{"text":"{text}"}},"p":"x"}}"#)
}

fn run(messages: &[(&str, &str)]) -> Vec<String> {
    let (seen, end) = events(messages);
    assert_eq!(end, Ok(StreamEnd::Complete));
    seen
}

#[test]
fn text_begins_without_a_word_and_usage_comes_last() {
    let (hello, more) = (text(0, "a"), text(0, "b"));
    let stop = ("contentBlockStop", r#"{"contentBlockIndex":0}"#);
    let seen = run(&[
        START,
        ("contentBlockDelta", &hello),
        ("contentBlockDelta", &more),
        stop,
        STOP,
        USAGE,
    ]);
    assert_eq!(
        seen,
        [
            "start",
            "text",
            "+a",
            "+b",
            "end",
            "usage 1/2",
            "finish Stop",
            "done"
        ]
    );
}

#[test]
fn empty_pieces_begin_nothing() {
    // gpt-oss begins with an empty text.
    let (empty, said) = (text(0, ""), text(1, "a"));
    let stop = ("contentBlockStop", r#"{"contentBlockIndex":0}"#);
    let seen = run(&[
        START,
        ("contentBlockDelta", &empty),
        stop,
        ("contentBlockDelta", &said),
        STOP,
    ]);
    assert_eq!(seen, ["start", "text", "+a", "end", "finish Stop", "done"]);
}

#[test]
fn a_stream_is_whole_once_it_has_its_stop_reason() {
    let said = text(0, "a");
    let said = ("contentBlockDelta", said.as_str());
    // Usage before the stop reason, none at all, and a beginning without a role.
    let seen = run(&[said, USAGE, STOP]);
    assert_eq!(seen[..3], ["start", "text", "+a"]);
    assert_eq!(seen[seen.len() - 2..], ["finish Stop", "done"]);
    assert_eq!(run(&[START, said, STOP]).last().map(String::as_str), Some("done"));
    // Usage is no end.
    let (seen, end) = events(&[START, said, USAGE]);
    assert_eq!(
        (seen.last().map(String::as_str), end),
        (Some("usage 1/2"), Ok(StreamEnd::Cut))
    );
    assert_eq!(events(&[]).1, Ok(StreamEnd::Cut));
}

#[test]
fn calls_count_for_more_than_the_stop_reason() {
    let start = r#"{"contentBlockIndex":0,"start":{"toolUse":{"toolUseId":"a","name":"f"}}}"#;
    let delta = r#"{"contentBlockIndex":0,"delta":{"toolUse":{"input":"{\"x\":1}"}}}"#;
    let next =
        r#"{"contentBlockIndex":1,"start":{"toolUse":{"toolUseId":"b","name":"g","type":"tool_use"}}}"#;
    let seen = run(&[
        START,
        ("contentBlockStart", start),
        ("contentBlockDelta", delta),
        ("contentBlockStart", next),
        STOP,
    ]);
    assert_eq!(
        seen,
        [
            "start",
            "call a f",
            "+{\"x\":1}",
            "end",
            "call b g",
            "end",
            "finish ToolUse",
            "done"
        ]
    );
}

#[test]
fn a_piece_of_a_block_that_has_ended_is_a_fault() {
    let (first, second) = (text(0, "a"), text(1, "b"));
    let (first, second) = (
        ("contentBlockDelta", first.as_str()),
        ("contentBlockDelta", second.as_str()),
    );
    assert_eq!(
        events(&[START, first, second, first]).1,
        Err(StreamFault::OutOfOrder)
    );
    let stop = ("contentBlockStop", r#"{"contentBlockIndex":0}"#);
    assert_eq!(
        events(&[START, first, stop, first]).1,
        Err(StreamFault::OutOfOrder)
    );
    assert_eq!(events(&[START, STOP, first]).1, Err(StreamFault::OutOfOrder));
    let input = (
        "contentBlockDelta",
        r#"{"contentBlockIndex":0,"delta":{"toolUse":{"input":"{}"}}}"#,
    );
    assert_eq!(events(&[START, input]).1, Err(StreamFault::OutOfOrder));
    assert!(matches!(
        events(&[("messageStop", "{\"stopReason\":")]).1,
        Err(StreamFault::Malformed(_))
    ));
}

#[test]
fn reasoning_is_told_signed_and_sealed() {
    let piece = |inner: &str| format!(r#"{{"contentBlockIndex":0,"delta":{{"reasoningContent":{inner}}}}}"#);
    let (thought, signed) = (piece(r#"{"text":"t"}"#), piece(r#"{"signature":"s"}"#));
    let sealed = piece(r#"{"redactedContent":"x"}"#).replace("Index\":0", "Index\":1");
    let seen = run(&[
        START,
        ("contentBlockDelta", &thought),
        ("contentBlockDelta", &signed),
        ("contentBlockStop", r#"{"contentBlockIndex":0}"#),
        ("contentBlockDelta", &sealed),
        STOP,
    ]);
    assert_eq!(
        seen,
        [
            "start",
            "reasoning",
            "+t",
            "signed s",
            "end",
            "reasoning",
            "sealed x",
            "end",
            "finish Stop",
            "done"
        ]
    );
}

#[test]
fn sources_images_and_the_providers_tools_are_read() {
    let cites = r#"{"contentBlockIndex":0,"delta":{"citation":{"title":"T","location":{"documentChar":{"documentIndex":0,"start":1,"end":2}}}}}"#;
    let image = r#"{"contentBlockIndex":1,"start":{"image":{"format":"png"}}}"#;
    let bytes = r#"{"contentBlockIndex":1,"delta":{"image":{"source":{"bytes":"AA=="}}}}"#;
    let server = r#"{"contentBlockIndex":2,"start":{"toolUse":{"toolUseId":"a","name":"n","type":"server_tool_use"}}}"#;
    let input = r#"{"contentBlockIndex":2,"delta":{"toolUse":{"input":"{}"}}}"#;
    let seen = run(&[
        START,
        ("contentBlockDelta", cites),
        ("contentBlockStart", image),
        ("contentBlockDelta", bytes),
        ("contentBlockStart", server),
        ("contentBlockDelta", input),
        STOP,
    ]);
    assert_eq!(
        seen,
        [
            "start",
            "text",
            "cites T",
            "end",
            "media image/png",
            "end",
            "opaque server_tool_use",
            "end",
            "finish Stop",
            "done"
        ]
    );
}

#[test]
fn exceptions_are_failures_and_new_events_are_nothing() {
    let said = text(0, "a");
    let said = ("contentBlockDelta", said.as_str());
    for (name, data, told) in [
        (
            "throttlingException",
            r#"{"message":"slow"}"#,
            "error throttlingException: slow",
        ),
        ("InternalFailure", "it broke", "error InternalFailure: it broke"),
        ("ServiceUnavailable", "", "error ServiceUnavailable: "),
    ] {
        let (seen, end) = events(&[START, said, (name, data), STOP, USAGE]);
        assert_eq!(
            (seen.last().map(String::as_str), end),
            (Some(told), Ok(StreamEnd::Failed))
        );
    }
    assert_eq!(
        run(&[("initial-response", "{}"), ("newEvent", r#"{"x":1}"#), STOP])[0],
        "start"
    );
}

/// The messages written for events, as names and trees.
fn written(events: Vec<StreamEvent<'_>>) -> (Vec<(String, serde_json::Value)>, StreamEncoder) {
    let mut encoder = StreamEncoder::new(&AnswerTarget::default());
    let mut out = Vec::new();
    for event in events {
        encoder.event(&event, &mut out);
    }
    (messages(&out), encoder)
}

fn messages(bytes: &[u8]) -> Vec<(String, serde_json::Value)> {
    let mut messages = Vec::new();
    Parser::new(1 << 20)
        .feed::<FramingFault>(bytes, |frame| {
            let name = String::from_utf8(frame.event.unwrap().to_vec()).unwrap();
            messages.push((name, tree(frame.data)));
            Ok(())
        })
        .unwrap();
    messages
}

fn part(index: u32, body: PartBody<'static>) -> StreamEvent<'static> {
    StreamEvent::PartStart {
        candidate: 0,
        index,
        part: Box::new(Part::new(body)),
    }
}

fn delta(delta: Delta<'static>) -> StreamEvent<'static> {
    StreamEvent::Delta { candidate: 0, delta }
}

fn call(kind: CallKind) -> PartBody<'static> {
    PartBody::from(ToolCall {
        id: None,
        name: "f".into(),
        arguments: Arguments::default(),
        kind,
        extra: Extra::NONE,
    })
}

const END: StreamEvent<'static> = StreamEvent::PartEnd { candidate: 0 };

fn finish(reason: FinishReason) -> StreamEvent<'static> {
    StreamEvent::Finish {
        candidate: 0,
        finish: Finish {
            reason,
            native: None,
            sequence: None,
        },
    }
}

#[test]
fn what_is_written_has_this_dialects_order() {
    let reasoning = PartBody::from(Reasoning::default());
    let counts = TokenCounts {
        input: 5,
        cached_input: 2,
        output: 3,
        ..TokenCounts::default()
    };
    let (messages, encoder) = written(vec![
        part(0, reasoning),
        delta(Delta::Text("t".into())),
        delta(Delta::Signature("s".into())),
        END,
        part(1, PartBody::Text(Default::default())),
        END,
        part(2, call(CallKind::Function)),
        END,
        StreamEvent::Usage(Usage { counts, native: None }),
        finish(FinishReason::ToolUse),
        StreamEvent::Done,
        StreamEvent::Done,
    ]);
    let names: Vec<_> = messages.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "messageStart",
            "contentBlockDelta",
            "contentBlockDelta",
            "contentBlockStop",
            "contentBlockStart",
            "contentBlockDelta",
            "contentBlockStop",
            "messageStop",
            "metadata"
        ]
    );
    // A text that says nothing takes no number, an id is made up, and no arguments are an object.
    assert_eq!(messages[4].1["contentBlockIndex"], 1);
    let id = messages[4].1["start"]["toolUse"]["toolUseId"].as_str().unwrap();
    assert!(id.starts_with("call_"), "{id}");
    assert_eq!(messages[5].1["delta"]["toolUse"]["input"], "{}");
    assert_eq!(messages[7].1["stopReason"], "tool_use");
    let usage = serde_json::json!({
        "inputTokens": 3, "outputTokens": 3, "totalTokens": 8,
        "cacheReadInputTokens": 2, "cacheWriteInputTokens": 0,
    });
    assert_eq!(messages[8].1["usage"], usage);
    assert!(encoder.losses().is_empty(), "{:?}", encoder.losses());
}

#[test]
fn free_text_for_a_tool_becomes_an_object() {
    let (messages, encoder) = written(vec![
        part(0, call(CallKind::Custom)),
        delta(Delta::Arguments("a\"b".into())),
        delta(Delta::Arguments("\"\n".into())),
        END,
    ]);
    let input: String = messages
        .iter()
        .filter_map(|(_, payload)| payload["delta"]["toolUse"]["input"].as_str())
        .collect();
    assert_eq!(tree(input.as_bytes()), serde_json::json!({"input": "a\"b\"\n"}));
    assert!(!encoder.losses().is_empty());
}

#[test]
fn a_failure_is_an_exception_and_nothing_follows() {
    let failure = Failure {
        class: FailureClass::RateLimited,
        message: "slow",
        param: None,
        code: None,
        details: &[],
    };
    let mut encoder = StreamEncoder::new(&AnswerTarget::default());
    let mut out = Vec::new();
    encoder.fail(&failure, &mut out);
    encoder.event(&StreamEvent::Done, &mut out);
    let expected = (
        "throttlingException".to_owned(),
        serde_json::json!({"message": "slow"}),
    );
    assert_eq!(messages(&out), [expected]);
    let mut decoder = StreamDecoder::new();
    let mut seen = Vec::new();
    let mut sink = |event: StreamEvent<'_>| {
        if let StreamEvent::Error(error) = event {
            seen.push(error.class(200));
        }
    };
    decoder
        .frame(Some(b"throttlingException"), br#"{"message":"slow"}"#, &mut sink)
        .unwrap();
    assert_eq!(seen, [FailureClass::RateLimited]);
    // A stream that ends without a finish reason does not look complete.
    let (messages, _) = written(vec![part(0, call(CallKind::Function)), END, StreamEvent::Done]);
    assert_eq!(messages.last().unwrap().0, "internalServerException");
}
