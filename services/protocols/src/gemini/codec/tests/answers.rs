//! Whole answers as Google's servers give them.

use serde_json::json;

use super::{answer, tree};
use crate::canonical::{FinishReason, PartBody};
use crate::target::AnswerTarget;

/// Checks that an answer comes out as it went in.
fn keeps(body: &str) {
    let encoded = super::super::encode_response(&answer(body), &AnswerTarget::default());
    assert!(encoded.losses.is_empty(), "{:?}", encoded.losses);
    assert_eq!(tree(&encoded.body), tree(body.as_bytes()), "{body}");
}

fn reason(candidate: &str) -> FinishReason {
    let body = format!(r#"{{"candidates":[{candidate}]}}"#);
    keeps(&body);
    answer(&body).candidates[0].finish.clone().unwrap().reason
}

#[test]
fn calls_get_ids_that_no_other_answer_has_and_that_do_not_come_out() {
    let body = |id: &str| {
        format!(
            r#"{{"responseId":"{id}","candidates":[{{"content":{{"role":"model","parts":[
                {{"functionCall":{{"name":"f","args":{{}}}}}},{{"functionCall":{{"name":"f"}}}},
                {{"functionCall":{{"id":"own","name":"g"}}}}]}},"finishReason":"STOP"}}]}}"#
        )
    };
    let ids = |text: &str| -> Vec<String> {
        let response = answer(text);
        let parts = &response.candidates[0].message.parts;
        let calls = parts.iter().map(|part| part.body.as_tool_call().unwrap());
        calls.map(|call| call.id.clone().unwrap().into_owned()).collect()
    };
    let (first, second) = (body("r1"), body("r2"));
    keeps(&first);
    assert_eq!(ids(&first), ids(&first));
    assert_eq!(ids(&first)[2], "own");
    let mut all = [ids(&first), ids(&second)].concat();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 5);
}

