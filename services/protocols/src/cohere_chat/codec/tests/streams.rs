//! Streams: habits of Cohere, what a broken one becomes, and what is written.

use super::{events, tree};
use crate::TokenCounts;
use crate::canonical::{
    Arguments, CallKind, Citation, Delta, Extra, Finish, FinishReason, Part, PartBody, Reasoning, StreamEnd,
    StreamEvent, StreamFault, StreamStart, ToolCall, Usage,
};
use crate::cohere_chat::codec::StreamEncoder;
use crate::failure::{Failure, FailureClass};
use crate::sse::{FrameTooLarge, Parser};
use crate::target::AnswerTarget;

const START: &str = r#"{"id":"i","type":"message-start","delta":{"message":{"role":"assistant","content":[],"tool_plan":"","tool_calls":[],"citations":[]}}}"#;
const END: &str = r#"{"type":"message-end","delta":{"finish_reason":"COMPLETE","usage":{"billed_units":{"input_tokens":1,"output_tokens":2},"cached_tokens":16}}}"#;

fn content(index: u32, kind: &str, text: &str) -> String {
    format!(
        r#"{{"type":"content-delta","index":{index},"delta":{{"message":{{"content":{{"{kind}":"{text}"}}}}}}}}"#
    )
}

fn call(event: &str, index: u32, call: &str) -> String {
    format!(r#"{{"type":"{event}","index":{index},"delta":{{"message":{{"tool_calls":{call}}}}}}}"#)
}

fn run(data: &[&str]) -> Vec<String> {
    let (seen, end) = events(data);
    assert_eq!(end, Ok(StreamEnd::Complete));
    seen
}

#[test]
fn thinking_text_and_sources_are_read() {
    let (thought, text) = (content(0, "thinking", "t"), content(1, "text", "a"));
    let start =
        r#"{"type":"content-start","index":1,"delta":{"message":{"content":{"type":"text","text":""}}}}"#;
    let cites = r#"{"type":"citation-start","index":0,"delta":{"message":{"citations":{"start":0,"end":1,"text":"a","sources":[]}}}}"#;
    let seen = run(&[
        START,
        &thought,
        r#"{"type":"content-end","index":0}"#,
        start,
        &text,
        cites,
        r#"{"type":"citation-end","index":0}"#,
        r#"{"type":"content-end","index":1}"#,
        END,
        "[DONE]",
        END,
    ]);
    assert_eq!(
        seen,
        [
            "start i",
            "reasoning",
            "+t",
            "end",
            "text",
            "+a",
            "cites a",
            "end",
            "usage 1/2",
            "finish Stop",
            "done"
        ]
    );
}

#[test]
fn plans_and_calls_are_read_and_count_for_more_than_the_finish_reason() {
    let plan = r#"{"type":"tool-plan-delta","delta":{"message":{"tool_plan":"p"}}}"#;
    let first = call(
        "tool-call-start",
        0,
        r#"{"id":"a","type":"function","function":{"name":"f","arguments":""}}"#,
    );
    let piece = call("tool-call-delta", 0, r#"{"function":{"arguments":"{}"}}"#);
    let second = call(
        "tool-call-start",
        1,
        r#"{"id":"b","type":"function","function":{"name":"g","arguments":""}}"#,
    );
    let seen = run(&[
        START,
        plan,
        plan,
        &first,
        &piece,
        r#"{"type":"tool-call-end","index":0}"#,
        &second,
        END,
    ]);
    assert_eq!(
        seen,
        [
            "start i",
            "reasoning",
            "+p",
            "+p",
            "end",
            "call a f",
            "+{}",
            "end",
            "call b g",
            "end",
            "usage 1/2",
            "finish ToolUse",
            "done"
        ]
    );
}

#[test]
fn a_broken_stream_is_a_fault_a_failure_or_a_cut() {
    let (first, second) = (content(0, "text", "a"), content(1, "text", "b"));
    assert_eq!(
        events(&[START, &first, &second, &first]).1,
        Err(StreamFault::OutOfOrder)
    );
    let stray = call("tool-call-delta", 0, r#"{"function":{"arguments":"{}"}}"#);
    assert_eq!(events(&[START, &stray]).1, Err(StreamFault::OutOfOrder));
    assert!(matches!(events(&["{"]).1, Err(StreamFault::Malformed(_))));
    assert_eq!(events(&[START, &first]).1, Ok(StreamEnd::Cut));
    assert_eq!(events(&["[DONE]"]).1, Ok(StreamEnd::Cut));
    for error in [
        r#"{"type":"message-end","delta":{"error":"no","finish_reason":"ERROR"}}"#,
        r#"{"id":"x","message":"no"}"#,
    ] {
        let (seen, end) = events(&[START, &first, error, END]);
        assert_eq!(
            (seen.last().map(String::as_str), end),
            (Some("error no"), Ok(StreamEnd::Failed))
        );
    }
}

fn written(events: &[StreamEvent<'_>]) -> (Vec<(String, serde_json::Value)>, StreamEncoder) {
    let mut encoder = StreamEncoder::new(&AnswerTarget::default());
    let mut out = Vec::new();
    for event in events {
        encoder.event(event, &mut out);
    }
    let mut seen = Vec::new();
    Parser::new(1 << 20)
        .feed::<FrameTooLarge>(&out, |frame| {
            let name = String::from_utf8(frame.event.unwrap_or_default().to_vec()).unwrap();
            let data = frame.data.unwrap();
            let told = if data == b"[DONE]" {
                "[DONE]".into()
            } else {
                tree(data)
            };
            seen.push((name, told));
            Ok(())
        })
        .unwrap();
    (seen, encoder)
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

const PART_END: StreamEvent<'static> = StreamEvent::PartEnd { candidate: 0 };

fn call_part(index: u32, kind: CallKind) -> StreamEvent<'static> {
    let call = ToolCall {
        id: None,
        name: "f".into(),
        arguments: Arguments::default(),
        kind,
        extra: Extra::NONE,
    };
    part(index, PartBody::from(call))
}

fn names(seen: &[(String, serde_json::Value)]) -> Vec<&str> {
    assert!(
        seen.iter()
            .all(|(name, data)| name.is_empty() || data["type"] == *name)
    );
    seen.iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn content_is_written_in_this_dialects_order() {
    let start = StreamStart {
        id: Some("i".into()),
        ..StreamStart::default()
    };
    let citation = Citation {
        url: Some("u".into()),
        quote: Some("a".into()),
        ..Citation::default()
    };
    let (seen, encoder) = written(&[
        StreamEvent::Start(start),
        part(0, PartBody::from(Reasoning::default())),
        delta(Delta::Text("t".into())),
        PART_END,
        part(1, PartBody::Text(Default::default())),
        delta(Delta::Text("a\n".into())),
        delta(Delta::Citation(citation)),
        PART_END,
        part(2, PartBody::Text(Default::default())),
        PART_END,
    ]);
    assert_eq!(
        names(&seen),
        [
            "message-start",
            "content-start",
            "content-delta",
            "content-end",
            "content-start",
            "content-delta",
            "citation-start",
            "citation-end",
            "content-end"
        ]
    );
    assert_eq!((&seen[0].1["id"], &seen[4].1["index"]), (&"i".into(), &1.into()));
    let sources = &seen[6].1["delta"]["message"]["citations"]["sources"];
    assert_eq!(sources[0]["document"]["url"], "u");
    assert!(encoder.losses().is_empty(), "{:?}", encoder.losses());
}

#[test]
fn calls_and_the_end_are_written_in_this_dialects_order() {
    let counts = TokenCounts {
        input: 5,
        output: 3,
        ..TokenCounts::default()
    };
    let finish = Finish {
        reason: FinishReason::ToolUse,
        native: None,
        sequence: None,
    };
    let (seen, encoder) = written(&[
        call_part(0, CallKind::Function),
        PART_END,
        call_part(1, CallKind::Custom),
        delta(Delta::Arguments("\"x".into())),
        delta(Delta::Arguments("y".into())),
        PART_END,
        StreamEvent::Usage(Usage { counts, native: None }),
        StreamEvent::Finish { candidate: 0, finish },
        StreamEvent::Done,
    ]);
    assert_eq!(
        names(&seen),
        [
            "message-start",
            "tool-call-start",
            "tool-call-delta",
            "tool-call-end",
            "tool-call-start",
            "tool-call-delta",
            "tool-call-delta",
            "tool-call-delta",
            "tool-call-end",
            "message-end",
            ""
        ]
    );
    // No arguments are an object, and free text is a string in one.
    let arguments = |at: usize| {
        let call = &seen[at].1["delta"]["message"]["tool_calls"];
        call["function"]["arguments"].as_str().unwrap()
    };
    assert_eq!(arguments(2), "{}");
    assert_eq!(
        [arguments(5), arguments(6), arguments(7)].concat(),
        r#"{"input":"\"xy"}"#
    );
    let last = &seen[9].1["delta"];
    assert_eq!(
        (
            &last["finish_reason"],
            &last["usage"]["billed_units"]["input_tokens"]
        ),
        (&"TOOL_CALL".into(), &5.into())
    );
    assert_eq!(encoder.losses().losses().len(), 1, "{:?}", encoder.losses());
}

#[test]
fn a_failure_ends_a_stream_that_does_not_look_complete() {
    let failure = Failure {
        class: FailureClass::Upstream,
        message: "no",
        param: None,
        code: None,
    };
    let mut encoder = StreamEncoder::new(&AnswerTarget::default());
    let mut out = Vec::new();
    encoder.fail(&failure, &mut out);
    encoder.event(&StreamEvent::Done, &mut out);
    let text = String::from_utf8(out).unwrap();
    let data = text.split("data: ").nth(1).unwrap().trim();
    let (seen, end) = events(&[START, data]);
    assert_eq!(
        (seen.last().map(String::as_str), end),
        (Some("error no"), Ok(StreamEnd::Failed))
    );
    let (seen, _) = written(&[StreamEvent::Done]);
    assert_eq!(seen.last().unwrap().1["delta"]["finish_reason"], "ERROR");
}
