//! Patterns of model names: a name, or the beginning of one followed by `*`. Lists of them say what a key may ask for;
//! the empty list means every model.

/// Whether `model` is the one that `pattern` names, or begins as it does when the pattern ends in `*`.
#[must_use]
pub fn model_matches(pattern: &str, model: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => model.starts_with(prefix),
        None => pattern == model,
    }
}

/// Whether every model that `narrow` matches is matched by `wide`.
#[must_use]
pub fn pattern_covers(wide: &str, narrow: &str) -> bool {
    match (wide.strip_suffix('*'), narrow.strip_suffix('*')) {
        (Some(wide), narrow_prefix) => narrow_prefix.unwrap_or(narrow).starts_with(wide),
        (None, None) => wide == narrow,
        (None, Some(_)) => false,
    }
}

/// The models that both lists allow, as a list; `None` when that is no model at all.
#[must_use]
pub fn allowed_by_both(one: &[String], other: &[String]) -> Option<Vec<String>> {
    if one.is_empty() || other.is_empty() {
        let stated = if one.is_empty() { other } else { one };
        return Some(stated.to_vec());
    }
    let covered = |list: &[String], pattern: &String| list.iter().any(|wide| pattern_covers(wide, pattern));
    let of_one = one.iter().filter(|pattern| covered(other, pattern));
    let of_other = other.iter().filter(|pattern| covered(one, pattern));
    let mut both: Vec<String> = of_one.chain(of_other).cloned().collect();
    both.sort_unstable();
    both.dedup();
    (!both.is_empty()).then_some(both)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pattern() -> impl Strategy<Value = String> {
        "[ab]{0,3}\\*?".prop_filter("a pattern is not empty", |text| !text.is_empty())
    }

    /// Every model of up to four letters, which is longer than any pattern.
    fn models() -> Vec<String> {
        let mut all = vec![String::new()];
        for _ in 0..4 {
            let longer = all.iter().flat_map(|it| [format!("{it}a"), format!("{it}b")]);
            all = std::iter::once(String::new()).chain(longer).collect();
        }
        all
    }

    fn allows(list: &[String], model: &str) -> bool {
        list.is_empty() || list.iter().any(|pattern| model_matches(pattern, model))
    }

    proptest! {
        #[test]
        fn covering_is_matching_all_that_the_other_matches(wide in pattern(), narrow in pattern()) {
            let all = models()
                .iter()
                .filter(|model| model_matches(&narrow, model))
                .all(|model| model_matches(&wide, model));
            prop_assert_eq!(pattern_covers(&wide, &narrow), all);
        }

        #[test]
        fn both_allow_what_each_allows(
            one in proptest::collection::vec(pattern(), 0..4), other in proptest::collection::vec(pattern(), 0..4),
        ) {
            let both = allowed_by_both(&one, &other);
            for model in models() {
                let expected = allows(&one, &model) && allows(&other, &model);
                let found = both.as_ref().is_some_and(|both| allows(both, &model));
                prop_assert_eq!(found, expected, "{}", model);
            }
        }
    }
}
