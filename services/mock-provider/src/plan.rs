//! What an answer is made of, whichever format writes it: how long it is, what it says, what it costs
//! and how fast it comes. Made of the request's size, of what `answer` decided, and of the script.

use std::sync::Arc;
use std::time::Duration;

use sluicegate_protocols::TokenCounts;

use crate::answer::{Content, Decision};
use crate::behaviour::{Fault, StreamUsage};
use crate::pace::Allowance;
use crate::state::{Call, Model, State, unix_nanos};
use crate::text;

/// What huge answers repeat; one token each.
const HUGE_WORD: &str = "0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqr";

/// What a request comes to, in no format.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) model_name: String,
    /// Tokens of input.
    pub(crate) input: u64,
    /// A number for what is asked: equal questions get equal answers.
    pub(crate) question: u64,
    /// Answers wanted.
    pub(crate) n: u32,
    /// Most tokens of output.
    pub(crate) limit: u64,
    /// Whether a stream is to tell usage.
    pub(crate) wants_usage: bool,
}

/// Why an answer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Stop,
    Length,
    Calls,
}

/// What an answer is made of.
#[derive(Debug)]
pub(crate) struct Plan {
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
    pub(crate) ending: Ending,
    /// Wait between the chunks of a stream.
    pub(crate) interval: Duration,
    tag: Option<String>,
    pub(crate) counts: TokenCounts,
    pub(crate) usage_chunk: bool,
    pub(crate) model: Arc<Model>,
    pub(crate) fault: Option<Fault>,
    /// Wait before the head of a good answer.
    pub(crate) latency: Duration,
    /// What is told of the model's rate limit.
    pub(crate) allowance: Option<Allowance>,
}

impl Plan {
    pub(crate) fn new(state: &State, order: Order, decision: Decision) -> Self {
        let Order {
            model_name,
            input,
            question,
            n,
            limit,
            wants_usage,
        } = order;
        let model = state.model(&model_name);
        let behaviour = &model.behaviour;
        let (seed, number) = (state.config.seed, model.next_call());
        let allowance = model.admit();
        let refused_for = allowance.as_ref().and_then(|it| it.refused_for);
        let limited = refused_for.map(|wait| Fault::Status {
            code: 429,
            retry_after_s: Some(wait.as_secs_f64().ceil() as u64),
        });
        let scripted = || behaviour.fault(seed, number).cloned();
        let fault = decision.fault.or(limited).or_else(scripted);
        let latency = behaviour.latency.map_or(Duration::ZERO, |it| it.of(seed, number));
        let variant = text::mix(state.config.seed, question);
        let usual = match fault {
            Some(Fault::HugeBody(bytes)) => bytes.div_ceil(HUGE_WORD.len() as u64),
            _ => behaviour.output_tokens.map_or(8 + variant % 24, u64::from),
        };
        let mut content = decision.content;
        let cut = match content {
            Content::Words => usual > limit,
            Content::Text(_) | Content::Calls(_) => content.limit(limit),
        };
        let ending = match content {
            Content::Calls(_) => Ending::Calls,
            Content::Words | Content::Text(_) if cut => Ending::Length,
            Content::Words | Content::Text(_) => Ending::Stop,
        };
        let words = content.tokens(usual.min(limit));
        let reasoning = behaviour.reasoning_tokens + decision.reasoning.len() as u64;
        let counts = TokenCounts {
            input,
            cached_input: behaviour.cached_tokens.min(input),
            output: words * u64::from(n) + reasoning,
            reasoning,
            ..TokenCounts::default()
        };
        let usage_chunk = match behaviour.stream_usage {
            StreamUsage::AsAsked => wants_usage,
            StreamUsage::Never => false,
            StreamUsage::Always => true,
        };
        let interval = behaviour
            .interval()
            .max(Duration::from_millis(decision.interval_ms));
        Self {
            model_name,
            created: unix_nanos() / 1_000_000_000,
            variant,
            n,
            reasoning: decision.reasoning,
            content,
            words,
            ending,
            interval,
            tag: decision.tag,
            counts,
            usage_chunk,
            model,
            fault,
            latency,
            allowance,
        }
    }

    /// The call as the ledger is to have it.
    pub(crate) fn call(&self, id: String, endpoint: &'static str, stream: bool) -> Call<'_> {
        Call {
            id,
            endpoint,
            model: &self.model_name,
            stream,
            input: self.counts.input,
            cached: self.counts.cached_input,
            reasoning: self.counts.reasoning,
            fault: self.fault.clone(),
            tag: self.tag.clone(),
        }
    }

    /// Appends the word at `position` of every answer.
    pub(crate) fn word(&self, position: u64, out: &mut String) {
        if matches!(self.fault, Some(Fault::HugeBody(_))) {
            out.push_str(HUGE_WORD);
        } else {
            text::word(self.variant, position, out);
        }
    }

    /// Whether the answer is the usual words alone, which are written without a tree.
    pub(crate) fn is_usual(&self) -> bool {
        self.content == Content::Words && self.reasoning.is_empty()
    }

    pub(crate) fn usual_text(&self) -> String {
        let mut text = String::new();
        (0..self.words).for_each(|position| self.word(position, &mut text));
        text
    }
}
