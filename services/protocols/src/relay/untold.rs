//! Usage that a provider never told, estimated in the last frames of a stream that passes through. Frames that have
//! passed are not touched, so that it depends on the dialect whether there is a place left.

use crate::TokenCounts;
use crate::closing_frame::frames_with_usage;
use crate::dialect::Dialect;
use crate::json::Object;
use crate::{gemini, openai_responses};

/// Adds the estimate to the frames that waited for the end.
pub(super) fn tell(dialect: Dialect, mut held: Vec<u8>, estimate: &TokenCounts) -> Vec<u8> {
    match dialect {
        // The whole response is told once more at the end, and its usage with it.
        Dialect::OpenAiResponses => {
            let mut usage = Vec::new();
            openai_responses::usage::write(Object::open(&mut usage), estimate);
            let usage = String::from_utf8(usage).unwrap_or_default();
            frames_with_usage(held, &usage)
        }
        // Usage may stand in any chunk, also in one of its own.
        Dialect::Gemini => {
            held.extend_from_slice(b"data: ");
            {
                let mut chunk = Object::open(&mut held);
                gemini::usage::write(&mut chunk.object("usageMetadata"), estimate);
            }
            held.extend_from_slice(b"\r\n\r\n");
            held
        }
        // Usage stands beside the stop reason, which has passed; a second frame of the kind would overwrite that.
        Dialect::AnthropicMessages
        // Has a reader of its own, which tells it.
        | Dialect::OpenAiChat
        // No caller speaks them.
        | Dialect::BedrockConverse
        | Dialect::CohereChat => held,
    }
}
