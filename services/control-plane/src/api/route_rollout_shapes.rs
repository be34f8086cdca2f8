//! What rollouts look like in REST: how one is asked for, and how it stands.

use serde::{Deserialize, Serialize};
use sluicegate_contracts::ids::UserId;
use sluicegate_contracts::money::NanoUsd;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::money::Money;
use crate::domain::rollout::{Guards, Plan, State};
use crate::domain::rollout_verdict::{Comparison, Figures, Verdict, judge};
use crate::error::{Error, Result};
use crate::store::route_rollouts::Rollout;
use crate::store::routes::Underway;

/// In which stages a version takes the place of the published one. What is absent is as in the example.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WriteRouteRollout {
    /// How many of 100 conversations it serves in each stage, ascending; after the last it serves all.
    #[serde(default = "stages")]
    #[schema(min_items = 1, max_items = 10, example = json!([5, 25, 50]))]
    stages: Vec<u8>,
    /// How long each stage lasts at least; null: until somebody advances it.
    #[serde(default = "hold_minutes")]
    #[schema(minimum = 1, maximum = 10080, example = 10)]
    hold_minutes: Option<u32>,
    /// What halts it.
    #[serde(default)]
    halt_when: WriteRolloutGuards,
}

/// From which difference to the published version on a rollout is halted, once chance is ruled out.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct WriteRolloutGuards {
    /// Percentage points that the share of failed requests is higher; null: errors do not count.
    #[schema(minimum = 0.1, maximum = 100, example = 2.0)]
    error_rate_points: Option<f64>,
    /// How many times the mean cost of a request; null: cost does not count.
    #[schema(minimum = 1, maximum = 100, example = 1.5)]
    cost_ratio: Option<f64>,
    /// How many times the time to the first byte, at the 95th percentile; null: time does not count.
    #[schema(minimum = 1, maximum = 100, example = 1.5)]
    ttft_p95_ratio: Option<f64>,
    /// How many requests of a stage each version has to have served before they are compared.
    #[schema(minimum = 20, maximum = 100_000, example = 50)]
    min_requests: u32,
}

fn stages() -> Vec<u8> {
    Plan::default().stages
}

fn hold_minutes() -> Option<u32> {
    Plan::default().hold_minutes
}

impl Default for WriteRolloutGuards {
    fn default() -> Self {
        let guards = Guards::default();
        Self {
            error_rate_points: guards.error_rate_points,
            cost_ratio: guards.cost_ratio,
            ttft_p95_ratio: guards.ttft_p95_ratio,
            min_requests: guards.min_requests,
        }
    }
}

impl WriteRouteRollout {
    /// The plan.
    ///
    /// # Errors
    /// `validation_failed`, with findings below `/rollout`.
    pub(super) fn checked(self) -> Result<Plan> {
        let plan = Plan {
            stages: self.stages,
            hold_minutes: self.hold_minutes,
            guards: Guards {
                error_rate_points: self.halt_when.error_rate_points,
                cost_ratio: self.halt_when.cost_ratio,
                ttft_p95_ratio: self.halt_when.ttft_p95_ratio,
                min_requests: self.halt_when.min_requests,
            },
        };
        match plan.findings() {
            findings if findings.is_empty() => Ok(plan),
            findings => Err(Error::validation(findings).within("/rollout")),
        }
    }
}

/// The version of a route that is being rolled out.
#[derive(Serialize, ToSchema)]
pub(super) struct RouteRolloutSummary {
    /// Its number.
    version: u32,
    /// `progressing`, or `halted`.
    state: RolloutState,
    /// How many of 100 conversations it serves.
    percent: u8,
}

impl From<Underway> for RouteRolloutSummary {
    fn from(newer: Underway) -> Self {
        Self {
            version: newer.route.version,
            state: newer.state.into(),
            percent: newer.percent,
        }
    }
}

/// Where a rollout stands.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum RolloutState {
    /// The newer version serves the share of the stage.
    Progressing,
    /// It serves nobody until somebody resumes, completes or aborts the rollout.
    Halted,
    /// It is the published one.
    Completed,
    /// It was given up.
    Aborted,
}

impl From<State> for RolloutState {
    fn from(state: State) -> Self {
        match state {
            State::Progressing => Self::Progressing,
            State::Halted => Self::Halted,
            State::Completed => Self::Completed,
            State::Aborted => Self::Aborted,
        }
    }
}

