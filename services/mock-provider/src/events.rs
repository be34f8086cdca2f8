//! A plan as canonical events, in the order in which a provider tells them.

use std::borrow::Cow;
use std::collections::VecDeque;

use sluicegate_protocols::TokenCounts;
use sluicegate_protocols::canonical::{
    Arguments, CallKind, Delta, Extra, Finish, FinishReason, Issuer, Item, Part, PartBody, Reasoning,
    StreamEvent, StreamStart, ToolCall, Usage,
};
use sluicegate_protocols::dialect::Dialect;

use crate::answer::{Content, ScriptedCall};
use crate::formats::{Format, Wire};
use crate::frames::Shape;
use crate::plan::{Ending, Plan};
use crate::seal;

/// Longest piece of arguments in a stream, in characters.
const ARGUMENT_PIECE: usize = 9;

/// How a plan is told to this caller.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Voice {
    pub(crate) format: &'static Format,
    /// Reasoning is paid for and not shown.
    pub(crate) hides_reasoning: bool,
    /// Responses: the caller asked for sealed reasoning.
    pub(crate) gives_sealed: bool,
    /// How frames are strung together.
    pub(crate) shape: Shape,
    /// Where signatures come from.
    pub(crate) seed: u64,
}

/// An event, with the tokens of content it carries.
#[derive(Debug)]
pub(crate) struct Beat {
    pub(crate) event: StreamEvent<'static>,
    pub(crate) tokens: u64,
    /// Belongs to the end of the stream and not to its content.
    pub(crate) is_tail: bool,
}

/// Collects the beats of a plan.
struct Score<'p> {
    plan: &'p Plan,
    voice: Voice,
    id: &'p str,
    beats: VecDeque<Beat>,
    candidate: u32,
    parts: u32,
}

/// The beats of a plan.
pub(crate) fn score(plan: &Plan, voice: Voice, id: &str) -> VecDeque<Beat> {
    let mut score = Score {
        plan,
        voice,
        id,
        beats: VecDeque::new(),
        candidate: 0,
        parts: 0,
    };
    score.play();
    score.beats
}

