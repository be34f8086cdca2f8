//! The `usage` object: read leniently, and written. `input_tokens` leaves out what was read from
//! and written to the cache, which [`TokenCounts::input`] includes. In a stream the numbers are
//! cumulative: each event repeats some of them, and what it repeats replaces what was told before.

use crate::DecodeError;
use crate::TokenCounts;
use crate::json::{Cursor, Kind, Object};

/// Member of `cache_creation` that counts what is kept for an hour.
const HOUR: &str = "ephemeral_1h_input_tokens";

/// What a report tells; absent where it does not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Reported {
    input: Option<u64>,
    cache_read: Option<u64>,
    cache_write: Option<u64>,
    /// Cache writes by how long they are kept, summed up.
    cache_write_split: Option<u64>,
    /// Of those, what is kept for an hour.
    cache_write_1h: Option<u64>,
    output: Option<u64>,
    thinking: Option<u64>,
    searches: Option<u64>,
}

impl Reported {
    /// Reads a usage object. Wrong types inside read as absent: a bad detail must not lose the count.
    pub(super) fn read(c: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let mut reported = Self::default();
        c.object(|c, key| {
            match (key.decode().as_ref(), c.peek()?) {
                ("input_tokens", Kind::Number) => reported.input = c.spelled_number()?.as_u64(),
                ("output_tokens", Kind::Number) => reported.output = c.spelled_number()?.as_u64(),
                ("cache_read_input_tokens", Kind::Number) => {
                    reported.cache_read = c.spelled_number()?.as_u64();
                }
                ("cache_creation_input_tokens", Kind::Number) => {
                    reported.cache_write = c.spelled_number()?.as_u64();
                }
                ("cache_creation", Kind::Object) => reported.split(c)?,
                ("output_tokens_details", Kind::Object) => {
                    c.object(|c, key| {
                        if key.decode() == "thinking_tokens" && c.peek()? == Kind::Number {
                            reported.thinking = c.spelled_number()?.as_u64();
                        }
                        Ok(())
                    })?;
                }
                ("server_tool_use", Kind::Object) => {
                    c.object(|c, key| {
                        if key.decode() == "web_search_requests" && c.peek()? == Kind::Number {
                            reported.searches = c.spelled_number()?.as_u64();
                        }
                        Ok(())
                    })?;
                }
                _ => {}
            }
            Ok(())
        })?;
        Ok(reported)
    }

    fn split(&mut self, c: &mut Cursor<'_>) -> Result<(), DecodeError> {
        let mut sum = 0u64;
        c.object(|c, key| {
            if c.peek()? == Kind::Number {
                let tokens = c.spelled_number()?.as_u64().unwrap_or(0);
                sum = sum.saturating_add(tokens);
                if key.decode() == HOUR {
                    self.cache_write_1h = Some(tokens);
                }
            }
            Ok(())
        })?;
        self.cache_write_split = Some(sum);
        Ok(())
    }

    /// This report, with what it leaves out taken from an earlier one.
    pub(super) fn after(self, earlier: Self) -> Self {
        Self {
            input: self.input.or(earlier.input),
            cache_read: self.cache_read.or(earlier.cache_read),
            cache_write: self.cache_write.or(earlier.cache_write),
            cache_write_split: self.cache_write_split.or(earlier.cache_write_split),
            cache_write_1h: self.cache_write_1h.or(earlier.cache_write_1h),
            output: self.output.or(earlier.output),
            thinking: self.thinking.or(earlier.thinking),
            searches: self.searches.or(earlier.searches),
        }
    }

    /// The counts; `None` when no tokens are told.
    pub(super) fn counts(self) -> Option<TokenCounts> {
        if self.input.is_none() && self.output.is_none() {
            return None;
        }
        let cached_input = self.cache_read.unwrap_or(0);
        let cache_write = self.cache_write.or(self.cache_write_split).unwrap_or(0);
        let counts = TokenCounts {
            input: self
                .input
                .unwrap_or(0)
                .saturating_add(cached_input)
                .saturating_add(cache_write),
            cached_input,
            cache_write,
            cache_write_1h: self.cache_write_1h.unwrap_or(0),
            output: self.output.unwrap_or(0),
            reasoning: self.thinking.unwrap_or(0),
            searches: self.searches.unwrap_or(0),
            ..TokenCounts::default()
        };
        Some(counts.contained())
    }
}

