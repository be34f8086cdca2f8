//! The providers that connections can be made to, by id. The list is closed: each plane says what it must know of every
//! one of them (`domain::providers` in the control plane, `upstream::provider` in the data plane).

use std::fmt;
use std::str::FromStr;

/// Declares the enum, its names and the list of all from one table.
macro_rules! providers {
    ($($(#[$doc:meta])* $variant:ident = $id:literal),+ $(,)?) => {
        /// A provider. The text ids are wire format; those of hosted providers are the ids of models.dev.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum ProviderId {
            $($(#[$doc])* $variant),+
        }

        impl ProviderId {
            /// Every provider, by id.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The wire id.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $id),+
                }
            }
        }
    };
}

providers! {
    /// Alibaba Model Studio.
    Alibaba = "alibaba",
    /// Amazon Bedrock.
    Bedrock = "amazon-bedrock",
    /// Anthropic.
    Anthropic = "anthropic",
    /// Azure OpenAI.
    Azure = "azure",
    /// Baseten.
    Baseten = "baseten",
    /// Cerebras.
    Cerebras = "cerebras",
    /// Cohere.
    Cohere = "cohere",
    /// DeepInfra.
    DeepInfra = "deepinfra",
    /// DeepSeek.
    DeepSeek = "deepseek",
    /// Fireworks AI.
    Fireworks = "fireworks-ai",
    /// Gemini API.
    Google = "google",
    /// Vertex AI.
    Vertex = "google-vertex",
    /// Groq.
    Groq = "groq",
    /// Router of Hugging Face.
    HuggingFace = "huggingface",
    /// A llama.cpp server.
    LlamaCpp = "llama-cpp",
    /// Mistral AI.
    Mistral = "mistral",
    /// Moonshot AI.
    MoonshotAi = "moonshotai",
    /// Nebius Token Factory.
    Nebius = "nebius",
    /// NVIDIA.
    Nvidia = "nvidia",
    /// An Ollama server.
    Ollama = "ollama",
    /// OpenAI.
    OpenAi = "openai",
    /// Any server that speaks OpenAI's chat protocol.
    Compatible = "openai-compatible",
    /// OpenRouter.
    OpenRouter = "openrouter",
    /// Perplexity.
    Perplexity = "perplexity",
    /// Together AI.
    Together = "togetherai",
    /// Upstage.
    Upstage = "upstage",
    /// A vLLM server.
    Vllm = "vllm",
    /// xAI.
    Xai = "xai",
    /// Z.AI.
    Zai = "zai",
}

/// The form of a credential. It is always one sealed text; all but a key are JSON documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialKind {
    /// One key, sent as it is.
    ApiKey,
    /// An AWS access key, by which requests are signed.
    AwsKeys,
    /// The key file of a Google service account, which is exchanged for short-lived tokens.
    ServiceAccount,
}

