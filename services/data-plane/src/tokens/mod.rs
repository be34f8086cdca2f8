//! How many tokens a prompt takes, counted without asking a provider: exactly where the model's tokenizer is public, by
//! an upper bound elsewhere. A count says which of the two it is.

mod count;
mod text;
mod vocabulary;

pub(crate) use count::{Count, count};
pub(crate) use vocabulary::Vocabulary;
