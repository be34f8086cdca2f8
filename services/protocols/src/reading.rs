//! How strictly a decoder reads, and what it does with members that no arm of it took. Decoders of
//! several dialects build on it.

use crate::DecodeError;
use crate::canonical::Extra;
use crate::json::{Cursor, JsonStr, Kind, Object, RawJson};

/// What to do with a modelled member of the wrong type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// Refuse it: the document is a caller's, who wants to know.
    Strict,
    /// Keep it as an unknown member: the document is a provider's, and most of it is better than
    /// nothing.
    Lenient,
}

/// Modelled members of an object with what they take, in words.
pub(crate) type Expected = &'static [(&'static str, &'static str)];

impl Reading {
    /// Keeps a member that no arm took: unknown, null, or of the wrong type.
    pub(crate) fn leftover<'a>(
        self,
        c: &mut Cursor<'a>,
        key: JsonStr<'a>,
        extra: &mut Extra<'a>,
        modelled: Expected,
    ) -> Result<(), DecodeError> {
        let found = c.peek()?;
        if self == Self::Strict && found != Kind::Null {
            let name = key.decode();
            if let Some((_, expected)) = modelled.iter().find(|(n, _)| *n == name) {
                return Err(c.wrong_type(expected, found));
            }
        }
        extra.keep(c, key)
    }
}

/// The members of a nested object that are not modelled, as an object: kept among the extras of its
/// parent under the name of the nested one, to be written into it again.
pub(crate) fn nested(extra: &Extra<'_>) -> RawJson<'static> {
    let mut out = Vec::new();
    extra.write(&mut Object::open(&mut out));
    let raw = String::from_utf8(out)
        .ok()
        .and_then(|text| RawJson::parse(text).ok());
    raw.unwrap_or_else(RawJson::empty_object)
}

/// Writes the members of an object kept as text, such as [`nested`] makes.
pub(crate) fn write_nested(object: &mut Object<'_>, kept: &RawJson<'_>) {
    // The value is known to be well-formed.
    let _ = kept.cursor().object(|c, key| {
        let value = c.raw()?;
        value.write(object.value_of(&key.decode()));
        Ok(())
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_members_come_back_as_they_were() {
        let mut extra = Extra::NONE;
        extra.push("a\"b", RawJson::parse("1.50").unwrap());
        extra.push("c", RawJson::parse("{ \"d\": null }").unwrap());
        let kept = nested(&extra);
        assert_eq!(kept.as_str(), r#"{"a\"b":1.50,"c":{ "d": null }}"#);
        let mut out = Vec::new();
        {
            let mut object = Object::open(&mut out);
            object.unsigned("z", 1);
            write_nested(&mut object, &kept);
        }
        assert_eq!(
            String::from_utf8(out).unwrap(),
            r#"{"z":1,"a\"b":1.50,"c":{ "d": null }}"#
        );
        assert!(nested(&Extra::NONE).is_void());
    }
}
