//! Checks of what is asked, before anything is planned for it.

use std::borrow::Cow;

use bytes::Bytes;
use sluicegate_contracts::usage::RequestShape;
use sluicegate_protocols::embeddings::gemini;
use sluicegate_protocols::json::Cursor;
use sluicegate_protocols::lossy::LossReport;
use sluicegate_protocols::openai_responses::request::ServerState;
use sluicegate_protocols::passthrough::{in_chat, lifted};
use sluicegate_protocols::{DecodeError, TokenCounts};
use sluicegate_routing::{Needs, RequestFeatures};

use super::api::{Api, Clothes};
use super::extension::Extension;
use super::outgoing::DecodedOnce;
use super::said;
use super::stage::{Authenticated, Inspected, Received};
use super::steering::Steering;
use super::view::RequestView;
use crate::error::{ErrorKind, GatewayError};
use crate::http::Arrival;
use crate::http::wishes::ROUTE;

/// Longest model name, in bytes; also the longest kept in a usage record.
const MAX_MODEL_NAME: usize = 256;

/// A request as it is read from here on.
pub(super) struct Undressed {
    pub(super) api: Api,
    pub(super) body: Bytes,
    /// What it asks of routing.
    pub(super) steering: Steering,
    /// What of the request there is no place for.
    pub(super) losses: LossReport,
}

/// Reads which API is meant where the path leaves it open, takes out what is meant for routing, and rewrites requests that
/// are those of another API in other clothes.
///
/// # Errors
/// 400 with the field at fault.
pub(super) fn undress(
    arrival: &Arrival,
    api: Api,
    body: Bytes,
    depth: u32,
) -> Result<Undressed, GatewayError> {
    let mut losses = LossReport::default();
    let is_in_body = arrival.model.is_empty();
    let (body, steering) = match lifted::lift(&body, depth)? {
        Some(lifted) => {
            let steering = Steering::read(lifted.provider, lifted.models, lifted.fallbacks, &mut losses)?;
            let body = match steering.models.first() {
                Some(first) if is_in_body && !lifted.names_model => lifted::with_model(&lifted.body, first),
                Some(_) | None => lifted.body,
            };
            (body, steering)
        }
        None => (body, Steering::default()),
    };
    let body = match &arrival.route {
        Some(route) if is_in_body => lifted::naming(body, route, depth)?,
        Some(_) | None => body,
    };
    let found = if api == Api::CursorChat {
        in_chat::responses(&body, depth)?
    } else {
        None
    };
    let (api, body) = match found {
        Some(found) => {
            let usage = found.include_usage;
            (Api::ResponsesAsChat { usage }, found.body)
        }
        None => (api, body),
    };
    let body = match api.clothes() {
        Clothes::Own if api == Api::CountTokens => gemini_counted(body, depth)?,
        Clothes::Own | Clothes::Completions => body,
        Clothes::Embed(method) => {
            let encoded = gemini::to_openai(&body, depth, method, &arrival.model)?;
            losses.append(&encoded.losses);
            encoded.body.into()
        }
    };
    Ok(Undressed {
        api,
        body,
        steering,
        losses,
    })
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

/// What a request asks for, and where it says so: the route that a header or our object names, else the model.
pub(super) fn named<'b>(
    arrival: &Arrival,
    view: &RequestView<'b>,
    extension: &Extension<'_>,
) -> (Cow<'b, str>, &'static str) {
    let route = |slug: &str| {
        let slug = slug.strip_prefix("route/").unwrap_or(slug);
        Cow::Owned(format!("route/{slug}"))
    };
    match (&arrival.route, &extension.route) {
        (Some(slug), _) => (route(slug), ROUTE),
        (None, Some(slug)) => (route(slug), "sluicegate.route"),
        (None, None) => (view.model(), "model"),
    }
}

/// Checks what the gateway acts on.
///
/// # Errors
/// 400 with the field at fault.
pub(super) fn inspect<'s>(
    caller: Authenticated<'s>,
    body: &'s Bytes,
    view: &'s RequestView<'s>,
    (model, model_at): (&'s str, &'static str),
    extension: &Extension<'_>,
    steering: &'s Steering,
    depth: u32,
) -> Result<Inspected<'s>, GatewayError> {
    if !is_model_name(model) {
        let message = format!("A model name has 1 to {MAX_MODEL_NAME} bytes and no control characters.");
        return Err(GatewayError::new(ErrorKind::InvalidRequest, message).at(model_at));
    }
    if let RequestView::Responses { view, .. } = view {
        stateless(&view.state)?;
    }
    let Received { api, arrival, .. } = caller.received;
    let (labels, hints) = said::labels(&arrival.labels, extension, body, api.body_dialect(), depth)?;
    let wishes = said::wishes(arrival.wishes, extension, labels.session.is_some())?;
    let shape = RequestShape {
        tools: view.tools(),
        json_schema: hints.json_schema,
        reasoning: hints.reasoning,
        ..RequestShape::default()
    };
    let features = RequestFeatures {
        operation: api.operation(),
        stream: view.is_stream(),
        max_output_tokens: view.max_output_tokens(),
        input_tokens: u32::try_from(TokenCounts::estimate(view.input_bytes(), 0).input).unwrap_or(u32::MAX),
        conversation: labels.session.is_some(),
        needs: Needs::of(&shape, steering.insists || wishes.require_parameters),
    };
    Ok(Inspected {
        caller,
        labels,
        hints,
        wishes,
        body,
        view,
        model,
        model_at,
        steering,
        features,
        decoded: DecodedOnce::new(),
    })
}

/// Whether it can be the name of a model or a route at all.
pub(super) fn is_model_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= MAX_MODEL_NAME && !name.chars().any(char::is_control)
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
