//! `DecodeError`: what is wrong with a document and where, as an RFC 6901 pointer and a byte
//! offset. Made by the readers of this crate, shown to callers by the data plane: it names keys
//! and types, never values.

use std::fmt;

use crate::json::Kind;

/// Longest piece of a caller's own key that an error repeats, in characters.
const SHOWN_KEY_CHARS: usize = 64;

/// A document that could not be read, with the place where reading stopped. Boxed: nearly every read
/// goes well, and then a small `Result` is quick to hand up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeError(Box<Place>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    fault: Fault,
    pointer: String,
    position: usize,
}

/// What was wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The bytes are not UTF-8.
    NotUtf8,
    /// The document ends inside a value.
    UnexpectedEnd,
    /// Not JSON; the text says what was expected.
    Syntax(&'static str),
    /// Arrays and objects nest deeper than the limit given.
    TooDeep {
        /// Deepest nesting allowed.
        limit: u32,
    },
    /// Something follows the document.
    TrailingData,
    /// A value of the wrong type.
    WrongType {
        /// What the field takes, in words.
        expected: &'static str,
        /// What was there.
        found: Kind,
    },
    /// A required field is absent.
    Missing,
    /// A field appears twice, also when the two names differ only by case: readers disagree on
    /// which of the two counts, so that what was checked might not be what is used.
    Duplicate,
    /// A value of the right type outside its range; the text says the range.
    OutOfRange(&'static str),
}

impl DecodeError {
    /// A fault at a byte offset of the document, not yet placed in it.
    #[cold]
    pub(crate) fn new(fault: Fault, position: usize) -> Self {
        Self(Box::new(Place {
            fault,
            pointer: String::new(),
            position,
        }))
    }

    /// The same error seen from the object that holds the failing value under `key`.
    pub(crate) fn under_key(mut self, key: &str) -> Self {
        let mut step = String::with_capacity(1 + key.len().min(SHOWN_KEY_CHARS) + self.0.pointer.len());
        step.push('/');
        for c in key.chars().take(SHOWN_KEY_CHARS) {
            match c {
                '~' => step.push_str("~0"),
                '/' => step.push_str("~1"),
                c if c.is_control() => step.push('\u{fffd}'),
                c => step.push(c),
            }
        }
        step.push_str(&self.0.pointer);
        self.0.pointer = step;
        self
    }

    /// The same error seen from the array that holds the failing value at `index`.
    pub(crate) fn under_index(mut self, index: usize) -> Self {
        self.0.pointer = format!("/{index}{}", self.0.pointer);
        self
    }

    /// Another fault at the same place of the document.
    pub(crate) fn instead(mut self, fault: Fault, position: usize) -> Self {
        (self.0.fault, self.0.position) = (fault, position);
        self
    }

    /// What was wrong.
    pub fn fault(&self) -> Fault {
        self.0.fault
    }

    /// RFC 6901 pointer to the innermost value that was being read; empty for the document.
    pub fn pointer(&self) -> &str {
        &self.0.pointer
    }

    /// Byte offset in the document at which reading stopped.
    pub fn position(&self) -> usize {
        self.0.position
    }

    /// The place in the form OpenAI uses for `error.param`: `messages[3].content`; `None` for
    /// the document itself.
    pub fn param(&self) -> Option<String> {
        let mut param = String::with_capacity(self.0.pointer.len());
        for step in self.0.pointer.split('/').skip(1) {
            let step = step.replace("~1", "/").replace("~0", "~");
            if !param.is_empty() && !step.is_empty() && step.bytes().all(|b| b.is_ascii_digit()) {
                param.push('[');
                param.push_str(&step);
                param.push(']');
            } else {
                if !param.is_empty() {
                    param.push('.');
                }
                param.push_str(&step);
            }
        }
        (!param.is_empty()).then_some(param)
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.fault {
            Fault::NotUtf8 => write!(f, "the body is not UTF-8")?,
            Fault::UnexpectedEnd => write!(f, "the JSON document ends early")?,
            Fault::Syntax(expected) => write!(f, "the body is not valid JSON: expected {expected}")?,
            Fault::TooDeep { limit } => write!(f, "JSON nests deeper than {limit} levels")?,
            Fault::TrailingData => write!(f, "there is data after the JSON document")?,
            Fault::WrongType { expected, found } => write!(f, "expected {expected}, found {found}")?,
            Fault::Missing => write!(f, "a required field is missing")?,
            Fault::Duplicate => write!(f, "a field is given more than once")?,
            Fault::OutOfRange(range) => write!(f, "a value is out of range: expected {range}")?,
        }
        if !self.0.pointer.is_empty() {
            write!(f, " at {}", self.0.pointer)?;
        }
        write!(f, " (byte {})", self.0.position)
    }
}

impl std::error::Error for DecodeError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointer_escapes_and_param_reads_like_openai() {
        let error = DecodeError::new(Fault::Missing, 7)
            .under_key("a/b~c")
            .under_index(3)
            .under_key("messages");
        assert_eq!(error.pointer(), "/messages/3/a~1b~0c");
        assert_eq!(error.param().as_deref(), Some("messages[3].a/b~c"));
        assert_eq!(DecodeError::new(Fault::TrailingData, 0).param(), None);
    }

    #[test]
    fn a_hostile_key_is_cut_and_cleaned() {
        let error = DecodeError::new(Fault::Missing, 0).under_key(&"\u{1}x".repeat(5_000));
        assert!(error.pointer().chars().count() <= SHOWN_KEY_CHARS + 1);
        assert!(!error.to_string().contains('\u{1}'));
    }
}
