use super::*;
use crate::sse::FrameTooLarge;

const CHUNK: &str = r#"data: {"id":"c1","created":7,"model":"m","choices":[{"index":0,"delta":{"content":"hé"}}],"usage":null}"#;
const FINISH: &str = r#"data: {"id":"c1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;
const USAGE: &str = r#"data: {"id":"c1","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}}"#;

fn frames(lines: &[&str]) -> String {
    lines.iter().map(|line| format!("{line}\n\n")).collect()
}

/// Runs a stream given in pieces; gives what the caller gets when nothing is known of a cost, the end and the facts.
fn run(pieces: &[&[u8]], hide: bool) -> (String, StreamEnd, StreamFacts) {
    let mut stream = ChatStream::new(1 << 20, hide);
    let mut out = Vec::new();
    for piece in pieces {
        stream.feed(&Bytes::copy_from_slice(piece), &mut out).unwrap();
    }
    let end = stream.finish(&mut out);
    out.extend(stream.release(None));
    let shown = out.iter().flat_map(|b| b.iter().copied()).collect();
    (String::from_utf8(shown).unwrap(), end, stream.facts().clone())
}

#[test]
fn usage_chunk_is_hidden_only_when_not_asked_for() {
    let text = frames(&[": hello", CHUNK, FINISH, USAGE, "data: [DONE]"]);
    let (shown, end, facts) = run(&[text.as_bytes()], true);
    assert_eq!(
        (shown, end),
        (frames(&[": hello", CHUNK, FINISH]), StreamEnd::Complete)
    );
    assert_eq!(facts.usage.map(|u| (u.input, u.output)), Some((3, 4)));
    assert_eq!(
        (facts.chunks, facts.content_chunks, facts.content.text),
        (3, 1, 3)
    );
    assert_eq!(
        (facts.id.as_deref(), facts.created, facts.finish),
        (Some("c1"), 7, Some(FinishReason::Stop))
    );
    assert_eq!(
        run(&[text.as_bytes()], false).0,
        frames(&[": hello", CHUNK, FINISH, USAGE])
    );
    // Usage beside choices stays, since the chunk has more to say.
    let both =
        r#"data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":1}}"#;
    assert_eq!(run(&[frames(&[both]).as_bytes()], true).0, frames(&[both]));
}

#[test]
fn nothing_is_copied_of_a_read_that_holds_whole_frames() {
    let read = Bytes::from(frames(&[CHUNK, CHUNK]));
    let mut out = Vec::new();
    ChatStream::new(1 << 20, true).feed(&read, &mut out).unwrap();
    assert_eq!(out.len(), 1);
    assert_eq!(out[0].as_ptr(), read.as_ptr());
}

#[test]
fn ends_are_told_apart() {
    let end = |lines: &[&str]| run(&[frames(lines).as_bytes()], true).1;
    assert_eq!(end(&[CHUNK, FINISH]), StreamEnd::Complete);
    assert_eq!(end(&[CHUNK, "data: [DONE]"]), StreamEnd::Complete);
    assert_eq!(end(&[CHUNK]), StreamEnd::Cut);
    assert_eq!(end(&[]), StreamEnd::Cut);
    assert_eq!(end(&[": only a comment"]), StreamEnd::Cut);
    assert_eq!(
        end(&[
            CHUNK,
            r#"data: {"error":{"message":"overloaded","code":503}}"#,
            FINISH
        ]),
        StreamEnd::Failed
    );
    let second = r#"data: {"choices":[{"index":1,"delta":{"content":"x"}}]}"#;
    assert_eq!(
        end(&[CHUNK, second, FINISH]),
        StreamEnd::Cut,
        "one of two answers is unfinished"
    );
    let going_on = r#"data: {"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":""}]}"#;
    assert_eq!(end(&[going_on]), StreamEnd::Cut);
}

#[test]
fn a_cut_frame_is_never_shown() {
    let whole = frames(&[CHUNK, CHUNK]);
    let one = CHUNK.len() + 2;
    for cut in one..whole.len() - 2 {
        let (shown, end, _) = run(&[&whole.as_bytes()[..cut]], true);
        assert_eq!((shown, end), (frames(&[CHUNK]), StreamEnd::Cut), "cut at {cut}");
    }
}

#[test]
fn a_last_frame_without_its_blank_line_counts() {
    let text = format!("{}data: [DONE]", frames(&[CHUNK]));
    assert_eq!(run(&[text.as_bytes()], true).1, StreamEnd::Complete);
    let text = format!("{}{FINISH}\n", frames(&[CHUNK]));
    let (shown, end, _) = run(&[text.as_bytes()], true);
    assert_eq!(
        (shown.trim_end(), end),
        (frames(&[CHUNK, FINISH]).trim_end(), StreamEnd::Complete)
    );
    assert!(shown.ends_with("\n\n"));
}

#[test]
fn split_anywhere_gives_the_same() {
    let text = frames(&[": hello", CHUNK, FINISH, USAGE, "data: [DONE]", "data: late"]).replace('\n', "\r\n");
    let bytes = text.as_bytes();
    let whole = run(&[bytes], true);
    for cut in 0..=bytes.len() {
        assert_eq!(
            run(&[&bytes[..cut], &bytes[cut..]], true),
            whole,
            "split at {cut}"
        );
    }
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(run(&single, true).2, whole.2);
}

