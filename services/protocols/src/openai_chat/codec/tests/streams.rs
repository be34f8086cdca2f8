//! Streams: habits of chat servers, and what a broken one becomes.

use super::{delta, events};
use crate::canonical::{StreamEnd, StreamEvent, StreamFault};
use crate::openai_chat::codec::{StreamDecoder, StreamEncoder};
use crate::target::AnswerTarget;

const FINISH: &str = r#"{"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;
const DONE: &str = "[DONE]";

fn run(chunks: &[&str]) -> Vec<String> {
    let (seen, end) = events(chunks);
    assert_eq!(end, StreamEnd::Complete);
    seen
}

#[test]
fn usage_is_read_wherever_it_stands_and_the_last_counts() {
    let beside = r#"{"id":"c","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#;
    let groq = r#"{"id":"c","choices":[],"x_groq":{"usage":{"prompt_tokens":3,"completion_tokens":4}}}"#;
    let inside =
        r#"{"id":"c","choices":[{"index":0,"delta":{},"usage":{"prompt_tokens":5,"completion_tokens":6}}]}"#;
    let alone = r#"{"id":"c","choices":[],"usage":{"prompt_tokens":7,"completion_tokens":8}}"#;
    assert_eq!(
        run(&[beside, groq, inside, alone, DONE]),
        [
            "start c",
            "text",
            "+a",
            "usage 1/2",
            "usage 3/4",
            "usage 5/6",
            "usage 7/8",
            "end",
            "finish 0 Stop",
            "done"
        ]
    );
}

