//! Amazon Bedrock's Converse and ConverseStream, as a provider's dialect: requests to it, its answers
//! and streams, its errors. The model and whether to stream are in the path, not in the body, and
//! streams are framed as [`crate::event_stream`]. No caller speaks it, so there are no views for a
//! passthrough; the mock provider answers with the other directions.

pub mod codec;
pub mod error;

mod usage;
