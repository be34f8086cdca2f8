//! Cohere's chat to and from the canonical form. [`crate::dialect`] calls these entry points; inside,
//! one file per direction and thing: `decode_*` reads, `encode_*` writes, `citations` does both,
//! `form` holds the notes that reading leaves for writing the same dialect again.

mod citations;
mod decode_message;
mod decode_part;
mod decode_request;
mod decode_response;
mod decode_stream;
mod decode_tools;
mod encode_message;
mod encode_part;
mod encode_request;
mod encode_response;
mod encode_stream;
mod form;
mod stream_event;

pub use decode_request::decode_request;
pub use decode_response::decode_response;
pub use decode_stream::StreamDecoder;
pub use encode_request::encode_request;
pub use encode_response::encode_response;
pub use encode_stream::StreamEncoder;

#[cfg(test)]
mod tests;
