//! An inference request from its first step to its last. Called by the handlers in [`crate::http`].
//!
//! Read [`run`] first: it is the list of steps, each a file of its name. Must stay true: one frozen snapshot serves the
//! whole request, nothing leaves memory before [`walk`], and [`finish`] closes the books whichever way it ends.

mod accounting;
mod admit;
mod allowance;
mod answer;
mod api;
mod attempt;
mod attribution;
mod authenticate;
mod bounds;
mod count;
mod credit;
mod decision;
mod extension;
mod finish;
mod gateway;
mod hedge;
mod hints;
mod inspect;
mod language;
mod last_word;
mod limits;
mod meter;
mod near;
mod observed;
mod outgoing;
mod plan;
mod readings;
mod refusal;
mod relay;
mod reserve;
mod resolve;
mod said;
mod stage;
mod steering;
mod supported;
mod trial;
mod vectors;
mod view;
mod walk;

use std::sync::Arc;

use actix_web::web::Payload;
use bytes::Bytes;
use sluicegate_contracts::usage::Outcome;
use sluicegate_protocols::lossy::LossReport;
use sluicegate_routing::preferences::Suffix;
use tokio::time::Instant;

pub(crate) use api::Api;
pub(crate) use attribution::Attribution;
pub(crate) use count::{Counted, count_tokens};
pub use gateway::Gateway;
pub(crate) use gateway::Progress;
pub(crate) use last_word::Refused;
pub use limits::Limits;
pub(crate) use relay::Relay;
pub(crate) use resolve::callable_names;
pub(crate) use supported::supported_parameters;

use crate::error::{ErrorKind, GatewayError};
use crate::http::{Arrival, body};
use crate::snapshot::Snapshot;
use extension::Extension;
use finish::{Finish, route_ref};
use inspect::Undressed;
use stage::{Authenticated, Received};
use view::RequestView;
use walk::{Answered, Walked};

/// What a request ended with, ready to be put into HTTP.
pub(crate) struct Reply {
    pub(crate) answer: Answer,
    pub(crate) attribution: Attribution,
}

impl Reply {
    /// The step that panicked has told the log; the caller gets an error like any other.
    pub(crate) fn panicked() -> Self {
        let error = GatewayError::new(
            ErrorKind::Internal,
            "The gateway made a mistake with this request.",
        );
        Self {
            answer: Answer::Error(error),
            attribution: Attribution::default(),
        }
    }
}

/// The four ways to end.
pub(crate) enum Answer {
    /// A whole document.
    Whole(Bytes),
    /// A stream that has begun.
    Stream(Box<Relay>),
    /// The provider's own error.
    Refused(Refused),
    /// An error of the gateway's own.
    Error(GatewayError),
}

/// Runs a request.
pub(crate) async fn run(gateway: Gateway, api: Api, arrival: Arrival, payload: Payload) -> Reply {
    let deadline = Instant::now() + gateway.state().limits.deadline();
    let snapshot = gateway.state().snapshots.load();
    let received = Received {
        snapshot: &snapshot,
        api,
        arrival: &arrival,
    };
    let caller = match authenticate::authenticate(received, &gateway.state().key_hasher) {
        Ok(caller) => caller,
        Err(error) => {
            gateway.state().metrics.unknown_caller();
            return Reply {
                answer: Answer::Error(error),
                attribution: Attribution::default(),
            };
        }
    };
    let mut finish = Finish::open(&gateway, &snapshot, &caller);
    let wants_quota = api.is_openai() && !caller.project.project.budget_refusals.is_usual();
    let mut over_by = None;
    let mut answered = serve(&gateway, caller, payload, deadline, &mut over_by, &mut finish).await;
    if wants_quota {
        answered = answered.map_err(GatewayError::as_quota);
    }
    close(&gateway, answered, over_by, finish)
}

