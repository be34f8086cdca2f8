//! Whether this caller may ask this, now. Key grants act here, and rate limits will. Money is set aside
//! for each attempt, in [`super::reserve`].

use super::stage::{Admitted, Inspected};
use crate::error::{ErrorKind, GatewayError};

/// Admits a request.
///
/// # Errors
/// 403 when the key is not allowed the model.
pub(super) fn admit(request: Inspected<'_>) -> Result<Admitted<'_>, GatewayError> {
    if !request.caller.key.allows_model(request.model) {
        let message = format!("This key is not allowed to use the model {:?}.", request.model);
        return Err(GatewayError::new(ErrorKind::NotAllowed, message).at("model"));
    }
    Ok(Admitted { request })
}
