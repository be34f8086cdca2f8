//! Amazon Bedrock's Converse and ConverseStream, as a provider's dialect: requests to it, its answers
//! and streams, its errors. The model and whether to stream are in the path, not in the body, and
//! streams are framed as [`crate::event_stream`]. No caller speaks it, so there are no views for a
//! passthrough; the mock provider answers with the other directions.
//!
//! Bedrock's older `InvokeModel` takes each vendor's own bodies and is no dialect: those of Claude are
//! Messages without the model, those of Nova are Converse's, embeddings are in
//! [`crate::embeddings::vendor`], and models that predate chat are read in their answers alone
//! ([`crate::completions::text_model`]). Whatever is worth asking is reached by Converse.

pub mod codec;
pub mod error;

mod usage;
