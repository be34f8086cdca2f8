//! Conditions of a route's rules: expressions in CEL over the facts of a request.
//!
//! A condition is read and checked once, when a route is written and when a worker takes it over; a request only evaluates
//! it. What is read is bounded in length and depth, so that no source can exhaust what reads it.
//!
//! | module | answers |
//! |---|---|
//! | [`facts`] | what can be asked |
//! | [`signals`] | what was pushed from outside |
//! | `token`, `syntax` | text to words, words to a tree |
//! | `check`, `call` | does every part fit, and what does it mean |
//! | `expression` | what a condition says of a request |
//! | `possible`, `contradiction` | can it hold at all |
//! | [`asked`] | which facts it reads |
//! | [`mistake`] | what is wrong with it, and where |

pub mod asked;
mod call;
mod check;
mod clock;
mod contradiction;
mod expression;
pub mod facts;
pub mod mistake;
mod near;
mod possible;
pub mod signals;
mod syntax;
#[cfg(test)]
mod tests;
mod token;

pub use call::is_signal_name;
pub use facts::{Modalities, Observed, is_readable_header};
pub use mistake::{Code, Mistake};
pub use signals::Signals;

use expression::Truth;
use possible::Possible;

/// A checked condition. Two are equal when they say the same in the same way, whatever their spacing.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition(Truth);

impl Condition {
    /// Reads and checks a condition.
    ///
    /// # Errors
    /// The first mistake.
    pub fn read(source: &str) -> Result<Self, Mistake> {
        let read = syntax::parse(source).and_then(|ast| check::truth(&ast));
        read.map(Self).map_err(|fault| fault.in_source(source))
    }

    /// Whether it is true of a request. What cannot be told, because something in it is not known, is not true.
    #[must_use]
    pub fn holds(&self, observed: &Observed<'_>) -> bool {
        self.0.of(observed) == Some(true)
    }

    /// Names of the facts that it reads.
    #[must_use]
    pub fn asked(&self) -> asked::Asked {
        let mut asked = asked::Asked::new();
        asked::of_truth(&self.0, &mut asked);
        asked
    }

    /// Whether no request can make it true.
    #[must_use]
    pub fn never_holds(&self) -> bool {
        !Possible::of(&self.0).yes
    }

    /// Whether every request makes it true.
    #[must_use]
    pub fn always_holds(&self) -> bool {
        let possible = Possible::of(&self.0);
        !possible.no && !possible.unknown
    }
}
