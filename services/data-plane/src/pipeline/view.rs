//! A request as the gateway reads it: one borrowed pass over the body finds the few fields that are acted on and checks
//! the rest.

use std::borrow::Cow;

use bytes::Bytes;
use sluicegate_contracts::config::Endpoint;
use sluicegate_metering::{CallSize, Prompt};
use sluicegate_protocols::anthropic_messages::MessagesRequestView;
use sluicegate_protocols::completions::{self, CompletionsRequestView, Refusal};
use sluicegate_protocols::embeddings::openai::EmbeddingsRequestView;
use sluicegate_protocols::gemini::GeminiRequestView;
use sluicegate_protocols::openai_chat::ChatRequestView;
use sluicegate_protocols::openai_chat::request::InputSize;
use sluicegate_protocols::openai_responses::ResponsesRequestView;
use sluicegate_protocols::rerank::RerankRequestView;
use sluicegate_protocols::{DecodeError, passthrough};

use super::api::Api;
use crate::http::Arrival;

/// Most tokens any provider in the catalog bills for one image.
const IMAGE_TOKENS: u64 = 6_000;
/// Most searches that are taken where a caller lets the provider make as many as it likes.
const SEARCHES: u64 = 20;
/// Most tokens that are taken for what a search finds, which the provider adds to the prompt.
const SEARCH_TOKENS: u64 = 20_000;
/// Most tokens that are taken for a file or a recording named by id.
const FILE_TOKENS: u64 = 100_000;

