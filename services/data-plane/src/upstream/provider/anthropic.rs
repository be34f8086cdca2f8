//! Anthropic.

use sluicegate_contracts::config::ProviderId;
use sluicegate_protocols::Dialect;
use sluicegate_protocols::tool_ids::IdRule;

use super::compatible::{CHAT, COMPATIBLE, below};
use super::{Counter, Listing, Provider, Spoken};
use crate::upstream::auth::KeyHeader;
use crate::upstream::members::without;

/// The version its documentation is written for; a caller of the same dialect may name another.
const VERSION: &[(&str, &str)] = &[("anthropic-version", "2023-06-01")];

/// Messages, where Anthropic has them.
pub(super) const MESSAGES: Spoken = Spoken {
    dialect: Dialect::AnthropicMessages,
    address: |ask| below(ask.base, "/messages"),
    headers: VERSION,
    tool_ids: IdRule::ANTHROPIC,
    counter: Some(COUNTER),
    ..CHAT
};

pub(super) const COUNTER: Counter = Counter {
    address: |ask| below(ask.base, "/messages/count_tokens"),
    question: |request, _| without(&request, OF_THE_ANSWER),
    tokens: "input_tokens",
};

/// Members that are about the answer; the counter refuses them.
pub(super) const OF_THE_ANSWER: &[&str] = &[
    "max_tokens",
    "stream",
    "temperature",
    "top_p",
    "top_k",
    "stop_sequences",
    "metadata",
    "service_tier",
    "inference_geo",
    "container",
];

pub(in crate::upstream) const ANTHROPIC: Provider = Provider {
    id: ProviderId::Anthropic,
    // Its chat completions door leaves out, without a word, what it does not know.
    chat: |_| &[MESSAGES],
    embeddings: None,
    rerank: None,
    key: KeyHeader::Named("x-api-key"),
    listing: Listing {
        address: |base, _| format!("{base}/models?limit=1000"),
        headers: VERSION,
        ..COMPATIBLE.listing
    },
    ..COMPATIBLE
};
