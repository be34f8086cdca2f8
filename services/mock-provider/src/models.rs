//! Lists of models, of the configuration and of the script, in every provider's form.

use std::collections::BTreeSet;

use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};
use sluicegate_protocols::models_list::{ListedModel, ModelEntry, gemini_list, gemini_one, list};

use crate::exchange;
use crate::formats::Provider;
use crate::state::State;
use crate::trouble::Trouble;

const CONTEXT: u64 = 128_000;

/// Answers with what `write` makes of the models; without a document there is no such model.
pub(crate) fn answer(
    state: &State,
    request: &HttpRequest,
    provider: &'static Provider,
    write: impl FnOnce(Vec<ModelEntry>) -> Option<Vec<u8>>,
) -> HttpResponse {
    if let Err(trouble) = provider.admit(state, request) {
        return provider.refuse(state, &trouble);
    }
    match write(entries(state)) {
        Some(document) => exchange::json(document),
        None => provider.refuse(state, &Trouble::UnknownModel("")),
    }
}

fn entries(state: &State) -> Vec<ModelEntry> {
    let mut names: BTreeSet<String> = state.config.models.iter().cloned().collect();
    if names.is_empty() {
        names.extend(state.script().models.into_keys());
        names.insert("mock-model".to_owned());
    }
    let entry = |id| ModelEntry {
        id,
        owned_by: "mock".to_owned(),
        display_name: None,
        created: 1_700_000_000,
        context_length: Some(CONTEXT),
        max_output_tokens: None,
    };
    names.into_iter().map(entry).collect()
}

/// OpenAI's and Anthropic's.
pub(crate) fn openai(models: Vec<ModelEntry>) -> Option<Vec<u8>> {
    list(&models).ok()
}

fn listed(entry: ModelEntry) -> ListedModel {
    ListedModel {
        entry,
        generates: true,
        embeds: true,
        price: None,
        parameters: Vec::new(),
    }
}

/// Gemini's.
pub(crate) fn gemini(models: Vec<ModelEntry>) -> Option<Vec<u8>> {
    let models: Vec<ListedModel> = models.into_iter().map(listed).collect();
    gemini_list(&models).ok()
}

/// One of Gemini's.
pub(crate) fn gemini_named(name: &str) -> impl FnOnce(Vec<ModelEntry>) -> Option<Vec<u8>> {
    move |models| {
        let model = models.into_iter().find(|it| it.id == name)?;
        gemini_one(&listed(model)).ok()
    }
}

/// Those of a publisher on Vertex.
pub(crate) fn vertex(publisher: &str) -> impl FnOnce(Vec<ModelEntry>) -> Option<Vec<u8>> {
    move |models| {
        let model = |it: ModelEntry| json!({"name": format!("publishers/{publisher}/models/{}", it.id), "launchStage": "GA"});
        let models: Vec<Value> = models.into_iter().map(model).collect();
        Some(json!({ "publisherModels": models }).to_string().into_bytes())
    }
}

/// Bedrock's.
pub(crate) fn bedrock(models: Vec<ModelEntry>) -> Option<Vec<u8>> {
    let model = |it: ModelEntry| {
        json!({
            "modelId": it.id, "modelName": it.id, "providerName": it.owned_by,
            "modelArn": format!("arn:aws:bedrock:us-east-1::foundation-model/{}", it.id),
            "inputModalities": ["TEXT", "IMAGE"], "outputModalities": ["TEXT"],
            "responseStreamingSupported": true, "inferenceTypesSupported": ["ON_DEMAND"],
            "customizationsSupported": [], "modelLifecycle": {"status": "ACTIVE"},
        })
    };
    let models: Vec<Value> = models.into_iter().map(model).collect();
    Some(json!({ "modelSummaries": models }).to_string().into_bytes())
}
