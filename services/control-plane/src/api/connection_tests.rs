//! Trying a connection.

use actix_web::post;
use serde::Serialize;
use sluicegate_contracts::ids::ConnectionId;
use sluicegate_contracts::worker::ConnectionReport;
use utoipa::ToSchema;

use super::extract::{Developer, InProject, PathId};
use super::reply::Reply;
use crate::app::connection_tests;
use crate::error::Result;
use crate::store::database::Scope;

/// How a connection answered.
#[derive(Serialize, ToSchema)]
struct ConnectionTest {
    /// Whether the provider accepted the credential.
    ok: bool,
    /// Time to the whole answer.
    #[schema(required = true)]
    latency_ms: Option<u64>,
    /// The provider's HTTP status; null when it could not be reached.
    #[schema(required = true)]
    status: Option<u16>,
    /// One sentence.
    #[schema(required = true)]
    message: Option<String>,
    /// Model names the provider lists.
    models: Vec<String>,
}

impl From<ConnectionReport> for ConnectionTest {
    fn from(report: ConnectionReport) -> Self {
        Self {
            ok: report.ok,
            latency_ms: Some(report.latency_ms),
            status: report.status,
            message: Some(report.message),
            models: report.models,
        }
    }
}

/// Test a connection
#[utoipa::path(
    operation_id = "test_connection", tag = "connections",
    params(
        ("project" = String, Path, description = "Id, or slug with ?organization="),
        ("connection" = String, Path, description = "Id"),
    ),
    extensions(("x-sluicegate-role" = json!("developer"))),
    responses(
        (status = 200, description = "How it answered", body = ConnectionTest),
    )
)]
#[post("/projects/{project}/connections/{connection}/test")]
pub(super) async fn test_connection(
    caller: InProject<Developer>,
    connection: PathId<ConnectionId>,
) -> Result<Reply> {
    let scope = Scope::Tenant {
        organization: caller.organization()?,
        user: caller.ctx.user(),
    };
    let report = connection_tests::run(&caller.state, scope, caller.project, connection.0).await?;
    Reply::ok(&ConnectionTest::from(report))
}
