//! The known name that a misspelled one was meant to be.

/// The nearest of `known` that is near enough to be meant.
#[must_use]
pub fn nearest<'k>(written: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let limit = (written.len() / 3).clamp(1, 4);
    let distances = known.into_iter().map(|name| (distance(written, name), name));
    let (distance, name) = distances.min_by_key(|(distance, _)| *distance)?;
    (distance <= limit).then_some(name)
}

/// How many letters are to be changed, put in or taken out.
fn distance(one: &str, other: &str) -> usize {
    // One row of the table: from each beginning of `other` to what was read of `one`.
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (read, letter) in one.chars().enumerate() {
        let mut diagonal = read;
        let mut left = read + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, against) in row.iter_mut().skip(1).zip(other.chars()) {
            let changed = diagonal + usize::from(letter != against);
            diagonal = *cell;
            left = changed.min(left + 1).min(*cell + 1);
            *cell = left;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_near_and_another_word_is_not() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!((distance("", "ab"), distance("ab", "")), (2, 2));
        assert_eq!(nearest("tokns", ["tools", "tokens"]), Some("tokens"));
        assert_eq!(nearest("weather", ["tools", "tokens"]), None);
    }
}
