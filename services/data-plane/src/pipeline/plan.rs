//! Gathers what a decision needs, asks `routing`, and puts a refusal into words.

use std::borrow::Cow;
use std::time::Duration;

use sluicegate_contracts::config::{Constraints, Level, Rule};
use sluicegate_contracts::ids::RouteId;
use sluicegate_contracts::usage::{Decision, RouteRef};
use sluicegate_protocols::lossy::{LossReport, Severity, list};
use sluicegate_routing::preferences::{Suffix, without_suffix};
use sluicegate_routing::strategy::objective;
use sluicegate_routing::{
    Bounds, Cause, Ceiling, Decided, Demand, NoRoute, Rejection, RejectionCode, RoutingInput, Selection,
    plan as decide,
};
use tokio::time::{Instant, sleep};

use super::Gateway;
use super::admit::not_allowed;
use super::bounds::RequestBounds;
use super::finish::route_ref;
use super::near::near;
use super::observed::shape;
use super::resolve::{Resolution, callable_names, resolve, through_route};
use super::stage::{Admitted, Inspected, Planned};
use crate::error::{ErrorKind, GatewayError};
use crate::http::wishes::MAX_COST;
use crate::live::locked;

/// The list of models to fall back to, in a request.
const MODELS: &str = "models";

/// Why there is no plan; and the decision, where one was made.
pub(super) struct Unplanned {
    pub(super) error: GatewayError,
    pub(super) refusal: Option<Box<Refusal>>,
}

/// A decision that nothing can serve.
pub(super) struct Refusal {
    /// The route that made it.
    pub(super) route: Option<RouteRef>,
    pub(super) decision: Decision,
}

impl From<GatewayError> for Unplanned {
    fn from(error: GatewayError) -> Self {
        Self { error, refusal: None }
    }
}

impl From<Unplanned> for GatewayError {
    fn from(unplanned: Unplanned) -> Self {
        unplanned.error
    }
}

/// Plans an admitted request, and says how the plan came about.
///
/// # Errors
/// 404 when the name means nothing, 503 when nothing it names can serve, 400 when only its size stands against it.
pub(super) fn plan<'s>(
    gateway: &Gateway,
    admitted: Admitted<'s>,
) -> Result<(Planned<'s>, Decision), Unplanned> {
    let request = admitted.request;
    let as_named = resolve(gateway, request.model, &request).map(|found| (found, None));
    let sorted = || {
        let (model, suffix) = without_suffix(request.model)?;
        Some((resolve(gateway, model, &request)?, Some(suffix)))
    };
    let (resolution, suffix) = as_named
        .or_else(sorted)
        .ok_or_else(|| unknown_model(&request, request.model).at(request.model_at))?;
    let resolution = with_fallbacks(gateway, &request, resolution)?;
    decided(gateway, request, resolution, suffix, Duration::ZERO)
}

/// Holds a request for as long as everything it could go to is out of its rate: attempts that would be refused are saved.
/// Each time the wait is over it is planned anew, and the decision says how long it was held.
///
/// # Errors
/// Those of [`plan`].
pub(super) async fn hold<'s>(
    gateway: &Gateway,
    mut planned: Planned<'s>,
    mut decision: Decision,
    deadline: Instant,
) -> Result<(Planned<'s>, Decision), GatewayError> {
    let by_budget = decision.cause.as_deref() == Some(Cause::BudgetSwitch.as_str());
    let began = Instant::now();
    while let Some(wait) = planned.plan.hold.filter(|wait| Instant::now() + *wait < deadline) {
        sleep(wait).await;
        let held = began.elapsed();
        (planned, decision) = decided(gateway, planned.request, planned.resolution, planned.suffix, held)?;
        if by_budget {
            led_by_budget(&mut planned, &mut decision);
        }
        decision.held_ms = u64::try_from(held.as_millis()).unwrap_or(u64::MAX);
    }
    Ok((planned, decision))
}

/// Adds the models that the caller would fall back to, each once and with an attempt of its own.
///
/// # Errors
/// 400 where a route is among the names, which has fallbacks of its own; 403 when the key may not use one of them, 404 when
/// one means nothing.
fn with_fallbacks<'s>(
    gateway: &Gateway,
    request: &Inspected<'s>,
    mut resolution: Resolution<'s>,
) -> Result<Resolution<'s>, GatewayError> {
    let models = &request.steering.models;
    let (project, key) = (request.caller.project, request.caller.key);
    let refused =
        |message: &str| Err(GatewayError::new(ErrorKind::InvalidRequest, message.to_owned()).at(MODELS));
    if resolution.route.is_some() && !models.is_empty() {
        return refused("A route has fallbacks of its own: leave \"models\" out, or name a model.");
    }
    for (index, model) in models.iter().enumerate() {
        if model == request.model || models[..index].contains(model) {
            continue;
        }
        if project.routes.contains_key(model) {
            return refused(&format!(
                "{model:?} is a route, and a route cannot be a fallback. Name models."
            ));
        }
        if !key.allows_model(model) {
            return Err(not_allowed(model).at(MODELS));
        }
        let found =
            resolve(gateway, model, request).ok_or_else(|| unknown_model(request, model).at(MODELS))?;
        resolution.targets.extend(found.targets);
        resolution.retry.max_attempts += 1;
    }
    Ok(resolution)
}

