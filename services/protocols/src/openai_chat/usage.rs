//! The `usage` object: read leniently, with the dialects of compatible servers, and written.
//!
//! Differences seen in recorded traffic: cached tokens under other names (DeepSeek, Mistral), and
//! `completion_tokens` that leave out reasoning although it is billed (xAI, Gemini's compatible
//! endpoint), which shows as a total larger than the two parts.

use crate::DecodeError;
use crate::TokenCounts;
use crate::json::{Cursor, Kind, write_number};

#[derive(Default)]
struct Reported {
    prompt: Option<u64>,
    completion: Option<u64>,
    total: Option<u64>,
    cached: Option<u64>,
    cached_elsewhere: Option<u64>,
    cache_write: Option<u64>,
    reasoning: Option<u64>,
    input_audio: Option<u64>,
    output_audio: Option<u64>,
}

/// Reads a `usage` value; `None` when it is null or tells no tokens. Wrong types inside read as
/// absent: a bad detail must not lose the count.
pub(crate) fn read(c: &mut Cursor<'_>) -> Result<Option<TokenCounts>, DecodeError> {
    if c.peek()? != Kind::Object {
        c.skip_value()?;
        return Ok(None);
    }
    let mut reported = Reported::default();
    c.object(|c, key| {
        match key.decode().as_ref() {
            "prompt_tokens" => reported.prompt = count(c)?,
            "completion_tokens" => reported.completion = count(c)?,
            "total_tokens" => reported.total = count(c)?,
            "prompt_cache_hit_tokens" | "num_cached_tokens" | "cached_tokens" => {
                reported.cached_elsewhere = reported.cached_elsewhere.max(count(c)?);
            }
            "prompt_tokens_details" => details(c, |name, value| match name {
                "cached_tokens" => reported.cached = value,
                "cache_write_tokens" => reported.cache_write = value,
                "audio_tokens" => reported.input_audio = value,
                _ => {}
            })?,
            "completion_tokens_details" => details(c, |name, value| match name {
                "reasoning_tokens" => reported.reasoning = value,
                "audio_tokens" => reported.output_audio = value,
                _ => {}
            })?,
            _ => {}
        }
        Ok(())
    })?;
    Ok(reported.counts())
}

/// Walks a details object, if it is one.
fn details(c: &mut Cursor<'_>, mut each: impl FnMut(&str, Option<u64>)) -> Result<(), DecodeError> {
    if c.peek()? != Kind::Object {
        return c.skip_value().map(drop);
    }
    c.object(|c, key| {
        let value = count(c)?;
        each(&key.decode(), value);
        Ok(())
    })
    .map(drop)
}

/// Reads a token count: a whole number, or a float by its whole part.
fn count(c: &mut Cursor<'_>) -> Result<Option<u64>, DecodeError> {
    if c.peek()? != Kind::Number {
        c.skip_value()?;
        return Ok(None);
    }
    let text = c.number()?;
    let float = || text.parse::<f64>().ok().filter(|f| (0.0..9e15).contains(f));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the range was checked"
    )]
    let whole = |f: f64| f as u64;
    Ok(text.parse().ok().or_else(|| float().map(whole)))
}

impl Reported {
    fn counts(self) -> Option<TokenCounts> {
        if self.prompt.is_none() && self.completion.is_none() {
            return None;
        }
        let input = self.prompt.unwrap_or(0);
        let completion = self.completion.unwrap_or(0);
        let untold = self
            .total
            .unwrap_or(0)
            .saturating_sub(input.saturating_add(completion));
        let counts = TokenCounts {
            input,
            cached_input: self.cached.or(self.cached_elsewhere).unwrap_or(0),
            cache_write: self.cache_write.unwrap_or(0),
            output: completion.saturating_add(untold),
            // Without a name, what the total adds beyond the two parts is thinking.
            reasoning: self.reasoning.unwrap_or(untold),
            input_audio: self.input_audio.unwrap_or(0),
            output_audio: self.output_audio.unwrap_or(0),
            ..TokenCounts::default()
        };
        Some(counts.contained())
    }
}

/// Appends a `usage` object in OpenAI's shape. Cache writes, which OpenAI does not count, appear
/// under the name OpenRouter gave them, and only when there are any.
pub(crate) fn write(out: &mut Vec<u8>, counts: &TokenCounts) {
    let mut field = |text: &str, value: u64| {
        out.extend_from_slice(text.as_bytes());
        write_number(out, value);
    };
    field(r#"{"prompt_tokens":"#, counts.input);
    field(r#","completion_tokens":"#, counts.output);
    field(r#","total_tokens":"#, counts.total());
    field(
        r#","prompt_tokens_details":{"cached_tokens":"#,
        counts.cached_input,
    );
    field(r#","audio_tokens":"#, counts.input_audio);
    if counts.cache_write > 0 {
        field(r#","cache_write_tokens":"#, counts.cache_write);
    }
    field(
        r#"},"completion_tokens_details":{"reasoning_tokens":"#,
        counts.reasoning,
    );
    field(r#","audio_tokens":"#, counts.output_audio);
    out.extend_from_slice(br#","accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}"#);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Option<TokenCounts> {
        read(&mut Cursor::new(text.as_bytes(), 64).unwrap()).unwrap()
    }

    #[test]
    fn reasoning_left_out_of_completion_tokens_is_added() {
        let xai = r#"{"prompt_tokens":291,"completion_tokens":26,"total_tokens":506,
            "prompt_tokens_details":{"cached_tokens":244},"completion_tokens_details":{"reasoning_tokens":189}}"#;
        let expected = TokenCounts {
            input: 291,
            cached_input: 244,
            output: 215,
            reasoning: 189,
            ..TokenCounts::default()
        };
        assert_eq!(parse(xai), Some(expected));
        let gemini = r#"{"completion_tokens":12,"prompt_tokens":35,"total_tokens":109}"#;
        assert_eq!(parse(gemini).map(|u| (u.output, u.reasoning)), Some((74, 62)));
    }

    #[test]
    fn other_names_and_wrong_types_are_tolerated() {
        let mistral =
            r#"{"prompt_tokens":997,"completion_tokens":1,"total_tokens":998,"num_cached_tokens":976}"#;
        assert_eq!(parse(mistral).map(|u| u.cached_input), Some(976));
        let odd = r#"{"prompt_tokens":10.0,"completion_tokens":"x","prompt_tokens_details":null,
            "completion_tokens_details":{"reasoning_tokens":-4},"cost":{"a":[1]}}"#;
        assert_eq!(
            parse(odd),
            Some(TokenCounts {
                input: 10,
                ..TokenCounts::default()
            })
        );
        assert_eq!(parse("null"), None);
        assert_eq!(parse("{}"), None);
        assert_eq!(parse("[3]"), None);
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
            write(&mut out, &counts);
            prop_assert_eq!(parse(std::str::from_utf8(&out).unwrap()), Some(counts));
        }
    }
}
