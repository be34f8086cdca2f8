use serde_json::{Value, json};

use super::*;
use crate::canonical::{StreamEnd, StreamEvent};
use crate::failure::{Failure, FailureClass};
use crate::openai_chat::codec::{self, StreamDecoder};
use crate::openai_chat::stream::ChatStream;
use crate::target::{AnswerTarget, RequestTarget};

fn told(losses: &crate::lossy::LossReport) -> Vec<String> {
    losses.losses().iter().map(ToString::to_string).collect()
}

fn tree(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap()
}

#[test]
fn the_prompt_becomes_a_message_and_settings_stay() {
    let body = r#"{"model":"m","prompt":"Once","max_tokens":5,"temperature":0.70,"stop":"\n","n":2,"seed":7,
        "user":"u","stream":true,"stream_options":{"include_usage":true},"logit_bias":{"5":1},"best_of":1,
        "echo":false,"suffix":null,"logprobs":null,"sluicegate":{"x":1}}"#;
    let bridged = decode_request(body.as_bytes(), 64).unwrap();
    assert!(bridged.losses.is_empty(), "{:?}", bridged.losses);
    let chat = codec::encode_request(&bridged.request, &RequestTarget::default());
    assert_eq!(
        tree(&chat.body),
        json!({
            "model": "m", "messages": [{"role": "user", "content": "Once"}], "max_completion_tokens": 5,
            "temperature": 0.7, "stop": ["\n"], "n": 2, "seed": 7, "user": "u", "stream": true,
            "stream_options": {"include_usage": true}, "logit_bias": {"5": 1}
        })
    );
}

#[test]
fn what_chat_cannot_do_is_reported_once() {
    let body = r#"{"model":"m","prompt":["a","b","c"],"suffix":"x","echo":true,"logprobs":0,"best_of":3}"#;
    let bridged = decode_request(body.as_bytes(), 64).unwrap();
    assert_eq!(
        told(&bridged.losses),
        [
            "unknown_field:prompt@/prompt",
            "unknown_field:suffix@/suffix",
            "unknown_field:echo@/echo",
            "logprobs@/logprobs",
            "candidates:best_of@/best_of"
        ]
    );
}

#[test]
fn prompts_that_are_no_text_are_refused_with_their_place() {
    for (body, pointer) in [
        (r#"{"model":"m","prompt":[1,2]}"#, "/prompt/0"),
        (r#"{"model":"m","prompt":[[1]]}"#, "/prompt/0"),
        (r#"{"model":"m","prompt":7}"#, "/prompt"),
        (r#"{"model":"m"}"#, "/prompt"),
        (r#"{"model":"m","prompt":[]}"#, "/prompt"),
        (r#"{"prompt":"a"}"#, "/model"),
    ] {
        let error = decode_request(body.as_bytes(), 64).unwrap_err();
        assert_eq!(error.pointer(), pointer, "{body}");
    }
}

#[test]
fn an_answer_is_its_text() {
    let chat = br#"{"id":"c","created":7,"model":"m-1","choices":[
        {"index":0,"message":{"role":"assistant","content":"a","reasoning_content":"hm"},"finish_reason":"stop"},
        {"index":1,"message":{"role":"assistant","content":null,"tool_calls":[{"id":"t","type":"function",
            "function":{"name":"f","arguments":"{}"}}]},"finish_reason":"tool_calls"}],
        "usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}"#;
    let response = codec::decode_response(chat).unwrap();
    let encoded = encode_response(&response, &AnswerTarget::default());
    let body = tree(&encoded.body);
    assert_eq!(
        body["choices"],
        json!([
            {"text": "a", "index": 0, "logprobs": null, "finish_reason": "stop"},
            {"text": "", "index": 1, "logprobs": null, "finish_reason": "stop"}
        ])
    );
    assert_eq!(
        (&body["object"], &body["id"]),
        (&json!("text_completion"), &json!("c"))
    );
    assert_eq!(body["usage"]["total_tokens"], 3);
    assert_eq!(
        told(&encoded.losses),
        ["reasoning@/candidates/0", "tool:f@/candidates/1"]
    );
    let facts = crate::completions::read_response(&encoded.body).unwrap();
    assert_eq!((facts.choices, facts.content.text), (2, 1));
}

/// Chat chunks as a text completion, and what is lost.
fn streamed(chunks: &[&str]) -> (String, Vec<String>) {
    let target = AnswerTarget {
        usage: true,
        ..AnswerTarget::default()
    };
    let (mut decoder, mut encoder) = (StreamDecoder::new(), StreamEncoder::new(&target));
    let mut out = Vec::new();
    let mut sink = |event: StreamEvent<'_>| encoder.event(&event, &mut out);
    for chunk in chunks {
        decoder.frame(None, chunk.as_bytes(), &mut sink).unwrap();
    }
    if decoder.end(&mut sink) != StreamEnd::Complete {
        let failure = Failure {
            class: FailureClass::Upstream,
            message: "cut",
            param: None,
            code: None,
        };
        encoder.fail(&failure, &mut out);
    }
    (String::from_utf8(out).unwrap(), told(encoder.losses()))
}

/// How the watcher of passed-through streams sees it.
fn watched(text: &str) -> (StreamEnd, u64, Option<u64>) {
    let mut stream = ChatStream::of_completions(1 << 20, false);
    let mut out = Vec::new();
    stream.feed(&text.to_owned().into(), &mut out).unwrap();
    let end = stream.finish(&mut out);
    (
        end,
        stream.facts().content.text,
        stream.facts().usage.map(|u| u.output),
    )
}

#[test]
fn a_stream_is_chunks_of_text() {
    let (text, losses) = streamed(&[
        r#"{"id":"c","model":"m","created":7,"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}"#,
        r#"{"id":"c","choices":[{"index":0,"delta":{"reasoning_content":"hm"}}]}"#,
        r#"{"id":"c","choices":[{"index":0,"delta":{"content":"a\u2028b"}}]}"#,
        r#"{"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"length"}]}"#,
        r#"{"id":"c","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#,
        "[DONE]",
    ]);
    let head = r#"{"id":"c","object":"text_completion","created":7"#;
    let frames: Vec<_> = text.split_terminator("\n\n").collect();
    assert_eq!(
        frames[0],
        format!(
            r#"data: {head},"choices":[{{"text":"a\u2028b","index":0,"logprobs":null,"finish_reason":null}}],"model":"m","usage":null}}"#
        )
    );
    assert!(frames[1].contains(r#""text":"","index":0,"logprobs":null,"finish_reason":"length""#));
    assert!(frames[2].contains(r#""choices":[],"usage":{"prompt_tokens":1"#));
    assert_eq!(frames[3..], ["data: [DONE]"]);
    assert_eq!(losses, ["reasoning@/stream"]);
    assert_eq!(watched(&text), (StreamEnd::Complete, 5, Some(2)));
}

#[test]
fn a_broken_stream_never_looks_complete() {
    let piece = r#"{"id":"c","choices":[{"index":0,"delta":{"content":"a"}}]}"#;
    for chunks in [
        &[piece] as &[&str],
        &[piece, r#"{"error":{"message":"no"}}"#],
        &["[DONE]"],
    ] {
        let (text, _) = streamed(chunks);
        assert!(!text.contains("[DONE]"), "{text}");
        assert_eq!(watched(&text).0, StreamEnd::Failed, "{text}");
    }
}
