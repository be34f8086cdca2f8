//! What is running, and where inference calls go. Public: the sign-in page shows it.

use actix_web::{HttpRequest, get};
use serde::Serialize;
use sluicegate_service_runtime::build_info;
use utoipa::ToSchema;

use super::extract::state;
use super::reply::Reply;
use crate::error::Result;

/// What is running.
#[derive(Serialize, ToSchema)]
struct Version {
    /// Release.
    #[schema(example = "0.1.0")]
    version: &'static str,
    /// Commit it was built from, when known.
    #[schema(required = true)]
    commit: Option<&'static str>,
    /// Base URL for inference calls, including `/v1`.
    #[schema(example = "http://127.0.0.1:8787/v1")]
    inference_url: String,
}

/// What is running
#[utoipa::path(
    operation_id = "version", tag = "meta", security(()),
    responses((status = 200, description = "The running release", body = Version))
)]
#[get("/version")]
pub(super) async fn version(request: HttpRequest) -> Result<Reply> {
    let inference_url = state(&request)?.settings.inference_url.to_string();
    Reply::ok(&Version {
        version: build_info::VERSION,
        commit: (build_info::COMMIT != "unknown").then_some(build_info::COMMIT),
        inference_url: inference_url.trim_end_matches('/').to_owned(),
    })
}
