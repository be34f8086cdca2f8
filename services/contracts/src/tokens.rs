//! Token counts of one attempt, in the one meaning the whole product uses.

use serde::{Deserialize, Serialize};

/// Tokens of one attempt. Containment: `input` includes cached, cache-written and audio input tokens; `output`
/// includes reasoning and audio output tokens. Providers that count them apart are converted when decoded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TokenUsage {
    /// All prompt tokens.
    pub input: u64,
    /// Prompt tokens read from the provider's prompt cache.
    pub cache_read: u64,
    /// Prompt tokens written to the provider's prompt cache.
    pub cache_write: u64,
    /// Prompt tokens that are audio.
    pub input_audio: u64,
    /// All generated tokens.
    pub output: u64,
    /// Generated tokens spent on reasoning.
    pub reasoning: u64,
    /// Generated tokens that are audio.
    pub output_audio: u64,
}

impl TokenUsage {
    /// Class by class sum, saturating.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            input: self.input.saturating_add(other.input),
            cache_read: self.cache_read.saturating_add(other.cache_read),
            cache_write: self.cache_write.saturating_add(other.cache_write),
            input_audio: self.input_audio.saturating_add(other.input_audio),
            output: self.output.saturating_add(other.output),
            reasoning: self.reasoning.saturating_add(other.reasoning),
            output_audio: self.output_audio.saturating_add(other.output_audio),
        }
    }
}
