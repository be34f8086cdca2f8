//! What is asked of a model.

use std::borrow::Cow;

use super::{CacheMark, Extra, Form, Message, Tool, ToolChoice};
use crate::dialect::Dialect;
use crate::json::{Number, RawJson};

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request<'a> {
    /// The dialect it was decoded from: whose form and extra it carries.
    pub origin: Dialect,
    /// The model asked for; absent where the dialect has it in the path.
    pub model: Option<Cow<'a, str>>,
    /// The conversation, instructions included.
    pub messages: Vec<Message<'a>>,
    /// Tools offered, in the order given: caches depend on it.
    pub tools: Vec<Tool<'a>>,
    /// How the model may choose among them.
    pub tool_choice: Option<ToolChoice<'a>>,
    /// Whether it may call several at once.
    pub parallel_tool_calls: Option<bool>,
    /// How tokens are drawn.
    pub sampling: Sampling<'a>,
    /// Most tokens of output, reasoning included.
    pub max_output_tokens: Option<u64>,
    /// Texts that end the answer.
    pub stop: Vec<Cow<'a, str>>,
    /// Answers asked for.
    pub candidates: Option<u32>,
    /// The form asked of the answer.
    pub response_format: Option<ResponseFormat<'a>>,
    /// How much to think and what to show of it.
    pub reasoning: Option<ReasoningConfig<'a>>,
    /// Probabilities of tokens asked for.
    pub logprobs: LogprobsConfig,
    /// How wordy to be (`low`, `medium`, `high`).
    pub verbosity: Option<Cow<'a, str>>,
    /// Kinds of output asked for (`text`, `audio`, `image`), in lower case.
    pub modalities: Vec<Cow<'a, str>>,
    /// The caller's name for its own end user.
    pub user: Option<Cow<'a, str>>,
    /// A stable hash of the end user, for the provider's abuse checks.
    pub safety_identifier: Option<Cow<'a, str>>,
    /// Labels of the caller's, an object.
    pub metadata: Option<RawJson<'a>>,
    /// Class of service (`auto`, `flex`, `priority`).
    pub service_tier: Option<Cow<'a, str>>,
    /// Requests of one key share a cache.
    pub prompt_cache_key: Option<Cow<'a, str>>,
    /// Caching of the whole prompt, where it is not marked on parts.
    pub cache: Option<Box<CacheMark<'a>>>,
    /// Whether the provider may keep the answer for later reference.
    pub store: Option<bool>,
    /// Whether and how to stream.
    pub stream: StreamConfig<'a>,
    /// How the dialect of origin spelled the request.
    pub form: Form,
    /// Members not modelled.
    pub extra: Extra<'a>,
}

/// How tokens are drawn.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sampling<'a> {
    /// Randomness.
    pub temperature: Option<Number<'a>>,
    /// Share of probability mass considered.
    pub top_p: Option<Number<'a>>,
    /// Number of tokens considered.
    pub top_k: Option<Number<'a>>,
    /// Penalty by how often a token has occurred.
    pub frequency_penalty: Option<Number<'a>>,
    /// Penalty for having occurred.
    pub presence_penalty: Option<Number<'a>>,
    /// Seed of the drawing.
    pub seed: Option<Number<'a>>,
}

/// The form asked of the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseFormat<'a> {
    /// The form.
    pub shape: ResponseShape<'a>,
    /// How the dialect of origin spelled it.
    pub form: Form,
    /// Members not modelled.
    pub extra: Extra<'a>,
}

/// Forms of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResponseShape<'a> {
    /// Plain text.
    Text,
    /// Any JSON object.
    JsonObject,
    /// JSON that follows a schema.
    JsonSchema {
        /// Name of the schema.
        name: Option<Cow<'a, str>>,
        /// What it is for.
        description: Option<Cow<'a, str>>,
        /// The schema, in the key order given.
        schema: Option<RawJson<'a>>,
        /// Whether the model must keep to it.
        strict: Option<bool>,
        /// Members not modelled beside the schema.
        extra: Extra<'a>,
    },
    /// A form not modelled, whole.
    Other(RawJson<'a>),
}

/// How much to think and what to show of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReasoningConfig<'a> {
    /// On or off, where asked in those terms.
    pub enabled: Option<bool>,
    /// Effort in a word (`none`, `minimal`, `low`, `medium`, `high`, `xhigh`), in lower case.
    pub effort: Option<Cow<'a, str>>,
    /// Most tokens to think.
    pub budget: Option<u64>,
    /// What summary to show (`auto`, `concise`, `detailed`).
    pub summary: Option<Cow<'a, str>>,
    /// Whether to show the reasoning at all.
    pub show: Option<bool>,
    /// How the dialect of origin spelled it.
    pub form: Form,
    /// Members not modelled.
    pub extra: Extra<'a>,
}

/// Probabilities of tokens asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LogprobsConfig {
    /// For the tokens chosen.
    pub enabled: Option<bool>,
    /// For that many alternatives of each.
    pub top: Option<u32>,
}

/// Whether and how to stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StreamConfig<'a> {
    /// Stream; absent where the dialect says so in the path or nothing is said.
    pub enabled: Option<bool>,
    /// Show usage at the end, where the dialect makes that a choice.
    pub usage: Option<bool>,
    /// Whether stream options were given at all, though perhaps none of those modelled.
    pub options: bool,
    /// Stream options not modelled.
    pub extra: Extra<'a>,
}

impl<'a> Request<'a> {
    /// An empty request of that dialect.
    pub fn new(origin: Dialect) -> Self {
        Self {
            origin,
            model: None,
            messages: Vec::new(),
            tools: Vec::new(),
            tool_choice: None,
            parallel_tool_calls: None,
            sampling: Sampling::default(),
            max_output_tokens: None,
            stop: Vec::new(),
            candidates: None,
            response_format: None,
            reasoning: None,
            logprobs: LogprobsConfig::default(),
            verbosity: None,
            modalities: Vec::new(),
            user: None,
            safety_identifier: None,
            metadata: None,
            service_tier: None,
            prompt_cache_key: None,
            cache: None,
            store: None,
            stream: StreamConfig::default(),
            form: Form::default(),
            extra: Extra::NONE,
        }
    }
}
