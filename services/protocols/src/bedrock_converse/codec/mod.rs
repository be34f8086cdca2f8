//! Converse to and from the canonical form. [`crate::dialect`] calls these entry points; inside, one
//! file per direction and thing: `decode_*` reads, `encode_*` writes, `citations` and `formats` do
//! both, `form` holds the notes that reading leaves for writing the same dialect again.

mod citations;
mod decode_block;
mod decode_media;
mod decode_message;
mod decode_request;
mod decode_response;
mod decode_stream;
mod decode_tools;
mod encode_block;
mod encode_message;
mod encode_request;
mod encode_response;
mod encode_stream;
mod encode_thinking;
mod encode_tools;
mod form;
mod formats;
mod stream_event;

pub use decode_request::decode_request;
pub use decode_response::decode_response;
pub use decode_stream::StreamDecoder;
pub use encode_request::encode_request;
pub use encode_response::encode_response;
pub use encode_stream::StreamEncoder;

#[cfg(test)]
mod tests;
