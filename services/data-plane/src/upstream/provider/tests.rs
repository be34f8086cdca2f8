//! Where each provider is called, as a table: provider, operation, dialect, model, stream, address.

use std::collections::BTreeSet;

use sluicegate_contracts::config::{CredentialKind, Operation, ProviderId, ProviderSettings};
use sluicegate_protocols::{Dialect, dialect};

use super::*;
use crate::upstream::Framing;

use Dialect::{
    AnthropicMessages as Messages, BedrockConverse as Converse, CohereChat, Gemini, OpenAiChat as Chat,
    OpenAiResponses as Responses,
};
use Operation::{ChatCompletions, Embeddings, Rerank};
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
    (P::OpenAi, "https://api.openai.com/v1", ChatCompletions, Responses, "gpt-5", true, "/responses"),
    (P::OpenAi, "https://api.openai.com/v1", Embeddings, Chat, "text-embedding-3-small", false, "/embeddings"),
    (P::Anthropic, "https://api.anthropic.com/v1", ChatCompletions, Messages, "claude-sonnet-4-6", true, "/messages"),
    (P::Azure, "https://r.openai.azure.com", ChatCompletions, Chat, "gpt-4o", false, "/openai/v1/chat/completions"),
    (P::Azure, "https://r.openai.azure.com", ChatCompletions, Responses, "gpt-5", true, "/openai/v1/responses"),
    (P::Azure, "https://r.openai.azure.com/openai/v1", ChatCompletions, Chat, "gpt-4o", false,
        "https://r.openai.azure.com/openai/v1/chat/completions"),
    (P::Azure, "https://r.services.ai.azure.com", ChatCompletions, Messages, "claude-sonnet-5", false, "/anthropic/v1/messages"),
    (P::Google, "https://generativelanguage.googleapis.com/v1beta", ChatCompletions, Gemini, "gemini-3-pro", false,
        "/models/gemini-3-pro:generateContent"),
    (P::Google, "https://generativelanguage.googleapis.com/v1beta/openai", ChatCompletions, Gemini, "gemini-3-pro", true,
        "https://generativelanguage.googleapis.com/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse"),
    (P::Vertex, "https://aiplatform.googleapis.com", ChatCompletions, Gemini, "gemini-2.5-flash", false,
        "/v1/projects/acme/locations/eu-west-1/publishers/google/models/gemini-2.5-flash:generateContent"),
    (P::Vertex, "https://aiplatform.googleapis.com", ChatCompletions, Gemini, "gemini-2.5-flash", true,
        "/v1/projects/acme/locations/eu-west-1/publishers/google/models/gemini-2.5-flash:streamGenerateContent?alt=sse"),
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
    (P::Bedrock, "https://bedrock-runtime.eu-west-1.amazonaws.com", ChatCompletions, Converse,
        "eu.anthropic.claude-haiku-4-5-20251001-v1:0", false,
        "/model/eu.anthropic.claude-haiku-4-5-20251001-v1%3A0/converse"),
    (P::Bedrock, "https://bedrock-runtime.eu-west-1.amazonaws.com", ChatCompletions, Converse, "amazon.nova-lite-v1:0",
        true, "/model/amazon.nova-lite-v1%3A0/converse-stream"),
    (P::Bedrock, "https://bedrock-runtime.eu-west-1.amazonaws.com", ChatCompletions, Chat, "openai.gpt-oss-20b-1:0", false,
        "/openai/v1/chat/completions"),
    (P::Bedrock, "https://bedrock-runtime.eu-west-1.amazonaws.com", Embeddings, Chat, "amazon.titan-embed-text-v2:0", false,
        "/model/amazon.titan-embed-text-v2%3A0/invoke"),
    (P::Vertex, "https://aiplatform.googleapis.com", Embeddings, Chat, "gemini-embedding-001", false,
        "/v1/projects/acme/locations/eu-west-1/publishers/google/models/gemini-embedding-001:predict"),
    (P::Cohere, "https://api.cohere.ai/compatibility/v1", Embeddings, Chat, "embed-v4.0", false, "/embeddings"),
    (P::Cohere, "https://api.cohere.com", ChatCompletions, CohereChat, "command-a-03-2025", true, "/v2/chat"),
    (P::Cohere, "https://api.cohere.ai/compatibility/v1", ChatCompletions, CohereChat, "command-a-03-2025", false,
        "https://api.cohere.ai/v2/chat"),
    (P::Cohere, "https://api.cohere.com", Embeddings, Chat, "embed-v4.0", false, "/compatibility/v1/embeddings"),
    (P::Mistral, "https://api.mistral.ai/v1", ChatCompletions, Chat, "mistral-large", false, "/chat/completions"),
    (P::Groq, "https://api.groq.com/openai/v1", ChatCompletions, Chat, "llama", true, "/chat/completions"),
    (P::DeepSeek, "https://api.deepseek.com/v1", ChatCompletions, Chat, "deepseek-chat", true, "/chat/completions"),
    (P::Xai, "https://api.x.ai/v1", ChatCompletions, Chat, "grok-4.3", false, "/chat/completions"),
    (P::Xai, "https://api.x.ai/v1", ChatCompletions, Responses, "grok-4.3", true, "/responses"),
    (P::Together, "https://api.together.xyz/v1", ChatCompletions, Chat, "zai-org/GLM-5", false, "/chat/completions"),
    (P::Fireworks, "https://api.fireworks.ai/inference/v1", ChatCompletions, Chat, "accounts/x", false, "/chat/completions"),
    (P::Perplexity, "https://api.perplexity.ai", ChatCompletions, Chat, "sonar", true, "/chat/completions"),
    (P::OpenRouter, "https://openrouter.ai/api/v1", ChatCompletions, Chat, "a/b", false, "/chat/completions"),
    (P::OpenRouter, "https://openrouter.ai/api/v1", ChatCompletions, Responses, "a/b", false, "/responses"),
    (P::OpenRouter, "https://openrouter.ai/api/v1", ChatCompletions, Messages, "a/b", false, "/messages"),
    (P::HuggingFace, "https://router.huggingface.co/v1", ChatCompletions, Chat, "a/b", false, "/chat/completions"),
    (P::Ollama, "http://ollama.local:11434/v1", ChatCompletions, Chat, "llama3", true, "/chat/completions"),
    (P::Vllm, "http://vllm.local:8000/v1", Embeddings, Chat, "bge", false, "/embeddings"),
    (P::Vllm, "http://vllm.local:8000/v1", Rerank, Chat, "bge", false, "/rerank"),
    (P::Cohere, "https://api.cohere.com", Rerank, Chat, "rerank-v3.5", false, "/v2/rerank"),
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

