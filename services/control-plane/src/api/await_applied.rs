//! `?wait=applied` on any write: the answer is held back until every live worker serves from the change, at most two
//! seconds, and says how many do. A middleware, so that no handler has to know.

use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use sluicegate_contracts::event::ConfigVersion;

use super::extract::state;
use super::reply::CONFIG_VERSION_HEADER;
use crate::app::fleet;

const PATIENCE: Duration = Duration::from_secs(2);
/// `2/3`: two of three live workers serve from the change.
const REACH_HEADER: HeaderName = HeaderName::from_static("x-sluicegate-workers-applied");

/// The middleware.
///
/// # Errors
/// What the handler answers with; its own trouble is logged, because the write has succeeded.
pub async fn await_applied(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let wanted = request
        .query_string()
        .split('&')
        .any(|pair| pair == "wait=applied");
    let mut response = next.call(request).await?;
    let version = response
        .headers()
        .get(CONFIG_VERSION_HEADER)
        .and_then(|value| value.to_str().ok()?.parse().ok())
        .map(ConfigVersion);
    if let (true, Some(version)) = (wanted, version) {
        let state = state(response.request())?;
        match fleet::await_applied(&state, version, PATIENCE).await {
            Ok(reach) => {
                let text = format!("{}/{}", reach.applied, reach.live);
                if let Ok(value) = HeaderValue::from_str(&text) {
                    response.headers_mut().insert(REACH_HEADER, value);
                }
            }
            Err(error) => tracing::warn!(%error, "cannot tell how far a change has come"),
        }
    }
    Ok(response)
}
