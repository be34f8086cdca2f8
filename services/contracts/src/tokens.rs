//! What one attempt used, in the one meaning the whole product counts in.

use serde::{Deserialize, Serialize};

/// Tokens of one attempt, and the units that are billed by number. Containment: `input` includes cached, cache-written,
/// audio and image prompt tokens, and `cache_write` those kept for an hour; `output` includes reasoning, audio and image
/// tokens generated. Providers that count them apart are converted when decoded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TokenUsage {
    /// All prompt tokens.
    pub input: u64,
    /// Prompt tokens read from the provider's prompt cache.
    pub cache_read: u64,
    /// Prompt tokens written to the provider's prompt cache, however long they are kept.
    pub cache_write: u64,
    /// Of those, the tokens written to be kept for an hour.
    #[serde(skip_serializing_if = "is_zero")]
    pub cache_write_1h: u64,
    /// Prompt tokens that are audio.
    pub input_audio: u64,
    /// Prompt tokens that are images.
    #[serde(skip_serializing_if = "is_zero")]
    pub input_image: u64,
    /// All generated tokens.
    pub output: u64,
    /// Generated tokens spent on reasoning.
    pub reasoning: u64,
    /// Generated tokens that are audio.
    pub output_audio: u64,
    /// Generated tokens that are images.
    #[serde(skip_serializing_if = "is_zero")]
    pub output_image: u64,
    /// Images read.
    #[serde(skip_serializing_if = "is_zero")]
    pub images_in: u64,
    /// Images generated.
    #[serde(skip_serializing_if = "is_zero")]
    pub images_out: u64,
    /// Searches and other lookups the provider made for the answer.
    #[serde(skip_serializing_if = "is_zero")]
    pub searches: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl TokenUsage {
    /// Class by class sum, saturating.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            input: self.input.saturating_add(other.input),
            cache_read: self.cache_read.saturating_add(other.cache_read),
            cache_write: self.cache_write.saturating_add(other.cache_write),
            cache_write_1h: self.cache_write_1h.saturating_add(other.cache_write_1h),
            input_audio: self.input_audio.saturating_add(other.input_audio),
            input_image: self.input_image.saturating_add(other.input_image),
            output: self.output.saturating_add(other.output),
            reasoning: self.reasoning.saturating_add(other.reasoning),
            output_audio: self.output_audio.saturating_add(other.output_audio),
            output_image: self.output_image.saturating_add(other.output_image),
            images_in: self.images_in.saturating_add(other.images_in),
            images_out: self.images_out.saturating_add(other.images_out),
            searches: self.searches.saturating_add(other.searches),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_an_older_worker_read_and_are_written_as_before() {
        let old = r#"{"input":9,"cache_read":1,"cache_write":2,"input_audio":3,"output":8,"reasoning":4,"output_audio":5}"#;
        let usage: TokenUsage = serde_json::from_str(old).unwrap();
        assert_eq!((usage.input, usage.cache_write_1h, usage.searches), (9, 0, 0));
        assert_eq!(serde_json::to_string(&usage).unwrap(), old);
    }

    #[test]
    fn new_classes_round_trip() {
        let usage = TokenUsage {
            cache_write: 3,
            cache_write_1h: 2,
            searches: 4,
            ..TokenUsage::default()
        };
        let text = serde_json::to_string(&usage.plus(usage)).unwrap();
        let read: TokenUsage = serde_json::from_str(&text).unwrap();
        assert_eq!((read.cache_write_1h, read.searches), (4, 8));
    }
}
