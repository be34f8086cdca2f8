//! How long an answer may become, written into a request body that is ready for a provider, whoever made it: for a gateway
//! that pays no more than so much. Called by the data plane once the money for an attempt is set aside.

use bytes::Bytes;

use super::Edits;
use crate::DecodeError;
use crate::dialect::Dialect;
use crate::json::{Cursor, Kind, Span};
use crate::target::OutputLimitField;

/// Where a dialect says it.
struct Place {
    /// The names of the object it stands in, ours first; none: the body itself.
    parent: &'static [&'static str],
    /// The names it may have, the one to write first.
    names: &'static [&'static str],
}

impl Place {
    const fn of(dialect: Dialect, field: OutputLimitField) -> Self {
        let (parent, names): (&[&str], &[&str]) = match (dialect, field) {
            (Dialect::OpenAiChat, OutputLimitField::MaxTokens) => {
                (&[], &["max_tokens", "max_completion_tokens"])
            }
            (Dialect::OpenAiChat, OutputLimitField::MaxCompletionTokens) => {
                (&[], &["max_completion_tokens", "max_tokens"])
            }
            (Dialect::OpenAiResponses, _) => (&[], &["max_output_tokens"]),
            (Dialect::AnthropicMessages | Dialect::CohereChat, _) => (&[], &["max_tokens"]),
            (Dialect::Gemini, _) => (
                &["generationConfig", "generation_config"],
                &["maxOutputTokens", "max_output_tokens"],
            ),
            (Dialect::BedrockConverse, _) => (&["inferenceConfig"], &["maxTokens"]),
        };
        Self { parent, names }
    }
}

/// What stands in the body already.
#[derive(Default)]
struct Found {
    /// The object the limit belongs into, and whether it has members.
    object: Option<(Span, bool)>,
    /// That object's place, where there is `null` instead.
    null_object: Option<Span>,
    limits: Vec<Span>,
    /// The name to write, where its value is `null`.
    null_limit: Option<Span>,
}

impl Found {
    /// Reads the object that the limit belongs into.
    fn read(&mut self, c: &mut Cursor<'_>, place: &Place) -> Result<(), DecodeError> {
        let mut has_members = false;
        let span = c.object(|c, key| {
            has_members = true;
            let name = key.decode();
            let position = place.names.iter().position(|known| *known == name);
            let is_null = c.peek()? == Kind::Null;
            let value = c.skip_value()?;
            match position {
                Some(_) if !is_null => self.limits.push(value),
                Some(0) => self.null_limit = Some(value),
                Some(_) | None => {}
            }
            Ok(())
        })?;
        self.object = Some((span, has_members));
        Ok(())
    }

    /// Looks for that object in the body.
    fn search(&mut self, c: &mut Cursor<'_>, place: &Place) -> Result<Span, DecodeError> {
        c.object(|c, key| {
            let name = key.decode();
            if !place.parent.iter().any(|known| *known == name) {
                return c.skip_value().map(|_| ());
            }
            if c.peek()? == Kind::Null {
                self.null_object = Some(c.skip_value()?);
                return Ok(());
            }
            self.read(c, place)
        })
    }
}

/// Limits every answer to `cap` tokens, in place of a limit that the body has. `field` is the name that a server of Chat
/// Completions wants. The body is nested at most `depth` deep.
///
/// # Errors
/// When the body is no JSON object, or that of the limit is none.
pub fn output_cap(
    body: &Bytes,
    dialect: Dialect,
    field: OutputLimitField,
    cap: u64,
    depth: u32,
) -> Result<Bytes, DecodeError> {
    let place = Place::of(dialect, field);
    let mut found = Found::default();
    let mut cursor = Cursor::new(body, depth)?;
    let whole = if place.parent.is_empty() {
        found.read(&mut cursor, &place)?;
        None
    } else {
        Some(found.search(&mut cursor, &place)?)
    };
    cursor.end()?;
    let mut edits = Edits::default();
    let value = cap.to_string();
    let name = place.names.first().copied().unwrap_or_default();
    let member = format!("\"{name}\":{value}");
    match (found.object, whole) {
        (Some(_), _) if !found.limits.is_empty() => {
            found
                .limits
                .into_iter()
                .for_each(|span| edits.replace(span, &value));
        }
        (Some((object, has_members)), _) => match found.null_limit {
            Some(span) => edits.replace(span, &value),
            None => edits.insert(object.start + 1, &leading(&member, has_members)),
        },
        (None, Some(whole)) => {
            let object = format!("{{{member}}}");
            match found.null_object {
                Some(span) => edits.replace(span, &object),
                None => {
                    let parent = place.parent.first().copied().unwrap_or_default();
                    // A body that asks for something is not empty.
                    edits.insert(whole.start + 1, &leading(&format!("\"{parent}\":{object}"), true));
                }
            }
        }
        (None, None) => {}
    }
    Ok(edits.apply(body))
}

