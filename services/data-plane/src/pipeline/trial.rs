//! What is known of an attempt before it is made: its model, its price, and the most it can cost.

use std::num::NonZeroU64;

use sluicegate_contracts::time::UnixMillis;
use sluicegate_metering::{CallSize, Quote};
use sluicegate_routing::{Candidate, Cause, PlannedAttempt};

use super::Gateway;
use super::accounting::{margin, quote};
use super::allowance::{Allowance, Limited};
use super::finish::Trial;
use super::outgoing::Outgoing;
use super::stage::Planned;

/// The attempt at `next` with this body, which is made for this reason.
pub(super) fn trial<'p>(
    gateway: &Gateway,
    planned: &'p Planned<'_>,
    next: PlannedAttempt,
    cause: Cause,
    outgoing: &Outgoing<'_>,
) -> Trial<'p> {
    let candidate = planned.candidate(next);
    let request = &planned.request;
    let model = match (candidate.endpoint, candidate.connection) {
        (Some(endpoint), _) => endpoint.model.as_str(),
        (None, Some(_)) => planned.resolution.targets[next.target].model,
        (None, None) => candidate.upstream_model,
    };
    let size = request
        .view
        .size(outgoing.read_bytes(request.body), candidate.endpoint);
    let state = gateway.state();
    let margin = margin(candidate, request.caller.project.organization);
    let quoted = quote(
        candidate,
        margin,
        &size,
        UnixMillis::new(state.clock.now_millis()),
        state.limits.longest_call_ms(),
    );
    Trial {
        candidate,
        dialect: outgoing.dialect,
        cause,
        model,
        bound: quoted.bound,
        price_version: quoted.version,
        margin,
        is_metered: request.features.stream
            && outgoing
                .upstream
                .bills_what_it_shows(candidate.upstream_model, &outgoing.body),
        allowance: quoted
            .quote
            .and_then(|quote| allowance(planned, quote, &size, candidate)),
    }
}

fn allowance(
    planned: &Planned<'_>,
    quote: Quote,
    size: &CallSize,
    candidate: &Candidate<'_>,
) -> Option<Allowance> {
    let request = &planned.request;
    let answers = NonZeroU64::new(request.view.answers())?;
    let limited = match request.view.max_output_tokens() {
        None => Limited::ByNobody,
        Some(_) if request.wishes.lower_output_limit => Limited::Lowerably,
        Some(_) => Limited::Firmly,
    };
    let context = candidate.endpoint.and_then(|it| it.context_window);
    // Text completions are short where nobody says how long: the model's limit would make them long.
    let context = context.filter(|_| request.view.as_chat().is_none());
    Some(Allowance {
        quote,
        answers,
        limited,
        model_limit: candidate.endpoint.and_then(|it| it.max_output_tokens),
        context_room: context.map(|context| context.saturating_sub(size.input_tokens())),
    })
}
