//! Embeddings as recorded: from servers that speak OpenAI's form, asked in Gemini's, and from models
//! with a form of their own.

use bytes::Bytes;
use serde_json::Value;
use sluicegate_protocols::embeddings::EmbeddingsRequestView;
use sluicegate_protocols::embeddings::gemini::{self, EmbedMethod};
use sluicegate_protocols::embeddings::openai::EncodingFormat;
use sluicegate_protocols::embeddings::vendor::{self, Family};
use sluicegate_protocols::openai_chat::response;
use sluicegate_protocols::passthrough;
use sluicegate_protocols::provider_error::ProviderError;

use crate::corpus::{Recording, recordings};
use crate::invoke::{self, Body};

/// Whose form a recording is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    OpenAi,
    Gemini,
    Vendor,
}

/// The form of a recording of the endpoint `embeddings`.
pub(crate) fn form(recording: &Recording) -> Option<Form> {
    let answer: Value = serde_json::from_str(&recording.whole()?).unwrap();
    let path = recording.path();
    if path.ends_with(":embedContent") || path.ends_with(":batchEmbedContents") {
        Some(Form::Gemini)
    } else if answer.get("embeddings").or(answer.get("embedding")).is_some()
        || answer.get("predictions").is_some()
        || path.ends_with("/embed")
    {
        Some(Form::Vendor)
    } else {
        Some(Form::OpenAi)
    }
}

fn of_form(wanted: Form) -> impl Iterator<Item = Recording> {
    let all = recordings("embeddings").into_iter();
    all.filter(move |recording| form(recording) == Some(wanted))
}

#[test]
fn recorded_embeddings_are_read_and_rewritten() {
    for recording in of_form(Form::OpenAi) {
        let id = &recording.id;
        let answer = recording.whole().unwrap();
        let mut items = None;
        if let Some(text) = recording.request() {
            let mut expected: Value = serde_json::from_str(&text).unwrap();
            let body = Bytes::from(text);
            let view =
                EmbeddingsRequestView::parse(&body, 64).unwrap_or_else(|error| panic!("{id}: {error}"));
            assert_eq!(view.model.decode(), expected["model"].as_str().unwrap(), "{id}");
            expected["model"] = "another".into();
            let rewritten = passthrough::embeddings(&body, &view, "another");
            assert_eq!(
                serde_json::from_slice::<Value>(&rewritten).unwrap(),
                expected,
                "{id}"
            );
            items = Some(u64::from(view.input.items));
        }
        if recording.status() >= 400 {
            assert!(
                !ProviderError::parse(answer.as_bytes()).message.is_empty(),
                "{id}"
            );
            continue;
        }
        let facts = response::read(answer.as_bytes()).unwrap_or_else(|error| panic!("{id}: {error}"));
        if !recording.is_oracle() {
            continue;
        }
        let vectors = recording.summary()["vectors"].as_u64().unwrap();
        assert_eq!(items.unwrap_or(vectors), vectors, "{id}");
        assert_eq!(
            facts.usage.map_or(0, |u| u.input),
            recording.count("input"),
            "{id}"
        );
    }
}

#[test]
fn questions_in_geminis_form_become_openais() {
    for recording in of_form(Form::Gemini) {
        let id = &recording.id;
        let text = recording.request().unwrap();
        let method = if recording.path().ends_with(":embedContent") {
            EmbedMethod::One
        } else {
            EmbedMethod::Batch
        };
        let asked =
            gemini::to_openai(text.as_bytes(), 64, method, "m").unwrap_or_else(|e| panic!("{id}: {e}"));
        let view = EmbeddingsRequestView::parse(&asked.body, 64).unwrap();
        assert_eq!(
            u64::from(view.input.items),
            recording.summary()["vectors"].as_u64().unwrap(),
            "{id}"
        );
    }
}

/// Vectors and their length in an OpenAI answer, and the tokens used.
fn counted(answer: &[u8]) -> (u64, u64, u64) {
    let answer: Value = serde_json::from_slice(answer).unwrap();
    let data = answer["data"].as_array().unwrap();
    let dims = data
        .first()
        .map_or(0, |item| item["embedding"].as_array().unwrap().len());
    let tokens = answer["usage"]["prompt_tokens"].as_u64().unwrap();
    (data.len() as u64, dims as u64, tokens)
}

#[test]
fn answers_in_vendors_forms_become_openais() {
    let under_invoke = invoke::ENDPOINTS.into_iter().flat_map(recordings);
    let under_invoke = under_invoke.filter(|recording| invoke::body_of(recording) == Body::Embeddings);
    for recording in of_form(Form::Vendor).chain(under_invoke) {
        let id = &recording.id;
        let answer = recording.whole().unwrap();
        if recording.status() >= 400 {
            assert!(
                !ProviderError::parse(answer.as_bytes()).message.is_empty(),
                "{id}"
            );
            continue;
        }
        let one = vendor::to_openai(&[answer.as_bytes()], "m", EncodingFormat::Float, 0)
            .unwrap_or_else(|e| panic!("{id}: {e}"))
            .body;
        let (vectors, dims, tokens) = counted(&one);
        let told: Value = serde_json::from_str(&answer).unwrap();
        assert!(vectors > 0 && dims > 0, "{id}");
        if let Some(count) = told["inputTextTokenCount"].as_u64() {
            assert_eq!(tokens, count, "{id}");
        }
        if recording.summary().is_object() {
            let summary = recording.summary();
            assert_eq!(Some(vectors), summary["vectors"].as_u64(), "{id}");
            assert_eq!(Some(dims), summary["dims"].as_u64(), "{id}");
        }
    }
}

/// The texts and the length of a recorded question say the same in OpenAI's form, and asked in that
/// they come out as they were.
#[test]
fn questions_in_vendors_forms_are_what_openais_become() {
    let under_invoke = invoke::ENDPOINTS.into_iter().flat_map(recordings);
    let under_invoke = under_invoke.filter(|recording| invoke::body_of(recording) == Body::Embeddings);
    for recording in under_invoke {
        let id = &recording.id;
        let recorded: Value = serde_json::from_str(&recording.request().unwrap()).unwrap();
        let params = &recorded["singleEmbeddingParams"];
        let (family, texts, dimensions) = if let Some(text) = recorded.get("inputText") {
            (Family::Titan, serde_json::json!([text]), &recorded["dimensions"])
        } else if let Some(texts) = recorded.get("texts") {
            (Family::Cohere, texts.clone(), &recorded["output_dimension"])
        } else {
            let text = &params["text"]["value"];
            (
                Family::Nova,
                serde_json::json!([text]),
                &params["embeddingDimension"],
            )
        };
        if texts[0].is_null() {
            // A question about something other than text.
            continue;
        }
        let asked = serde_json::json!({"model": "m", "input": texts, "dimensions": dimensions});
        let calls = vendor::from_openai(asked.to_string().as_bytes(), 64, family).unwrap();
        let sent: Value = serde_json::from_slice(&calls.bodies[0]).unwrap();
        for member in ["inputText", "dimensions", "texts", "output_dimension", "taskType"] {
            assert_eq!(sent[member], recorded[member], "{id}: {member}");
        }
        let sent = &sent["singleEmbeddingParams"];
        assert_eq!(sent["embeddingDimension"], params["embeddingDimension"], "{id}");
        assert_eq!(sent["text"]["value"], params["text"]["value"], "{id}");
    }
}
