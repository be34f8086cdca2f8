//! `TokenCounts`: what one call used, in tokens, as dialects report it. Metering prices it; every
//! dialect folder converts its own arithmetic to the containment rules written here.

/// Tokens of one call. Counts contain each other as OpenAI's do:
/// `input` includes `cached_input`, `cache_write` and `input_audio`; `cache_write` includes `cache_write_1h`;
/// `output` includes `reasoning` and `output_audio`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct TokenCounts {
    /// All tokens of the prompt.
    pub input: u64,
    /// Prompt tokens read from the provider's cache.
    pub cached_input: u64,
    /// Prompt tokens written to the provider's cache.
    pub cache_write: u64,
    /// Of those, the tokens written to be kept for an hour.
    pub cache_write_1h: u64,
    /// All tokens of the answer, reasoning included.
    pub output: u64,
    /// Tokens of the answer spent on reasoning.
    pub reasoning: u64,
    /// Audio tokens of the prompt.
    pub input_audio: u64,
    /// Audio tokens of the answer.
    pub output_audio: u64,
    /// Searches the provider made for the answer, which it bills by number.
    pub searches: u64,
}

impl TokenCounts {
    /// Input and output together.
    pub fn total(&self) -> u64 {
        self.input.saturating_add(self.output)
    }

    /// A guess where a provider reported nothing: four bytes of UTF-8 to a token, rounded up, as
    /// English prose comes out with current tokenizers. Never exact; mark what it feeds as
    /// estimated.
    pub fn estimate(input_bytes: u64, output_bytes: u64) -> Self {
        Self {
            input: input_bytes.div_ceil(4),
            output: output_bytes.div_ceil(4),
            ..Self::default()
        }
    }

    /// Forces parts to fit into what contains them, for reports that break the rules above.
    pub(crate) fn contained(mut self) -> Self {
        self.cached_input = self.cached_input.min(self.input);
        self.cache_write = self.cache_write.min(self.input - self.cached_input);
        self.cache_write_1h = self.cache_write_1h.min(self.cache_write);
        self.input_audio = self.input_audio.min(self.input);
        self.reasoning = self.reasoning.min(self.output);
        self.output_audio = self.output_audio.min(self.output);
        self
    }
}
