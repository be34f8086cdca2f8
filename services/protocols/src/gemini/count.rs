//! countTokens: how long an input is. The request holds a whole generateContent request under
//! `generateContentRequest` (Gemini API), or its members at the top (both APIs); the answer is a
//! number. The data plane asks a provider that can count, or answers with an estimate.

use crate::DecodeError;
use crate::canonical::Request;
use crate::json::{Cursor, Kind, MAX_DEPTH, Object, Span};
use crate::lossy::Encoded;
use crate::request_fields::{FieldSet, fields};
use crate::target::RequestTarget;

use super::codec::{decode_request, encode_request};

fields! {
    enum Field {
        Whole = "generateContentRequest" | "generate_content_request",
    }
}

/// Reads a request to count, nested at most `depth` deep, as the request whose input is counted.
pub fn decode_count_request(body: &[u8], depth: u32) -> Result<Request<'_>, DecodeError> {
    let mut seen = FieldSet::<Field>::new();
    let mut whole: Option<(&str, Span)> = None;
    let mut cursor = Cursor::new(body, depth)?;
    cursor.object(|c, key| {
        if let Some(Field::Whole) = seen.admit(key)?
            && c.peek()? == Kind::Object
        {
            whole = Some(("generateContentRequest", c.skip_value()?));
        }
        Ok(())
    })?;
    cursor.end()?;
    match whole {
        Some((name, span)) => {
            let inner = body.get(span.start..span.end).unwrap_or_default();
            let mut request =
                decode_request(inner, depth.saturating_sub(1)).map_err(|e| e.under_key(name))?;
            // Its model is that of the path.
            request.extra.remove("model");
            Ok(request)
        }
        None => decode_request(body, depth),
    }
}

/// Where a provider takes what is to be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountShape<'a> {
    /// Under `generateContentRequest` with the model named again (Gemini API): the only way to
    /// have instructions and tools counted there.
    Wrapped {
        /// The model, as `models/…`.
        model: &'a str,
    },
    /// At the top (Vertex AI).
    Flat,
}

/// Writes a request to count for a provider.
pub fn encode_count_request(
    request: &Request<'_>,
    target: &RequestTarget<'_>,
    shape: CountShape<'_>,
) -> Encoded {
    let Encoded { body, losses } = encode_request(request, target);
    let CountShape::Wrapped { model } = shape else {
        return Encoded { body, losses };
    };
    let mut wrapped = Vec::with_capacity(body.len() + model.len() + 64);
    {
        let mut object = Object::open(&mut wrapped);
        let out = object.value("generateContentRequest");
        {
            Object::open(out).string("model", model);
        }
        // The members of the request go on behind the model's.
        out.pop();
        match body.get(1..) {
            Some(members) if members != b"}" => {
                out.push(b',');
                out.extend_from_slice(members);
            }
            Some(_) | None => out.push(b'}'),
        }
    }
    Encoded {
        body: wrapped,
        losses,
    }
}

/// What a provider counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TokenCount {
    /// Tokens of the input.
    pub total: u64,
    /// Those of them in cached content.
    pub cached: u64,
}

impl TokenCount {
    /// Reads an answer; `None` when it tells no number.
    pub fn read(body: &[u8]) -> Result<Option<Self>, DecodeError> {
        let (mut total, mut cached) = (None, 0);
        let mut cursor = Cursor::new(body, MAX_DEPTH)?;
        cursor.object(|c, key| {
            match (key.decode().as_ref(), c.peek()?) {
                ("totalTokens", Kind::Number) => total = c.spelled_number()?.as_u64(),
                ("cachedContentTokenCount", Kind::Number) => {
                    cached = c.spelled_number()?.as_u64().unwrap_or(0);
                }
                _ => {}
            }
            Ok(())
        })?;
        cursor.end()?;
        Ok(total.map(|total| Self { total, cached }))
    }

    /// The answer for a caller.
    pub fn to_json(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(64);
        {
            let mut object = Object::open(&mut out);
            object.unsigned("totalTokens", self.total);
            if self.cached > 0 {
                object.unsigned("cachedContentTokenCount", self.cached);
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::Fault;

    const FLAT: &str =
        r#"{"contents":[{"role":"user","parts":[{"text":"hi"}]}],"tools":[{"googleSearch":{}}]}"#;

    fn tree(body: &[u8]) -> Value {
        serde_json::from_slice(body).unwrap()
    }

    #[test]
    fn what_is_counted_stands_at_the_top_or_under_a_name_of_its_own() {
        let wrapped = format!(
            r#"{{"generateContentRequest":{}}}"#,
            FLAT.replacen('{', r#"{"model":"models/m","#, 1)
        );
        let flat = decode_count_request(FLAT.as_bytes(), 64).unwrap();
        assert_eq!(decode_count_request(wrapped.as_bytes(), 64).unwrap(), flat);
        assert_eq!((flat.messages.len(), flat.tools.len()), (1, 1));
    }

    #[test]
    fn either_shape_is_written() {
        let request = decode_count_request(FLAT.as_bytes(), 64).unwrap();
        let target = RequestTarget::default();
        let flat = encode_count_request(&request, &target, CountShape::Flat);
        assert_eq!(tree(&flat.body), tree(FLAT.as_bytes()));
        let shape = CountShape::Wrapped { model: "models/m" };
        let wrapped = encode_count_request(&request, &target, shape);
        let mut expected = tree(FLAT.as_bytes());
        expected["model"] = json!("models/m");
        assert_eq!(tree(&wrapped.body), json!({"generateContentRequest": expected}));
    }

    #[test]
    fn what_cannot_be_checked_is_refused_with_its_place() {
        let error = decode_count_request(br#"{"generateContentRequest":{"contents":7}}"#, 64).unwrap_err();
        assert_eq!(error.pointer(), "/generateContentRequest/contents");
        let twice = br#"{"generateContentRequest":{},"generate_content_request":{}}"#;
        let error = decode_count_request(twice, 64).unwrap_err();
        assert_eq!(error.fault(), Fault::Duplicate);
        assert!(decode_count_request(b"{}", 64).is_err());
    }

    #[test]
    fn counts_read_back() {
        let count = TokenCount { total: 31, cached: 4 };
        assert_eq!(TokenCount::read(&count.to_json()), Ok(Some(count)));
        let told = br#"{"totalTokens":31,"totalBillableCharacters":96,"promptTokensDetails":[]}"#;
        assert_eq!(
            TokenCount::read(told),
            Ok(Some(TokenCount { total: 31, cached: 0 }))
        );
        assert_eq!(TokenCount::read(b"{}"), Ok(None));
    }
}
