//! What budgets, rate limits and invoices refer to: objects of the organization that are in use.

use sluicegate_contracts::ids::{ApiKeyId, ConnectionId, OrganizationId, ProjectId, RouteId};

use super::Connection;
use crate::error::Result;

/// Whether the organization has the project.
///
/// # Errors
/// When Postgres refuses.
pub async fn project(
    connection: &mut Connection,
    organization: OrganizationId,
    id: ProjectId,
) -> Result<Option<ProjectId>> {
    let found = sqlx::query_scalar!(
        "select id from projects where organization_id = $1 and id = $2 and deleted_at is null",
        organization.as_uuid(),
        id.as_uuid(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(found.map(ProjectId::from))
}

/// The key, if the organization has it, with its project.
///
/// # Errors
/// When Postgres refuses.
pub async fn api_key(
    connection: &mut Connection,
    organization: OrganizationId,
    id: ApiKeyId,
) -> Result<Option<(ApiKeyId, ProjectId)>> {
    let found = sqlx::query!(
        "select id, project_id from api_keys where organization_id = $1 and id = $2 and revoked_at is null",
        organization.as_uuid(),
        id.as_uuid(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(found.map(|row| (row.id.into(), row.project_id.into())))
}

/// The route, if the organization has it, with its project.
///
/// # Errors
/// When Postgres refuses.
pub async fn route(
    connection: &mut Connection,
    organization: OrganizationId,
    id: RouteId,
) -> Result<Option<(RouteId, ProjectId)>> {
    // Kept from being deleted while a budget comes to rely on it.
    let found = sqlx::query!(
        "select id, project_id from routes where organization_id = $1 and id = $2 and version > 0 and deleted_at is null for share",
        organization.as_uuid(),
        id.as_uuid(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(found.map(|row| (row.id.into(), row.project_id.into())))
}

/// Whether the organization has the connection.
///
/// # Errors
/// When Postgres refuses.
pub async fn connection(
    connection: &mut Connection,
    organization: OrganizationId,
    id: ConnectionId,
) -> Result<bool> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from connections where organization_id = $1 and id = $2) as "found!""#,
        organization.as_uuid(),
        id.as_uuid(),
    );
    Ok(found.fetch_one(connection).await?)
}
