//! JSON strings: `JsonStr`, a string as it stands in a document, and `write_string`, which writes
//! one. Decoding happens only when somebody asks for the text.

use std::borrow::Cow;

use super::{Span, scan};
use crate::DecodeError;

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
    #[inline]
    pub fn decode(&self) -> Cow<'a, str> {
        if self.escaped {
            Cow::Owned(self.unescaped())
        } else {
            Cow::Borrowed(self.raw)
        }
    }

    fn unescaped(&self) -> String {
        let bytes = self.raw.as_bytes();
        let mut text = Vec::with_capacity(bytes.len());
        let mut at = 0;
        while at < bytes.len() {
            at = scan::copy_run::<false>(bytes, at, &mut text);
            while let Some((character, used)) = unescape(bytes, at) {
                push(&mut text, character);
                at += used;
            }
        }
        checked(text)
    }

    /// Length of the decoded text in UTF-8 bytes, without decoding it into memory.
    pub fn decoded_len(&self) -> u64 {
        let bytes = self.raw.as_bytes();
        let mut length = bytes.len();
        let mut at = if self.escaped { 0 } else { length };
        while at < bytes.len() {
            at = scan::run_end::<false>(bytes, at);
            let near = bytes.len().min(at + scan::NEAR);
            while at < near {
                let (saved, used) = unescape(bytes, at)
                    .map_or((0, 1), |(character, used)| (used - character.len_utf8(), used));
                length -= saved;
                at += used;
            }
        }
        length as u64
    }

    /// Whether the decoded text is empty.
    pub fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }
}

/// Decodes a string from an escape at `at` on, checking it; gives the offset after its closing quote.
pub(super) fn decode_rest(bytes: &[u8], mut at: usize, text: &mut Vec<u8>) -> Result<usize, DecodeError> {
    while bytes.get(at) == Some(&b'\\') {
        let (character, used) = match unescape(bytes, at) {
            Some(character) => character,
            // Says what is wrong with it.
            None => return scan::escape(bytes, at),
        };
        push(text, character);
        at += used;
        at = scan::copy_run::<false>(bytes, at, text);
    }
    scan::closing_quote(bytes, at)
}

/// A text put together of runs and characters of one.
pub(super) fn checked(text: Vec<u8>) -> String {
    let text = String::from_utf8(text);
    text.unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Decodes the escape at `at`, if there is one that is well-formed: the character and the bytes it took.
fn unescape(bytes: &[u8], at: usize) -> Option<(char, usize)> {
    if bytes.get(at) != Some(&b'\\') {
        return None;
    }
    let simple = match bytes.get(at + 1)? {
        b'n' => '\n',
        b't' => '\t',
        b'r' => '\r',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'u' => return unescape_unicode(bytes, at + 2),
        &quoted @ (b'"' | b'\\' | b'/') => char::from(quoted),
        _ => return None,
    };
    Some((simple, 2))
}

/// Decodes the escape whose digits start at `at`, and with it a second one that completes a pair.
fn unescape_unicode(bytes: &[u8], at: usize) -> Option<(char, usize)> {
    let first = scan::unit(bytes, at)?;
    if (0xd800..0xdc00).contains(&first)
        && bytes.get(at + 4..at + 6) == Some(b"\\u")
        && let Some(second @ 0xdc00..0xe000) = scan::unit(bytes, at + 6)
    {
        let joined = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        return Some((char::from_u32(joined)?, 12));
    }
    Some((char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER), 6))
}

/// Appends a character in UTF-8.
fn push(text: &mut Vec<u8>, character: char) {
    match u8::try_from(character) {
        Ok(ascii @ ..0x80) => text.push(ascii),
        Ok(_) | Err(_) => {
            text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
}

/// Appends `text` as a JSON string, quotes included. U+2028 and U+2029 are escaped as well: some
/// clients split event streams on every Unicode line break.
pub fn write_string(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    out.reserve(bytes.len() + 10);
    out.push(b'"');
    let mut at = 0;
    loop {
        at = scan::copy_run::<true>(bytes, at, out);
        let Some(&byte) = bytes.get(at) else { break };
        match ESCAPES[usize::from(byte)] {
            0 => at += write_rare(out, byte, bytes.get(at + 1..at + 3)),
            short => {
                out.extend_from_slice(&[b'\\', short]);
                at += 1;
            }
        }
    }
    out.push(b'"');
}

/// The letter that stands for a byte behind a backslash; 0 where there is none.
const ESCAPES: [u8; 256] = {
    let mut table = [0; 256];
    let mut at = 0;
    while at < SHORT.len() {
        table[SHORT[at].0 as usize] = SHORT[at].1;
        at += 1;
    }
    table
};
const SHORT: [(u8, u8); 5] = [
    (b'"', b'"'),
    (b'\\', b'\\'),
    (b'\n', b'n'),
    (b'\r', b'r'),
    (b'\t', b't'),
];

/// Writes a character that starts with `byte`, another control character or one that may be a line break;
/// `next` are the two bytes behind it. Gives the bytes that are written.
fn write_rare(out: &mut Vec<u8>, byte: u8, next: Option<&[u8]>) -> usize {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    match (byte, next) {
        (scan::BREAK, Some([0x80, 0xa8])) => out.extend_from_slice(b"\\u2028"),
        (scan::BREAK, Some([0x80, 0xa9])) => out.extend_from_slice(b"\\u2029"),
        (scan::BREAK, _) => {
            out.push(byte);
            return 1;
        }
        (control, _) => {
            let digits = [HEX[usize::from(control >> 4)], HEX[usize::from(control & 15)]];
            out.extend_from_slice(b"\\u00");
            out.extend_from_slice(&digits);
            return 1;
        }
    }
    3
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
