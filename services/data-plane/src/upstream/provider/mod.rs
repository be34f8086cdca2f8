//! The providers, one small file each: mostly data over the shared machinery of [`super`]. See
//! `docs/adding-a-provider.md`.

mod anthropic;
mod azure_openai;
mod bedrock;
pub(super) mod cancel;
mod cohere;
mod compatible;
mod deepseek;
mod fireworks;
mod gemini;
mod groq;
mod huggingface;
mod llama_cpp;
mod mistral;
mod ollama;
mod openai;
mod openrouter;
mod perplexity;
pub(super) mod text;
mod together;
mod vertex;
mod vllm;
mod xai;

use bytes::Bytes;
use sluicegate_contracts::config::{ProviderId, ProviderSettings};
use sluicegate_protocols::Dialect;
use sluicegate_protocols::embeddings::vendor::Family;
use sluicegate_protocols::target::ChatQuirks;
use sluicegate_protocols::tool_ids::IdRule;

use super::auth::KeyHeader;

/// How a provider is reached.
#[derive(Debug, Clone, Copy)]
pub(super) struct Provider {
    pub(super) id: ProviderId,
    /// The dialects it speaks natively for a model, the main one first. Never empty.
    pub(super) chat: fn(model: &str) -> &'static [Spoken],
    /// The address for vectors, where it has them in OpenAI's form.
    pub(super) embeddings: Option<Address>,
    /// Vectors in a form of their vendor's, where it has them in none of OpenAI's.
    pub(super) vectors: Option<Vectors>,
    /// The address for rankings, where it has them in Cohere's form.
    pub(super) rerank: Option<Address>,
    /// Where a plain key goes.
    pub(super) key: KeyHeader,
    /// Headers that come from the connection's settings.
    pub(super) setting_headers: fn(&ProviderSettings) -> Vec<(&'static str, &str)>,
    /// Its name of a model, where the connection's settings rename it.
    pub(super) model: for<'a> fn(&'a ProviderSettings, &'a str) -> &'a str,
    /// AWS's name of the service that requests are signed for, where they are.
    pub(super) aws_service: Option<&'static str>,
    /// What it takes of Chat Completions.
    pub(super) quirks: ChatQuirks,
    /// Whether a stream has to be asked for usage, and may be.
    pub(super) stream_usage: bool,
    pub(super) listing: Listing,
}

/// Vectors in a form of their vendor's; a request may take several calls.
#[derive(Debug, Clone, Copy)]
pub(super) struct Vectors {
    /// Whose form a model has; `None` when it makes none.
    pub(super) family: fn(model: &str) -> Option<Family>,
    pub(super) address: Address,
}

/// A dialect as a provider speaks it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spoken {
    pub(super) dialect: Dialect,
    pub(super) address: Address,
    /// Media type of its streams.
    pub(super) stream_type: &'static str,
    /// Headers every call needs, unless the caller's own say otherwise.
    pub(super) headers: &'static [(&'static str, &'static str)],
    /// What it takes for ids of tool calls.
    pub(super) tool_ids: IdRule,
    /// The last change to a body, where the dialect is spoken with a difference; `None` when it is no JSON object.
    pub(super) body: fn(Bytes) -> Option<Bytes>,
    /// Who counts the tokens of a request in it, where the provider does that.
    pub(super) counter: Option<Counter>,
}

/// A call that counts the tokens of a request and runs no model.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counter {
    pub(super) address: Address,
    /// What is asked, made of the request; `None` when that is no JSON object.
    pub(super) question: fn(Bytes, &Ask<'_>) -> Option<Bytes>,
    /// The member of the answer that tells the number.
    pub(super) tokens: &'static str,
}

/// The whole URL of a call; `None` when a name in it cannot stand in a URL, or a setting is missing.
pub(super) type Address = fn(&Ask<'_>) -> Option<String>;

/// A call, as far as its address depends on it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ask<'a> {
    /// Base URL without a trailing slash.
    pub(super) base: &'a str,
    pub(super) settings: &'a ProviderSettings,
    /// The provider's name of the model.
    pub(super) model: &'a str,
    pub(super) stream: bool,
}

/// The cheapest call that proves a credential: the list of models.
#[derive(Debug, Clone, Copy)]
pub(super) struct Listing {
    pub(super) address: fn(base: &str, &ProviderSettings) -> String,
    /// Headers it needs besides the credential.
    pub(super) headers: &'static [(&'static str, &'static str)],
    /// The member that holds the list. A bare array is read as well.
    pub(super) items: &'static str,
    /// The member of an entry that names the model.
    pub(super) name: &'static str,
    /// What stands before the name that calls use.
    pub(super) prefix: &'static str,
}

impl Provider {
    /// `wanted` as it is spoken for `model`, else the main dialect.
    pub(super) fn spoken(&self, model: &str, wanted: Dialect) -> &'static Spoken {
        let all = (self.chat)(model);
        let native = all.iter().find(|spoken| spoken.dialect == wanted);
        native.or(all.first()).unwrap_or(&compatible::CHAT)
    }
}

/// The provider with this id.
pub(super) const fn of(id: ProviderId) -> &'static Provider {
    match id {
        ProviderId::Alibaba => &compatible::ALIBABA,
        ProviderId::Anthropic => &anthropic::ANTHROPIC,
        ProviderId::Azure => &azure_openai::AZURE_OPENAI,
        ProviderId::Baseten => &compatible::BASETEN,
        ProviderId::Bedrock => &bedrock::BEDROCK,
        ProviderId::Cerebras => &compatible::CEREBRAS,
        ProviderId::Cohere => &cohere::COHERE,
        ProviderId::Compatible => &compatible::COMPATIBLE,
        ProviderId::DeepInfra => &compatible::DEEPINFRA,
        ProviderId::DeepSeek => &deepseek::DEEPSEEK,
        ProviderId::Fireworks => &fireworks::FIREWORKS,
        ProviderId::Google => &gemini::GEMINI,
        ProviderId::Groq => &groq::GROQ,
        ProviderId::HuggingFace => &huggingface::HUGGING_FACE,
        ProviderId::LlamaCpp => &llama_cpp::LLAMA_CPP,
        ProviderId::Mistral => &mistral::MISTRAL,
        ProviderId::MoonshotAi => &compatible::MOONSHOT_AI,
        ProviderId::Nebius => &compatible::NEBIUS,
        ProviderId::Nvidia => &compatible::NVIDIA,
        ProviderId::Ollama => &ollama::OLLAMA,
        ProviderId::OpenAi => &openai::OPENAI,
        ProviderId::OpenRouter => &openrouter::OPENROUTER,
        ProviderId::Perplexity => &perplexity::PERPLEXITY,
        ProviderId::Together => &together::TOGETHER,
        ProviderId::Upstage => &compatible::UPSTAGE,
        ProviderId::Vertex => &vertex::VERTEX,
        ProviderId::Vllm => &vllm::VLLM,
        ProviderId::Xai => &xai::XAI,
        ProviderId::Zai => &compatible::ZAI,
    }
}

#[cfg(test)]
mod tests;
