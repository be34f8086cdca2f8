//! What one answer is made of, in no format yet: what was decided, and what the script of the model adds to it.

use std::sync::Arc;
use std::time::Duration;

use sluicegate_protocols::TokenCounts;

use crate::answer::{Content, Decision};
use crate::behaviour::{Fault, StreamUsage};
use crate::format::Format;
use crate::state::{Call, Model, State, unix_nanos};
use crate::text;

/// What huge answers repeat; one token each.
const HUGE_WORD: &str = "0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqr";

/// What a format has read of a request, besides what it asks of the answer.
pub(crate) struct Demand<'a> {
    pub(crate) format: &'static dyn Format,
    pub(crate) model: String,
    /// The conversation as it came: equal ones get equal answers.
    pub(crate) seed: &'a [u8],
    /// Answers.
    pub(crate) n: u32,
    /// Most tokens of an answer.
    pub(crate) limit: Option<u64>,
    /// Tokens of input, with what is read from the cache.
    pub(crate) input_tokens: u64,
    /// Whether a stream is to tell usage.
    pub(crate) usage_in_stream: bool,
}

/// What an answer is made of.
pub(crate) struct Plan {
    pub(crate) format: &'static dyn Format,
    pub(crate) model_name: String,
    pub(crate) created: u64,
    /// Seed of the text.
    variant: u64,
    /// Answers.
    pub(crate) n: u32,
    /// Reasoning before each answer, in pieces.
    pub(crate) reasoning: Vec<String>,
    pub(crate) content: Content,
    /// Tokens of content per answer; of the usual words each is one.
    pub(crate) words: u64,
    pub(crate) finish: Finish,
    /// Wait between the chunks of a stream.
    pub(crate) interval: Duration,
    tag: Option<String>,
    /// Output with reasoning, input with what is read from the cache.
    pub(crate) counts: TokenCounts,
    pub(crate) usage_in_stream: bool,
    pub(crate) model: Arc<Model>,
    pub(crate) fault: Option<Fault>,
}

/// Why an answer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Finish {
    /// It is whole.
    Stop,
    /// It is as long as it may be.
    Length,
    /// It calls tools.
    Calls,
}

impl Plan {
    pub(crate) fn new(state: &State, demand: Demand<'_>, decision: Decision) -> Self {
        let model = state.model(&demand.model);
        let behaviour = &model.behaviour;
        let scripted = behaviour.fault(state.config.seed, model.next_call()).cloned();
        let fault = decision.fault.or(scripted);
        let variant = text::mix(state.config.seed, text::hash(demand.seed));
        let usual = match fault {
            Some(Fault::HugeBody(bytes)) => bytes.div_ceil(HUGE_WORD.len() as u64),
            _ => behaviour.output_tokens.map_or(8 + variant % 24, u64::from),
        };
        let limit = demand.limit.unwrap_or(u64::MAX);
        let mut content = decision.content;
        let cut = match content {
            Content::Words => usual > limit,
            Content::Text(_) | Content::Calls(_) => content.limit(limit),
        };
        let finish = match content {
            Content::Calls(_) => Finish::Calls,
            Content::Words | Content::Text(_) if cut => Finish::Length,
            Content::Words | Content::Text(_) => Finish::Stop,
        };
        let words = content.tokens(usual.min(limit));
        let reasoning = behaviour.reasoning_tokens + decision.reasoning.len() as u64;
        let counts = TokenCounts {
            input: demand.input_tokens,
            cached_input: behaviour.cached_tokens.min(demand.input_tokens),
            output: words * u64::from(demand.n) + reasoning,
            reasoning,
            ..TokenCounts::default()
        };
        Self {
            format: demand.format,
            model_name: demand.model,
            created: unix_nanos() / 1_000_000_000,
            variant,
            n: demand.n,
            reasoning: decision.reasoning,
            content,
            words,
            finish,
            interval: behaviour
                .interval()
                .max(Duration::from_millis(decision.interval_ms)),
            tag: decision.tag,
            counts,
            usage_in_stream: demand.usage_in_stream && behaviour.stream_usage == StreamUsage::AsAsked,
            model,
            fault,
        }
    }

    /// For the ledger.
    pub(crate) fn call(&self, state: &State, stream: bool) -> Call<'_> {
        Call {
            id: state.call_id(self.format.id_prefix()),
            endpoint: self.format.endpoint(),
            model: &self.model_name,
            stream,
            input: self.counts.input,
            cached: self.counts.cached_input,
            reasoning: self.counts.reasoning,
            fault: self.fault.clone(),
            tag: self.tag.clone(),
        }
    }

    /// Whether the answer is the usual words and nothing else.
    pub(crate) fn is_usual(&self) -> bool {
        self.content == Content::Words && self.reasoning.is_empty()
    }

    /// Appends the usual word at `position`.
    pub(crate) fn word(&self, position: u64, out: &mut String) {
        if matches!(self.fault, Some(Fault::HugeBody(_))) {
            out.push_str(HUGE_WORD);
        } else {
            text::word(self.variant, position, out);
        }
    }

    /// All usual words.
    pub(crate) fn usual_text(&self) -> String {
        let mut text = String::new();
        (0..self.words).for_each(|position| self.word(position, &mut text));
        text
    }
}
