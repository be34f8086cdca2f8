//! What must hold for any input, as functions over bytes that panic when it does not. One function
//! per fuzz target; `tests/it/fuzz.rs` calls the same on mutations of the golden recordings, so that
//! every test run covers them a little.
//!
//! An input does not say which dialect it is in: it is tried in each.

mod conversion;
mod documents;
mod framing;
mod parity;
mod streams;

pub use conversion::convert;
pub use documents::{decode_request, decode_response, provider_error};
pub use framing::{event_stream, json, sse_parser};
pub use parity::{embeddings, passthrough};
pub use streams::stream;

/// A target: its name, and the function that holds what must hold.
pub type Target = (&'static str, fn(&[u8]));

/// Every target. A name is also that of its file in `fuzz_targets`.
pub const TARGETS: &[Target] = &[
    ("convert", convert),
    ("decode_request", decode_request),
    ("decode_response", decode_response),
    ("embeddings", embeddings),
    ("event_stream", event_stream),
    ("json", json),
    ("passthrough", passthrough),
    ("provider_error", provider_error),
    ("sse_parser", sse_parser),
    ("stream", stream),
];
