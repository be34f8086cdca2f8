//! Where each provider is called, as a table: provider, operation, dialect, model, stream, address.

use std::collections::BTreeSet;

use sluicegate_contracts::config::{Operation, ProviderId, ProviderSettings};
use sluicegate_protocols::Dialect;

use super::*;

use Dialect::{AnthropicMessages as Messages, OpenAiChat as Chat};
use Operation::{ChatCompletions, Embeddings};
use ProviderId as P;

/// Provider, base URL, operation, dialect, model, stream, address (below `base` when it starts with a slash).
type Case = (
    P,
    &'static str,
    Operation,
    Dialect,
    &'static str,
    bool,
    &'static str,
);

#[rustfmt::skip]
const CASES: &[Case] = &[
    (P::OpenAi, "https://api.openai.com/v1", ChatCompletions, Chat, "gpt-4o", false, "/chat/completions"),
    (P::OpenAi, "https://api.openai.com/v1", ChatCompletions, Chat, "gpt-4o", true, "/chat/completions"),
    (P::OpenAi, "https://api.openai.com/v1", Embeddings, Chat, "text-embedding-3-small", false, "/embeddings"),
    (P::Anthropic, "https://api.anthropic.com/v1", ChatCompletions, Messages, "claude-sonnet-4-6", true, "/messages"),
    (P::Azure, "https://r.openai.azure.com", ChatCompletions, Chat, "gpt-4o", false, "/openai/v1/chat/completions"),
    (P::Azure, "https://r.openai.azure.com/openai/v1", ChatCompletions, Chat, "gpt-4o", false,
        "https://r.openai.azure.com/openai/v1/chat/completions"),
    (P::Azure, "https://r.services.ai.azure.com", ChatCompletions, Messages, "claude-sonnet-5", false, "/anthropic/v1/messages"),
    (P::Google, "https://generativelanguage.googleapis.com/v1beta", Embeddings, Chat, "gemini-embedding-001", false,
        "/openai/embeddings"),
    (P::Google, "https://generativelanguage.googleapis.com/v1beta/openai", Embeddings, Chat, "gemini-embedding-001", false,
        "/embeddings"),
    (P::Vertex, "https://europe-west4-aiplatform.googleapis.com", ChatCompletions, Messages, "claude-opus-4-6@default", false,
        "/v1/projects/acme/locations/eu-west-1/publishers/anthropic/models/claude-opus-4-6@default:rawPredict"),
    (P::Vertex, "https://europe-west4-aiplatform.googleapis.com/v1", ChatCompletions, Messages, "claude-opus-4-6", true,
        "/projects/acme/locations/eu-west-1/publishers/anthropic/models/claude-opus-4-6:streamRawPredict"),
    (P::Vertex, "https://aiplatform.googleapis.com", ChatCompletions, Chat, "zai-org/glm-5-maas", true,
        "/v1/projects/acme/locations/eu-west-1/endpoints/openapi/chat/completions"),
    (P::Bedrock, "https://bedrock-runtime.eu-west-1.amazonaws.com", ChatCompletions, Chat, "openai.gpt-oss-20b-1:0", false,
        "/openai/v1/chat/completions"),
    (P::Cohere, "https://api.cohere.ai/compatibility/v1", Embeddings, Chat, "embed-v4.0", false, "/embeddings"),
    (P::Cohere, "https://api.cohere.com", Embeddings, Chat, "embed-v4.0", false, "/compatibility/v1/embeddings"),
    (P::Mistral, "https://api.mistral.ai/v1", ChatCompletions, Chat, "mistral-large", false, "/chat/completions"),
    (P::Groq, "https://api.groq.com/openai/v1", ChatCompletions, Chat, "llama", true, "/chat/completions"),
    (P::DeepSeek, "https://api.deepseek.com/v1", ChatCompletions, Chat, "deepseek-chat", true, "/chat/completions"),
    (P::Xai, "https://api.x.ai/v1", ChatCompletions, Chat, "grok-4.3", false, "/chat/completions"),
    (P::Together, "https://api.together.xyz/v1", ChatCompletions, Chat, "zai-org/GLM-5", false, "/chat/completions"),
    (P::Fireworks, "https://api.fireworks.ai/inference/v1", ChatCompletions, Chat, "accounts/x", false, "/chat/completions"),
    (P::Perplexity, "https://api.perplexity.ai", ChatCompletions, Chat, "sonar", true, "/chat/completions"),
    (P::OpenRouter, "https://openrouter.ai/api/v1", ChatCompletions, Chat, "a/b", false, "/chat/completions"),
    (P::OpenRouter, "https://openrouter.ai/api/v1", ChatCompletions, Messages, "a/b", false, "/messages"),
    (P::HuggingFace, "https://router.huggingface.co/v1", ChatCompletions, Chat, "a/b", false, "/chat/completions"),
    (P::Ollama, "http://ollama.local:11434/v1", ChatCompletions, Chat, "llama3", true, "/chat/completions"),
    (P::Vllm, "http://vllm.local:8000/v1", Embeddings, Chat, "bge", false, "/embeddings"),
    (P::LlamaCpp, "http://llama.local:8080/v1", ChatCompletions, Chat, "any", false, "/chat/completions"),
    (P::Compatible, "https://models.example.com/v1", ChatCompletions, Chat, "any", false, "/chat/completions"),
];

