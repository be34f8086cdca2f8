//! Checked JSON kept as text: `RawJson` for values that are not ours to understand and `Number` for
//! numbers whose spelling must survive. The canonical form is made of these where a tree would
//! change key order or `1.0` into `1`, and with that miss a provider's prompt cache.

use std::borrow::Cow;

use super::{Cursor, Kind, MAX_DEPTH, write_raw};
use crate::{DecodeError, Fault};

/// One JSON value as text, known to be well-formed and of bounded depth. Equality is of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawJson<'a>(Cow<'a, str>);

impl<'a> RawJson<'a> {
    /// Checks that `text` is one JSON value, without white space around it.
    pub fn parse(text: impl Into<Cow<'a, str>>) -> Result<Self, DecodeError> {
        let text = text.into();
        let mut cursor = Cursor::over(&text, MAX_DEPTH);
        let span = cursor.skip_value()?;
        cursor.end()?;
        Ok(Self(match text {
            Cow::Borrowed(text) => Cow::Borrowed(text.get(span.start..span.end).unwrap_or_default()),
            Cow::Owned(text) => Cow::Owned(text.get(span.start..span.end).unwrap_or_default().to_owned()),
        }))
    }

    /// A value that a cursor has passed over.
    pub(super) fn checked(text: &'a str) -> Self {
        Self(Cow::Borrowed(text))
    }

    /// `{}`
    pub fn empty_object() -> Self {
        Self(Cow::Borrowed("{}"))
    }

    /// A JSON string that holds `text`.
    pub fn of_string(text: &str) -> Self {
        let mut out = Vec::with_capacity(text.len() + 2);
        super::write_string(&mut out, text);
        Self(Cow::Owned(String::from_utf8_lossy(&out).into_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Type of the value.
    pub fn kind(&self) -> Kind {
        match self.0.as_bytes().first() {
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            Some(b'"') => Kind::String,
            Some(b't' | b'f') => Kind::Bool,
            Some(b'n') | None => Kind::Null,
            Some(_) => Kind::Number,
        }
    }

    /// Whether the value says nothing: null, or an empty string, array or object.
    pub fn is_void(&self) -> bool {
        match self.kind() {
            Kind::Null => true,
            Kind::String => self.0.len() == 2,
            Kind::Object | Kind::Array => self
                .0
                .bytes()
                .skip(1)
                .find(|b| !b.is_ascii_whitespace())
                .is_some_and(|b| matches!(b, b'}' | b']')),
            Kind::Number | Kind::Bool => false,
        }
    }

    /// A reader of the value.
    pub fn cursor(&self) -> Cursor<'_> {
        Cursor::over(&self.0, MAX_DEPTH)
    }

    /// The text of a JSON string; `None` for any other type.
    pub fn as_text(&self) -> Option<Cow<'_, str>> {
        match self.kind() {
            Kind::String => self.cursor().string().ok().map(|text| text.decode()),
            Kind::Object | Kind::Array | Kind::Number | Kind::Bool | Kind::Null => None,
        }
    }

    /// The value that borrows from this one.
    pub fn by_ref(&self) -> RawJson<'_> {
        RawJson(Cow::Borrowed(&self.0))
    }

    /// The text itself.
    pub fn into_text(self) -> Cow<'a, str> {
        self.0
    }

    /// The value with memory of its own.
    pub fn into_owned(self) -> RawJson<'static> {
        RawJson(Cow::Owned(self.0.into_owned()))
    }

    /// Appends the value as it stands; see [`write_raw`].
    pub fn write(&self, out: &mut Vec<u8>) {
        write_raw(out, &self.0);
    }
}

/// A number as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number<'a>(Cow<'a, str>);

impl<'a> Number<'a> {
    /// A number that a cursor has read.
    pub(crate) fn checked(text: &'a str) -> Self {
        Self(Cow::Borrowed(text))
    }

    /// Reads `text`, which must be a JSON number.
    pub fn parse(text: &'a str) -> Result<Self, DecodeError> {
        let raw = RawJson::parse(text)?;
        if raw.kind() == Kind::Number {
            Ok(Self(raw.0))
        } else {
            Err(DecodeError::new(Fault::Syntax("a number"), 0))
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The value, as near as a float gets.
    pub fn as_f64(&self) -> f64 {
        self.0.parse().unwrap_or(0.0)
    }

    /// The value when it is whole, not negative and written without a fraction.
    pub fn as_u64(&self) -> Option<u64> {
        self.0.parse().ok()
    }

    /// The number with memory of its own.
    pub fn into_owned(self) -> Number<'static> {
        Number(Cow::Owned(self.0.into_owned()))
    }
}

impl From<u64> for Number<'_> {
    fn from(value: u64) -> Self {
        Self(Cow::Owned(value.to_string()))
    }
}

impl<'a> From<Number<'a>> for RawJson<'a> {
    fn from(number: Number<'a>) -> Self {
        Self(number.0)
    }
}

impl From<u64> for RawJson<'_> {
    fn from(value: u64) -> Self {
        Self(Cow::Owned(value.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_spelling_and_lose_space_around_them() {
        let raw = RawJson::parse(" {\"b\":1.0, \"a\":1e2} ").unwrap();
        assert_eq!(raw.as_str(), "{\"b\":1.0, \"a\":1e2}");
        assert!(RawJson::parse("{} {}").is_err());
        assert!(RawJson::parse("").is_err());
        assert_eq!(Number::parse("1.50").unwrap().as_str(), "1.50");
        assert!(Number::parse("\"1\"").is_err());
    }

    #[test]
    fn void_values_are_told_from_values() {
        for void in ["null", "\"\"", "[]", "{}", "[ ]", "{\n}"] {
            assert!(RawJson::parse(void).unwrap().is_void(), "{void}");
        }
        for value in ["0", "false", "\" \"", "[null]", "{\"a\":null}"] {
            assert!(!RawJson::parse(value).unwrap().is_void(), "{value}");
        }
    }
}