/// The steps for a known caller.
async fn serve(
    gateway: &Gateway,
    mut caller: Authenticated<'_>,
    payload: Payload,
    deadline: Instant,
    over_by: &mut Option<Instant>,
    finish: &mut Finish,
) -> Result<Answered, GatewayError> {
    let limits = &gateway.state().limits;
    let arrival = caller.received.arrival;
    let depth = limits.max_json_depth;
    let body = body::read(&arrival.body, payload, limits).await?;
    let undressed = inspect::undress(arrival, caller.received.api, body, depth)?;
    let Undressed {
        api, body, steering, ..
    } = &undressed;
    let api = *api;
    caller.received.api = api;
    finish.lost(&undressed.losses);
    let view = RequestView::parse(arrival, api, body, depth)?;
    let extension = Extension::read(view.extension())?;
    let (model, at) = inspect::named(arrival, &view, &extension);
    let inspected = inspect::inspect(caller, body, &view, (&model, at), &extension, steering, depth)?;
    finish.asked(&inspected);
    *over_by = inspected.over_by();
    let deadline = over_by.map_or(deadline, |by| by.min(deadline));
    arrival.progress.asked_for_stream(inspected.features.stream);
    let admitted = admit::admit(gateway, inspected, finish).await?;
    let is_dry = admitted.request.wishes.dry_run;
    let (mut planned, mut decision) = match plan::plan(gateway, admitted) {
        Ok((planned, decision)) if is_dry => {
            finish.forget();
            let route = planned.resolution.route.map(route_ref);
            return decision::shown(&model, route.as_ref(), &decision).map(Answered::Whole);
        }
        Ok(planned) => planned,
        Err(unplanned) => match unplanned.refusal {
            Some(it) if is_dry => {
                finish.forget();
                return decision::shown(&model, it.route.as_ref(), &it.decision).map(Answered::Whole);
            }
            Some(it) => {
                finish.decided(it.route, it.decision);
                return Err(unplanned.error);
            }
            None => return Err(unplanned.error),
        },
    };
    if planned.suffix == Some(Suffix::Exacto) {
        let mut losses = LossReport::default();
        steering::not_acted_on(&mut losses);
        finish.lost(&losses);
    }
    let mut switched = Vec::new();
    loop {
        if planned.plan.hold.is_some() {
            finish.planned(&planned, decision.clone());
            (planned, decision) = plan::hold(gateway, planned, decision, deadline).await?;
        }
        finish.planned(&planned, decision);
        if over_by.is_some_and(|by| by <= Instant::now()) {
            return Err(last_word::too_late());
        }
        match walk::walk(gateway, &planned, deadline, finish).await? {
            Walked::Answered(answered) => return Ok(answered),
            Walked::Instead(route, refusal) => {
                (planned, decision) = plan::switch(gateway, planned, route, refusal, &mut switched)?;
            }
        }
    }
}

/// Closes the books, or hands them to the stream that will.
fn close(
    gateway: &Gateway,
    answered: Result<Answered, GatewayError>,
    over_by: Option<Instant>,
    mut finish: Finish,
) -> Reply {
    match answered {
        Ok(Answered::Stream(opened)) => {
            let attribution = finish.attribution();
            let relay = Relay::new(*opened, finish, gateway, over_by);
            Reply {
                answer: Answer::Stream(Box::new(relay)),
                attribution,
            }
        }
        Ok(Answered::Whole(body)) => {
            let attribution = finish.attribution();
            finish.close(Outcome::Served, 200, None);
            Reply {
                answer: Answer::Whole(body),
                attribution,
            }
        }
        Ok(Answered::Refused(refused)) => {
            let attribution = finish.attribution();
            finish.close(Outcome::Failed, refused.status, Some("upstream_failed"));
            Reply {
                answer: Answer::Refused(refused),
                attribution,
            }
        }
        Err(error) => {
            let attribution = finish.attribution();
            finish.close_with(&error);
            Reply {
                answer: Answer::Error(error),
                attribution,
            }
        }
    }
}

/// Looks a caller up for the endpoints that call no provider.
///
/// # Errors
/// As an inference request would be refused.
pub(crate) fn known_caller<T>(
    gateway: &Gateway,
    api: Api,
    arrival: &Arrival,
    answer: impl FnOnce(&Snapshot, &crate::snapshot::ProjectView, &sluicegate_contracts::config::ApiKey) -> T,
) -> Result<T, GatewayError> {
    let snapshot: Arc<Snapshot> = gateway.state().snapshots.load();
    let received = Received {
        snapshot: &snapshot,
        api,
        arrival,
    };
    let caller = authenticate::authenticate(received, &gateway.state().key_hasher)
        .inspect_err(|_| gateway.state().metrics.unknown_caller())?;
    Ok(answer(&snapshot, caller.project, caller.key))
}
