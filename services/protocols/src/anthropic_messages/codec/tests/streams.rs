//! Streams read: habits of servers, and what a broken one becomes.

use super::events;
use crate::anthropic_messages::codec::StreamDecoder;
use crate::canonical::{StreamEnd, StreamEvent, StreamFault};

pub(super) const START: &str = r#"{"type":"message_start","message":{"id":"m1","role":"assistant","content":[],"model":"m","stop_reason":null,"usage":{"input_tokens":5,"cache_read_input_tokens":2,"output_tokens":1}}}"#;
const TEXT: &str = r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#;
const HELLO: &str = r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hi"}}"#;
const STOP: &str = r#"{"type":"content_block_stop","index":0}"#;
const DELTA: &str = r#"{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":9}}"#;
const END: &str = r#"{"type":"message_stop"}"#;

fn run(frames: &[&str]) -> Vec<String> {
    let (seen, end) = events(frames);
    assert_eq!(end, StreamEnd::Complete);
    seen
}

fn start_of(block: &str) -> String {
    format!(r#"{{"type":"content_block_start","index":0,"content_block":{block}}}"#)
}

fn delta_of(delta: &str) -> String {
    format!(r#"{{"type":"content_block_delta","index":0,"delta":{delta}}}"#)
}

/// The events of one block, without what is around it.
fn block(frames: &[&str]) -> Vec<String> {
    let all: Vec<&str> = [START]
        .into_iter()
        .chain(frames.iter().copied())
        .chain([STOP, DELTA, END])
        .collect();
    let seen = run(&all);
    assert_eq!(seen[..2], ["start m1", "usage 7/1"]);
    seen[2..seen.len() - 3].to_vec()
}

#[test]
fn usage_is_overwritten_and_never_added() {
    let ping = r#"{"type": "ping"}"#;
    let again = r#"{"type":"message_delta","delta":{},"usage":{"input_tokens":6,"output_tokens":12}}"#;
    assert_eq!(
        run(&[START, ping, TEXT, HELLO, ping, STOP, DELTA, again, END, "[DONE]"]),
        [
            "start m1",
            "usage 7/1",
            "text",
            "+hi",
            "end",
            "usage 7/9",
            "usage 8/12",
            "finish Stop",
            "done"
        ]
    );
    let mut decoder = StreamDecoder::new();
    let mut native = String::new();
    for frame in [START, DELTA] {
        let mut sink = |event: StreamEvent<'_>| {
            if let StreamEvent::Usage(usage) = event {
                native = usage.native.unwrap().as_str().to_owned();
            }
        };
        decoder.frame(None, frame.as_bytes(), &mut sink).unwrap();
    }
    assert_eq!(
        native,
        r#"{"input_tokens":5,"cache_read_input_tokens":2,"output_tokens":9}"#
    );
}

#[test]
fn ends_are_told_apart() {
    let end = |frames: &[&str]| events(frames).1;
    assert_eq!(end(&[START, TEXT, HELLO, STOP, DELTA]), StreamEnd::Complete);
    assert_eq!(end(&[START, TEXT, HELLO, STOP, END]), StreamEnd::Complete);
    assert_eq!(end(&[START, TEXT, HELLO, STOP]), StreamEnd::Cut);
    assert_eq!(end(&[START, TEXT, HELLO]), StreamEnd::Cut);
    assert_eq!(end(&[START]), StreamEnd::Cut);
    assert_eq!(end(&[]), StreamEnd::Cut);
    // Why it ended is told, and yet a block is open.
    assert_eq!(end(&[START, DELTA, TEXT, HELLO]), StreamEnd::Cut);
    let error = r#"{"type":"error","error":{"type":"overloaded_error","message":"busy"}}"#;
    let (seen, end) = events(&[START, TEXT, error, DELTA, END]);
    assert_eq!(
        (seen.last().map(String::as_str), end),
        (Some("error busy"), StreamEnd::Failed)
    );
    assert_eq!(
        events(&[START, r#"{"error":{"message":"x"}}"#]).1,
        StreamEnd::Failed
    );
}

#[test]
fn thinking_is_signed_last_even_without_text() {
    let thinking = start_of(r#"{"type":"thinking","thinking":"","signature":""}"#);
    let text = delta_of(r#"{"type":"thinking_delta","thinking":"t"}"#);
    let empty = delta_of(r#"{"type":"thinking_delta","thinking":""}"#);
    let signature = delta_of(r#"{"type":"signature_delta","signature":"s"}"#);
    assert_eq!(
        block(&[&thinking, &text, &signature]),
        ["thinking", "+t", "signed s", "end"]
    );
    assert_eq!(
        block(&[&thinking, &empty, &signature]),
        ["thinking", "signed s", "end"]
    );
    let redacted = start_of(r#"{"type":"redacted_thinking","data":"d"}"#);
    assert_eq!(block(&[&redacted]), ["redacted d", "end"]);
}

#[test]
fn input_comes_in_pieces_or_at_once_or_not_at_all() {
    let call = start_of(r#"{"type":"tool_use","id":"t","name":"f","input":{}}"#);
    let empty = delta_of(r#"{"type":"input_json_delta","partial_json":""}"#);
    let piece = delta_of(r#"{"type":"input_json_delta","partial_json":"{\"x\":1}"}"#);
    let seen = |frames: &[&str]| block(frames);
    assert_eq!(seen(&[&call]), ["call t f", "end"]);
    assert_eq!(seen(&[&call, &empty]), ["call t f", "end"]);
    assert_eq!(seen(&[&call, &empty, &piece]), ["call t f", "+{\"x\":1}", "end"]);
    let whole = start_of(r#"{"type":"tool_use","id":"t","name":"f","input":{"x":1}}"#);
    assert_eq!(seen(&[&whole]), ["call t f", "+{\"x\":1}", "end"]);
    assert_eq!(seen(&[&whole, &piece]), ["call t f", "+{\"x\":1}", "end"]);
    let frames = [START, &call, STOP, DELTA, END];
    assert_eq!(run(&frames)[5], "finish ToolUse", "whatever the word says");
}

#[test]
fn blocks_of_the_providers_tools_are_told_when_they_are_whole() {
    let call = start_of(r#"{"type":"server_tool_use","id":"s","name":"web_search","input":{}}"#);
    let piece = |text: &str| {
        delta_of(&format!(
            r#"{{"type":"input_json_delta","partial_json":"{text}"}}"#
        ))
    };
    let seen = block(&[&call, &piece(r#"{\"q\":"#), &piece(r#"\"x\"}"#)]);
    let whole =
        r#"server_tool_use {"type":"server_tool_use","id":"s","name":"web_search","input":{"q":"x"}}"#;
    assert_eq!(seen, [whole, "end"]);
    let broken = block(&[&call, &piece(r#"{\"q\":"#)]);
    assert!(broken[0].ends_with(r#""input":"{\"q\":"}"#), "{broken:?}");
    let result = start_of(r#"{"type":"web_search_tool_result","tool_use_id":"s","content":[]}"#);
    let seen = block(&[&result]);
    assert_eq!(
        seen[0],
        r#"web_search_tool_result {"type":"web_search_tool_result","tool_use_id":"s","content":[]}"#
    );
    let compaction = start_of(r#"{"type":"compaction","content":null}"#);
    let content = delta_of(r#"{"type":"compaction_delta","content":"c"}"#);
    assert_eq!(
        block(&[&compaction, &content])[0],
        r#"compaction {"type":"compaction","content":"c"}"#
    );
    let citation =
        delta_of(r#"{"type":"citations_delta","citation":{"type":"web_search_result_location","url":"u"}}"#);
    assert_eq!(
        block(&[TEXT, &citation, HELLO]),
        ["text", "cites u", "+hi", "end"]
    );
}

#[test]
fn what_is_new_is_reported_once() {
    let new = r#"{"type":"new_event","x":1}"#;
    let odd = delta_of(r#"{"type":"new_delta","y":1}"#);
    assert_eq!(
        block(&[new, TEXT, &odd, new, HELLO]),
        ["extra new_event", "text", "extra new_delta", "+hi", "end"]
    );
    let delta = r#"{"type":"message_delta","delta":{"stop_reason":"pause_turn","stop_details":null,"container":{"id":"c"}},"context_management":{"applied_edits":[1]}}"#;
    assert_eq!(
        run(&[START, delta, END])[2..],
        [
            "extra container",
            "extra context_management",
            "finish Pause",
            "done"
        ]
    );
}

#[test]
fn an_answer_that_goes_on_is_told_in_its_first_event() {
    let start = r#"{"type":"message_start","message":{"id":"m2","content":[{"type":"tool_use","id":"t","name":"f","input":{"p":1}}],"stop_reason":"tool_use","usage":{"input_tokens":0,"output_tokens":0}}}"#;
    let seen = run(&[start, END]);
    assert_eq!(
        seen,
        [
            "start m2",
            "usage 0/0",
            "call t f",
            "+{\"p\":1}",
            "end",
            "finish ToolUse",
            "done"
        ]
    );
}

#[test]
fn events_out_of_order_are_faults() {
    let late = r#"{"type":"content_block_delta","index":3,"delta":{"type":"text_delta","text":"x"}}"#;
    let wrong = delta_of(r#"{"type":"thinking_delta","thinking":"x"}"#);
    for frames in [
        &[START, HELLO][..],
        &[START, TEXT, late],
        &[START, TEXT, STOP, HELLO],
        &[START, TEXT, &wrong],
        &[START, START],
    ] {
        let mut decoder = StreamDecoder::new();
        let (last, before) = frames.split_last().unwrap();
        for frame in before {
            decoder.frame(None, frame.as_bytes(), &mut |_| {}).unwrap();
        }
        let fault = decoder.frame(None, last.as_bytes(), &mut |_| {}).unwrap_err();
        assert_eq!(fault, StreamFault::OutOfOrder, "{last}");
    }
    // A block that was not ended is ended by the next.
    let next = r#"{"type":"content_block_start","index":1,"content_block":{"type":"text","text":"b"}}"#;
    let seen = run(&[
        START,
        TEXT,
        HELLO,
        next,
        r#"{"type":"content_block_stop","index":1}"#,
        DELTA,
        END,
    ]);
    assert_eq!(seen[2..6], ["text", "+hi", "end", "textb"]);
}

#[test]
fn a_block_held_back_is_bounded() {
    let call = start_of(r#"{"type":"server_tool_use","id":"s","name":"f","input":{}}"#);
    let piece = delta_of(&format!(
        r#"{{"type":"input_json_delta","partial_json":"{}"}}"#,
        "x".repeat(1 << 20)
    ));
    let mut decoder = StreamDecoder::new();
    decoder.frame(None, call.as_bytes(), &mut |_| {}).unwrap();
    let refused = (0..8).find_map(|_| decoder.frame(None, piece.as_bytes(), &mut |_| {}).err());
    assert!(matches!(refused, Some(StreamFault::TooLarge(_))), "{refused:?}");
}

#[test]
fn the_name_of_the_event_stands_in_for_a_missing_type() {
    let mut decoder = StreamDecoder::new();
    let mut count = 0;
    decoder
        .frame(Some(b"message_stop"), b"{}", &mut |_| count += 1)
        .unwrap();
    assert_eq!(count, 3);
    assert!(decoder.frame(None, b"", &mut |_| {}).is_ok());
    let malformed = StreamDecoder::new().frame(None, b"{", &mut |_| {});
    assert!(matches!(malformed, Err(StreamFault::Malformed(_))));
}
