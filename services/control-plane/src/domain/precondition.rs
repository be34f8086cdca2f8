//! Which state a change is based on. Taken from the `If-Match` header by an extractor, checked by the use-cases once the
//! row is locked.

use crate::codes::Code;
use crate::error::{Error, Result};

/// The states the caller accepts, as entity tags; `None` when it does not say.
#[derive(Debug, Clone)]
pub struct IfMatch(Option<String>);

/// The entity tag of a revision.
#[must_use]
pub fn etag(revision: i64) -> String {
    format!("\"{revision}\"")
}

impl IfMatch {
    /// The value of the header, if it was sent.
    #[must_use]
    pub fn new(header: Option<String>) -> Self {
        Self(header)
    }

    /// Insists that the caller says which state it knows.
    ///
    /// # Errors
    /// `if_match_required`.
    pub fn required(self) -> Result<Self> {
        if self.0.is_none() {
            return Err(Error::new(
                Code::IfMatchRequired,
                "Send the ETag of the state your change is based on.",
            ));
        }
        Ok(self)
    }

    /// Refuses a change that is based on another state than `current`.
    ///
    /// # Errors
    /// `version_conflict`, naming the current state.
    pub fn check(&self, current: i64) -> Result<()> {
        let current = etag(current);
        let accepts = |known: &str| {
            let known = known.trim();
            known == "*" || known == current || known.strip_prefix("W/") == Some(current.as_str())
        };
        match &self.0 {
            Some(known) if !known.split(',').any(accepts) => Err(Error::version_conflict(current)),
            Some(_) | None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_named_state_passes_and_none_is_no_objection() {
        for good in ["\"3\"", "W/\"3\"", "*", "\"1\", \"3\""] {
            assert!(IfMatch(Some(good.to_owned())).check(3).is_ok(), "{good}");
        }
        assert_eq!(
            IfMatch(Some("\"2\"".to_owned())).check(3).unwrap_err().code(),
            Code::VersionConflict
        );
        assert!(IfMatch(None).check(3).is_ok());
        assert_eq!(
            IfMatch(None).required().unwrap_err().code(),
            Code::IfMatchRequired
        );
    }
}
