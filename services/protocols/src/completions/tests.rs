//! Requests rewritten into chat, answers and streams written as text completions.

use serde_json::{Value, json};

use super::*;
use crate::Dialect;
use crate::dialect::decode_response;
use crate::lossy::Feature;
use crate::relay::{AnswerForm, StreamTranslator};
use crate::target::AnswerTarget;

fn chat(body: &str) -> Result<Value, Refusal> {
    to_chat(body.as_bytes(), 64).map(|out| serde_json::from_slice(&out).unwrap())
}

#[test]
fn the_prompt_becomes_the_one_message_and_the_rest_stays() {
    let body = r#"{"model":"m", "suffix":null,"prompt" : "a\u00e9\"b","echo":false,"max_tokens":7,"best_of":1,"x":[1e3]}"#;
    let out = to_chat(body.as_bytes(), 64).unwrap();
    let text =
        r#"{"model":"m","messages":[{"role":"user","content":"a\u00e9\"b"}],"max_tokens":7,"x":[1e3]}"#;
    assert_eq!(String::from_utf8(out).unwrap(), text);
    assert_eq!(
        chat(r#"{"prompt":["hi"]}"#).unwrap()["messages"][0]["content"],
        "hi"
    );
}

#[test]
fn what_chat_cannot_do_is_refused_and_says_what_to_do() {
    for (body, name) in [
        (r#"{"prompt":["a","b"]}"#, "prompt"),
        (r#"{"prompt":[1,2,3]}"#, "prompt"),
        (r#"{"prompt":[]}"#, "prompt"),
        (r#"{"prompt":"a","suffix":"b"}"#, "suffix"),
        (r#"{"prompt":"a","echo":true}"#, "echo"),
        (r#"{"prompt":"a","best_of":3}"#, "best_of"),
        (r#"{"prompt":"a","logprobs":0}"#, "logprobs"),
        (r#"{"prompt":"a","messages":[]}"#, "messages"),
    ] {
        match chat(body).unwrap_err() {
            Refusal::Unsupported(field, why) => assert_eq!((field, why.is_empty()), (name, false), "{body}"),
            Refusal::Malformed(error) => panic!("{body}: {error}"),
        }
    }
    for (body, pointer) in [
        (r#"{"model":"m"}"#, "/prompt"),
        (r#"{"prompt":5}"#, "/prompt"),
        (r#"{"prompt":"a","prompt":"b"}"#, "/prompt"),
        (r#"{"prompt":"a""#, ""),
    ] {
        match chat(body).unwrap_err() {
            Refusal::Malformed(error) => assert_eq!(error.pointer(), pointer, "{body}"),
            Refusal::Unsupported(field, _) => panic!("{body}: {field}"),
        }
    }
}

#[test]
fn an_answer_is_its_text() {
    let answer = br#"{"id":"c","created":3,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"hey","reasoning_content":"hm"},"finish_reason":"length"}],"usage":{"prompt_tokens":2,"completion_tokens":1,"total_tokens":3}}"#;
    let decoded = decode_response(Dialect::OpenAiChat, answer).unwrap();
    let encoded = encode_response(&decoded, &AnswerTarget::default());
    let read: Value = serde_json::from_slice(&encoded.body).unwrap();
    assert_eq!(read["object"], "text_completion");
    assert_eq!(
        read["choices"],
        json!([{"text": "hey", "index": 0, "logprobs": null, "finish_reason": "length"}])
    );
    assert_eq!(read["usage"]["prompt_tokens"], 2);
    assert!(
        encoded
            .losses
            .losses()
            .iter()
            .any(|it| it.feature == Feature::Reasoning)
    );
}

#[test]
fn a_stream_is_its_text_in_pieces_and_ends_with_done() {
    let stream = concat!(
        "data: {\"id\":\"c\",\"created\":3,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"he\"}}]}\n\n",
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"y\"},\"finish_reason\":\"stop\"}]}\n\n",
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":2,\"completion_tokens\":1}}\n\ndata: [DONE]\n\n",
    );
    for wanted in [true, false] {
        let target = AnswerTarget {
            usage: wanted,
            ..AnswerTarget::default()
        };
        let mut relay = StreamTranslator::new(Dialect::OpenAiChat, AnswerForm::Completions, &target, 1 << 16);
        let mut out = Vec::new();
        relay
            .feed(&bytes::Bytes::from_static(stream.as_bytes()), &mut out)
            .unwrap();
        out.push(relay.tail(&crate::TokenCounts::default(), None));
        let text = String::from_utf8(out.concat()).unwrap();
        let frames: Vec<&str> = text.trim_end().split("\n\n").collect();
        assert_eq!(*frames.last().unwrap(), "data: [DONE]");
        let chunks: Vec<Value> = frames[..frames.len() - 1]
            .iter()
            .map(|frame| serde_json::from_str(frame.strip_prefix("data: ").unwrap()).unwrap())
            .collect();
        let said: String = chunks
            .iter()
            .filter_map(|it| it["choices"][0]["text"].as_str())
            .collect();
        assert_eq!(said, "hey");
        assert_eq!(chunks.iter().any(|it| it["usage"]["prompt_tokens"] == 2), wanted);
        assert!(
            chunks
                .iter()
                .any(|it| it["choices"][0]["finish_reason"] == "stop")
        );
    }
}
