//! A stream on its way from a provider to a caller: in one dialect the bytes pass on as they come and the reader only
//! looks, between two it translates event by event.
//!
//! Must stay true: nothing is held back, except the end: the usage record is written before the caller sees it, and
//! the cost it states goes into the closing usage, where the dialect has a place for it, as does what was lost in
//! translation. A stream that breaks says so in a last event and never looks complete. Dropping this cancels the
//! provider's work.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::Stream;
use sluicegate_contracts::usage::{AttemptOutcome, Outcome};
use sluicegate_metering::Ending;
use sluicegate_protocols::canonical::StreamEnd;
use sluicegate_protocols::relay::StreamRelay;
use sluicegate_protocols::sse::KEEP_ALIVE;
use tokio::time::{Instant, Sleep, sleep_until};

use super::answer::tokens;
use super::attempt::Opened;
use super::finish::{AttemptEnd, Finish};
use super::last_word::too_late;
use super::meter::Meter;
use super::{Gateway, Limits};
use crate::error::{ErrorKind, GatewayError};
use crate::upstream::{BodyFault, ReplyBody, classify};

/// A stream being relayed.
pub(crate) struct Relay {
    /// Events for the caller, in order.
    shown: VecDeque<Bytes>,
    scratch: Vec<Bytes>,
    reader: StreamRelay,
    /// `None` once there is nothing more to read.
    body: Option<ReplyBody>,
    status: u16,
    input_bytes: u64,
    /// `None` once the books are closed.
    finish: Option<Finish>,
    /// Where the stream is paid as it comes.
    meter: Option<Meter>,
    gateway: Gateway,
    limits: Limits,
    last_data: Instant,
    last_shown: Instant,
    end_by: Instant,
    /// When the caller wants all of it to be over.
    over_by: Option<Instant>,
    wake: Pin<Box<Sleep>>,
}

impl Relay {
    pub(super) fn new(
        opened: Opened,
        mut finish: Finish,
        gateway: &Gateway,
        over_by: Option<Instant>,
    ) -> Self {
        let now = Instant::now();
        let limits = gateway.state().limits;
        let longest = now + limits.max_stream();
        let end_by = over_by.map_or(longest, |by| by.min(longest));
        let first_wake = now + limits.keep_alive().min(limits.idle_timeout());
        let mut relay = Self {
            shown: opened.shown.into(),
            scratch: Vec::new(),
            reader: opened.reader,
            body: Some(opened.body),
            status: opened.status,
            input_bytes: opened.input_bytes,
            meter: finish.meter(),
            finish: Some(finish),
            gateway: gateway.clone(),
            limits,
            last_data: now,
            last_shown: now,
            end_by,
            over_by,
            wake: Box::pin(sleep_until(first_wake.min(end_by))),
        };
        match opened.ended {
            Some(end) => relay.ended(end),
            None => relay.settle_if_done(),
        }
        relay
    }

    /// Takes bytes of the provider.
    fn take(&mut self, data: &Bytes) {
        self.last_data = Instant::now();
        // One that never pauses is not waited for either.
        if self.is_over(self.last_data) {
            return self.end_late();
        }
        let fed = self.reader.feed(data, &mut self.scratch);
        self.show();
        match fed {
            Ok(()) => self.settle_if_done(),
            Err(fault) => self.fail((AttemptOutcome::ServerError, Ending::Cut), &fault.to_string()),
        }
    }

    fn show(&mut self) {
        if !self.scratch.is_empty() {
            self.last_shown = self.last_data;
            self.shown.extend(self.scratch.drain(..));
        }
    }

    /// Closes the books as soon as the stream says it is done or tells an error, without waiting for its connection.
    fn settle_if_done(&mut self) {
        let facts = self.reader.facts();
        if facts.error.is_some() {
            self.ended(StreamEnd::Failed);
        } else if facts.done {
            self.ended(StreamEnd::Complete);
        }
    }

    fn ended(&mut self, end: StreamEnd) {
        if self.finish.is_none() {
            return;
        }
        match end {
            StreamEnd::Complete => {
                let facts = self.reader.facts();
                let (counts, _) = tokens(facts.usage, self.input_bytes, facts.content_bytes);
                self.reader.conclude(&counts);
                let cost = self.close((AttemptOutcome::Served, Ending::Answered), Outcome::Served, None);
                let tail = self.reader.tail(&counts, cost.as_deref());
                if !tail.is_empty() {
                    self.shown.push_back(tail);
                }
            }
            // The caller sees the provider's own error event.
            StreamEnd::Failed => self.broke((AttemptOutcome::ServerError, Ending::Cut), FAILED),
            StreamEnd::Cut => {
                let why = "the provider's stream ended before its end";
                self.fail((AttemptOutcome::Cut, Ending::Cut), why);
            }
        }
    }

