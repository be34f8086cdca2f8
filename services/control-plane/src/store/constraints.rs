//! Constraints as stored: a JSON document in a column of whatever states them.

use serde_json::Value;
use sluicegate_contracts::config::Constraints;

use crate::error::{Error, Result};

/// Reads the column.
///
/// # Errors
/// Internal, when a newer release wrote what this one does not know: taking it for nothing would loosen it.
pub(super) fn read(stored: Value) -> Result<Constraints> {
    serde_json::from_value(stored).map_err(Error::internal)
}

/// What the column holds.
///
/// # Errors
/// Internal, when they cannot be written.
pub(super) fn stored(constraints: &Constraints) -> Result<Value> {
    serde_json::to_value(constraints).map_err(Error::internal)
}
