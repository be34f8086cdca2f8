//! Where the values of signals are fetched from. Whoever fetches one takes it until its next turn, so that several processes do
//! not ask twice.

use sluicegate_contracts::config::SealedText;
use sluicegate_contracts::ids::{OrganizationId, ProjectId, SignalSourceId, UserId};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Connection;
use crate::domain::exchange_room::ExchangeRoom;
use crate::domain::signal_source::Terms;
use crate::error::{Error, Result};

/// A source.
#[derive(Debug, Clone)]
pub struct SignalSource {
    /// Its id.
    pub id: SignalSourceId,
    /// The tenant.
    pub organization: OrganizationId,
    /// The project of the signal.
    pub project: ProjectId,
    /// Name of the signal.
    pub name: String,
    /// What is fetched.
    pub url: String,
    /// What is sent as the header `authorization`, sealed.
    pub authorization: Option<SealedText>,
    /// How often, and where in the answer.
    pub terms: Terms,
    /// When it is fetched next.
    pub next_fetch_at: OffsetDateTime,
    /// When it was fetched last.
    pub last_fetch_at: Option<OffsetDateTime>,
    /// Why that brought no value.
    pub last_error: Option<String>,
    /// Who set it.
    pub created_by: Option<UserId>,
    /// When.
    pub created_at: OffsetDateTime,
}

struct Row {
    id: Uuid,
    organization_id: Uuid,
    project_id: Uuid,
    name: String,
    url: String,
    pointer: String,
    authorization: Option<String>,
    every_seconds: i32,
    ttl_seconds: i32,
    next_fetch_at: OffsetDateTime,
    last_fetch_at: Option<OffsetDateTime>,
    last_error: Option<String>,
    created_by: Option<Uuid>,
    created_at: OffsetDateTime,
}

impl TryFrom<Row> for SignalSource {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            organization: row.organization_id.into(),
            project: row.project_id.into(),
            name: row.name,
            url: row.url,
            authorization: row.authorization.map(SealedText),
            terms: Terms {
                pointer: row.pointer,
                every_seconds: u32::try_from(row.every_seconds).map_err(Error::internal)?,
                ttl_seconds: Some(u32::try_from(row.ttl_seconds).map_err(Error::internal)?),
            },
            next_fetch_at: row.next_fetch_at,
            last_fetch_at: row.last_fetch_at,
            last_error: row.last_error,
            created_by: row.created_by.map(UserId::from),
            created_at: row.created_at,
        })
    }
}

