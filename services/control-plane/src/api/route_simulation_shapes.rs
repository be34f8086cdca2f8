//! What a simulation tells, in REST.

use serde::Serialize;
use sluicegate_contracts::ids::{ConnectionId, RequestId};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_routing::RejectionCode;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::money::Money;
use super::requests::RequestExperiment;
use crate::app::route_simulation::Simulated;
use crate::domain::past_request::Unknown;
use crate::domain::replay::Fate;
use crate::domain::simulation::{Difference, Simulation};

/// From when to when.
#[derive(Serialize, ToSchema)]
pub(super) struct SimulationWindow {
    /// The first moment.
    #[serde(with = "time::serde::rfc3339")]
    pub(super) from: OffsetDateTime,
    /// The moment after the last.
    #[serde(with = "time::serde::rfc3339")]
    pub(super) to: OffsetDateTime,
}

/// What would have changed.
#[derive(Serialize, ToSchema)]
pub(super) struct RouteSimulation {
    /// The version that the document was compared with.
    published_version: u32,
    /// Which requests were looked at.
    window: SimulationWindow,
    /// How many.
    requests: u32,
    /// Whether there were more in the window; the newest were taken.
    is_cut: bool,
    /// How many both documents decided.
    simulated: u32,
    /// How many could not be simulated, and why.
    not_simulated: Vec<NotSimulated>,
    /// Change in cost.
    cost: CostChange,
    /// Change in the expected time to the first byte.
    ttft: TimeChange,
    /// Requests that nothing can serve.
    refused: CountChange,
    /// Planned hops that a constraint forbids: always 0, or a bug of the engine.
    violations: CountChange,
    /// Where requests go first.
    mix: Vec<MixShare>,
    /// How many requests each proposed rule takes; 0 says that nothing came to it.
    rules: Vec<RuleShare>,
    /// How many requests are of each arm of an experiment.
    arms: Vec<ArmShare>,
    /// What the numbers do not say.
    caveats: Vec<Caveat>,
    /// How many requests would go elsewhere.
    changed: u32,
    /// Those, the newest first.
    differences: Vec<RequestDifference>,
    /// Send it as `after` for the next ones; null: these were the last.
    #[schema(required = true, value_type = Option<String>)]
    next_after: Option<RequestId>,
}

/// Requests that could not be simulated.
#[derive(Serialize, ToSchema)]
struct NotSimulated {
    /// `facts_not_stored`: the record is of an older worker, or of a request that was refused before anything was decided;
    /// `fact_not_kept`: a condition reads what records never keep; `request_steered`: the request stated wishes or demands of
    /// its own; `key_gone`: its key was revoked.
    reason: &'static str,
    /// The fact that is not kept.
    #[schema(required = true)]
    fact: Option<&'static str>,
    /// How many.
    requests: u32,
}

/// A change in cost, at the prices of today for the tokens of then.
#[derive(Serialize, ToSchema)]
struct CostChange {
    /// Requests whose cost is known under both documents; only they count here.
    requests: u32,
    /// Under the published document.
    published: Money,
    /// Under the proposed one.
    proposed: Money,
    /// The difference; negative: it becomes cheaper.
    change: Money,
}

/// A change in time.
#[derive(Serialize, ToSchema)]
struct TimeChange {
    /// Requests whose endpoints under both documents served calls of the window; only they count here.
    requests: u32,
    /// Mean in milliseconds under the published document; null: nothing was measured.
    #[schema(required = true)]
    published_ms: Option<f64>,
    /// Under the proposed one.
    #[schema(required = true)]
    proposed_ms: Option<f64>,
}

/// A number of requests or hops under both.
#[derive(Serialize, ToSchema)]
struct CountChange {
    /// Under the published document.
    published: u32,
    /// Under the proposed one.
    proposed: u32,
}

/// How many requests go to an endpoint first.
#[derive(Serialize, ToSchema)]
struct MixShare {
    /// The model, as the target names it.
    model: String,
    /// Id of the provider.
    provider: String,
    /// The provider's name of the model.
    upstream_model: String,
    /// Id of the connection; null for what the gateway answers itself.
    #[schema(required = true, value_type = Option<String>)]
    connection: Option<ConnectionId>,
    /// Under the published document.
    published: u32,
    /// Under the proposed one.
    proposed: u32,
    /// Mean milliseconds to the first byte of its calls in the window; null: it served none.
    #[schema(required = true)]
    ttft_ms: Option<f64>,
}

/// How many requests a rule takes and can send somewhere.
#[derive(Serialize, ToSchema)]
struct RuleShare {
    /// Its name.
    rule: String,
    /// How many.
    requests: u32,
}

/// How many requests are of an arm and can be sent somewhere.
#[derive(Serialize, ToSchema)]
struct ArmShare {
    /// Name of the experiment.
    experiment: String,
    /// Name of the arm.
    arm: String,
    /// Under the published document.
    published: u32,
    /// Under the proposed one.
    proposed: u32,
}

/// Something that the numbers do not say.
#[derive(Serialize, ToSchema)]
struct Caveat {
    /// Which.
    code: &'static str,
    /// One sentence.
    detail: &'static str,
}

/// A request that goes elsewhere.
#[derive(Serialize, ToSchema)]
struct RequestDifference {
    /// Its id.
    #[schema(value_type = String, example = "req_01jd0000000000000000000000")]
    request: RequestId,
    /// What becomes of it under the published document.
    published: RequestFate,
    /// And under the proposed one.
    proposed: RequestFate,
}

