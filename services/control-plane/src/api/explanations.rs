//! Where a request would go, and why, without making it.

use actix_web::post;
use futures_util::FutureExt;
use serde::Serialize;
use sluicegate_contracts::ids::{RequestId, RouteId};
use utoipa::ToSchema;

use super::decision_shapes::{DecisionCandidate, DecisionExperiment, DecisionFacts};
use super::explanation_shapes::ExplainRequest;
use super::extract::document::stored;
use super::extract::{InProject, Json, Viewer};
use super::reply::Reply;
use super::route_shapes::CreateRoute;
use crate::app::explanation::{self, Explanation, Instead, Question, Through};
use crate::app::route_simulation;
use crate::domain::instant::millis;
use crate::error::{Error, Result};
use crate::problem::Problem;
use crate::store::route_drafts as drafts;

/// Where it would go, and why.
#[derive(Serialize, ToSchema)]
struct RequestExplanation {
    /// The id that draws were made by.
    #[schema(value_type = String, example = "req_01jd0000000000000000000000")]
    request: RequestId,
    /// Code of the error that its caller would get before anything is sent, such as `constraint_filtered`, `no_route`,
    /// `not_allowed` or `model_not_found`; null: it would be sent.
    #[schema(required = true, example = "constraint_filtered")]
    refusal: Option<&'static str>,
    /// The route that would decide.
    #[schema(required = true)]
    route: Option<ExplainedRoute>,
    /// The rule of the route that would decide.
    #[schema(required = true)]
    rule: Option<String>,
    /// The arm that it would be of; null: the rule compares none.
    #[schema(required = true)]
    experiment: Option<DecisionExperiment>,
    /// Why the first in order is the first; null when nothing could serve.
    #[schema(required = true)]
    cause: Option<String>,
    /// Version of the configuration that is in force; null where nothing was decided.
    #[schema(required = true)]
    config_version: Option<u64>,
    /// Hash of that configuration, in hexadecimal.
    #[schema(required = true, example = "00c0ffee00c0ffee")]
    config_hash: Option<String>,
    /// What of the request counted.
    #[schema(required = true)]
    facts: Option<DecisionFacts>,
    /// What it could go to: in their order those that could serve, then those that are left out.
    candidates: Vec<DecisionCandidate>,
    /// Further candidates that are not named.
    omitted: u32,
    /// What this does not say.
    caveats: Vec<ExplanationCaveat>,
}

/// The route that would decide.
#[derive(Serialize, ToSchema)]
struct ExplainedRoute {
    /// Its id; null: a document that is not published.
    #[schema(value_type = Option<String>, required = true)]
    id: Option<RouteId>,
    /// Its slug.
    slug: String,
    /// Its version; null: a document that is not published.
    #[schema(required = true)]
    version: Option<u32>,
}

impl From<Through> for ExplainedRoute {
    fn from(route: Through) -> Self {
        Self {
            id: route.id,
            slug: route.slug,
            version: route.version,
        }
    }
}

/// Something that an explanation does not say.
#[derive(Serialize, ToSchema)]
struct ExplanationCaveat {
    /// Which.
    code: &'static str,
    /// One sentence.
    detail: &'static str,
}

const HEALTH: ExplanationCaveat = ExplanationCaveat {
    code: "health_unknown",
    detail: "Only workers know how endpoints fare at the moment: one that is broken or out of its rate is tried after the \
             others. A dry run (x-sluicegate-dry-run) asks a worker.",
};
const MEASURES: ExplanationCaveat = ExplanationCaveat {
    code: "measures_unknown",
    detail: "What decides goes by measures of endpoints, which only workers know: here only prices decide.",
};
const MONEY: ExplanationCaveat = ExplanationCaveat {
    code: "budgets_and_limits_not_asked",
    detail: "Budgets, prepaid credit and rate limits may refuse the request, or lead it to another route.",
};

const SHARED: ExplanationCaveat = ExplanationCaveat {
    code: "rollout_under_way",
    detail: "A version of the route is being rolled out: it depends on the conversation which of the two serves. Here it is the \
             published one, or the one of `version`.",
};

impl RequestExplanation {
    fn of(request: RequestId, found: Explanation) -> Self {
        let mut caveats = Vec::new();
        if found.decision.is_some() {
            caveats.push(HEALTH);
            caveats.extend(found.is_measured.then_some(MEASURES));
            caveats.push(MONEY);
            caveats.extend(found.is_shared.then_some(SHARED));
        }
        let shown = Self {
            request,
            refusal: found.refusal,
            route: found.route.map(ExplainedRoute::from),
            rule: None,
            experiment: None,
            cause: None,
            config_version: None,
            config_hash: None,
            facts: None,
            candidates: Vec::new(),
            omitted: 0,
            caveats,
        };
        let Some(decision) = found.decision else {
            return shown;
        };
        Self {
            rule: decision.rule,
            experiment: decision.experiment.map(DecisionExperiment::from),
            cause: decision.cause.map(Into::into),
            config_version: Some(decision.config.version.0),
            config_hash: Some(format!("{:016x}", decision.config.state_hash.0)),
            facts: Some(decision.facts.into()),
            candidates: decision
                .candidates
                .into_iter()
                .map(|it| DecisionCandidate::of(it, &[]))
                .collect(),
            omitted: decision.omitted,
            ..shown
        }
    }
}

/// Explain a request that might be made
///
/// Asks the engine that workers ask, with what is published, or with a draft or another document in the place of the route:
/// what the request could go to, in which order, what it could cost there at most, and what speaks against the rest. Nothing is
/// sent to a provider, and no money is set aside.
#[utoipa::path(
    operation_id = "explain_request", tag = "routes", request_body = ExplainRequest,
    params(("project" = String, Path, description = "Id of the project")),
    extensions(("x-sluicegate-role" = json!("viewer"))),
    responses(
        (status = 200, description = "Where it would go", body = RequestExplanation),
        (status = "default", description = "Problem; `errors` points to every finding", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/projects/{project}/explanations")]
pub(super) async fn explain_request(member: InProject<Viewer>, body: Json<ExplainRequest>) -> Result<Reply> {
    let mut body = body.checked()?;
    let now = body.at.unwrap_or(member.ctx.now);
    let (document, draft_of) = (body.document.take(), body.draft_of);
    if document.is_some() && draft_of.is_some() {
        let detail = "Either a document or a draft decides.";
        return Err(Error::field("/draft_of", "stated_twice", detail));
    }
    let version = body.version;
    let document = document
        .map(CreateRoute::unpublished)
        .transpose()
        .map_err(|error| error.within("/document"))?;
    let (asked, models) = body.asked()?;
    let request = asked.request;
    let host = route_simulation::host(&member.caller.state).await?;
    let (organization, project) = (member.organization()?, member.project);
    let found = member
        .read(move |connection| {
            async move {
                let instead = match draft_of {
                    None => document.map(|document| Instead {
                        document,
                        at: "/document",
                    }),
                    Some(route) => {
                        let draft = drafts::find(connection, organization, project, route).await?;
                        let unknown =
                            || Error::field("/draft_of", "unknown_draft", "That route has no draft.");
                        let draft = draft.ok_or_else(unknown)?;
                        Some(Instead {
                            document: stored::<CreateRoute>(draft.document)?.unpublished()?,
                            at: "/draft_of",
                        })
                    }
                };
                let question = Question {
                    organization,
                    project,
                    asked,
                    models,
                    instead,
                    version,
                    now: millis(now),
                };
                explanation::run(connection, question, host).await
            }
            .boxed()
        })
        .await?;
    Reply::ok(&RequestExplanation::of(request, found))
}
