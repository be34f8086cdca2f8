//! Gemini API of Google AI Studio. Vectors come from its OpenAI-compatible door, one segment further down, to which
//! connections from before it was spoken to natively lead.

use sluicegate_contracts::config::ProviderId;
use sluicegate_protocols::Dialect;

use super::compatible::{CHAT, COMPATIBLE, below};
use super::{Ask, Counter, Listing, Provider, Spoken};
use crate::upstream::address::segment;
use crate::upstream::auth::KeyHeader;
use crate::upstream::members::{under, with_member};

/// generateContent, where the Gemini API has it.
pub(super) const GENERATE: Spoken = Spoken {
    dialect: Dialect::Gemini,
    address: |ask| model(ask, method(ask.stream)),
    counter: Some(Counter {
        address: |ask| model(ask, "countTokens"),
        // Instructions and tools count only in a whole request, which names its model again.
        question: |request, ask| {
            let request = with_member(&request, "model", &format!("models/{}", ask.model), &[])?;
            Some(under("generateContentRequest", &request))
        },
        tokens: "totalTokens",
    }),
    ..CHAT
};

pub(in crate::upstream) const GEMINI: Provider = Provider {
    id: ProviderId::Google,
    chat: |_| &[GENERATE],
    embeddings: Some(|ask| below(root(ask.base), "/openai/embeddings")),
    rerank: None,
    key: KeyHeader::Named("x-goog-api-key"),
    listing: Listing {
        address: |base, _| format!("{}/models?pageSize=1000", root(base)),
        items: "models",
        name: "name",
        prefix: "models/",
        ..COMPATIBLE.listing
    },
    ..COMPATIBLE
};

fn root(base: &str) -> &str {
    base.strip_suffix("/openai").unwrap_or(base)
}

fn model(ask: &Ask<'_>, method: &str) -> Option<String> {
    let model = segment(ask.model)?;
    Some(format!("{}/models/{model}:{method}", root(ask.base)))
}

/// What a model is asked, as it stands behind its name. A stream without `alt` would be one JSON array.
pub(super) const fn method(stream: bool) -> &'static str {
    if stream {
        "streamGenerateContent?alt=sse"
    } else {
        "generateContent"
    }
}
