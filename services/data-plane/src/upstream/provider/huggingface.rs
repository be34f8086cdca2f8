//! Router of Hugging Face. Its list of models is open to everybody: a test of the connection proves the address, not
//! the key. Only its older, per-task paths give vectors.

use sluicegate_contracts::config::ProviderId;

use super::Provider;
use super::compatible::COMPATIBLE;

pub(in crate::upstream) const HUGGING_FACE: Provider = Provider {
    id: ProviderId::HuggingFace,
    embeddings: None,
    rerank: None,
    ..COMPATIBLE
};