/// Plans a request anew, through the route that a budget without room names. `switched` are the routes that budgets have
/// led to before: each is gone to once, so that two budgets cannot send a call to and fro.
///
/// # Errors
/// `refusal`, when that route cannot be gone to, or can serve nothing.
pub(super) fn switch<'s>(
    gateway: &Gateway,
    planned: Planned<'s>,
    to: RouteId,
    refusal: GatewayError,
    switched: &mut Vec<RouteId>,
) -> Result<(Planned<'s>, Decision), GatewayError> {
    let request = planned.request;
    let (project, key) = (request.caller.project, request.caller.key);
    let mut routes = project.routes.iter();
    let named = routes.find(|(name, route)| {
        route.route.id == to
            && name
                .strip_prefix("route/")
                .is_some_and(|slug| slug == route.route.slug)
    });
    let is_new = planned.resolution.route.is_none_or(|route| route.id != to) && !switched.contains(&to);
    let Some((_, route)) = named.filter(|(name, _)| is_new && key.allows_model(name)) else {
        return Err(refusal);
    };
    switched.push(to);
    let resolution = through_route(gateway, route, false, &request);
    let (mut planned, mut decision) =
        decided(gateway, request, resolution, None, Duration::ZERO).map_err(|_| refusal)?;
    led_by_budget(&mut planned, &mut decision);
    Ok((planned, decision))
}

/// Says that a budget without room led to this plan.
fn led_by_budget(planned: &mut Planned<'_>, decision: &mut Decision) {
    for attempt in &mut planned.plan.attempts {
        attempt.cause = Cause::BudgetSwitch;
    }
    decision.cause = Some(Cow::Borrowed(Cause::BudgetSwitch.as_str()));
}

/// Decides. `suffix` is what the name of the model asks for; the request's own wish comes first. `held` is how long the
/// request was held already.
fn decided<'s>(
    gateway: &Gateway,
    request: Inspected<'s>,
    resolution: Resolution<'s>,
    suffix: Option<Suffix>,
    held: Duration,
) -> Result<(Planned<'s>, Decision), Unplanned> {
    let mut preferences = Cow::Borrowed(&request.steering.preferences);
    if preferences.sort.is_none()
        && let Some(sort) = suffix.and_then(Suffix::sort)
    {
        preferences.to_mut().sort = Some(sort);
    }
    let seed = request.seed();
    let endpoints = &gateway.state().endpoints;
    let project = request.caller.key.project;
    let pool = match resolution.route {
        Some(route) => endpoints.pool(project, (route.id, resolution.rule.map(|rule| &rule.name))),
        None => endpoints.pool(project, request.model),
    };
    let bounds = RequestBounds::of(gateway, &request);
    let ceiling = request.wishes.max_cost.map(|most| Ceiling {
        most,
        bounds: &bounds,
    });
    let input = RoutingInput {
        selection: resolution.selection,
        targets: &resolution.targets,
        features: request.features,
        demands: &demands(&request, resolution.rule),
        ceiling,
        preferences: &preferences,
        now: request.caller.received.now(),
        live: &endpoints.sight(request.conversation()),
        held,
        seed,
    };
    let outcome = decide(&input, &mut locked(&pool));
    let decided = Decided {
        config: request.caller.received.snapshot.head(),
        features: &request.features,
        shape: shape(&request, suffix.is_some()),
        rule: resolution.rule.map(|rule| rule.name.as_str()),
        drawn: resolution.drawn.as_ref(),
        readings: &resolution.readings,
        language: resolution.language,
        targets: &resolution.targets,
        bounds: (ceiling.is_some() || request.wishes.dry_run).then_some(&bounds as &dyn Bounds),
        outcome: outcome.as_ref(),
    };
    let decision = decided.written(request.wishes.dry_run);
    let plan = match outcome {
        Ok(plan) => plan,
        Err(none) => {
            return Err(Unplanned {
                error: no_route(&request, &none),
                refusal: Some(Box::new(Refusal {
                    route: resolution.route.map(route_ref),
                    decision,
                })),
            });
        }
    };
    let planned = Planned {
        request,
        target: target(resolution.selection),
        resolution,
        suffix,
        plan,
        seed,
        pool,
    };
    Ok((planned, decision))
}

