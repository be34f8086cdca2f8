//! The response object, which clients expect in full: whole answers and the events of a stream that
//! carry one share it. Members that repeat the request stand at what they are when nothing is asked,
//! since an answer does not know its request.

use crate::TokenCounts;
use crate::canonical::FinishReason;
use crate::failure::Failure;
use crate::json::{Array, Object};
use crate::openai_responses::error::write_response_error;
use crate::openai_responses::usage;

/// What there is to say in a response object, its output apart.
#[derive(Debug)]
pub(super) struct Envelope<'e> {
    pub(super) id: &'e str,
    pub(super) created: u64,
    pub(super) model: &'e str,
    pub(super) service_tier: Option<&'e str>,
    pub(super) ending: Ending<'e>,
    pub(super) usage: Option<&'e TokenCounts>,
}

/// How an answer stands.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ending<'e> {
    /// It goes on.
    None,
    /// It is whole.
    Completed,
    /// It was cut, for that reason.
    Incomplete(&'e str),
    /// It failed.
    Failed(&'e Failure<'e>),
}

impl Ending<'_> {
    /// The word for it.
    pub(super) fn status(self) -> &'static str {
        match self {
            Self::None => "in_progress",
            Self::Completed => "completed",
            Self::Incomplete(_) => "incomplete",
            Self::Failed(_) => "failed",
        }
    }

    /// The word for it on an item that was the last to be written.
    pub(super) fn item_status(self) -> &'static str {
        match self {
            Self::None => "in_progress",
            Self::Completed => "completed",
            Self::Incomplete(_) | Self::Failed(_) => "incomplete",
        }
    }
}

/// What a reason to end is in this dialect; `None` for a failure.
pub(super) fn ending_of(reason: FinishReason) -> Option<Ending<'static>> {
    match reason {
        FinishReason::Stop
        | FinishReason::StopSequence
        | FinishReason::ToolUse
        | FinishReason::Pause
        | FinishReason::Other => Some(Ending::Completed),
        FinishReason::Length | FinishReason::ContextWindow => Some(Ending::Incomplete("max_output_tokens")),
        FinishReason::ContentFilter | FinishReason::Refusal => Some(Ending::Incomplete("content_filter")),
        FinishReason::Error => None,
    }
}

/// Whether the dialect has the reason itself, and not only something near it.
pub(super) fn is_exact(reason: FinishReason) -> bool {
    match reason {
        FinishReason::Stop
        | FinishReason::ToolUse
        | FinishReason::Length
        | FinishReason::ContentFilter
        | FinishReason::Error => true,
        FinishReason::StopSequence
        | FinishReason::ContextWindow
        | FinishReason::Refusal
        | FinishReason::Pause
        | FinishReason::Other => false,
    }
}

impl Envelope<'_> {
    /// Writes the whole object.
    pub(super) fn write(&self, object: &mut Object<'_>, output: impl FnOnce(&mut Array<'_>)) {
        object.string("id", self.id);
        object.string("object", "response");
        object.unsigned("created_at", self.created);
        object.string("status", self.ending.status());
        object.bool("background", false);
        match self.ending {
            Ending::Failed(failure) => write_response_error(object.object("error"), failure),
            Ending::None | Ending::Completed | Ending::Incomplete(_) => object.null("error"),
        }
        match self.ending {
            Ending::Incomplete(reason) => object.object("incomplete_details").string("reason", reason),
            Ending::None | Ending::Completed | Ending::Failed(_) => object.null("incomplete_details"),
        }
        object.null("instructions");
        object.null("max_output_tokens");
        object.string("model", self.model);
        output(&mut object.array("output"));
        object.bool("parallel_tool_calls", true);
        object.null("previous_response_id");
        {
            let mut reasoning = object.object("reasoning");
            reasoning.null("effort");
            reasoning.null("summary");
        }
        object.optional_string("service_tier", self.service_tier);
        object.bool("store", false);
        object.null("temperature");
        object.object("text").object("format").string("type", "text");
        object.string("tool_choice", "auto");
        drop(object.array("tools"));
        object.null("top_p");
        object.string("truncation", "disabled");
        match self.usage {
            Some(counts) => usage::write(object.object("usage"), counts),
            None => object.null("usage"),
        }
        object.null("user");
        drop(object.object("metadata"));
    }
}
