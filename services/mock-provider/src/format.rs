//! A wire format: how one API writes answers and errors. `answer` decides what is said, a format how it looks; reading
//! requests is the job of its handler and of `asked`.

use crate::plan::Plan;
use crate::refusal::Refusal;
use crate::stream::Frames;

/// A wire format.
pub(crate) trait Format: Sync {
    /// What the ledger calls the API.
    fn endpoint(&self) -> &'static str;

    /// What ids of its answers begin with.
    fn id_prefix(&self) -> &'static str;

    /// A whole answer, a JSON document.
    fn body(&self, plan: &Plan, id: &str) -> Vec<u8>;

    /// The frames of a streamed answer.
    fn frames(&self, plan: Plan, id: &str) -> Frames;

    /// Media type of a stream.
    fn stream_type(&self) -> &'static str {
        "text/event-stream; charset=utf-8"
    }

    /// An error answer, a JSON document.
    fn error(&self, refusal: &Refusal) -> Vec<u8>;

    /// The error that ends a stream that began well.
    fn error_frame(&self) -> Vec<u8>;

    /// A piece of a stream that no reader can make sense of.
    fn broken_frame(&self) -> &'static [u8];
}
