//! What is asked: one borrowed pass over the body that finds the few fields the gateway acts on and checks the rest.

use std::borrow::Cow;

use bytes::Bytes;
use sluicegate_contracts::config::Endpoint;
use sluicegate_metering::CallSize;
use sluicegate_protocols::anthropic_messages::MessagesRequestView;
use sluicegate_protocols::completions::{self, Refusal};
use sluicegate_protocols::embeddings::gemini;
use sluicegate_protocols::embeddings::openai::EmbeddingsRequestView;
use sluicegate_protocols::gemini::GeminiRequestView;
use sluicegate_protocols::json::Cursor;
use sluicegate_protocols::lossy::LossReport;
use sluicegate_protocols::openai_chat::ChatRequestView;
use sluicegate_protocols::openai_responses::ResponsesRequestView;
use sluicegate_protocols::openai_responses::request::ServerState;
use sluicegate_protocols::rerank::RerankRequestView;
use sluicegate_protocols::{DecodeError, passthrough};
use sluicegate_routing::RequestFeatures;

use super::api::{Api, Clothes};
use super::outgoing::DecodedOnce;
use super::stage::{Authenticated, Inspected};
use crate::error::{ErrorKind, GatewayError};
use crate::http::Arrival;

/// Longest model name, in bytes; also the longest kept in a usage record.
const MAX_MODEL_NAME: usize = 256;

/// Most tokens any provider in the catalog bills for one image.
const IMAGE_TOKENS: u64 = 6_000;
/// Most tokens that are taken for a file or a recording named by id.
const FILE_TOKENS: u64 = 100_000;

