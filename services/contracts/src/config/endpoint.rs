//! A catalog row: one priced way to reach a model.

use serde::{Deserialize, Serialize};

use super::Status;
use crate::ids::EndpointId;
use crate::money::PicoUsd;

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

/// Prices in force above a prompt length; the whole attempt is priced by the highest tier reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceTier {
    /// The tier applies when the prompt has more than this many tokens.
    pub above_input_tokens: u64,
    /// Per prompt token.
    pub input: PicoUsd,
    /// Per generated token.
    pub output: PicoUsd,
    /// Per prompt token read from cache; `None`: as `input`.
    pub cache_read: Option<PicoUsd>,
    /// Per prompt token written to cache; `None`: as `input`.
    pub cache_write: Option<PicoUsd>,
}

/// Prices of an endpoint, each in pico-USD per token. `None` means the class costs what its parent class costs
/// (cached and audio input as `input`, reasoning and audio output as `output`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceCard {
    /// Raised whenever a price changes; noted in every usage record.
    pub version: u32,
    /// Per prompt token.
    pub input: PicoUsd,
    /// Per generated token.
    pub output: PicoUsd,
    /// Per prompt token read from cache.
    pub cache_read: Option<PicoUsd>,
    /// Per prompt token written to cache.
    pub cache_write: Option<PicoUsd>,
    /// Per reasoning token.
    pub reasoning: Option<PicoUsd>,
    /// Per audio prompt token.
    pub input_audio: Option<PicoUsd>,
    /// Per audio token generated.
    pub output_audio: Option<PicoUsd>,
    /// Long-prompt prices, ascending by threshold.
    #[serde(default)]
    pub tiers: Vec<PriceTier>,
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
    /// Largest prompt plus answer, in tokens.
    pub context_window: Option<u64>,
    /// Largest answer, in tokens.
    pub max_output_tokens: Option<u64>,
    /// Whether it may be used.
    pub status: Status,
}
