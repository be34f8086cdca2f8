//! What a change of a route would have changed for the requests that it decided lately. Nothing is sent anywhere.

use actix_web::post;
use futures_util::FutureExt;
use serde::Deserialize;
use sluicegate_contracts::ids::{RequestId, RouteId};
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;

use super::extract::document::stored;
use super::extract::{Developer, InProject, Json, PathId};
use super::reply::Reply;
use super::route_shapes::CreateRoute;
use super::route_simulation_shapes::{RouteSimulation, SimulationWindow};
use crate::app::route_simulation::{self, Question};
use crate::domain::instant::millis;
use crate::domain::route_draft::RouteDraft;
use crate::error::{Error, Result};
use crate::problem::Problem;
use crate::store::route_drafts as drafts;

/// Most requests that are replayed.
const MOST: u16 = 1_000;
/// Longest window.
const LONGEST: Duration = Duration::days(31);
/// The window of those who do not say.
const USUAL: Duration = Duration::days(7);
/// Differences of an answer: usual, and most.
const DIFFERENCES: (u16, u16) = (50, 200);

/// What to replay: the newest requests of a window that the route decided.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SimulateRoute {
    /// The proposed document; the draft of the route when absent.
    document: Option<CreateRoute>,
    /// At most so many requests; 1,000 when absent.
    #[schema(minimum = 1, maximum = 1000)]
    count: Option<u16>,
    /// Only requests received at or after; a week before `to` when absent, and at most 31 days.
    #[serde(default, with = "time::serde::rfc3339::option")]
    from: Option<OffsetDateTime>,
    /// Only requests received before; now when absent. Send `window.to` of the first answer to page through the same ones.
    #[serde(default, with = "time::serde::rfc3339::option")]
    to: Option<OffsetDateTime>,
    /// At most so many differences; 50 when absent.
    #[schema(minimum = 1, maximum = 200)]
    differences: Option<u16>,
    /// `next_after` of the answer before: only differences of older requests.
    #[schema(value_type = Option<String>)]
    after: Option<RequestId>,
}

impl SimulateRoute {
    fn window(&self, now: OffsetDateTime) -> Result<(OffsetDateTime, OffsetDateTime)> {
        let to = self.to.unwrap_or(now);
        let earliest = |by: Duration| to.checked_sub(by).unwrap_or(to);
        let from = self.from.unwrap_or_else(|| earliest(USUAL));
        if from >= to || from < earliest(LONGEST) {
            let detail = "The window begins before it ends, and is 31 days long at most.";
            return Err(Error::field("/from", "invalid_window", detail));
        }
        Ok((from, to))
    }
}

fn within(value: Option<u16>, usual: u16, most: u16, pointer: &str) -> Result<u16> {
    let value = value.unwrap_or(usual);
    if (1..=most).contains(&value) {
        Ok(value)
    } else {
        Err(Error::field(
            pointer,
            "out_of_range",
            format!("From 1 to {most}."),
        ))
    }
}

/// The same error about a document that is part of the body.
fn in_document(error: Error) -> Error {
    error.within("/document")
}

/// Simulate a change of a route
///
/// Decides recent requests of the route again, under the published document and under the proposed one, from what their
/// records say of them. Nothing is sent to a provider.
#[utoipa::path(
    operation_id = "simulate_route", tag = "routes", request_body = SimulateRoute,
    params(
        ("project" = String, Path, description = "Id of the project"),
        ("route" = String, Path, description = "Id of the route"),
    ),
    extensions(("x-sluicegate-role" = json!("developer"))),
    responses(
        (status = 200, description = "What would have changed", body = RouteSimulation),
        (status = "default", description = "Problem; `errors` points to every finding", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/projects/{project}/routes/{route}/simulations")]
pub(super) async fn simulate_route(
    member: InProject<Developer>,
    id: PathId<RouteId>,
    body: Json<SimulateRoute>,
) -> Result<Reply> {
    let body = body.checked()?;
    let now = member.caller.ctx.now;
    let window = body.window(now)?;
    let count = within(body.count, MOST, MOST, "/count")?;
    let most = within(body.differences, DIFFERENCES.0, DIFFERENCES.1, "/differences")?;
    let after = body.after;
    let document = body
        .document
        .map(CreateRoute::unpublished)
        .transpose()
        .map_err(in_document)?;
    let is_sent = document.is_some();
    let host = route_simulation::host(&member.caller.state).await?;
    let (organization, project, route) = (member.organization()?, member.project, id.0);
    let found = member
        .read(move |connection| {
            async move {
                let proposed: RouteDraft = match document {
                    Some(document) => document,
                    None => {
                        let draft = drafts::find(connection, organization, project, route).await?;
                        let draft = draft.ok_or_else(Error::not_found)?;
                        stored::<CreateRoute>(draft.document)?.unpublished()?
                    }
                };
                let question = Question {
                    organization,
                    project,
                    route,
                    proposed,
                    window,
                    count: i64::from(count),
                    now: millis(now),
                };
                route_simulation::run(connection, question, host).await
            }
            .boxed()
        })
        .await
        .map_err(|error| if is_sent { in_document(error) } else { error })?;
    let window = SimulationWindow {
        from: window.0,
        to: window.1,
    };
    Reply::ok(&RouteSimulation::of(found, window, usize::from(most), after))
}
