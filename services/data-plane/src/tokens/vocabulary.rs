//! Which tokenizer a model has, by its name, and the tokenizers themselves: loaded when first needed, about 50 MB each,
//! then kept. Their vocabularies are part of the binary, so nothing is ever fetched.

use tiktoken_rs::{CoreBPE, cl100k_base_singleton, o200k_base_singleton};

/// A public tokenizer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Vocabulary {
    /// Of GPT-4o and everything after it.
    O200k,
    /// Of GPT-4, GPT-3.5 and the third generation of embeddings.
    Cl100k,
}

/// Names of OpenAI's models by their beginning, the longer before the shorter.
const FAMILIES: [(&str, Vocabulary); 13] = [
    ("gpt-4o", Vocabulary::O200k),
    ("gpt-4.1", Vocabulary::O200k),
    ("gpt-4.5", Vocabulary::O200k),
    ("gpt-4", Vocabulary::Cl100k),
    ("gpt-3.5", Vocabulary::Cl100k),
    ("gpt-5", Vocabulary::O200k),
    ("gpt-oss", Vocabulary::O200k),
    ("chatgpt-4o", Vocabulary::O200k),
    ("codex", Vocabulary::O200k),
    ("o1", Vocabulary::O200k),
    ("o3", Vocabulary::O200k),
    ("o4", Vocabulary::O200k),
    ("text-embedding-3", Vocabulary::Cl100k),
];

impl Vocabulary {
    /// The tokenizer of a model, by any name it goes by (`openai/gpt-4o`, `gpt-4o-2024-11-20`); `None` when its maker
    /// has not published one.
    pub(crate) fn of_model(name: &str) -> Option<Self> {
        let bare = name.rsplit('/').next().unwrap_or(name);
        let family = |prefix: &str| {
            let rest = bare.strip_prefix(prefix)?;
            // `o1` is a family, `o100` is none.
            (!rest.starts_with(|c: char| c.is_ascii_digit())).then_some(())
        };
        FAMILIES
            .iter()
            .find_map(|(prefix, vocabulary)| family(prefix).map(|()| *vocabulary))
    }

    pub(super) fn encoder(self) -> &'static CoreBPE {
        match self {
            Self::O200k => o200k_base_singleton(),
            Self::Cl100k => cl100k_base_singleton(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_known_by_any_of_their_names() {
        for (name, expected) in [
            ("openai/gpt-4o-mini", Some(Vocabulary::O200k)),
            ("gpt-4o-2024-11-20", Some(Vocabulary::O200k)),
            ("gpt-4-turbo", Some(Vocabulary::Cl100k)),
            ("gpt-4", Some(Vocabulary::Cl100k)),
            ("gpt-4.1-nano", Some(Vocabulary::O200k)),
            ("openai/gpt-oss-120b", Some(Vocabulary::O200k)),
            ("o3-mini", Some(Vocabulary::O200k)),
            ("o100", None),
            ("anthropic/claude-sonnet-4-5", None),
            ("mine/llama", None),
        ] {
            assert_eq!(Vocabulary::of_model(name), expected, "{name}");
        }
    }
}
