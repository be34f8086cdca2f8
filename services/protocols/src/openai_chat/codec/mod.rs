//! Chat Completions to and from the canonical form. [`crate::dialect`] calls these entry points;
//! inside, one file per direction and thing: `decode_*` reads, `encode_*` writes, `form` holds the
//! notes that reading leaves for writing the same dialect again.

mod decode_calls;
mod decode_citations;
mod decode_message;
mod decode_part;
mod decode_reasoning;
mod decode_request;
mod decode_response;
mod decode_stream;
mod decode_tools;
mod encode_calls;
mod encode_message;
mod encode_part;
mod encode_reasoning;
mod encode_request;
mod encode_response;
mod encode_stream;
mod encode_tools;
mod form;
mod stream_calls;
mod stream_choice;
mod stream_chunk;
mod stream_frames;

pub use decode_request::decode_request;
pub use decode_response::decode_response;
pub use decode_stream::StreamDecoder;
pub use encode_request::encode_request;
pub use encode_response::encode_response;
pub use encode_stream::StreamEncoder;

use crate::reading::{Expected, Reading};

#[cfg(test)]
mod tests;