/// A request body with the few fields the gateway reads.
#[derive(Debug)]
pub(super) enum RequestView<'b> {
    Chat(ChatRequestView<'b>),
    /// Text completions, which some providers serve as such and all others as chat.
    Text {
        view: CompletionsRequestView<'b>,
        /// The same as a request of chat, or what of it chat cannot do.
        chat: Result<Bytes, Refusal>,
    },
    Embeddings(EmbeddingsRequestView<'b>),
    Rerank(RerankRequestView<'b>),
    Responses {
        view: ResponsesRequestView<'b>,
        /// The caller is told token counts at the end of a stream.
        usage: bool,
    },
    Messages(MessagesRequestView<'b>),
    Gemini {
        view: GeminiRequestView<'b>,
        /// From the path.
        model: &'b str,
        stream: bool,
    },
}

impl<'b> RequestView<'b> {
    pub(super) fn parse(
        arrival: &'b Arrival,
        api: Api,
        body: &'b [u8],
        depth: u32,
    ) -> Result<Self, DecodeError> {
        Ok(match api {
            Api::ChatCompletions | Api::OpenRouterChat | Api::CursorChat => Self::chat(body, depth)?,
            Api::Completions => Self::Text {
                view: CompletionsRequestView::parse(body, depth)?,
                chat: match completions::to_chat(body, depth) {
                    Ok(chat) => Ok(chat.into()),
                    Err(Refusal::Malformed(error)) => return Err(error),
                    Err(refusal @ Refusal::Unsupported(..)) => Err(refusal),
                },
            },
            Api::Embeddings | Api::EmbedContent | Api::BatchEmbedContents => {
                Self::Embeddings(EmbeddingsRequestView::parse(body, depth)?)
            }
            Api::GenerateContent
            | Api::StreamGenerateContent
            | Api::StreamGenerateContentArray
            | Api::CountTokens => Self::Gemini {
                view: GeminiRequestView::parse(body, depth)?,
                model: &arrival.model,
                stream: api.is_stream(),
            },
            Api::Rerank => Self::Rerank(RerankRequestView::parse(body, depth)?),
            Api::Responses => Self::responses(body, depth, true)?,
            Api::ResponsesAsChat { usage } => Self::responses(body, depth, usage)?,
            Api::Messages => {
                let view = MessagesRequestView::parse(body, depth)?;
                view.require_output_limit()?;
                Self::Messages(view)
            }
            Api::CountMessageTokens => Self::Messages(MessagesRequestView::parse(body, depth)?),
        })
    }

    pub(super) fn chat(body: &'b [u8], depth: u32) -> Result<Self, DecodeError> {
        Ok(Self::Chat(ChatRequestView::parse(body, depth)?))
    }

    fn responses(body: &'b [u8], depth: u32, usage: bool) -> Result<Self, DecodeError> {
        let view = ResponsesRequestView::parse(body, depth)?;
        Ok(Self::Responses { view, usage })
    }

    pub(super) fn model(&self) -> Cow<'b, str> {
        match self {
            Self::Chat(view) => view.model.decode(),
            Self::Text { view, .. } => view.model.decode(),
            Self::Embeddings(view) => view.model.decode(),
            Self::Rerank(view) => view.model.decode(),
            Self::Responses { view, .. } => view.model.decode(),
            Self::Messages(view) => view.model.decode(),
            Self::Gemini { model, .. } => Cow::Borrowed(model),
        }
    }

    pub(super) fn is_stream(&self) -> bool {
        match self {
            Self::Chat(view) => view.is_stream(),
            Self::Text { view, .. } => view.is_stream(),
            Self::Embeddings(_) | Self::Rerank(_) => false,
            Self::Responses { view, .. } => view.is_stream(),
            Self::Messages(view) => view.is_stream(),
            Self::Gemini { stream, .. } => *stream,
        }
    }

    /// The document for a provider that knows the model as `model`: every other byte stays as the caller sent it. A
    /// stream is asked for usage where the provider takes the question. Also whether the caller did not ask for the
    /// usage chunk, and so must not see it.
    pub(super) fn rewritten(&self, body: &Bytes, model: &str, ask_for_usage: bool) -> (Bytes, bool) {
        match self {
            Self::Chat(view) => {
                let rewritten = if ask_for_usage {
                    passthrough::chat(body, view, model)
                } else {
                    passthrough::chat_unasked(body, view, model)
                };
                (rewritten.body, rewritten.hide_usage_chunk)
            }
            Self::Text { view, .. } => {
                let rewritten = passthrough::completions(body, view, model);
                (rewritten.body, rewritten.hide_usage_chunk)
            }
            Self::Embeddings(view) => (passthrough::embeddings(body, view, model), false),
            Self::Rerank(view) => (passthrough::rerank(body, view, model), false),
            Self::Responses { view, .. } => (passthrough::responses(body, view, model), false),
            Self::Messages(view) => (passthrough::messages(body, view, model), false),
            Self::Gemini { view, .. } => (passthrough::gemini(body, view), false),
        }
    }

    /// The request as one of chat, where it is that in other clothes.
    pub(super) fn as_chat(&self) -> Option<Result<&Bytes, &Refusal>> {
        match self {
            Self::Text { chat, .. } => Some(chat.as_ref()),
            Self::Chat(_)
            | Self::Embeddings(_)
            | Self::Rerank(_)
            | Self::Responses { .. }
            | Self::Messages(_)
            | Self::Gemini { .. } => None,
        }
    }

    /// Whether a provider of the same dialect can take it as it is: not with reasoning in it that a provider of another
    /// one has sealed.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Responses { view, .. } => !view.has_foreign_reasoning,
            Self::Messages(view) => !view.foreign_reasoning,
            Self::Chat(_)
            | Self::Text { .. }
            | Self::Embeddings(_)
            | Self::Rerank(_)
            | Self::Gemini { .. } => true,
        }
    }

    /// Whether it can be decoded into the canonical form.
    pub(super) fn has_canonical_form(&self) -> bool {
        match self {
            Self::Chat(_)
            | Self::Text { .. }
            | Self::Responses { .. }
            | Self::Messages(_)
            | Self::Gemini { .. } => true,
            Self::Embeddings(_) | Self::Rerank(_) => false,
        }
    }

    /// Documents to be ranked.
    pub(super) fn documents(&self) -> Option<u32> {
        match self {
            Self::Rerank(view) => Some(view.documents),
            Self::Chat(_)
            | Self::Text { .. }
            | Self::Embeddings(_)
            | Self::Responses { .. }
            | Self::Messages(_)
            | Self::Gemini { .. } => None,
        }
    }

    /// The gateway's own object in the body, as sent.
    pub(super) fn extension(&self) -> Option<&str> {
        let extension = match self {
            Self::Chat(view) => &view.extension,
            Self::Text { view, .. } => &view.extension,
            Self::Embeddings(view) => &view.extension,
            Self::Rerank(view) => &view.extension,
            Self::Responses { view, .. } => &view.extension,
            Self::Messages(view) => &view.extension,
            Self::Gemini { view, .. } => &view.extension,
        };
        extension.map(|extension| extension.raw)
    }

    /// Whether the caller is told token counts at the end of a stream.
    pub(super) fn wants_usage(&self) -> bool {
        match self {
            Self::Chat(view) => view.caller_wants_usage(),
            Self::Text { view, .. } => view.caller_wants_usage(),
            Self::Responses { usage, .. } => *usage,
            Self::Embeddings(_) | Self::Rerank(_) | Self::Messages(_) | Self::Gemini { .. } => true,
        }
    }

    /// Size of what the model reads, to guess tokens by when a provider reports none.
    pub(super) fn input_bytes(&self) -> u64 {
        match self {
            Self::Chat(ChatRequestView { input, .. })
            | Self::Responses {
                view: ResponsesRequestView { input, .. },
                ..
            }
            | Self::Messages(MessagesRequestView { input, .. })
            | Self::Gemini {
                view: GeminiRequestView { input, .. },
                ..
            } => input.text_bytes.saturating_add(input.schema_bytes),
            Self::Rerank(view) => view.text_bytes,
            Self::Text { view, .. } => view
                .prompt
                .text_bytes
                .saturating_add(view.suffix_bytes)
                .saturating_add(view.prompt.tokens.saturating_mul(4)),
            // Tokens given as numbers count as what they are: four bytes of text each.
            Self::Embeddings(view) => view
                .input
                .text_bytes
                .saturating_add(view.input.tokens.saturating_mul(4)),
        }
    }

    /// What the model reads, of messages.
    pub(super) fn input(&self) -> Option<&InputSize> {
        match self {
            Self::Chat(view) => Some(&view.input),
            Self::Responses { view, .. } => Some(&view.input),
            Self::Messages(view) => Some(&view.input),
            Self::Gemini { view, .. } => Some(&view.input),
            Self::Text { .. } | Self::Embeddings(_) | Self::Rerank(_) => None,
        }
    }

    /// Tools offered to the model; `None` where there can be none.
    pub(super) fn tools(&self) -> Option<u32> {
        match self {
            Self::Chat(view) => Some(view.tools),
            Self::Responses { view, .. } => Some(view.tools),
            Self::Messages(view) => Some(view.tools),
            Self::Gemini { view, .. } => Some(view.tools),
            Self::Text { .. } | Self::Embeddings(_) | Self::Rerank(_) => None,
        }
    }

    /// How large the call can become at `endpoint`.
    pub(super) fn size(&self, body_bytes: usize, endpoint: Option<&Endpoint>) -> CallSize {
        let limit = || {
            let modeled = endpoint.and_then(|it| it.max_output_tokens.or(it.context_window));
            self.max_output_tokens().or(modeled)
        };
        let input = self.input();
        let searches = match self {
            Self::Messages(view) => view.searches.unwrap_or(SEARCHES),
            Self::Chat(_)
            | Self::Text { .. }
            | Self::Embeddings(_)
            | Self::Rerank(_)
            | Self::Responses { .. }
            | Self::Gemini { .. } => 0,
        };
        let referenced_tokens = input.map_or(0, |input| {
            u64::from(input.images).saturating_mul(IMAGE_TOKENS)
                + u64::from(input.audio + input.files).saturating_mul(FILE_TOKENS)
        });
        let referenced_tokens = referenced_tokens.saturating_add(searches.saturating_mul(SEARCH_TOKENS));
        let max_output_tokens = match self.answers() {
            0 => Some(0),
            answers => limit().map(|tokens| tokens.saturating_mul(answers)),
        };
        let prompt = Prompt::Bytes {
            body: body_bytes as u64,
            referenced_tokens,
        };
        CallSize {
            images_in: input.map_or(0, |input| u64::from(input.images)),
            searches,
            ..CallSize::of_text(prompt, max_output_tokens)
        }
    }

    /// How many answers are generated.
    pub(super) fn answers(&self) -> u64 {
        match self {
            Self::Chat(view) => u64::from(view.n),
            Self::Text { view, .. } => view.answers_made(),
            Self::Responses { .. } | Self::Messages(_) => 1,
            Self::Gemini { view, .. } => u64::from(view.candidates),
            Self::Embeddings(_) | Self::Rerank(_) => 0,
        }
    }

    /// Most tokens of each answer, where the caller says.
    pub(super) fn max_output_tokens(&self) -> Option<u64> {
        match self {
            Self::Chat(view) => view.output_limit(),
            Self::Text { view, .. } => view.max_tokens,
            Self::Responses { view, .. } => view.output_limit(),
            Self::Messages(view) => view.output_limit(),
            Self::Gemini { view, .. } => view.max_output_tokens,
            Self::Embeddings(_) | Self::Rerank(_) => None,
        }
    }
}
