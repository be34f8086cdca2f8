//! What the control plane knows of each provider: its name, its address, and what a connection to it needs. Read by the
//! catalog import (rows of other providers are left out), by connections and by `GET /providers`. How a provider is
//! spoken to is the data plane's business.

use std::borrow::Cow;

use sluicegate_contracts::config::{ProviderId, ProviderSettings};

use super::provider_settings::Setting;

/// A provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Provider {
    /// Id in the catalog and in connections.
    pub id: ProviderId,
    /// Name for people.
    pub name: &'static str,
    /// Base URL without a trailing slash, in which `{region}` stands for the setting; `None` when only its operator or
    /// its customer knows.
    pub base_url: Option<&'static str>,
    /// What such a base URL looks like where there is none.
    pub base_url_example: &'static str,
    /// Whether calls need a credential.
    pub needs_credential: bool,
    /// What it needs to know besides, as a form asks for it.
    pub settings: &'static [Setting],
    /// Where its models are documented.
    pub docs_url: &'static str,
    /// Vendor of the models it makes itself, as in the first half of a canonical model id.
    pub vendor: Option<&'static str>,
}

impl Provider {
    /// Its own address for an account with these settings; `None` when it has none, or a setting is missing.
    #[must_use]
    pub fn own_base_url(&self, settings: &ProviderSettings) -> Option<Cow<'static, str>> {
        let base = self.base_url?;
        if !base.contains("{region}") {
            return Some(base.into());
        }
        let region = settings.region.as_deref()?;
        // Google's global location has no name of its own in front.
        let filled = if self.id == ProviderId::Vertex && region == "global" {
            base.replace("{region}-", "")
        } else {
            base.replace("{region}", region)
        };
        Some(filled.into())
    }
}

const fn hosted(
    id: ProviderId,
    name: &'static str,
    base_url: &'static str,
    docs_url: &'static str,
    vendor: Option<&'static str>,
) -> Provider {
    Provider {
        id,
        name,
        base_url: Some(base_url),
        base_url_example: base_url,
        needs_credential: true,
        settings: &[],
        docs_url,
        vendor,
    }
}

/// A server that its operator runs.
const fn own_server(
    id: ProviderId,
    name: &'static str,
    example: &'static str,
    docs_url: &'static str,
) -> Provider {
    Provider {
        base_url: None,
        needs_credential: false,
        ..hosted(id, name, example, docs_url, None)
    }
}

/// Every provider, by id.
#[rustfmt::skip]
pub const PROVIDERS: &[Provider] = &[
    hosted(ProviderId::Alibaba, "Alibaba Model Studio", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
        "https://www.alibabacloud.com/help/en/model-studio/models", Some("qwen")),
    Provider {
        settings: &[Setting::required_region("AWS region", "us-east-1"), Setting::INFERENCE_PROFILES],
        ..hosted(ProviderId::Bedrock, "Amazon Bedrock", "https://bedrock-runtime.{region}.amazonaws.com",
            "https://docs.aws.amazon.com/bedrock/latest/userguide/models-supported.html", None)
    },
    hosted(ProviderId::Anthropic, "Anthropic", "https://api.anthropic.com/v1",
        "https://docs.anthropic.com/en/docs/about-claude/models", Some("anthropic")),
    Provider {
        base_url: None,
        settings: &[Setting::API_VERSION, Setting::DEPLOYMENTS],
        ..hosted(ProviderId::Azure, "Azure OpenAI", "https://my-resource.openai.azure.com",
            "https://learn.microsoft.com/en-us/azure/ai-services/openai/concepts/models", None)
    },
    hosted(ProviderId::Baseten, "Baseten", "https://inference.baseten.co/v1",
        "https://docs.baseten.co/inference/model-apis/overview", None),
    hosted(ProviderId::Cerebras, "Cerebras", "https://api.cerebras.ai/v1",
        "https://inference-docs.cerebras.ai/models/overview", None),
    hosted(ProviderId::Cohere, "Cohere", "https://api.cohere.com",
        "https://docs.cohere.com/docs/models", Some("cohere")),
    hosted(ProviderId::DeepInfra, "DeepInfra", "https://api.deepinfra.com/v1/openai",
        "https://deepinfra.com/models", None),
    hosted(ProviderId::DeepSeek, "DeepSeek", "https://api.deepseek.com/v1",
        "https://api-docs.deepseek.com/quick_start/pricing", Some("deepseek")),
    hosted(ProviderId::Fireworks, "Fireworks AI", "https://api.fireworks.ai/inference/v1",
        "https://fireworks.ai/docs/", None),
    hosted(ProviderId::Google, "Google AI Studio", "https://generativelanguage.googleapis.com/v1beta",
        "https://ai.google.dev/gemini-api/docs/models", Some("google")),
    Provider {
        settings: &[Setting::GOOGLE_PROJECT, Setting::required_region("Location", "global")],
        ..hosted(ProviderId::Vertex, "Google Vertex AI", "https://{region}-aiplatform.googleapis.com",
            "https://cloud.google.com/vertex-ai/generative-ai/docs/models", None)
    },
    hosted(ProviderId::Groq, "Groq", "https://api.groq.com/openai/v1",
        "https://console.groq.com/docs/models", None),
    hosted(ProviderId::HuggingFace, "Hugging Face", "https://router.huggingface.co/v1",
        "https://huggingface.co/docs/inference-providers", None),
    own_server(ProviderId::LlamaCpp, "llama.cpp server", "http://llama.example.com:8080/v1",
        "https://github.com/ggml-org/llama.cpp/tree/master/tools/server"),
    hosted(ProviderId::Mistral, "Mistral AI", "https://api.mistral.ai/v1",
        "https://docs.mistral.ai/getting-started/models/", Some("mistralai")),
    hosted(ProviderId::MoonshotAi, "Moonshot AI", "https://api.moonshot.ai/v1",
        "https://platform.moonshot.ai/docs/api/chat", Some("moonshotai")),
    hosted(ProviderId::Nebius, "Nebius Token Factory", "https://api.tokenfactory.nebius.com/v1",
        "https://docs.tokenfactory.nebius.com/", None),
    hosted(ProviderId::Nvidia, "NVIDIA", "https://integrate.api.nvidia.com/v1",
        "https://docs.api.nvidia.com/nim/", Some("nvidia")),
    own_server(ProviderId::Ollama, "Ollama", "http://ollama.example.com:11434/v1",
        "https://ollama.com/library"),
    Provider {
        settings: &[Setting::ORGANIZATION, Setting::OPENAI_PROJECT],
        ..hosted(ProviderId::OpenAi, "OpenAI", "https://api.openai.com/v1",
            "https://platform.openai.com/docs/models", Some("openai"))
    },
    own_server(ProviderId::Compatible, "OpenAI-compatible server", "https://models.example.com/v1",
        "https://platform.openai.com/docs/api-reference/chat"),
    hosted(ProviderId::OpenRouter, "OpenRouter", "https://openrouter.ai/api/v1",
        "https://openrouter.ai/models", None),
    hosted(ProviderId::Perplexity, "Perplexity", "https://api.perplexity.ai",
        "https://docs.perplexity.ai", Some("perplexity")),
    hosted(ProviderId::Together, "Together AI", "https://api.together.xyz/v1",
        "https://docs.together.ai/docs/serverless-models", None),
    hosted(ProviderId::Upstage, "Upstage", "https://api.upstage.ai/v1",
        "https://developers.upstage.ai/docs/apis/chat", Some("upstage")),
    own_server(ProviderId::Vllm, "vLLM", "http://vllm.example.com:8000/v1",
        "https://docs.vllm.ai/en/latest/models/supported_models.html"),
    hosted(ProviderId::Xai, "xAI", "https://api.x.ai/v1",
        "https://docs.x.ai/docs/models", Some("x-ai")),
    hosted(ProviderId::Zai, "Z.AI", "https://api.z.ai/api/paas/v4",
        "https://docs.z.ai/guides/overview/pricing", Some("z-ai")),
];

