//! Whole documents of every dialect: requests, answers, errors.

use std::collections::HashSet;

use serde_json::Value;
use sluicegate_protocols::canonical::{Request, Response};
use sluicegate_protocols::failure::{Failure, FailureClass};
use sluicegate_protocols::json::{Cursor, Kind, MAX_DEPTH};
use sluicegate_protocols::provider_error::{ProviderError, retry_after};
use sluicegate_protocols::target::{AnswerTarget, ReasoningField, RequestTarget};
use sluicegate_protocols::tool_ids::IdRule;
use sluicegate_protocols::{DecodeError, Dialect, dialect};

/// How deep documents may nest.
pub(super) const DEPTH: u32 = 64;

/// As the caller spelled it, whatever ids there are.
fn as_sent() -> RequestTarget<'static> {
    let mut target = RequestTarget {
        tool_ids: IdRule::UpTo(usize::MAX),
        ..RequestTarget::default()
    };
    target.chat.reasoning = ReasoningField::ReasoningDetails;
    target
}

/// What decodes, encodes to an equal document, losing nothing, and again to the same bytes.
pub fn decode_request(bytes: &[u8]) {
    for &dialect in Dialect::ALL {
        let Some(request) = request(dialect, bytes) else {
            continue;
        };
        let encoded = dialect::encode_request(dialect, &request, &as_sent());
        assert!(
            encoded.losses.is_empty(),
            "{}: {:?}",
            dialect.as_str(),
            encoded.losses
        );
        if !same_document(dialect, bytes, &encoded.body) {
            continue;
        }
        let again = dialect::decode_request(dialect, &encoded.body, DEPTH).expect("what was written is read");
        let body = dialect::encode_request(dialect, &again, &as_sent()).body;
        same_bytes(dialect, &body, &encoded.body);
    }
}

/// The same for answers.
pub fn decode_response(bytes: &[u8]) {
    for &dialect in Dialect::ALL {
        let Some(response) = response(dialect, bytes) else {
            continue;
        };
        let encoded = dialect::encode_response(dialect, &response, &AnswerTarget::default());
        assert!(
            encoded.losses.is_empty(),
            "{}: {:?}",
            dialect.as_str(),
            encoded.losses
        );
        if !same_document(dialect, bytes, &encoded.body) {
            continue;
        }
        let again = dialect::decode_response(dialect, &encoded.body).expect("what was written is read");
        let body = dialect::encode_response(dialect, &again, &AnswerTarget::default()).body;
        same_bytes(dialect, &body, &encoded.body);
    }
}

/// The request that `bytes` are in that dialect. Errors lie in the document and show no value of it.
pub(super) fn request(dialect: Dialect, bytes: &[u8]) -> Option<Request<'_>> {
    match dialect::decode_request(dialect, bytes, DEPTH) {
        Ok(request) => {
            assert_eq!(request.origin, dialect);
            Some(request)
        }
        Err(error) => {
            assert!(error.position() <= bytes.len(), "{}: {error}", dialect.as_str());
            None
        }
    }
}

/// The answer that `bytes` are in that dialect. Only broken JSON is refused.
pub(super) fn response(dialect: Dialect, bytes: &[u8]) -> Option<Response<'_>> {
    let decoded = dialect::decode_response(dialect, bytes).ok()?;
    assert_eq!(decoded.origin, dialect);
    Some(decoded)
}

