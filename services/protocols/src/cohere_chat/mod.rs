//! Cohere's chat, version 2, as a provider's dialect: requests to it, its answers and streams, its
//! errors. No caller speaks it, so there are no views for a passthrough; the mock provider answers
//! with the other directions.

pub mod codec;
pub mod error;

mod usage;
