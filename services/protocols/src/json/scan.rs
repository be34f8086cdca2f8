//! Byte-level scanning of JSON tokens: strings eight bytes at a step, numbers and literals by
//! grammar. Offsets in, offsets out.

use crate::{DecodeError, Fault};

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = ONES << 7;

/// Bytes that are looked at one word at a time before blocks are worth their set-up: most strings
/// are shorter.
const SHORT: usize = 32;
/// Bytes in a block.
const BLOCK: usize = 64;

/// Bytes behind an escape that are looked at one by one.
pub(super) const NEAR: usize = 8;

/// The byte that U+2028 and U+2029 start with.
pub(super) const BREAK: u8 = 0xe2;

/// Whether a byte ends a run of plain string bytes: a quote, a backslash or a control character, and
/// with `BREAKS` what may start a Unicode line break.
fn ends_run<const BREAKS: bool>(byte: u8) -> bool {
    (byte == b'"') | (byte == b'\\') | (byte < 0x20) | (BREAKS & (byte == BREAK))
}

/// The same for eight bytes: the high bit is set of the first that ends the run, if one does. Bits
/// above that one mean nothing.
fn ends_in<const BREAKS: bool>(word: u64) -> u64 {
    let equal = |byte: u8| {
        let apart = word ^ (ONES * u64::from(byte));
        apart.wrapping_sub(ONES) & !apart
    };
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    let breaks = if BREAKS { equal(BREAK) } else { 0 };
    (control | equal(b'"') | equal(b'\\') | breaks) & HIGHS
}

/// Offset of the first byte at or after `at` that ends a run of plain string bytes; the length when
/// there is none.
#[inline]
pub(super) fn run_end<const BREAKS: bool>(bytes: &[u8], at: usize) -> usize {
    // Keys and most strings end within a word.
    if let Some(word) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let ends = ends_in::<BREAKS>(u64::from_le_bytes(*word));
        if ends != 0 {
            return at + ends.trailing_zeros() as usize / 8;
        }
        return long_run_end::<BREAKS>(bytes, at + 8);
    }
    long_run_end::<BREAKS>(bytes, at)
}

fn long_run_end<const BREAKS: bool>(bytes: &[u8], mut at: usize) -> usize {
    let mut blocks_from = at + SHORT;
    while let Some(word) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let ends = ends_in::<BREAKS>(u64::from_le_bytes(*word));
        if ends != 0 {
            return at + ends.trailing_zeros() as usize / 8;
        }
        at += 8;
        if at >= blocks_from {
            at = skip_plain_blocks::<BREAKS>(bytes, at);
            blocks_from = at + BLOCK;
        }
    }
    let tail = bytes.get(at..).unwrap_or_default();
    let found = tail.iter().position(|&byte| ends_run::<BREAKS>(byte));
    at + found.unwrap_or(tail.len())
}

/// Appends the run of plain string bytes at `at` to `out`; gives the offset of its end. Words are copied as
/// they are looked at, and the last one cut where the run ends in it: runs between escapes are short.
#[inline]
pub(super) fn copy_run<const BREAKS: bool>(bytes: &[u8], mut at: usize, out: &mut Vec<u8>) -> usize {
    let blocks_from = at + SHORT;
    while let Some(word) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let ends = ends_in::<BREAKS>(u64::from_le_bytes(*word));
        out.extend_from_slice(word);
        if ends != 0 {
            let length = ends.trailing_zeros() as usize / 8;
            out.truncate(out.len() - 8 + length);
            return at + length;
        }
        at += 8;
        if at >= blocks_from {
            break;
        }
    }
    let end = long_run_end::<BREAKS>(bytes, at);
    out.extend_from_slice(bytes.get(at..end).unwrap_or_default());
    end
}

/// Skips whole blocks in which no run ends. The compiler looks at many bytes of a block at once.
fn skip_plain_blocks<const BREAKS: bool>(bytes: &[u8], mut at: usize) -> usize {
    while let Some(block) = bytes.get(at..at + BLOCK) {
        if block
            .iter()
            .fold(false, |found, &byte| found | ends_run::<BREAKS>(byte))
        {
            break;
        }
        at += BLOCK;
    }
    at
}