/// What stands over the request, outermost first: of several that forbid the same, the outermost is named.
fn demands<'r>(request: &'r Inspected<'_>, rule: Option<&'r Rule>) -> Vec<Demand<'r>> {
    let caller = &request.caller;
    let of_key = caller.constraints.iter().map(|it| (Level::Key, it));
    let organization = &*caller.project.organization_constraints;
    [
        (Level::Organization, organization),
        (Level::Project, &caller.project.project.constraints),
    ]
    .into_iter()
    .chain(rule.map(|rule| (Level::Route, &rule.constraints)))
    .chain(of_key)
    .chain([(Level::Request, &request.steering.constraints)])
    .filter(|(_, constraints)| !Constraints::are_none(constraints))
    .map(|(level, constraints)| Demand { level, constraints })
    .collect()
}

/// When the route wants a call to bring something.
fn target(selection: Selection) -> Option<Duration> {
    match selection {
        Selection::Direct => None,
        Selection::Route { strategy, .. } => objective(strategy)?.target(),
    }
}

fn unknown_model(request: &Inspected<'_>, model: &str) -> GatewayError {
    let names = callable_names(request.caller.project, request.caller.received.snapshot.catalog());
    let allowed = names
        .into_iter()
        .filter(|name| request.caller.key.allows_model(name));
    let near = near(model, allowed);
    let message = if near.is_empty() {
        format!("There is no model or route named {model:?}. GET /v1/models lists what this key can call.")
    } else {
        format!(
            "There is no model or route named {model:?}. Did you mean {}?",
            near.join(" or ")
        )
    };
    GatewayError::new(ErrorKind::ModelNotFound, message)
}

fn no_route(request: &Inspected<'_>, none: &NoRoute) -> GatewayError {
    if none.is_for_size() {
        let message = "More tokens are asked for than the context of any target holds.";
        return GatewayError::new(ErrorKind::ContextLengthExceeded, message).at("max_tokens");
    }
    let message = format!(
        "Nothing can serve {:?} for this project: {}.",
        request.model,
        reasons(&none.rejections)
    );
    if !none.is_by_choice() {
        return GatewayError::new(ErrorKind::NoRoute, message);
    }
    let refusal = GatewayError::new(ErrorKind::ConstraintFiltered, message);
    let is_capped = request.wishes.max_cost.is_some();
    let is_for_cost = |it: &Rejection| {
        it.code == RejectionCode::CostAboveCap || (is_capped && it.code == RejectionCode::PriceUnknown)
    };
    let is_callers = none.rejections.iter().any(|it| it.level == Some(Level::Request));
    if none.rejections.iter().any(is_for_cost) {
        refusal.at(MAX_COST)
    } else if is_callers {
        refusal.at("provider")
    } else {
        refusal
    }
}

/// Each reason once, with the level that states it.
fn reasons(rejections: &[Rejection]) -> String {
    let mut seen: Vec<(RejectionCode, Option<Level>)> = Vec::new();
    for rejection in rejections {
        if !seen.contains(&(rejection.code, rejection.level)) {
            seen.push((rejection.code, rejection.level));
        }
    }
    let reasons = seen.iter().map(|(code, level)| {
        let by = level.map_or("", stated_by);
        format!("{} ({}{by})", code.as_str(), in_words(*code))
    });
    reasons.collect::<Vec<_>>().join("; ")
}

/// Who is to be asked about a constraint. A caller needs no word about its own.
const fn stated_by(level: Level) -> &'static str {
    match level {
        Level::Organization => "; a constraint of the organization",
        Level::Project => "; a constraint of the project",
        Level::Route => "; a constraint of the route",
        Level::Key => "; a constraint of the key",
        Level::Request => "",
    }
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
        RejectionCode::ToolsUnsupported => "the model is not known to call tools",
        RejectionCode::SchemaUnsupported => "the model is not known to keep to a JSON schema",
        RejectionCode::ReasoningUnsupported => "the model is not known to think before it answers",
        RejectionCode::Deprecated => "the model was taken out of the catalog",
        RejectionCode::WeightZero => "the target's weight is 0",
        RejectionCode::ProviderExcluded => "the provider is not among those that may serve",
        RejectionCode::ModelExcluded => "the model is not among those that may serve",
        RejectionCode::RegionBlocked => "it is not known to process requests in a place that is allowed",
        RejectionCode::RetentionRequired => {
            "the provider is not known to keep no more of a request than is allowed"
        }
        RejectionCode::TrainingExcluded => "the provider is not known to leave requests out of its training",
        RejectionCode::ProvenanceExcluded => {
            "the model is not known to have the origin or the license demanded"
        }
        RejectionCode::VariantExcluded => {
            "the model is not known to be served in a number format that is allowed"
        }
        RejectionCode::CertificationMissing => {
            "the provider is not known to hold a certificate that is demanded"
        }
        RejectionCode::PriceAboveCap => "a price is above what is allowed",
        RejectionCode::PriceUnknown => "no price is known to compare with what is allowed",
        RejectionCode::CostAboveCap => {
            "the request can cost more there than it may; allow more, or fewer output tokens"
        }
        RejectionCode::FallbackExcluded => "another comes first, and no fallbacks are allowed",
    }
}
