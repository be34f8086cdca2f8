//! Deterministic answers: text, vectors and token counts as functions of the prompt. One word is
//! one token, so that what a stream sent can be counted by its chunks.

use sluicegate_protocols::embeddings::openai::EmbeddingInput;
use sluicegate_protocols::openai_chat::ChatRequestView;

const WORDS: [&str; 32] = [
    "the", "water", "runs", "over", "stones", "and", "under", "bridges", "where", "an", "old", "mill",
    "turns", "its", "wheel", "slowly", "while", "gates", "open", "one", "after", "another", "to", "let",
    "boats", "pass", "toward", "a", "quiet", "harbor", "at", "dusk",
];

/// Spreads two numbers over 64 bits (the finalizer of SplitMix64).
pub(crate) fn mix(a: u64, b: u64) -> u64 {
    let mut z = a.wrapping_add(b.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A number for a piece of text (FNV-1a over at most its first 64 KiB).
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().take(64 * 1024).fold(0xcbf2_9ce4_8422_2325, |h, b| {
        (h ^ u64::from(*b)).wrapping_mul(0x100_0000_01b3)
    })
}

/// The word at `position` of the answer `variant`, with the space before it.
pub(crate) fn word(variant: u64, position: u64, out: &mut String) {
    if position > 0 {
        out.push(' ');
    }
    out.push_str(WORDS[(mix(variant, position) % 32) as usize]);
}

/// Tokens of a chat prompt: a quarter of its bytes, four for each message, 85 for each image.
pub(crate) fn prompt_tokens(view: &ChatRequestView<'_>) -> u64 {
    let text = (view.input.text_bytes + view.input.schema_bytes).div_ceil(4);
    3 + 4 * u64::from(view.messages) + text + 85 * u64::from(view.input.images)
}

/// Tokens of an embeddings input.
pub(crate) fn embedding_tokens(input: &EmbeddingInput) -> u64 {
    (input.tokens + input.text_bytes.div_ceil(4))
        .max(u64::from(input.items))
        .max(1)
}

/// A vector of length one for input number `item` of a request.
pub(crate) fn vector(variant: u64, item: u64, dimensions: usize) -> Vec<f32> {
    let seed = mix(variant, item);
    let unit = |at: u64| (mix(seed, at) >> 40) as f32 / (1u64 << 23) as f32 - 1.0;
    let raw: Vec<f32> = (0..dimensions as u64).map(unit).collect();
    let length = raw.iter().map(|x| x * x).sum::<f32>().sqrt().max(f32::EPSILON);
    raw.into_iter().map(|x| x / length).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(variant: u64, tokens: u64) -> String {
        let mut text = String::new();
        (0..tokens).for_each(|position| word(variant, position, &mut text));
        text
    }

    #[test]
    fn equal_prompts_give_equal_answers() {
        assert_eq!(words(hash(b"a"), 20), words(hash(b"a"), 20));
        assert_ne!(words(hash(b"a"), 20), words(hash(b"b"), 20));
        assert_eq!(words(5, 20).split(' ').count(), 20);
    }

    #[test]
    fn vectors_have_length_one() {
        let v = vector(1, 2, 256);
        assert!((v.iter().map(|x| x * x).sum::<f32>() - 1.0).abs() < 1e-4);
        assert_eq!(v, vector(1, 2, 256));
        assert_ne!(v, vector(1, 3, 256));
    }
}
