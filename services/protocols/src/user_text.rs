//! What the user says last in a request, found without decoding the rest of it. Called by the data plane where a condition of a
//! route asks for the language.

use crate::json::{Cursor, Kind, Span};
use crate::{DecodeError, Dialect};

/// The beginning of the last text of the user, `most` bytes of it or a few less; empty where there is none.
///
/// # Errors
/// When the body cannot be read.
pub fn last(body: &[u8], dialect: Dialect, depth: u32, most: usize) -> Result<String, DecodeError> {
    let list = match dialect {
        Dialect::OpenAiChat | Dialect::AnthropicMessages | Dialect::BedrockConverse | Dialect::CohereChat => {
            "messages"
        }
        Dialect::OpenAiResponses => "input",
        Dialect::Gemini => "contents",
    };
    let (mut turns, mut said): (Vec<Span>, String) = (Vec::new(), String::new());
    let mut cursor = Cursor::new(body, depth)?;
    cursor.object(|c, key| {
        let key = key.decode();
        if key == list && c.peek()? == Kind::Array {
            c.array(|c, _| {
                turns.push(c.skip_value()?);
                Ok(())
            })?;
        } else if (key == list || key == "prompt") && c.peek()? == Kind::String {
            // A request of a single text.
            append(&mut said, &c.text()?, most);
        }
        Ok(())
    })?;
    for turn in turns.into_iter().rev() {
        if !said.is_empty() {
            break;
        }
        said = of_turn(cursor.revisit(turn), dialect, most)?;
    }
    Ok(said)
}

/// What the user says in a message; empty where it is another's.
fn of_turn(mut cursor: Cursor<'_>, dialect: Dialect, most: usize) -> Result<String, DecodeError> {
    // Gemini's messages are the user's unless they say otherwise.
    let (mut is_users, mut said) = (dialect == Dialect::Gemini, String::new());
    if cursor.peek()? != Kind::Object {
        return Ok(said);
    }
    cursor.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("role", Kind::String) => is_users = c.text()? == "user",
            ("content", Kind::String) => append(&mut said, &c.text()?, most),
            ("content" | "parts", Kind::Array) => {
                c.array(|c, _| of_part(c, &mut said, most))?;
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(if is_users { said } else { String::new() })
}

fn of_part(c: &mut Cursor<'_>, said: &mut String, most: usize) -> Result<(), DecodeError> {
    if c.peek()? == Kind::Object && said.len() < most {
        c.object(|c, key| {
            if key.decode() == "text" && c.peek()? == Kind::String {
                append(said, &c.text()?, most);
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// Adds as much of a text as there is room for, on a line of its own.
fn append(said: &mut String, text: &str, most: usize) {
    let separator = if said.is_empty() { "" } else { "\n" };
    let room = most.saturating_sub(said.len() + separator.len());
    let beginning = &text[..text.floor_char_boundary(room)];
    if !beginning.is_empty() {
        said.push_str(separator);
        said.push_str(beginning);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(dialect: Dialect, body: &str) -> String {
        last(body.as_bytes(), dialect, 64, 2_048).unwrap()
    }

    #[test]
    fn each_dialect_says_it_in_its_own_way() {
        for (dialect, body) in [
            (
                Dialect::OpenAiChat,
                r#"{"messages":[{"role":"user","content":"one"},{"content":"two","role":"user"},
                    {"role":"assistant","content":"three"}]}"#,
            ),
            (
                Dialect::OpenAiChat,
                r#"{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}},
                    {"type":"text","text":"two"}]},{"role":"tool","content":"three"}]}"#,
            ),
            (Dialect::OpenAiChat, r#"{"prompt":"two"}"#),
            (
                Dialect::OpenAiResponses,
                r#"{"input":"two","instructions":"three"}"#,
            ),
            (
                Dialect::OpenAiResponses,
                r#"{"input":[{"role":"user","content":[{"type":"input_text","text":"two"}]},
                    {"type":"function_call_output","output":"three"}]}"#,
            ),
            (
                Dialect::AnthropicMessages,
                r#"{"messages":[{"role":"user","content":"two"},{"role":"assistant","content":"three"},
                    {"role":"user","content":[{"type":"tool_result","content":"four"}]}]}"#,
            ),
            (
                Dialect::Gemini,
                r#"{"contents":[{"parts":[{"text":"two"}]},{"role":"model","parts":[{"text":"three"}]}]}"#,
            ),
        ] {
            assert_eq!(said(dialect, body), "two", "{body}");
        }
    }

    #[test]
    fn what_has_no_text_of_a_user_has_none() {
        for body in [
            r#"{"messages":[]}"#,
            r#"{"messages":[{"role":"system","content":"one"}, "two", null]}"#,
            r#"{"messages":null,"input":"one","contents":"two"}"#,
        ] {
            assert_eq!(said(Dialect::OpenAiChat, body), "", "{body}");
        }
    }

    #[test]
    fn only_the_beginning_is_taken_whole_characters_of_it() {
        let body = format!(
            r#"{{"messages":[{{"role":"user","content":"{}"}}]}}"#,
            "\u{e9}".repeat(4_000)
        );
        assert_eq!(said(Dialect::OpenAiChat, &body).len(), 2_048);
        let parts = r#"{"messages":[{"role":"user","content":[{"text":"ab"},{"text":"\u00e9\u00e9"},{"text":"c"}]}]}"#;
        let cut = last(parts.as_bytes(), Dialect::OpenAiChat, 64, 6).unwrap();
        assert_eq!(cut, "ab\n\u{e9}");
    }
}
