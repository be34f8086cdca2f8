//! Streams as servers send them.

use super::events;
use crate::canonical::{StreamEnd, StreamFault};

const CREATED: &str = r#"{"type":"response.created","response":{"id":"r","status":"in_progress"}}"#;
const COMPLETED: &str = r#"{"type":"response.completed","response":{"id":"r","status":"completed"}}"#;

/// Runs the frames between the first and the last; gives what they made.
fn between(frames: &[&str]) -> Vec<String> {
    let mut all = vec![CREATED];
    all.extend_from_slice(frames);
    all.push(COMPLETED);
    let (mut seen, end) = events(&all);
    assert_eq!(end, Ok(StreamEnd::Complete), "{seen:?}");
    assert_eq!(seen.remove(0), "start r");
    assert_eq!(seen.pop().as_deref(), Some("done"));
    seen
}

fn added(index: u64, item: &str) -> String {
    format!(r#"{{"type":"response.output_item.added","output_index":{index},"item":{item}}}"#)
}

fn done(index: u64, item: &str) -> String {
    format!(r#"{{"type":"response.output_item.done","output_index":{index},"item":{item}}}"#)
}

fn delta(kind: &str, index: u64, text: &str) -> String {
    format!(r#"{{"type":"response.{kind}.delta","output_index":{index},"delta":"{text}"}}"#)
}

const MESSAGE: &str =
    r#"{"type":"message","id":"msg_1","role":"assistant","status":"in_progress","content":[]}"#;

fn message(text: &str) -> String {
    format!(
        r#"{{"type":"message","id":"msg_1","role":"assistant","status":"completed","content":[{{"type":"output_text","text":"{text}","annotations":[{{"type":"url_citation","url":"u"}}]}}]}}"#
    )
}

#[test]
fn text_is_told_once_however_often_it_is_repeated() {
    let said = ["text msg_1 ", "+ab", "+c", "cites u", "end", "finish Stop"];
    let (opening, one, two) = (
        added(0, MESSAGE),
        delta("output_text", 0, "ab"),
        delta("output_text", 0, "c"),
    );
    let cites = r#"{"type":"response.output_text.annotation.added","output_index":0,"content_index":0,"annotation":{"type":"url_citation","url":"u"}}"#;
    let text_done = r#"{"type":"response.output_text.done","output_index":0,"content_index":0,"text":"abc"}"#;
    let whole = done(0, &message("abc"));
    assert_eq!(
        between(&[&opening, &one, &two, cites, text_done, &whole, &whole]),
        said
    );
    // Without what comes last or first of it.
    assert_eq!(between(&[&opening, &one, text_done, &whole]), said);
    assert_eq!(between(&[&opening, &one, &whole]), said);
    let unopened = between(&[&one, &two, cites]);
    assert_eq!(
        unopened,
        ["text + ", "+ab", "+c", "cites u", "end", "finish Stop"]
    );
    // Only whole.
    assert_eq!(between(&[&whole]), ["text msg_1 abc", "end", "finish Stop"]);
    assert_eq!(
        between(&[&opening, &whole]),
        ["text msg_1 ", "+abc", "cites u", "end", "finish Stop"]
    );
}

#[test]
fn an_answer_told_at_its_end_alone_is_told() {
    let last = format!(
        r#"{{"type":"response.completed","response":{{"id":"r","status":"completed","output":[{},{{"type":"function_call","call_id":"c","name":"f","arguments":"{{}}"}}],"usage":{{"input_tokens":3,"output_tokens":4}}}}}}"#,
        message("abc")
    );
    let expected = [
        "start r",
        "text msg_1 abc",
        "end",
        "call c f",
        "end",
        "usage 3/4",
        "finish ToolUse",
        "done",
    ];
    assert_eq!(events(&[&last]).0, expected);
    // What was told before is not told again.
    let (seen, _) = events(&[CREATED, &done(0, &message("abc")), &last]);
    assert_eq!(seen, expected);
}

#[test]
fn input_of_calls_is_told_once() {
    let call = |input: &str, status: &str| {
        format!(
            r#"{{"type":"function_call","id":"fc_1","call_id":"c","name":"f","arguments":"{input}","status":"{status}"}}"#
        )
    };
    let opening = added(0, &call("", "in_progress"));
    let piece = delta("function_call_arguments", 0, "{\\\"a\\\"");
    let all = r#"{"type":"response.function_call_arguments.done","output_index":0,"arguments":"{\"a\":1}"}"#;
    let whole = done(0, &call("{\\\"a\\\":1}", "completed"));
    let said = ["call c f", "+{\"a\"", "+:1}", "end", "finish ToolUse"];
    assert_eq!(between(&[&opening, &piece, all, &whole]), said);
    assert_eq!(between(&[&opening, &piece, &whole]), said);
    assert_eq!(
        between(&[&opening, &whole]),
        ["call c f", "+{\"a\":1}", "end", "finish ToolUse"]
    );
    // An opening that says too little, or none: the call is told when it is done.
    let nameless = added(
        0,
        r#"{"type":"function_call","id":"fc_1","call_id":"c","name":"","arguments":""}"#,
    );
    for first in [nameless.as_str(), CREATED] {
        assert_eq!(
            between(&[first, &piece, all, &whole]),
            ["call c f", "end", "finish ToolUse"]
        );
    }
    let custom = r#"{"type":"custom_tool_call","id":"ct","call_id":"d","name":"g","input":""}"#;
    assert_eq!(
        between(&[&added(0, custom), &delta("custom_tool_call_input", 0, "SELECT")]),
        ["call d g", "+SELECT", "end", "finish ToolUse"]
    );
}

#[test]
fn reasoning_is_told_in_pieces_and_sealed_at_its_end() {
    let opening = added(0, r#"{"type":"reasoning","id":"rs_1","summary":[]}"#);
    let piece = |number: u64, text: &str| {
        format!(
            r#"{{"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":{number},"delta":"{text}"}}"#
        )
    };
    // xAI seals only what is done.
    let whole = done(
        0,
        r#"{"type":"reasoning","id":"rs_1","encrypted_content":"E","summary":[{"type":"summary_text","text":"one"},{"type":"summary_text","text":"two"},{"type":"summary_text","text":"three"}]}"#,
    );
    assert_eq!(
        between(&[&opening, &piece(0, "one"), &piece(1, "t"), &whole]),
        [
            "reasoning rs_1",
            "0+one",
            "1+t",
            "1+wo",
            "2+three",
            "sealed E",
            "end",
            "finish Stop"
        ]
    );
    assert_eq!(
        between(&[&opening, &whole]),
        ["reasoning rs_1", "end", "finish Stop"]
    );
    // A piece of a number too high is the next one.
    assert_eq!(
        between(&[&opening, &piece(7, "one")]),
        ["reasoning rs_1", "0+one", "end", "finish Stop"]
    );
    let text = delta("reasoning_text", 0, "a");
    let whole = done(
        0,
        r#"{"type":"reasoning","id":"rs_1","summary":[],"content":[{"type":"reasoning_text","text":"ab"}]}"#,
    );
    assert_eq!(
        between(&[&opening, &text, &whole]),
        ["reasoning rs_1", "+a", "+b", "end", "finish Stop"]
    );
}

#[test]
fn tools_of_the_provider_are_told_whole_when_they_are_done() {
    let search = |status: &str| format!(r#"{{"type":"web_search_call","id":"ws","status":"{status}"}}"#);
    let seen = between(&[
        &added(0, &search("in_progress")),
        r#"{"type":"response.web_search_call.searching","output_index":0,"item_id":"ws"}"#,
        &delta("code_interpreter_call_code", 0, "x"),
        &done(0, &search("completed")),
        &added(1, MESSAGE),
        &delta("output_text", 1, "a"),
    ]);
    assert_eq!(
        seen,
        [
            "whole web_search_call",
            "end",
            "text msg_1 ",
            "+a",
            "end",
            "finish Stop"
        ]
    );
}

#[test]
fn items_that_interrupt_each_other_lose_nothing() {
    // A tool of the provider ends while a message is open.
    let listing = done(1, r#"{"type":"mcp_list_tools","id":"l"}"#);
    let seen = between(&[
        &added(0, MESSAGE),
        &delta("output_text", 0, "a"),
        &listing,
        &delta("output_text", 0, "b"),
        &done(0, &message("abc")),
    ]);
    assert_eq!(
        seen,
        [
            "text msg_1 ",
            "+a",
            "end",
            "whole mcp_list_tools",
            "end",
            "text - ",
            "+b",
            "+c",
            "cites u",
            "end",
            "finish Stop"
        ]
    );
    // Input of a call cannot be told in two parts.
    let call = added(
        0,
        r#"{"type":"function_call","call_id":"c","name":"f","arguments":""}"#,
    );
    let piece = delta("function_call_arguments", 0, "{}");
    let (_, end) = events(&[CREATED, &call, &listing, &piece]);
    assert_eq!(end, Err(StreamFault::OutOfOrder));
    // Nothing can be added to what is done.
    let (_, end) = events(&[CREATED, &done(0, &message("a")), &delta("output_text", 0, "b")]);
    assert_eq!(end, Err(StreamFault::OutOfOrder));
}

#[test]
fn probabilities_are_told_once() {
    let token = r#"{"token":"a","logprob":-1,"top_logprobs":[]}"#;
    let piece = format!(
        r#"{{"type":"response.output_text.delta","output_index":0,"delta":"a","logprobs":[{token}]}}"#
    );
    let all = format!(
        r#"{{"type":"response.output_text.done","output_index":0,"text":"a","logprobs":[{token},{token}]}}"#
    );
    assert_eq!(
        between(&[&added(0, MESSAGE), &piece, &all]),
        [
            "text msg_1 ",
            "logprobs 1",
            "+a",
            "logprobs 1",
            "end",
            "finish Stop"
        ]
    );
}

#[test]
fn refusals_are_refusals() {
    let item = r#"{"type":"message","id":"msg_1","role":"assistant","content":[{"type":"refusal","refusal":"no!"}]}"#;
    assert_eq!(
        between(&[&added(0, MESSAGE), &delta("refusal", 0, "no"), &done(0, item)]),
        ["refusal msg_1 ", "+no", "+!", "end", "finish Stop"]
    );
}

#[test]
fn every_end_is_told_for_what_it_is() {
    let last = |frame: &str| events(&[CREATED, &delta("output_text", 0, "a"), frame]);
    let incomplete = r#"{"type":"response.incomplete","response":{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"}}}"#;
    let (seen, end) = last(incomplete);
    assert_eq!(seen[seen.len() - 2..], ["finish Length", "done"]);
    assert_eq!(end, Ok(StreamEnd::Complete));
    for (frame, message) in [
        (
            r#"{"type":"response.failed","response":{"status":"failed","error":{"code":"server_error","message":"x"}}}"#,
            "x",
        ),
        (
            r#"{"type":"response.completed","response":{"status":"failed","error":{"message":"y"}}}"#,
            "y",
        ),
        (r#"{"type":"error","code":"c","message":"z","param":null}"#, "z"),
        (r#"{"type":"error","error":{"type":"t","message":"w"}}"#, "w"),
        (r#"{"type":"response.failed"}"#, ""),
    ] {
        let (seen, end) = last(frame);
        assert_eq!(seen.last(), Some(&format!("error {message}")), "{frame}");
        assert_eq!(end, Ok(StreamEnd::Failed));
    }
    // A stream that just ends was cut, whatever some servers write last.
    assert_eq!(last("[DONE]").1, Ok(StreamEnd::Cut));
    assert_eq!(
        last(r#"{"type":"response.output_text.done","text":"a"}"#).1,
        Ok(StreamEnd::Cut)
    );
    assert!(matches!(last("{").1, Err(StreamFault::Malformed(_))));
    assert_eq!(events(&[]), (Vec::new(), Ok(StreamEnd::Cut)));
}

#[test]
fn the_name_of_an_event_counts_where_its_data_has_none() {
    let mut decoder = crate::openai_responses::codec::StreamDecoder::new();
    let mut count = 0;
    let data = br#"{"response":{"status":"completed"}}"#;
    decoder
        .frame(Some(b"response.completed"), data, &mut |_| count += 1)
        .unwrap();
    assert_eq!((count, decoder.end(&mut |_| {})), (3, StreamEnd::Complete));
}

#[test]
fn too_many_items_are_refused() {
    let frames: Vec<String> = (0..5000).map(|index| done(index, r#"{"type":"x"}"#)).collect();
    let frames: Vec<&str> = frames.iter().map(String::as_str).collect();
    assert_eq!(events(&frames).1, Err(StreamFault::OutOfOrder));
}
