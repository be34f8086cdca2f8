//! The arms of an experiment side by side.

use actix_web::{get, web};
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use sluicegate_contracts::money::NanoUsd;
use time::{Duration, OffsetDateTime};
use utoipa::{IntoParams, ToSchema};

use super::extract::{InProject, Viewer};
use super::money::Money;
use super::reply::Reply;
use crate::error::{Error, Result};
use crate::store::experiment_figures::{self, ArmFigures, MOST};

/// Where nothing is said of it, and at most.
const USUAL: Duration = Duration::days(7);
const LONGEST: Duration = Duration::days(31);

#[derive(Deserialize)]
struct Named {
    experiment: String,
}

/// Which requests count.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ExperimentParameters {
    /// Received at or after; seven days before the end when absent, and at most 31.
    #[serde(default, with = "time::serde::rfc3339::option")]
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<OffsetDateTime>,
    /// Received before; now when absent.
    #[serde(default, with = "time::serde::rfc3339::option")]
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<OffsetDateTime>,
}

/// The arms of an experiment side by side. A request counts for the arm that it is of, wherever it went.
#[derive(Serialize, ToSchema)]
struct ExperimentFigures {
    /// Its name.
    experiment: String,
    /// The first moment.
    #[serde(with = "time::serde::rfc3339")]
    from: OffsetDateTime,
    /// The moment after the last.
    #[serde(with = "time::serde::rfc3339")]
    to: OffsetDateTime,
    /// Whether there were more requests than are looked at; the newest 50,000 were taken.
    is_cut: bool,
    /// Each that had requests, by name.
    arms: Vec<ExperimentArm>,
}

/// What the requests of an arm came to.
#[derive(Serialize, ToSchema)]
struct ExperimentArm {
    /// Its name.
    #[schema(example = "control")]
    arm: String,
    /// Requests.
    requests: i64,
    /// Of those, how many failed.
    errors: i64,
    /// How many were sent first to something that is not of the arm, because nothing of it may serve, or they wished so.
    other_arm: i64,
    /// Prompt tokens.
    input_tokens: i64,
    /// Generated tokens.
    output_tokens: i64,
    /// Cost of what could be priced.
    cost: Money,
    /// The same for each request that could be priced; null: none could.
    #[schema(required = true)]
    mean_cost: Option<Money>,
    /// Milliseconds to the first byte of what was served; null: nothing was.
    #[schema(required = true)]
    ttft_ms: Option<ArmTimes>,
    /// Milliseconds to its last byte.
    #[schema(required = true)]
    duration_ms: Option<ArmTimes>,
}

/// Times in milliseconds.
#[derive(Serialize, ToSchema)]
struct ArmTimes {
    /// Half of the requests took at most so long.
    p50: f64,
    /// Nineteen of twenty did.
    p95: f64,
}

impl ArmTimes {
    fn of(p50: Option<i64>, p95: Option<i64>) -> Option<Self> {
        let milliseconds = |micros: i64| micros as f64 / 1e3;
        p50.zip(p95).map(|(p50, p95)| Self {
            p50: milliseconds(p50),
            p95: milliseconds(p95),
        })
    }
}

impl From<ArmFigures> for ExperimentArm {
    fn from(row: ArmFigures) -> Self {
        let mean = row.cost_nanos.checked_div(row.priced);
        Self {
            arm: row.arm,
            requests: row.requests,
            errors: row.errors,
            other_arm: row.other_arm,
            input_tokens: row.input_tokens,
            output_tokens: row.output_tokens,
            cost: NanoUsd::from_nanos(row.cost_nanos).into(),
            mean_cost: mean.map(|nanos| NanoUsd::from_nanos(nanos).into()),
            ttft_ms: ArmTimes::of(row.first_byte_p50_us, row.first_byte_p95_us),
            duration_ms: ArmTimes::of(row.duration_p50_us, row.duration_p95_us),
        }
    }
}

impl ExperimentParameters {
    /// The window that is meant.
    ///
    /// # Errors
    /// `validation_failed` when it is empty, or too long.
    fn window(&self, now: OffsetDateTime) -> Result<(OffsetDateTime, OffsetDateTime)> {
        let to = self.to.unwrap_or(now);
        let out_of_range = || Error::field("to", "out_of_range", "This time is outside of the calendar.");
        let usual = to.checked_sub(USUAL).ok_or_else(out_of_range)?;
        let from = self.from.unwrap_or(usual);
        if from >= to {
            return Err(Error::field(
                "from",
                "empty_range",
                "`from` must lie before `to`.",
            ));
        }
        if to - from > LONGEST {
            return Err(Error::field("from", "range_too_long", "Ask for at most 31 days."));
        }
        Ok((from, to))
    }
}

/// Compare the arms of an experiment
///
/// Requests, errors, cost and times of each arm, from the request log. An experiment that had no requests has no arms here.
#[utoipa::path(
    operation_id = "get_experiment", tag = "usage",
    params(
        ("project" = String, Path, description = "Id, or slug with ?organization="),
        ("experiment" = String, Path, description = "Name of the experiment"),
        ExperimentParameters,
    ),
    extensions(("x-sluicegate-role" = json!("viewer"))),
    responses(
        (status = 200, description = "The arms", body = ExperimentFigures),
    )
)]
#[get("/projects/{project}/experiments/{experiment}")]
pub(super) async fn get_experiment(
    member: InProject<Viewer>,
    named: web::Path<Named>,
    query: web::Query<ExperimentParameters>,
) -> Result<Reply> {
    let (project, experiment) = (member.project, named.into_inner().experiment);
    let (from, to) = query.window(member.ctx.now)?;
    let name = experiment.clone();
    let rows = member
        .read(move |connection| {
            async move { experiment_figures::by_arm(connection, project, &name, (from, to)).await }.boxed()
        })
        .await?;
    Reply::ok(&ExperimentFigures {
        experiment,
        from,
        to,
        is_cut: rows.iter().map(|it| it.requests).sum::<i64>() >= MOST,
        arms: rows.into_iter().map(ExperimentArm::from).collect(),
    })
}