#[test]
fn malformed_events_end_the_stream_after_what_was_good() {
    for bad in [
        "data: {\"choices\":[",
        "data: nonsense",
        "data: null",
        "data: {}x",
        "data: \u{1}",
    ] {
        let mut out = Vec::new();
        let read = Bytes::from(frames(&[CHUNK, bad]));
        let fault = ChatStream::new(1 << 20, true).feed(&read, &mut out).unwrap_err();
        assert!(matches!(fault, StreamFault::Malformed(_)), "{bad}");
        assert_eq!(out.concat(), frames(&[CHUNK]).into_bytes());
    }
    let mut small = ChatStream::new(64, true);
    let fault = small
        .feed(&Bytes::from("data: ".repeat(30)), &mut Vec::new())
        .unwrap_err();
    assert_eq!(fault, StreamFault::TooLarge(FrameTooLarge { limit: 64 }));
}

#[test]
fn the_tail_gives_usage_that_was_asked_for_and_not_told() {
    let estimate = TokenCounts::estimate(9, 5);
    let tail = |lines: &[&str], hide: bool| {
        let mut stream = ChatStream::new(1 << 20, hide);
        stream.feed(&Bytes::from(frames(lines)), &mut Vec::new()).unwrap();
        String::from_utf8(stream.tail(&estimate, Some("0.25")).to_vec()).unwrap()
    };
    assert_eq!(tail(&[CHUNK, FINISH], true), "data: [DONE]\n\n");
    assert_eq!(tail(&[CHUNK, FINISH, USAGE], true), "data: [DONE]\n\n");
    let told = tail(&[CHUNK, FINISH], false);
    let (shown, end, facts) = run(&[told.as_bytes()], false);
    assert_eq!(
        (facts.usage, end, facts.done),
        (Some(estimate), StreamEnd::Complete, true)
    );
    assert!(
        shown.contains(r#""id":"c1","object":"chat.completion.chunk","created":7,"model":"m","choices":[]"#)
    );
    assert!(shown.ends_with("\"cost\":0.25}}\n\n"), "{shown}");
}

/// What goes out while the stream runs, and its tail with a cost.
fn told(pieces: &[&[u8]]) -> (String, String) {
    let mut stream = ChatStream::new(1 << 20, false);
    let mut out = Vec::new();
    for piece in pieces {
        stream.feed(&Bytes::copy_from_slice(piece), &mut out).unwrap();
    }
    stream.finish(&mut out);
    let tail = stream.tail(&TokenCounts::default(), Some("0.000000410"));
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&out.concat()), text(&tail))
}

fn with_cost(line: &str) -> String {
    format!(
        "{},\"cost\":0.000000410}}}}\n\ndata: [DONE]\n\n",
        line.strip_suffix("}}").unwrap()
    )
}

#[test]
fn the_chunk_that_closes_with_usage_waits_for_its_cost() {
    let text = frames(&[CHUNK, FINISH, USAGE, ": still here", "data: [DONE]"]);
    let expected = (frames(&[CHUNK, FINISH, ": still here"]), with_cost(USAGE));
    assert_eq!(told(&[text.as_bytes()]), expected);
    let single: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
    assert_eq!(told(&single), expected);
    // Without an end marker or even a blank line behind it.
    let text = frames(&[CHUNK, FINISH, USAGE]);
    assert_eq!(
        told(&[text.trim_end().as_bytes()]),
        (frames(&[CHUNK, FINISH]), with_cost(USAGE))
    );

    let closing =
        r#"data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":1}}"#;
    let text = frames(&[CHUNK, closing, "data: [DONE]"]);
    assert_eq!(told(&[text.as_bytes()]), (frames(&[CHUNK]), with_cost(closing)));
}

#[test]
fn usage_in_every_chunk_holds_up_only_the_last() {
    let running = r#"data: {"choices":[{"index":0,"delta":{"content":"a"}}],"usage":{"prompt_tokens":1}}"#;
    let closing =
        r#"data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":1}}"#;
    let text = frames(&[running, running, closing, USAGE, "data: [DONE]"]);
    let shown = frames(&[running, running, closing]);
    assert_eq!(told(&[text.as_bytes()]), (shown, with_cost(USAGE)));
    let mut stream = ChatStream::new(1 << 20, false);
    let mut out = Vec::new();
    stream.feed(&Bytes::from(frames(&[running])), &mut out).unwrap();
    assert_eq!(
        out.concat(),
        frames(&[running]).into_bytes(),
        "nothing of a running answer waits"
    );
    assert_eq!(stream.release(Some("1")), None);
}

#[test]
fn a_chunk_kept_back_comes_before_what_follows() {
    let error = r#"data: {"error":{"message":"overloaded","code":503}}"#;
    for cut in 0..2 {
        let text = frames(&[CHUNK, USAGE, error]);
        let at = text.len() - cut * (error.len() + 2);
        let (shown, end, _) = run(&[&text.as_bytes()[..at], &text.as_bytes()[at..]], false);
        assert_eq!((shown, end), (text, StreamEnd::Failed));
    }
}
