//! Names close to one that means nothing, for the answer to a typo. Pure; bounded in the length of the name.

use strsim::osa_distance;

const MAX_OFFERED: usize = 3;
const MAX_NAME: usize = 64;

/// Up to three names of `known` that a person may have meant by `name`, nearest first.
pub(super) fn near<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Vec<&'k str> {
    let wanted = key(name);
    if wanted.is_empty() || wanted.len() > MAX_NAME {
        return Vec::new();
    }
    let bare = key(name.rsplit('/').next().unwrap_or(name));
    let mut scored: Vec<(usize, &str)> = known
        .into_iter()
        .filter(|it| it.len() <= MAX_NAME)
        .filter_map(|it| {
            let whole = osa_distance(&wanted, &key(it));
            // The right model under a wrong or missing vendor is the commonest slip.
            let last = osa_distance(&bare, &key(it.rsplit('/').next().unwrap_or(it)));
            let close = whole <= wanted.len() / 3 || last <= bare.len() / 3;
            close.then_some((whole.min(last + 1), it))
        })
        .collect();
    scored.sort_unstable();
    scored.truncate(MAX_OFFERED);
    scored.into_iter().map(|(_, it)| it).collect()
}

fn key(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_lowercase())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_find_what_was_meant() {
        let known = [
            "openai/gpt-4o-mini",
            "openai/gpt-4o",
            "meta/llama-3-70b",
            "sluicegate/echo",
            "route/support",
        ];
        assert_eq!(near("openai/gpt4o-mini", known)[0], "openai/gpt-4o-mini");
        assert_eq!(near("gpt-4o", known)[0], "openai/gpt-4o");
        assert_eq!(near("sluicegate/ecko", known), ["sluicegate/echo"]);
        assert_eq!(near("route/suport", known)[0], "route/support");
        assert!(near("something-else-entirely", known).is_empty());
        assert!(near("", known).is_empty());
        assert!(near(&"x".repeat(10_000), known).is_empty());
    }
}
