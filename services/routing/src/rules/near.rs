//! The known name that a misspelled one was meant to be.

use strsim::osa_distance;

/// The nearest of `known` that is near enough to be meant.
#[must_use]
pub fn nearest<'k>(written: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let limit = (written.len() / 3).clamp(1, 4);
    let distances = known.into_iter().map(|name| (osa_distance(written, name), name));
    let (distance, name) = distances.min_by_key(|(distance, _)| *distance)?;
    (distance <= limit).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_near_and_another_word_is_not() {
        assert_eq!(
            nearest("mian", ["prod", "main"]),
            Some("main"),
            "letters that changed places"
        );
        assert_eq!(nearest("tokns", ["tools", "tokens"]), Some("tokens"));
        assert_eq!(nearest("weather", ["tools", "tokens"]), None);
    }
}
