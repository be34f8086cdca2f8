//! A stream translated on its way: frames of the provider's dialect become canonical events, and
//! those become frames of the caller's. Nothing is held back but the end: finish reasons and what
//! follows them wait for [`StreamTranslator::tail`], where usage that was never told is estimated
//! and the cost goes in, so that what looks complete to the caller is complete.

use bytes::Bytes;

use super::StreamFacts;
use super::form::{AnswerForm, StreamEncoder};
use super::frames::Frames;
use super::noted::Noted;
use crate::TokenCounts;
use crate::canonical::{Finish, StreamEnd, StreamEvent, StreamFault, Usage};
use crate::closing_frame::frames_with_cost;
use crate::dialect::{Dialect, StreamDecoder};
use crate::failure::Failure;
use crate::lossy::LossReport;
use crate::target::AnswerTarget;

/// The translator of one stream.
#[derive(Debug)]
pub struct StreamTranslator {
    frames: Frames,
    decoder: StreamDecoder,
    writer: Writer,
}

#[derive(Debug)]
struct Writer {
    encoder: StreamEncoder,
    noted: Noted,
    /// Finish reasons that wait for the end, at most one per answer.
    finishes: Vec<(u32, Finish<'static>)>,
    out: Vec<u8>,
}

impl StreamTranslator {
    /// A translator that holds at most `max_frame` bytes of an unfinished frame.
    pub fn new(from: Dialect, to: AnswerForm, target: &AnswerTarget<'_>, max_frame: usize) -> Self {
        Self {
            frames: Frames::new(from.framing(), max_frame),
            decoder: StreamDecoder::new(from),
            writer: Writer {
                encoder: StreamEncoder::new(to, target),
                noted: Noted::default(),
                finishes: Vec::new(),
                out: Vec::new(),
            },
        }
    }

    /// Takes a read of the provider's stream and appends to `out` what the caller is to get of it.
    /// On an error `out` still has what came before the bad frame.
    pub fn feed(&mut self, read: &Bytes, out: &mut Vec<Bytes>) -> Result<(), StreamFault> {
        let Self {
            frames,
            decoder,
            writer,
        } = self;
        let fed = frames.feed(read, &mut |event, data| writer.frame(decoder, event, data));
        out.extend(writer.written());
        fed
    }

    /// Takes the end of the provider's connection. A last frame that lacks only its blank line
    /// still counts.
    pub fn finish(&mut self, out: &mut Vec<Bytes>) -> StreamEnd {
        let Self {
            frames,
            decoder,
            writer,
        } = self;
        let ended = frames.finish(&mut |event, data| writer.frame(decoder, event, data));
        let end = match ended {
            Ok(()) => decoder.end(&mut |event: StreamEvent<'_>| writer.event(&event)),
            // A frame that breaks off in the middle is what a cut looks like.
            Err(_) => StreamEnd::Cut,
        };
        out.extend(writer.written());
        end
    }

    /// What has been read so far.
    pub fn facts(&self) -> StreamFacts<'_> {
        self.writer.noted.facts()
    }

    /// What ends a complete stream towards the caller. `estimate` stands in for usage that the
    /// provider never told; `cost` is a JSON number in US dollars.
    pub fn tail(&mut self, estimate: &TokenCounts, cost: Option<&str>) -> Bytes {
        let Writer {
            encoder,
            noted,
            finishes,
            out,
        } = &mut self.writer;
        if noted.facts().usage.is_none() {
            let usage = Usage {
                counts: *estimate,
                native: None,
            };
            encoder.event(&StreamEvent::Usage(usage), out);
        }
        for (candidate, finish) in finishes.drain(..) {
            encoder.event(&StreamEvent::Finish { candidate, finish }, out);
        }
        encoder.event(&StreamEvent::Done, out);
        frames_with_cost(std::mem::take(out), cost).into()
    }

    /// Ends a broken stream in a way that no client takes for a proper end.
    pub fn fail(&mut self, failure: &Failure<'_>) -> Bytes {
        self.writer.encoder.fail(failure, &mut self.writer.out);
        std::mem::take(&mut self.writer.out).into()
    }

    /// What could not be said in the caller's dialect so far.
    pub fn losses(&self) -> &LossReport {
        self.writer.encoder.losses()
    }
}

impl Writer {
    fn frame(
        &mut self,
        decoder: &mut StreamDecoder,
        event: Option<&[u8]>,
        data: &[u8],
    ) -> Result<(), StreamFault> {
        if self.noted.is_over() {
            return Ok(());
        }
        decoder.frame(event, data, &mut |event: StreamEvent<'_>| self.event(&event))
    }

    fn event(&mut self, event: &StreamEvent<'_>) {
        self.noted.note(event);
        match event {
            StreamEvent::Finish { candidate, finish } => {
                self.finishes.push((*candidate, finish.clone().into_owned()));
            }
            StreamEvent::Done => {}
            StreamEvent::Start(_)
            | StreamEvent::PartStart { .. }
            | StreamEvent::Delta { .. }
            | StreamEvent::PartEnd { .. }
            | StreamEvent::Logprobs { .. }
            | StreamEvent::Usage(_)
            | StreamEvent::Extra { .. }
            | StreamEvent::Error(_) => self.encoder.event(event, &mut self.out),
        }
    }

    fn written(&mut self) -> Option<Bytes> {
        (!self.out.is_empty()).then(|| std::mem::take(&mut self.out).into())
    }
}
