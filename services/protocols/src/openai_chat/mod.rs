//! OpenAI Chat Completions: what a gateway reads of a request and of an answer, whole or streamed,
//! the error envelope, and building answers. Unknown fields are never touched.

pub mod encode;
pub mod error;
pub mod request;
pub mod response;
pub mod stream;

mod choice;
mod finish;
mod usage;

pub use finish::FinishReason;
pub use request::ChatRequestView;
