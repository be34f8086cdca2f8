//! The key that seals an organization's secrets: made with it, kept wrapped, opened only in memory.

use futures_util::FutureExt;
use sluicegate_contracts::config::SealedText;
use sluicegate_contracts::ids::OrganizationId;
use sluicegate_credentials::DataKey;

use super::Tx;
use crate::error::{Error, Result};
use crate::state::AppState;
use crate::store::database::Scope;
use crate::store::organizations;

/// A new key for `organization`, wrapped.
#[must_use]
pub fn fresh(state: &AppState, organization: OrganizationId) -> SealedText {
    state
        .keyring
        .wrap_new_data_key(organization, rand::random(), rand::random())
}

/// The key of the transaction's tenant.
///
/// # Errors
/// Internal, when it cannot be opened: the master key is another one.
pub async fn of_tenant(tx: &mut Tx) -> Result<DataKey> {
    let id = tx.organization()?;
    let organization = organizations::find(tx.connection(), id)
        .await?
        .ok_or_else(Error::not_found)?;
    tx.state()
        .keyring
        .open_data_key(id, &organization.data_key)
        .map_err(Error::internal)
}

/// The key of `organization`, whoever asks.
///
/// # Errors
/// Internal, when it cannot be opened: the master key is another one.
pub async fn of(state: &AppState, organization: OrganizationId) -> Result<DataKey> {
    let found = state
        .within(Scope::System, move |connection| {
            organizations::find(connection, organization).boxed()
        })
        .await?
        .ok_or_else(Error::not_found)?;
    state
        .keyring
        .open_data_key(organization, &found.data_key)
        .map_err(Error::internal)
}
