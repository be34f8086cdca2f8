//! Usage of a project over time, from the rollups.

use actix_web::{get, web};
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use sluicegate_contracts::ids::ApiKeyId;
use sluicegate_contracts::money::NanoUsd;
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::extract::{InProject, Viewer};
use super::money::Money;
use super::reply::Reply;
use crate::domain::usage_query::{Grain, GroupBy, UsageQuery};
use crate::error::Result;
use crate::store::usage_rollups::{self, SeriesRow};

/// Length of one point.
#[derive(Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum UsageGrain {
    /// Hours.
    #[default]
    Hour,
    /// Days in UTC.
    Day,
}

/// What makes a series.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum UsageGrouping {
    /// One series of everything.
    #[default]
    None,
    /// One per model that served.
    Model,
    /// One per key.
    Key,
}

/// Which usage to show.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct UsageParameters {
    /// Start; rounded down to a whole point. Absent: a day before the end for hours, 30 days for days.
    #[serde(default, with = "time::serde::rfc3339::option")]
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<OffsetDateTime>,
    /// End; rounded up to a whole point. Absent: now.
    #[serde(default, with = "time::serde::rfc3339::option")]
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<OffsetDateTime>,
    /// Length of one point.
    #[serde(default)]
    #[param(inline)]
    grain: UsageGrain,
    /// What makes a series.
    #[serde(default)]
    #[param(inline)]
    group_by: UsageGrouping,
}

/// Usage over time.
#[derive(Serialize, ToSchema)]
struct Usage {
    /// Length of one point.
    grain: UsageGrain,
    /// Start of the first point.
    #[serde(with = "time::serde::rfc3339")]
    from: OffsetDateTime,
    /// End of the last point.
    #[serde(with = "time::serde::rfc3339")]
    to: OffsetDateTime,
    /// One per group; points without requests are left out.
    series: Vec<UsageSeries>,
    /// Sums over everything.
    totals: UsageTotals,
}

/// One series.
#[derive(Serialize, ToSchema)]
struct UsageSeries {
    /// What it is of; null for the series of everything.
    #[schema(required = true)]
    group: Option<UsageGroup>,
    /// In order of time.
    points: Vec<UsagePoint>,
}

/// What a series is of.
#[derive(Serialize, ToSchema)]
struct UsageGroup {
    /// Model or key id; empty for requests that no model served.
    id: String,
    /// Name for people.
    label: String,
}

/// One point.
#[derive(Serialize, ToSchema)]
struct UsagePoint {
    /// Start of the hour or day.
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    /// Its sums.
    #[serde(flatten)]
    totals: UsageTotals,
}

/// Sums.
#[derive(Serialize, ToSchema)]
struct UsageTotals {
    /// Requests.
    requests: i64,
    /// Of those, how many failed.
    errors: i64,
    /// Prompt tokens.
    input_tokens: i64,
    /// Generated tokens.
    output_tokens: i64,
    /// Cost of what could be priced.
    cost: Money,
}

impl UsageTotals {
    fn of<'a>(rows: impl IntoIterator<Item = &'a SeriesRow>) -> Self {
        let (mut requests, mut errors, mut input_tokens, mut output_tokens, mut cost) =
            (0_i64, 0_i64, 0_i64, 0_i64, 0_i64);
        for row in rows {
            requests = requests.saturating_add(row.requests);
            errors = errors.saturating_add(row.errors);
            input_tokens = input_tokens.saturating_add(row.input_tokens);
            output_tokens = output_tokens.saturating_add(row.output_tokens);
            cost = cost.saturating_add(row.cost_nanos);
        }
        let cost = NanoUsd::from_nanos(cost).into();
        Self {
            requests,
            errors,
            input_tokens,
            output_tokens,
            cost,
        }
    }
}

fn group(grouping: UsageGrouping, first: &SeriesRow) -> Option<UsageGroup> {
    match grouping {
        UsageGrouping::None => None,
        UsageGrouping::Model => {
            let label = if first.group.is_empty() {
                "No model"
            } else {
                &first.group
            };
            Some(UsageGroup {
                id: first.group.clone(),
                label: label.to_owned(),
            })
        }
        UsageGrouping::Key => {
            let id = first
                .group
                .parse::<Uuid>()
                .map(|id| ApiKeyId::from(id).to_string());
            let id = id.unwrap_or_default();
            let label = first.label.clone().unwrap_or_else(|| id.clone());
            Some(UsageGroup { id, label })
        }
    }
}

/// Read usage over time
#[utoipa::path(
    operation_id = "get_usage", tag = "usage",
    params(("project" = String, Path, description = "Id, or slug with ?organization="), UsageParameters),
    extensions(("x-sluicegate-role" = json!("viewer"))),
    responses(
        (status = 200, description = "Usage", body = Usage),
    )
)]
#[get("/projects/{project}/usage")]
pub(super) async fn get_usage(
    caller: InProject<Viewer>,
    query: web::Query<UsageParameters>,
) -> Result<Reply> {
    let asked = query.into_inner();
    let grain = match asked.grain {
        UsageGrain::Hour => Grain::Hour,
        UsageGrain::Day => Grain::Day,
    };
    let group_by = match asked.group_by {
        UsageGrouping::None => GroupBy::None,
        UsageGrouping::Model => GroupBy::Model,
        UsageGrouping::Key => GroupBy::Key,
    };
    let query = UsageQuery::new(asked.from, asked.to, grain, group_by, caller.ctx.now)?;
    let project = caller.project;
    let rows = caller
        .read(move |connection| {
            async move { usage_rollups::series(connection, project, &query).await }.boxed()
        })
        .await?;
    let series = rows
        .chunk_by(|one, next| one.group == next.group)
        .filter_map(|rows| {
            let point = |row: &SeriesRow| UsagePoint {
                at: row.at,
                totals: UsageTotals::of([row]),
            };
            let group = group(asked.group_by, rows.first()?);
            Some(UsageSeries {
                group,
                points: rows.iter().map(point).collect(),
            })
        })
        .collect();
    Reply::ok(&Usage {
        grain: asked.grain,
        from: query.from,
        to: query.to,
        series,
        totals: UsageTotals::of(&rows),
    })
}