/// Reads a string whose opening quote is at `at`. Gives the offset after its closing quote and
/// whether it holds escapes.
#[inline]
pub(super) fn string(bytes: &[u8], at: usize) -> Result<(usize, bool), DecodeError> {
    let end = run_end::<false>(bytes, at + 1);
    match bytes.get(end) {
        Some(b'"') => Ok((end + 1, false)),
        Some(b'\\') => Ok((escaped_rest(bytes, end)?, true)),
        Some(_) | None => closing_quote(bytes, end).map(|end| (end, false)),
    }
}

/// Reads on in a string from its first escape, at `at`; gives the offset after its closing quote.
fn escaped_rest(bytes: &[u8], mut at: usize) -> Result<usize, DecodeError> {
    while bytes.get(at) == Some(&b'\\') {
        // Where there is one escape, the next is often near.
        let near = at + NEAR;
        while at < near {
            match bytes.get(at) {
                Some(b'\\') => at = escape(bytes, at)?,
                Some(&byte) if !ends_run::<false>(byte) => at += 1,
                Some(_) | None => break,
            }
        }
        at = run_end::<false>(bytes, at);
    }
    closing_quote(bytes, at)
}

/// Takes the quote that ends a string, which is to be at `at`, the end of a run of plain bytes; gives the
/// offset after it.
#[inline]
pub(super) fn closing_quote(bytes: &[u8], at: usize) -> Result<usize, DecodeError> {
    match bytes.get(at) {
        Some(b'"') => Ok(at + 1),
        None => Err(DecodeError::new(Fault::UnexpectedEnd, at)),
        Some(_) => {
            let fault = Fault::Syntax("no raw control character in a string");
            Err(DecodeError::new(fault, at))
        }
    }
}

/// Checks the escape whose backslash is at `at`; gives the offset after it.
pub(super) fn escape(bytes: &[u8], at: usize) -> Result<usize, DecodeError> {
    match bytes.get(at + 1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
        Some(b'u') if unit(bytes, at + 2).is_some() => Ok(at + 6),
        Some(b'u') if bytes.len() < at + 6 => Err(DecodeError::new(Fault::UnexpectedEnd, bytes.len())),
        Some(b'u') => Err(DecodeError::new(
            Fault::Syntax("four hexadecimal digits after \\u"),
            at,
        )),
        Some(_) => Err(DecodeError::new(
            Fault::Syntax("a known escape after a backslash"),
            at,
        )),
        None => Err(DecodeError::new(Fault::UnexpectedEnd, at + 1)),
    }
}

/// The value of the four hexadecimal digits at `at`.
pub(super) fn unit(bytes: &[u8], at: usize) -> Option<u32> {
    let digits: &[u8; 4] = bytes.get(at..)?.first_chunk()?;
    let [a, b, c, d] = digits.map(|byte| u32::from(HEX[usize::from(byte)]));
    (a | b | c | d < 16).then_some(a << 12 | b << 8 | c << 4 | d)
}

/// The value of each byte as a hexadecimal digit; 255 for those that are none.
const HEX: [u8; 256] = {
    let mut table = [255; 256];
    let mut value = 0;
    while value < 16 {
        table[b"0123456789abcdef"[value] as usize] = value as u8;
        table[b"0123456789ABCDEF"[value] as usize] = value as u8;
        value += 1;
    }
    table
};

/// Offset after the digits that start at `at`, of which there must be one.
fn digits(bytes: &[u8], at: usize) -> Result<usize, DecodeError> {
    let mut end = at;
    while bytes.get(end).is_some_and(u8::is_ascii_digit) {
        end += 1;
    }
    match end > at {
        true => Ok(end),
        false if at < bytes.len() => Err(DecodeError::new(Fault::Syntax("a digit"), at)),
        false => Err(DecodeError::new(Fault::UnexpectedEnd, at)),
    }
}

/// Reads a number that starts at `at`; gives the offset after it.
pub(super) fn number(bytes: &[u8], at: usize) -> Result<usize, DecodeError> {
    let start = at + usize::from(bytes.get(at) == Some(&b'-'));
    let mut at = digits(bytes, start)?;
    if at > start + 1 && bytes.get(start) == Some(&b'0') {
        let fault = Fault::Syntax("no leading zero in a number");
        return Err(DecodeError::new(fault, start + 1));
    }
    if !matches!(bytes.get(at), Some(b'.' | b'e' | b'E')) {
        return Ok(at);
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
#[inline]
pub(super) fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(at) {
        at += 1;
    }
    at
}