impl Score<'_> {
    fn play(&mut self) {
        self.add(StreamEvent::Start(StreamStart {
            id: Some(self.id.to_owned().into()),
            model: Some(self.plan.model_name.clone().into()),
            created: Some(self.plan.created),
            service_tier: self.tier(),
        }));
        if self.voice.dialect() == Some(Dialect::AnthropicMessages) {
            // Input is told at once, output as far as it has come.
            let begun = TokenCounts {
                output: self.plan.counts.output.min(1),
                reasoning: 0,
                ..self.plan.counts
            };
            self.usage(begun, false);
        }
        for candidate in 0..self.plan.n {
            (self.candidate, self.parts) = (candidate, 0);
            self.reasoning();
            self.content();
        }
        for candidate in 0..self.plan.n {
            let (reason, sequence) = (reason(self.plan.ending), None);
            let native = None;
            let finish = Finish {
                reason,
                native,
                sequence,
            };
            self.tail(StreamEvent::Finish { candidate, finish });
        }
        self.usage(self.plan.counts, true);
        self.tail(StreamEvent::Done);
    }

    /// The class of service given, where the format always tells it.
    fn tier(&self) -> Option<Cow<'static, str>> {
        match self.voice.dialect()? {
            Dialect::OpenAiChat | Dialect::OpenAiResponses | Dialect::AnthropicMessages => {
                Some(Cow::Borrowed("default"))
            }
            Dialect::Gemini | Dialect::BedrockConverse | Dialect::CohereChat => None,
        }
    }

    fn usage(&mut self, counts: TokenCounts, is_tail: bool) {
        let event = StreamEvent::Usage(Usage { counts, native: None });
        self.push(event, 0, is_tail);
    }

    fn add(&mut self, event: StreamEvent<'static>) {
        self.push(event, 0, false);
    }

    fn tail(&mut self, event: StreamEvent<'static>) {
        self.push(event, 0, true);
    }

    fn push(&mut self, event: StreamEvent<'static>, tokens: u64, is_tail: bool) {
        self.beats.push_back(Beat {
            event,
            tokens,
            is_tail,
        });
    }

    fn open(&mut self, part: Part<'static>, tokens: u64) {
        let (candidate, index, part) = (self.candidate, self.parts, Box::new(part));
        self.parts += 1;
        let event = StreamEvent::PartStart {
            candidate,
            index,
            part,
        };
        self.push(event, tokens, false);
    }

    fn grow(&mut self, delta: Delta<'static>, tokens: u64) {
        let candidate = self.candidate;
        self.push(StreamEvent::Delta { candidate, delta }, tokens, false);
    }

    fn close(&mut self) {
        let candidate = self.candidate;
        self.add(StreamEvent::PartEnd { candidate });
    }

    /// Reasoning where the format has its place. Its tokens are booked apart from those sent.
    fn reasoning(&mut self) {
        if self.plan.reasoning.is_empty() || self.voice.keeps_reasoning() {
            return;
        }
        let summarizes = self.voice.dialect() == Some(Dialect::OpenAiResponses);
        let mut part = Part::new(PartBody::from(Reasoning::default()));
        part.issuer = self.voice.issuer();
        if summarizes {
            let id = format!("rs_{}_{}", self.id, self.candidate);
            part.item = Some(Box::new(Item {
                id: Some(id.into()),
                ..Item::default()
            }));
        }
        self.open(part, 0);
        let mut shown = String::new();
        if !self.voice.hides_reasoning {
            for piece in &self.plan.reasoning {
                shown.push_str(piece);
                let text = Cow::Owned(piece.clone());
                let delta = if summarizes {
                    Delta::Summary { piece: 0, text }
                } else {
                    Delta::Text(text)
                };
                self.grow(delta, 0);
            }
        }
        let signature = Cow::Owned(seal::sign(self.voice.seed, &shown));
        match self.voice.issuer() {
            Some(Issuer::Anthropic) => self.grow(Delta::Signature(signature), 0),
            Some(Issuer::OpenAi) if self.voice.gives_sealed => self.grow(Delta::Encrypted(signature), 0),
            Some(Issuer::OpenAi | Issuer::Google | Issuer::Other(_)) | None => {}
        }
        self.close();
    }

    fn content(&mut self) {
        match &self.plan.content {
            Content::Words => {
                self.open(Part::text(""), 0);
                for position in 0..self.plan.words {
                    let mut word = String::new();
                    self.plan.word(position, &mut word);
                    self.grow(Delta::Text(word.into()), 1);
                }
                self.close();
            }
            Content::Text(pieces) => {
                self.open(Part::text(""), 0);
                for piece in pieces {
                    self.grow(Delta::Text(piece.clone().into()), 1);
                }
                self.close();
            }
            Content::Calls(calls) => {
                for (position, call) in calls.iter().enumerate() {
                    self.call(position, call);
                }
            }
        }
    }

    fn call(&mut self, position: usize, call: &ScriptedCall) {
        let number = format!("{}_{position}", self.id);
        let id = self
            .voice
            .format
            .call_prefix
            .map(|prefix| format!("{prefix}{number}"));
        let mut part = Part::new(PartBody::from(ToolCall {
            id: id.map(Cow::Owned),
            name: call.name.clone().into(),
            arguments: Arguments::default(),
            kind: CallKind::Function,
            extra: Extra::NONE,
        }));
        match self.voice.issuer() {
            // Gemini signs the first call of a step.
            Some(Issuer::Google) if position == 0 => {
                part.issuer = Some(Issuer::Google);
                part.signature = Some(seal::sign(self.voice.seed, &call.name).into());
            }
            Some(Issuer::OpenAi) => {
                part.item = Some(Box::new(Item {
                    id: Some(format!("fc_{number}").into()),
                    ..Item::default()
                }));
            }
            Some(Issuer::Google | Issuer::Anthropic | Issuer::Other(_)) | None => {}
        }
        self.open(part, Content::CALL_TOKENS);
        let letters: Vec<char> = call.arguments.chars().collect();
        for piece in letters.chunks(ARGUMENT_PIECE) {
            self.grow(Delta::Arguments(piece.iter().collect::<String>().into()), 0);
        }
        self.close();
    }
}

fn reason(ending: Ending) -> FinishReason {
    match ending {
        Ending::Stop => FinishReason::Stop,
        Ending::Length => FinishReason::Length,
        Ending::Calls => FinishReason::ToolUse,
    }
}

impl Voice {
    /// The dialect, where it is one.
    pub(crate) fn dialect(&self) -> Option<Dialect> {
        match self.format.wire {
            Wire::Dialect(dialect) => Some(dialect),
            Wire::Completions => None,
        }
    }

    /// Who signs in this format.
    fn issuer(&self) -> Option<Issuer<'static>> {
        match self.dialect()? {
            Dialect::AnthropicMessages | Dialect::BedrockConverse => Some(Issuer::Anthropic),
            Dialect::Gemini => Some(Issuer::Google),
            Dialect::OpenAiResponses => Some(Issuer::OpenAi),
            Dialect::OpenAiChat | Dialect::CohereChat => None,
        }
    }

    /// Whether hidden reasoning leaves no trace. Where it is signed or an item, it does.
    fn keeps_reasoning(&self) -> bool {
        let leaves_trace = matches!(self.issuer(), Some(Issuer::Anthropic | Issuer::OpenAi));
        self.hides_reasoning && !leaves_trace
    }
}
