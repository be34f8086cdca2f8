//! Unit tests of what the relay adds to decoders and encoders: what waits, what goes out at once.

use bytes::Bytes;

use super::*;
use crate::failure::FailureClass;

const STREAM: &str = concat!(
    "data: {\"id\":\"c1\",\"created\":7,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"Hel\"}}]}\n\n",
    ": note\n\n",
    "data: {\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"lo\"},\"finish_reason\":\"stop\"}]}\n\n",
    "data: {\"id\":\"c1\",\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}\n\n",
    "data: [DONE]\n\n",
);

fn translator(usage: bool) -> StreamRelay {
    let target = AnswerTarget {
        usage,
        ..AnswerTarget::default()
    };
    let chat = Dialect::OpenAiChat;
    StreamRelay::Translate(Box::new(StreamTranslator::new(
        chat,
        AnswerForm::Dialect(chat),
        &target,
        1 << 16,
    )))
}

fn watcher() -> StreamRelay {
    StreamRelay::Watch(Box::new(StreamWatch::new(Dialect::OpenAiChat, 1 << 16)))
}

fn feed(relay: &mut StreamRelay, text: &str) -> String {
    let mut out = Vec::new();
    relay
        .feed(&Bytes::copy_from_slice(text.as_bytes()), &mut out)
        .unwrap();
    String::from_utf8(out.concat()).unwrap()
}

fn text(bytes: Bytes) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_watcher_passes_every_byte_and_keeps_the_end_for_the_tail() {
    let mut relay = watcher();
    let shown = feed(&mut relay, STREAM);
    assert_eq!(shown, STREAM.replace("data: [DONE]\n\n", ""));
    let facts = relay.facts();
    assert!(facts.done && facts.has_content && facts.error.is_none());
    assert_eq!(facts.usage.map(|it| (it.input, it.output)), Some((3, 2)));
    assert_eq!(facts.content_bytes, 5);
    assert_eq!(
        text(relay.tail(&TokenCounts::default(), Some("0.5"))),
        "data: [DONE]\n\n"
    );
}

#[test]
fn a_translator_shows_text_at_once_and_ends_only_when_told_to() {
    let mut relay = translator(true);
    let (first, rest) = STREAM.split_once("\n\n").unwrap();
    let shown = feed(&mut relay, &format!("{first}\n\n"));
    assert!(shown.contains("\"content\":\"Hel\""), "{shown}");
    assert!(relay.facts().begun && !relay.facts().done);
    let shown = feed(&mut relay, rest);
    assert!(
        shown.contains("\"content\":\"lo\"") && !shown.contains("\"stop\""),
        "{shown}"
    );
    let tail = text(relay.tail(&TokenCounts::estimate(100, 100), Some("0.25")));
    assert!(tail.contains("\"finish_reason\":\"stop\""), "{tail}");
    assert!(
        tail.contains("\"prompt_tokens\":3") && tail.contains("\"cost\":0.25"),
        "{tail}"
    );
    assert!(tail.ends_with("data: [DONE]\n\n"));
}

#[test]
fn usage_never_told_is_estimated_and_usage_not_wanted_is_not_shown() {
    let silent = STREAM.replace(
        "data: {\"id\":\"c1\",\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}\n\n",
        "",
    );
    let estimate = TokenCounts::estimate(400, 8);
    let mut relay = translator(true);
    feed(&mut relay, &silent);
    assert!(text(relay.tail(&estimate, None)).contains("\"prompt_tokens\":100"));
    let mut relay = translator(false);
    feed(&mut relay, &silent);
    assert!(!text(relay.tail(&estimate, None)).contains("prompt_tokens"));
}

#[test]
fn a_broken_stream_says_so_and_never_looks_complete() {
    let failure = Failure {
        class: FailureClass::Upstream,
        message: "The answer broke off.",
        param: None,
        code: Some("upstream_failed"),
        details: &[],
    };
    let cut = STREAM.split("data: [DONE]").next().unwrap();
    for cut in [&cut[..200], cut] {
        for mut relay in [watcher(), translator(true)] {
            let mut shown = feed(&mut relay, cut);
            shown.push_str(&relay.release(Some("1")).map(text).unwrap_or_default());
            shown.push_str(&text(relay.fail(&failure)));
            assert!(!shown.contains("[DONE]"));
            let last = shown.trim_end().rsplit("\n\n").next().unwrap();
            assert!(last.contains("upstream_failed"), "{shown}");
        }
    }
}