    /// Whether more may be read. Ends the stream when there is no money for more.
    fn poll_meter(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let (Some(meter), Some(finish)) = (&mut self.meter, &mut self.finish) else {
            return Poll::Ready(());
        };
        let used = self.reader.facts().content_bytes;
        meter.poll(used, finish, &self.gateway, cx).map(|goes_on| {
            if let Err(error) = goes_on {
                self.end_with(
                    &error,
                    (AttemptOutcome::Stopped, Ending::Stopped),
                    error.kind.code(),
                );
            }
        })
    }

    /// Ends the stream with an event that no client takes for a proper end.
    fn fail(&mut self, end: (AttemptOutcome, Ending), why: &str) {
        let message = format!("The answer broke off: {why}.");
        let error = GatewayError::new(ErrorKind::UpstreamFailed(502), message);
        self.end_with(&error, end, FAILED);
    }

    fn is_over(&self, now: Instant) -> bool {
        self.over_by.is_some_and(|by| now >= by)
    }

    /// Ends a stream that its caller wanted to be over by now, which says nothing about the provider.
    fn end_late(&mut self) {
        let error = too_late();
        let end = (AttemptOutcome::Stopped, Ending::Stopped);
        self.end_with(&error, end, error.kind.code());
    }

    fn end_with(&mut self, error: &GatewayError, end: (AttemptOutcome, Ending), code: &str) {
        self.body = None;
        if self.finish.is_none() {
            return;
        }
        self.broke(end, code);
        self.shown.push_back(self.reader.fail(&error.failure()));
    }

    /// Closes the books of a stream that broke. What still waited for the end goes out.
    fn broke(&mut self, end: (AttemptOutcome, Ending), code: &str) {
        let cost = self.close(end, Outcome::Cut, Some(code));
        self.shown.extend(self.reader.release(cost.as_deref()));
    }

    /// Gives the cost as the record states it, in US dollars.
    fn close(
        &mut self,
        (attempt, ending): (AttemptOutcome, Ending),
        outcome: Outcome,
        error_code: Option<&str>,
    ) -> Option<String> {
        let mut finish = self.finish.take()?;
        let facts = self.reader.facts();
        let (tokens, is_told) = tokens(facts.usage, self.input_bytes, facts.content_bytes);
        finish.end_open(&AttemptEnd {
            outcome: attempt,
            status: Some(self.status),
            ending,
            tokens,
            is_told,
            retry_after: None,
        });
        finish.lost(&self.reader.losses());
        finish
            .close(outcome, 200, error_code)
            .map(|cost| cost.to_string())
    }

    /// Waits for time to pass: keep-alive, silence, or the longest stream. Ready when there is something to show.
    fn poll_time(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.wake.as_mut().poll(cx).is_ready() {
            let now = Instant::now();
            if self.is_over(now) {
                self.end_late();
                return Poll::Ready(());
            }
            let silent_until = self.last_data + self.limits.idle_timeout();
            if now >= silent_until.min(self.end_by) {
                let why = if now >= self.end_by {
                    "the stream reached its longest time"
                } else {
                    "the provider fell silent"
                };
                self.fail(classify::cut_short(BodyFault::TimedOut), why);
                return Poll::Ready(());
            }
            let keep_alive_at = self.last_shown + self.limits.keep_alive();
            let due = now >= keep_alive_at;
            if due {
                self.last_shown = now;
                self.shown.push_back(Bytes::from_static(KEEP_ALIVE));
            }
            let next = self.last_shown + self.limits.keep_alive();
            self.wake.as_mut().reset(next.min(silent_until).min(self.end_by));
            if due {
                return Poll::Ready(());
            }
        }
        Poll::Pending
    }
}

const FAILED: &str = ErrorKind::UpstreamFailed(502).code();

impl Stream for Relay {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if let Some(bytes) = this.shown.pop_front() {
                return Poll::Ready(Some(Ok(bytes)));
            }
            if this.poll_meter(cx).is_pending() {
                if this.poll_time(cx).is_pending() {
                    return Poll::Pending;
                }
                continue;
            }
            if !this.shown.is_empty() {
                continue;
            }
            let closed = this.finish.is_none();
            let Some(body) = &mut this.body else {
                return Poll::Ready(None);
            };
            match body.poll_data(cx) {
                // Once the books are closed, a body is read one step further only so that its connection can be
                // used again.
                Poll::Ready(Some(Ok(_))) | Poll::Pending if closed => this.body = None,
                Poll::Ready(Some(Ok(data))) => this.take(&data),
                Poll::Ready(Some(Err(fault))) => this.fail(classify::cut_short(fault), &fault.to_string()),
                Poll::Ready(None) => {
                    this.body = None;
                    let end = this.reader.finish(&mut this.scratch);
                    this.last_data = Instant::now();
                    this.show();
                    this.ended(end);
                }
                Poll::Pending => {
                    if this.poll_time(cx).is_pending() {
                        return Poll::Pending;
                    }
                }
            }
        }
    }
}

/// Dropped before its end: the caller hung up. What was streamed so far is what is known of the cost.
impl Drop for Relay {
    fn drop(&mut self) {
        self.close(
            (AttemptOutcome::ClientGone, Ending::ClientGone),
            Outcome::ClientGone,
            None,
        );
    }
}
