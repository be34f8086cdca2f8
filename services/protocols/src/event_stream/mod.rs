//! AWS event stream framing (`application/vnd.amazon.eventstream`), both ways: binary messages of
//! headers and a payload, each guarded by two checksums. The data plane reads Bedrock's streams with
//! it, the Bedrock encoder writes with it.
//!
//! A message is: total length and length of the headers (4 bytes each, big-endian), CRC-32 of these
//! eight, headers, payload, CRC-32 of all before.

mod header;
mod parser;
mod writer;

pub use header::{Header, HeaderValue, Headers};
pub use parser::{Frame, FramingFault, MessageType, Parser};
pub use writer::{write_event, write_exception, write_message};

/// Bytes before the headers: two lengths and their checksum.
const PRELUDE: usize = 12;
/// Bytes of a checksum.
const CHECKSUM: usize = 4;
/// Most bytes of headers, as the format allows.
const MAX_HEADERS: usize = 128 * 1024;
