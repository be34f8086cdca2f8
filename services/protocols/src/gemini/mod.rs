//! Gemini's generateContent, as the Gemini API and Vertex AI serve it: what a gateway reads of a
//! request it passes on, the error envelope, JSON Schema in Google's narrow form, and the codec to
//! and from the canonical form. The model and whether to stream are in the path, not in the body.
//! Answers that pass through are watched through the codec's stream decoder.

pub mod codec;
pub mod count;
pub mod error;
pub mod request;
pub mod schema;

mod finish;
pub(crate) mod usage;

pub use request::GeminiRequestView;
