//! `Members`: the members of one object of this dialect, whose meaning hangs on a `type` that may
//! stand anywhere in it. Values other than strings are not read until asked for; what nobody asks for is
//! extra.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::{Expected, Reading};
use crate::canonical::Extra;
use crate::json::{Cursor, JsonStr, Kind, Span};
use crate::{DecodeError, Fault};

/// The members of an object that nobody has taken yet.
#[derive(Debug)]
pub(super) struct Members<'a> {
    list: SmallVec<[(JsonStr<'a>, Value<'a>); 4]>,
    whole: Span,
}

#[derive(Debug)]
enum Value<'a> {
    Text(Cow<'a, str>, Span),
    Other(Kind, Span),
}

impl Value<'_> {
    fn kind(&self) -> Kind {
        match self {
            Self::Text(..) => Kind::String,
            Self::Other(kind, _) => *kind,
        }
    }

    fn span(&self) -> Span {
        match self {
            Self::Text(_, span) | Self::Other(_, span) => *span,
        }
    }
}

impl<'a> Members<'a> {
    /// Passes over an object and notes where its members are.
    pub(super) fn read(c: &mut Cursor<'a>) -> Result<Self, DecodeError> {
        let mut list = SmallVec::new();
        let whole = c.object(|c, key| {
            let value = match c.peek()? {
                Kind::String => {
                    let start = c.position();
                    let text = c.text()?;
                    let end = c.position();
                    Value::Text(text, Span { start, end })
                }
                kind @ (Kind::Object | Kind::Array | Kind::Number | Kind::Bool | Kind::Null) => {
                    Value::Other(kind, c.skip_value()?)
                }
            };
            if list.len() >= list.inline_size() {
                c.count_node()?;
            }
            list.push((key, value));
            Ok(())
        })?;
        Ok(Self { list, whole })
    }

    /// The object.
    pub(super) fn whole(&self) -> Span {
        self.whole
    }

    /// Whether all have been taken.
    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    fn take(&mut self, name: &str, wanted: impl Fn(&Value<'a>) -> bool) -> Option<Value<'a>> {
        let at = self
            .list
            .iter()
            .position(|(key, value)| wanted(value) && key.decode() == name)?;
        Some(self.list.remove(at).1)
    }

    /// Takes a string.
    pub(super) fn text(&mut self, name: &str) -> Option<Cow<'a, str>> {
        match self.take(name, |value| value.kind() == Kind::String)? {
            Value::Text(text, _) => Some(text),
            Value::Other(..) => None,
        }
    }

    /// Takes a value of that type.
    pub(super) fn span(&mut self, name: &str, kind: Kind) -> Option<Span> {
        self.take(name, |value| value.kind() == kind)
            .map(|value| value.span())
    }

    /// Takes a boolean.
    pub(super) fn bool(&mut self, c: &Cursor<'a>, name: &str) -> Option<bool> {
        self.span(name, Kind::Bool)
            .map(|span| c.raw_at(span).as_str() == "true")
    }

    /// Takes a number that is whole and not negative; another stays.
    pub(super) fn unsigned(&mut self, c: &Cursor<'a>, name: &str) -> Option<u64> {
        let value = |value: &Value<'a>| c.raw_at(value.span()).as_str().parse::<u64>().ok();
        let taken = self.take(name, |v| v.kind() == Kind::Number && value(v).is_some())?;
        value(&taken)
    }

    /// A required member is not there, or not of the type it should have.
    pub(super) fn missing(&self, name: &str, expected: &'static str) -> DecodeError {
        let there = self.list.iter().find(|(key, _)| key.decode() == name);
        let error = match there {
            None => DecodeError::new(Fault::Missing, self.whole.start),
            Some((_, value)) => {
                let found = value.kind();
                DecodeError::new(Fault::WrongType { expected, found }, value.span().start)
            }
        };
        error.under_key(name)
    }

    /// Keeps what nobody took. Read strictly, a modelled member that is left and not null is of the
    /// wrong type.
    pub(super) fn into_extra(
        self,
        c: &mut Cursor<'a>,
        reading: Reading,
        modelled: Expected,
    ) -> Result<Extra<'a>, DecodeError> {
        let mut extra = Extra::NONE;
        for (key, value) in self.list {
            let (name, found) = (key.decode(), value.kind());
            let expected = modelled.iter().find(|(n, _)| *n == name);
            if let (Reading::Strict, Some((_, expected))) = (reading, expected)
                && found != Kind::Null
            {
                let fault = Fault::WrongType { expected, found };
                return Err(DecodeError::new(fault, value.span().start).under_key(&name));
            }
            c.count_node()?;
            extra.push(name, c.raw_at(value.span()));
        }
        Ok(extra)
    }
}
