//! The `usage` object. Cohere counts twice: `tokens` are what the model saw, its own preamble and
//! the wrapping of tools included, and `billed_units` what is charged, images included. Metering
//! prices [`TokenCounts`], so they are what is billed; the rest of the report stays in `native`.

use crate::DecodeError;
use crate::TokenCounts;
use crate::json::{Cursor, Kind, Object};

/// Reads a `usage` object, leniently; `None` when it tells no tokens.
pub(super) fn read(c: &mut Cursor<'_>) -> Result<Option<TokenCounts>, DecodeError> {
    let (mut seen, mut billed) = (Counts::default(), Counts::default());
    c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("tokens", Kind::Object) => seen = Counts::read(c)?,
            ("billed_units", Kind::Object) => billed = Counts::read(c)?,
            _ => {}
        }
        Ok(())
    })?;
    let input = billed.input.or(seen.input);
    let output = billed.output.or(seen.output);
    if input.is_none() && output.is_none() {
        return Ok(None);
    }
    let counts = TokenCounts {
        input: input.unwrap_or(0),
        output: output.unwrap_or(0),
        reasoning: seen.reasoning.unwrap_or(0),
        ..TokenCounts::default()
    };
    Ok(Some(counts.contained()))
}

#[derive(Default)]
struct Counts {
    input: Option<u64>,
    output: Option<u64>,
    reasoning: Option<u64>,
}

impl Counts {
    fn read(c: &mut Cursor<'_>) -> Result<Self, DecodeError> {
        let mut counts = Self::default();
        c.object(|c, key| {
            let place = match key.decode().as_ref() {
                "input_tokens" => &mut counts.input,
                "output_tokens" => &mut counts.output,
                "reasoning_tokens" => &mut counts.reasoning,
                _ => return Ok(()),
            };
            if c.peek()? == Kind::Number {
                let number = c.spelled_number()?;
                // Older servers write whole numbers as floats.
                let whole = number.as_str().strip_suffix(".0").unwrap_or(number.as_str());
                *place = whole.parse().ok();
            }
            Ok(())
        })?;
        Ok(counts)
    }
}

/// Writes the members of a `usage` object: what is billed is all there is to tell.
pub(super) fn write(object: &mut Object<'_>, counts: &TokenCounts) {
    for name in ["billed_units", "tokens"] {
        let mut inner = object.object(name);
        inner.unsigned("input_tokens", counts.input);
        inner.unsigned("output_tokens", counts.output);
        if counts.reasoning > 0 && name == "tokens" {
            inner.unsigned("reasoning_tokens", counts.reasoning);
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
    fn what_is_billed_counts() {
        let both = r#"{"billed_units":{"input_tokens":62,"output_tokens":35.0},"tokens":{"input_tokens":968,"output_tokens":90,"reasoning_tokens":7},"cached_tokens":960}"#;
        let counts = parse(both).unwrap();
        assert_eq!(
            (counts.input, counts.output, counts.reasoning, counts.cached_input),
            (62, 35, 7, 0)
        );
        let plain = r#"{"tokens":{"input_tokens":9,"output_tokens":null}}"#;
        assert_eq!(parse(plain).map(|c| (c.input, c.output)), Some((9, 0)));
        assert_eq!(parse(r#"{"billed_units":{},"tokens":5}"#), None);
    }

    proptest! {
        #[test]
        fn written_usage_reads_back(input in 0u64..1 << 40, output in 0u64..1 << 40, reasoning in 0u64..1 << 40) {
            let counts = TokenCounts { input, output, reasoning, ..TokenCounts::default() }.contained();
            let mut out = Vec::new();
            write(&mut Object::open(&mut out), &counts);
            prop_assert_eq!(parse(std::str::from_utf8(&out).unwrap()), Some(counts));
        }
    }
}
