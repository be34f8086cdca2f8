//! Finish reasons: Google's words, their numbers, and what they mean.

use crate::canonical::{Finish, FinishReason};

/// What a finish reason means. A call counts for more than `STOP`, which Google says for both; but
/// where the model called what was not offered, there is nothing to run.
pub(super) fn reason(word: &str, calls: bool) -> FinishReason {
    match word {
        "STOP" | "1" if calls => FinishReason::ToolUse,
        "STOP" | "1" => FinishReason::Stop,
        "MAX_TOKENS" | "2" => FinishReason::Length,
        "SAFETY"
        | "3"
        | "RECITATION"
        | "4"
        | "BLOCKLIST"
        | "6"
        | "PROHIBITED_CONTENT"
        | "7"
        | "SPII"
        | "8"
        | "MODEL_ARMOR"
        | "IMAGE_SAFETY"
        | "IMAGE_PROHIBITED_CONTENT"
        | "IMAGE_RECITATION" => FinishReason::ContentFilter,
        "MALFORMED_FUNCTION_CALL"
        | "UNEXPECTED_TOOL_CALL"
        | "TOO_MANY_TOOL_CALLS"
        | "MALFORMED_RESPONSE"
        | "MISSING_THOUGHT_SIGNATURE" => FinishReason::Error,
        "CONTINUATION" => FinishReason::Pause,
        _ if calls => FinishReason::ToolUse,
        _ => FinishReason::Other,
    }
}

/// Google's word for why an answer ended; the provider's own where it is Google's.
pub(super) fn word<'f>(finish: &'f Finish<'_>, same: bool) -> &'f str {
    if let (true, Some(native)) = (same, &finish.native) {
        return native;
    }
    match finish.reason {
        FinishReason::Stop | FinishReason::StopSequence | FinishReason::ToolUse | FinishReason::Pause => {
            "STOP"
        }
        FinishReason::Length | FinishReason::ContextWindow => "MAX_TOKENS",
        FinishReason::ContentFilter | FinishReason::Refusal => "SAFETY",
        FinishReason::Error | FinishReason::Other => "OTHER",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_numbers_mean_the_same() {
        for (word, number) in [("STOP", "1"), ("MAX_TOKENS", "2"), ("SAFETY", "3"), ("SPII", "8")] {
            assert_eq!(reason(word, false), reason(number, false), "{word}");
        }
        assert_eq!(reason("STOP", true), FinishReason::ToolUse);
        assert_eq!(reason("UNEXPECTED_TOOL_CALL", true), FinishReason::Error);
        assert_eq!(reason("MAX_TOKENS", true), FinishReason::Length);
        assert_eq!(reason("NEW_WORD", false), FinishReason::Other);
    }
}
