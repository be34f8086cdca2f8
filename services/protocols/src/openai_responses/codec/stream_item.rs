//! The items of a stream that are not done: what of each has been told, by length, so that what an
//! event tells in full can be told as what is still missing. Never the text itself.

use crate::canonical::Item;

/// Most items of one answer, and most pieces of one item.
pub(super) const MAX_ITEMS: usize = 4096;

/// An item that is not done.
#[derive(Debug)]
pub(super) struct OpenItem {
    pub(super) index: u64,
    /// What opens its first part.
    pub(super) opening: Option<Box<Item<'static>>>,
    pub(super) told: Told,
}

/// What of an item has been told.
#[derive(Debug)]
pub(super) enum Told {
    /// Of a message, by content part.
    Message(Vec<ToldPart>),
    /// Of reasoning.
    Reasoning {
        /// It has been begun.
        begun: bool,
        /// Bytes of its text, all pieces together.
        text: usize,
        /// Bytes of each piece of its summary.
        summary: Vec<usize>,
    },
    /// Bytes of a call's input.
    Call(usize),
    /// Nothing: it will be told whole when it is done.
    Nothing,
}

/// What of a content part has been told.
#[derive(Debug, Clone, Copy)]
pub(super) struct ToldPart {
    pub(super) content_index: u64,
    pub(super) text: usize,
    pub(super) citations: usize,
    pub(super) tokens: usize,
}

impl OpenItem {
    pub(super) fn new(index: u64, opening: Item<'static>, told: Told) -> Self {
        Self {
            index,
            opening: Some(Box::new(opening)),
            told,
        }
    }
}

impl Told {
    /// Of reasoning that has not been begun.
    pub(super) fn unbegun_reasoning() -> Self {
        Self::Reasoning {
            begun: false,
            text: 0,
            summary: Vec::new(),
        }
    }
}

impl ToldPart {
    pub(super) fn new(content_index: u64) -> Self {
        Self {
            content_index,
            text: 0,
            citations: 0,
            tokens: 0,
        }
    }
}

/// What of `whole` is missing when its first `told` bytes have been told. What was told may differ
/// from it; it cannot be taken back.
pub(super) fn missing(whole: &str, told: usize) -> &str {
    whole.get(told..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_missing_is_told() {
        assert_eq!(missing("abc", 0), "abc");
        assert_eq!(missing("abc", 1), "bc");
        assert_eq!(missing("abc", 3), "");
        assert_eq!(missing("abc", 9), "");
        // Something else was told: half a character is no place to go on from.
        assert_eq!(missing("é", 1), "");
    }
}
