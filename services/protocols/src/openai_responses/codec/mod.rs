//! Responses to and from the canonical form. [`crate::dialect`] calls these entry points; inside,
//! one file per direction and thing: `item` and the other `decode_*` read, `encode_*` writes, `form`
//! holds the notes that reading leaves for writing the same dialect again.
//!
//! A request has one canonical message per item. An answer is one message, and a part that begins an
//! item says so ([`crate::canonical::Part::item`]); a part without one belongs to the message item
//! before. Items of server tools, and all that this gateway does not know, stay whole.

mod decode_citations;
mod decode_content;
mod decode_logprobs;
mod decode_reasoning;
mod decode_request;
mod decode_response;
mod decode_stream;
mod decode_tools;
mod encode_alone;
mod encode_content;
mod encode_item;
mod encode_request;
mod encode_response;
mod encode_stream;
mod encode_tools;
mod envelope;
mod form;
mod item;
mod seal;
mod stream_done;
mod stream_event;
mod stream_frames;
mod stream_grow;
mod stream_item;
mod stream_kept;
mod stream_pieces;

pub use decode_request::decode_request;
pub use decode_response::decode_response;
pub use decode_stream::StreamDecoder;
pub use encode_request::encode_request;
pub use encode_response::encode_response;
pub use encode_stream::StreamEncoder;

use crate::DecodeError;
use crate::canonical::Extra;
use crate::json::{Cursor, JsonStr};
use crate::reading::{Expected, Reading};

/// Reads a whole number; one in another spelling goes to `extra`.
fn unsigned<'a>(
    c: &mut Cursor<'a>,
    key: JsonStr<'a>,
    extra: &mut Extra<'a>,
) -> Result<Option<u64>, DecodeError> {
    let number = c.spelled_number()?;
    let value = number.as_u64();
    if value.is_none() {
        extra.push(key.decode(), number.into());
    }
    Ok(value)
}

pub(super) use seal::MARK as SEAL_MARK;

#[cfg(test)]
mod tests;