/// A rollout, and what both versions did in its stage.
#[derive(Serialize, ToSchema)]
pub(super) struct RouteRollout {
    /// The version that is rolled out.
    version: u32,
    /// The version that it is compared with, and that serves the others.
    base_version: u32,
    /// Where it stands.
    state: RolloutState,
    /// Why it was halted, the last time.
    #[schema(required = true)]
    reason: Option<RolloutReason>,
    /// How many of 100 conversations the newer version serves.
    percent: u8,
    /// Which stage it has come to, from 1.
    stage: usize,
    /// How many of 100 it serves in each.
    stages: Vec<u8>,
    /// How long each stage lasts at least; null: until somebody advances it.
    #[schema(required = true)]
    hold_minutes: Option<u32>,
    /// What halts it.
    halt_when: RolloutGuards,
    /// What it waits for: `requests`, `time` or `operator`; null when it does not wait.
    #[schema(required = true, example = "time")]
    waiting_for: Option<&'static str>,
    /// When the figures begin: when the stage did.
    #[serde(with = "time::serde::rfc3339")]
    stage_since: OffsetDateTime,
    /// When the stage has lasted long enough; null, likewise.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required = true)]
    holds_until: Option<OffsetDateTime>,
    /// When the newer version stopped serving beside the published one; null while it does.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required = true)]
    stopped_at: Option<OffsetDateTime>,
    /// What both versions did in the stage.
    figures: RolloutFigures,
    /// Id of the user who began it.
    #[schema(value_type = Option<String>, required = true)]
    started_by: Option<UserId>,
    /// When it began.
    #[serde(with = "time::serde::rfc3339")]
    started_at: OffsetDateTime,
}

/// Why a rollout was halted.
#[derive(Serialize, ToSchema)]
struct RolloutReason {
    /// `error_rate`, `cost`, `ttft` or `by_hand`.
    #[schema(example = "error_rate")]
    code: String,
    /// One sentence, with the numbers.
    detail: String,
}

/// What halts a rollout; null: that does not count.
#[derive(Serialize, ToSchema)]
struct RolloutGuards {
    /// Percentage points that the share of failed requests is higher.
    #[schema(required = true)]
    error_rate_points: Option<f64>,
    /// How many times the mean cost of a request.
    #[schema(required = true)]
    cost_ratio: Option<f64>,
    /// How many times the time to the first byte, at the 95th percentile.
    #[schema(required = true)]
    ttft_p95_ratio: Option<f64>,
    /// How many requests of a stage each version has to have served before they are compared.
    min_requests: u32,
}

/// What both versions did in a stage of a rollout.
#[derive(Serialize, ToSchema)]
struct RolloutFigures {
    /// The version that is published.
    published: VersionFigures,
    /// The version that is rolled out.
    newer: VersionFigures,
    /// Whether the stage has had 50,000 requests or more of both versions together: the figures are then those of the newest
    /// 50,000.
    is_cut: bool,
}

/// What a version did in a stage of a rollout.
#[derive(Serialize, ToSchema)]
struct VersionFigures {
    /// Requests it decided.
    requests: u64,
    /// Those that did not end well.
    errors: u64,
    /// Their share in percent; null of none.
    #[schema(required = true)]
    error_percent: Option<f64>,
    /// Time to the first byte in milliseconds that 95 of 100 served requests stayed within; null of none.
    #[schema(required = true)]
    ttft_p95_ms: Option<f64>,
    /// Mean cost of a served request; null where none is known.
    #[schema(required = true)]
    mean_cost: Option<Money>,
}

impl From<Figures> for VersionFigures {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a mean of integers has their range"
    )]
    fn from(figures: Figures) -> Self {
        let (errors, cost) = (figures.errors, figures.cost);
        Self {
            requests: errors.of,
            errors: errors.hits,
            error_percent: (errors.of > 0).then(|| errors.rate() * 100.0),
            ttft_p95_ms: figures.ttft_p95_us.map(|it| it as f64 / 1_000.0),
            mean_cost: (cost.of > 0).then(|| NanoUsd::from_nanos(cost.mean.round() as i64).into()),
        }
    }
}

impl RouteRollout {
    /// A rollout as it stands at `now`.
    pub(super) fn of(rollout: Rollout, seen: &Comparison, now: OffsetDateTime) -> Self {
        let (plan, progress) = (rollout.plan, rollout.progress);
        let waiting_for = match judge(&plan, &progress, seen, now) {
            Verdict::Wait(waiting) if progress.state == State::Progressing => Some(waiting.as_str()),
            Verdict::Wait(_) | Verdict::Do(_) => None,
        };
        Self {
            version: rollout.version,
            base_version: rollout.base_version,
            percent: progress.percent(&plan),
            stage: progress.stage + 1,
            waiting_for,
            stage_since: progress.since,
            holds_until: progress.holds_until(&plan),
            stopped_at: progress.stopped_at,
            state: progress.state.into(),
            reason: progress.reason.map(|it| RolloutReason {
                code: it.code,
                detail: it.detail,
            }),
            stages: plan.stages,
            hold_minutes: plan.hold_minutes,
            halt_when: RolloutGuards {
                error_rate_points: plan.guards.error_rate_points,
                cost_ratio: plan.guards.cost_ratio,
                ttft_p95_ratio: plan.guards.ttft_p95_ratio,
                min_requests: plan.guards.min_requests,
            },
            figures: RolloutFigures {
                published: seen.published.into(),
                newer: seen.newer.into(),
                is_cut: seen.is_cut,
            },
            started_by: rollout.started_by,
            started_at: rollout.started_at,
        }
    }
}
