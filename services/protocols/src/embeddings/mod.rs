//! Embeddings: small enough to sit outside the chat dialects. One file per wire form.

pub mod gemini;
pub mod openai;
pub mod vendor;

pub use openai::EmbeddingsRequestView;
