//! Embeddings as recorded from servers that speak OpenAI's form.

use bytes::Bytes;
use serde_json::Value;
use sluicegate_protocols::embeddings::EmbeddingsRequestView;
use sluicegate_protocols::openai_chat::response;
use sluicegate_protocols::passthrough;

use crate::corpus::recordings;

#[test]
fn recorded_embeddings_are_read_and_rewritten() {
    for recording in recordings("embeddings") {
        let (Some(text), Some(answer)) = (recording.request(), recording.whole()) else {
            continue;
        };
        let id = &recording.id;
        let mut expected: Value = serde_json::from_str(&text).unwrap();
        // Ollama's older endpoint of the same name has a form of its own.
        let native = recording.path().starts_with("/api/");
        if !recording.path().ends_with("/embeddings") || native || expected.get("model").is_none() {
            continue;
        }
        let body = Bytes::from(text);
        let view = EmbeddingsRequestView::parse(&body, 64).unwrap_or_else(|error| panic!("{id}: {error}"));
        assert_eq!(view.model.decode(), expected["model"].as_str().unwrap(), "{id}");
        expected["model"] = "another".into();
        let rewritten = passthrough::embeddings(&body, &view, "another");
        assert_eq!(
            serde_json::from_slice::<Value>(&rewritten).unwrap(),
            expected,
            "{id}"
        );
        if recording.status() >= 400 || !recording.is_oracle() {
            continue;
        }
        let facts = response::read(answer.as_bytes()).unwrap_or_else(|error| panic!("{id}: {error}"));
        assert_eq!(
            u64::from(view.input.items),
            recording.summary()["vectors"].as_u64().unwrap(),
            "{id}"
        );
        assert_eq!(
            facts.usage.map_or(0, |u| u.input),
            recording.count("input"),
            "{id}"
        );
    }
}
