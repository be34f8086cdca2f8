//! Canonical model ids: the same open-weight model has another name at each provider, and `vendor/model` in lower case
//! is the one callers and routes use. Called by the catalog import; pure and total, an unknown name stays as it is.

use sluicegate_contracts::config::ProviderId;

use super::bedrock_models;
use super::providers::Provider;

/// Vendors as some providers spell them, and as the canonical id does.
const VENDORS: &[(&str, &str)] = &[
    ("deepseek-ai", "deepseek"),
    ("meta", "meta-llama"),
    ("minimaxai", "minimax"),
    ("mistral", "mistralai"),
    ("moonshot", "moonshotai"),
    ("xai", "x-ai"),
    ("xiaomimimo", "xiaomi"),
    ("zai", "z-ai"),
    ("zai-org", "z-ai"),
];

/// Who makes the models whose names start so; for providers that list bare names of other vendors' models.
const FAMILIES: &[(&str, &str)] = &[
    ("claude", "anthropic"),
    ("codestral", "mistralai"),
    ("codex", "openai"),
    ("deepseek", "deepseek"),
    ("devstral", "mistralai"),
    ("gemini", "google"),
    ("gemma", "google"),
    ("glm", "z-ai"),
    ("gpt-", "openai"),
    ("grok", "x-ai"),
    ("kimi", "moonshotai"),
    ("llama", "meta-llama"),
    ("magistral", "mistralai"),
    ("minimax", "minimax"),
    ("ministral", "mistralai"),
    ("mistral", "mistralai"),
    ("mixtral", "mistralai"),
    ("o1", "openai"),
    ("o3", "openai"),
    ("o4", "openai"),
    ("phi-", "microsoft"),
    ("qwen", "qwen"),
    ("qwq", "qwen"),
    ("text-embedding-3", "openai"),
    ("text-embedding-ada", "openai"),
    ("zai-glm", "z-ai"),
];

/// The canonical id of the model that `provider` calls `upstream`.
#[must_use]
pub fn canonical(provider: &Provider, upstream: &str) -> String {
    let name = upstream.to_lowercase();
    if provider.id == ProviderId::Bedrock {
        return bedrock_models::canonical(&name, vendor);
    }
    let name = if provider.id == ProviderId::Vertex {
        of_vertex(&name)
    } else {
        name
    };
    if let Some(name) = name.strip_prefix("accounts/fireworks/models/") {
        return bare(provider, &dotted(name));
    }
    match name.rsplit_once('/') {
        Some((spelled, model)) if !spelled.contains('/') => format!("{}/{model}", vendor(spelled)),
        // Deeper paths are a provider's own things (routers, tunings): its own namespace keeps them apart.
        Some((_, model)) => format!("{}/{model}", provider.id),
        None => bare(provider, &name),
    }
}

/// The vendor as the canonical id spells it.
fn vendor(spelled: &str) -> &str {
    let known = VENDORS.iter().find(|(other, _)| *other == spelled);
    known.map_or(spelled, |(_, known)| known)
}

/// Vertex AI writes the version of Claude behind an `@`, and `-maas` behind what it serves for others.
fn of_vertex(name: &str) -> String {
    let name = name.strip_suffix("@default").unwrap_or(name);
    name.strip_suffix("-maas").unwrap_or(name).replace('@', "-")
}

fn bare(provider: &Provider, name: &str) -> String {
    let family = || {
        FAMILIES
            .iter()
            .find(|(start, _)| name.starts_with(start))
            .map(|(_, vendor)| *vendor)
    };
    let vendor = provider.vendor.or_else(family).unwrap_or(provider.id.as_str());
    format!("{vendor}/{name}")
}

/// Fireworks writes the dot between two digits as `p` (`glm-5p1`).
fn dotted(name: &str) -> String {
    let bytes = name.as_bytes();
    let is_digit = |index: Option<usize>| index.and_then(|i| bytes.get(i)).is_some_and(u8::is_ascii_digit);
    name.char_indices()
        .map(|(at, letter)| {
            let between = letter == 'p' && is_digit(at.checked_sub(1)) && is_digit(Some(at + 1));
            if between { '.' } else { letter }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::providers;

    #[test]
    fn one_model_has_one_name_wherever_it_is_served() {
        let cases = [
            ("openai", "gpt-4o-mini", "openai/gpt-4o-mini"),
            ("openrouter", "openai/gpt-4o-mini", "openai/gpt-4o-mini"),
            ("mistral", "codestral-latest", "mistralai/codestral-latest"),
            ("xai", "grok-4.3", "x-ai/grok-4.3"),
            ("groq", "openai/gpt-oss-120b", "openai/gpt-oss-120b"),
            ("cerebras", "gpt-oss-120b", "openai/gpt-oss-120b"),
            (
                "fireworks-ai",
                "accounts/fireworks/models/gpt-oss-120b",
                "openai/gpt-oss-120b",
            ),
            (
                "fireworks-ai",
                "accounts/fireworks/models/glm-5p1",
                "z-ai/glm-5.1",
            ),
            ("togetherai", "zai-org/GLM-5.1", "z-ai/glm-5.1"),
            (
                "fireworks-ai",
                "accounts/fireworks/routers/glm-5p1-fast",
                "fireworks-ai/glm-5p1-fast",
            ),
            ("deepinfra", "deepseek-ai/DeepSeek-V3.2", "deepseek/deepseek-v3.2"),
            ("groq", "llama-3.1-8b-instant", "meta-llama/llama-3.1-8b-instant"),
            ("groq", "mystery-1", "groq/mystery-1"),
            ("google", "gemini-2.5-flash", "google/gemini-2.5-flash"),
            ("google-vertex", "gemini-2.5-flash", "google/gemini-2.5-flash"),
            (
                "google-vertex",
                "claude-haiku-4-5@20251001",
                "anthropic/claude-haiku-4-5-20251001",
            ),
            (
                "google-vertex",
                "claude-sonnet-5@default",
                "anthropic/claude-sonnet-5",
            ),
            ("google-vertex", "zai-org/glm-5-maas", "z-ai/glm-5"),
            ("azure", "gpt-4o-mini", "openai/gpt-4o-mini"),
            ("azure", "o3-mini", "openai/o3-mini"),
            ("azure", "text-embedding-3-small", "openai/text-embedding-3-small"),
            ("azure", "claude-sonnet-4-6", "anthropic/claude-sonnet-4-6"),
        ];
        for (provider, upstream, expected) in cases {
            let provider = providers::find(provider).unwrap();
            assert_eq!(canonical(provider, upstream), expected);
        }
    }
}