#[test]
fn a_chunk_without_choices_does_not_begin_the_answer() {
    // Azure's first chunk has filter results and an empty id.
    let azure = r#"{"id":"","model":"","choices":[],"prompt_filter_results":[{"prompt_index":0}]}"#;
    let seen = run(&[
        azure,
        &delta(r#"{"role":"assistant","content":""}"#),
        &delta(r#"{"content":"a"}"#),
        FINISH,
    ]);
    assert_eq!(
        seen,
        [
            "extra prompt_filter_results",
            "start c",
            "text",
            "+a",
            "end",
            "finish 0 Stop",
            "done"
        ]
    );
}

#[test]
fn finish_reasons_come_once_and_last() {
    let late = delta(r#"{"content":"b"}"#);
    let seen = run(&[&delta(r#"{"content":"a"}"#), FINISH, &late, FINISH, DONE, FINISH]);
    assert_eq!(
        seen,
        ["start c", "text", "+a", "+b", "end", "finish 0 Stop", "done"]
    );
}

#[test]
fn calls_count_for_more_than_the_finish_reason() {
    // Mistral: no index, whole arguments, the finish reason in the same chunk. Ollama says stop.
    let chunk = r#"{"id":"c","choices":[{"index":0,"delta":{"tool_calls":[
        {"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}},
        {"id":"b","function":{"name":"g","arguments":{"y": 2}}}]},"finish_reason":"stop"}]}"#;
    assert_eq!(
        run(&[chunk, DONE]),
        [
            "start c",
            "call a f",
            "+{\"x\":1}",
            "end",
            "call b g",
            "+{\"y\": 2}",
            "end",
            "finish 0 ToolUse",
            "done"
        ]
    );
}

#[test]
fn the_form_before_tools_is_a_call() {
    let opening = delta(r#"{"role":"assistant","content":null,"function_call":{"name":"f","arguments":""}}"#);
    let more = delta(r#"{"function_call":{"arguments":"{}"}}"#);
    let finish = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"function_call"}]}"#;
    assert_eq!(
        run(&[&opening, &more, finish]),
        ["start c", "call - f", "+{}", "end", "finish 0 ToolUse", "done"]
    );
}

#[test]
fn a_piece_of_a_call_that_has_ended_is_a_fault() {
    let mut decoder = StreamDecoder::new();
    let mut sink = |_: StreamEvent<'_>| {};
    let chunks = [
        r#"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{"}}]}"#,
        r#"{"tool_calls":[{"index":1,"id":"b","function":{"name":"g","arguments":""}}]}"#,
    ];
    for chunk in chunks {
        decoder.frame(None, delta(chunk).as_bytes(), &mut sink).unwrap();
    }
    let late = delta(r#"{"tool_calls":[{"index":0,"function":{"arguments":"}"}}]}"#);
    assert_eq!(
        decoder.frame(None, late.as_bytes(), &mut sink),
        Err(StreamFault::OutOfOrder)
    );
    assert_eq!(decoder.end(&mut sink), StreamEnd::Cut);
}

#[test]
fn reasoning_is_read_under_every_name_and_once() {
    let both = delta(
        r#"{"reasoning":"a","reasoning_details":[{"type":"reasoning.text","text":"a","format":"anthropic-claude-v1","index":0}]}"#,
    );
    let signature = delta(r#"{"reasoning_details":[{"type":"reasoning.text","signature":"s","index":0}]}"#);
    let sealed =
        delta(r#"{"reasoning_details":[{"type":"reasoning.encrypted","data":"x","id":"r","index":1}]}"#);
    assert_eq!(
        run(&[&both, &signature, &sealed, &delta(r#"{"content":"b"}"#), FINISH]),
        [
            "start c",
            "reasoning",
            "+a",
            "signed s",
            "end",
            "reasoning",
            "sealed x",
            "end",
            "text",
            "+b",
            "end",
            "finish 0 Stop",
            "done"
        ]
    );
    let mistral = delta(
        r#"{"content":[{"type":"thinking","thinking":[{"type":"text","text":"a"}]},{"type":"text","text":"b"}]}"#,
    );
    assert_eq!(
        run(&[&mistral, FINISH]),
        [
            "start c",
            "reasoning",
            "+a",
            "end",
            "text",
            "+b",
            "end",
            "finish 0 Stop",
            "done"
        ]
    );
    for name in ["reasoning", "reasoning_content"] {
        let chunk = delta(&format!(r#"{{"content":"","{name}":"a"}}"#));
        assert_eq!(
            run(&[&chunk, FINISH]),
            ["start c", "reasoning", "+a", "end", "finish 0 Stop", "done"]
        );
    }
}

#[test]
fn googles_signature_of_a_call_is_carried() {
    let call = r#"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"},"extra_content":{"google":{"thought_signature":"s"}}}]}"#;
    let mut decoder = StreamDecoder::new();
    let target = AnswerTarget::default();
    let (mut encoder, mut out) = (StreamEncoder::new(&target), Vec::new());
    let mut sink = |event: StreamEvent<'_>| encoder.event(&event, &mut out);
    decoder.frame(None, delta(call).as_bytes(), &mut sink).unwrap();
    decoder.frame(None, FINISH.as_bytes(), &mut sink).unwrap();
    assert_eq!(decoder.end(&mut sink), StreamEnd::Complete);
    let text = String::from_utf8(out).unwrap();
    assert!(
        text.contains(r#""extra_content":{"google":{"thought_signature":"s"}}"#),
        "{text}"
    );
    assert!(text.contains(r#""finish_reason":"tool_calls""#), "{text}");
    assert!(encoder.losses().is_empty());
}

#[test]
fn a_message_beside_a_delta_is_not_read_twice() {
    // Perplexity's last chunk.
    let last = r#"{"id":"c","choices":[{"index":0,"delta":{"content":"b"},"message":{"content":"ab"},"finish_reason":"stop"}]}"#;
    let seen = run(&[&delta(r#"{"content":"a"}"#), last]);
    assert_eq!(
        seen,
        ["start c", "text", "+a", "+b", "end", "finish 0 Stop", "done"]
    );
    let only = r#"{"id":"c","choices":[{"index":0,"message":{"content":"ab"},"finish_reason":"stop"}]}"#;
    assert_eq!(
        run(&[only]),
        ["start c", "text", "+ab", "end", "finish 0 Stop", "done"]
    );
}

#[test]
fn an_error_in_the_stream_is_a_failure_and_a_cut_is_a_cut() {
    let error = r#"{"error":{"message":"no","code":503}}"#;
    let (seen, end) = events(&[&delta(r#"{"content":"a"}"#), error, FINISH, DONE]);
    assert_eq!(
        (seen.last().map(String::as_str), end),
        (Some("error no"), StreamEnd::Failed)
    );
    let (seen, end) = events(&[&delta(r#"{"content":"a"}"#)]);
    assert_eq!(
        (seen.last().map(String::as_str), end),
        (Some("+a"), StreamEnd::Cut)
    );
    assert_eq!(events(&[]).1, StreamEnd::Cut);
    assert_eq!(events(&[DONE]), (Vec::new(), StreamEnd::Cut));
    // One of two answers has not ended.
    let two = r#"{"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"},{"index":1,"delta":{"content":"a"}}]}"#;
    assert_eq!(events(&[two]).1, StreamEnd::Cut);
}

#[test]
fn done_without_a_finish_reason_ends_every_answer() {
    let seen = run(&[&delta(r#"{"content":"a"}"#), DONE]);
    assert_eq!(seen, ["start c", "text", "+a", "end", "finish 0 Other", "done"]);
}

#[test]
fn what_is_written_is_one_line_a_frame_and_parses_everywhere() {
    let target = AnswerTarget {
        id: "i",
        model: "m",
        created: 1,
        usage: true,
        meaning_only: false,
        for_any_client: false,
        openrouter: false,
    };
    let (mut encoder, mut out) = (StreamEncoder::new(&target), Vec::new());
    let mut decoder = StreamDecoder::new();
    let mut sink = |event: StreamEvent<'_>| encoder.event(&event, &mut out);
    let chunks = [
        delta("{\"content\":\"a\u{2028}\\n\"}"),
        delta(r#"{"tool_calls":[{"index":0,"id":"","function":{"name":"f","arguments":""}}]}"#),
        delta("{\"annotations\":[{\"type\":\"x\",\"y\":[1,\n2]}]}"),
        r#"{"id":"c","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#.to_owned(),
    ];
    for chunk in &chunks {
        decoder.frame(None, chunk.as_bytes(), &mut sink).unwrap();
    }
    decoder.frame(None, FINISH.as_bytes(), &mut sink).unwrap();
    assert_eq!(decoder.end(&mut sink), StreamEnd::Complete);
    let text = String::from_utf8(out).unwrap();
    assert!(!text.contains('\u{2028}'));
    let frames: Vec<&str> = text.split_terminator("\n\n").collect();
    assert!(
        frames
            .iter()
            .all(|frame| frame.starts_with("data: ") && !frame.contains('\n')),
        "{text}"
    );
    // No arguments are an empty object, and a call without an id gets one.
    assert!(
        text.contains(r#""arguments":"{}""#) && text.contains(r#""id":"call_"#),
        "{text}"
    );
    let last: Vec<&str> = frames.iter().rev().take(2).copied().collect();
    assert!(
        last[0] == "data: [DONE]" && last[1].contains(r#""choices":[],"usage":{"prompt_tokens":1"#),
        "{text}"
    );
    assert_eq!(text.matches(r#""finish_reason":""#).count(), 1);
}
