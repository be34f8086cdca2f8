//! Anthropic Messages to and from the canonical form. [`crate::dialect`] calls these entry points;
//! inside, one file per direction and thing: `decode_*` reads, `encode_*` writes, `form` holds the
//! notes that reading leaves for writing the same dialect again.

mod decode_block;
mod decode_citations;
mod decode_config;
mod decode_media;
mod decode_message;
mod decode_request;
mod decode_response;
mod decode_stream;
mod decode_tools;
mod encode_block;
mod encode_citations;
mod encode_config;
mod encode_media;
mod encode_message;
mod encode_request;
mod encode_response;
mod encode_stream;
mod encode_tools;
mod encode_turns;
mod form;
mod members;
pub(super) mod seal;
mod stream_block;
mod stream_frames;
mod stream_parts;
mod words;

pub use decode_request::decode_request;
pub use decode_response::decode_response;
pub use decode_stream::StreamDecoder;
pub use encode_request::encode_request;
pub use encode_response::encode_response;
pub use encode_stream::StreamEncoder;

use crate::reading::{Expected, Reading};

#[cfg(test)]
mod tests;
