//! Embeddings: small enough to sit outside the chat dialects. One file per wire form.

pub mod gemini;
pub mod openai;

pub use openai::EmbeddingsRequestView;
