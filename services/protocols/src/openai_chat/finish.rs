//! `FinishReason`: why an answer ended, in the words of this dialect.

/// Why the model stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FinishReason {
    /// The natural end, or a stop sequence.
    Stop,
    /// The output limit.
    Length,
    /// The model calls tools.
    ToolCalls,
    /// The model calls a function, in the form before tools.
    FunctionCall,
    /// A content filter cut the answer.
    ContentFilter,
    /// A provider's own word, kept as given.
    Other(String),
}

impl FinishReason {
    /// Longest provider word kept, in bytes.
    const MAX_OTHER: usize = 64;

    /// Reads a wire value; `None` for the empty string, which some servers send while going on.
    pub(super) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "" => return None,
            "stop" => Self::Stop,
            "length" => Self::Length,
            "tool_calls" => Self::ToolCalls,
            "function_call" => Self::FunctionCall,
            "content_filter" => Self::ContentFilter,
            other => Self::Other(crate::provider_error::clip(other, Self::MAX_OTHER)),
        })
    }

    /// The wire value.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
            Self::ToolCalls => "tool_calls",
            Self::FunctionCall => "function_call",
            Self::ContentFilter => "content_filter",
            Self::Other(text) => text,
        }
    }
}