/// Appends a `usage` object. `tier` is the class of service given, in the words of this dialect.
pub(super) fn write(out: &mut Vec<u8>, counts: &TokenCounts, tier: Option<&str>) {
    let cached = counts.cached_input.saturating_add(counts.cache_write);
    let mut object = Object::open(out);
    object.unsigned("input_tokens", counts.input.saturating_sub(cached));
    object.unsigned("cache_creation_input_tokens", counts.cache_write);
    object.unsigned("cache_read_input_tokens", counts.cached_input);
    if counts.cache_write_1h > 0 {
        let mut split = object.object("cache_creation");
        split.unsigned(
            "ephemeral_5m_input_tokens",
            counts.cache_write.saturating_sub(counts.cache_write_1h),
        );
        split.unsigned(HOUR, counts.cache_write_1h);
    }
    object.unsigned("output_tokens", counts.output);
    if counts.searches > 0 {
        object
            .object("server_tool_use")
            .unsigned("web_search_requests", counts.searches);
    }
    if counts.reasoning > 0 {
        object
            .object("output_tokens_details")
            .unsigned("thinking_tokens", counts.reasoning);
    }
    object.optional_string("service_tier", tier);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Reported {
        Reported::read(&mut Cursor::new(text.as_bytes(), 64).unwrap()).unwrap()
    }

    #[test]
    fn cached_tokens_are_added_to_the_input() {
        let text = r#"{"input_tokens":10,"cache_creation_input_tokens":20,"cache_read_input_tokens":300,
            "cache_creation":{"ephemeral_5m_input_tokens":15,"ephemeral_1h_input_tokens":5},"output_tokens":7,
            "output_tokens_details":{"thinking_tokens":4},"server_tool_use":{"web_search_requests":2,"other":9}}"#;
        let expected = TokenCounts {
            input: 330,
            cached_input: 300,
            cache_write: 20,
            cache_write_1h: 5,
            output: 7,
            reasoning: 4,
            searches: 2,
            ..TokenCounts::default()
        };
        assert_eq!(read(text).counts(), Some(expected));
        let split = r#"{"input_tokens":1,"cache_creation":{"ephemeral_5m_input_tokens":2,"ephemeral_1h_input_tokens":3}}"#;
        assert_eq!(
            read(split)
                .counts()
                .map(|c| (c.input, c.cache_write, c.cache_write_1h)),
            Some((6, 5, 3))
        );
    }

    #[test]
    fn what_a_later_report_repeats_replaces_and_the_rest_stays() {
        let start = read(r#"{"input_tokens":10,"cache_read_input_tokens":5,"output_tokens":1}"#);
        let delta = read(r#"{"output_tokens":9,"input_tokens":12,"cache_read_input_tokens":null}"#);
        let counts = delta.after(start).counts().unwrap();
        assert_eq!((counts.input, counts.cached_input, counts.output), (17, 5, 9));
        assert_eq!(read(r#"{"output_tokens":-1,"input_tokens":"x"}"#).counts(), None);
    }

    proptest! {
        #[test]
        fn written_usage_reads_back(
            input in 0u64..1 << 40, output in 0u64..1 << 40, parts in proptest::array::uniform5(0u64..1 << 41),
        ) {
            let [cached_input, cache_write, cache_write_1h, reasoning, searches] = parts;
            let counts = TokenCounts {
                input, cached_input, cache_write, cache_write_1h, output, reasoning, searches, ..TokenCounts::default()
            };
            let counts = counts.contained();
            let mut out = Vec::new();
            write(&mut out, &counts, None);
            prop_assert_eq!(read(std::str::from_utf8(&out).unwrap()).counts(), Some(counts));
        }
    }
}
