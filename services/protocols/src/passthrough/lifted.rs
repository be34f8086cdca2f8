//! Members of a request that are wishes to a gateway and no business of a provider: OpenRouter's `provider` and `models`.
//! They are lifted out before anything else is read, so that no provider is sent what it would refuse.

use bytes::{BufMut, Bytes, BytesMut};
use memchr::memmem;

use crate::DecodeError;
use crate::json::{Cursor, Span};
use crate::request_fields::{FieldSet, fields};

/// A request without the wishes, and the wishes as they were sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lifted {
    /// The request; its other members are byte for byte as they were sent.
    pub body: Bytes,
    /// The value of `provider`.
    pub provider: Option<Bytes>,
    /// The value of `models`.
    pub models: Option<Bytes>,
}

fields! {
    enum Field {
        Provider = "provider",
        Models = "models",
    }
}

/// Lifts the wishes out; `None` when there are none.
///
/// # Errors
/// When there may be some, and the body is no JSON object, nested deeper than `depth`, or has one of them twice.
pub fn lift(body: &Bytes, depth: u32) -> Result<Option<Lifted>, DecodeError> {
    // A body of megabytes seldom has them: one fast look, and the slower one only where it may pay.
    let mentions = |name: &str| memmem::find(body, name.as_bytes()).is_some();
    if !mentions("\"provider\"") && !mentions("\"models\"") {
        return Ok(None);
    }
    let (mut provider, mut models, mut kept) = (None, None, Vec::new());
    let mut seen = FieldSet::new();
    let mut cursor = Cursor::new(body, depth)?;
    cursor.object(|c, key| {
        let field = seen.admit(key)?;
        let value = c.skip_value()?;
        match field {
            Some(Field::Provider) => provider = Some(body.slice(value.start..value.end)),
            Some(Field::Models) => models = Some(body.slice(value.start..value.end)),
            None => kept.push(Span {
                start: key.span().start,
                end: value.end,
            }),
        }
        Ok(())
    })?;
    cursor.end()?;
    if provider.is_none() && models.is_none() {
        return Ok(None);
    }
    let mut rest = BytesMut::with_capacity(body.len());
    rest.put_u8(b'{');
    for (index, member) in kept.iter().enumerate() {
        if index > 0 {
            rest.put_u8(b',');
        }
        rest.extend_from_slice(body.get(member.start..member.end).unwrap_or_default());
    }
    rest.put_u8(b'}');
    Ok(Some(Lifted {
        body: rest.freeze(),
        provider,
        models,
    }))
}

/// The same request with `provider` in it again, for a provider that is a gateway itself. `body` is a JSON object without
/// that member.
#[must_use]
pub fn with_provider(body: &Bytes, provider: &Bytes) -> Bytes {
    let Some(open) = memchr::memchr(b'{', body) else {
        return body.clone();
    };
    let (before, after) = body.split_at(open + 1);
    let is_empty = after.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'}');
    let mut whole = BytesMut::with_capacity(body.len() + provider.len() + 16);
    whole.extend_from_slice(before);
    whole.extend_from_slice(b"\"provider\":");
    whole.extend_from_slice(provider);
    if !is_empty {
        whole.put_u8(b',');
    }
    whole.extend_from_slice(after);
    whole.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Fault;

    fn lifted(body: &'static str) -> Option<(String, Option<String>, Option<String>)> {
        let text = |bytes: Bytes| String::from_utf8(bytes.to_vec()).unwrap();
        let found = lift(&Bytes::from_static(body.as_bytes()), 64).unwrap()?;
        Some((text(found.body), found.provider.map(text), found.models.map(text)))
    }

    #[test]
    fn wishes_leave_the_other_members_as_they_were_sent() {
        let both =
            r#" { "models" : ["b"], "model":"a" , "x": 1.0e2,"provider":{"zdr":true}, "y":"\u0041" } "#;
        let expected = (
            r#"{"model":"a","x": 1.0e2,"y":"\u0041"}"#.to_owned(),
            Some(r#"{"zdr":true}"#.to_owned()),
            Some(r#"["b"]"#.to_owned()),
        );
        assert_eq!(lifted(both), Some(expected));
        let alone = (String::from("{}"), Some("null".to_owned()), None);
        assert_eq!(lifted(r#"{"provider":null}"#), Some(alone));
    }

    #[test]
    fn what_only_looks_like_a_wish_stays() {
        for body in [
            r#"{"model":"a"}"#,
            r#"{"model":"provider","user":"models"}"#,
            r#"{"metadata":{"provider":"x","models":[]}}"#,
        ] {
            assert_eq!(lifted(body), None, "{body}");
        }
    }

    #[test]
    fn a_wish_is_said_once() {
        for body in [r#"{"provider":{},"provider":{}}"#, r#"{"models":[],"Models":[]}"#] {
            let error = lift(&Bytes::from_static(body.as_bytes()), 64).unwrap_err();
            assert_eq!(error.fault(), Fault::Duplicate, "{body}");
        }
        assert!(lift(&Bytes::from_static(br#"{"provider":{}"#), 64).is_err());
    }

    #[test]
    fn a_gateway_gets_the_wishes_back() {
        let back = |body: &'static str| {
            let whole = with_provider(&Bytes::from_static(body.as_bytes()), &Bytes::from_static(b"{}"));
            String::from_utf8(whole.to_vec()).unwrap()
        };
        assert_eq!(back(r#"{"a":1}"#), r#"{"provider":{},"a":1}"#);
        assert_eq!(back(" { } "), r#" {"provider":{} } "#);
    }
}
