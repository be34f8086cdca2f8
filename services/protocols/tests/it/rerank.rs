//! Rerank as recorded from Cohere and servers of its form.

use bytes::Bytes;
use serde_json::Value;
use sluicegate_protocols::passthrough;
use sluicegate_protocols::rerank::{RerankAnswer, RerankRequestView};

use crate::corpus::recordings;

#[test]
fn recorded_rankings_are_read_and_rewritten() {
    for recording in recordings("rerank") {
        let (Some(text), Some(answer)) = (recording.request(), recording.whole()) else {
            continue;
        };
        let id = &recording.id;
        let mut expected: Value = serde_json::from_str(&text).unwrap();
        let body = Bytes::from(text);
        let view = RerankRequestView::parse(&body, 64).unwrap_or_else(|error| panic!("{id}: {error}"));
        assert_eq!(view.model.decode(), expected["model"].as_str().unwrap(), "{id}");
        assert_eq!(view.query.decode(), expected["query"].as_str().unwrap(), "{id}");
        let documents = expected["documents"].as_array().unwrap().len();
        assert_eq!(view.documents as usize, documents, "{id}");
        assert_eq!(view.top_n, expected["top_n"].as_u64(), "{id}");
        expected["model"] = "another".into();
        let rewritten = passthrough::rerank(&body, &view, "another");
        assert_eq!(
            serde_json::from_slice::<Value>(&rewritten).unwrap(),
            expected,
            "{id}"
        );
        if recording.status() >= 400 {
            continue;
        }
        let read = RerankAnswer::parse(answer.as_bytes(), view.documents, 64);
        let read = read.unwrap_or_else(|error| panic!("{id}: {error}"));
        let told: Value = serde_json::from_str(&answer).unwrap();
        let results = told.get("results").or_else(|| told.get("data")).unwrap();
        let expected: Vec<_> = results
            .as_array()
            .unwrap()
            .iter()
            .map(|result| {
                (
                    result["index"].as_u64().unwrap(),
                    result["relevance_score"].as_f64().unwrap(),
                )
            })
            .collect();
        let ranked: Vec<_> = read
            .results
            .iter()
            .map(|ranked| (u64::from(ranked.index), ranked.relevance_score))
            .collect();
        assert_eq!(ranked, expected, "{id}");
        assert!(
            read.search_units.is_some() || read.tokens.is_some(),
            "{id}: nothing to charge by"
        );
    }
}
