//! What a source of a signal may ask for, and how its answers are read. Pure.

use serde_json::Value;
use sluicegate_contracts::config::SignalValue;

use crate::error::FieldError;

/// Longest value of a text, in bytes.
pub const MAX_TEXT: usize = 256;
const MAX_POINTER: usize = 256;
const MAX_AUTHORIZATION: usize = 4_096;
/// From ten seconds to a day.
const EVERY_SECONDS: std::ops::RangeInclusive<u32> = 10..=86_400;
/// A week, as for what is pushed.
const MAX_TTL_SECONDS: u32 = 604_800;
/// A value counts for so many intervals unless said otherwise: two fetches may fail without anybody noticing.
const INTERVALS: u32 = 3;

/// How often a value is fetched, where in the answer it is, and for how long it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// JSON pointer (RFC 6901); empty for the whole answer.
    pub pointer: String,
    /// Seconds from one fetch to the next.
    pub every_seconds: u32,
    /// For how long a value counts; `None`: for three intervals.
    pub ttl_seconds: Option<u32>,
}

impl Terms {
    /// For how long a value counts, in seconds.
    #[must_use]
    pub fn ttl_seconds(&self) -> u32 {
        let usual = self.every_seconds.saturating_mul(INTERVALS);
        self.ttl_seconds.unwrap_or(usual)
    }

    /// All that is wrong with them, and with what is sent as `authorization`.
    #[must_use]
    pub fn findings(&self, authorization: Option<&str>) -> Vec<FieldError> {
        let mut findings = Vec::new();
        let mut find = |field, code, detail| findings.push(FieldError::new(field, code, detail));
        if self.pointer.len() > MAX_POINTER || !is_pointer(&self.pointer) {
            let detail = "Use a JSON pointer of at most 256 bytes, such as /data/0/load, or nothing for the whole answer.";
            find("/pointer", "invalid", detail);
        }
        if !EVERY_SECONDS.contains(&self.every_seconds) {
            find("/every_seconds", "out_of_range", "Use 10 to 86400 seconds.");
        } else if !(self.every_seconds..=MAX_TTL_SECONDS).contains(&self.ttl_seconds()) {
            let detail = "Use at least every_seconds, else the value would be stale between two fetches, and at most 604800.";
            find("/ttl_seconds", "out_of_range", detail);
        }
        let is_header = |text: &str| text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        if authorization
            .is_some_and(|text| text.is_empty() || text.len() > MAX_AUTHORIZATION || !is_header(text))
        {
            let detail = "Use 1 to 4096 printable ASCII characters, such as Bearer and a token.";
            find("/authorization", "invalid", detail);
        }
        findings
    }
}

/// Empty, or steps that begin with a slash; a tilde begins an escape.
fn is_pointer(text: &str) -> bool {
    let mut escapes = text.split('~').skip(1);
    (text.is_empty() || text.starts_with('/')) && escapes.all(|rest| rest.starts_with(['0', '1']))
}

/// Why an answer has no value, in words that quote nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// Not JSON.
    #[error("the answer is not JSON")]
    NotJson,
    /// Nothing at the pointer.
    #[error("the answer has nothing at the pointer")]
    Nothing,
    /// Null, an array or an object.
    #[error("what is at the pointer is no number, text, true or false")]
    NoValue,
    /// Too long a text.
    #[error("the text at the pointer is longer than 256 bytes")]
    TooLong,
}

/// The value in an answer.
///
/// # Errors
/// [`Unread`].
pub fn value_at(answer: &[u8], pointer: &str) -> Result<SignalValue, Unread> {
    let answer: Value = serde_json::from_slice(answer).map_err(|_| Unread::NotJson)?;
    match answer.pointer(pointer).ok_or(Unread::Nothing)? {
        Value::Bool(flag) => Ok(SignalValue::Flag(*flag)),
        Value::Number(number) => number.as_f64().map(SignalValue::Number).ok_or(Unread::NoValue),
        Value::String(text) if text.len() > MAX_TEXT => Err(Unread::TooLong),
        Value::String(text) => Ok(SignalValue::Text(text.clone())),
        Value::Null | Value::Array(_) | Value::Object(_) => Err(Unread::NoValue),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(pointer: &str, every_seconds: u32, ttl_seconds: Option<u32>) -> Terms {
        Terms {
            pointer: pointer.to_owned(),
            every_seconds,
            ttl_seconds,
        }
    }

    #[test]
    fn what_cannot_work_is_found_with_its_field() {
        assert_eq!(terms("/a/0", 60, None).findings(Some("Bearer x")), []);
        assert_eq!(terms("", 10, Some(10)).findings(None), []);
        assert_eq!(terms("", 60, None).ttl_seconds(), 180);
        for (terms, authorization, field) in [
            (terms("a", 60, None), None, "/pointer"),
            (terms("/~2", 60, None), None, "/pointer"),
            (terms("/~", 60, None), None, "/pointer"),
            (terms("", 9, None), None, "/every_seconds"),
            (terms("", 86_401, None), None, "/every_seconds"),
            (terms("", 60, Some(59)), None, "/ttl_seconds"),
            (terms("", 60, Some(604_801)), None, "/ttl_seconds"),
            (terms("", 60, None), Some(""), "/authorization"),
            (terms("", 60, None), Some("a\r\nhost: b"), "/authorization"),
        ] {
            let found = terms.findings(authorization);
            assert_eq!((found.len(), found[0].pointer.as_str()), (1, field), "{terms:?}");
        }
    }

    #[test]
    fn a_value_is_a_number_a_text_or_a_flag() {
        let read = |answer: &str, pointer| value_at(answer.as_bytes(), pointer);
        assert_eq!(
            read(r#"{"data":[{"load":0.5}]}"#, "/data/0/load"),
            Ok(SignalValue::Number(0.5))
        );
        assert_eq!(read("true", ""), Ok(SignalValue::Flag(true)));
        assert_eq!(
            read(r#"{"a/b":"x"}"#, "/a~1b"),
            Ok(SignalValue::Text("x".to_owned()))
        );
        for (answer, pointer, why) in [
            ("<html>", "", Unread::NotJson),
            ("", "", Unread::NotJson),
            ("{}", "/load", Unread::Nothing),
            ("{\"load\":null}", "/load", Unread::NoValue),
            ("[1]", "", Unread::NoValue),
        ] {
            assert_eq!(read(answer, pointer), Err(why), "{answer}");
        }
        let long = format!("\"{}\"", "x".repeat(257));
        assert_eq!(read(&long, ""), Err(Unread::TooLong));
    }
}
