//! Tenants.

use sluicegate_contracts::config::{Organization as Published, SealedText, Status};
use sluicegate_contracts::ids::OrganizationId;
use time::OffsetDateTime;

use super::Connection;
use super::constraint::on_constraint;
use crate::codes::Code;
use crate::domain::principal::Principal;
use crate::error::{Error, Result};

/// A tenant.
#[derive(Debug, Clone)]
pub struct Organization {
    /// Its id.
    pub id: OrganizationId,
    /// Its name in URLs.
    pub slug: String,
    /// Its name for people.
    pub name: String,
    /// Its wrapped data key.
    pub data_key: SealedText,
    /// Counts its changes.
    pub revision: i64,
    /// When it was created.
    pub created_at: OffsetDateTime,
}

impl Organization {
    /// As workers need to know it.
    #[must_use]
    pub fn published(&self) -> Published {
        Published {
            id: self.id,
            status: Status::Active,
            data_key: self.data_key.clone(),
        }
    }
}

fn slug_taken() -> Error {
    Error::new(Code::SlugTaken, "Choose another slug.")
}

/// Adds a tenant.
///
/// # Errors
/// `slug_taken`.
pub async fn insert(connection: &mut Connection, organization: &Organization) -> Result<()> {
    let inserted = sqlx::query!(
        "insert into organizations (id, slug, name, data_key, revision, created_at) values ($1, $2, $3, $4, $5, $6)",
        organization.id.as_uuid(),
        organization.slug,
        organization.name,
        organization.data_key.0,
        organization.revision,
        organization.created_at,
    )
    .execute(connection)
    .await;
    on_constraint(inserted, "organizations_slug_key", slug_taken)?;
    Ok(())
}

struct Row {
    id: uuid::Uuid,
    slug: String,
    name: String,
    data_key: String,
    revision: i64,
    created_at: OffsetDateTime,
}

impl From<Row> for Organization {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            slug: row.slug,
            name: row.name,
            data_key: SealedText(row.data_key),
            revision: row.revision,
            created_at: row.created_at,
        }
    }
}

/// The tenant with this id.
///
/// # Errors
/// When Postgres refuses.
pub async fn find(connection: &mut Connection, id: OrganizationId) -> Result<Option<Organization>> {
    let row = sqlx::query_as!(
        Row,
        "select id, slug, name, data_key, revision, created_at from organizations where id = $1",
        id.as_uuid(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(Organization::from))
}

/// As [`find`], locked against other writers.
///
/// # Errors
/// When Postgres refuses.
pub async fn find_for_update(
    connection: &mut Connection,
    id: OrganizationId,
) -> Result<Option<Organization>> {
    let row = sqlx::query_as!(
        Row,
        "select id, slug, name, data_key, revision, created_at from organizations where id = $1 for update",
        id.as_uuid(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(Organization::from))
}

/// The tenants `principal` may act for, newest first, created before `before`. System scope only.
///
/// # Errors
/// When Postgres refuses.
pub async fn list_of(
    connection: &mut Connection,
    principal: Principal,
    before: Option<OrganizationId>,
    limit: i64,
) -> Result<Vec<Organization>> {
    let rows = sqlx::query_as!(
        Row,
        "select id, slug, name, data_key, revision, created_at from organizations
         where id in (select organization_id from grants where principal_id = $1) and ($2::uuid is null or id < $2)
         order by id desc limit $3",
        principal.as_uuid(),
        before.map(OrganizationId::as_uuid),
        limit,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(Organization::from).collect())
}

/// Writes the names and counts the change.
///
/// # Errors
/// `slug_taken`.
pub async fn update(connection: &mut Connection, organization: &mut Organization) -> Result<()> {
    let updated = sqlx::query_scalar!(
        "update organizations set slug = $2, name = $3, revision = revision + 1 where id = $1 returning revision",
        organization.id.as_uuid(),
        organization.slug,
        organization.name,
    )
    .fetch_one(connection)
    .await;
    organization.revision = on_constraint(updated, "organizations_slug_key", slug_taken)?;
    Ok(())
}
