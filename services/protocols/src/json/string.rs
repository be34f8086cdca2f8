//! JSON strings: `JsonStr`, a string as it stands in a document, and `write_string`, which writes
//! one. Decoding happens only when somebody asks for the text.

use std::borrow::Cow;

use super::{Span, scan};

/// A string literal of a document, borrowed and checked, not decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonStr<'a> {
    raw: &'a str,
    escaped: bool,
    start: usize,
}

impl<'a> JsonStr<'a> {
    pub(super) fn new(raw: &'a str, escaped: bool, start: usize) -> Self {
        Self { raw, escaped, start }
    }

    /// Where the literal stands in the document, quotes included.
    pub fn span(&self) -> Span {
        Span {
            start: self.start,
            end: self.start + self.raw.len() + 2,
        }
    }

    /// The text. Borrowed unless the literal holds escapes; half a surrogate pair becomes U+FFFD.
    pub fn decode(&self) -> Cow<'a, str> {
        if !self.escaped {
            return Cow::Borrowed(self.raw);
        }
        let mut text = String::with_capacity(self.raw.len());
        self.each_piece(|piece| text.push_str(piece));
        Cow::Owned(text)
    }

    /// Length of the decoded text in UTF-8 bytes, without decoding it into memory.
    pub fn decoded_len(&self) -> u64 {
        if !self.escaped {
            return self.raw.len() as u64;
        }
        let mut length = 0;
        self.each_piece(|piece| length += piece.len() as u64);
        length
    }

    /// Whether the decoded text is empty.
    pub fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }

    fn each_piece(&self, mut piece: impl FnMut(&str)) {
        let mut rest = self.raw;
        while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
            piece(&rest[..at]);
            let (decoded, used) = unescape(&rest[at..]);
            piece(decoded.encode_utf8(&mut [0; 4]));
            rest = rest.get(at + used..).unwrap_or_default();
        }
        piece(rest);
    }
}

/// Decodes the escape that `text` starts with: the character and the bytes it took. The scanner
/// has checked the grammar.
fn unescape(text: &str) -> (char, usize) {
    let simple = match text.as_bytes().get(1) {
        Some(b'n') => '\n',
        Some(b't') => '\t',
        Some(b'r') => '\r',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'u') => return unescape_unicode(text),
        Some(&other) => char::from(other),
        None => char::REPLACEMENT_CHARACTER,
    };
    (simple, 2)
}

fn unescape_unicode(text: &str) -> (char, usize) {
    let unit = |from: usize| {
        text.get(from..from + 4)
            .and_then(|hex| u32::from_str_radix(hex, 16).ok())
    };
    let Some(first) = unit(2) else {
        return (char::REPLACEMENT_CHARACTER, 6);
    };
    if (0xd800..0xdc00).contains(&first)
        && text.get(6..8) == Some("\\u")
        && let Some(second @ 0xdc00..0xe000) = unit(8)
    {
        let joined = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        return (char::from_u32(joined).unwrap_or(char::REPLACEMENT_CHARACTER), 12);
    }
    (char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER), 6)
}

/// Appends `text` as a JSON string, quotes included. U+2028 and U+2029 are escaped as well: some
/// clients split event streams on every Unicode line break.
pub fn write_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut from = 0;
    let mut at = 0;
    loop {
        at = scan::unescaped_run_end(bytes, at);
        let Some(&byte) = bytes.get(at) else { break };
        let next = bytes.get(at + 1..at + 3);
        if byte == 0xe2 && !matches!(next, Some([0x80, 0xa8 | 0xa9])) {
            at += 1;
            continue;
        }
        out.extend_from_slice(&bytes[from..at]);
        at += if byte == 0xe2 { 3 } else { 1 };
        from = at;
        write_escape(out, byte, next);
    }
    out.extend_from_slice(&bytes[from..]);
    out.push(b'"');
}

/// Writes the escape for a character that starts with `byte`; `next` are the two bytes behind it.
fn write_escape(out: &mut Vec<u8>, byte: u8, next: Option<&[u8]>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let short: &[u8] = match byte {
        b'"' => b"\\\"",
        b'\\' => b"\\\\",
        b'\n' => b"\\n",
        b'\r' => b"\\r",
        b'\t' => b"\\t",
        0xe2 if next == Some(&[0x80, 0xa8]) => b"\\u2028",
        0xe2 => b"\\u2029",
        control => {
            out.extend_from_slice(b"\\u00");
            &[HEX[usize::from(control >> 4)], HEX[usize::from(control & 15)]]
        }
    };
    out.extend_from_slice(short);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::json::Cursor;

    fn decode(literal: &str) -> (String, u64) {
        let text = Cursor::new(literal.as_bytes(), 64).unwrap().string().unwrap();
        (text.decode().into_owned(), text.decoded_len())
    }

    #[test]
    fn half_surrogates_become_replacement_characters() {
        assert_eq!(decode(r#""a\ud83d\ude00b""#), ("a😀b".to_owned(), 6));
        assert_eq!(decode(r#""\ud83d""#).0, "\u{fffd}");
        assert_eq!(decode(r#""\ude00\ud83d\u0041""#).0, "\u{fffd}\u{fffd}A");
    }

    #[test]
    fn line_separators_are_escaped() {
        let mut out = Vec::new();
        write_string(&mut out, "a\u{2028}b\u{2029}c\u{202a}\u{1}");
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "\"a\\u2028b\\u2029c\u{202a}\\u0001\""
        );
    }

    proptest! {
        #[test]
        fn written_strings_read_back(text in any::<String>()) {
            let mut out = Vec::new();
            write_string(&mut out, &text);
            prop_assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text.clone());
            prop_assert_eq!(decode(std::str::from_utf8(&out).unwrap()), (text.clone(), text.len() as u64));
        }
    }
}
