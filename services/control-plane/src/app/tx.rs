//! The only way to write: one transaction for one actor. It collects what happened (audit) and what workers must learn
//! (configuration entities), and writes both at commit, the configuration last, because its lock orders all writers;
//! only a kept answer, which names the version, comes after it.

use std::fmt;

use serde_json::{Value, json};
use sluicegate_contracts::config::{Entity, EntityKind};
use sluicegate_contracts::event::ConfigVersion;
use sluicegate_contracts::ids::OrganizationId;
use sluicegate_service_runtime::ids;
use sqlx::{Postgres, Transaction};
use uuid::Uuid;

use super::{Actor, Ctx};
use crate::error::{Error, Result};
use crate::state::AppState;
use crate::store::audit::AuditRow;
use crate::store::config::Change;
use crate::store::database::{Detached, Scope};
use crate::store::idempotency::Kept;
use crate::store::{self, Connection};

/// An open transaction. Dropped without commit, it leaves nothing behind.
pub struct Tx {
    transaction: Transaction<'static, Postgres>,
    state: AppState,
    ctx: Ctx,
    audit: Vec<AuditRow>,
    config: Vec<Change>,
    answer: Option<Kept>,
}

impl fmt::Debug for Tx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tx")
            .field("ctx", &self.ctx)
            .finish_non_exhaustive()
    }
}

impl Tx {
    pub(super) async fn begin(proof: &Detached, state: AppState, ctx: Ctx) -> Result<Self> {
        let scope = ctx
            .organization
            .map_or(Scope::System, |organization| Scope::Tenant {
                organization,
                user: ctx.user(),
            });
        let transaction = proof.begin(scope).await?;
        Ok(Self {
            transaction,
            state,
            ctx,
            audit: Vec::new(),
            config: Vec::new(),
            answer: None,
        })
    }

    /// The circumstances.
    #[must_use]
    pub fn ctx(&self) -> &Ctx {
        &self.ctx
    }

    /// What the process holds: keys, clock, settings.
    #[must_use]
    pub fn state(&self) -> &AppState {
        &self.state
    }

    /// The tenant.
    ///
    /// # Errors
    /// Internal, when a use-case that needs a tenant runs for the platform.
    pub fn organization(&self) -> Result<OrganizationId> {
        self.ctx
            .organization
            .ok_or_else(|| Error::internal("a tenant's use-case ran without a tenant"))
    }

    /// The connection, for the functions of `store`.
    pub fn connection(&mut self) -> &mut Connection {
        &mut self.transaction
    }

    /// Notes what was done (`noun.verb`) to what. `detail` is an object of further facts and never holds a secret.
    pub fn audit(&mut self, action: &str, target: impl fmt::Display, detail: &Value) {
        let (actor_kind, actor) = match self.ctx.actor {
            Actor::User(user) => ("user", user.to_string()),
            Actor::ManagementKey(key) => ("management_key", key.to_string()),
            Actor::ApiKey(key) => ("api_key", key.to_string()),
            Actor::System(task) => ("system", task.to_owned()),
        };
        self.audit.push(AuditRow {
            id: ids::fresh(),
            at: self.ctx.now,
            actor_kind: actor_kind.to_owned(),
            actor,
            action: action.to_owned(),
            target: target.to_string(),
            detail: detail.to_string(),
            request_id: self.ctx.origin.request_id.as_deref().map(str::to_owned),
            address: self.ctx.origin.address.map(|address| address.to_string()),
        });
    }

    /// Notes what was done, without further facts.
    pub fn audit_plain(&mut self, action: &str, target: impl fmt::Display) {
        self.audit(action, target, &json!({}));
    }

    /// Tells the workers the whole new state of `entity`.
    ///
    /// # Errors
    /// Internal, when the entity cannot be serialized.
    pub fn publish(&mut self, entity: &Entity) -> Result<()> {
        let body = entity.to_body().map_err(Error::internal)?;
        self.change(entity.kind(), entity.id(), entity.blocked(), Some(body));
        Ok(())
    }

    /// Tells the workers that an entity is gone.
    pub fn retract(&mut self, kind: EntityKind, id: Uuid) {
        self.change(kind, id, true, None);
    }

    /// Keeps the answer to a request with an Idempotency-Key, with the configuration version the commit leads to.
    pub fn keep_answer(&mut self, answer: Kept) {
        self.answer = Some(answer);
    }

    fn change(&mut self, kind: EntityKind, id: Uuid, blocked: bool, body: Option<String>) {
        // The state at commit is what counts, so an entity appears once.
        self.config
            .retain(|change| (change.kind, change.id) != (kind, id));
        self.config.push(Change {
            kind,
            id,
            organization: self.ctx.organization,
            blocked,
            body,
        });
    }

    pub(super) async fn commit(mut self) -> Result<Option<ConfigVersion>> {
        if !self.audit.is_empty() {
            let chain = self.ctx.organization.map_or(Uuid::nil(), OrganizationId::as_uuid);
            store::audit::append(&mut self.transaction, chain, &self.audit).await?;
        }
        let mut version = None;
        if !self.config.is_empty() {
            version = Some(store::config::publish(&mut self.transaction, &self.config, self.ctx.now).await?);
        }
        if let Some(answer) = &self.answer {
            store::idempotency::keep(&mut self.transaction, answer, version).await?;
        }
        self.transaction.commit().await?;
        Ok(version)
    }
}
