//! A text-completion request rewritten into a chat request: the prompt becomes the one message, every
//! other member stays as it came. What chat models cannot do is refused, never guessed at.

use crate::json::{Cursor, Kind, Span};
use crate::request_fields::{FieldSet, fields};
use crate::{DecodeError, Fault};

/// Why a request cannot be served.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The document is at fault.
    #[error(transparent)]
    Malformed(#[from] DecodeError),
    /// A member asks for what chat models cannot do.
    #[error("{0:?} is not offered with this endpoint; {1}")]
    Unsupported(&'static str, &'static str),
}

fields! {
    enum Field {
        Prompt = "prompt",
        Suffix = "suffix",
        Echo = "echo",
        BestOf = "best_of",
        Logprobs = "logprobs",
        Messages = "messages",
    }
}

/// The request as a chat request. `body` nests at most `depth` deep.
pub fn to_chat(body: &[u8], depth: u32) -> Result<Vec<u8>, Refusal> {
    let mut seen = FieldSet::new();
    let mut prompt = None;
    let mut unsupported = None;
    let mut out = Vec::with_capacity(body.len() + 48);
    out.push(b'{');
    let mut cursor = Cursor::new(body, depth)?;
    let whole = cursor.object(|c, key| {
        match seen.admit(key)? {
            Some(Field::Prompt) => {
                let text = read_prompt(c)?;
                if let Some(text) = text {
                    comma(&mut out);
                    out.extend_from_slice(br#""messages":[{"role":"user","content":"#);
                    out.extend_from_slice(slice(body, text));
                    out.extend_from_slice(b"}]");
                } else {
                    unsupported = unsupported.or(Some(("prompt", "send one text per request")));
                }
                prompt = Some(());
            }
            Some(field) => unsupported = unsupported.or(read_other(c, field)?),
            None => {
                comma(&mut out);
                out.extend_from_slice(slice(body, key.span()));
                out.push(b':');
                let value = c.skip_value()?;
                out.extend_from_slice(slice(body, value));
            }
        }
        Ok(())
    })?;
    cursor.end()?;
    if let Some((name, why)) = unsupported {
        return Err(Refusal::Unsupported(name, why));
    }
    prompt.ok_or_else(|| DecodeError::new(Fault::Missing, whole.start).under_key("prompt"))?;
    out.push(b'}');
    Ok(out)
}

fn comma(out: &mut Vec<u8>) {
    if out.len() > 1 {
        out.push(b',');
    }
}

fn slice(body: &[u8], span: Span) -> &[u8] {
    body.get(span.start..span.end).unwrap_or_default()
}

/// The one text of a prompt; `None` when it is several texts, or tokens.
fn read_prompt(c: &mut Cursor<'_>) -> Result<Option<Span>, DecodeError> {
    match c.peek()? {
        Kind::String => Ok(Some(c.string()?.span())),
        Kind::Array => {
            let (mut items, mut text) = (0_u32, None);
            c.array(|c, _| {
                items = items.saturating_add(1);
                if c.peek()? == Kind::String {
                    text = Some(c.string()?.span());
                }
                Ok(())
            })?;
            Ok(text.filter(|_| items == 1))
        }
        found @ (Kind::Object | Kind::Number | Kind::Bool | Kind::Null) => {
            Err(c.wrong_type("a string or an array of one string", found))
        }
    }
}

/// Reads a member that is left out; gives its name and what to do instead when it asks for something.
fn read_other(c: &mut Cursor<'_>, field: Field) -> Result<Option<(&'static str, &'static str)>, DecodeError> {
    let kind = c.peek()?;
    let asks = match kind {
        Kind::Null => false,
        Kind::Bool => c.bool()?,
        Kind::Number => !matches!(c.number()?, "0" | "1") || field == Field::Logprobs,
        Kind::String => !c.string()?.is_empty(),
        Kind::Array | Kind::Object => true,
    };
    let (name, why) = match field {
        Field::Prompt => ("prompt", ""),
        Field::Suffix => ("suffix", "put the text around the gap into the prompt"),
        Field::Echo => ("echo", "the prompt is yours already"),
        Field::BestOf => ("best_of", "ask for several answers with \"n\""),
        Field::Logprobs => ("logprobs", "ask for them with /v1/chat/completions"),
        Field::Messages => ("messages", "send them to /v1/chat/completions"),
    };
    Ok(asks.then_some((name, why)))
}