/// A request body with the few fields the gateway reads.
#[derive(Debug)]
pub(super) enum RequestView<'b> {
    Chat(ChatRequestView<'b>),
    Embeddings(EmbeddingsRequestView<'b>),
    Rerank(RerankRequestView<'b>),
    Responses(ResponsesRequestView<'b>),
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
            Api::ChatCompletions | Api::Completions => Self::Chat(ChatRequestView::parse(body, depth)?),
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
            Api::Responses => Self::Responses(ResponsesRequestView::parse(body, depth)?),
            Api::Messages => {
                let view = MessagesRequestView::parse(body, depth)?;
                view.require_output_limit()?;
                Self::Messages(view)
            }
            Api::CountMessageTokens => Self::Messages(MessagesRequestView::parse(body, depth)?),
        })
    }

    pub(super) fn model(&self) -> Cow<'b, str> {
        match self {
            Self::Chat(view) => view.model.decode(),
            Self::Embeddings(view) => view.model.decode(),
            Self::Rerank(view) => view.model.decode(),
            Self::Responses(view) => view.model.decode(),
            Self::Messages(view) => view.model.decode(),
            Self::Gemini { model, .. } => Cow::Borrowed(model),
        }
    }

    pub(super) fn is_stream(&self) -> bool {
        match self {
            Self::Chat(view) => view.is_stream(),
            Self::Embeddings(_) | Self::Rerank(_) => false,
            Self::Responses(view) => view.is_stream(),
            Self::Messages(view) => view.is_stream(),
            Self::Gemini { stream, .. } => *stream,
        }
    }

    /// The document for a provider that knows the model as `model`: every other byte stays as the caller sent it. Also
    /// whether the usage chunk was asked for by the gateway alone, so that the caller must not see it.
    pub(super) fn rewritten(&self, body: &Bytes, model: &str) -> (Bytes, bool) {
        match self {
            Self::Chat(view) => {
                let rewritten = passthrough::chat(body, view, model);
                (rewritten.body, rewritten.hide_usage_chunk)
            }
            Self::Embeddings(view) => (passthrough::embeddings(body, view, model), false),
            Self::Rerank(view) => (passthrough::rerank(body, view, model), false),
            Self::Responses(view) => (passthrough::responses(body, view, model), false),
            Self::Messages(view) => (passthrough::messages(body, view, model), false),
            Self::Gemini { view, .. } => (passthrough::gemini(body, view), false),
        }
    }

    /// Whether it can be decoded into the canonical form.
    pub(super) fn has_canonical_form(&self) -> bool {
        match self {
            Self::Chat(_) | Self::Responses(_) | Self::Messages(_) | Self::Gemini { .. } => true,
            Self::Embeddings(_) | Self::Rerank(_) => false,
        }
    }

    /// Documents to be ranked.
    pub(super) fn documents(&self) -> Option<u32> {
        match self {
            Self::Rerank(view) => Some(view.documents),
            Self::Chat(_)
            | Self::Embeddings(_)
            | Self::Responses(_)
            | Self::Messages(_)
            | Self::Gemini { .. } => None,
        }
    }

    /// The gateway's own object in the body, as sent.
    pub(super) fn extension(&self) -> Option<&str> {
        let extension = match self {
            Self::Chat(view) => &view.extension,
            Self::Embeddings(view) => &view.extension,
            Self::Rerank(view) => &view.extension,
            Self::Responses(view) => &view.extension,
            Self::Messages(view) => &view.extension,
            Self::Gemini { view, .. } => &view.extension,
        };
        extension.map(|extension| extension.raw)
    }

    /// Whether the caller is told token counts at the end of a stream.
    pub(super) fn wants_usage(&self) -> bool {
        match self {
            Self::Chat(view) => view.caller_wants_usage(),
            Self::Embeddings(_)
            | Self::Rerank(_)
            | Self::Responses(_)
            | Self::Messages(_)
            | Self::Gemini { .. } => true,
        }
    }

    /// Size of what the model reads, to guess tokens by when a provider reports none.
    pub(super) fn input_bytes(&self) -> u64 {
        match self {
            Self::Chat(ChatRequestView { input, .. })
            | Self::Responses(ResponsesRequestView { input, .. })
            | Self::Messages(MessagesRequestView { input, .. })
            | Self::Gemini {
                view: GeminiRequestView { input, .. },
                ..
            } => input.text_bytes.saturating_add(input.schema_bytes),
            Self::Rerank(view) => view.text_bytes,
            // Tokens given as numbers count as what they are: four bytes of text each.
            Self::Embeddings(view) => view
                .input
                .text_bytes
                .saturating_add(view.input.tokens.saturating_mul(4)),
        }
    }

    /// How large the call can become at `endpoint`; `None` when nothing limits the answer.
    pub(super) fn size(&self, body_bytes: usize, endpoint: Option<&Endpoint>) -> Option<CallSize> {
        let (input, answers) = match self {
            Self::Chat(view) => (Some(&view.input), view.n),
            Self::Responses(view) => (Some(&view.input), 1),
            Self::Messages(view) => (Some(&view.input), 1),
            Self::Gemini { view, .. } => (Some(&view.input), view.candidates),
            Self::Embeddings(_) | Self::Rerank(_) => (None, 0),
        };
        let (referenced_tokens, max_output_tokens) = match input {
            Some(input) => {
                let referenced = u64::from(input.images).saturating_mul(IMAGE_TOKENS)
                    + u64::from(input.audio + input.files).saturating_mul(FILE_TOKENS);
                let modeled = endpoint.and_then(|it| it.max_output_tokens.or(it.context_window));
                let each = self.max_output_tokens().or(modeled)?;
                (referenced, each.saturating_mul(u64::from(answers)))
            }
            None => (0, 0),
        };
        Some(CallSize {
            body_bytes: body_bytes as u64,
            referenced_tokens,
            max_output_tokens,
        })
    }

    fn max_output_tokens(&self) -> Option<u64> {
        match self {
            Self::Chat(view) => view.output_limit(),
            Self::Responses(view) => view.output_limit(),
            Self::Messages(view) => view.output_limit(),
            Self::Gemini { view, .. } => view.max_output_tokens,
            Self::Embeddings(_) | Self::Rerank(_) => None,
        }
    }
}

