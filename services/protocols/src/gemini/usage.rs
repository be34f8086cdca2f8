//! The `usageMetadata` object. Google counts the answer without thoughts and the prompt without
//! what its own tools gave the model to read; both are added here, as both are billed. Cached tokens
//! are part of the prompt already.

use crate::json::{Cursor, Kind, Object};
use crate::{DecodeError, TokenCounts};

#[derive(Default)]
struct Reported {
    prompt: Option<u64>,
    candidates: Option<u64>,
    thoughts: Option<u64>,
    tools: Option<u64>,
    cached: Option<u64>,
    input_audio: u64,
    output_audio: u64,
}

/// Reads a usage object; `None` when it tells no tokens, as in the early chunks of a stream. Wrong
/// types inside read as absent: a bad detail must not lose the count.
pub(super) fn read(c: &mut Cursor<'_>) -> Result<Option<TokenCounts>, DecodeError> {
    let mut reported = Reported::default();
    c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("promptTokenCount", Kind::Number) => reported.prompt = count(c)?,
            ("candidatesTokenCount", Kind::Number) => reported.candidates = count(c)?,
            ("thoughtsTokenCount", Kind::Number) => reported.thoughts = count(c)?,
            ("toolUsePromptTokenCount", Kind::Number) => reported.tools = count(c)?,
            ("cachedContentTokenCount", Kind::Number) => reported.cached = count(c)?,
            ("promptTokensDetails", Kind::Array) => reported.input_audio = audio(c)?,
            ("candidatesTokensDetails", Kind::Array) => reported.output_audio = audio(c)?,
            _ => {}
        }
        Ok(())
    })?;
    let Reported {
        prompt,
        candidates,
        thoughts,
        tools,
        cached,
        input_audio,
        output_audio,
    } = reported;
    if prompt.or(candidates).or(thoughts).is_none() {
        return Ok(None);
    }
    let sum = |a: Option<u64>, b: Option<u64>| a.unwrap_or(0).saturating_add(b.unwrap_or(0));
    let counts = TokenCounts {
        input: sum(prompt, tools),
        cached_input: cached.unwrap_or(0),
        output: sum(candidates, thoughts),
        reasoning: thoughts.unwrap_or(0),
        input_audio,
        output_audio,
        ..TokenCounts::default()
    };
    Ok(Some(counts.contained()))
}

fn count(c: &mut Cursor<'_>) -> Result<Option<u64>, DecodeError> {
    c.spelled_number().map(|number| number.as_u64())
}

/// Tokens of sound in a list of `{modality, tokenCount}`; with enums as numbers, sound is 4.
fn audio(c: &mut Cursor<'_>) -> Result<u64, DecodeError> {
    let mut sum = 0u64;
    c.array(|c, _| {
        if c.peek()? != Kind::Object {
            return Ok(());
        }
        let (mut is_audio, mut tokens) = (false, 0);
        c.object(|c, key| {
            match (key.decode().as_ref(), c.peek()?) {
                ("modality", Kind::String) => is_audio = c.string()?.decode() == "AUDIO",
                ("modality", Kind::Number) => is_audio = count(c)? == Some(4),
                ("tokenCount", Kind::Number) => tokens = count(c)?.unwrap_or(0),
                _ => {}
            }
            Ok(())
        })?;
        if is_audio {
            sum = sum.saturating_add(tokens);
        }
        Ok(())
    })?;
    Ok(sum)
}

/// Writes the counts as a usage object.
pub(crate) fn write(object: &mut Object<'_>, counts: &TokenCounts) {
    let TokenCounts {
        input,
        cached_input,
        cache_write: _,
        cache_write_1h: _,
        output,
        reasoning,
        input_audio,
        output_audio,
        searches: _,
    } = counts;
    let some = |value: u64| (value > 0).then_some(value);
    let optional = |object: &mut Object<'_>, name, value: Option<u64>| {
        if let Some(value) = value {
            object.unsigned(name, value);
        }
    };
    object.unsigned("promptTokenCount", *input);
    object.unsigned("candidatesTokenCount", output.saturating_sub(*reasoning));
    object.unsigned("totalTokenCount", counts.total());
    optional(object, "thoughtsTokenCount", some(*reasoning));
    optional(object, "cachedContentTokenCount", some(*cached_input));
    for (name, all, sound) in [
        ("promptTokensDetails", *input, *input_audio),
        (
            "candidatesTokensDetails",
            output.saturating_sub(*reasoning),
            *output_audio,
        ),
    ] {
        if sound == 0 {
            continue;
        }
        let mut list = object.array(name);
        for (modality, tokens) in [("TEXT", all.saturating_sub(sound)), ("AUDIO", sound)] {
            let mut detail = list.object();
            detail.string("modality", modality);
            detail.unsigned("tokenCount", tokens);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::MAX_DEPTH;

    fn counts(text: &str) -> Option<TokenCounts> {
        read(&mut Cursor::new(text.as_bytes(), MAX_DEPTH).unwrap()).unwrap()
    }

    #[test]
    fn thoughts_and_tool_prompts_are_added_and_cached_tokens_are_not() {
        let read = counts(
            r#"{"promptTokenCount":100,"candidatesTokenCount":20,"thoughtsTokenCount":30,
                "toolUsePromptTokenCount":7,"cachedContentTokenCount":60,"totalTokenCount":157,
                "promptTokensDetails":[{"modality":"TEXT","tokenCount":90},{"modality":4,"tokenCount":10}]}"#,
        );
        let expected = TokenCounts {
            input: 107,
            cached_input: 60,
            output: 50,
            reasoning: 30,
            input_audio: 10,
            ..TokenCounts::default()
        };
        assert_eq!(read, Some(expected));
        assert_eq!(expected.total(), 157);
        assert_eq!(counts(r#"{"trafficType":"ON_DEMAND"}"#), None);
        assert_eq!(
            counts(r#"{"promptTokenCount":"x","candidatesTokenCount":3}"#).map(|c| c.output),
            Some(3)
        );
    }

    #[test]
    fn what_is_written_reads_the_same() {
        let before = TokenCounts {
            input: 9,
            cached_input: 2,
            output: 8,
            reasoning: 5,
            input_audio: 3,
            output_audio: 1,
            ..TokenCounts::default()
        };
        let mut out = Vec::new();
        write(&mut Object::open(&mut out), &before);
        assert_eq!(counts(std::str::from_utf8(&out).unwrap()), Some(before));
    }
}
