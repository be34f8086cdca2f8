//! What a caller says about itself in headers: for whom it calls, in which session, with which tags. Budgets and limits
//! may be kept by them.

use sluicegate_contracts::account::MAX_PARTITION_BYTES;
use sluicegate_contracts::usage::{Labels, MAX_TAGS};

use crate::error::{ErrorKind, GatewayError};

pub(super) const END_USER: &str = "x-sluicegate-user";
pub(super) const SESSION: &str = "x-sluicegate-session";
pub(super) const TAGS: &str = "x-sluicegate-tags";

/// Reads them from the headers of a request, given as names in lower case and values. Of a name that is there twice the
/// last counts.
///
/// # Errors
/// 400 that names the header: a label that cannot be read must not be taken for none, since a budget may hang on it.
pub(crate) fn select<'h>(
    headers: impl IntoIterator<Item = (&'h str, &'h [u8])>,
) -> Result<Labels, GatewayError> {
    let mut labels = Labels::default();
    for (name, value) in headers {
        match name {
            END_USER => labels.end_user = Some(label(END_USER, value)?),
            SESSION => labels.session = Some(label(SESSION, value)?),
            TAGS => labels.tags = tags(TAGS, value)?,
            _ => {}
        }
    }
    Ok(labels)
}

/// The tags of a list with commas; `at` is where it stands.
pub(crate) fn tags(at: &'static str, value: &[u8]) -> Result<Vec<String>, GatewayError> {
    let tags = value.split(|byte| *byte == b',').map(|tag| label(at, tag));
    let mut tags = tags.take(MAX_TAGS + 1).collect::<Result<Vec<_>, _>>()?;
    if tags.len() > MAX_TAGS {
        let message = format!("{at} holds more than {MAX_TAGS} tags.");
        return Err(GatewayError::new(ErrorKind::InvalidRequest, message).at(at));
    }
    tags.sort_unstable();
    tags.dedup();
    Ok(tags)
}

/// One value; `at` is where it stands.
pub(crate) fn label(at: &'static str, value: &[u8]) -> Result<String, GatewayError> {
    let text = std::str::from_utf8(value).map(str::trim).ok();
    let text = text.filter(|text| {
        (1..=MAX_PARTITION_BYTES).contains(&text.len()) && !text.chars().any(char::is_control)
    });
    text.map(str::to_owned).ok_or_else(|| {
        let message = format!(
            "A value in {at} has 1 to {MAX_PARTITION_BYTES} bytes of UTF-8 and no control characters."
        );
        GatewayError::new(ErrorKind::InvalidRequest, message).at(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: &[(&str, &[u8])]) -> Result<Labels, Option<String>> {
        select(headers.iter().copied()).map_err(|error| error.param)
    }

    #[test]
    fn labels_are_read_and_tags_counted_once() {
        let labels = read(&[
            ("x-sluicegate-user", b" ann "),
            ("x-sluicegate-tags", b"b, a,b"),
            ("cookie", b"x-sluicegate-session=1"),
        ]);
        let labels = labels.unwrap();
        assert_eq!((labels.end_user.as_deref(), labels.session), (Some("ann"), None));
        assert_eq!(labels.tags, ["a", "b"]);
    }

    #[test]
    fn a_label_that_cannot_be_read_is_refused() {
        let long = [b'x'; MAX_PARTITION_BYTES + 1];
        for bad in [&b""[..], b"  ", b"a\x1fb", b"\xff", &long] {
            assert_eq!(read(&[(END_USER, bad)]), Err(Some(END_USER.to_owned())));
            assert_eq!(read(&[(TAGS, bad)]), Err(Some(TAGS.to_owned())));
        }
        let many = vec!["t"; MAX_TAGS + 1].join(",");
        assert_eq!(read(&[(TAGS, many.as_bytes())]), Err(Some(TAGS.to_owned())));
    }
}
