//! Gathers what a decision needs, asks `routing`, and puts a refusal into words.

use sluicegate_contracts::ids::RouteId;
use sluicegate_protocols::lossy::{LossReport, Severity, list};
use sluicegate_routing::{Cause, NoRoute, Rejection, RejectionCode, RoutingInput, Seed, plan as decide};

use super::near::near;
use super::resolve::{Resolution, callable_names, resolve, through_route};
use super::stage::{Admitted, Inspected, Planned};
use crate::error::{ErrorKind, GatewayError};

/// Plans an admitted request.
///
/// # Errors
/// 404 when the name means nothing, 503 when nothing it names can serve, 400 when only its size stands against it.
pub(super) fn plan(admitted: Admitted<'_>) -> Result<Planned<'_>, GatewayError> {
    let request = admitted.request;
    let catalog = request.caller.received.snapshot.catalog();
    let resolution =
        resolve(request.model, request.caller.project, catalog).ok_or_else(|| unknown_model(&request))?;
    decided(request, resolution)
}

/// Plans a request anew, through the route that a budget without room names. `switched` are the routes that budgets have
/// led to before: each is gone to once, so that two budgets cannot send a call to and fro.
///
/// # Errors
/// `refusal`, when that route cannot be gone to, or can serve nothing.
pub(super) fn switch<'s>(
    planned: Planned<'s>,
    to: RouteId,
    refusal: GatewayError,
    switched: &mut Vec<RouteId>,
) -> Result<Planned<'s>, GatewayError> {
    let request = planned.request;
    let (project, key) = (request.caller.project, request.caller.key);
    let mut routes = project.routes.iter();
    let named = routes.find(|(name, route)| {
        route.id == to && name.strip_prefix("route/").is_some_and(|slug| slug == route.slug)
    });
    let is_new = planned.route.is_none_or(|route| route.id != to) && !switched.contains(&to);
    let Some((_, route)) = named.filter(|(name, _)| is_new && key.allows_model(name)) else {
        return Err(refusal);
    };
    switched.push(to);
    let resolution = through_route(route, false, project, request.caller.received.snapshot.catalog());
    let mut planned = decided(request, resolution).map_err(|_| refusal)?;
    for attempt in &mut planned.plan.attempts {
        attempt.cause = Cause::BudgetSwitch;
    }
    Ok(planned)
}

fn decided<'s>(request: Inspected<'s>, resolution: Resolution<'s>) -> Result<Planned<'s>, GatewayError> {
    let seed = Seed::from_id(request.caller.received.arrival.context.id.as_u128());
    let input = RoutingInput {
        selection: resolution.selection,
        targets: &resolution.targets,
        features: request.features,
        now: request.caller.received.now(),
        seed,
    };
    let plan = decide(&input).map_err(|none| no_route(&request, &none))?;
    Ok(Planned {
        request,
        route: resolution.route,
        targets: resolution.targets,
        plan,
        retry: resolution.retry,
        seed,
    })
}

fn unknown_model(request: &Inspected<'_>) -> GatewayError {
    let names = callable_names(request.caller.project, request.caller.received.snapshot.catalog());
    let allowed = names
        .into_iter()
        .filter(|name| request.caller.key.allows_model(name));
    let near = near(request.model, allowed);
    let model = request.model;
    let message = if near.is_empty() {
        format!("There is no model or route named {model:?}. GET /v1/models lists what this key can call.")
    } else {
        format!(
            "There is no model or route named {model:?}. Did you mean {}?",
            near.join(" or ")
        )
    };
    GatewayError::new(ErrorKind::ModelNotFound, message).at("model")
}

fn no_route(request: &Inspected<'_>, none: &NoRoute) -> GatewayError {
    if none
        .rejections
        .iter()
        .all(|it| it.code == RejectionCode::ContextTooSmall)
    {
        let message = "More tokens are asked for than the context of any target holds.";
        return GatewayError::new(ErrorKind::ContextLengthExceeded, message).at("max_tokens");
    }
    let message = format!(
        "Nothing can serve {:?} for this project: {}.",
        request.model,
        reasons(&none.rejections)
    );
    GatewayError::new(ErrorKind::NoRoute, message)
}

/// Each reason once.
fn reasons(rejections: &[Rejection]) -> String {
    let mut codes: Vec<RejectionCode> = Vec::new();
    for rejection in rejections {
        if !codes.contains(&rejection.code) {
            codes.push(rejection.code);
        }
    }
    let reasons = codes
        .iter()
        .map(|code| format!("{} ({})", code.as_str(), in_words(*code)));
    reasons.collect::<Vec<_>>().join("; ")
}

/// The refusal of a caller that insists on everything it sent, when no target can express all of it.
pub(super) fn unexpressed(planned: &Planned<'_>, losses: &[LossReport]) -> GatewayError {
    let reports: Vec<&LossReport> = losses.iter().collect();
    let model = planned.request.model;
    let others = match planned.plan.rejections.as_slice() {
        [] => String::new(),
        rejections => format!("; {}", reasons(rejections)),
    };
    match list(&reports, Severity::Altered) {
        Some(lost) => {
            let message = format!(
                "Nothing can serve {model:?} with all parameters, which the request requires: \
                 parameters_unsupported (no target can express {lost}){others}."
            );
            GatewayError::new(ErrorKind::InvalidRequest, message).at("provider.require_parameters")
        }
        None => {
            let message = format!("Nothing can serve {model:?} for this project{others}.");
            GatewayError::new(ErrorKind::NoRoute, message)
        }
    }
}

const fn in_words(code: RejectionCode) -> &'static str {
    match code {
        RejectionCode::CredentialMissing => "no usable connection to a provider of the model; add one",
        RejectionCode::CredentialDisabled => "the connection is disabled",
        RejectionCode::ModalityUnsupported => "the model does not offer this operation",
        RejectionCode::ContextTooSmall => "the model's context is too small",
        RejectionCode::Deprecated => "the model was taken out of the catalog",
        RejectionCode::WeightZero => "the target's weight is 0",
    }
}
