//! The echo's answer as it is read: bytes, waits, and the ways a connection can fail.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Sleep, sleep};

use crate::upstream::BodyFault;

/// One thing that happens on the imagined connection.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// Bytes arrive.
    Data(Bytes),
    /// Nothing arrives for a while.
    Wait(Duration),
    /// Nothing arrives any more.
    Hang,
    /// The connection breaks.
    Break,
}

/// An answer of the echo.
#[derive(Debug)]
pub struct EchoBody {
    steps: VecDeque<Step>,
    waiting: Option<Pin<Box<Sleep>>>,
}

impl EchoBody {
    pub(super) fn new(steps: Vec<Step>) -> Self {
        Self {
            steps: steps.into(),
            waiting: None,
        }
    }

    pub(in crate::upstream) fn poll_data(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, BodyFault>>> {
        loop {
            if let Some(waiting) = &mut self.waiting {
                ready!(waiting.as_mut().poll(cx));
                self.waiting = None;
            }
            match self.steps.pop_front() {
                None => return Poll::Ready(None),
                Some(Step::Data(data)) => return Poll::Ready(Some(Ok(data))),
                Some(Step::Wait(length)) => self.waiting = Some(Box::pin(sleep(length))),
                Some(Step::Break) => return Poll::Ready(Some(Err(BodyFault::Broken))),
                Some(Step::Hang) => {
                    self.steps.push_front(Step::Hang);
                    return Poll::Pending;
                }
            }
        }
    }
}