fn settings() -> ProviderSettings {
    ProviderSettings {
        region: Some("eu-west-1".to_owned()),
        project: Some("acme".to_owned()),
        ..ProviderSettings::default()
    }
}

#[test]
fn calls_go_where_the_provider_documents_them() {
    for &(id, base, operation, dialect, model, stream, expected) in CASES {
        let ask = Ask {
            base,
            settings: &settings(),
            operation,
            dialect,
            model,
            stream,
        };
        let expected = match expected.strip_prefix('/') {
            Some(path) => format!("{base}/{path}"),
            None => expected.to_owned(),
        };
        assert_eq!(
            (of(id).address)(&ask).as_deref(),
            Some(expected.as_str()),
            "{id} {model}"
        );
    }
}

#[test]
fn every_dialect_a_provider_names_has_an_address_and_every_value_its_own_id() {
    let names = [
        "m",
        "claude-x",
        "gemini-x",
        "a/b",
        "openai.gpt-oss-x",
        "gpt-5-pro",
    ];
    for &id in ProviderId::ALL {
        let provider = of(id);
        assert_eq!(provider.id, id);
        for model in names {
            let spoken = (provider.dialects)(model);
            let distinct: BTreeSet<_> = spoken.iter().map(|dialect| dialect.as_str()).collect();
            assert!(!spoken.is_empty() && distinct.len() == spoken.len(), "{id}");
            for &dialect in spoken {
                let ask = Ask {
                    base: "https://x.example.com/v1",
                    settings: &settings(),
                    operation: Operation::ChatCompletions,
                    dialect,
                    model,
                    stream: true,
                };
                assert!((provider.address)(&ask).is_some(), "{id} {dialect:?}");
            }
        }
    }
}

#[test]
fn a_caller_is_answered_in_its_own_dialect_where_that_is_spoken() {
    for (id, model, wanted, spoken) in [
        (P::Anthropic, "claude-sonnet-4-6", Chat, Messages),
        (P::Anthropic, "claude-sonnet-4-6", Messages, Messages),
        (P::Groq, "llama", Messages, Chat),
        (P::OpenRouter, "a/b", Messages, Messages),
        (P::Vertex, "claude-sonnet-5@default", Chat, Messages),
        (P::Vertex, "meta/llama-4-maas", Messages, Chat),
        (P::Azure, "claude-sonnet-5", Chat, Messages),
        (P::Azure, "gpt-4o", Messages, Chat),
    ] {
        assert_eq!(of(id).dialect(model, wanted), spoken, "{id} {model}");
    }
}

#[test]
fn a_name_that_is_a_path_leads_nowhere_else() {
    let at = |model: &str| {
        let ask = Ask {
            base: "https://x.example.com",
            settings: &settings(),
            operation: Operation::ChatCompletions,
            dialect: Messages,
            model,
            stream: false,
        };
        (of(P::Vertex).address)(&ask)
    };
    assert_eq!(at(".."), None);
    let address = at("claude/../../../x?y#z").unwrap();
    assert!(
        address.ends_with("/models/claude%2F..%2F..%2F..%2Fx%3Fy%23z:rawPredict"),
        "{address}"
    );
}

#[test]
fn claude_on_vertex_has_its_version_in_the_body_and_no_model() {
    let ask = Ask {
        base: "https://x.example.com",
        settings: &settings(),
        operation: Operation::ChatCompletions,
        dialect: Messages,
        model: "claude-sonnet-5",
        stream: false,
    };
    let body = Bytes::from_static(br#"{"model":"claude-sonnet-5","max_tokens":5,"messages":[]}"#);
    let sent = (of(P::Vertex).body)(&ask, body).unwrap();
    let expected = r#"{"anthropic_version":"vertex-2023-10-16","max_tokens":5,"messages":[]}"#;
    assert_eq!(sent, expected);
}

#[test]
fn models_are_listed_where_a_key_is_asked_for() {
    for (id, base, expected) in [
        (
            P::OpenAi,
            "https://api.openai.com/v1",
            "https://api.openai.com/v1/models",
        ),
        (
            P::Anthropic,
            "https://api.anthropic.com/v1",
            "https://api.anthropic.com/v1/models?limit=1000",
        ),
        (
            P::OpenRouter,
            "https://openrouter.ai/api/v1",
            "https://openrouter.ai/api/v1/models/user",
        ),
        (
            P::Azure,
            "https://r.openai.azure.com",
            "https://r.openai.azure.com/openai/v1/models",
        ),
        (
            P::Google,
            "https://g.example.com/v1beta/openai",
            "https://g.example.com/v1beta/models?pageSize=1000",
        ),
        (
            P::Bedrock,
            "https://bedrock-runtime.us-east-1.amazonaws.com",
            "https://bedrock.us-east-1.amazonaws.com/foundation-models",
        ),
        (
            P::Bedrock,
            "https://vpce.example.com",
            "https://vpce.example.com/foundation-models",
        ),
        (
            P::Bedrock,
            "https://bedrock-runtime.amazonaws.com.evil.example.com",
            "https://bedrock-runtime.amazonaws.com.evil.example.com/foundation-models",
        ),
        (
            P::Cohere,
            "https://api.cohere.com",
            "https://api.cohere.com/v1/models?page_size=1000",
        ),
    ] {
        assert_eq!((of(id).listing.address)(base, &settings()), expected);
    }
}
