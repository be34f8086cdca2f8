//! Whether this caller may ask this, now. Key grants and the limits over requests act here, before anything is planned;
//! limits that name a model or a provider act on each attempt, like a provider's own, so that the walk goes on to the next
//! target. Money is set aside for each attempt, in [`super::reserve`].

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use sluicegate_contracts::config::{Partition, RateMetric};
use sluicegate_metering::bucket::Allowance;
use sluicegate_protocols::TokenCounts;
use sluicegate_routing::preferences::without_suffix;

use super::Gateway;
use super::finish::{Finish, Trial};
use super::stage::{Admitted, Inspected, Planned};
use crate::error::{ErrorKind, GatewayError};
use crate::limits::index::{Caller, Limit, Target};
use crate::limits::{Refused, Standings, Taken, Want};

/// Most tokens that are taken of a limit for an answer whose caller sets no limit to it; what comes is counted at the end.
const UNCAPPED_OUTPUT: u64 = 1_000;

/// And at most this part of what may come at once.
const GUESSED_PART: u64 = 8;

/// How much a call takes of limits before it is sent.
#[derive(Debug, Clone, Copy)]
struct Estimate {
    input: u64,
    /// What the caller allows.
    output_cap: Option<u64>,
    /// What is taken where it allows anything.
    output_guess: u64,
}

/// Whether the key may ask for the model.
///
/// # Errors
/// 403 when it may not.
pub(super) fn allowed(request: Inspected<'_>) -> Result<Admitted<'_>, GatewayError> {
    let key = request.caller.key;
    let is_allowed = key.allows_model(request.model)
        || without_suffix(request.model).is_some_and(|(model, _)| key.allows_model(model));
    if !is_allowed {
        return Err(not_allowed(request.model).at(request.model_at));
    }
    Ok(Admitted { request })
}

/// The refusal of a model that the key may not use.
pub(super) fn not_allowed(model: &str) -> GatewayError {
    let message = format!("This key is not allowed to use the model {model:?}.");
    GatewayError::new(ErrorKind::NotAllowed, message)
}

/// Admits a request.
///
/// # Errors
/// 403 when the key is not allowed the model, 429 when a limit over the request has too little left.
pub(super) async fn admit<'s>(
    gateway: &Gateway,
    request: Inspected<'s>,
    finish: &mut Finish,
) -> Result<Admitted<'s>, GatewayError> {
    let admitted = allowed(request)?;
    let request = &admitted.request;
    let caller = of(request);
    let limits = request.caller.project.rate_limits.over_request(caller);
    let wants = Estimate::of(request, None).wants(limits, caller);
    if !wants.is_empty() {
        let taken = take(gateway, request, wants, finish.standings()).await?;
        finish.admitted(taken);
    }
    Ok(admitted)
}

/// Takes what an attempt needs of the limits over its model and provider.
///
/// # Errors
/// 429 when one of them has too little left.
pub(super) async fn admit_attempt(
    gateway: &Gateway,
    planned: &Planned<'_>,
    trial: &Trial<'_>,
    standings: &mut Standings,
) -> Result<Taken, GatewayError> {
    let request = &planned.request;
    let caller = of(request);
    let target = Target {
        model: trial.model,
        provider: trial.candidate.provider,
    };
    let limits = request.caller.project.rate_limits.over_attempt(caller, target);
    let most = trial
        .candidate
        .endpoint
        .and_then(|endpoint| endpoint.max_output_tokens);
    let wants = Estimate::of(request, most).wants(limits, caller);
    if wants.is_empty() {
        return Ok(Taken::nothing());
    }
    take(gateway, request, wants, standings).await
}

async fn take(
    gateway: &Gateway,
    request: &Inspected<'_>,
    wants: Vec<Want<'_>>,
    standings: &mut Standings,
) -> Result<Taken, GatewayError> {
    let organization = request.caller.project.organization;
    let outcome = gateway
        .state()
        .rate_limits
        .take(organization, wants, standings)
        .await;
    outcome.map_err(|refused| refusal(&refused))
}

