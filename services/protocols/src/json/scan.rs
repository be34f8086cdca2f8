//! Byte-level scanning of JSON tokens: strings eight bytes at a step, numbers and literals by
//! grammar. Called by `Cursor` only; offsets in, offsets out.

use crate::{DecodeError, Fault};

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = ONES << 7;

/// Bytes that are looked at one word at a time before blocks are worth their set-up: most strings
/// are shorter.
const SHORT: usize = 32;
/// Bytes in a block.
const BLOCK: usize = 64;

/// Skips whole blocks that hold no byte that `is_special` names. The compiler looks at many bytes
/// of a block at once.
fn skip_plain_blocks(bytes: &[u8], mut at: usize, is_special: impl Fn(u8) -> bool) -> usize {
    while let Some(block) = bytes.get(at..at + BLOCK) {
        if block.iter().fold(false, |found, &b| found | is_special(b)) {
            break;
        }
        at += BLOCK;
    }
    at
}

/// Offset of the first byte at or after `at` that ends a run of plain string bytes: a quote, a
/// backslash or a control character; the length when there is none.
fn plain_run_end(bytes: &[u8], mut at: usize) -> usize {
    let mut blocks_from = at + SHORT;
    while let Some(word) = bytes.get(at..at + 8).and_then(|w| <[u8; 8]>::try_from(w).ok()) {
        let word = u64::from_le_bytes(word);
        let control = word.wrapping_sub(ONES * 0x20) & !word;
        let quote = word ^ (ONES * u64::from(b'"'));
        let quote = quote.wrapping_sub(ONES) & !quote;
        let slash = word ^ (ONES * u64::from(b'\\'));
        let slash = slash.wrapping_sub(ONES) & !slash;
        let hits = (control | quote | slash) & HIGHS;
        if hits != 0 {
            return at + hits.trailing_zeros() as usize / 8;
        }
        at += 8;
        if at >= blocks_from {
            at = skip_plain_blocks(bytes, at, |b| (b == b'"') | (b == b'\\') | (b < 0x20));
            blocks_from = at + BLOCK;
        }
    }
    while let Some(&b) = bytes.get(at) {
        if b == b'"' || b == b'\\' || b < 0x20 {
            return at;
        }
        at += 1;
    }
    at
}

/// Offset of the first byte at or after `at` that may need an escape: a quote, a backslash, a
/// control character, or the byte that U+2028 and U+2029 start with; the length when there is none.
pub(super) fn unescaped_run_end(bytes: &[u8], mut at: usize) -> usize {
    let mut blocks_from = at + SHORT;
    while let Some(word) = bytes.get(at..at + 8).and_then(|w| <[u8; 8]>::try_from(w).ok()) {
        let word = u64::from_le_bytes(word);
        let control = word.wrapping_sub(ONES * 0x20) & !word;
        let quote = word ^ (ONES * u64::from(b'"'));
        let quote = quote.wrapping_sub(ONES) & !quote;
        let slash = word ^ (ONES * u64::from(b'\\'));
        let slash = slash.wrapping_sub(ONES) & !slash;
        let break_start = word ^ (ONES * 0xe2);
        let break_start = break_start.wrapping_sub(ONES) & !break_start;
        let hits = (control | quote | slash | break_start) & HIGHS;
        if hits != 0 {
            return at + hits.trailing_zeros() as usize / 8;
        }
        at += 8;
        if at >= blocks_from {
            at = skip_plain_blocks(bytes, at, |b| {
                (b == b'"') | (b == b'\\') | (b < 0x20) | (b == 0xe2)
            });
            blocks_from = at + BLOCK;
        }
    }
    let tail = bytes.get(at..).unwrap_or_default();
    let found = tail
        .iter()
        .position(|&b| b == b'"' || b == b'\\' || b < 0x20 || b == 0xe2);
    at + found.unwrap_or(tail.len())
}

/// Reads a string whose opening quote is at `at`. Gives the offset after its closing quote and
/// whether it holds escapes.
pub(super) fn string(bytes: &[u8], at: usize) -> Result<(usize, bool), DecodeError> {
    let mut at = at + 1;
    let mut escaped = false;
    loop {
        at = plain_run_end(bytes, at);
        match bytes.get(at) {
            None => return Err(DecodeError::new(Fault::UnexpectedEnd, at)),
            Some(b'"') => return Ok((at + 1, escaped)),
            Some(b'\\') => {
                escaped = true;
                at = escape(bytes, at)?;
            }
            Some(_) => {
                return Err(DecodeError::new(
                    Fault::Syntax("no raw control character in a string"),
                    at,
                ));
            }
        }
    }
}

/// Checks the escape whose backslash is at `at`; gives the offset after it.
fn escape(bytes: &[u8], at: usize) -> Result<usize, DecodeError> {
    match bytes.get(at + 1) {
        None => Err(DecodeError::new(Fault::UnexpectedEnd, at + 1)),
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
        Some(b'u') => match bytes.get(at + 2..at + 6) {
            None => Err(DecodeError::new(Fault::UnexpectedEnd, bytes.len())),
            Some(hex) if hex.iter().all(u8::is_ascii_hexdigit) => Ok(at + 6),
            Some(_) => Err(DecodeError::new(
                Fault::Syntax("four hexadecimal digits after \\u"),
                at,
            )),
        },
        Some(_) => Err(DecodeError::new(
            Fault::Syntax("a known escape after a backslash"),
            at,
        )),
    }
}

fn digits(bytes: &[u8], at: usize) -> Result<usize, DecodeError> {
    let run = bytes
        .get(at..)
        .unwrap_or_default()
        .iter()
        .take_while(|b| b.is_ascii_digit())
        .count();
    match (run, at < bytes.len()) {
        (0, true) => Err(DecodeError::new(Fault::Syntax("a digit"), at)),
        (0, false) => Err(DecodeError::new(Fault::UnexpectedEnd, at)),
        (run, _) => Ok(at + run),
    }
}

/// Reads a number that starts at `at`; gives the offset after it.
pub(super) fn number(bytes: &[u8], at: usize) -> Result<usize, DecodeError> {
    let mut at = if bytes.get(at) == Some(&b'-') { at + 1 } else { at };
    let leading_zero = bytes.get(at) == Some(&b'0');
    at = if leading_zero { at + 1 } else { digits(bytes, at)? };
    if leading_zero && bytes.get(at).is_some_and(u8::is_ascii_digit) {
        return Err(DecodeError::new(Fault::Syntax("no leading zero in a number"), at));
    }
    if bytes.get(at) == Some(&b'.') {
        at = digits(bytes, at + 1)?;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        at += 1;
        if matches!(bytes.get(at), Some(b'+' | b'-')) {
            at += 1;
        }
        at = digits(bytes, at)?;
    }
    Ok(at)
}

/// Reads the literal `word` at `at`; gives the offset after it.
pub(super) fn literal(bytes: &[u8], at: usize, word: &'static str) -> Result<usize, DecodeError> {
    let rest = bytes.get(at..).unwrap_or_default();
    if rest.starts_with(word.as_bytes()) {
        Ok(at + word.len())
    } else if word.as_bytes().starts_with(rest) {
        Err(DecodeError::new(Fault::UnexpectedEnd, bytes.len()))
    } else {
        Err(DecodeError::new(Fault::Syntax("a JSON value"), at))
    }
}

/// Offset of the first byte at or after `at` that is not JSON white space.
pub(super) fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(at) {
        at += 1;
    }
    at
}