impl ProviderId {
    /// The forms of credential it takes, the usual one first.
    #[must_use]
    pub const fn credentials(self) -> &'static [CredentialKind] {
        match self {
            Self::Bedrock => &[CredentialKind::AwsKeys, CredentialKind::ApiKey],
            Self::Vertex => &[CredentialKind::ServiceAccount],
            Self::Alibaba
            | Self::Anthropic
            | Self::Azure
            | Self::Baseten
            | Self::Cerebras
            | Self::Cohere
            | Self::DeepInfra
            | Self::DeepSeek
            | Self::Fireworks
            | Self::Google
            | Self::Groq
            | Self::HuggingFace
            | Self::LlamaCpp
            | Self::Mistral
            | Self::MoonshotAi
            | Self::Nebius
            | Self::Nvidia
            | Self::Ollama
            | Self::OpenAi
            | Self::Compatible
            | Self::OpenRouter
            | Self::Perplexity
            | Self::Together
            | Self::Upstage
            | Self::Vllm
            | Self::Xai
            | Self::Zai => &[CredentialKind::ApiKey],
        }
    }

    /// The domain its own addresses are in; `None` where its operator or its customer chooses them. What is known of a
    /// provider says nothing of a server in another domain that speaks like it.
    #[must_use]
    pub const fn domain(self) -> Option<&'static str> {
        Some(match self {
            Self::Alibaba => "aliyuncs.com",
            Self::Bedrock => "amazonaws.com",
            Self::Anthropic => "anthropic.com",
            Self::Azure => "azure.com",
            Self::Baseten => "baseten.co",
            Self::Cerebras => "cerebras.ai",
            Self::Cohere => "cohere.com",
            Self::DeepInfra => "deepinfra.com",
            Self::DeepSeek => "deepseek.com",
            Self::Fireworks => "fireworks.ai",
            Self::Google | Self::Vertex => "googleapis.com",
            Self::Groq => "groq.com",
            Self::HuggingFace => "huggingface.co",
            Self::Mistral => "mistral.ai",
            Self::MoonshotAi => "moonshot.ai",
            Self::Nebius => "nebius.com",
            Self::Nvidia => "nvidia.com",
            Self::OpenAi => "openai.com",
            Self::OpenRouter => "openrouter.ai",
            Self::Perplexity => "perplexity.ai",
            Self::Together => "together.xyz",
            Self::Upstage => "upstage.ai",
            Self::Xai => "x.ai",
            Self::Zai => "z.ai",
            Self::LlamaCpp | Self::Ollama | Self::Compatible | Self::Vllm => return None,
        })
    }

    /// Whether a host is one of its own.
    #[must_use]
    pub fn is_own_host(self, host: &str) -> bool {
        let Some(domain) = self.domain() else { return false };
        let rest = host.strip_suffix(domain);
        rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }

    /// Whether vectors can be asked of it in OpenAI's form.
    #[must_use]
    pub const fn has_embeddings(self) -> bool {
        !matches!(self, Self::Anthropic | Self::HuggingFace | Self::Perplexity)
    }

    /// Whether it is a server whose operator names the models, so that no catalog can list them: callers say
    /// `<slug of the connection>/<model>`.
    #[must_use]
    pub const fn names_its_own_models(self) -> bool {
        matches!(
            self,
            Self::Compatible | Self::LlamaCpp | Self::Ollama | Self::Vllm
        )
    }
}

impl fmt::Display for ProviderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// No provider has this id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownProvider;

impl std::error::Error for UnknownProvider {}

impl fmt::Display for UnknownProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there is no provider of this id; known are")?;
        for (index, id) in ProviderId::ALL.iter().enumerate() {
            write!(f, "{} {id}", if index == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

impl FromStr for ProviderId {
    type Err = UnknownProvider;

    fn from_str(text: &str) -> Result<Self, UnknownProvider> {
        let found = Self::ALL.iter().find(|provider| provider.as_str() == text);
        found.copied().ok_or(UnknownProvider)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_of_a_provider_is_in_its_domain_and_in_no_name_that_ends_like_it() {
        let openai = ProviderId::OpenAi;
        assert!(openai.is_own_host("api.openai.com") && openai.is_own_host("openai.com"));
        for other in [
            "notopenai.com",
            "openai.com.example.com",
            "127.0.0.1",
            "",
            "api.openai.com.",
        ] {
            assert!(!openai.is_own_host(other), "{other}");
        }
        assert!(!ProviderId::Bedrock.is_own_host("bedrock-runtime.cn-north-1.amazonaws.com.cn"));
        assert!(!ProviderId::Vllm.is_own_host("vllm.ai"));
    }

    #[test]
    fn ids_are_sorted_and_read_back_and_an_unknown_one_names_the_known() {
        let ids: Vec<_> = ProviderId::ALL.iter().map(|it| it.as_str()).collect();
        assert!(ids.is_sorted(), "{ids:?}");
        for provider in ProviderId::ALL {
            assert_eq!(provider.as_str().parse(), Ok(*provider));
        }
        let unknown = "acme".parse::<ProviderId>().unwrap_err().to_string();
        assert!(ids.iter().all(|id| unknown.contains(id)), "{unknown}");
        assert!(!unknown.contains("acme"));
    }
}
