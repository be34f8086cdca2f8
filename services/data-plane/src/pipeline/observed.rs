//! What conditions of routes are told of a request: nothing is read anew for them, and nothing at all where no condition asks.

use sluicegate_contracts::config::Rule;
use sluicegate_contracts::usage::RequestShape;
use sluicegate_routing::Preferences;
use sluicegate_routing::rules::{Modalities, Observed, Readings};

use super::stage::Inspected;
use crate::snapshot::LiveRoute;

/// Bytes of text to a token, about; an estimate to route by, never to charge by.
const BYTES_PER_TOKEN: u64 = 4;

/// The rule of a route that applies to a request, by what was read for its conditions and, where one asks, its language;
/// `None` when none does.
pub(super) fn deciding<'s>(
    route: &'s LiveRoute,
    request: &Inspected<'s>,
    readings: &Readings,
    language: Option<&str>,
) -> Option<&'s Rule> {
    let caller = &request.caller;
    let mut key = None;
    route.deciding(|condition| {
        let key = key.get_or_insert_with(|| caller.key.id.to_string());
        condition.holds(&observed(request, key, readings, language.unwrap_or_default()))
    })
}

fn observed<'r>(
    request: &'r Inspected<'_>,
    key: &'r str,
    readings: &'r Readings,
    language: &'r str,
) -> Observed<'r> {
    let (view, features, hints) = (request.view, request.features, &request.hints);
    let received = &request.caller.received;
    Observed {
        input_tokens: view.input_bytes().div_ceil(BYTES_PER_TOKEN),
        max_output_tokens: features.max_output_tokens,
        stream: features.stream,
        operation: features.operation,
        language,
        dialect: received.api.body_dialect().as_str(),
        model: request.model,
        modalities: modalities(request),
        tools: view.tools(),
        json_schema: hints.json_schema,
        reasoning: hints.reasoning,
        headers: &received.arrival.readable,
        metadata: &hints.metadata,
        user: request.labels.end_user.as_deref(),
        session: request.labels.session.as_deref(),
        tags: &request.labels.tags,
        key,
        now: received.now(),
        signals: &request.caller.project.signals,
        readings,
    }
}

/// What its record keeps of a request, so that it can be decided again. `is_sorted`: the model's name asks for an order.
pub(super) fn shape(request: &Inspected<'_>, is_sorted: bool) -> RequestShape {
    let (hints, steering) = (&request.hints, request.steering);
    let Modalities { image, audio, file } = modalities(request);
    RequestShape {
        tools: request.view.tools(),
        json_schema: hints.json_schema,
        reasoning: hints.reasoning,
        image,
        audio,
        file,
        steered: is_sorted
            || request.features.needs.for_certain
            || request.wishes.max_cost.is_some()
            || !steering.models.is_empty()
            || !steering.constraints.are_none()
            || steering.preferences != Preferences::default(),
    }
}

fn modalities(request: &Inspected<'_>) -> Modalities {
    let input = request.view.input();
    input.map_or_else(Modalities::default, |input| Modalities {
        image: input.images > 0,
        audio: input.audio > 0,
        file: input.files > 0,
    })
}
