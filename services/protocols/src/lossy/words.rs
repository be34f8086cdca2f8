//! Losses in words: for the header that names what was dropped, for the end of a stream, which that header is too early
//! for, for the usage record, and for the refusal of a caller that insists.

use std::fmt::Write as _;

use super::{LossReport, Severity};

/// Longest list, in bytes; a header much longer makes clients fail.
const MAX_LIST: usize = 1024;

/// What was lost, each thing once, as `feature` or `feature:name`, separated by commas. `None` when nothing was.
pub fn list(reports: &[&LossReport], at_least: Severity) -> Option<String> {
    let losses = || reports.iter().flat_map(|report| report.losses());
    let mut words: Vec<String> = Vec::new();
    let mut more: u64 = reports.iter().map(|report| report.more()).sum();
    let mut length = 0;
    for loss in losses().filter(|loss| loss.severity >= at_least) {
        let mut word = loss.feature.as_str().to_owned();
        if !loss.name.is_empty() {
            word.push(':');
            word.extend(loss.name.chars().map(plain));
        }
        if words.contains(&word) {
            continue;
        }
        if length + word.len() > MAX_LIST {
            more += 1;
            continue;
        }
        length += word.len() + 2;
        words.push(word);
    }
    if words.is_empty() {
        return None;
    }
    let mut text = words.join(", ");
    if more > 0 {
        let _always = write!(text, ", and {more} more");
    }
    Some(text)
}

/// A name comes from a caller's document; what a header or a list cannot hold is replaced.
fn plain(c: char) -> char {
    if c.is_ascii_graphic() && c != ',' { c } else { '?' }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lossy::Feature;

    #[test]
    fn a_list_names_each_thing_once_and_stays_short_and_plain() {
        let mut report = LossReport::default();
        assert_eq!(list(&[&report], Severity::Hint), None);
        report.note(Feature::Seed, "", Severity::Altered, "/seed");
        report.note(Feature::UnknownField, "x,\u{e9} y", Severity::Hint, "/x");
        report.note(Feature::Seed, "", Severity::Altered, "/seed");
        assert_eq!(
            list(&[&report], Severity::Hint).as_deref(),
            Some("seed, unknown_field:x???y")
        );
        assert_eq!(list(&[&report], Severity::Altered).as_deref(), Some("seed"));
        for number in 0..300 {
            report.note(
                Feature::UnknownField,
                &format!("field-{number:050}"),
                Severity::Hint,
                "/x",
            );
        }
        let text = list(&[&report], Severity::Hint).unwrap();
        assert!(text.len() < MAX_LIST + 32 && text.contains(" more"), "{text}");
    }
}
