//! The use-cases. Every write happens inside a [`Tx`]: rows first, then on commit the audit entry and, last of all, the
//! configuration events. Use-cases take `&mut Tx` and never open one; `App::write` (or the idempotent form) does.

pub mod api_keys;
pub mod billing;
pub mod budget_adjustments;
pub mod budget_evaluation;
pub mod budget_standing;
pub mod budgets;
pub mod catalog;
pub mod connection_tests;
pub mod connections;
pub mod constraint_proof;
mod constraints;
pub mod credit_tranches;
pub mod ctx;
pub mod data_key;
pub mod derived_keys;
pub mod explanation;
pub mod fact_statements;
pub mod fleet;
pub mod invites;
pub mod key_accounts;
pub mod management_keys;
pub mod members;
pub mod organizations;
pub mod payments;
pub mod projects;
pub mod provider_invoices;
pub mod rate_limits;
pub mod route_drafts;
pub mod route_rollouts;
pub mod route_simulation;
pub mod route_supply;
pub mod routes;
pub mod sessions;
pub mod signal_sources;
pub mod signals;
pub mod tx;
pub mod verification;
pub mod webhook_delivery;
pub mod webhooks;

use futures_util::future::BoxFuture;
use sluicegate_contracts::event::ConfigVersion;

pub use ctx::{Actor, Ctx, Origin};
pub use tx::Tx;

use crate::error::Result;
use crate::state::AppState;
use crate::store::Connection;
use crate::store::database::Scope;

/// What a committed write returns.
#[derive(Debug, Clone)]
pub struct Committed<T> {
    /// The use-case's result.
    pub value: T,
    /// The configuration version the write led to; `None` when workers need not know.
    pub version: Option<ConfigVersion>,
}

impl AppState {
    /// Runs `work` in one transaction for `ctx` and commits it. Goes on to its end even if the caller is dropped.
    ///
    /// # Errors
    /// What `work` returns (nothing is written then), or why the commit failed.
    pub async fn write<T, F>(&self, ctx: Ctx, work: F) -> Result<Committed<T>>
    where
        T: Send + 'static,
        F: for<'tx> FnOnce(&'tx mut Tx) -> BoxFuture<'tx, Result<T>> + Send + 'static,
    {
        let state = self.clone();
        self.database
            .detached(move |proof| async move {
                let mut tx = Tx::begin(&proof, state, ctx).await?;
                let value = work(&mut tx).await?;
                let version = tx.commit().await?;
                Ok(Committed { value, version })
            })
            .await
    }

    /// Runs `work` in one transaction that sees the rows of `scope`. Nothing is audited: for reading, and for counters
    /// and rotations that are not worth an entry.
    ///
    /// # Errors
    /// What `work` returns, or why there is no transaction.
    pub async fn within<T, F>(&self, scope: Scope, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut Connection) -> BoxFuture<'c, Result<T>> + Send + 'static,
    {
        self.database
            .detached(move |proof| async move {
                let mut transaction = proof.begin(scope).await?;
                let value = work(&mut transaction).await?;
                transaction.commit().await?;
                Ok(value)
            })
            .await
    }
}
