//! Wire formats of inference traffic, read and written without IO, clock or randomness.
//!
//! The data plane reads requests and answers through these modules; the mock provider and the
//! built-in echo provider write answers with them. One folder per dialect, all of one shape:
//! `request` (what a gateway must know of a request), `response` (of a whole answer), `stream`
//! (of a streamed one), `error` (both directions), `encode` (building answers).
//!
//! Same dialect in and out passes through: `passthrough` changes the bytes that must change and
//! leaves every other byte, unknown fields included, as the caller sent it.
//!
//! Two rules hold everywhere. Input is hostile: nothing here panics, recurses without a bound or
//! buffers without one. Text of prompts and answers is never part of an error this crate makes;
//! text a *provider* put into its error is kept apart in [`openai_chat::error::ProviderError`].

pub mod canonical;
pub mod dialect;
pub mod embeddings;
pub mod error;
pub mod failure;
pub mod json;
pub mod lossy;
pub mod models_list;
pub mod openai_chat;
pub mod passthrough;
pub mod provider_error;
mod request_fields;
pub mod sse;
pub mod target;
pub mod tokens;
pub mod tool_ids;

pub use dialect::Dialect;
pub use error::{DecodeError, Fault};
pub use tokens::TokenCounts;
