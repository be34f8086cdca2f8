//! Names inside URLs. Model names come from catalogs and callers, so each is one path segment whatever it holds.

use std::fmt::Write as _;

/// `text` as one segment of a path, or as a value in a query. `None` for what a server would read as a way up the path,
/// and for nothing.
pub(super) fn segment(text: &str) -> Option<String> {
    if text.bytes().all(|byte| byte == b'.') {
        return None;
    }
    let mut out = String::with_capacity(text.len() + 8);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'@') {
            out.push(char::from(byte));
        } else {
            let _infallible = write!(out, "%{byte:02X}");
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_stays_one_whatever_it_holds() {
        for (text, written) in [
            ("gpt-4o", "gpt-4o"),
            ("anthropic.claude-v2:1", "anthropic.claude-v2%3A1"),
            ("../../admin", "..%2F..%2Fadmin"),
            ("a?b#c d", "a%3Fb%23c%20d"),
            ("claude-opus-4-6@default", "claude-opus-4-6@default"),
            ("ä", "%C3%A4"),
        ] {
            assert_eq!(segment(text).as_deref(), Some(written));
        }
        for text in ["", ".", ".."] {
            assert_eq!(segment(text), None, "{text}");
        }
    }
}
