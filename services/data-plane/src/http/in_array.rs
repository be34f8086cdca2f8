//! A stream of events told as one JSON array: the framing of Gemini's streams for clients that ask for no events.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::Stream;
use sluicegate_protocols::relay::JsonArray;

/// The stream in an array.
pub(super) struct InArray<S> {
    events: Pin<Box<S>>,
    array: JsonArray,
    ended: bool,
}

impl<S> InArray<S> {
    pub(super) fn new(events: S) -> Self {
        Self {
            events: Box::pin(events),
            array: JsonArray::default(),
            ended: false,
        }
    }
}

impl<S: Stream<Item = Result<Bytes, Infallible>>> Stream for InArray<S> {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.ended {
            return Poll::Ready(None);
        }
        this.events.as_mut().poll_next(cx).map(|next| match next {
            Some(Ok(frames)) => Some(Ok(this.array.write(&frames).into())),
            // A stream that broke has told so in its last element.
            None => {
                this.ended = true;
                Some(Ok(Bytes::from_static(this.array.end())))
            }
            Some(Err(never)) => match never {},
        })
    }
}