/// Sets a source, in the place of the one its signal had.
///
/// # Errors
/// When Postgres refuses.
pub async fn set(connection: &mut Connection, source: &SignalSource) -> Result<()> {
    let seconds = |count: u32| i32::try_from(count).map_err(Error::internal);
    sqlx::query!(
        r#"insert into signal_sources
            (id, organization_id, project_id, name, url, pointer, "authorization", every_seconds, ttl_seconds,
             next_fetch_at, created_by, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         on conflict (project_id, name) do update set
            id = excluded.id, url = excluded.url, pointer = excluded.pointer, "authorization" = excluded."authorization",
            every_seconds = excluded.every_seconds, ttl_seconds = excluded.ttl_seconds,
            next_fetch_at = excluded.next_fetch_at, last_fetch_at = null, last_error = null,
            created_by = excluded.created_by, created_at = excluded.created_at"#,
        source.id.as_uuid(),
        source.organization.as_uuid(),
        source.project.as_uuid(),
        source.name,
        source.url,
        source.terms.pointer,
        source.authorization.as_ref().map(|sealed| sealed.0.as_str()),
        seconds(source.terms.every_seconds)?,
        seconds(source.terms.ttl_seconds())?,
        source.next_fetch_at,
        source.created_by.map(UserId::as_uuid),
        source.created_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// How many sources a project has.
///
/// # Errors
/// When Postgres refuses.
pub async fn count(
    connection: &mut Connection,
    organization: OrganizationId,
    project: ProjectId,
) -> Result<i64> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from signal_sources where organization_id = $1 and project_id = $2"#,
        organization.as_uuid(),
        project.as_uuid(),
    );
    Ok(count.fetch_one(connection).await?)
}

/// The source of a signal.
///
/// # Errors
/// When Postgres refuses.
pub async fn find(
    connection: &mut Connection,
    organization: OrganizationId,
    project: ProjectId,
    name: &str,
) -> Result<Option<SignalSource>> {
    let row = sqlx::query_as!(
        Row,
        r#"select id, organization_id, project_id, name, url, pointer, "authorization", every_seconds, ttl_seconds,
            next_fetch_at, last_fetch_at, last_error, created_by, created_at
         from signal_sources where organization_id = $1 and project_id = $2 and name = $3"#,
        organization.as_uuid(),
        project.as_uuid(),
        name,
    );
    row.fetch_optional(connection)
        .await?
        .map(SignalSource::try_from)
        .transpose()
}

/// Forgets the source of a signal; its id, if there was one.
///
/// # Errors
/// When Postgres refuses.
pub async fn delete(
    connection: &mut Connection,
    organization: OrganizationId,
    project: ProjectId,
    name: &str,
) -> Result<Option<SignalSourceId>> {
    let id = sqlx::query_scalar!(
        "delete from signal_sources where organization_id = $1 and project_id = $2 and name = $3 returning id",
        organization.as_uuid(),
        project.as_uuid(),
        name,
    );
    Ok(id.fetch_optional(connection).await?.map(SignalSourceId::from))
}

/// Forgets every source of a project.
///
/// # Errors
/// When Postgres refuses.
pub async fn delete_all(
    connection: &mut Connection,
    organization: OrganizationId,
    project: ProjectId,
) -> Result<()> {
    sqlx::query!(
        "delete from signal_sources where organization_id = $1 and project_id = $2",
        organization.as_uuid(),
        project.as_uuid(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes sources whose turn it is, as many as there is room for; their next turn is an interval later. System scope.
///
/// # Errors
/// When Postgres refuses.
pub async fn take(
    connection: &mut Connection,
    now: OffsetDateTime,
    room: &ExchangeRoom,
) -> Result<Vec<SignalSource>> {
    let rows = sqlx::query_as!(
        Row,
        r#"update signal_sources set next_fetch_at = $1 + make_interval(secs => every_seconds)
         where id in (
            select source.id from signal_sources source
            join (
                select id, row_number() over (partition by organization_id order by next_fetch_at, id) as place
                from signal_sources where next_fetch_at <= $1 and id <> all($3)
            ) turn on turn.id = source.id
            where source.next_fetch_at <= $1 and turn.place
                + (select count(*) from unnest($4::uuid[]) busy where busy = source.organization_id) <= $5
            order by source.next_fetch_at limit $2
            for update of source skip locked
         )
         returning id, organization_id, project_id, name, url, pointer, "authorization", every_seconds, ttl_seconds,
            next_fetch_at, last_fetch_at, last_error, created_by, created_at"#,
        now,
        room.count,
        &room.targets,
        &room.organizations,
        room.share,
    );
    let rows = rows.fetch_all(connection).await?;
    rows.into_iter().map(SignalSource::try_from).collect()
}

/// Notes what came of a fetch; whether the source is still there.
///
/// # Errors
/// When Postgres refuses.
pub async fn note(
    connection: &mut Connection,
    organization: OrganizationId,
    id: SignalSourceId,
    error: Option<&str>,
    now: OffsetDateTime,
) -> Result<bool> {
    let noted = sqlx::query!(
        "update signal_sources set last_fetch_at = $3, last_error = $4 where organization_id = $1 and id = $2",
        organization.as_uuid(),
        id.as_uuid(),
        now,
        error,
    );
    Ok(noted.execute(connection).await?.rows_affected() > 0)
}
