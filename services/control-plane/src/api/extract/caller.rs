//! Somebody acting for one tenant: the doors to reading and writing that handlers use.

use futures_util::future::BoxFuture;
use sluicegate_contracts::ids::OrganizationId;

use super::body::Once;
use crate::api::idempotent;
use crate::api::reply::Reply;
use crate::app::{Committed, Ctx, Tx};
use crate::error::{Error, Result};
use crate::state::AppState;
use crate::store::Connection;
use crate::store::database::Scope;

/// A person acting for one tenant.
#[derive(Debug, Clone)]
pub struct Caller {
    /// What the process holds.
    pub state: AppState,
    /// The circumstances; `ctx.organization` is always there.
    pub ctx: Ctx,
}

impl Caller {
    /// The tenant.
    ///
    /// # Errors
    /// Internal, when the caller was built without one.
    pub fn organization(&self) -> Result<OrganizationId> {
        self.ctx
            .organization
            .ok_or_else(|| Error::internal("a caller without a tenant"))
    }

    /// Reads the tenant's rows.
    ///
    /// # Errors
    /// What `work` returns, or why there is no transaction.
    pub async fn read<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut Connection) -> BoxFuture<'c, Result<T>> + Send + 'static,
    {
        let scope = Scope::Tenant {
            organization: self.organization()?,
            user: self.ctx.user(),
        };
        self.state.within(scope, work).await
    }

    /// Reads one of the tenant's rows.
    ///
    /// # Errors
    /// As [`Self::read`]; `not_found` when there is none.
    pub async fn find<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut Connection) -> BoxFuture<'c, Result<Option<T>>> + Send + 'static,
    {
        self.read(work).await?.ok_or_else(Error::not_found)
    }

    /// Changes the tenant's rows.
    ///
    /// # Errors
    /// What `work` returns (nothing is written then), or why the commit failed.
    pub async fn write<T, F>(self, work: F) -> Result<Committed<T>>
    where
        T: Send + 'static,
        F: for<'tx> FnOnce(&'tx mut Tx) -> BoxFuture<'tx, Result<T>> + Send + 'static,
    {
        self.state.write(self.ctx, work).await
    }

    /// Changes a row and answers with what `show` makes of its new state.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub async fn change<T, F>(self, work: F, show: impl FnOnce(T) -> Result<Reply>) -> Result<Reply>
    where
        T: Send + 'static,
        F: for<'tx> FnOnce(&'tx mut Tx) -> BoxFuture<'tx, Result<T>> + Send + 'static,
    {
        let written = self.write(work).await?;
        Ok(show(written.value)?.at_version(written.version))
    }

    /// Removes a row; there is nothing left to show.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub async fn remove<F>(self, work: F) -> Result<Reply>
    where
        F: for<'tx> FnOnce(&'tx mut Tx) -> BoxFuture<'tx, Result<()>> + Send + 'static,
    {
        self.change(work, |()| Ok(Reply::no_content())).await
    }

    /// Changes the tenant's rows and answers; with an Idempotency-Key at most once, later with the same answer.
    ///
    /// # Errors
    /// As [`Self::write`]; `in_flight` and `idempotency_mismatch`.
    pub async fn create<F>(self, once: Once, work: F) -> Result<Reply>
    where
        F: for<'tx> FnOnce(&'tx mut Tx) -> BoxFuture<'tx, Result<Reply>> + Send + 'static,
    {
        idempotent::create(self.state, self.ctx, once, work).await
    }
}
