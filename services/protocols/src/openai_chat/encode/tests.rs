use bytes::Bytes;
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::openai_chat::response;
use crate::openai_chat::stream::{ChatStream, StreamEnd};

const HEAD: Head<'static> = Head {
    id: "chatcmpl-1",
    created: 1_700_000_000,
    model: "m\"x",
};

#[test]
fn a_completion_has_openais_fields() {
    let call = ToolCall {
        id: "call_1",
        name: "f",
        arguments: "{\"a\":1}",
    };
    let answers = [
        Answer {
            content: Some("hi\n"),
            tool_calls: &[],
            finish: &FinishReason::Stop,
        },
        Answer {
            content: None,
            tool_calls: &[call],
            finish: &FinishReason::ToolCalls,
        },
    ];
    let counts = TokenCounts {
        input: 5,
        cached_input: 2,
        output: 7,
        reasoning: 3,
        ..TokenCounts::default()
    };
    let body = completion(&HEAD, &answers, &counts);
    let document: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(document["object"], "chat.completion");
    assert_eq!(document["choices"][0]["message"]["content"], "hi\n");
    assert_eq!(document["choices"][1]["message"]["content"], Value::Null);
    assert_eq!(
        document["choices"][1]["message"]["tool_calls"][0]["function"]["arguments"],
        "{\"a\":1}"
    );
    assert_eq!(document["usage"]["total_tokens"], 12);
    let facts = response::read(&body).unwrap();
    assert_eq!(
        (facts.usage, facts.choices, facts.finish),
        (Some(counts), 2, Some(FinishReason::Stop))
    );
    assert_eq!(facts.model.as_deref(), Some("m\"x"));
}

#[test]
fn a_stream_has_openais_shape() {
    let writer = ChunkWriter::new(&HEAD, true);
    let mut out = Vec::new();
    writer.role(&mut out, 0);
    writer.text(&mut out, 0, "a\u{2028}");
    writer.tool_call(
        &mut out,
        0,
        0,
        &ToolCall {
            id: "call_1",
            name: "f",
            arguments: "{}",
        },
    );
    writer.finish(&mut out, 0, &FinishReason::ToolCalls);
    writer.usage(
        &mut out,
        &TokenCounts {
            input: 1,
            output: 2,
            ..TokenCounts::default()
        },
    );
    writer.done(&mut out);
    let text = String::from_utf8(out).unwrap();
    let chunks: Vec<Value> = text
        .split("\n\n")
        .filter_map(|frame| frame.strip_prefix("data: "))
        .filter(|data| *data != "[DONE]")
        .map(|data| serde_json::from_str(data).unwrap())
        .collect();
    assert_eq!(chunks.len(), 5);
    assert!(
        chunks
            .iter()
            .all(|c| c["object"] == "chat.completion.chunk" && c["id"] == "chatcmpl-1")
    );
    assert_eq!(chunks[0]["choices"][0]["delta"]["role"], "assistant");
    assert_eq!(
        (&chunks[1]["choices"][0]["delta"]["content"], &chunks[1]["usage"]),
        (&"a\u{2028}".into(), &Value::Null)
    );
    assert!(chunks[1].as_object().unwrap().contains_key("usage"));
    assert_eq!(chunks[2]["choices"][0]["delta"]["tool_calls"][0]["index"], 0);
    assert_eq!(chunks[3]["choices"][0]["finish_reason"], "tool_calls");
    assert_eq!(
        (
            chunks[4]["choices"].as_array().map(Vec::len),
            &chunks[4]["usage"]["prompt_tokens"]
        ),
        (Some(0), &1.into())
    );
    assert!(!text.contains('\u{2028}') && text.ends_with("data: [DONE]\n\n"));
}

proptest! {
    #[test]
    fn whole_and_streamed_answers_read_alike(
        pieces in proptest::collection::vec(".{1,8}", 1..6), input in 0u64..1 << 50, output in 0u64..1 << 50,
    ) {
        let counts = TokenCounts { input, output, ..TokenCounts::default() };
        let text = pieces.concat();
        let answer = Answer { content: Some(&text), tool_calls: &[], finish: &FinishReason::Length };
        let whole = response::read(&completion(&HEAD, &[answer], &counts)).unwrap();
        let writer = ChunkWriter::new(&HEAD, true);
        let mut out = Vec::new();
        writer.role(&mut out, 0);
        for piece in &pieces {
            writer.text(&mut out, 0, piece);
        }
        writer.finish(&mut out, 0, &FinishReason::Length);
        writer.usage(&mut out, &counts);
        writer.done(&mut out);
        let mut stream = ChatStream::new(1 << 20, false);
        stream.feed(&Bytes::from(out), &mut Vec::new()).unwrap();
        prop_assert_eq!(stream.finish(&mut Vec::new()), StreamEnd::Complete);
        let facts = stream.facts();
        prop_assert_eq!(&whole.usage, &facts.usage);
        prop_assert_eq!(&whole.finish, &facts.finish);
        prop_assert_eq!(whole.content, facts.content);
        prop_assert_eq!((&whole.id, &whole.model), (&facts.id, &facts.model));
        prop_assert_eq!(facts.content_chunks, pieces.len() as u64);
    }
}
