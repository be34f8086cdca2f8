//! OpenAI's older text completions, for the clients that still call them. They are chat in other
//! clothes and no dialect of their own: a request is rewritten into a chat request with one message
//! ([`to_chat`]), and answers of any dialect are written in their form.

mod answer;
mod request;
mod stream;

#[cfg(test)]
mod tests;

pub use answer::encode_response;
pub use request::{Refusal, to_chat};
pub use stream::StreamEncoder;