fn of<'r>(request: &'r Inspected<'_>) -> Caller<'r> {
    Caller {
        key: request.caller.key,
        end_user: request.labels.end_user.as_deref(),
    }
}

impl Estimate {
    /// `most` is what the model can say, where it is known.
    fn of(request: &Inspected<'_>, most: Option<u64>) -> Self {
        let answers = request.view.answers();
        let times = |tokens: u64| tokens.saturating_mul(answers);
        Self {
            input: TokenCounts::estimate(request.view.input_bytes(), 0).input.max(1),
            output_cap: request.view.max_output_tokens().map(times),
            output_guess: times(UNCAPPED_OUTPUT.min(most.unwrap_or(UNCAPPED_OUTPUT))),
        }
    }

    fn wants<'s>(&self, limits: impl Iterator<Item = &'s Arc<Limit>>, caller: Caller<'s>) -> Vec<Want<'s>> {
        let want = |limit: &'s Arc<Limit>| {
            let partition = match &limit.rule.scope.end_user {
                Some(Partition::Each) => caller.end_user,
                Some(Partition::One(_)) | None => None,
            };
            let units = self.units(limit.rule.metric, &limit.allowance);
            Want {
                limit,
                partition,
                units,
            }
        };
        limits.map(want).filter(|want| want.units > 0).collect()
    }

    fn units(&self, metric: RateMetric, allowance: &Allowance) -> u64 {
        match metric {
            RateMetric::Requests | RateMetric::Concurrency => 1,
            RateMetric::InputTokens => self.input,
            // A guess is no reason to wait until nearly all of a limit is there.
            RateMetric::OutputTokens => self
                .output_cap
                .unwrap_or_else(|| self.output_guess.min(allowance.most().div_ceil(GUESSED_PART))),
        }
    }
}

/// A limit's refusal, as the caller is told it.
fn refusal(refused: &Refused) -> GatewayError {
    let rule = &refused.limit.rule;
    let (units, scope) = (refused.units, scope(&refused.limit));
    let allowed = match rule.metric {
        RateMetric::Requests => format!("{} requests a minute", rule.amount),
        RateMetric::InputTokens => format!("{} input tokens a minute", rule.amount),
        RateMetric::OutputTokens => format!("{} output tokens a minute", rule.amount),
        RateMetric::Concurrency => format!("{} requests at once", rule.amount),
    };
    let Some(after) = refused.after else {
        let most = refused.limit.allowance.most();
        let remedy: Cow<'_, str> = match rule.metric {
            RateMetric::InputTokens => "Send less text, or raise the limit's burst.".into(),
            RateMetric::OutputTokens => {
                format!("Ask for at most {most} output tokens, or raise the limit's burst.").into()
            }
            RateMetric::Requests | RateMetric::Concurrency => "Raise the limit.".into(),
        };
        let message = format!(
            "This call can take {units} and the rate limit {} ({allowed} {scope}) never lets more than {most} through \
             at once. {remedy}",
            rule.id
        );
        return GatewayError::new(ErrorKind::BeyondRateLimit, message);
    };
    let message = format!(
        "The rate limit {} ({allowed} {scope}) is reached. Send the request again in {} s.",
        rule.id,
        seconds(after)
    );
    GatewayError::new(ErrorKind::RateLimited, message).after(after)
}

/// With a fraction, rounded up: coming back early is worse than late.
fn seconds(wait: Duration) -> String {
    let tenths = wait.as_millis().div_ceil(100);
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// Which calls count on a limit, in words.
fn scope(limit: &Limit) -> String {
    let scope = &limit.rule.scope;
    let mut words = match (scope.api_key, scope.project) {
        (Some(_), _) => "for this key".to_owned(),
        (None, Some(_)) => "for this project".to_owned(),
        (None, None) => "for this organization".to_owned(),
    };
    if scope.end_user.is_some() {
        words.push_str(" and end user");
    }
    if let Some(model) = &scope.model {
        words.push_str(" at the model ");
        words.push_str(model);
    }
    if let Some(provider) = &scope.provider {
        words.push_str(" at the provider ");
        words.push_str(provider);
    }
    words
}