/// The body as it is read from here on: requests of some APIs are those of another one in other clothes. Also what of
/// it that other one has no place for.
///
/// # Errors
/// 400 with the field at fault.
pub(super) fn undress(
    arrival: &Arrival,
    api: Api,
    body: Bytes,
    depth: u32,
) -> Result<(Bytes, LossReport), GatewayError> {
    let body = match api.clothes() {
        Clothes::Own if api == Api::CountTokens => gemini_counted(body, depth)?,
        Clothes::Own => body,
        Clothes::Completions => completions::to_chat(&body, depth)
            .map_err(|refusal| match refusal {
                Refusal::Malformed(error) => error.into(),
                Refusal::Unsupported(field, _) => {
                    let message = format!("Invalid request: {refusal}.");
                    GatewayError::new(ErrorKind::InvalidRequest, message).at(field)
                }
            })?
            .into(),
        Clothes::Embed(method) => {
            let encoded = gemini::to_openai(&body, depth, method, &arrival.model)?;
            return Ok((encoded.body.into(), encoded.losses));
        }
    };
    Ok((body, LossReport::default()))
}

/// Gemini's `countTokens` takes contents, or a whole request under a name of its own.
fn gemini_counted(body: Bytes, depth: u32) -> Result<Bytes, DecodeError> {
    let mut inner = None;
    let mut cursor = Cursor::new(&body, depth)?;
    cursor.object(|c, key| {
        if key.decode() == "generateContentRequest" {
            inner = Some(c.skip_value()?);
        }
        Ok(())
    })?;
    cursor.end()?;
    Ok(inner.map_or_else(|| body.clone(), |span| body.slice(span.start..span.end)))
}

/// Checks what the gateway acts on.
///
/// # Errors
/// 400 with the field at fault.
pub(super) fn inspect<'s>(
    caller: Authenticated<'s>,
    body: &'s Bytes,
    view: &'s RequestView<'s>,
    model: &'s str,
) -> Result<Inspected<'s>, GatewayError> {
    if model.is_empty() || model.len() > MAX_MODEL_NAME || model.chars().any(char::is_control) {
        let message = format!("A model name has 1 to {MAX_MODEL_NAME} bytes and no control characters.");
        return Err(GatewayError::new(ErrorKind::InvalidRequest, message).at("model"));
    }
    if let RequestView::Responses(view) = view {
        stateless(&view.state)?;
    }
    let features = RequestFeatures {
        operation: caller.received.api.operation(),
        stream: view.is_stream(),
        max_output_tokens: view.max_output_tokens(),
    };
    Ok(Inspected {
        caller,
        body,
        view,
        model,
        features,
        decoded: DecodedOnce::new(),
    })
}

/// Refuses what only a provider could answer that has kept an earlier answer: the next attempt may go to another one.
fn stateless(state: &ServerState) -> Result<(), GatewayError> {
    let asks = [
        (state.previous_response, "previous_response_id"),
        (state.conversation, "conversation"),
        (state.background, "background"),
        (state.prompt, "prompt"),
        (state.item_references > 0, "input"),
    ];
    let Some((_, field)) = asks.into_iter().find(|(asked, _)| *asked) else {
        return Ok(());
    };
    let message = match field {
        "background" => {
            "Responses are not kept here, so none can be fetched later. Leave \"background\" out and wait for the answer, \
             or stream it."
                .to_owned()
        }
        "prompt" => "Prompts kept by a provider are not known here. Send \"instructions\" and \"input\" in full.".to_owned(),
        field => format!(
            "Responses are not kept here, so {field:?} cannot refer to one. Send the whole conversation as \"input\", with \
             the items of earlier answers in it; with \"store\": false and \"include\": \
             [\"reasoning.encrypted_content\"] reasoning goes along."
        ),
    };
    Err(GatewayError::new(ErrorKind::InvalidRequest, message).at(field))
}
