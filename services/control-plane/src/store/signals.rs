//! Signals: the newest value that was pushed under each name of a project.

use sluicegate_contracts::config::{Signal as Published, SignalValue};
use sluicegate_contracts::ids::{OrganizationId, ProjectId, SignalId};
use sluicegate_contracts::time::UnixMillis;
use sqlx::types::Json;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Connection;
use crate::error::{Error, Result};

/// A signal.
#[derive(Debug, Clone, PartialEq)]
pub struct Signal {
    /// Its id.
    pub id: SignalId,
    /// The tenant.
    pub organization: OrganizationId,
    /// The project whose routes can ask for it.
    pub project: ProjectId,
    /// Unique in the project.
    pub name: String,
    /// What was pushed last.
    pub value: SignalValue,
    /// When it becomes stale.
    pub good_until: OffsetDateTime,
    /// When it was pushed.
    pub pushed_at: OffsetDateTime,
}

impl Signal {
    /// As workers need to know it.
    ///
    /// # Errors
    /// When its end does not fit, which no accepted one does.
    pub fn published(&self) -> Result<Published> {
        let millis = self.good_until.unix_timestamp_nanos() / 1_000_000;
        Ok(Published {
            id: self.id,
            organization: self.organization,
            project: self.project,
            name: self.name.clone(),
            value: self.value.clone(),
            good_until: UnixMillis::new(i64::try_from(millis).map_err(Error::internal)?),
        })
    }
}

struct Row {
    id: Uuid,
    organization_id: Uuid,
    project_id: Uuid,
    name: String,
    value: Json<SignalValue>,
    good_until: OffsetDateTime,
    pushed_at: OffsetDateTime,
}

impl From<Row> for Signal {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            organization: row.organization_id.into(),
            project: row.project_id.into(),
            name: row.name,
            value: row.value.0,
            good_until: row.good_until,
            pushed_at: row.pushed_at,
        }
    }
}

/// Keeps a value in place of the one before it; the id that the signal has, which is another one when it is not new.
///
/// # Errors
/// When Postgres refuses.
pub async fn push(connection: &mut Connection, signal: &Signal) -> Result<SignalId> {
    let id = sqlx::query_scalar!(
        "insert into signals (id, organization_id, project_id, name, value, good_until, pushed_at)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (project_id, name) do update
            set value = excluded.value, good_until = excluded.good_until, pushed_at = excluded.pushed_at
         returning id",
        signal.id.as_uuid(),
        signal.organization.as_uuid(),
        signal.project.as_uuid(),
        signal.name,
        Json(&signal.value) as _,
        signal.good_until,
        signal.pushed_at,
    )
    .fetch_one(connection)
    .await?;
    Ok(id.into())
}

/// How many signals a project has.
///
/// # Errors
/// When Postgres refuses.
pub async fn count(connection: &mut Connection, project: ProjectId) -> Result<i64> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from signals where project_id = $1"#,
        project.as_uuid()
    );
    Ok(count.fetch_one(connection).await?)
}

/// The signals of a project after the one named, in the order of their names.
///
/// # Errors
/// When Postgres refuses.
pub async fn list(
    connection: &mut Connection,
    project: ProjectId,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Signal>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select id, organization_id, project_id, name, value as "value: Json<SignalValue>", good_until, pushed_at
         from signals where project_id = $1 and ($2::text is null or name > $2) order by name limit $3"#,
        project.as_uuid(),
        after,
        limit,
    );
    let rows = rows.fetch_all(connection).await?;
    Ok(rows.into_iter().map(Signal::from).collect())
}

/// The signal with this name.
///
/// # Errors
/// When Postgres refuses.
pub async fn find(connection: &mut Connection, project: ProjectId, name: &str) -> Result<Option<Signal>> {
    let row = sqlx::query_as!(
        Row,
        r#"select id, organization_id, project_id, name, value as "value: Json<SignalValue>", good_until, pushed_at
         from signals where project_id = $1 and name = $2"#,
        project.as_uuid(),
        name,
    );
    Ok(row.fetch_optional(connection).await?.map(Signal::from))
}

/// Forgets a signal; its id, if there was one.
///
/// # Errors
/// When Postgres refuses.
pub async fn delete(connection: &mut Connection, project: ProjectId, name: &str) -> Result<Option<SignalId>> {
    let id = sqlx::query_scalar!(
        "delete from signals where project_id = $1 and name = $2 returning id",
        project.as_uuid(),
        name,
    );
    Ok(id.fetch_optional(connection).await?.map(SignalId::from))
}

/// Forgets every signal of a project; their ids.
///
/// # Errors
/// When Postgres refuses.
pub async fn delete_all(connection: &mut Connection, project: ProjectId) -> Result<Vec<SignalId>> {
    let ids = sqlx::query_scalar!(
        "delete from signals where project_id = $1 returning id",
        project.as_uuid()
    );
    let ids = ids.fetch_all(connection).await?;
    Ok(ids.into_iter().map(SignalId::from).collect())
}
