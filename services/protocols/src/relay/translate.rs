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
use crate::closing_frame::{frames_with_cost, frames_with_dropped};
use crate::dialect::{Dialect, StreamDecoder};
use crate::failure::Failure;
use crate::json::RawJson;
use crate::lossy::{Feature, LossReport, Severity, list};
use crate::sse::write_comment;
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
    /// Google's client for Python takes comments for JSON.
    has_comments: bool,
    /// The end is written.
    concluded: bool,
    report: UsageReport,
}

/// The header that names losses of requests and of whole answers; streams say it in a comment.
const DROPPED: &str = "x-sluicegate-dropped";

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
                has_comments: to != AnswerForm::Dialect(Dialect::Gemini),
                concluded: false,
                report: UsageReport {
                    is_told: target.usage,
                    ..UsageReport::default()
                },
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

    /// Writes the end of a complete answer, which [`StreamTranslator::tail`] shows. `estimate` stands
    /// in for usage that the provider never told.
    pub fn conclude(&mut self, estimate: &TokenCounts) {
        let Writer {
            encoder,
            noted,
            finishes,
            out,
            concluded,
            report,
            has_comments: _,
        } = &mut self.writer;
        if std::mem::replace(concluded, true) {
            return;
        }
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
        report.judge(noted.facts().usage);
    }

    /// What ends a complete stream towards the caller; see [`StreamTranslator::conclude`]. What was
    /// lost of the answer is told in a comment, and in the frame that tells usage, as is `cost`, a
    /// JSON number in US dollars, each where the dialect has a place for it.
    pub fn tail(&mut self, estimate: &TokenCounts, cost: Option<&str>) -> Bytes {
        self.conclude(estimate);
        let frames = frames_with_cost(std::mem::take(&mut self.writer.out), cost);
        let Some(dropped) = self.dropped() else {
            return frames.into();
        };
        let mut out = self.comment(&dropped);
        out.extend_from_slice(&frames_with_dropped(frames, &dropped));
        out.into()
    }

    /// Ends a broken stream in a way that no client takes for a proper end.
    pub fn fail(&mut self, failure: &Failure<'_>) -> Bytes {
        let dropped = self.dropped();
        let mut out = dropped.map(|it| self.comment(&it)).unwrap_or_default();
        self.writer.encoder.fail(failure, &mut self.writer.out);
        out.append(&mut self.writer.out);
        out.into()
    }

    /// What could not be said in the caller's dialect so far.
    pub fn losses(&self) -> LossReport {
        let mut losses = self.writer.encoder.losses().clone();
        losses.append(&self.writer.report.losses);
        losses
    }

    /// The losses in words. The head of the stream, which names those of the request, has left
    /// before any of them was known.
    fn dropped(&self) -> Option<String> {
        list(&[&self.losses()], Severity::Hint)
    }

    /// The comment frame that tells losses, for callers that can read past it.
    fn comment(&self, dropped: &str) -> Vec<u8> {
        let mut comment = Vec::new();
        if self.writer.has_comments {
            write_comment(&mut comment, &format!("{DROPPED} {dropped}"));
        }
        comment
    }
}

/// The last report of usage in the provider's own words, to know in the end whether it said more
/// than was told.
#[derive(Debug, Default)]
struct UsageReport {
    /// Nobody looks at reports when the caller is told no usage.
    is_told: bool,
    native: String,
    losses: LossReport,
}

impl UsageReport {
    fn keep(&mut self, usage: &Usage<'_>) {
        if let (true, Some(native)) = (self.is_told, &usage.native) {
            self.native.clear();
            self.native.push_str(native.as_str());
        }
    }

    fn judge(&mut self, counts: Option<TokenCounts>) {
        let native = RawJson::parse(self.native.as_str()).ok();
        let usage = Usage {
            counts: counts.unwrap_or_default(),
            native,
        };
        if usage.says_more() {
            self.losses
                .note(Feature::UsageDetail, "", Severity::Hint, "/stream");
        }
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
            StreamEvent::Usage(usage) => {
                self.report.keep(usage);
                self.encoder.event(event, &mut self.out);
            }
            StreamEvent::Start(_)
            | StreamEvent::PartStart { .. }
            | StreamEvent::Delta { .. }
            | StreamEvent::PartEnd { .. }
            | StreamEvent::Logprobs { .. }
            | StreamEvent::Extra { .. }
            | StreamEvent::Error(_) => self.encoder.event(event, &mut self.out),
        }
    }

    fn written(&mut self) -> Option<Bytes> {
        (!self.out.is_empty()).then(|| std::mem::take(&mut self.out).into())
    }
}
