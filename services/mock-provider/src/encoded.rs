//! Canonical events as a format writes them: folded into a whole answer, or as frames, encoded as they
//! go out. Both are the same events, so that they cannot differ.

use std::collections::VecDeque;

use sluicegate_protocols::canonical::{Collector, Delta, Response, StreamEvent};
use sluicegate_protocols::completions;
use sluicegate_protocols::dialect::{Dialect, StreamEncoder, encode_response};
use sluicegate_protocols::target::AnswerTarget;

use crate::events::{Beat, Voice, score};
use crate::formats::{Told, Wire};
use crate::frames::{self, Shape};
use crate::plan::Plan;
use crate::state::unix_nanos;

/// Largest whole answer, in bytes.
const MAX_ANSWER: usize = 1 << 30;

impl Voice {
    fn target<'a>(&self, plan: &'a Plan, id: &'a str) -> AnswerTarget<'a> {
        AnswerTarget {
            id,
            model: &plan.model_name,
            created: plan.created,
            usage: plan.usage_chunk,
            // What encoders add for callers who expect a full document belongs in one of a provider.
            meaning_only: true,
            for_any_client: false,
            openrouter: false,
        }
    }

    /// A whole answer.
    pub(crate) fn body(&self, plan: &Plan, id: &str) -> Vec<u8> {
        let response = self.response(plan, id);
        let target = self.target(plan, id);
        let encoded = match self.format.wire {
            Wire::Dialect(dialect) => encode_response(dialect, &response, &target),
            Wire::Completions => completions::encode_response(&response, &target),
        };
        let Some(dress) = self.format.dress else {
            return encoded.body;
        };
        let told = Told {
            counts: plan.counts,
            sent: plan.words * u64::from(plan.n),
        };
        let mut document = serde_json::from_slice(&encoded.body).unwrap_or_default();
        dress("", &mut document, &told);
        document.to_string().into_bytes()
    }

    fn response(&self, plan: &Plan, id: &str) -> Response<'static> {
        let origin = self.dialect().unwrap_or(Dialect::OpenAiChat);
        let mut collector = Collector::new(origin, MAX_ANSWER);
        for beat in score(plan, *self, id) {
            if let Err(fault) = collector.event(beat.event) {
                tracing::error!(%fault, "an answer cannot be folded");
                break;
            }
        }
        collector.finish()
    }

    /// The frames of a stream.
    pub(crate) fn frames(self, plan: &Plan, id: &str) -> EventFrames {
        let target = self.target(plan, id);
        EventFrames {
            encoder: match self.format.wire {
                Wire::Dialect(dialect) => Encoder::Dialect(StreamEncoder::new(dialect, &target)),
                Wire::Completions => Encoder::Completions(Box::new(completions::StreamEncoder::new(&target))),
            },
            beats: score(plan, self, id),
            voice: self,
            stamps: plan.model.behaviour.stamp_chunks,
            ready: VecDeque::new(),
            tokens: 0,
            told: Told {
                counts: plan.counts,
                sent: 0,
            },
            in_tail: false,
            is_first: true,
        }
    }
}

#[derive(Debug)]
enum Encoder {
    Dialect(StreamEncoder),
    Completions(Box<completions::StreamEncoder>),
}

/// The frames in order, encoded as they go out.
#[derive(Debug)]
pub(crate) struct EventFrames {
    encoder: Encoder,
    beats: VecDeque<Beat>,
    voice: Voice,
    /// Whether texts carry the time they were written.
    stamps: bool,
    /// Frames of the event at hand that have not gone out.
    ready: VecDeque<Vec<u8>>,
    /// Tokens that go with the last of them.
    tokens: u64,
    told: Told,
    in_tail: bool,
    is_first: bool,
}

impl EventFrames {
    /// Appends the next frame; gives its tokens, or `None` at the end.
    pub(crate) fn next(&mut self, out: &mut Vec<u8>) -> Option<u64> {
        while self.ready.is_empty() {
            let mut beat = self.beats.pop_front()?;
            if self.stamps {
                stamp(&mut beat.event);
            }
            let mut bytes = Vec::with_capacity(256);
            match &mut self.encoder {
                Encoder::Dialect(encoder) => encoder.event(&beat.event, &mut bytes),
                Encoder::Completions(encoder) => encoder.event(&beat.event, &mut bytes),
            }
            self.tokens += beat.tokens;
            self.told.sent += beat.tokens;
            let framing = self.voice.format.wire.framing();
            for frame in frames::split(framing, &bytes) {
                let frame = match self.voice.format.dress {
                    None => frame,
                    Some(dress) => frames::rewrite(framing, frame, |event, document| {
                        dress(event, document, &self.told);
                    }),
                };
                if !frame.is_empty() {
                    self.ready.push_back(frame);
                }
            }
            self.in_tail |= beat.is_tail && !self.ready.is_empty();
        }
        let frame = self.ready.pop_front()?;
        let is_last = self.ready.is_empty() && self.beats.is_empty();
        self.voice.shape.write(&frame, self.is_first, is_last, out);
        self.is_first = false;
        Some(if self.ready.is_empty() {
            std::mem::take(&mut self.tokens)
        } else {
            0
        })
    }

    /// Whether the content is over.
    pub(crate) fn is_tail(&self) -> bool {
        self.in_tail
    }

    /// Whether they are the elements of a JSON array.
    pub(crate) fn are_array(&self) -> bool {
        self.voice.shape == Shape::Array
    }

    /// A frame that cannot be read.
    pub(crate) fn malformed(&self) -> Vec<u8> {
        let format = self.voice.format;
        let broken = frames::malformed(format.wire.framing(), format.event);
        let mut out = Vec::new();
        self.voice.shape.write(&broken, self.is_first, false, &mut out);
        out
    }

    /// The frames that end the stream with an error.
    pub(crate) fn fail(&mut self) -> Vec<u8> {
        let (mut bytes, mut out) = (Vec::new(), Vec::new());
        let breakdown = &self.voice.format.breakdown;
        match &mut self.encoder {
            Encoder::Dialect(encoder) => encoder.fail(breakdown, &mut bytes),
            Encoder::Completions(encoder) => encoder.fail(breakdown, &mut bytes),
        }
        self.voice.shape.write(&bytes, self.is_first, true, &mut out);
        out
    }
}

fn stamp(event: &mut StreamEvent<'static>) {
    if let StreamEvent::Delta {
        delta: Delta::Text(text),
        ..
    } = event
    {
        let text = text.to_mut();
        text.push_str(" @");
        text.push_str(&unix_nanos().to_string());
    }
}
