//! The audit trail: append-only rows in one hash chain per organization. Called by `app::Tx` before each commit, and by
//! the audit list.

use sha2::{Digest, Sha256};
use sluicegate_contracts::ids::AuditEventId;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Connection;
use crate::error::Result;

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// Its id.
    pub id: AuditEventId,
    /// When.
    pub at: OffsetDateTime,
    /// `user` or `system`.
    pub actor_kind: String,
    /// The user's id, or the name of the task.
    pub actor: String,
    /// What was done, as `noun.verb`.
    pub action: String,
    /// Id of what it was done to.
    pub target: String,
    /// Further facts as JSON text; never a secret.
    pub detail: String,
    /// The request that did it.
    pub request_id: Option<String>,
    /// Where it came from.
    pub address: Option<String>,
}

/// An entry with its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainedRow {
    /// Place, from 1 without gaps.
    pub seq: i64,
    /// Hash of the entry before it.
    pub prev_hash: Vec<u8>,
    /// Its own hash.
    pub hash: Vec<u8>,
    /// The entry.
    pub row: AuditRow,
}

impl AuditRow {
    /// SHA-256 over the previous hash, the place and every field, each with its length in front.
    #[must_use]
    pub fn chain_hash(&self, organization: Uuid, prev_hash: &[u8], seq: i64) -> [u8; 32] {
        let at = self.at.unix_timestamp_nanos() / 1_000;
        let fields = [
            self.id.to_string(),
            at.to_string(),
            self.actor_kind.clone(),
            self.actor.clone(),
            self.action.clone(),
            self.target.clone(),
            self.detail.clone(),
            self.request_id.clone().unwrap_or_default(),
            self.address.clone().unwrap_or_default(),
        ];
        let mut hasher = Sha256::new();
        hasher.update(prev_hash);
        hasher.update(organization.as_bytes());
        hasher.update(seq.to_be_bytes());
        for field in &fields {
            hasher.update((field.len() as u64).to_be_bytes());
            hasher.update(field.as_bytes());
        }
        hasher.finalize().into()
    }
}

/// Appends to the chain of `organization` (nil: the platform's). The lock on the chain's head is held to commit.
///
/// # Errors
/// When Postgres refuses.
pub async fn append(connection: &mut Connection, organization: Uuid, rows: &[AuditRow]) -> Result<()> {
    sqlx::query!(
        "insert into audit_heads (organization_id, seq, hash) values ($1, 0, $2) on conflict do nothing",
        organization,
        &[0_u8; 32],
    )
    .execute(&mut *connection)
    .await?;
    let head = sqlx::query!(
        "select seq, hash from audit_heads where organization_id = $1 for update",
        organization
    )
    .fetch_one(&mut *connection)
    .await?;
    let (mut seq, mut hash) = (head.seq, head.hash);
    for row in rows {
        seq += 1;
        let next = row.chain_hash(organization, &hash, seq);
        insert(connection, organization, row, seq, &hash, &next).await?;
        hash = next.to_vec();
    }
    sqlx::query!(
        "update audit_heads set seq = $2, hash = $3 where organization_id = $1",
        organization,
        seq,
        hash
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn insert(
    connection: &mut Connection,
    organization: Uuid,
    row: &AuditRow,
    seq: i64,
    prev_hash: &[u8],
    hash: &[u8],
) -> Result<()> {
    sqlx::query!(
        "insert into audit_events
            (organization_id, seq, id, at, actor_kind, actor, action, target, detail, request_id, address, prev_hash, hash)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        organization,
        seq,
        row.id.as_uuid(),
        row.at,
        row.actor_kind,
        row.actor,
        row.action,
        row.target,
        row.detail,
        row.request_id,
        row.address,
        prev_hash,
        hash,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Entries of `organization` before place `before`, newest first.
///
/// # Errors
/// When Postgres refuses.
pub async fn list(
    connection: &mut Connection,
    organization: Uuid,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<ChainedRow>> {
    let rows = sqlx::query!(
        "select seq, id, at, actor_kind, actor, action, target, detail, request_id, address, prev_hash, hash
         from audit_events where organization_id = $1 and ($2::bigint is null or seq < $2)
         order by seq desc limit $3",
        organization,
        before,
        limit,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| ChainedRow {
            seq: row.seq,
            prev_hash: row.prev_hash,
            hash: row.hash,
            row: AuditRow {
                id: row.id.into(),
                at: row.at,
                actor_kind: row.actor_kind,
                actor: row.actor,
                action: row.action,
                target: row.target,
                detail: row.detail,
                request_id: row.request_id,
                address: row.address,
            },
        })
        .collect())
}
