//! Shows a decision to a caller that asked for it alone.

use bytes::Bytes;
use serde::Serialize;
use sluicegate_contracts::usage::{DecidedCandidate, Decision, RouteRef};

use crate::error::{ErrorKind, GatewayError};

/// The answer to a request that is not to be sent anywhere.
#[derive(Debug, Serialize)]
struct DryRun<'a> {
    object: &'static str,
    model: &'a str,
    route: Option<&'a RouteRef>,
    /// Who would be tried first; null: nobody can serve.
    first: Option<&'a DecidedCandidate>,
    decision: &'a Decision,
}

/// Writes the answer.
///
/// # Errors
/// 500 when it cannot be written.
pub(super) fn shown(
    model: &str,
    route: Option<&RouteRef>,
    decision: &Decision,
) -> Result<Bytes, GatewayError> {
    let document = DryRun {
        object: "sluicegate.decision",
        model,
        route,
        first: decision.candidates.first().filter(|it| it.rank.is_some()),
        decision,
    };
    serde_json::to_vec(&document).map(Bytes::from).map_err(|_| {
        let message = "The decision cannot be written down.";
        GatewayError::new(ErrorKind::Internal, message)
    })
}