/// What becomes of a request.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum RequestFate {
    /// It is sent.
    Sent {
        /// The rule that decides.
        rule: String,
        /// The arm that it is of; null: the rule compares none.
        #[schema(required = true)]
        experiment: Option<RequestExperiment>,
        /// The model, as the target names it.
        model: String,
        /// Id of the provider.
        provider: String,
        /// Id of the connection; null for what the gateway answers itself.
        #[schema(required = true, value_type = Option<String>)]
        connection: Option<ConnectionId>,
        /// What its tokens cost there; null: no price is known.
        #[schema(required = true)]
        cost: Option<Money>,
    },
    /// Nothing can serve it.
    Refused {
        /// What stands against the first that could, such as `region_blocked`; null: no target is named.
        #[schema(required = true)]
        reason: Option<&'static str>,
    },
}

impl From<&Fate> for RequestFate {
    fn from(fate: &Fate) -> Self {
        match fate {
            Fate::Sent(choice) => Self::Sent {
                rule: choice.rule.clone(),
                experiment: choice.arm.as_ref().map(RequestExperiment::from),
                model: choice.model.clone(),
                provider: choice.endpoint.provider.clone(),
                connection: choice.endpoint.connection,
                cost: choice.cost.map(Money::from),
            },
            Fate::Refused(code) => Self::Refused {
                reason: code.map(RejectionCode::as_str),
            },
        }
    }
}

impl From<&Difference> for RequestDifference {
    fn from(difference: &Difference) -> Self {
        Self {
            request: difference.request,
            published: RequestFate::from(&difference.published),
            proposed: RequestFate::from(&difference.proposed),
        }
    }
}

const FIRST_HOP: Caveat = Caveat {
    code: "first_choice_only",
    detail: "Cost, time and mix are of the endpoint that is tried first; failures after it are not replayed.",
};
const TODAY: Caveat = Caveat {
    code: "as_of_today",
    detail: "Connections, constraints, catalog and prices are those of today; of requests, tokens and labels are those of then.",
};
const HEALTH: Caveat = Caveat {
    code: "health_unknown",
    detail: "A strategy goes by measures. How endpoints fared then is not kept, so that only prices decide here.",
};

impl From<(Unknown, u32)> for NotSimulated {
    fn from((why, requests): (Unknown, u32)) -> Self {
        Self {
            reason: why.as_str(),
            fact: why.fact(),
            requests,
        }
    }
}

fn milliseconds(micros: u64) -> f64 {
    micros as f64 / 1e3
}

impl RouteSimulation {
    /// What to tell of it: at most so many differences, of requests older than `after`.
    pub(super) fn of(
        simulated: Simulated,
        window: SimulationWindow,
        most: usize,
        after: Option<RequestId>,
    ) -> Self {
        let Simulation {
            simulated: count,
            unknown,
            published,
            proposed,
            priced,
            timed,
            mix,
            rules,
            arms,
            differences,
        } = simulated.simulation;
        let mean = |sum: u64| sum.checked_div(u64::from(timed)).map(milliseconds);
        let changed = u32::try_from(differences.len()).unwrap_or(u32::MAX);
        let is_wanted = |it: &&Difference| after.is_none_or(|after| it.request.as_uuid() < after.as_uuid());
        let mut wanted = differences.iter().filter(is_wanted);
        let shown: Vec<RequestDifference> = wanted.by_ref().take(most).map(RequestDifference::from).collect();
        let next_after = wanted.next().and(shown.last()).map(|it| it.request);
        let change = proposed.cost.nanos().saturating_sub(published.cost.nanos());
        let mix = mix.into_iter().map(|((model, endpoint), share)| MixShare {
            model,
            provider: endpoint.provider,
            upstream_model: endpoint.upstream_model,
            connection: endpoint.connection,
            published: share.published,
            proposed: share.proposed,
            ttft_ms: share.first_byte_us.map(milliseconds),
        });
        let rules = simulated.rules.into_iter().map(|rule| RuleShare {
            requests: rules.get(&rule).copied().unwrap_or_default(),
            rule,
        });
        let arms = arms.into_iter().map(|(of, share)| ArmShare {
            experiment: of.experiment,
            arm: of.arm,
            published: share.published,
            proposed: share.proposed,
        });
        Self {
            published_version: simulated.published_version,
            window,
            requests: simulated.requests,
            is_cut: simulated.is_cut,
            simulated: count,
            not_simulated: unknown.into_iter().map(NotSimulated::from).collect(),
            cost: CostChange {
                requests: priced,
                published: published.cost.into(),
                proposed: proposed.cost.into(),
                change: NanoUsd::from_nanos(change).into(),
            },
            ttft: TimeChange {
                requests: timed,
                published_ms: mean(published.first_byte_us),
                proposed_ms: mean(proposed.first_byte_us),
            },
            refused: CountChange {
                published: published.refused,
                proposed: proposed.refused,
            },
            violations: CountChange {
                published: published.violations,
                proposed: proposed.violations,
            },
            mix: mix.collect(),
            rules: rules.collect(),
            arms: arms.collect(),
            caveats: [FIRST_HOP, TODAY]
                .into_iter()
                .chain(simulated.is_measured.then_some(HEALTH))
                .collect(),
            changed,
            differences: shown,
            next_after,
        }
    }
}
