//! Conditions of a route's rules: expressions in CEL over the facts of a request.
//!
//! A condition is read and checked once, when a route is written and when a worker takes it over; a request only evaluates
//! it. What is read is bounded in length and depth, so that no source can exhaust what reads it.
//!
//! | module | answers |
//! |---|---|
//! | [`facts`] | what can be asked |
//! | [`language`] | in which language somebody writes |
//! | [`signals`] | what was pushed from outside |
//! | [`readings`] | what is asked of endpoints and budgets, and what was found |
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
pub mod language;
pub mod mistake;
mod near;
mod possible;
pub mod readings;
#[cfg(test)]
mod readings_tests;
pub mod signals;
mod syntax;
#[cfg(test)]
mod tests;
mod token;

use std::collections::BTreeSet;

pub use call::is_signal_name;
pub use facts::{Modalities, Observed, is_readable_header};
pub use mistake::{Code, Mistake};
pub use near::nearest;
pub use readings::{Measure, Question, Reading, Readings};
pub use signals::Signals;

use expression::Truth;
use mistake::Fault;
use possible::Possible;
use readings::MAX_QUESTIONS;

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
        let bounded = read.and_then(|truth| Self(truth).bounded());
        bounded.map_err(|fault| fault.in_source(source))
    }

    fn bounded(self) -> Result<Self, Fault> {
        if self.questions().len() > MAX_QUESTIONS {
            let sentence = format!(
                "A condition asks at most {MAX_QUESTIONS} different things of endpoints and budgets."
            );
            return Err(Fault::new(0, Code::TooLarge, sentence));
        }
        Ok(self)
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

    /// What it asks of endpoints and budgets.
    #[must_use]
    pub fn questions(&self) -> BTreeSet<&Question> {
        let mut questions = BTreeSet::new();
        asked::questions_of(&self.0, &mut questions);
        questions
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