/// A member before all others.
fn leading(member: &str, has_others: bool) -> String {
    if has_others {
        format!("{member},")
    } else {
        member.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capped(dialect: Dialect, body: &str) -> String {
        let body = Bytes::copy_from_slice(body.as_bytes());
        let out = output_cap(&body, dialect, OutputLimitField::MaxCompletionTokens, 7, 64).unwrap();
        String::from_utf8(out.to_vec()).unwrap()
    }

    #[test]
    fn each_dialect_has_its_own_place() {
        for (dialect, body, expected) in [
            (
                Dialect::OpenAiChat,
                r#"{ "model":"m"}"#,
                r#"{"max_completion_tokens":7, "model":"m"}"#,
            ),
            (
                Dialect::OpenAiResponses,
                r#"{"model":"m"}"#,
                r#"{"max_output_tokens":7,"model":"m"}"#,
            ),
            (
                Dialect::AnthropicMessages,
                r#"{"model":"m","max_tokens": 90 ,"x":1}"#,
                r#"{"model":"m","max_tokens": 7 ,"x":1}"#,
            ),
            (
                Dialect::CohereChat,
                r#"{"model":"m"}"#,
                r#"{"max_tokens":7,"model":"m"}"#,
            ),
            (
                Dialect::Gemini,
                r#"{"contents":[]}"#,
                r#"{"generationConfig":{"maxOutputTokens":7},"contents":[]}"#,
            ),
            (
                Dialect::Gemini,
                r#"{"contents":[],"generation_config":{"seed":1}}"#,
                r#"{"contents":[],"generation_config":{"maxOutputTokens":7,"seed":1}}"#,
            ),
            (
                Dialect::BedrockConverse,
                r#"{"inferenceConfig":{"maxTokens":9},"messages":[]}"#,
                r#"{"inferenceConfig":{"maxTokens":7},"messages":[]}"#,
            ),
        ] {
            assert_eq!(capped(dialect, body), expected);
        }
    }

    #[test]
    fn what_is_null_is_not_set_and_what_is_set_twice_is_set_twice() {
        for (body, expected) in [
            (
                r#"{"max_completion_tokens":null,"a":1}"#,
                r#"{"max_completion_tokens":7,"a":1}"#,
            ),
            // A server that wants the new name refuses the old one.
            (
                r#"{"max_tokens":null}"#,
                r#"{"max_completion_tokens":7,"max_tokens":null}"#,
            ),
            (
                r#"{"max_tokens":9,"max_completion_tokens":10}"#,
                r#"{"max_tokens":7,"max_completion_tokens":7}"#,
            ),
            ("{}", r#"{"max_completion_tokens":7}"#),
        ] {
            assert_eq!(capped(Dialect::OpenAiChat, body), expected);
        }
        assert_eq!(
            capped(Dialect::Gemini, r#"{"generationConfig":null,"a":{}}"#),
            r#"{"generationConfig":{"maxOutputTokens":7},"a":{}}"#
        );
        assert_eq!(
            capped(Dialect::Gemini, r#"{"generationConfig":{},"a":{}}"#),
            r#"{"generationConfig":{"maxOutputTokens":7},"a":{}}"#
        );
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for body in ["[]", "{", r#"{"generationConfig":[]}"#] {
            let body = Bytes::copy_from_slice(body.as_bytes());
            let field = OutputLimitField::MaxTokens;
            assert!(output_cap(&body, Dialect::Gemini, field, 1, 64).is_err());
        }
    }
}
