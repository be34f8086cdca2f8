//! Turns the violation of a named constraint into the precise error it means.

use crate::error::{Error, Result};

/// What a write did, with the violation of `constraint` read as `meaning`.
///
/// # Errors
/// `meaning` for that violation, the translated database error for any other.
pub fn on_constraint<T>(
    result: sqlx::Result<T>,
    constraint: &str,
    meaning: impl FnOnce() -> Error,
) -> Result<T> {
    result.map_err(|error| {
        let violated = error
            .as_database_error()
            .and_then(|database| database.constraint());
        if violated == Some(constraint) {
            meaning()
        } else {
            Error::from(error)
        }
    })
}
