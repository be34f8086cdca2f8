//! A catalog row: one priced way to reach a model.

use serde::{Deserialize, Serialize};

use super::{Facts, PriceCard, Status};
use crate::ids::EndpointId;

/// What can be asked of an endpoint. The text names are wire format and metric labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Chat completion, whole or streamed.
    ChatCompletions,
    /// Embedding vectors.
    Embeddings,
    /// Ranking of documents.
    Rerank,
}

impl Operation {
    /// The wire name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ChatCompletions => "chat_completions",
            Self::Embeddings => "embeddings",
            Self::Rerank => "rerank",
        }
    }
}

/// One priced way to reach a model: model × provider × region × variant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Its id.
    pub id: EndpointId,
    /// Canonical model id, `vendor/model`.
    pub model: String,
    /// Provider id as in [`super::Connection::provider`].
    pub provider: String,
    /// The name the provider itself uses for the model.
    pub upstream_model: String,
    /// Region, when the provider tells them apart.
    pub region: Option<String>,
    /// What it can be asked.
    pub operations: Vec<Operation>,
    /// Prices; `None` when unknown, which a caller's budget may refuse.
    pub price: Option<PriceCard>,
    /// Every version of the price that is or will be in force, where there is more than the one in `price`. A release
    /// that does not know this list prices by `price`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub price_versions: Vec<PriceCard>,
    /// Largest prompt plus answer, in tokens.
    pub context_window: Option<u64>,
    /// Largest answer, in tokens.
    pub max_output_tokens: Option<u64>,
    /// What is known of it beyond its price; a release that does not know the member knows nothing.
    #[serde(default, skip_serializing_if = "Facts::are_none")]
    pub facts: Facts,
    /// Whether it may be used.
    pub status: Status,
}

impl Endpoint {
    /// The versions of its price, of which one at most is in force at an instant; none when the price is unknown.
    #[must_use]
    pub fn prices(&self) -> &[PriceCard] {
        if self.price_versions.is_empty() {
            self.price.as_slice()
        } else {
            &self.price_versions
        }
    }
}
