//! Which providers stop to bill when a stream is cancelled, and show in it all that they bill. Everybody else is held for
//! the whole answer from the start.

use memchr::memmem;
use sluicegate_contracts::config::ProviderId;

/// Whether a stream of `model`, asked for with `body`, can be paid as it comes.
///
/// That a provider stops is what OpenRouter, which pays them all, has measured and published under "Stream cancellation"
/// (<https://openrouter.ai/docs/api-reference/streaming>); it names as not stopping, among others: Bedrock, Google, Groq,
/// Hugging Face, Mistral, Perplexity. Whoever is in neither list counts as not stopping.
pub(in crate::upstream) fn bills_what_it_shows(provider: ProviderId, model: &str, body: &[u8]) -> bool {
    match provider {
        ProviderId::OpenAi | ProviderId::Azure => {
            shows_its_reasoning(model, &["gpt-3.5-", "gpt-4", "chatgpt-4o"])
        }
        // Reasoning since Grok 4 is billed and not shown.
        ProviderId::Xai => shows_its_reasoning(model, &["grok-2", "grok-3"]),
        // Claude shows a summary of its thinking and bills all of it, where the request asks for thinking. A body that
        // merely speaks of it is held in full, too.
        ProviderId::Anthropic => {
            shows_its_reasoning(
                model,
                &["claude-3", "claude-sonnet-4", "claude-opus-4", "claude-haiku-4"],
            ) && memmem::find(body, b"\"thinking\"").is_none()
        }
        ProviderId::Cohere
        | ProviderId::DeepInfra
        | ProviderId::DeepSeek
        | ProviderId::Fireworks
        | ProviderId::Together => true,
        ProviderId::Alibaba
        | ProviderId::Baseten
        | ProviderId::Bedrock
        | ProviderId::Cerebras
        | ProviderId::Compatible
        | ProviderId::Google
        | ProviderId::Groq
        | ProviderId::HuggingFace
        | ProviderId::LlamaCpp
        | ProviderId::Mistral
        | ProviderId::MoonshotAi
        | ProviderId::Nebius
        | ProviderId::Nvidia
        | ProviderId::Ollama
        | ProviderId::OpenRouter
        | ProviderId::Perplexity
        | ProviderId::Upstage
        | ProviderId::Vertex
        | ProviderId::Vllm
        | ProviderId::Zai => false,
    }
}

/// Whether a model is of one of the families that reason in sight or not at all.
fn shows_its_reasoning(model: &str, families: &[&str]) -> bool {
    families.iter().any(|family| model.starts_with(family))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_is_known_to_stop_and_to_show_all_is_paid_as_it_comes() {
        let plain = br#"{"messages":[]}"#;
        for (provider, model, expected) in [
            (ProviderId::OpenAi, "gpt-4o-mini", true),
            (ProviderId::OpenAi, "gpt-5", false),
            (ProviderId::OpenAi, "o3", false),
            (ProviderId::Azure, "my-deployment", false),
            (ProviderId::Xai, "grok-4", false),
            (ProviderId::Anthropic, "claude-sonnet-4-5", true),
            (ProviderId::Anthropic, "claude-next", false),
            (ProviderId::DeepSeek, "deepseek-reasoner", true),
            (ProviderId::Groq, "llama-3", false),
            (ProviderId::Compatible, "gpt-4o", false),
        ] {
            assert_eq!(
                bills_what_it_shows(provider, model, plain),
                expected,
                "{provider} {model}"
            );
        }
        let thinking = br#"{"thinking":{"type":"enabled","budget_tokens":1024},"messages":[]}"#;
        assert!(!bills_what_it_shows(
            ProviderId::Anthropic,
            "claude-sonnet-4-5",
            thinking
        ));
    }
}
