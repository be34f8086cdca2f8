//! OpenAI's older text completions, for the clients that still call them. They are chat in other
//! clothes and no dialect of their own: a request is rewritten into a chat request with one message
//! ([`to_chat`]), and answers of any dialect are written in their form.
//!
//! Providers that serve them natively get them as they came: [`CompletionsRequestView`] says what a
//! gateway must know of a request, [`crate::passthrough::completions`] rewrites it, and
//! [`ChatStream::of_completions`] watches the answer, whose chunks differ from those of chat only in
//! where the text is.
//!
//! [`ChatStream::of_completions`]: crate::openai_chat::stream::ChatStream::of_completions

mod answer;
mod request;
mod stream;
pub mod text_model;
mod view;

#[cfg(test)]
mod tests;

pub use answer::encode_response;
pub use request::{Refusal, to_chat};
pub use stream::StreamEncoder;
pub use view::{CompletionsRequestView, Prompt};

use crate::DecodeError;
use crate::openai_chat::response::{ResponseFacts, read_text};

/// Reads an answer: usage, the model that answered, why it stopped and how much it said.
pub fn read_response(body: &[u8]) -> Result<ResponseFacts, DecodeError> {
    read_text(body)
}
