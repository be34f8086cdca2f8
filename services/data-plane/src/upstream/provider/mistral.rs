//! Mistral AI.

use sluicegate_contracts::config::ProviderId;
use sluicegate_protocols::target::ReasoningField;
use sluicegate_protocols::tool_ids::IdRule;

use super::compatible::{CHAT, COMPATIBLE, reasoning_in};
use super::{Provider, Spoken};
use crate::upstream::members::without_member;

const MISTRAL_CHAT: Spoken = Spoken {
    tool_ids: IdRule::MISTRAL,
    // A caller's own question for usage: it answers 422, and tells usage at the end of every stream unasked.
    body: |body| without_member(body, "stream_options"),
    ..CHAT
};

pub(in crate::upstream) const MISTRAL: Provider = Provider {
    id: ProviderId::Mistral,
    chat: |_| &[MISTRAL_CHAT],
    quirks: reasoning_in(ReasoningField::Thinking),
    stream_usage: false,
    ..COMPATIBLE
};
