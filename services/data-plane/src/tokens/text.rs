//! Tokens of one text. The tokenizer takes quadratic time, and more stack than there is, over long runs without a break;
//! so that no text can do harm, it gets pieces of bounded length. They are cut where a token ends anyway, so that the
//! sum stays exact; only a run without such a place is cut anywhere, and then the sum is no longer exact.

use super::vocabulary::Vocabulary;

/// Longest piece, in bytes.
const MAX_PIECE: usize = 4 * 1024;

/// Tokens of a text, and whether the number is exact.
pub(super) fn tokens(text: &str, vocabulary: Vocabulary) -> (u64, bool) {
    let encoder = vocabulary.encoder();
    let (mut sum, mut exact, mut rest) = (0, true, text);
    while rest.len() > MAX_PIECE {
        let (at, clean) = cut(rest);
        let (piece, after) = rest.split_at(at);
        sum += encoder.encode_ordinary(piece).len() as u64;
        exact &= clean;
        rest = after;
    }
    (sum + encoder.encode_ordinary(rest).len() as u64, exact)
}

/// Where to cut a text longer than a piece, and whether a token ends there in any case: between a letter and one space
/// that a letter follows, since that space begins the next word's token.
fn cut(text: &str) -> (usize, bool) {
    let bytes = text.as_bytes();
    let is_letter = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphabetic);
    let clean = (1..MAX_PIECE)
        .rev()
        .find(|&at| bytes.get(at) == Some(&b' ') && is_letter(at - 1) && is_letter(at + 1));
    match clean {
        Some(at) => (at, true),
        None => (text.floor_char_boundary(MAX_PIECE).max(1), false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_those_of_the_tokenizer() {
        // The examples of OpenAI's guide to counting tokens.
        for (text, o200k, cl100k) in [
            ("", 0, 0),
            ("antidisestablishmentarianism", 6, 6),
            ("2 + 2 = 4", 7, 7),
            (
                "\u{304a}\u{8a95}\u{751f}\u{65e5}\u{304a}\u{3081}\u{3067}\u{3068}\u{3046}",
                8,
                9,
            ),
        ] {
            assert_eq!(tokens(text, Vocabulary::O200k), (o200k, true), "{text}");
            assert_eq!(tokens(text, Vocabulary::Cl100k), (cl100k, true), "{text}");
        }
    }

    #[test]
    fn pieces_add_up_to_the_whole() {
        let text =
            "The quick brown fox, born in 1987, doesn't jump.\nIt sleeps; caf\u{e9} \u{1f600}! ".repeat(400);
        let whole = Vocabulary::O200k.encoder().encode_ordinary(&text).len() as u64;
        assert_eq!(tokens(&text, Vocabulary::O200k), (whole, true));
    }

    #[test]
    fn no_text_does_harm() {
        for run in [" ", "a", "\u{1f600}", "\n", "=", "\u{301}"] {
            let text = run.repeat(400_000 / run.len());
            let (count, exact) = tokens(&text, Vocabulary::O200k);
            assert!(count > 0 && count <= text.len() as u64);
            assert!(!exact, "{run:?}");
        }
    }
}
