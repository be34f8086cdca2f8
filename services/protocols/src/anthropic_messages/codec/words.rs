//! Words of this dialect and what they mean: reasons to end, classes of service, kinds of blocks.

use crate::canonical::{Finish, FinishReason, OpaqueRole};

/// What a stop reason means. Calls count for more than the word.
pub(super) fn finish_reason(word: &str, calls: bool) -> FinishReason {
    match word {
        "tool_use" => FinishReason::ToolUse,
        "end_turn" if calls => FinishReason::ToolUse,
        "end_turn" => FinishReason::Stop,
        "stop_sequence" => FinishReason::StopSequence,
        "max_tokens" => FinishReason::Length,
        "model_context_window_exceeded" => FinishReason::ContextWindow,
        "refusal" => FinishReason::Refusal,
        "pause_turn" => FinishReason::Pause,
        _ if calls => FinishReason::ToolUse,
        _ => FinishReason::Other,
    }
}

/// The word of this dialect for why an answer ended. The provider's own where it is of this
/// dialect.
pub(super) fn stop_reason<'f>(finish: &'f Finish<'_>, same: bool, calls: bool) -> &'f str {
    if let (true, Some(native)) = (same, &finish.native) {
        return native;
    }
    match finish.reason {
        FinishReason::ToolUse => "tool_use",
        FinishReason::Stop | FinishReason::Other if calls => "tool_use",
        FinishReason::Stop | FinishReason::Error | FinishReason::Other => "end_turn",
        FinishReason::StopSequence => "stop_sequence",
        FinishReason::Length => "max_tokens",
        FinishReason::ContextWindow => "model_context_window_exceeded",
        FinishReason::ContentFilter | FinishReason::Refusal => "refusal",
        FinishReason::Pause => "pause_turn",
    }
}

/// Whether the dialect has no word for the reason.
pub(super) fn is_blurred(reason: FinishReason) -> bool {
    match reason {
        FinishReason::ContentFilter | FinishReason::Error | FinishReason::Other => true,
        FinishReason::Stop
        | FinishReason::StopSequence
        | FinishReason::Length
        | FinishReason::ContextWindow
        | FinishReason::ToolUse
        | FinishReason::Refusal
        | FinishReason::Pause => false,
    }
}

/// The class of service that was given, in the usual words.
pub(super) fn tier_given(word: &str) -> &str {
    if word == "standard" { "default" } else { word }
}

/// The class of service that was given, in the words of this dialect.
pub(super) fn given_tier(tier: &str) -> &str {
    if tier == "default" { "standard" } else { tier }
}

/// What a block of a type that is not modelled is.
pub(super) fn block_role(kind: &str) -> OpaqueRole {
    if matches!(kind, "server_tool_use" | "mcp_tool_use") {
        OpaqueRole::ServerToolCall
    } else if kind.ends_with("_tool_result") {
        OpaqueRole::ServerToolResult
    } else {
        OpaqueRole::Unknown
    }
}

/// Whether blocks of that type are this dialect's own, which a stream cannot tell by their origin.
pub(super) fn is_own_block(kind: &str) -> bool {
    let known = [
        "container_upload",
        "compaction",
        "fallback",
        "search_result",
        "document",
        "thinking",
    ];
    block_role(kind) != OpaqueRole::Unknown || known.contains(&kind)
}