/// Compares documents that serde can read: it refuses numbers beyond a double and halves of
/// surrogate pairs, which become U+FFFD when they are in text that is read. A document with one
/// name twice in an object has no one meaning that could be kept: false.
fn same_document(dialect: Dialect, before: &[u8], after: &[u8]) -> bool {
    let after = serde_json::from_slice::<&serde_json::value::RawValue>(after).expect("JSON is written");
    let mut cursor = Cursor::new(before, MAX_DEPTH).expect("it was decoded");
    if !unambiguous(&mut cursor).expect("it was decoded") {
        return false;
    }
    if let Ok(mut before) = serde_json::from_slice::<Value>(before) {
        let mut after: Value = serde_json::from_str(after.get()).expect("nothing new that serde refuses");
        if dialect == Dialect::Gemini {
            before = as_protocol_buffers_read(before);
            after = as_protocol_buffers_read(after);
        }
        // The gateway's own member is for the gateway.
        for document in [&mut before, &mut after] {
            document
                .as_object_mut()
                .and_then(|members| members.remove("sluicegate"));
        }
        if after != before {
            panic!("{}: {}", dialect.as_str(), first_difference("", &before, &after));
        }
    }
    true
}

/// Where the wire format is that of protocol buffers, null is the same as absent, and the types of a
/// schema may be spelled in three ways at once.
fn as_protocol_buffers_read(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let told = members
                .into_iter()
                .filter(|(name, value)| !value.is_null() && name != "type");
            told.map(|(name, value)| (name, as_protocol_buffers_read(value)))
                .collect()
        }
        Value::Array(items) => items.into_iter().map(as_protocol_buffers_read).collect(),
        scalar @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => scalar,
    }
}

/// Where two documents part.
fn first_difference(at: &str, before: &Value, after: &Value) -> String {
    match (before, after) {
        (Value::Object(a), Value::Object(b)) => {
            let mut names = a.keys().chain(b.keys());
            let name = names.find(|name| a.get(*name) != b.get(*name));
            let name = name.map_or("", String::as_str);
            let (before, after) = (
                a.get(name).unwrap_or(&Value::Null),
                b.get(name).unwrap_or(&Value::Null),
            );
            first_difference(&format!("{at}/{name}"), before, after)
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let index = a.iter().zip(b).position(|(a, b)| a != b).unwrap_or(0);
            first_difference(&format!("{at}/{index}"), &a[index], &b[index])
        }
        _ => format!("{at}: {before:.200} became {after:.200}"),
    }
}

/// Whether no object of the next value names a member twice.
fn unambiguous(c: &mut Cursor<'_>) -> Result<bool, DecodeError> {
    let mut plain = true;
    match c.peek()? {
        Kind::Object => {
            let mut names = HashSet::new();
            c.object(|c, key| {
                plain &= names.insert(key.decode().into_owned()) & unambiguous(c)?;
                Ok(())
            })?;
        }
        Kind::Array => {
            c.array(|c, _| {
                plain &= unambiguous(c)?;
                Ok(())
            })?;
        }
        Kind::String | Kind::Number | Kind::Bool | Kind::Null => drop(c.skip_value()?),
    }
    Ok(plain)
}

fn same_bytes(dialect: Dialect, a: &[u8], b: &[u8]) {
    let text = String::from_utf8_lossy;
    assert_eq!(text(a), text(b), "{}", dialect.as_str());
}

/// Any bytes are an error that can be told in every dialect, within bounds.
pub fn provider_error(bytes: &[u8]) {
    let error = ProviderError::parse(bytes);
    assert!(error.message.len() <= 4096);
    let words = [&error.kind, &error.code, &error.param];
    assert!(words.into_iter().flatten().all(|word| word.len() <= 128));
    for status in [200, 400, 401, 402, 403, 404, 408, 413, 418, 429, 500, 503, 529] {
        let class = error.class(status);
        assert!(FailureClass::ALL.contains(&class));
        let failure = Failure {
            class,
            message: &error.message,
            param: error.param.as_deref(),
            code: error.code.as_deref(),
            details: &[],
        };
        for &dialect in Dialect::ALL {
            let told = dialect::encode_failure(dialect, &failure);
            let told: Value = serde_json::from_slice(&told).expect("errors are JSON");
            assert!(told.is_object(), "{}", dialect.as_str());
        }
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = retry_after(Some(text), None, 1_700_000_000);
        let _ = retry_after(None, Some(text), 1_700_000_000);
    }
}
