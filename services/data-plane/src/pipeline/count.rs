//! Counts the tokens of a request. The steps are those of an inference request up to its plan, so that a caller is
//! refused here as it would be there; but no provider is called, nothing is bought, and no usage record is left.

use actix_web::web::{self, Payload};
use sluicegate_protocols::dialect::decode_request;

use super::inspect::{inspect, undress};
use super::stage::Received;
use super::view::RequestView;
use super::{Api, Gateway, admit, authenticate, plan};
use crate::error::{ErrorKind, GatewayError};
use crate::http::{Arrival, body};
use crate::tokens::{Count, Vocabulary, count};

/// Counts.
///
/// # Errors
/// As an inference request would be refused.
pub(crate) async fn count_tokens(
    gateway: &Gateway,
    api: Api,
    arrival: &Arrival,
    payload: Payload,
) -> Result<Count, GatewayError> {
    let limits = &gateway.state().limits;
    let depth = limits.max_json_depth;
    let snapshot = gateway.state().snapshots.load();
    let received = Received {
        snapshot: &snapshot,
        api,
        arrival,
    };
    let caller = authenticate::authenticate(received, &gateway.state().key_hasher)
        .inspect_err(|_| gateway.state().metrics.unknown_caller())?;
    let body = body::read(&arrival.body, payload, limits).await?;
    let body = undress(arrival, api, body, depth)?.body;
    let vocabulary = {
        let view = RequestView::parse(arrival, api, &body, depth)?;
        let model = view.model();
        let planned = plan::plan(admit::admit(inspect(caller, &body, &view, &model)?)?)?;
        let first = planned
            .plan
            .attempts
            .first()
            .map(|first| planned.candidate(*first));
        first.and_then(|candidate| {
            let name = candidate
                .endpoint
                .map_or(candidate.upstream_model, |it| it.model.as_str());
            Vocabulary::of_model(name)
        })
    };
    // Long texts take long, and a vocabulary is loaded the first time: not on a thread that serves others meanwhile.
    let counted = web::block(move || {
        decode_request(api.body_dialect(), &body, depth).map(|request| count(&request, vocabulary))
    })
    .await
    .map_err(|_| GatewayError::new(ErrorKind::Internal, "The tokens could not be counted."))??;
    Ok(counted)
}
