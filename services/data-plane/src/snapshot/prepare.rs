//! Opens what is sealed, before a change is put in service: data keys of organizations, credentials of connections.
//!
//! Called by [`super::apply`]. A failure is a reason to refuse the entity; it never quotes a secret.

use std::sync::Arc;

use sluicegate_contracts::config::{Connection, Organization};
use sluicegate_credentials::{DataKey, Keyring, Sealing};
use sluicegate_routing::Site;

use super::index::LiveConnection;
use crate::upstream::Account;

/// The organization's data key.
pub(super) fn data_key(keyring: &Keyring, organization: &Organization) -> Result<DataKey, String> {
    keyring
        .open_data_key(organization.id, &organization.data_key)
        .map_err(|error| format!("data key: {error}"))
}

/// The connection with its credential opened by its organization's data key.
pub(super) fn connection(connection: Connection, key: Option<&DataKey>) -> Result<LiveConnection, String> {
    let secret = match &connection.credential {
        None => None,
        Some(sealed) => {
            let key = key.ok_or("credential: the organization's data key is not at hand")?;
            let place = Sealing::connection_credential(connection.organization, connection.id);
            let opened = key.open(&place, sealed);
            Some(opened.map_err(|error| format!("credential: {error}"))?)
        }
    };
    let account = Account::open(&connection, secret.as_ref())?;
    Ok(LiveConnection {
        site: Site::of(&connection),
        connection,
        account: Some(account),
        stated: Arc::default(),
    })
}
