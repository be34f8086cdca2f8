//! Members of a request that are wishes to a gateway and no business of a provider: OpenRouter's `provider`, `models` and `route`.
//! They are lifted out before anything else is read, so that no provider is sent what it would refuse.

use bytes::{BufMut, Bytes, BytesMut};
use memchr::memmem;

use crate::DecodeError;
use crate::json::{Cursor, Span, write_string};
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
    /// What `route` says.
    pub fallbacks: Option<Fallbacks>,
    /// Whether it names a model.
    pub names_model: bool,
}

/// How the models of a request are tried, in the older words of OpenRouter's `route`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fallbacks {
    /// One after the other.
    InOrder,
    /// By what is best over all of them.
    Sorted,
}

fields! {
    enum Field {
        Provider = "provider",
        Models = "models",
        Route = "route",
        Model = "model",
    }
}

/// Lifts the wishes out; `None` when there are none.
///
/// # Errors
/// When there may be some, and the body is no JSON object, nested deeper than `depth`, or has one of them twice.
pub fn lift(body: &Bytes, depth: u32) -> Result<Option<Lifted>, DecodeError> {
    // A body of megabytes seldom has them: one fast look, and the slower one only where it may pay.
    let mentions = |name: &str| memmem::find(body, name.as_bytes()).is_some();
    if !mentions("\"provider\"") && !mentions("\"models\"") && !mentions("\"route\"") {
        return Ok(None);
    }
    let (mut provider, mut models, mut fallbacks, mut kept) = (None, None, None, Vec::new());
    let mut names_model = false;
    let mut seen = FieldSet::new();
    let mut cursor = Cursor::new(body, depth)?;
    cursor.object(|c, key| {
        let field = seen.admit(key)?;
        let value = c.skip_value()?;
        let raw = body.slice(value.start..value.end);
        match field {
            Some(Field::Provider) => provider = Some(raw),
            Some(Field::Models) => models = Some(raw),
            // Another `route` is somebody else's.
            Some(Field::Route) if &raw[..] == b"\"fallback\"" => fallbacks = Some(Fallbacks::InOrder),
            Some(Field::Route) if &raw[..] == b"\"sort\"" => fallbacks = Some(Fallbacks::Sorted),
            Some(Field::Route | Field::Model) | None => {
                names_model |= field == Some(Field::Model);
                kept.push(Span {
                    start: key.span().start,
                    end: value.end,
                });
            }
        }
        Ok(())
    })?;
    cursor.end()?;
    if provider.is_none() && models.is_none() && fallbacks.is_none() {
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
        fallbacks,
        names_model,
    }))
}

/// The same request with this model, where it names none.
///
/// # Errors
/// When the body is no JSON object, or nested deeper than `depth`.
pub fn naming(body: Bytes, model: &str, depth: u32) -> Result<Bytes, DecodeError> {
    let mut names_model = false;
    let mut cursor = Cursor::new(&body, depth)?;
    cursor.object(|_, key| {
        names_model |= key.decode() == "model";
        Ok(())
    })?;
    cursor.end()?;
    Ok(if names_model {
        body
    } else {
        with_model(&body, model)
    })
}

/// The same request with this model. `body` is a JSON object that names none.
#[must_use]
pub fn with_model(body: &Bytes, model: &str) -> Bytes {
    let mut value = Vec::with_capacity(model.len() + 2);
    write_string(&mut value, model);
    with_member(body, "model", &value)
}

/// The same request with `provider` in it again, for a provider that is a gateway itself. `body` is a JSON object without
/// that member.
#[must_use]
pub fn with_provider(body: &Bytes, provider: &Bytes) -> Bytes {
    with_member(body, "provider", provider)
}

/// `name` needs no escapes.
fn with_member(body: &Bytes, name: &str, value: &[u8]) -> Bytes {
    let Some(open) = memchr::memchr(b'{', body) else {
        return body.clone();
    };
    let (before, after) = body.split_at(open + 1);
    let is_empty = after.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'}');
    let mut whole = BytesMut::with_capacity(body.len() + name.len() + value.len() + 4);
    whole.extend_from_slice(before);
    whole.put_u8(b'"');
    whole.extend_from_slice(name.as_bytes());
    whole.extend_from_slice(b"\":");
    whole.extend_from_slice(value);
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
    fn the_older_word_for_the_order_of_models_is_taken_and_others_are_not() {
        let of = |body: &'static str| lift(&Bytes::from_static(body.as_bytes()), 64).unwrap();
        for (body, fallbacks) in [
            (r#"{"route":"fallback"}"#, Fallbacks::InOrder),
            (r#"{"route" : "sort","x":1}"#, Fallbacks::Sorted),
        ] {
            let found = of(body).unwrap();
            assert_eq!(found.fallbacks, Some(fallbacks), "{body}");
            assert!(!found.body.windows(5).any(|it| it == b"route"), "{body}");
        }
        for body in [
            r#"{"route":"theirs"}"#,
            r#"{"route":null}"#,
            r#"{"route":["sort"]}"#,
        ] {
            assert_eq!(of(body), None, "{body}");
        }
    }

    #[test]
    fn a_model_is_named_only_where_none_is() {
        let named = |body: &'static str| {
            let named = naming(Bytes::from_static(body.as_bytes()), "a\"b", 64).unwrap();
            String::from_utf8(named.to_vec()).unwrap()
        };
        assert_eq!(named(r#"{"x":1}"#), r#"{"model":"a\"b","x":1}"#);
        assert_eq!(named("{}"), r#"{"model":"a\"b"}"#);
        assert_eq!(named(r#"{"model":null}"#), r#"{"model":null}"#);
        assert!(naming(Bytes::from_static(b"[]"), "m", 64).is_err());
        let says = |body: &'static str| {
            lift(&Bytes::from_static(body.as_bytes()), 64)
                .unwrap()
                .unwrap()
                .names_model
        };
        assert!(says(r#"{"models":[],"model":1}"#) && !says(r#"{"models":[],"x":{"model":1}}"#));
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
