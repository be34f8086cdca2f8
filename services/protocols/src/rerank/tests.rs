use proptest::prelude::*;

use super::*;

#[test]
fn requests_are_measured_and_strictly_read() {
    let body = br#"{"query":"h\u00e9","documents":["ab",{"text":"c"}],"top_n":1,"sluicegate":{"tags":[]},"max_tokens_per_doc":5,"model":"m"}"#;
    let view = RerankRequestView::parse(body, 64).unwrap();
    assert_eq!(
        (view.model.decode().as_ref(), view.query.decode().as_ref()),
        ("m", "hé")
    );
    assert_eq!(
        (view.documents, view.text_bytes, view.top_n),
        (2, 3 + 2 + 12, Some(1))
    );
    assert_eq!(view.extension.map(|e| e.raw), Some(r#"{"tags":[]}"#));
    let refused = |body: &str| {
        let error = RerankRequestView::parse(body.as_bytes(), 64).unwrap_err();
        (error.fault(), error.pointer().to_owned())
    };
    assert_eq!(
        refused(r#"{"query":"q","documents":[]}"#),
        (Fault::Missing, "/model".to_owned())
    );
    assert_eq!(
        refused(r#"{"model":"m","documents":[]}"#),
        (Fault::Missing, "/query".to_owned())
    );
    assert_eq!(
        refused(r#"{"model":"m","query":"q"}"#),
        (Fault::Missing, "/documents".to_owned())
    );
    assert_eq!(
        refused(r#"{"model":"m","query":"q","Query":"r"}"#).0,
        Fault::Duplicate
    );
    assert_eq!(
        refused(r#"{"model":"m","query":"q","documents":["a",1]}"#).1,
        "/documents/1"
    );
    assert_eq!(refused(r#"{"model":"m","query":"q","top_n":-1}"#).1, "/top_n");
}

#[test]
fn answers_name_documents_that_there_are() {
    let read = |body: &str| RerankAnswer::parse(body.as_bytes(), 2, 64);
    let cohere = r#"{"id":"x","results":[{"index":1,"relevance_score":0.5}],"meta":{"billed_units":{"search_units":1}}}"#;
    let answer = read(cohere).unwrap();
    assert_eq!(
        answer.results,
        [Ranked {
            index: 1,
            relevance_score: 0.5
        }]
    );
    assert_eq!((answer.search_units, answer.tokens), (Some(1), None));
    let voyage =
        r#"{"object":"list","data":[{"relevance_score":0.7,"index":0}],"usage":{"total_tokens":57}}"#;
    assert_eq!(read(voyage).unwrap().tokens, Some(57));
    let pointer = |body: &str| read(body).unwrap_err().pointer().to_owned();
    assert_eq!(pointer("{}"), "/results");
    assert_eq!(pointer(r#"{"results":{}}"#), "/results");
    assert_eq!(
        pointer(r#"{"results":[{"index":2,"relevance_score":1}]}"#),
        "/results/0/index"
    );
    assert_eq!(
        pointer(r#"{"results":[{"index":0}]}"#),
        "/results/0/relevance_score"
    );
    assert_eq!(
        pointer(r#"{"results":[{"index":0,"relevance_score":1e999}]}"#),
        "/results/0/relevance_score"
    );
    let one = r#"{"index":0,"relevance_score":1}"#;
    assert_eq!(
        pointer(&format!(r#"{{"results":[{one},{one},{one}]}}"#)),
        "/results/2"
    );
}

proptest! {
    #[test]
    fn what_is_built_reads_back(scores in proptest::collection::vec(-1.0f64..1.0, 0..8), units in 0u64..9) {
        let results: Vec<_> = (0u32..)
            .zip(&scores)
            .map(|(index, score)| Ranked { index, relevance_score: *score })
            .collect();
        let body = response("i\"d", &results, units);
        let answer = RerankAnswer::parse(&body, scores.len() as u32, 64).unwrap();
        prop_assert_eq!(answer, RerankAnswer { results, search_units: Some(units), tokens: None });
    }
}
