//! The `usage` object. `inputTokens` leaves out what was read from the cache and written to it;
//! [`TokenCounts`] contains both.

use crate::DecodeError;
use crate::TokenCounts;
use crate::json::{Cursor, Kind, Object};

/// Reads a `usage` object, leniently; `None` when it tells no tokens.
pub(super) fn read(c: &mut Cursor<'_>) -> Result<Option<TokenCounts>, DecodeError> {
    let (mut input, mut output, mut total, mut cached, mut written) = (None, None, None, None, None);
    let mut hour = 0;
    c.object(|c, key| {
        let place = match key.decode().as_ref() {
            "cacheDetails" if c.peek()? == Kind::Array => {
                hour = written_for_an_hour(c)?;
                return Ok(());
            }
            "inputTokens" => &mut input,
            "outputTokens" => &mut output,
            "totalTokens" => &mut total,
            "cacheReadInputTokens" => &mut cached,
            "cacheWriteInputTokens" => &mut written,
            _ => return Ok(()),
        };
        if c.peek()? == Kind::Number {
            *place = c.spelled_number()?.as_u64();
        }
        Ok(())
    })?;
    if input.is_none() && output.is_none() {
        return Ok(None);
    }
    let (cached, written) = (cached.unwrap_or(0), written.unwrap_or(0));
    let all_input = input.unwrap_or(0).saturating_add(cached).saturating_add(written);
    Ok(Some(TokenCounts {
        input: all_input,
        cached_input: cached,
        cache_write: written,
        cache_write_1h: hour.min(written),
        output: output.unwrap_or_else(|| total.unwrap_or(0).saturating_sub(all_input)),
        ..TokenCounts::default()
    }))
}

/// Of a list of `{ttl, inputTokens}`.
fn written_for_an_hour(c: &mut Cursor<'_>) -> Result<u64, DecodeError> {
    let mut sum = 0u64;
    c.array(|c, _| {
        if c.peek()? != Kind::Object {
            return Ok(());
        }
        let (mut is_hour, mut tokens) = (false, 0);
        c.object(|c, key| {
            match (key.decode().as_ref(), c.peek()?) {
                ("ttl", Kind::String) => is_hour = c.string()?.decode() == "1h",
                ("inputTokens", Kind::Number) => tokens = c.spelled_number()?.as_u64().unwrap_or(0),
                _ => {}
            }
            Ok(())
        })?;
        if is_hour {
            sum = sum.saturating_add(tokens);
        }
        Ok(())
    })?;
    Ok(sum)
}

/// Writes the members of a `usage` object. Cache counts appear only when there are any.
pub(super) fn write(object: &mut Object<'_>, counts: &TokenCounts) {
    let TokenCounts {
        input,
        cached_input,
        cache_write,
        cache_write_1h,
        output,
        reasoning: _,
        input_audio: _,
        output_audio: _,
        searches: _,
    } = *counts;
    object.unsigned(
        "inputTokens",
        input.saturating_sub(cached_input).saturating_sub(cache_write),
    );
    object.unsigned("outputTokens", output);
    object.unsigned("totalTokens", counts.total());
    if cached_input > 0 || cache_write > 0 {
        object.unsigned("cacheReadInputTokens", cached_input);
        object.unsigned("cacheWriteInputTokens", cache_write);
    }
    if cache_write_1h > 0 {
        let mut details = object.array("cacheDetails");
        for (ttl, tokens) in [
            ("1h", cache_write_1h),
            ("5m", cache_write.saturating_sub(cache_write_1h)),
        ] {
            if tokens > 0 {
                let mut detail = details.object();
                detail.string("ttl", ttl);
                detail.unsigned("inputTokens", tokens);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Option<TokenCounts> {
        read(&mut Cursor::new(text.as_bytes(), 64).unwrap()).unwrap()
    }

    #[test]
    fn cached_tokens_are_part_of_the_input() {
        let told = r#"{"cacheDetails":[{"inputTokens":236,"ttl":"5m"}],"cacheReadInputTokens":1712,
            "cacheWriteInputTokens":236,"inputTokens":3,"outputTokens":121,"totalTokens":2072}"#;
        let counts = parse(told).unwrap();
        assert_eq!(
            (counts.input, counts.cached_input, counts.cache_write),
            (1951, 1712, 236)
        );
        assert_eq!((counts.output, counts.total()), (121, 2072));
        assert_eq!(counts.cache_write_1h, 0);
        let told = r#"{"cacheDetails":[{"inputTokens":30,"ttl":"1h"},7,{"inputTokens":6,"ttl":"5m"},{"ttl":"1h"}],
            "cacheWriteInputTokens":36,"inputTokens":3,"outputTokens":1}"#;
        assert_eq!(
            parse(told).map(|it| (it.cache_write, it.cache_write_1h)),
            Some((36, 30))
        );
        assert_eq!(parse(r#"{"inputTokens":"x","totalTokens":4}"#), None);
        assert_eq!(
            parse(r#"{"inputTokens":1,"totalTokens":4}"#).map(|c| c.output),
            Some(3)
        );
        assert_eq!(parse("{}"), None);
    }

    proptest! {
        #[test]
        fn written_usage_reads_back(
            input in 0u64..1 << 40, output in 0u64..1 << 40, parts in proptest::array::uniform3(0u64..1 << 40),
        ) {
            let [cached_input, cache_write, cache_write_1h] = parts;
            let counts = TokenCounts { input, cached_input, cache_write, cache_write_1h, output, ..TokenCounts::default() };
            let counts = counts.contained();
            let mut out = Vec::new();
            write(&mut Object::open(&mut out), &counts);
            prop_assert_eq!(parse(std::str::from_utf8(&out).unwrap()), Some(counts));
        }
    }
}
