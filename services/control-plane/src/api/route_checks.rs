//! What is found of a route before it is published.

use actix_web::post;
use futures_util::FutureExt;
use serde::Serialize;
use utoipa::ToSchema;

use super::extract::document::Written;
use super::extract::yaml::Places;
use super::extract::{Developer, Document, InProject};
use super::reply::Reply;
use super::route_shapes::CreateRoute;
use crate::app::{route_supply, routes};
use crate::domain::instant::millis;
use crate::domain::route_check::{Judgment, Reach, Severity, Way};
use crate::error::{FieldError, Result};
use crate::problem::Problem;

/// What a route would be, as things stand.
#[derive(Serialize, ToSchema)]
pub(super) struct RouteCheck {
    /// Whether it can be published.
    valid: bool,
    /// In the order of the document.
    findings: Vec<RouteFinding>,
    /// What is left for each rule; empty while the document cannot be read as a route.
    rules: Vec<RuleReach>,
}

/// Something about a route.
#[derive(Serialize, ToSchema)]
pub(super) struct RouteFinding {
    /// `error` stands against publishing, `warning` does not.
    severity: FindingSeverity,
    /// JSON pointer into the document.
    #[schema(example = "/rules/0/when")]
    pointer: String,
    /// What kind of finding.
    code: &'static str,
    /// One sentence.
    detail: String,
    /// Line in a document of YAML, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    /// Column in that line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
}

/// How bad a finding is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum FindingSeverity {
    Error,
    Warning,
}

impl RouteFinding {
    fn of(severity: Severity, field: FieldError, places: &Places) -> Self {
        let place = field.place.or_else(|| places.of(&field.pointer));
        Self {
            severity: match severity {
                Severity::Error => FindingSeverity::Error,
                Severity::Warning => FindingSeverity::Warning,
            },
            pointer: field.pointer,
            code: field.code,
            detail: field.detail,
            line: place.map(|(line, _)| line),
            column: place.map(|(_, column)| column),
        }
    }

    /// Those that did not stand against publishing.
    pub(super) fn warnings(fields: Vec<FieldError>, places: &Places) -> Vec<Self> {
        let fields = fields.into_iter();
        fields
            .map(|field| Self::of(Severity::Warning, field, places))
            .collect()
    }
}

/// What is left for a rule.
#[derive(Serialize, ToSchema)]
struct RuleReach {
    /// Name of the rule.
    rule: String,
    /// The ways in which it can be served, in the order of its targets.
    endpoints: Vec<RuleEndpoint>,
}

/// One way in which a rule can be served.
#[derive(Serialize, ToSchema)]
struct RuleEndpoint {
    /// The model as the target names it.
    model: String,
    /// Id of the provider.
    provider: String,
    /// Slug of the connection; null for what the gateway answers itself.
    #[schema(required = true)]
    connection: Option<String>,
}

impl From<Way> for RuleEndpoint {
    fn from(way: Way) -> Self {
        Self {
            model: way.model,
            provider: way.provider,
            connection: way.connection,
        }
    }
}

impl From<Reach> for RuleReach {
    fn from(reach: Reach) -> Self {
        Self {
            rule: reach.rule,
            endpoints: reach.ways.into_iter().map(RuleEndpoint::from).collect(),
        }
    }
}

impl RouteCheck {
    /// What was found.
    pub(super) fn of(judgment: Judgment, places: &Places) -> Self {
        let findings = judgment.findings.into_iter();
        let findings: Vec<RouteFinding> = findings
            .map(|it| RouteFinding::of(it.severity, it.field, places))
            .collect();
        Self {
            valid: !findings
                .iter()
                .any(|it| matches!(it.severity, FindingSeverity::Error)),
            findings,
            rules: judgment.reach.into_iter().map(RuleReach::from).collect(),
        }
    }
}

/// Check a route
///
/// Publishes nothing: says what stands against the route, what is doubtful about it, and what is left for each rule.
#[utoipa::path(
    operation_id = "check_route", tag = "routes",
    request_body(content((CreateRoute = "application/json"), (CreateRoute = "application/yaml"))),
    params(("project" = String, Path, description = "Id of the project")),
    extensions(("x-sluicegate-role" = json!("developer"))),
    responses(
        (status = 200, description = "What was found", body = RouteCheck),
        (status = "default", description = "Problem: the document is not one of a route", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/projects/{project}/route-checks")]
pub(super) async fn check_route(member: InProject<Developer>, body: Document<CreateRoute>) -> Result<Reply> {
    let Written { body, places, .. } = body.checked()?;
    let draft = body.draft().map_err(|error| error.located(&places))?;
    let host = route_supply::of_host(&member.caller.state).await?;
    let (project, now) = (member.project, millis(member.caller.ctx.now));
    let judgment = member
        .read(move |connection| routes::check(connection, project, draft, host, now).boxed())
        .await?;
    Reply::ok(&RouteCheck::of(judgment, &places))
}
