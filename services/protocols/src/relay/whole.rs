//! What a gateway reads of a whole answer in any dialect: usage, how much was said, an error under a
//! success status. For Chat Completions that are not translated, [`crate::openai_chat::response`]
//! reads the same without building the answer.

use super::noted::part_size;
use crate::TokenCounts;
use crate::canonical::Response;
use crate::provider_error::ProviderError;

/// What was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WholeFacts {
    /// Tokens used, when told.
    pub usage: Option<TokenCounts>,
    /// Bytes of content, to estimate usage that was not told.
    pub content_bytes: u64,
    /// Answers given.
    pub answers: usize,
    /// An error given under a success status.
    pub error: Option<ProviderError>,
}

/// Reads an answer.
pub fn read_whole(response: &Response<'_>) -> WholeFacts {
    let parts = response.candidates.iter().flat_map(|it| &it.message.parts);
    WholeFacts {
        usage: response.usage.as_ref().map(|usage| usage.counts),
        content_bytes: parts.map(|part| part_size(part) as u64).sum(),
        answers: response.candidates.len(),
        error: response.error.clone(),
    }
}
