//! Router of Hugging Face. Its list of models is open to everybody: a test of the connection proves the address, not
//! the key.

use sluicegate_contracts::config::{Operation, ProviderId};

use super::compatible::COMPATIBLE;
use super::{Provider, compatible};

pub(in crate::upstream) const HUGGING_FACE: Provider = Provider {
    id: ProviderId::HuggingFace,
    address: |ask| match ask.operation {
        Operation::ChatCompletions => compatible::address(ask),
        // Only its older, per-task paths give vectors.
        Operation::Embeddings => None,
    },
    ..COMPATIBLE
};
