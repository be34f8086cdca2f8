//! Opens what is sealed, before a change is put in service: data keys of organizations, credentials of connections.
//!
//! Called by [`super::apply`]. A failure is a reason to refuse the entity; it never quotes a secret.

use http::HeaderValue;
use secrecy::ExposeSecret;
use sluicegate_contracts::config::{Connection, Organization};
use sluicegate_credentials::{DataKey, Keyring, Sealing};
use zeroize::Zeroizing;

use super::index::LiveConnection;

/// The organization's data key.
pub(super) fn data_key(keyring: &Keyring, organization: &Organization) -> Result<DataKey, String> {
    keyring
        .open_data_key(organization.id, &organization.data_key)
        .map_err(|error| format!("data key: {error}"))
}

/// The connection with its credential opened by its organization's data key.
pub(super) fn connection(connection: Connection, key: Option<&DataKey>) -> Result<LiveConnection, String> {
    let Some(sealed) = &connection.credential else {
        return Ok(LiveConnection {
            connection,
            authorization: None,
        });
    };
    let key = key.ok_or("credential: the organization's data key is not at hand")?;
    let place = Sealing::connection_credential(connection.organization, connection.id);
    let secret = key
        .open(&place, sealed)
        .map_err(|error| format!("credential: {error}"))?;
    let text = Zeroizing::new(format!("Bearer {}", secret.expose_secret()));
    let mut authorization =
        HeaderValue::from_str(&text).map_err(|_| "credential: not usable as a header value".to_owned())?;
    authorization.set_sensitive(true);
    Ok(LiveConnection {
        connection,
        authorization: Some(authorization),
    })
}
