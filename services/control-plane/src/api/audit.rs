//! The audit trail of an organization.

use actix_web::get;
use futures_util::FutureExt;
use serde::Serialize;
use sluicegate_contracts::ids::AuditEventId;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::extract::{Admin, InOrganization, PageQuery};
use super::reply::Reply;
use super::shapes::Page;
use crate::error::Result;
use crate::store::audit::{self, ChainedRow};

/// Who did it.
#[derive(Serialize, ToSchema)]
struct AuditActor {
    /// `user`, `management_key`, `api_key` or `system`.
    kind: String,
    /// Id of the user or of the key, or name of the task.
    id: String,
}

/// One entry of the audit trail.
#[derive(Serialize, ToSchema)]
struct AuditEvent {
    /// Its id.
    #[schema(value_type = String, example = "aud_01jd0000000000000000000000")]
    id: AuditEventId,
    /// Its place in the organization's chain, from 1 without gaps.
    seq: i64,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    /// Who.
    actor: AuditActor,
    /// What was done.
    #[schema(example = "key.create")]
    action: String,
    /// Id of what it was done to.
    target: String,
    /// Further facts; never a secret.
    #[schema(value_type = Object)]
    detail: serde_json::Value,
    /// The request that did it.
    #[schema(required = true)]
    request_id: Option<String>,
    /// Where it came from.
    #[schema(required = true)]
    address: Option<String>,
    /// Hash over this entry and the hash before it, in hexadecimal.
    hash: String,
}

impl From<ChainedRow> for AuditEvent {
    fn from(chained: ChainedRow) -> Self {
        let row = chained.row;
        Self {
            id: row.id,
            seq: chained.seq,
            at: row.at,
            actor: AuditActor {
                kind: row.actor_kind,
                id: row.actor,
            },
            action: row.action,
            target: row.target,
            detail: serde_json::from_str(&row.detail).unwrap_or_default(),
            request_id: row.request_id,
            address: row.address,
            hash: chained.hash.iter().map(|byte| format!("{byte:02x}")).collect(),
        }
    }
}

/// List audit events
#[utoipa::path(
    operation_id = "list_audit_events", tag = "organizations",
    params(("org" = String, Path, description = "Id or slug of the organization"), PageQuery),
    extensions(("x-sluicegate-role" = json!("admin"))),
    responses(
        (status = 200, description = "The entries, newest first", body = Page<AuditEvent>),
    )
)]
#[get("/organizations/{org}/audit-events")]
pub(super) async fn list_audit_events(member: InOrganization<Admin>, page: PageQuery) -> Result<Reply> {
    let (chain, before, fetch) = (
        member.organization.as_uuid(),
        page.before::<i64>()?,
        page.fetch()?,
    );
    let found = member
        .read(move |connection| audit::list(connection, chain, before, fetch).boxed())
        .await?;
    Reply::ok(&Page::of(&page, found, |row| row.seq, AuditEvent::from)?)
}