#[test]
fn finish_reasons_by_word_number_and_call() {
    let with_call = r#""content":{"role":"model","parts":[{"functionCall":{"name":"f"}}]}"#;
    assert_eq!(
        reason(&format!(r#"{{{with_call},"finishReason":"STOP"}}"#)),
        FinishReason::ToolUse
    );
    assert_eq!(
        reason(&format!(
            r#"{{{with_call},"finishReason":"UNEXPECTED_TOOL_CALL","finishMessage":"x"}}"#
        )),
        FinishReason::Error
    );
    assert_eq!(reason(r#"{"finishReason":2}"#), FinishReason::Length);
    assert_eq!(
        reason(r#"{"finishReason":"MODEL_ARMOR"}"#),
        FinishReason::ContentFilter
    );
    assert_eq!(
        reason(r#"{"content":{},"finishReason":"SAFETY","index":0}"#),
        FinishReason::ContentFilter
    );
    assert_eq!(
        reason(r#"{"finishReason":"MALFORMED_FUNCTION_CALL"}"#),
        FinishReason::Error
    );
}

#[test]
fn a_blocked_prompt_is_an_answer_kept_back() {
    let body = r#"{"promptFeedback":{"blockReason":"OTHER"},"usageMetadata":{"promptTokenCount":3,"totalTokenCount":3}}"#;
    keeps(body);
    let response = answer(body);
    let finish = response.candidates[0].finish.as_ref().unwrap();
    assert_eq!(
        (finish.reason, finish.native.as_deref()),
        (FinishReason::ContentFilter, Some("OTHER"))
    );
    let plain = AnswerTarget {
        meaning_only: true,
        ..AnswerTarget::default()
    };
    let meant = tree(&super::super::encode_response(&response, &plain).body);
    assert_eq!(meant["candidates"][0]["finishReason"], "SAFETY");
}

#[test]
fn sources_become_citations_at_characters_and_stay_in_full() {
    let body = r#"{"candidates":[{"content":{"role":"model","parts":[{"text":"th","thought":true},{"text":"héllo wörld"}]},
        "groundingMetadata":{"webSearchQueries":["q"],
            "groundingChunks":[{"web":{"uri":"https://a","title":"A"}},{"retrievedContext":{"text":"x"}}],
            "groundingSupports":[{"segment":{"partIndex":1,"startIndex":7,"endIndex":13},"groundingChunkIndices":[0,1,9]},
                {"segment":{"endIndex":6},"groundingChunkIndices":[0]}]}}]}"#;
    keeps(body);
    let response = answer(body);
    let text = response.candidates[0].message.parts[1].body.as_text().unwrap();
    let places: Vec<_> = text.citations.iter().map(|c| (c.start, c.end)).collect();
    assert_eq!(places, [(Some(6), Some(11)), (Some(0), Some(5))]);
    assert_eq!(text.citations[0].title.as_deref(), Some("A"));
}

#[test]
fn probabilities_are_put_together_and_taken_apart_again() {
    let body = r#"{"candidates":[{"logprobsResult":{
        "chosenCandidates":[{"token":"a","logProbability":-0.5,"tokenId":7},{"token":"b","logProbability":-1e-7}],
        "topCandidates":[{"candidates":[{"token":"a","logProbability":-0.5}]},{"candidates":[]}],
        "logProbabilitySum":-0.5}}]}"#;
    keeps(body);
    let response = answer(body);
    let tokens = &response.candidates[0].logprobs.as_ref().unwrap().content;
    assert_eq!((tokens.len(), tokens[1].logprob.as_str()), (2, "-1e-7"));
    assert_eq!(tokens[0].top.as_ref().unwrap().len(), 1);
    keeps(r#"{"candidates":[{"logprobsResult":{"chosenCandidates":[{"token":"a"}]}}]}"#);
}

#[test]
fn odd_members_are_kept_as_they_came() {
    for body in [
        r#"{"candidates":[{"content":{"parts":[{"text":1},7,{}],"role":"odd"},"index":"x","finishReason":""}]}"#,
        r#"{"candidates":[1],"usageMetadata":{"trafficType":1},"createTime":"2026-02-17T04:28:18.08Z"}"#,
        r#"{"candidates":[{"content":{"role":"model"}},{"index":1,"content":{"parts":{"text":"x"}}}],"createTime":"now"}"#,
        r#"{"error":{"code":500,"message":"x","status":"INTERNAL"}}"#,
    ] {
        keeps(body);
    }
    let body = r#"{"createTime":"2023-11-14T22:13:20Z","candidates":[]}"#;
    keeps(body);
    assert_eq!(answer(body).created, Some(1_700_000_000));
}

#[test]
fn a_foreign_answer_reads_as_one_of_googles() {
    let chat = r#"{"id":"c","object":"chat.completion","created":1700000000,"model":"m","choices":[{"index":0,
        "message":{"role":"assistant","content":"hé!","reasoning_content":"hm","annotations":[{"type":"url_citation",
            "url_citation":{"url":"https://a","title":"A","start_index":1,"end_index":2}}],
            "tool_calls":[{"id":"call_1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]},
        "finish_reason":"tool_calls"}],
        "usage":{"prompt_tokens":5,"completion_tokens":9,"total_tokens":14,"completion_tokens_details":{"reasoning_tokens":4}}}"#;
    let response = crate::dialect::decode_response(crate::Dialect::OpenAiChat, chat.as_bytes()).unwrap();
    let encoded = super::super::encode_response(&response, &AnswerTarget::default());
    assert_eq!(
        tree(&encoded.body),
        json!({
            "candidates": [{
                "content": {"parts": [
                    {"text": "hm", "thought": true},
                    {"text": "hé!"},
                    {"functionCall": {"id": "call_1", "name": "f", "args": {"a": 1}}},
                ], "role": "model"},
                "finishReason": "STOP",
                "index": 0,
                "groundingMetadata": {
                    "groundingChunks": [{"web": {"uri": "https://a", "title": "A"}}],
                    "groundingSupports": [{
                        "segment": {"partIndex": 1, "startIndex": 1, "endIndex": 3},
                        "groundingChunkIndices": [0],
                    }],
                },
            }],
            "usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 5, "thoughtsTokenCount": 4, "totalTokenCount": 14},
            "modelVersion": "m",
            "responseId": "c",
            "createTime": "2023-11-14T22:13:20Z",
        })
    );
    let back = answer(std::str::from_utf8(&encoded.body).unwrap()).candidates[0]
        .message
        .parts
        .len();
    assert_eq!(back, 3);
    assert!(
        response.candidates[0]
            .message
            .parts
            .iter()
            .any(|p| matches!(p.body, PartBody::ToolCall(_)))
    );
}

#[test]
fn a_reason_that_is_no_number_of_one_comes_out_as_it_came() {
    for reason in ["1", "99", "-1", "1.5", "\"\"", "null"] {
        keeps(&format!(
            r#"{{"candidates":[{{"content":{{"role":"model","parts":[{{"text":"a"}}]}},"finishReason":{reason},"index":0}}]}}"#
        ));
    }
}
