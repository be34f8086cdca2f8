//! Requests of Responses that come to the path of Chat Completions. Cursor sends them there and reads the answer as chat.

use bytes::Bytes;

use super::{Edits, MemberTracker};
use crate::DecodeError;
use crate::json::Cursor;
use crate::openai_chat::request::{StreamOptions, stream_options};
use crate::request_fields::{FieldSet, fields};

/// A request of Responses that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The request without what is chat's: a server of Responses refuses that.
    pub body: Bytes,
    /// Whether usage was asked for at the end of a stream, in the way of chat.
    pub include_usage: bool,
}

fields! {
    enum Field {
        Messages = "messages",
        Input = "input",
        StreamOptions = "stream_options",
    }
}

/// Looks for one: it has an `input` and no `messages`. `None` when the body is one of chat, or neither.
///
/// # Errors
/// When it is no JSON object, nested deeper than `depth`, or has one of the fields looked for twice.
pub fn responses(body: &Bytes, depth: u32) -> Result<Option<Found>, DecodeError> {
    let (mut messages, mut input, mut include_usage) = (false, false, false);
    let mut seen = FieldSet::new();
    let mut tracker = MemberTracker::default();
    let mut cursor = Cursor::new(body, depth)?;
    cursor.object(|c, key| {
        let field = seen.admit(key)?;
        tracker.starts(key.span());
        match field {
            Some(Field::StreamOptions) => {
                let options = stream_options(c)?;
                include_usage = asks_for_usage(options);
            }
            Some(Field::Messages) => {
                messages = true;
                c.skip_value()?;
            }
            Some(Field::Input) => {
                input = true;
                c.skip_value()?;
            }
            None => drop(c.skip_value()?),
        }
        tracker.ends(c.position(), field == Some(Field::StreamOptions));
        Ok(())
    })?;
    cursor.end()?;
    if messages || !input {
        return Ok(None);
    }
    let mut edits = Edits::default();
    if let Some(member) = tracker.found() {
        edits.cut(member.0);
    }
    let body = edits.apply(body);
    Ok(Some(Found { body, include_usage }))
}

fn asks_for_usage(options: StreamOptions) -> bool {
    match options {
        StreamOptions::Object { include_usage, .. } => include_usage.is_some_and(|(asked, _)| asked),
        StreamOptions::Absent | StreamOptions::Null(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Fault;

    fn found(body: &'static str) -> Option<(String, bool)> {
        let found = responses(&Bytes::from_static(body.as_bytes()), 64).unwrap()?;
        let body = String::from_utf8(found.body.to_vec()).unwrap();
        Some((body, found.include_usage))
    }

    #[test]
    fn input_without_messages_is_one() {
        for (body, expected) in [
            (r#"{"input":"a"}"#, Some((r#"{"input":"a"}"#, false))),
            (
                r#"{"stream_options":{"include_usage":true}, "input":[ 1.0 ]}"#,
                Some((r#"{"input":[ 1.0 ]}"#, true)),
            ),
            (
                r#"{"input":"a","stream_options":null}"#,
                Some((r#"{"input":"a"}"#, false)),
            ),
            (r#"{"input":"a","messages":[]}"#, None),
            (r#"{"messages":[],"stream_options":{}}"#, None),
            ("{}", None),
        ] {
            let expected = expected.map(|(body, usage)| (body.to_owned(), usage));
            assert_eq!(found(body), expected, "{body}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for (body, fault) in [
            (
                r#"{"input":"a","stream_options":{},"stream_options":{}}"#,
                Some(Fault::Duplicate),
            ),
            (r#"{"input":"a","Input":"b"}"#, Some(Fault::Duplicate)),
            (r#"{"input":"a"} x"#, None),
            ("[]", None),
        ] {
            let error = responses(&Bytes::from_static(body.as_bytes()), 64).unwrap_err();
            assert!(
                fault.is_none_or(|fault| error.fault() == fault),
                "{body}: {error}"
            );
        }
    }
}
