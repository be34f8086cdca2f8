//! Names of models as people write them in keys and routes.

use crate::error::FieldError;

/// Longest accepted name, in bytes.
const MAX_BYTES: usize = 200;
/// Most patterns of one key.
const MAX_PATTERNS: usize = 100;

/// Whether `name` can be a model's name: visible characters without spaces.
#[must_use]
pub fn is_name(name: &str) -> bool {
    (1..=MAX_BYTES).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'*')
}

/// Whether `pattern` is a model's name, or the beginning of one followed by `*`.
#[must_use]
pub fn is_pattern(pattern: &str) -> bool {
    pattern == "*" || is_name(pattern.strip_suffix('*').unwrap_or(pattern))
}

/// Checks the models a key may ask for: exact names, or beginnings followed by `*`.
#[must_use]
pub fn findings(patterns: &[String], pointer: &str) -> Vec<FieldError> {
    if patterns.len() > MAX_PATTERNS {
        return vec![FieldError::new(
            pointer,
            "too_many",
            "At most 100 patterns are accepted.",
        )];
    }
    let refused = patterns
        .iter()
        .enumerate()
        .filter(|(_, pattern)| !is_pattern(pattern));
    let detail = "Use a model name without spaces, or its beginning followed by *.";
    refused
        .map(|(index, _)| FieldError::new(format!("{pointer}/{index}"), "invalid_model", detail))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_ends_a_pattern_or_nothing() {
        let good = ["*", "openai/*", "gpt-4o-mini", "sluicegate/echo:429"].map(str::to_owned);
        assert_eq!(findings(&good, "/allowed_models"), []);
        let bad = ["", "a b", "a*b", "**", "ä"].map(str::to_owned);
        let found = findings(&bad, "/allowed_models");
        assert_eq!(found.len(), bad.len());
        assert_eq!(found[1].pointer, "/allowed_models/1");
    }
}
