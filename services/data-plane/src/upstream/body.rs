//! The bytes of an answer as they arrive. Limits of size and time are applied here, before anything reads them.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::future::poll_fn;
use hyper::body::{Body, Incoming};
use tokio::time::{Instant, timeout_at};

use super::echo::EchoBody;

/// A body still to come. Dropping it cancels the call at the provider.
#[derive(Debug)]
pub enum ReplyBody {
    /// From a socket.
    Network(Incoming),
    /// From the built-in echo.
    Echo(EchoBody),
}

/// The body did not arrive whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyFault {
    /// The connection broke.
    #[error("the provider's connection broke in the middle of the answer")]
    Broken,
    /// It is larger than allowed.
    #[error("the provider's answer is larger than allowed")]
    TooLarge,
    /// Nothing came for too long, or it took too long as a whole.
    #[error("the provider's answer did not come in time")]
    TimedOut,
}

impl ReplyBody {
    /// The next bytes; `None` at the end.
    pub fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyFault>>> {
        match self {
            Self::Echo(body) => body.poll_data(cx),
            Self::Network(body) => loop {
                let frame = match ready!(Pin::new(&mut *body).poll_frame(cx)) {
                    None => return Poll::Ready(None),
                    Some(Err(_)) => return Poll::Ready(Some(Err(BodyFault::Broken))),
                    Some(Ok(frame)) => frame,
                };
                // Trailers say nothing this gateway acts on.
                if let Ok(data) = frame.into_data()
                    && !data.is_empty()
                {
                    return Poll::Ready(Some(Ok(data)));
                }
            },
        }
    }

    /// Waits for the next bytes until `deadline`.
    ///
    /// # Errors
    /// [`BodyFault`], never of size.
    pub async fn next(&mut self, deadline: Instant) -> Result<Option<Bytes>, BodyFault> {
        timeout_at(deadline, poll_fn(|cx| self.poll_data(cx)))
            .await
            .map_err(|_| BodyFault::TimedOut)?
            .transpose()
    }

    /// The whole body, of at most `limit` bytes, silent for at most `idle` and complete by `deadline`.
    ///
    /// # Errors
    /// [`BodyFault`].
    pub async fn whole(
        mut self,
        limit: usize,
        idle: Duration,
        deadline: Instant,
    ) -> Result<Bytes, BodyFault> {
        let next = || {
            Instant::now()
                .checked_add(idle)
                .map_or(deadline, |at| at.min(deadline))
        };
        let Some(first) = self.next(next()).await? else {
            return Ok(Bytes::new());
        };
        let Some(second) = self.next(next()).await? else {
            return if first.len() > limit {
                Err(BodyFault::TooLarge)
            } else {
                Ok(first)
            };
        };
        let mut joined = BytesMut::with_capacity((first.len() + second.len()).saturating_mul(2));
        joined.extend_from_slice(&first);
        joined.extend_from_slice(&second);
        while joined.len() <= limit {
            match self.next(next()).await? {
                None => return Ok(joined.freeze()),
                Some(more) => joined.extend_from_slice(&more),
            }
        }
        Err(BodyFault::TooLarge)
    }
}
