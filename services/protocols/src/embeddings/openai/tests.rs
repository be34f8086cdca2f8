use serde_json::Value;

use super::*;
use crate::openai_chat::response as whole;

fn input(text: &str) -> Result<EmbeddingInput, DecodeError> {
    EmbeddingsRequestView::parse(format!(r#"{{"model":"m","input":{text}}}"#).as_bytes(), 64).map(|v| v.input)
}

#[test]
fn every_form_of_input_is_counted() {
    let counted = |text: &str| input(text).map(|i| (i.items, i.text_bytes, i.tokens)).unwrap();
    assert_eq!(counted(r#""h\u00e9""#), (1, 3, 0));
    assert_eq!(counted(r#"["a","bc"]"#), (2, 3, 0));
    assert_eq!(counted("[1,2,3]"), (1, 0, 3));
    assert_eq!(counted("[[1,2],[3]]"), (2, 0, 3));
    assert_eq!(counted("[]"), (0, 0, 0));
    assert_eq!(input("{}").unwrap_err().pointer(), "/input");
    assert_eq!(input("[null]").unwrap_err().pointer(), "/input/0");
    assert_eq!(input("[[-1]]").unwrap_err().pointer(), "/input/0/0");
}

#[test]
fn options_are_read_and_duplicates_refused() {
    let body = br#"{"input":"x","dimensions":8,"encoding_format":"base64","user":"u","sluicegate":{"tags":[]},"model":"m"}"#;
    let view = EmbeddingsRequestView::parse(body, 64).unwrap();
    assert_eq!(
        (view.dimensions, view.encoding_format),
        (Some(8), EncodingFormat::Base64)
    );
    assert_eq!(view.extension.map(|e| e.raw), Some(r#"{"tags":[]}"#));
    let twice = br#"{"input":"x","model":"m","Input":"y"}"#;
    assert_eq!(
        EmbeddingsRequestView::parse(twice, 64).unwrap_err().fault(),
        Fault::Duplicate
    );
    let missing = EmbeddingsRequestView::parse(br#"{"model":"m"}"#, 64).unwrap_err();
    assert_eq!((missing.fault(), missing.pointer()), (Fault::Missing, "/input"));
}

#[test]
fn both_encodings_say_the_same() {
    let vectors = vec![vec![0.5, -1.25, 3.0e-8], vec![f32::INFINITY, 0.0, 1.0]];
    let floats = response("m", &vectors, EncodingFormat::Float, 9);
    let document: Value = serde_json::from_slice(&floats).unwrap();
    let first: Vec<f32> = serde_json::from_value(document["data"][0]["embedding"].clone()).unwrap();
    assert_eq!(first, vectors[0]);
    assert_eq!(document["data"][1]["embedding"][0], 0);
    let packed: Value = serde_json::from_slice(&response("m", &vectors, EncodingFormat::Base64, 9)).unwrap();
    let bytes = STANDARD
        .decode(packed["data"][0]["embedding"].as_str().unwrap())
        .unwrap();
    let unpacked: Vec<f32> = bytes
        .chunks_exact(4)
        .map(|b| f32::from_le_bytes(b.try_into().unwrap()))
        .collect();
    assert_eq!(unpacked, vectors[0]);
    let facts = whole::read(&floats).unwrap();
    assert_eq!(
        (facts.usage.map(|u| (u.input, u.output)), facts.model.as_deref()),
        (Some((9, 0)), Some("m"))
    );
}
