//! Answers of models that predate chat, as Bedrock's `InvokeModel` and their vendors' own first APIs give
//! them: Amazon Titan, Cohere's generate, Meta Llama, AI21 Jurassic, Mistral, Claude 2, and Ollama's
//! generate. Each vendor has its own names for the same four things. What is read here can be told to a
//! caller by [`super::encode_response`].
//!
//! Only answers are read: nobody is routed to these models any more, but a gateway that stands before an
//! account with some still has to account for them.

use std::borrow::Cow;

use crate::TokenCounts;
use crate::canonical::{Candidate, Finish, FinishReason, Part, Response, Usage};
use crate::dialect::Dialect;
use crate::json::{Cursor, Kind, MAX_DEPTH};
use crate::{DecodeError, Fault};

/// What has been read of an answer.
#[derive(Debug, Default)]
struct Told<'a> {
    texts: Vec<Cow<'a, str>>,
    finish: Option<Cow<'a, str>>,
    input: Option<u64>,
    output: Option<u64>,
}

/// Reads a whole answer, or one chunk of a streamed one, which looks the same.
pub fn decode_response(body: &[u8]) -> Result<Response<'_>, DecodeError> {
    let mut told = Told::default();
    let mut cursor = Cursor::new(body, MAX_DEPTH)?;
    cursor.object(|c, key| told.member(c, &key.decode()))?;
    cursor.end()?;
    if told.texts.is_empty() {
        return Err(DecodeError::new(Fault::Missing, 0).under_key("text"));
    }
    // A chat answer that is only text says all of it.
    let mut response = Response::new(Dialect::OpenAiChat);
    for (index, text) in (0u32..).zip(told.texts) {
        let mut candidate = Candidate::new(index);
        candidate.message.parts.push(Part::text(text));
        candidate.finish = told.finish.as_ref().map(|word| Finish {
            reason: reason(word),
            native: Some(word.clone()),
            sequence: None,
        });
        response.candidates.push(candidate);
    }
    if told.input.is_some() || told.output.is_some() {
        let counts = TokenCounts {
            input: told.input.unwrap_or(0),
            output: told.output.unwrap_or(0),
            ..TokenCounts::default()
        };
        response.usage = Some(Usage { counts, native: None });
    }
    Ok(response)
}

impl<'a> Told<'a> {
    fn member(&mut self, c: &mut Cursor<'a>, name: &str) -> Result<(), DecodeError> {
        match (name, c.peek()?) {
            ("text" | "outputText" | "generation" | "completion" | "response", Kind::String) => {
                self.texts.push(c.text()?);
            }
            (
                "finish_reason" | "completionReason" | "stop_reason" | "done_reason" | "reason",
                Kind::String,
            ) => self.finish = Some(c.text()?),
            (
                "inputTextTokenCount" | "prompt_token_count" | "prompt_eval_count" | "input_tokens",
                Kind::Number,
            ) => {
                self.input = count(c)?;
            }
            (
                "tokenCount"
                | "totalOutputTextTokenCount"
                | "generation_token_count"
                | "eval_count"
                | "output_tokens",
                Kind::Number,
            ) => self.output = count(c)?,
            ("generations" | "results" | "outputs" | "completions", Kind::Array) => {
                c.array(|c, _| {
                    c.count_node()?;
                    self.nested(c)
                })?;
            }
            ("data" | "finishReason" | "meta" | "billed_units", Kind::Object) => self.nested(c)?,
            _ => {}
        }
        Ok(())
    }

    fn nested(&mut self, c: &mut Cursor<'a>) -> Result<(), DecodeError> {
        if c.peek()? != Kind::Object {
            return Ok(());
        }
        c.object(|c, key| self.member(c, &key.decode())).map(drop)
    }
}

/// Reads a count, which some vendors write as a float.
fn count(c: &mut Cursor<'_>) -> Result<Option<u64>, DecodeError> {
    let text = c.number()?;
    Ok(text.split('.').next().and_then(|whole| whole.parse().ok()))
}

fn reason(word: &str) -> FinishReason {
    match word.to_ascii_lowercase().as_str() {
        "finish" | "complete" | "stop" | "endoftext" | "end_turn" => FinishReason::Stop,
        "stop_sequence" | "stop_criteria_met" => FinishReason::StopSequence,
        "length" | "max_tokens" => FinishReason::Length,
        "content_filtered" | "error_toxic" => FinishReason::ContentFilter,
        _ => FinishReason::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_vendor_is_read() {
        let cases = [
            (
                r#"{"inputTextTokenCount":28.0,"results":[{"tokenCount":197.0,"outputText":"a","completionReason":"FINISH"}]}"#,
                (FinishReason::Stop, Some((28, 197))),
            ),
            (
                r#"{"generation":"a","prompt_token_count":6,"generation_token_count":18,"stop_reason":"length"}"#,
                (FinishReason::Length, Some((6, 18))),
            ),
            (
                r#"{"id":1,"prompt":{"text":"p","tokens":[]},"completions":[{"data":{"text":"a","tokens":[]},"finishReason":{"reason":"endoftext"}}]}"#,
                (FinishReason::Stop, None),
            ),
            (
                r#"{"outputs":[{"text":"a","stop_reason":"length"}]}"#,
                (FinishReason::Length, None),
            ),
            (
                r#"{"type":"completion","completion":"a","stop_reason":"stop_sequence","stop":"\n\nHuman:"}"#,
                (FinishReason::StopSequence, None),
            ),
            (
                r#"{"generations":[{"text":"a","finish_reason":"COMPLETE"}],"prompt":"p","meta":{"billed_units":{"input_tokens":7,"output_tokens":9}}}"#,
                (FinishReason::Stop, Some((7, 9))),
            ),
        ];
        for (body, (finish, usage)) in cases {
            let response = decode_response(body.as_bytes()).unwrap();
            let candidate = &response.candidates[0];
            let text = candidate.message.parts[0]
                .body
                .as_text()
                .map(|text| text.text.as_ref());
            assert_eq!((text, response.candidates.len()), (Some("a"), 1), "{body}");
            assert_eq!(
                candidate.finish.as_ref().map(|f| f.reason),
                Some(finish),
                "{body}"
            );
            let counts = response
                .usage
                .map(|usage| (usage.counts.input, usage.counts.output));
            assert_eq!(counts, usage, "{body}");
        }
        assert!(decode_response(br#"{"embedding":[1]}"#).is_err());
    }
}
