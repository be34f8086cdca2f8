//! Legacy completions (`POST /v1/completions`): a text goes on. What a gateway reads of a request and
//! an answer, and `bridge`, which asks a provider that only chats and tells its answer in this form.
//!
//! It is not a dialect of its own: its requests say a fraction of what the canonical form does, and
//! providers that still have it speak Chat Completions as well. Chunks differ from those of chat only
//! in where the text is, so that [`ChatStream::of_completions`] watches them.
//!
//! [`ChatStream::of_completions`]: crate::openai_chat::stream::ChatStream::of_completions

pub mod bridge;
mod request;

pub use request::{CompletionsRequestView, Prompt};

use crate::DecodeError;
use crate::openai_chat::response::{ResponseFacts, read_text};

/// Reads an answer: usage, the model that answered, why it stopped and how much it said.
pub fn read_response(body: &[u8]) -> Result<ResponseFacts, DecodeError> {
    read_text(body)
}
