//! Vertex AI. Project and location stand in every path; a service account's token is the credential. Claude is spoken to
//! in Anthropic's dialect with a version in the body and no model; open models, whose names have a publisher in front,
//! through an OpenAI-compatible door.

use sluicegate_contracts::config::ProviderId;
use sluicegate_protocols::embeddings::vendor::Family;

use super::anthropic::{COUNTER, MESSAGES, OF_THE_ANSWER};
use super::compatible::{CHAT, COMPATIBLE};
use super::gemini::{self, GENERATE};
use super::{Ask, Counter, Listing, Provider, Spoken, Vectors};
use crate::upstream::address::segment;
use crate::upstream::members::{only, with_member};

/// The version of Anthropic's dialect that Vertex AI documents.
const CLAUDE_VERSION: &str = "vertex-2023-10-16";

/// What the counter takes of a request, in either spelling of Google's.
const COUNTED: &[&str] = &[
    "contents",
    "systemInstruction",
    "system_instruction",
    "tools",
    "generationConfig",
    "generation_config",
];

const CLAUDE: Spoken = Spoken {
    address: |ask| {
        let method = if ask.stream {
            "streamRawPredict"
        } else {
            "rawPredict"
        };
        model(ask, "anthropic", method)
    },
    headers: &[],
    body: |body| with_member(&body, "anthropic_version", CLAUDE_VERSION, &["model"]),
    counter: Some(Counter {
        // One for all models: the body names the one that is meant.
        address: |ask| account(ask, "publishers/anthropic/models/count-tokens:rawPredict"),
        question: |request, _| with_member(&request, "anthropic_version", CLAUDE_VERSION, OF_THE_ANSWER),
        ..COUNTER
    }),
    ..MESSAGES
};
const GOOGLE: Spoken = Spoken {
    address: |ask| model(ask, "google", gemini::method(ask.stream)),
    counter: Some(Counter {
        address: |ask| model(ask, "google", "countTokens"),
        // Unlike the Gemini API it takes these at the top, and no other member.
        question: |request, _| only(&request, COUNTED),
        tokens: "totalTokens",
    }),
    ..GENERATE
};
const OPEN: Spoken = Spoken {
    address: |ask| account(ask, "endpoints/openapi/chat/completions"),
    ..CHAT
};

pub(in crate::upstream) const VERTEX: Provider = Provider {
    id: ProviderId::Vertex,
    chat: |model| {
        if model.starts_with("claude") {
            &[CLAUDE]
        } else if model.contains('/') {
            &[OPEN]
        } else {
            &[GOOGLE]
        }
    },
    embeddings: None,
    vectors: Some(Vectors {
        family: |model| Some(Family::of_vertex(model)),
        address: |ask| model(ask, "google", "predict"),
    }),
    rerank: None,
    listing: Listing {
        // The list of models in general: it proves that a token is given and taken, not that the project may be used.
        address: |base, _| format!("{}/v1beta1/publishers/google/models?pageSize=300", root(base)),
        items: "publisherModels",
        name: "name",
        prefix: "publishers/google/models/",
        ..COMPATIBLE.listing
    },
    ..COMPATIBLE
};

fn root(base: &str) -> &str {
    base.strip_suffix("/v1").unwrap_or(base)
}

/// A path inside the account.
fn account(ask: &Ask<'_>, path: &str) -> Option<String> {
    let project = segment(ask.settings.project.as_deref()?)?;
    let location = segment(ask.settings.region.as_deref()?)?;
    let root = root(ask.base);
    Some(format!(
        "{root}/v1/projects/{project}/locations/{location}/{path}"
    ))
}

/// A question to a publisher's model.
fn model(ask: &Ask<'_>, publisher: &str, method: &str) -> Option<String> {
    let model = segment(ask.model)?;
    account(ask, &format!("publishers/{publisher}/models/{model}:{method}"))
}
