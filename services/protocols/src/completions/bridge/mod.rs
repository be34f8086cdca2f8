//! Legacy completions by way of providers that only chat: a request becomes a canonical one whose
//! prompt is a message of the user, and a canonical answer, whole or streamed, becomes a
//! `text_completion`. What chat cannot do is reported as in every other conversion.

mod answer;
mod request;
mod stream;

pub use answer::encode_response;
pub use request::{Bridged, decode_request};
pub use stream::StreamEncoder;

use crate::canonical::FinishReason;

/// `object` of answers and of chunks alike.
const OBJECT: &str = "text_completion";

/// Why an answer ended, in the three words of this form.
fn finish_word(reason: FinishReason) -> &'static str {
    match reason {
        FinishReason::Length | FinishReason::ContextWindow => "length",
        FinishReason::ContentFilter | FinishReason::Refusal => "content_filter",
        FinishReason::Stop
        | FinishReason::StopSequence
        | FinishReason::ToolUse
        | FinishReason::Pause
        | FinishReason::Error
        | FinishReason::Other => "stop",
    }
}

#[cfg(test)]
mod tests;
