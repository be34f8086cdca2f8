//! What an encoder must know besides the canonical form: `RequestTarget` says what the provider at
//! hand takes, `AnswerTarget` what the caller asked for and what fills gaps. Built by the data
//! plane from the catalog and the connection.

use crate::tool_ids::IdRule;

/// What the provider at hand takes. One struct for all dialects: a dialect reads what concerns it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestTarget<'a> {
    /// The provider's name of the model; the request's own where absent.
    pub model: Option<&'a str>,
    /// The limit to give where the dialect demands one and the request has none: the model's.
    pub default_output_limit: u64,
    /// Always ask for usage at the end of a stream, for metering.
    pub stream_usage: bool,
    /// What the provider takes for ids of tool calls.
    pub tool_ids: IdRule,
    /// Write the meaning alone, in the usual spelling, as for a request of another dialect: for
    /// servers that stumble over what the caller's own server takes.
    pub meaning_only: bool,
    /// Peculiarities of Chat Completions servers.
    pub chat: ChatQuirks,
    /// How a Claude model is told how much to think.
    pub thinking: ThinkingControl,
    /// Peculiarities of Gemini models and servers.
    pub gemini: GeminiQuirks,
}

/// How a Claude model is told how much to think. Applies to requests of other dialects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThinkingControl {
    /// By an effort, within which it judges for itself; newer models take nothing else.
    Effort,
    /// By a budget in tokens; older models take nothing else.
    Budget,
}

/// Peculiarities of a Chat Completions server. They apply when a request comes from another
/// dialect; one of the same dialect is spelled as the caller spelled it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChatQuirks {
    /// The name of the output limit.
    pub output_limit: OutputLimitField,
    /// Whether the server knows the developer role; instructions are system messages otherwise.
    pub developer_role: bool,
    /// Where the server takes reasoning back.
    pub reasoning: ReasoningField,
}

/// The name of the output limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputLimitField {
    /// `max_completion_tokens`, which OpenAI's reasoning models insist on.
    MaxCompletionTokens,
    /// `max_tokens`, which most other servers know alone.
    MaxTokens,
}

/// Where a chat server takes reasoning of earlier turns back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReasoningField {
    /// Nowhere: it is dropped, and reported.
    Nowhere,
    /// `reasoning_content` (DeepSeek, vLLM, Z.ai).
    ReasoningContent,
    /// `reasoning` (Groq, Ollama, Cerebras).
    Reasoning,
    /// `reasoning_details` with signatures (OpenRouter).
    ReasoningDetails,
    /// `{type: thinking}` in the content (Mistral).
    Thinking,
}

/// Peculiarities of a Gemini model and its server. They apply when a request comes from another
/// dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GeminiQuirks {
    /// Whether the server takes JSON Schema as it is; Google's narrow form is written otherwise.
    pub json_schema: bool,
    /// How the model is told how much to think.
    pub thinking: ThinkingField,
    /// Whether the model refuses calls in the history that bear no signature (Gemini 3): those of
    /// other models get the stand-in that Google has documented for them.
    pub signed_calls: bool,
}

/// How a Gemini model is told how much to think.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThinkingField {
    /// `thinkingLevel`, a word (Gemini 3).
    Level,
    /// `thinkingBudget`, in tokens (Gemini 2.5).
    Budget,
}

impl Default for RequestTarget<'_> {
    fn default() -> Self {
        Self {
            model: None,
            default_output_limit: 4096,
            stream_usage: false,
            tool_ids: IdRule::OPENAI,
            meaning_only: false,
            chat: ChatQuirks {
                output_limit: OutputLimitField::MaxCompletionTokens,
                developer_role: true,
                reasoning: ReasoningField::Nowhere,
            },
            thinking: ThinkingControl::Effort,
            gemini: GeminiQuirks {
                json_schema: true,
                thinking: ThinkingField::Level,
                signed_calls: false,
            },
        }
    }
}

/// What the caller asked for and what fills gaps in an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AnswerTarget<'a> {
    /// Id where the provider gave none; also seeds ids of tool calls that came without.
    pub id: &'a str,
    /// The model, where the provider named none.
    pub model: &'a str,
    /// The time, in Unix seconds, where the provider told none.
    pub created: u64,
    /// The caller asked for usage at the end of the stream.
    pub usage: bool,
    /// Write the meaning alone, as for an answer of another dialect.
    pub meaning_only: bool,
    /// The answer is of another dialect, and reasoning in it is told so that every client of this one finds it: most
    /// clients of Responses read summaries alone, some of chat only `reasoning_details`.
    pub for_any_client: bool,
    /// The caller is a client of OpenRouter: it reads reasoning under OpenRouter's name, and takes no null for usage.
    pub openrouter: bool,
}
