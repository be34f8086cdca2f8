//! What a key may do and for how long, checked by itself and against the keys it derives from. A derived key gets no more
//! than each of those has; what they lose later binds it too, on the workers.

use sluicegate_contracts::config::{Constraints, Level, allowed_by_both, pattern_covers};
use time::OffsetDateTime;

use super::{constraint_check, model_pattern};
use crate::error::FieldError;

/// What a key may do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyGrants {
    /// When it stops working; `None` means never.
    pub expires_at: Option<OffsetDateTime>,
    /// Model names it may ask for; empty means all.
    pub allowed_models: Vec<String>,
    /// What every endpoint must satisfy that serves its calls.
    pub constraints: Constraints,
}

/// What shall change of it; `None` leaves it.
#[derive(Debug, Clone, Default)]
pub struct GrantChanges {
    /// The end; `Some(None)` takes it away.
    pub expires_at: Option<Option<OffsetDateTime>>,
    /// The model names.
    pub allowed_models: Option<Vec<String>>,
    /// The constraints, which are sound by themselves.
    pub constraints: Option<Constraints>,
}

impl KeyGrants {
    /// What a key that derives from keys with these grants gets; `None` when that is nothing. Their constraints bind it on the
    /// workers, so that it states none of its own.
    #[must_use]
    pub fn of_all(all: &[Self]) -> Option<Self> {
        let mut left = Self::default();
        for one in all {
            left.expires_at = earlier(left.expires_at, one.expires_at);
            left.allowed_models = allowed_by_both(&left.allowed_models, &one.allowed_models)?;
        }
        Some(left)
    }

    /// These, changed.
    ///
    /// # Errors
    /// Every finding, of what was changed only: an old end may have passed.
    pub fn changed(
        &self,
        changes: GrantChanges,
        above: &[Self],
        now: OffsetDateTime,
    ) -> Result<Self, Vec<FieldError>> {
        let mut findings = Vec::new();
        if let Some(expires_at) = changes.expires_at {
            findings.extend(end_finding(expires_at, above, now));
        }
        if let Some(models) = &changes.allowed_models {
            findings.extend(model_pattern::findings(models, "/allowed_models"));
            findings.extend(wider_models(models, above));
        }
        if let Some(constraints) = &changes.constraints {
            let above: Vec<_> = above.iter().map(|key| (Level::Key, &key.constraints)).collect();
            findings.extend(constraint_check::conflicts(constraints, "/constraints", &above));
        }
        if !findings.is_empty() {
            return Err(findings);
        }
        Ok(Self {
            expires_at: changes.expires_at.unwrap_or(self.expires_at),
            allowed_models: changes
                .allowed_models
                .unwrap_or_else(|| self.allowed_models.clone()),
            constraints: changes.constraints.unwrap_or_else(|| self.constraints.clone()),
        })
    }
}

fn earlier(one: Option<OffsetDateTime>, other: Option<OffsetDateTime>) -> Option<OffsetDateTime> {
    one.into_iter().chain(other).min()
}

fn end_finding(
    expires_at: Option<OffsetDateTime>,
    above: &[KeyGrants],
    now: OffsetDateTime,
) -> Option<FieldError> {
    if expires_at.is_some_and(|at| at <= now) {
        let detail = "Choose a time in the future.";
        return Some(FieldError::new("/expires_at", "in_the_past", detail));
    }
    let last = above.iter().filter_map(|key| key.expires_at).min()?;
    let is_later = expires_at.is_none_or(|at| at > last);
    let detail = "A key that it derives from ends earlier.";
    is_later.then(|| FieldError::new("/expires_at", "later_than_parent", detail))
}

fn wider_models(models: &[String], above: &[KeyGrants]) -> Vec<FieldError> {
    let detail = "A key that it derives from may not ask for all of these models.";
    let lists = || {
        above
            .iter()
            .map(|key| &key.allowed_models)
            .filter(|list| !list.is_empty())
    };
    if models.is_empty() {
        let limited = lists().next().is_some();
        let finding = || FieldError::new("/allowed_models", "wider_than_parent", detail);
        return limited.then(finding).into_iter().collect();
    }
    let is_covered =
        |pattern: &String| lists().all(|list| list.iter().any(|wide| pattern_covers(wide, pattern)));
    let wider = models
        .iter()
        .enumerate()
        .filter(|(_, pattern)| !is_covered(pattern));
    wider
        .map(|(index, _)| FieldError::new(format!("/allowed_models/{index}"), "wider_than_parent", detail))
        .collect()
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;

    const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn grants(hours: Option<i64>, models: &[&str]) -> KeyGrants {
        KeyGrants {
            expires_at: hours.map(|hours| NOW + Duration::hours(hours)),
            allowed_models: models.iter().map(|model| (*model).to_owned()).collect(),
            constraints: Constraints::NONE,
        }
    }

    fn findings(wanted: KeyGrants, above: &[KeyGrants]) -> Vec<(String, &'static str)> {
        let changes = GrantChanges {
            expires_at: Some(wanted.expires_at),
            allowed_models: Some(wanted.allowed_models),
            constraints: Some(wanted.constraints),
        };
        match KeyGrants::default().changed(changes, above, NOW) {
            Ok(_) => Vec::new(),
            Err(found) => found.into_iter().map(|one| (one.pointer, one.code)).collect(),
        }
    }

    #[test]
    fn a_derived_key_gets_no_more_than_each_key_above_it() {
        let above = [grants(Some(5), &["openai/*", "x/y"]), grants(Some(9), &[])];
        assert_eq!(findings(grants(Some(5), &["openai/gpt-*", "x/y"]), &above), []);
        let wider = |pointer: &str| (pointer.to_owned(), "wider_than_parent");
        let later = || ("/expires_at".to_owned(), "later_than_parent");
        assert_eq!(findings(grants(Some(6), &["x/y"]), &above), [later()]);
        assert_eq!(
            findings(grants(None, &["x/y", "x/*"]), &above),
            [later(), wider("/allowed_models/1")]
        );
        assert_eq!(findings(grants(Some(1), &[]), &above), [wider("/allowed_models")]);
        assert_eq!(findings(grants(Some(1), &[]), &above[1..]), []);
        assert_eq!(findings(grants(None, &[]), &[]), []);
    }

    #[test]
    fn what_is_left_is_what_all_allow() {
        let all = [
            grants(Some(9), &["openai/*"]),
            grants(Some(5), &["openai/gpt-*", "x/y"]),
        ];
        assert_eq!(KeyGrants::of_all(&all), Some(grants(Some(5), &["openai/gpt-*"])));
        assert_eq!(KeyGrants::of_all(&[]), Some(KeyGrants::default()));
        assert_eq!(
            KeyGrants::of_all(&[grants(None, &["a"]), grants(None, &["b"])]),
            None
        );
    }

    #[test]
    fn only_what_is_changed_is_checked() {
        let old = grants(Some(-1), &["x/y"]);
        let renamed = old.changed(GrantChanges::default(), &[grants(None, &["z"])], NOW);
        assert_eq!(renamed, Ok(old));
        let past = findings(grants(Some(0), &[]), &[]);
        assert_eq!(past, [("/expires_at".to_owned(), "in_the_past")]);
    }
}
