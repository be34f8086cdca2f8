//! Messages to bytes. The caller owns the buffer, so that a stream can reuse one, and writes the
//! payload straight into it.

use super::header::{self, Header, HeaderValue};
use super::{CHECKSUM, PRELUDE};

/// Appends one message whose payload `payload` appends.
pub fn write_message(out: &mut Vec<u8>, headers: &[Header<'_>], payload: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0; PRELUDE]);
    for header in headers {
        header::write(out, header);
    }
    let headers_length = length(out.len() - start - PRELUDE);
    payload(out);
    let total = length(out.len() - start + CHECKSUM);
    if let Some(message) = out.get_mut(start..) {
        message[..4].copy_from_slice(&total);
        message[4..8].copy_from_slice(&headers_length);
        let checksum = crc32fast::hash(&message[..8]).to_be_bytes();
        message[8..PRELUDE].copy_from_slice(&checksum);
        let checksum = crc32fast::hash(message).to_be_bytes();
        out.extend_from_slice(&checksum);
    }
}

/// Appends an event with a JSON payload.
pub fn write_event(out: &mut Vec<u8>, event: &str, payload: impl FnOnce(&mut Vec<u8>)) {
    write_message(out, &json_headers(":event-type", event, "event"), payload);
}

/// Appends an exception with a JSON payload.
pub fn write_exception(out: &mut Vec<u8>, exception: &str, payload: impl FnOnce(&mut Vec<u8>)) {
    write_message(
        out,
        &json_headers(":exception-type", exception, "exception"),
        payload,
    );
}

/// In the order in which AWS writes them.
fn json_headers<'a>(key: &'static str, name: &'a str, message_type: &'static str) -> [Header<'a>; 3] {
    [
        (key, name),
        (":content-type", "application/json"),
        (":message-type", message_type),
    ]
    .map(|(name, text)| Header {
        name,
        value: HeaderValue::Text(text),
    })
}

/// A length as the format has it. Messages of 4 GiB are beyond what a body may be.
fn length(bytes: usize) -> [u8; 4] {
    u32::try_from(bytes).unwrap_or(u32::MAX).to_be_bytes()
}
