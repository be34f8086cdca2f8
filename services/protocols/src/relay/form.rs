//! The form in which a caller takes answers: a dialect, or what is no dialect of its own.

use crate::canonical::{Response, StreamEvent};
use crate::completions;
use crate::dialect::{self, Dialect};
use crate::failure::Failure;
use crate::lossy::{Encoded, LossReport};
use crate::target::AnswerTarget;

/// A form of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerForm {
    /// A dialect's own.
    Dialect(Dialect),
    /// OpenAI's older text completions, whose requests are read as chat.
    Completions,
}

/// Writes a whole answer for a caller.
pub fn encode_answer(form: AnswerForm, response: &Response<'_>, target: &AnswerTarget<'_>) -> Encoded {
    match form {
        AnswerForm::Dialect(dialect) => dialect::encode_response(dialect, response, target),
        AnswerForm::Completions => completions::encode_response(response, target),
    }
}

/// Writes the frames of a caller's stream.
#[derive(Debug)]
pub(super) enum StreamEncoder {
    Dialect(dialect::StreamEncoder),
    Completions(completions::StreamEncoder),
}

impl StreamEncoder {
    pub(super) fn new(form: AnswerForm, target: &AnswerTarget<'_>) -> Self {
        match form {
            AnswerForm::Dialect(dialect) => Self::Dialect(dialect::StreamEncoder::new(dialect, target)),
            AnswerForm::Completions => Self::Completions(completions::StreamEncoder::new(target)),
        }
    }

    pub(super) fn event(&mut self, event: &StreamEvent<'_>, out: &mut Vec<u8>) {
        match self {
            Self::Dialect(encoder) => encoder.event(event, out),
            Self::Completions(encoder) => encoder.event(event, out),
        }
    }

    pub(super) fn fail(&mut self, failure: &Failure<'_>, out: &mut Vec<u8>) {
        match self {
            Self::Dialect(encoder) => encoder.fail(failure, out),
            Self::Completions(encoder) => encoder.fail(failure, out),
        }
    }

    pub(super) fn losses(&self) -> &LossReport {
        match self {
            Self::Dialect(encoder) => encoder.losses(),
            Self::Completions(encoder) => encoder.losses(),
        }
    }
}
