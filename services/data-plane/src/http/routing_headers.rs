//! The headers that conditions of routes may read, kept until it is known whose routes they meet.

use sluicegate_routing::rules::is_readable_header;

/// Most of them, and the longest value, in bytes. What is beyond is as if it had not been sent.
const MAX_HEADERS: usize = 16;
const MAX_VALUE: usize = 256;

/// Picks them from the headers of a request, given as names in lower case and values.
pub(crate) fn select<'h>(headers: impl IntoIterator<Item = (&'h str, &'h [u8])>) -> Vec<(String, String)> {
    let readable = headers.into_iter().filter_map(|(name, value)| {
        if !is_readable_header(name) || value.len() > MAX_VALUE {
            return None;
        }
        let value = std::str::from_utf8(value).ok()?;
        Some((name.to_owned(), value.trim().to_owned()))
    });
    readable.take(MAX_HEADERS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_be_read_is_kept_and_only_so_much_of_it() {
        let long = [b'a'; MAX_VALUE + 1];
        let mut headers: Vec<(&str, &[u8])> = vec![
            ("authorization", b"Bearer secret"),
            ("cookie", b"a=b"),
            ("user-agent", b" curl "),
            ("x-route-lane", &long),
            ("origin", b"\xff"),
        ];
        let kept = select(headers.iter().copied());
        assert_eq!(kept, [("user-agent".to_owned(), "curl".to_owned())]);
        headers.extend([("x-route-a", &b"1"[..]); 40]);
        assert_eq!(select(headers).len(), MAX_HEADERS);
    }
}
