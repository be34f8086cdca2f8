//! Streams of blocks that come one after the other, out of canonical events: what the stream encoders of
//! Converse and Cohere share. How an event is spelled is each dialect's own: [`Blocks`].

use std::borrow::Cow;

use crate::TokenCounts;
use crate::call_input::{CallInput, opening};
use crate::canonical::{
    Citation, Delta, Finish, Media, Part, PartBody, Reasoning, StreamEvent, Text, ToolCall, Usage,
};
use crate::failure::{Failure, FailureClass};
use crate::lossy::{Feature, LossReport, Severity};
use crate::target::AnswerTarget;
use crate::tool_ids;

/// What is added to a block of text or of reasoning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'t> {
    /// Text of the answer.
    Text(&'t str),
    /// Text of the reasoning.
    Thought(&'t str),
    /// Proof by which the provider knows its reasoning again.
    Signature(&'t str),
    /// Sealed reasoning.
    Sealed(&'t str),
}

/// The events of a dialect. Nothing of an answer is written before `begin`, and every block that has
/// begun ends before the next.
pub trait Blocks: Default {
    /// Whether reasoning can be signed and sealed.
    const SEALS: bool;

    /// The answer begins.
    fn begin(&mut self, id: &str, out: &mut Vec<u8>);

    /// The block at hand grows; `first` when nothing of it has been written.
    fn piece(&mut self, piece: Piece<'_>, first: bool, out: &mut Vec<u8>);

    /// A call of a tool begins.
    fn call(&mut self, id: &str, name: &str, out: &mut Vec<u8>);

    /// The input of that call grows.
    fn input(&mut self, json: &str, out: &mut Vec<u8>);

    /// A source of the text at hand; says whether all of it is told.
    fn citation(&mut self, citation: &Citation<'_>, first: bool, out: &mut Vec<u8>) -> bool;

    /// A block of its own; says whether there is one for such media.
    fn media(&mut self, media: &Media<'_>, out: &mut Vec<u8>) -> bool;

    /// The block at hand ends, or the call.
    fn end(&mut self, is_call: bool, out: &mut Vec<u8>);

    /// The answer ends for that reason.
    fn finish(&mut self, finish: &Finish<'_>, out: &mut Vec<u8>);

    /// All is said.
    fn done(&mut self, usage: Option<&TokenCounts>, out: &mut Vec<u8>);

    /// Ends the stream with an error.
    fn fail(&mut self, failure: &Failure<'_>, out: &mut Vec<u8>);

    /// Whether nothing is lost with a class of service.
    fn is_usual(tier: &str) -> bool;

    /// Whether counts say more than the dialect can.
    fn says_more(counts: &TokenCounts) -> bool;
}

/// The writer of one stream.
#[derive(Debug)]
pub struct BlockStream<B> {
    blocks: B,
    id: String,
    started: bool,
    finished: bool,
    ended: bool,
    calls: u32,
    open: Open,
    usage: Option<TokenCounts>,
    losses: LossReport,
}

/// The part that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Nothing,
    /// Whether anything of it has been written.
    Text(bool),
    /// The same, and the piece of the summary reached.
    Reasoning(bool, u32),
    Call(CallInput),
    /// A part that was written whole.
    Whole,
    /// A part the dialect cannot stream.
    Lost,
}

impl<B: Blocks> BlockStream<B> {
    /// An encoder at the beginning of a stream.
    pub fn new(target: &AnswerTarget<'_>) -> Self {
        Self {
            blocks: B::default(),
            id: target.id.to_owned(),
            started: false,
            finished: false,
            ended: false,
            calls: 0,
            open: Open::Nothing,
            usage: None,
            losses: LossReport::default(),
        }
    }

    /// What could not be written so far.
    pub fn losses(&self) -> &LossReport {
        &self.losses
    }

    /// Appends what an event makes.
    pub fn event(&mut self, event: &StreamEvent<'_>, out: &mut Vec<u8>) {
        if self.ended {
            return;
        }
        match event {
            StreamEvent::Start(start) => {
                if let Some(id) = &start.id {
                    self.id = id.as_ref().to_owned();
                }
                if start
                    .service_tier
                    .as_deref()
                    .is_some_and(|tier| !B::is_usual(tier))
                {
                    self.lose(Feature::ServiceTier, "", Severity::Hint);
                }
                self.begin(out);
            }
            StreamEvent::PartStart {
                candidate: 0, part, ..
            } => self.part_start(part, out),
            StreamEvent::Delta { candidate: 0, delta } => self.delta(delta, out),
            StreamEvent::PartEnd { candidate: 0 } => self.part_end(out),
            StreamEvent::Finish { candidate: 0, finish } => self.finish(finish, out),
            StreamEvent::PartStart { .. }
            | StreamEvent::Delta { .. }
            | StreamEvent::PartEnd { .. }
            | StreamEvent::Finish { .. } => self.lose(Feature::Candidates, "", Severity::Missing),
            StreamEvent::Logprobs { .. } => self.lose(Feature::Logprobs, "", Severity::Hint),
            StreamEvent::Usage(Usage { counts, native: _ }) => self.usage = Some(*counts),
            StreamEvent::Extra { name, .. } => self.lose(Feature::UnknownField, name, Severity::Hint),
            StreamEvent::Error(error) => {
                let failure = Failure {
                    class: error.class(200),
                    message: &error.message,
                    param: None,
                    code: None,
                    details: &[],
                };
                self.fail(&failure, out);
            }
            StreamEvent::Done => self.done(out),
        }
    }

    /// Ends the stream with an error.
    pub fn fail(&mut self, failure: &Failure<'_>, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.ended, true) {
            self.blocks.fail(failure, out);
        }
    }

    fn lose(&mut self, feature: Feature, name: &str, severity: Severity) {
        self.losses.note_once(feature, name, severity, "/stream");
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.started, true) {
            self.blocks.begin(&self.id, out);
        }
    }

    fn part_start(&mut self, part: &Part<'_>, out: &mut Vec<u8>) {
        self.begin(out);
        let Part {
            body,
            cache: _,
            signature,
            issuer: _,
            item: _,
            form: _,
            extra: _,
        } = part;
        self.open = Open::Text(false);
        match body {
            PartBody::Text(Text { text, citations }) => {
                self.piece(Piece::Text(text), text, out);
                for citation in citations {
                    self.citation(citation, out);
                }
            }
            PartBody::Json(value) => self.piece(Piece::Text(value.as_str()), value.as_str(), out),
            PartBody::Refusal(text) => {
                self.lose(Feature::Refusal, "", Severity::Hint);
                self.piece(Piece::Text(text), text, out);
            }
            PartBody::Reasoning(reasoning) => self.reasoning_start(reasoning, out),
            PartBody::ToolCall(call) => self.call_start(call, out),
            PartBody::Media(media) => {
                if self.blocks.media(media, out) {
                    self.open = Open::Whole;
                } else {
                    self.lose_part(Feature::of_media(media.kind), "");
                }
            }
            PartBody::Opaque(opaque) => self.lose_part(Feature::UnknownPart, &opaque.kind),
            PartBody::ToolResult(_) => self.lose_part(Feature::ToolResultContent, ""),
        }
        if let Some(signature) = signature {
            self.delta(&Delta::Signature(Cow::Borrowed(signature)), out);
        }
    }

    fn lose_part(&mut self, feature: Feature, name: &str) {
        self.lose(feature, name, Severity::Missing);
        self.open = Open::Lost;
    }

    fn reasoning_start(&mut self, reasoning: &Reasoning<'_>, out: &mut Vec<u8>) {
        let Reasoning {
            id: _,
            text,
            summary,
            encrypted,
        } = reasoning;
        self.open = Open::Reasoning(false, 0);
        for text in text {
            self.piece(Piece::Thought(text), text, out);
        }
        for (piece, text) in (0u32..).zip(summary) {
            let text = Cow::Borrowed(text.as_ref());
            self.delta(&Delta::Summary { piece, text }, out);
        }
        if let Some(data) = encrypted {
            self.delta(&Delta::Encrypted(Cow::Borrowed(data)), out);
        }
    }

    fn call_start(&mut self, call: &ToolCall<'_>, out: &mut Vec<u8>) {
        let ToolCall {
            id,
            name,
            arguments,
            kind,
            extra: _,
        } = call;
        let id = match id.as_deref().filter(|id| !id.is_empty()) {
            Some(id) => Cow::Borrowed(id),
            None => Cow::Owned(tool_ids::mint(&self.id, self.calls)),
        };
        self.calls += 1;
        self.blocks.call(&id, name, out);
        self.open = Open::Call(CallInput::new(*kind));
        if *kind == crate::canonical::CallKind::Custom {
            self.lose(Feature::CustomTool, name, Severity::Altered);
        }
        self.input(opening(arguments), out);
    }

    fn delta(&mut self, delta: &Delta<'_>, out: &mut Vec<u8>) {
        match (delta, self.open) {
            (_, Open::Lost) => {}
            (Delta::Text(text), Open::Reasoning(..)) => self.piece(Piece::Thought(text), text, out),
            (Delta::Text(text), _) => self.piece(Piece::Text(text), text, out),
            (Delta::Summary { piece, text }, Open::Reasoning(begun, reached)) => {
                let apart = if *piece > reached { "\n\n" } else { "" };
                self.open = Open::Reasoning(begun, *piece);
                let text = format!("{apart}{text}");
                self.piece(Piece::Thought(&text), &text, out);
            }
            (Delta::Arguments(text), Open::Call(_)) => self.input(text, out),
            (Delta::Signature(text), Open::Reasoning(..)) if B::SEALS => {
                self.piece(Piece::Signature(text), text, out);
            }
            (Delta::Encrypted(text), Open::Reasoning(..)) if B::SEALS => {
                self.piece(Piece::Sealed(text), text, out);
            }
            (Delta::Signature(_) | Delta::Encrypted(_), _) => {
                self.lose(Feature::ReasoningSignature, "", Severity::Hint);
            }
            (Delta::Citation(citation), Open::Text(_)) => self.citation(citation, out),
            // A decoder that keeps its promises does not come here.
            (Delta::Citation(_) | Delta::Summary { .. } | Delta::Arguments(_), _) => {
                self.lose(Feature::UnknownPart, "delta", Severity::Missing);
            }
        }
    }

    /// Marks the block at hand as begun; says whether it had not.
    fn is_first(&mut self) -> bool {
        match &mut self.open {
            Open::Text(begun) | Open::Reasoning(begun, _) => !std::mem::replace(begun, true),
            Open::Nothing | Open::Call(_) | Open::Whole | Open::Lost => {
                self.open = Open::Text(true);
                true
            }
        }
    }

    fn piece(&mut self, piece: Piece<'_>, text: &str, out: &mut Vec<u8>) {
        if !text.is_empty() {
            let first = self.is_first();
            self.blocks.piece(piece, first, out);
        }
    }

    fn citation(&mut self, citation: &Citation<'_>, out: &mut Vec<u8>) {
        let first = self.is_first();
        if !self.blocks.citation(citation, first, out) {
            self.lose(Feature::Citation, "", Severity::Hint);
        }
    }

    fn input(&mut self, text: &str, out: &mut Vec<u8>) {
        if let Open::Call(input) = &mut self.open
            && let Some(json) = input.piece(text)
        {
            self.blocks.input(&json, out);
        }
    }

    fn part_end(&mut self, out: &mut Vec<u8>) {
        match std::mem::replace(&mut self.open, Open::Nothing) {
            Open::Nothing | Open::Lost | Open::Text(false) | Open::Reasoning(false, _) => {}
            Open::Text(true) | Open::Reasoning(true, _) | Open::Whole => self.blocks.end(false, out),
            Open::Call(input) => {
                if !input.rest().is_empty() {
                    self.blocks.input(input.rest(), out);
                }
                self.blocks.end(true, out);
            }
        }
    }

    fn finish(&mut self, finish: &Finish<'_>, out: &mut Vec<u8>) {
        self.begin(out);
        if std::mem::replace(&mut self.finished, true) {
            return;
        }
        if finish.sequence.is_some() {
            self.lose(Feature::StopSequence, "", Severity::Hint);
        }
        self.blocks.finish(finish, out);
    }

    fn done(&mut self, out: &mut Vec<u8>) {
        self.begin(out);
        if !self.finished {
            let failure = Failure {
                class: FailureClass::Upstream,
                message: "the provider's stream ended before its end",
                param: None,
                code: None,
                details: &[],
            };
            return self.fail(&failure, out);
        }
        self.ended = true;
        if self.usage.as_ref().is_some_and(B::says_more) {
            self.lose(Feature::UsageDetail, "", Severity::Hint);
        }
        self.blocks.done(self.usage.as_ref(), out);
    }
}
