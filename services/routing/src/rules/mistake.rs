//! What is wrong with a condition, and where: a line, a column and a sentence that helps.

use std::fmt;

/// What kind of mistake it is. The text names are wire format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// It is no expression.
    Syntax,
    /// It names a fact that there is not.
    UnknownFact,
    /// It calls a function that there is not.
    UnknownFunction,
    /// Its parts do not fit together.
    Type,
    /// It compares with a value that the fact never has.
    NeverHolds,
    /// It is larger than what is evaluated for every request.
    TooLarge,
}

impl Code {
    /// The wire name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Syntax => "cel_syntax_error",
            Self::UnknownFact => "cel_unknown_fact",
            Self::UnknownFunction => "cel_unknown_function",
            Self::Type => "cel_type_error",
            Self::NeverHolds => "cel_never_holds",
            Self::TooLarge => "cel_too_large",
        }
    }
}

/// A mistake at a byte of the source.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) at: usize,
    code: Code,
    sentence: String,
}

impl Fault {
    pub(super) const fn new(at: usize, code: Code, sentence: String) -> Self {
        Self { at, code, sentence }
    }

    pub(super) fn in_source(self, source: &str) -> Mistake {
        let before = source.get(..self.at).unwrap_or(source);
        let line = before.matches('\n').count() + 1;
        let in_line = before.rsplit('\n').next().unwrap_or_default();
        Mistake {
            code: self.code,
            line,
            column: in_line.chars().count() + 1,
            sentence: self.sentence,
        }
    }
}

/// A condition is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// What kind of mistake.
    pub code: Code,
    /// Line of the source, from 1.
    pub line: usize,
    /// Column in it, in characters, from 1.
    pub column: usize,
    /// What is wrong, and what to write instead.
    pub sentence: String,
}

impl std::error::Error for Mistake {}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.sentence)
    }
}