/// The address of a call in a dialect; `None` when that dialect is not spoken, or has no address.
fn at(id: P, dialect: Dialect, ask: &Ask<'_>) -> Option<String> {
    let spoken = of(id).spoken(ask.model, dialect);
    (spoken.dialect == dialect)
        .then(|| (spoken.address)(ask))
        .flatten()
}

#[test]
fn calls_go_where_the_provider_documents_them() {
    for &(id, base, operation, dialect, model, stream, expected) in CASES {
        let ask = Ask {
            base,
            settings: &settings(),
            model,
            stream,
        };
        let address = match operation {
            ChatCompletions => at(id, dialect, &ask),
            Embeddings => {
                let own = of(id).vectors.map(|vectors| vectors.address);
                of(id).embeddings.or(own).and_then(|address| address(&ask))
            }
            Rerank => of(id).rerank.and_then(|address| address(&ask)),
        };
        let expected = match expected.strip_prefix('/') {
            Some(path) => format!("{base}/{path}"),
            None => expected.to_owned(),
        };
        assert_eq!(address.as_deref(), Some(expected.as_str()), "{id} {model}");
    }
}

#[test]
fn every_value_is_whole_and_stands_under_its_own_id() {
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
        let embeds = provider.embeddings.is_some() || provider.vectors.is_some();
        assert_eq!(embeds, id.has_embeddings(), "{id}");
        let aws = id.credentials().contains(&CredentialKind::AwsKeys);
        assert_eq!(provider.aws_service.is_some(), aws, "{id}");
        for model in names {
            let spoken = (provider.chat)(model);
            let distinct: BTreeSet<_> = spoken.iter().map(|it| it.dialect.as_str()).collect();
            assert!(!spoken.is_empty() && distinct.len() == spoken.len(), "{id}");
            for spoken in spoken {
                let ask = Ask {
                    base: "https://x.example.com/v1",
                    settings: &settings(),
                    model,
                    stream: true,
                };
                assert!((spoken.address)(&ask).is_some(), "{id} {:?}", spoken.dialect);
                let framing = Framing::of_content_type(spoken.stream_type);
                let expected = match spoken.dialect.framing() {
                    dialect::Framing::Sse => Framing::Events,
                    dialect::Framing::EventStream => Framing::AwsEvents,
                };
                assert_eq!(framing, expected, "{id} {:?}", spoken.dialect);
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
        (P::Google, "gemini-3-pro", Chat, Gemini),
        (P::Google, "gemini-3-pro", Gemini, Gemini),
        (P::Vertex, "gemini-2.5-flash", Messages, Gemini),
        (P::OpenAi, "gpt-4o", Gemini, Chat),
        (P::OpenAi, "gpt-4o", Responses, Responses),
        (P::OpenAi, "gpt-5-pro", Chat, Responses),
        (P::OpenAi, "gpt-5.2-pro-2025-12-11", Chat, Responses),
        (P::OpenAi, "gpt-5.1-codex-max", Chat, Responses),
        (P::OpenAi, "o3-deep-research", Messages, Responses),
        (P::OpenAi, "o1-pro", Chat, Responses),
        (P::OpenAi, "o1", Chat, Chat),
        (P::OpenAi, "gpt-5-prototype", Chat, Chat),
        (P::Azure, "gpt-5-codex", Chat, Responses),
        (P::Mistral, "mistral-large", Responses, Chat),
        (P::Cohere, "command-a-03-2025", Chat, CohereChat),
        (P::Bedrock, "amazon.nova-lite-v1:0", Chat, Converse),
        (P::Bedrock, "openai.gpt-oss-20b-1:0", Chat, Chat),
        (P::Bedrock, "openai.gpt-oss-20b-1:0", Messages, Converse),
    ] {
        assert_eq!(of(id).spoken(model, wanted).dialect, spoken, "{id} {model}");
    }
}

#[test]
fn a_name_that_is_a_path_leads_nowhere_else() {
    let named = |model| {
        let ask = Ask {
            base: "https://x.example.com",
            settings: &settings(),
            model,
            stream: false,
        };
        at(P::Bedrock, Converse, &ask)
    };
    assert_eq!(named(".."), None);
    let address = named("claude/../../x?y#z");
    let expected = "https://x.example.com/model/claude%2F..%2F..%2Fx%3Fy%23z/converse";
    assert_eq!(address.as_deref(), Some(expected));
}

#[test]
fn claude_on_vertex_has_its_version_in_the_body_and_no_model() {
    let body = Bytes::from_static(br#"{"model":"claude-sonnet-5","max_tokens":5,"messages":[]}"#);
    let spoken = of(P::Vertex).spoken("claude-sonnet-5", Messages);
    let expected = r#"{"anthropic_version":"vertex-2023-10-16","max_tokens":5,"messages":[]}"#;
    assert_eq!((spoken.body)(body).unwrap(), expected);
}

#[test]
fn a_dated_api_of_azure_names_the_deployment() {
    let settings = ProviderSettings {
        api_version: Some("2024-10-21".to_owned()),
        deployments: [("gpt-4o".to_owned(), "my own".to_owned())].into(),
        ..ProviderSettings::default()
    };
    let azure = of(P::Azure);
    let ask = Ask {
        base: "https://r.openai.azure.com",
        settings: &settings,
        model: (azure.model)(&settings, "gpt-4o"),
        stream: false,
    };
    let base = "https://r.openai.azure.com/openai";
    let chat = format!("{base}/deployments/my%20own/chat/completions?api-version=2024-10-21");
    assert_eq!(at(P::Azure, Chat, &ask), Some(chat));
    let responses = format!("{base}/responses?api-version=2024-10-21");
    assert_eq!(at(P::Azure, Responses, &ask), Some(responses));
    let embeddings = format!("{base}/deployments/my%20own/embeddings?api-version=2024-10-21");
    assert_eq!(
        azure.embeddings.and_then(|address| address(&ask)),
        Some(embeddings)
    );
}

#[test]
fn tokens_are_counted_where_the_provider_documents_it() {
    let vertex = "https://aiplatform.googleapis.com/v1/projects/acme/locations/eu-west-1/publishers";
    let bedrock = "https://bedrock-runtime.eu-west-1.amazonaws.com";
    let cases = [
        (
            P::Anthropic,
            "https://api.anthropic.com/v1",
            Messages,
            "claude-x",
            "/messages/count_tokens".to_owned(),
        ),
        (
            P::Azure,
            "https://r.services.ai.azure.com",
            Messages,
            "claude-x",
            "/anthropic/v1/messages/count_tokens".into(),
        ),
        (
            P::Google,
            "https://g.example.com/v1beta",
            Gemini,
            "gemini-x",
            "/models/gemini-x:countTokens".into(),
        ),
        (
            P::Vertex,
            "https://aiplatform.googleapis.com",
            Gemini,
            "gemini-x",
            format!("{vertex}/google/models/gemini-x:countTokens"),
        ),
        (
            P::Vertex,
            "https://aiplatform.googleapis.com",
            Messages,
            "claude-x",
            format!("{vertex}/anthropic/models/count-tokens:rawPredict"),
        ),
        // It knows models alone, no profiles.
        (
            P::Bedrock,
            bedrock,
            Converse,
            "global.anthropic.claude-x-v1:0",
            "/model/anthropic.claude-x-v1%3A0/count-tokens".into(),
        ),
        (
            P::Bedrock,
            bedrock,
            Converse,
            "amazon.nova-x",
            "/model/amazon.nova-x/count-tokens".into(),
        ),
    ];
    for (id, base, dialect, model, expected) in cases {
        let spoken = of(id).spoken(model, dialect);
        let settings = settings();
        let ask = Ask {
            base,
            settings: &settings,
            model,
            stream: false,
        };
        let address = spoken.counter.and_then(|counter| (counter.address)(&ask));
        let expected = if expected.starts_with('/') {
            format!("{base}{expected}")
        } else {
            expected
        };
        assert_eq!(address, Some(expected), "{id}");
    }
    let counting: BTreeSet<&str> = ProviderId::ALL
        .iter()
        .filter(|id| of(**id).spoken("claude-x", Messages).counter.is_some())
        .map(|id| id.as_str())
        .collect();
    let expected = ["amazon-bedrock", "anthropic", "azure", "google", "google-vertex"];
    assert_eq!(counting, BTreeSet::from(expected));
}

#[test]
fn questions_for_a_count_hold_what_the_counter_takes() {
    let settings = settings();
    let asked = |id: P, dialect, model, request: &'static str| {
        let ask = Ask {
            base: "https://x.example.com",
            settings: &settings,
            model,
            stream: false,
        };
        let counter = of(id).spoken(model, dialect).counter.unwrap();
        let question = (counter.question)(Bytes::from_static(request.as_bytes()), &ask).unwrap();
        String::from_utf8(question.to_vec()).unwrap()
    };
    assert_eq!(
        asked(
            P::Vertex,
            Messages,
            "claude-x",
            r#"{"model":"claude-x","max_tokens":1,"messages":[]}"#
        ),
        r#"{"anthropic_version":"vertex-2023-10-16","model":"claude-x","messages":[]}"#
    );
    assert_eq!(
        asked(
            P::Vertex,
            Gemini,
            "gemini-x",
            r#"{"contents":[],"safetySettings":[],"tools":[]}"#
        ),
        r#"{"contents":[],"tools":[]}"#
    );
    assert_eq!(
        asked(
            P::Google,
            Gemini,
            "gemini-x",
            r#"{"contents":[],"model":"models/other"}"#
        ),
        r#"{"generateContentRequest":{"model":"models/gemini-x","contents":[]}}"#
    );
    assert_eq!(
        asked(
            P::Bedrock,
            Converse,
            "m",
            r#"{"inferenceConfig":{},"messages":[]}"#
        ),
        r#"{"input":{"converse":{"messages":[]}}}"#
    );
}

#[test]
fn mistral_is_not_asked_for_usage() {
    let body =
        Bytes::from_static(br#"{"stream":true,"stream_options":{"include_usage":true},"messages":[]}"#);
    let spoken = of(P::Mistral).spoken("mistral-large", Chat);
    assert_eq!((spoken.body)(body).unwrap(), r#"{"stream":true,"messages":[]}"#);
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
