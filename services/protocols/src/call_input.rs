//! `CallInput`: the input of a tool call in a stream of a dialect where input is JSON. Free text becomes a
//! string in an object, piece by piece.

use std::borrow::Cow;

use crate::canonical::{Arguments, CallKind};
use crate::json::write_string;

/// The input of a call so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CallInput {
    begun: bool,
    kind: CallKind,
}

impl CallInput {
    /// That of a call of that kind, of which nothing has come.
    pub(crate) fn new(kind: CallKind) -> Self {
        Self { begun: false, kind }
    }

    /// What to write for a piece; nothing for an empty one.
    pub(crate) fn piece<'t>(&mut self, text: &'t str) -> Option<Cow<'t, str>> {
        if text.is_empty() {
            return None;
        }
        let begun = std::mem::replace(&mut self.begun, true);
        Some(match self.kind {
            CallKind::Function => Cow::Borrowed(text),
            CallKind::Custom => {
                let mut quoted = Vec::with_capacity(text.len() + 16);
                write_string(&mut quoted, text);
                let quoted = String::from_utf8_lossy(&quoted);
                let inside = quoted.get(1..quoted.len() - 1).unwrap_or_default();
                let opening = if begun { "" } else { r#"{"input":""# };
                Cow::Owned(format!("{opening}{inside}"))
            }
        })
    }

    /// What is missing at the end. Nothing is no JSON, and clients parse what they get.
    pub(crate) fn rest(self) -> &'static str {
        match (self.kind, self.begun) {
            (CallKind::Function, true) => "",
            (CallKind::Function, false) => "{}",
            (CallKind::Custom, true) => "\"}",
            (CallKind::Custom, false) => r#"{"input":""}"#,
        }
    }
}

/// The input that a call begins with, as it came.
pub(crate) fn opening<'c>(arguments: &'c Arguments<'_>) -> &'c str {
    match arguments {
        Arguments::Text(text) => text,
        Arguments::Json(raw) => raw.as_str(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(kind: CallKind, pieces: &[&str]) -> String {
        let mut input = CallInput::new(kind);
        let mut all: String = pieces.iter().filter_map(|piece| input.piece(piece)).collect();
        all.push_str(input.rest());
        all
    }

    #[test]
    fn input_is_json_however_it_comes() {
        assert_eq!(written(CallKind::Function, &["{\"a\"", "", ":1}"]), "{\"a\":1}");
        assert_eq!(written(CallKind::Function, &[""]), "{}");
        assert_eq!(
            written(CallKind::Custom, &["a\"", "", "\n"]),
            r#"{"input":"a\"\n"}"#
        );
        assert_eq!(written(CallKind::Custom, &[]), r#"{"input":""}"#);
    }
}
