//! OpenAI Responses: what a gateway reads of a request, the errors, and `codec`, the path to and
//! from the canonical form. Answers have no view of their own: the stream decoder of the codec keeps
//! no text, so the passthrough watches answers through it.

pub mod codec;
pub mod error;
pub mod request;

pub(crate) mod usage;

pub use request::ResponsesRequestView;
