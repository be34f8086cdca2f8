//! Orders to the script inside a prompt: `[[order]]` or `[[order=value]]` in the last message of the
//! user. They work in every format and through every client, which a header or a field would not.

/// What the prompt orders; the last of equal orders counts.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Directives {
    /// `[[tag=X]]`: the ledger entry carries X, so that a test finds its own calls.
    pub(crate) tag: Option<String>,
    /// `[[call]]`, `[[call=2]]`: so many calls of the tools offered.
    pub(crate) calls: Option<usize>,
    /// `[[fail=429]]`, `[[fail=context]]`: refuse.
    pub(crate) failure: Option<Failure>,
    /// What to say.
    pub(crate) saying: Option<Saying>,
}

/// How to refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// With this status.
    Status(u16),
    /// Because the prompt is too long for the model.
    ContextLength,
}

/// What to say.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Saying {
    /// `[[say=TEXT]]`: this.
    Text(String),
    /// `[[repeat=system]]`: the system instructions.
    System,
    /// `[[repeat=images]]`: media types and hashes of the images.
    Images,
    /// `[[drip]]`: slow words for half a minute, for callers who leave early.
    Drip,
}

/// Most calls of one answer.
const MAX_CALLS: usize = 16;
/// Longest tag, in bytes.
const MAX_TAG: usize = 64;

impl Directives {
    /// Finds the orders in `prompt`. What is not one is part of the prompt.
    pub(crate) fn read(prompt: &str) -> Self {
        let mut found = Self::default();
        let orders = prompt
            .split("[[")
            .skip(1)
            .filter_map(|rest| rest.split_once("]]"));
        for (order, _) in orders {
            let (name, value) = order.split_once('=').unwrap_or((order, ""));
            found.take(name, value);
        }
        found
    }

    fn take(&mut self, name: &str, value: &str) {
        match (name, value) {
            ("tag", tag) if tag.len() <= MAX_TAG => self.tag = Some(tag.to_owned()),
            ("call", "") => self.calls = Some(1),
            ("call", count) => self.calls = count.parse().ok().map(|n: usize| n.min(MAX_CALLS)),
            ("fail", "context") => self.failure = Some(Failure::ContextLength),
            ("fail", status) => self.failure = status.parse().ok().map(Failure::Status),
            ("say", text) => self.saying = Some(Saying::Text(text.to_owned())),
            ("repeat", "system") => self.saying = Some(Saying::System),
            ("repeat", "images") => self.saying = Some(Saying::Images),
            ("drip", "") => self.saying = Some(Saying::Drip),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_found_amid_text() {
        let found =
            Directives::read("Hello [[tag=a-1]] there [[call=2]], then [[say=x = y]] and [[fail=429]]");
        assert_eq!(
            found,
            Directives {
                tag: Some("a-1".into()),
                calls: Some(2),
                failure: Some(Failure::Status(429)),
                saying: Some(Saying::Text("x = y".into())),
            }
        );
        assert_eq!(Directives::read("[[call]]").calls, Some(1));
        assert_eq!(Directives::read("[[call=999]]").calls, Some(MAX_CALLS));
        assert_eq!(
            Directives::read("[[fail=context]]").failure,
            Some(Failure::ContextLength)
        );
        assert_eq!(Directives::read("[[repeat=images]]").saying, Some(Saying::Images));
    }

    #[test]
    fn what_is_no_order_is_ignored() {
        for text in [
            "",
            "[[",
            "[[say",
            "a[[0]] = b[[1]]",
            "[[call=x]]",
            "]][[",
            "[[repeat=me]]",
        ] {
            assert_eq!(Directives::read(text), Directives::default(), "{text}");
        }
    }
}
