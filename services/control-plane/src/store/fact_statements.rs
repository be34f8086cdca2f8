//! Facts that organizations state, with their evidence.

use sluicegate_contracts::config::StatedFacts;
use sluicegate_contracts::ids::{FactStatementId, OrganizationId, UserId};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::Connection;
use super::constraint::on_constraint;
use crate::domain::fact_statement::FactStatement;
use crate::error::{Error, Result};

/// A statement.
#[derive(Debug, Clone)]
pub struct Stated {
    /// Its id.
    pub id: FactStatementId,
    /// The tenant.
    pub organization: OrganizationId,
    /// What is stated.
    pub statement: FactStatement,
    /// Counts its changes.
    pub revision: i64,
    /// Who stated it.
    pub created_by: Option<UserId>,
    /// When.
    pub created_at: OffsetDateTime,
}

struct Row {
    id: Uuid,
    organization_id: Uuid,
    about: serde_json::Value,
    facts: serde_json::Value,
    evidence: String,
    as_of: Date,
    revision: i64,
    created_by: Option<Uuid>,
    created_at: OffsetDateTime,
}

impl TryFrom<Row> for Stated {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            organization: row.organization_id.into(),
            statement: FactStatement {
                about: serde_json::from_value(row.about).map_err(Error::internal)?,
                facts: serde_json::from_value(row.facts).map_err(Error::internal)?,
                evidence: row.evidence,
                as_of: row.as_of,
            },
            revision: row.revision,
            created_by: row.created_by.map(UserId::from),
            created_at: row.created_at,
        })
    }
}

/// Adds a statement.
///
/// # Errors
/// A finding at `/about/connection`, when there is no such connection of the organization.
pub async fn insert(connection: &mut Connection, stated: &Stated) -> Result<()> {
    let FactStatement {
        about,
        facts,
        evidence,
        as_of,
    } = &stated.statement;
    let inserted = sqlx::query!(
        "insert into fact_statements
            (id, organization_id, connection_id, about, facts, evidence, as_of, created_by, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        stated.id.as_uuid(),
        stated.organization.as_uuid(),
        about.connection.map(|it| it.as_uuid()),
        serde_json::to_value(about).map_err(Error::internal)?,
        serde_json::to_value(facts).map_err(Error::internal)?,
        evidence,
        as_of,
        stated.created_by.map(UserId::as_uuid),
        stated.created_at,
    )
    .execute(connection)
    .await;
    on_constraint(
        inserted,
        "fact_statements_organization_id_connection_id_fkey",
        || {
            let detail = "The organization has no such connection.";
            Error::field("/about/connection", "unknown_connection", detail)
        },
    )?;
    Ok(())
}

/// The statements of `organization`, newest first, made before `before`.
///
/// # Errors
/// When Postgres refuses.
pub async fn list(
    connection: &mut Connection,
    organization: OrganizationId,
    before: Option<FactStatementId>,
    limit: i64,
) -> Result<Vec<Stated>> {
    sqlx::query_as!(
        Row,
        "select id, organization_id, about, facts, evidence, as_of, revision, created_by, created_at
         from fact_statements where organization_id = $1 and ($2::uuid is null or id < $2)
         order by id desc limit $3",
        organization.as_uuid(),
        before.map(FactStatementId::as_uuid),
        limit,
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Stated::try_from)
    .collect()
}

/// The statement with this id.
///
/// # Errors
/// When Postgres refuses.
pub async fn find(
    connection: &mut Connection,
    organization: OrganizationId,
    id: FactStatementId,
) -> Result<Option<Stated>> {
    sqlx::query_as!(
        Row,
        "select id, organization_id, about, facts, evidence, as_of, revision, created_by, created_at
         from fact_statements where organization_id = $1 and id = $2",
        organization.as_uuid(),
        id.as_uuid(),
    )
    .fetch_optional(connection)
    .await?
    .map(Stated::try_from)
    .transpose()
}

/// Takes a statement back.
///
/// # Errors
/// When Postgres refuses.
pub async fn delete(connection: &mut Connection, id: FactStatementId) -> Result<()> {
    sqlx::query!("delete from fact_statements where id = $1", id.as_uuid())
        .execute(connection)
        .await?;
    Ok(())
}

/// What `organization` states, as workers read it, oldest first.
///
/// # Errors
/// When Postgres refuses.
pub async fn stated_by(
    connection: &mut Connection,
    organization: OrganizationId,
) -> Result<Vec<StatedFacts>> {
    let rows = sqlx::query!(
        "select about, facts from fact_statements where organization_id = $1 order by id",
        organization.as_uuid(),
    )
    .fetch_all(connection)
    .await?;
    let stated = rows.into_iter().map(|row| {
        Ok(StatedFacts {
            about: serde_json::from_value(row.about).map_err(Error::internal)?,
            facts: serde_json::from_value(row.facts).map_err(Error::internal)?,
        })
    });
    stated.collect()
}
