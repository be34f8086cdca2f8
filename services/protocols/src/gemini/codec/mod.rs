//! generateContent to and from the canonical form. [`crate::dialect`] calls these entry points;
//! inside, one file per direction and thing: `decode_*` reads, `encode_*` writes, `form` holds the
//! notes that reading leaves for writing the same dialect again.

mod decode_config;
mod decode_content;
mod decode_grounding;
mod decode_media;
mod decode_part;
mod decode_request;
mod decode_response;
mod decode_result;
mod decode_stream;
mod decode_tools;
mod encode_config;
mod encode_content;
mod encode_grounding;
mod encode_part;
mod encode_request;
mod encode_response;
mod encode_result;
mod encode_stream;
mod encode_tools;
mod form;
mod partial_args;
mod stream_candidate;
mod stream_parts;
mod timestamp;

pub use decode_request::decode_request;
pub use decode_response::decode_response;
pub use decode_stream::StreamDecoder;
pub use encode_request::encode_request;
pub use encode_response::encode_response;
pub use encode_stream::StreamEncoder;

use crate::DecodeError;
use crate::json::{Cursor, Kind};
use crate::reading::{Expected, Reading};

/// A name in camel case and in snake case: Google's servers take both.
type Name = (&'static str, &'static str);

/// The name in the spelling noted.
fn spelled(name: Name, snake: bool) -> &'static str {
    if snake { name.1 } else { name.0 }
}

/// Walks a list, or the one element that Google's servers take for a list of one; says whether it
/// was one element.
fn each<'a>(
    c: &mut Cursor<'a>,
    expected: &'static str,
    mut element: impl FnMut(&mut Cursor<'a>) -> Result<(), DecodeError>,
) -> Result<bool, DecodeError> {
    match c.peek()? {
        Kind::Array => c.array(|c, _| element(c)).map(|_| false),
        Kind::Object => element(c).map(|()| true),
        found @ (Kind::String | Kind::Number | Kind::Bool | Kind::Null) => Err(c.wrong_type(expected, found)),
    }
}

#[cfg(test)]
mod tests;
