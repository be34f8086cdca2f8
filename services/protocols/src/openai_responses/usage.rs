//! The `usage` object: read leniently, and written. Counts contain each other as in
//! [`TokenCounts`], whose rules are those of this dialect.

use crate::json::{Cursor, JsonStr, Kind, Object};
use crate::{DecodeError, TokenCounts};

/// Reads a `usage` value; `None` when it is null or tells no tokens. Wrong types inside read as
/// absent: a bad detail must not lose the count.
pub(super) fn read(c: &mut Cursor<'_>) -> Result<Option<TokenCounts>, DecodeError> {
    let mut counts = TokenCounts::default();
    let mut told = false;
    each(c, |c, key| {
        match key.decode().as_ref() {
            "input_tokens" => counts.input = count(c, &mut told)?,
            "output_tokens" => counts.output = count(c, &mut told)?,
            "input_tokens_details" => each(c, |c, key| {
                match key.decode().as_ref() {
                    "cached_tokens" => counts.cached_input = count(c, &mut false)?,
                    "cache_write_tokens" => counts.cache_write = count(c, &mut false)?,
                    "audio_tokens" => counts.input_audio = count(c, &mut false)?,
                    _ => {}
                }
                Ok(())
            })?,
            "output_tokens_details" => each(c, |c, key| {
                match key.decode().as_ref() {
                    "reasoning_tokens" => counts.reasoning = count(c, &mut false)?,
                    "audio_tokens" => counts.output_audio = count(c, &mut false)?,
                    _ => {}
                }
                Ok(())
            })?,
            _ => {}
        }
        Ok(())
    })?;
    Ok(told.then(|| counts.contained()))
}

/// Walks the members of an object, if it is one.
fn each<'a>(
    c: &mut Cursor<'a>,
    member: impl FnMut(&mut Cursor<'a>, JsonStr<'a>) -> Result<(), DecodeError>,
) -> Result<(), DecodeError> {
    if c.peek()? == Kind::Object {
        c.object(member).map(drop)
    } else {
        c.skip_value().map(drop)
    }
}

/// Reads a token count; 0 and not told when it is none.
fn count(c: &mut Cursor<'_>, told: &mut bool) -> Result<u64, DecodeError> {
    if c.peek()? != Kind::Number {
        c.skip_value()?;
        return Ok(0);
    }
    let text = c.number()?;
    let float = || text.parse::<f64>().ok().filter(|f| (0.0..9e15).contains(f));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the range was checked"
    )]
    let whole = |f: f64| f as u64;
    let value = text.parse().ok().or_else(|| float().map(whole));
    *told |= value.is_some();
    Ok(value.unwrap_or(0))
}

/// Writes the members of a `usage` object. Audio tokens, for which this dialect has no names, keep
/// those of its sibling, and only when there are any.
pub(crate) fn write(mut object: Object<'_>, counts: &TokenCounts) {
    object.unsigned("input_tokens", counts.input);
    {
        let mut details = object.object("input_tokens_details");
        details.unsigned("cached_tokens", counts.cached_input);
        if counts.cache_write > 0 {
            details.unsigned("cache_write_tokens", counts.cache_write);
        }
        if counts.input_audio > 0 {
            details.unsigned("audio_tokens", counts.input_audio);
        }
    }
    object.unsigned("output_tokens", counts.output);
    {
        let mut details = object.object("output_tokens_details");
        details.unsigned("reasoning_tokens", counts.reasoning);
        if counts.output_audio > 0 {
            details.unsigned("audio_tokens", counts.output_audio);
        }
    }
    object.unsigned("total_tokens", counts.total());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Option<TokenCounts> {
        read(&mut Cursor::new(text.as_bytes(), 64).unwrap()).unwrap()
    }

    #[test]
    fn parts_are_inside_what_contains_them() {
        let read = parse(
            r#"{"input_tokens":100,"input_tokens_details":{"cached_tokens":80,"cache_write_tokens":50},
            "output_tokens":30,"output_tokens_details":{"reasoning_tokens":20},"total_tokens":130,"cost":1}"#,
        );
        let expected = TokenCounts {
            input: 100,
            cached_input: 80,
            cache_write: 20,
            output: 30,
            reasoning: 20,
            ..TokenCounts::default()
        };
        assert_eq!(read, Some(expected));
    }

    #[test]
    fn wrong_types_are_tolerated() {
        let odd = r#"{"input_tokens":10.0,"output_tokens":"x","input_tokens_details":null}"#;
        assert_eq!(parse(odd).map(|u| (u.input, u.output)), Some((10, 0)));
        for nothing in ["null", "{}", "[3]", r#"{"input_tokens":null}"#] {
            assert_eq!(parse(nothing), None, "{nothing}");
        }
    }

    proptest! {
        #[test]
        fn written_usage_reads_back(
            input in 0u64..1 << 40, output in 0u64..1 << 40,
            parts in proptest::array::uniform5(0u64..1 << 41),
        ) {
            let [cached_input, cache_write, reasoning, input_audio, output_audio] = parts;
            let counts = TokenCounts { input, cached_input, cache_write, output, reasoning, input_audio, output_audio, ..TokenCounts::default() }.contained();
            let mut out = Vec::new();
            write(Object::open(&mut out), &counts);
            prop_assert_eq!(parse(std::str::from_utf8(&out).unwrap()), Some(counts));
        }
    }
}
