//! OpenAI Chat Completions: what a gateway reads of a request and of an answer, whole or streamed,
//! the error envelope, and building answers. On this fast path unknown fields are never touched;
//! `codec` is the other path, to and from the canonical form.

pub mod codec;
pub mod encode;
pub mod error;
pub mod request;
pub mod response;
pub mod stream;

mod choice;
mod finish;
pub(crate) mod usage;

pub use finish::FinishReason;
pub use request::ChatRequestView;