#[test]
fn an_error_of_the_provider_is_shown_and_ends_the_stream() {
    let broken = format!(
        "{}\n\ndata: {{\"error\":{{\"message\":\"no more\",\"code\":\"x\"}}}}\n\ndata: {{\"choices\":[]}}\n\n",
        STREAM.split("\n\n").next().unwrap()
    );
    for mut relay in [watcher(), translator(true)] {
        let shown = feed(&mut relay, &broken);
        assert!(
            shown
                .trim_end()
                .rsplit("\n\n")
                .next()
                .unwrap()
                .contains("no more"),
            "{shown}"
        );
        assert_eq!(relay.facts().error.map(|it| it.message.as_str()), Some("no more"));
        assert_eq!(relay.finish(&mut Vec::new()), StreamEnd::Failed);
    }
}

#[test]
fn losses_of_a_stream_are_known_before_its_end_is_shown() {
    let priced = STREAM.replace("\"completion_tokens\":2", "\"completion_tokens\":2,\"cost\":7");
    let mut relay = translator(true);
    feed(&mut relay, &priced);
    assert!(relay.losses().is_empty());
    relay.conclude(&TokenCounts::default());
    assert_eq!(relay.losses().losses().len(), 1);
    let tail = text(relay.tail(&TokenCounts::default(), Some("0.5")));
    assert!(
        tail.starts_with(": x-sluicegate-dropped usage_detail\n\ndata: "),
        "{tail}"
    );
    assert!(
        tail.contains("\"cost\":0.5,\"sluicegate\":{\"dropped\":\"usage_detail\"}"),
        "{tail}"
    );
    assert_eq!(tail.matches("finish_reason").count(), 1);
    // Nobody looks at usage that is not told.
    let mut relay = translator(false);
    feed(&mut relay, &priced);
    assert!(!text(relay.tail(&TokenCounts::default(), None)).contains("dropped"));
}

/// A stream with reasoning in the open, told to a caller of another dialect; and the same as a whole answer.
fn told(from: Dialect, to: Dialect, stream: &str, whole: &str) -> (String, String) {
    let target = AnswerTarget {
        for_any_client: true,
        openrouter: false,
        ..AnswerTarget::default()
    };
    let mut relay = StreamTranslator::new(from, AnswerForm::Dialect(to), &target, 1 << 16);
    let mut out = Vec::new();
    relay
        .feed(&Bytes::copy_from_slice(stream.as_bytes()), &mut out)
        .unwrap();
    out.push(relay.tail(&TokenCounts::default(), None));
    let answer = crate::dialect::decode_response(from, whole.as_bytes()).unwrap();
    let encoded = encode_answer(AnswerForm::Dialect(to), &answer, &target);
    (
        String::from_utf8(out.concat()).unwrap(),
        String::from_utf8(encoded.body).unwrap(),
    )
}

#[test]
fn reasoning_is_told_so_that_every_client_finds_it() {
    let stream = concat!(
        "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"reasoning_content\":\"hm\"}}]}\n\n",
        "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}\n\n",
        "data: [DONE]\n\n",
    );
    let whole = r#"{"id":"c","choices":[{"index":0,"message":{"reasoning_content":"hm","content":"a"},"finish_reason":"stop"}]}"#;
    let summary = r#""summary":[{"type":"summary_text","text":"hm"}]"#;
    let (streamed, answer) = told(Dialect::OpenAiChat, Dialect::OpenAiResponses, stream, whole);
    assert!(
        answer.contains(summary) && !answer.contains("reasoning_text"),
        "{answer}"
    );
    assert!(
        streamed.contains("response.reasoning_summary_text.delta"),
        "{streamed}"
    );
    assert!(
        streamed.contains(summary) && !streamed.contains("reasoning_text"),
        "{streamed}"
    );

    let candidate = r#"{"candidates":[{"content":{"role":"model","parts":[{"text":"hm","thought":true},{"text":"a"}]},"finishReason":"STOP"}]}"#;
    let stream = format!("data: {candidate}\n\n");
    let (streamed, answer) = told(Dialect::Gemini, Dialect::OpenAiChat, &stream, candidate);
    for shown in [streamed, answer] {
        assert!(shown.contains(r#""reasoning_content":"hm""#), "{shown}");
        let detail = r#""reasoning_details":[{"type":"reasoning.text","text":"hm""#;
        assert!(shown.contains(detail), "{shown}");
    }
}
