//! The frames of one read that go out: neighbors that lie in the read itself as one slice of it,
//! frames that began earlier as one copy. Used by what passes a stream on in its own dialect.

use std::ops::Range;

use bytes::{Bytes, BytesMut};

use super::Frame;

/// Collects them.
pub(crate) struct Outgoing<'a> {
    read: &'a Bytes,
    run: Range<usize>,
    copied: BytesMut,
    out: &'a mut Vec<Bytes>,
}

impl<'a> Outgoing<'a> {
    /// Of `read`, towards `out`.
    pub(crate) fn new(read: &'a Bytes, out: &'a mut Vec<Bytes>) -> Self {
        Self {
            read,
            run: 0..0,
            copied: BytesMut::new(),
            out,
        }
    }

    /// Adds a frame of the read.
    pub(crate) fn add(&mut self, frame: &Frame<'_>) {
        match &frame.place {
            None => self.copied.extend_from_slice(frame.raw),
            Some(place) if place.start == self.run.end => self.run.end = place.end,
            Some(place) => {
                self.flush();
                self.run = place.clone();
            }
        }
    }

    /// Adds a frame that was kept back in vain.
    pub(crate) fn push(&mut self, frame: Option<Bytes>) {
        if let Some(frame) = frame {
            self.flush();
            self.out.push(frame);
        }
    }

    /// Hands over what was collected.
    pub(crate) fn flush(&mut self) {
        if !self.copied.is_empty() {
            self.out.push(self.copied.split().freeze());
        }
        if !self.run.is_empty() {
            self.out.push(self.read.slice(self.run.clone()));
            self.run = self.run.end..self.run.end;
        }
    }
}
