//! The providers Sluicegate can reach: each speaks the OpenAI chat protocol at the address given here. Read by the
//! catalog import (rows of other providers are left out), by connections (default address) and by `GET /providers`.

/// A provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Provider {
    /// Id in the catalog and in connections.
    pub id: &'static str,
    /// Name for people.
    pub name: &'static str,
    /// Base URL including the version path, without a trailing slash; `None` when only its operator knows.
    pub base_url: Option<&'static str>,
    /// Whether calls need a credential.
    pub needs_credential: bool,
    /// Where its models are documented.
    pub docs_url: &'static str,
    /// Vendor of the models it makes itself, as in the first half of a canonical model id.
    pub vendor: Option<&'static str>,
}

/// Id of a server that the tenant names by address.
pub const OPENAI_COMPATIBLE: &str = "openai-compatible";

const fn hosted(
    id: &'static str,
    name: &'static str,
    base_url: &'static str,
    docs_url: &'static str,
    vendor: Option<&'static str>,
) -> Provider {
    Provider {
        id,
        name,
        base_url: Some(base_url),
        needs_credential: true,
        docs_url,
        vendor,
    }
}

/// Every provider, by id.
#[rustfmt::skip]
pub const PROVIDERS: &[Provider] = &[
    hosted("alibaba", "Alibaba Model Studio", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
        "https://www.alibabacloud.com/help/en/model-studio/models", Some("qwen")),
    hosted("anthropic", "Anthropic", "https://api.anthropic.com/v1",
        "https://docs.anthropic.com/en/docs/about-claude/models", Some("anthropic")),
    hosted("baseten", "Baseten", "https://inference.baseten.co/v1",
        "https://docs.baseten.co/inference/model-apis/overview", None),
    hosted("cerebras", "Cerebras", "https://api.cerebras.ai/v1",
        "https://inference-docs.cerebras.ai/models/overview", None),
    hosted("cohere", "Cohere", "https://api.cohere.ai/compatibility/v1",
        "https://docs.cohere.com/docs/models", Some("cohere")),
    hosted("deepinfra", "DeepInfra", "https://api.deepinfra.com/v1/openai",
        "https://deepinfra.com/models", None),
    hosted("deepseek", "DeepSeek", "https://api.deepseek.com/v1",
        "https://api-docs.deepseek.com/quick_start/pricing", Some("deepseek")),
    hosted("fireworks-ai", "Fireworks AI", "https://api.fireworks.ai/inference/v1",
        "https://fireworks.ai/docs/", None),
    hosted("google", "Google AI Studio", "https://generativelanguage.googleapis.com/v1beta/openai",
        "https://ai.google.dev/gemini-api/docs/models", Some("google")),
    hosted("groq", "Groq", "https://api.groq.com/openai/v1",
        "https://console.groq.com/docs/models", None),
    hosted("huggingface", "Hugging Face", "https://router.huggingface.co/v1",
        "https://huggingface.co/docs/inference-providers", None),
    hosted("mistral", "Mistral AI", "https://api.mistral.ai/v1",
        "https://docs.mistral.ai/getting-started/models/", Some("mistralai")),
    hosted("moonshotai", "Moonshot AI", "https://api.moonshot.ai/v1",
        "https://platform.moonshot.ai/docs/api/chat", Some("moonshotai")),
    hosted("nebius", "Nebius Token Factory", "https://api.tokenfactory.nebius.com/v1",
        "https://docs.tokenfactory.nebius.com/", None),
    hosted("nvidia", "NVIDIA", "https://integrate.api.nvidia.com/v1",
        "https://docs.api.nvidia.com/nim/", Some("nvidia")),
    hosted("openai", "OpenAI", "https://api.openai.com/v1",
        "https://platform.openai.com/docs/models", Some("openai")),
    Provider { id: OPENAI_COMPATIBLE, name: "OpenAI-compatible server", base_url: None, needs_credential: false,
        docs_url: "https://platform.openai.com/docs/api-reference/chat", vendor: None },
    hosted("openrouter", "OpenRouter", "https://openrouter.ai/api/v1",
        "https://openrouter.ai/models", None),
    hosted("perplexity", "Perplexity", "https://api.perplexity.ai",
        "https://docs.perplexity.ai", Some("perplexity")),
    hosted("togetherai", "Together AI", "https://api.together.xyz/v1",
        "https://docs.together.ai/docs/serverless-models", None),
    hosted("upstage", "Upstage", "https://api.upstage.ai/v1",
        "https://developers.upstage.ai/docs/apis/chat", Some("upstage")),
    hosted("xai", "xAI", "https://api.x.ai/v1",
        "https://docs.x.ai/docs/models", Some("x-ai")),
    hosted("zai", "Z.AI", "https://api.z.ai/api/paas/v4",
        "https://docs.z.ai/guides/overview/pricing", Some("z-ai")),
];

/// The provider with this id.
#[must_use]
pub fn find(id: &str) -> Option<&'static Provider> {
    PROVIDERS.iter().find(|provider| provider.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_sorted_and_addresses_end_without_a_slash() {
        assert!(PROVIDERS.windows(2).all(|pair| pair[0].id < pair[1].id));
        for provider in PROVIDERS {
            let Some(url) = provider.base_url else { continue };
            assert!(url.starts_with("https://") && !url.ends_with('/'), "{url}");
        }
    }
}
