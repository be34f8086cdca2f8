//! The published configuration: head, entities, log. Called by `app::Tx` as the last thing before commit, and by the
//! relay and the workers' pull endpoints.

use sluicegate_contracts::config::EntityKind;
use sluicegate_contracts::event::{ConfigHead, ConfigVersion, StateHash, entity_hash};
use sluicegate_contracts::ids::OrganizationId;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Connection;
use crate::error::Result;

/// One entity as it shall be published, or (`body: None`) taken back.
#[derive(Debug, Clone)]
pub struct Change {
    /// Its kind.
    pub kind: EntityKind,
    /// Its id within the kind.
    pub id: Uuid,
    /// The tenant; `None` for platform entities.
    pub organization: Option<OrganizationId>,
    /// Whether workers must refuse to serve it.
    pub blocked: bool,
    /// The entity as JSON.
    pub body: Option<String>,
}

impl Change {
    fn hash(&self) -> u64 {
        self.body
            .as_deref()
            .map_or(0, |body| entity_hash(self.kind.as_str(), self.id, body))
    }
}

/// Appends `changes` (each entity at most once) to the log with gap-free versions and makes them the published state.
/// Takes the lock on the head and keeps it to commit, so nothing slow may follow.
///
/// # Errors
/// When Postgres refuses.
pub async fn publish(
    connection: &mut Connection,
    changes: &[Change],
    now: OffsetDateTime,
) -> Result<ConfigVersion> {
    let count = i64::try_from(changes.len()).unwrap_or(i64::MAX);
    // A statement of its own: the next one must take its view after the lock is held.
    let last = sqlx::query_scalar!(
        "update config_head set version = version + $1 returning version",
        count
    )
    .fetch_one(&mut *connection)
    .await?;
    let kinds: Vec<String> = changes
        .iter()
        .map(|change| change.kind.as_str().to_owned())
        .collect();
    let ids: Vec<Uuid> = changes.iter().map(|change| change.id).collect();
    let organizations: Vec<Option<Uuid>> = changes
        .iter()
        .map(|change| change.organization.map(OrganizationId::as_uuid))
        .collect();
    let blocked: Vec<bool> = changes.iter().map(|change| change.blocked).collect();
    let bodies: Vec<Option<String>> = changes.iter().map(|change| change.body.clone()).collect();
    let hashes: Vec<i64> = changes.iter().map(|change| change.hash().cast_signed()).collect();
    sqlx::query!(
        r#"
        with incoming as (
            select kind, id, organization_id, blocked, body, hash, $7::bigint + n as version
            from unnest($1::text[], $2::uuid[], $3::uuid[], $4::boolean[], $5::text[], $6::bigint[])
                with ordinality as change (kind, id, organization_id, blocked, body, hash, n)
        ), replaced as (
            select coalesce(bit_xor(entity.hash), 0) as hash
            from config_entities entity join incoming using (kind, id)
        ), removed as (
            delete from config_entities entity using incoming
            where entity.kind = incoming.kind and entity.id = incoming.id and incoming.body is null
        ), written as (
            insert into config_entities (kind, id, organization_id, version, blocked, body, hash)
            select kind, id, organization_id, version, blocked, body, hash from incoming where body is not null
            on conflict (kind, id) do update set
                organization_id = excluded.organization_id, version = excluded.version,
                blocked = excluded.blocked, body = excluded.body, hash = excluded.hash
        ), logged as (
            insert into config_outbox (version, organization_id, kind, id, blocked, body, created_at)
            select version, organization_id, kind, id, blocked, body, $8 from incoming
        ), notified as (
            select pg_notify('sluicegate_config', ($7::bigint + $9::bigint)::text)
        )
        update config_head set state_hash =
            state_hash
            # (select hash from replaced)
            # (select coalesce(bit_xor(hash), 0) from incoming)
            # (select 0 * count(*) from notified)
        "#,
        &kinds,
        &ids,
        &organizations as &[Option<Uuid>],
        &blocked,
        &bodies as &[Option<String>],
        &hashes,
        last - count,
        now,
        count,
    )
    .execute(connection)
    .await?;
    Ok(ConfigVersion(last.cast_unsigned()))
}

/// Where the sequence stands.
///
/// # Errors
/// When Postgres refuses.
pub async fn head(connection: &mut Connection) -> Result<ConfigHead> {
    let row = sqlx::query!("select version, state_hash from config_head")
        .fetch_one(connection)
        .await?;
    Ok(ConfigHead {
        version: ConfigVersion(row.version.cast_unsigned()),
        state_hash: StateHash(row.state_hash.cast_unsigned()),
    })
}
