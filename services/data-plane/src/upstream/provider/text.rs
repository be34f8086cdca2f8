//! Who still serves OpenAI's older text completions, and where. Everybody else is asked for chat.

use sluicegate_contracts::config::ProviderId;

use super::Address;
use super::compatible::below;

/// Where text completions of `model` are; `None` where there are none.
pub(in crate::upstream) fn completions(provider: ProviderId, model: &str) -> Option<Address> {
    match provider {
        ProviderId::Compatible
        | ProviderId::Fireworks
        | ProviderId::LlamaCpp
        | ProviderId::Together
        | ProviderId::Vllm => Some(|ask| below(ask.base, "/completions")),
        ProviderId::OpenAi if is_for_texts(model) => Some(|ask| below(ask.base, "/completions")),
        // Beside the address of chat, which connections name with or without a version.
        ProviderId::DeepSeek => Some(|ask| {
            let doors = ["/v1", "/beta"];
            let root = doors.iter().find_map(|door| ask.base.strip_suffix(door));
            below(root.unwrap_or(ask.base), "/beta/completions")
        }),
        ProviderId::Alibaba
        | ProviderId::Anthropic
        | ProviderId::Azure
        | ProviderId::Baseten
        | ProviderId::Bedrock
        | ProviderId::Cerebras
        | ProviderId::Cohere
        | ProviderId::DeepInfra
        | ProviderId::Google
        | ProviderId::Groq
        | ProviderId::HuggingFace
        | ProviderId::Mistral
        | ProviderId::MoonshotAi
        | ProviderId::Nebius
        | ProviderId::Nvidia
        | ProviderId::Ollama
        | ProviderId::OpenAi
        | ProviderId::OpenRouter
        | ProviderId::Perplexity
        | ProviderId::Upstage
        | ProviderId::Vertex
        | ProviderId::Xai
        | ProviderId::Zai => None,
    }
}

/// The models of OpenAI that are left for it; the others answer chat alone.
fn is_for_texts(model: &str) -> bool {
    ["gpt-3.5-turbo-instruct", "davinci-002", "babbage-002"]
        .iter()
        .any(|name| model.starts_with(name))
}
