//! Gathers what a decision needs, asks `routing`, and puts a refusal into words.

use sluicegate_routing::{NoRoute, RejectionCode, RoutingInput, Seed, plan as decide};

use super::near::near;
use super::resolve::{callable_names, resolve};
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
    let mut codes: Vec<RejectionCode> = Vec::new();
    for rejection in &none.rejections {
        if !codes.contains(&rejection.code) {
            codes.push(rejection.code);
        }
    }
    if codes == [RejectionCode::ContextTooSmall] {
        let message = "More tokens are asked for than the context of any target holds.";
        return GatewayError::new(ErrorKind::ContextLengthExceeded, message).at("max_tokens");
    }
    let reasons: Vec<String> = codes
        .iter()
        .map(|code| format!("{} ({})", code.as_str(), in_words(*code)))
        .collect();
    let message = format!(
        "Nothing can serve {:?} for this project: {}.",
        request.model,
        reasons.join("; ")
    );
    GatewayError::new(ErrorKind::NoRoute, message)
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
