//! Tenants.

use sluicegate_contracts::config::{Constraints, Organization as Published, SealedText, StatedFacts, Status};
use sluicegate_contracts::ids::OrganizationId;
use time::OffsetDateTime;

use super::constraint::on_constraint;
use super::{Connection, constraints};
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
    /// What every endpoint must satisfy that serves its calls.
    pub constraints: Constraints,
    /// Counts its changes.
    pub revision: i64,
    /// When it was created.
    pub created_at: OffsetDateTime,
}

impl Organization {
    /// As workers need to know it, with what it states of its accounts and models.
    #[must_use]
    pub fn published(&self, stated: Vec<StatedFacts>) -> Published {
        Published {
            id: self.id,
            status: Status::Active,
            data_key: self.data_key.clone(),
            constraints: self.constraints.clone(),
            facts: stated,
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
        "insert into organizations (id, slug, name, data_key, constraints, revision, created_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        organization.id.as_uuid(),
        organization.slug,
        organization.name,
        organization.data_key.0,
        constraints::stored(&organization.constraints)?,
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
    constraints: serde_json::Value,
    revision: i64,
    created_at: OffsetDateTime,
}

impl TryFrom<Row> for Organization {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            slug: row.slug,
            name: row.name,
            data_key: SealedText(row.data_key),
            constraints: constraints::read(row.constraints)?,
            revision: row.revision,
            created_at: row.created_at,
        })
    }
}

/// The tenant with this id.
///
/// # Errors
/// When Postgres refuses.
pub async fn find(connection: &mut Connection, id: OrganizationId) -> Result<Option<Organization>> {
    let row = sqlx::query_as!(
        Row,
        "select id, slug, name, data_key, constraints, revision, created_at from organizations where id = $1",
        id.as_uuid(),
    )
    .fetch_optional(connection)
    .await?;
    row.map(Organization::try_from).transpose()
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
        "select id, slug, name, data_key, constraints, revision, created_at from organizations where id = $1 for update",
        id.as_uuid(),
    )
    .fetch_optional(connection)
    .await?;
    row.map(Organization::try_from).transpose()
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
        "select id, slug, name, data_key, constraints, revision, created_at from organizations
         where id in (select organization_id from grants where principal_id = $1) and ($2::uuid is null or id < $2)
         order by id desc limit $3",
        principal.as_uuid(),
        before.map(OrganizationId::as_uuid),
        limit,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Organization::try_from).collect()
}

/// Writes everything that can change and counts the change.
///
/// # Errors
/// `slug_taken`.
pub async fn update(connection: &mut Connection, organization: &mut Organization) -> Result<()> {
    let updated = sqlx::query_scalar!(
        "update organizations set slug = $2, name = $3, constraints = $4, revision = revision + 1
         where id = $1 returning revision",
        organization.id.as_uuid(),
        organization.slug,
        organization.name,
        constraints::stored(&organization.constraints)?,
    )
    .fetch_one(connection)
    .await;
    organization.revision = on_constraint(updated, "organizations_slug_key", slug_taken)?;
    Ok(())
}
