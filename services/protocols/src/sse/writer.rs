//! Frames to bytes. The caller owns the buffer, so that a stream can reuse one.

/// A comment frame that keeps proxies and clients from timing out; parsers ignore it.
pub const KEEP_ALIVE: &[u8] = b": keep-alive\n\n";

/// Appends one event. Line breaks in `data` become several data lines, as the format asks; an
/// event name is cut at its first line break, which the format cannot carry.
pub fn write_event(out: &mut Vec<u8>, event: Option<&str>, data: &str) {
    if let Some(name) = event.and_then(|e| e.split(['\r', '\n']).next()) {
        out.extend_from_slice(b"event: ");
        out.extend_from_slice(name.as_bytes());
        out.push(b'\n');
    }
    each_line(data, |line| {
        out.extend_from_slice(b"data: ");
        out.extend_from_slice(line.as_bytes());
        out.push(b'\n');
    });
    out.push(b'\n');
}

/// Appends a comment frame.
pub fn write_comment(out: &mut Vec<u8>, text: &str) {
    each_line(text, |line| {
        out.extend_from_slice(b": ");
        out.extend_from_slice(line.as_bytes());
        out.push(b'\n');
    });
    out.push(b'\n');
}

/// Calls `line` for each line of `text`, split at LF, CRLF and CR alike.
fn each_line(text: &str, mut line: impl FnMut(&str)) {
    let mut rest = text;
    while let Some(at) = memchr::memchr2(b'\r', b'\n', rest.as_bytes()) {
        line(&rest[..at]);
        let width = if rest[at..].starts_with("\r\n") { 2 } else { 1 };
        rest = &rest[at + width..];
    }
    line(rest);
}