/// The provider with this id.
#[must_use]
pub fn find(id: &str) -> Option<&'static Provider> {
    PROVIDERS.iter().find(|provider| provider.id.as_str() == id)
}

#[cfg(test)]
mod tests {
    use super::super::provider_settings::SettingName;
    use super::*;

    #[test]
    fn every_provider_is_here_in_its_order() {
        let ids: Vec<_> = PROVIDERS.iter().map(|provider| provider.id).collect();
        assert_eq!(ids, ProviderId::ALL);
    }

    #[test]
    fn every_address_is_in_the_domain_of_its_provider() {
        for provider in PROVIDERS {
            let example = provider.base_url.map_or(provider.base_url_example, |url| url);
            let host = example.replace("{region}", "eu-west-1");
            let host = url::Url::parse(&host).unwrap().host_str().unwrap().to_owned();
            let is_hosted = !provider.id.names_its_own_models();
            assert_eq!(provider.id.is_own_host(&host), is_hosted, "{host}");
        }
    }

    #[test]
    fn addresses_end_without_a_slash_and_ask_only_for_settings_that_are_required() {
        for provider in PROVIDERS {
            assert!(!provider.base_url_example.ends_with('/'), "{}", provider.id);
            let Some(url) = provider.base_url else { continue };
            assert!(url.starts_with("https://"), "{url}");
            let asks = provider
                .settings
                .iter()
                .any(|it| it.required && it.name == SettingName::Region);
            assert_eq!(url.contains('{'), asks, "{url}");
        }
    }

    #[test]
    fn regional_addresses_are_filled_in() {
        let at = |id: &str, region: Option<&str>| {
            let settings = ProviderSettings {
                region: region.map(str::to_owned),
                ..ProviderSettings::default()
            };
            find(id).unwrap().own_base_url(&settings)
        };
        for (id, region, url) in [
            (
                "amazon-bedrock",
                "eu-west-1",
                "https://bedrock-runtime.eu-west-1.amazonaws.com",
            ),
            (
                "google-vertex",
                "europe-west4",
                "https://europe-west4-aiplatform.googleapis.com",
            ),
            ("google-vertex", "global", "https://aiplatform.googleapis.com"),
            ("openai", "anywhere", "https://api.openai.com/v1"),
        ] {
            assert_eq!(at(id, Some(region)).as_deref(), Some(url));
        }
        assert_eq!(at("amazon-bedrock", None), None);
        assert_eq!(at("azure", Some("x")), None);
    }
}
