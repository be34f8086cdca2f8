//! What a stream has told so far, noted from its canonical events: what a gateway meters by and
//! judges the end by. The watcher and the translator share it.

use crate::TokenCounts;
use crate::canonical::{Delta, Part, PartBody, StreamEvent};
use crate::provider_error::ProviderError;

/// What has been read of a stream so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamFacts<'a> {
    /// The last usage told.
    pub usage: Option<TokenCounts>,
    /// Bytes of content so far, to estimate usage that is not told.
    pub content_bytes: u64,
    /// Something of the answer has come: from here on there is something to show.
    pub begun: bool,
    /// Content has come.
    pub has_content: bool,
    /// All is said.
    pub done: bool,
    /// An error told inside the stream.
    pub error: Option<&'a ProviderError>,
}

/// Notes events.
#[derive(Debug, Default)]
pub(super) struct Noted {
    usage: Option<TokenCounts>,
    content_bytes: u64,
    begun: bool,
    has_content: bool,
    open: u32,
    pub(super) done: bool,
    pub(super) error: Option<ProviderError>,
}

impl Noted {
    pub(super) fn facts(&self) -> StreamFacts<'_> {
        StreamFacts {
            usage: self.usage,
            content_bytes: self.content_bytes,
            begun: self.begun,
            has_content: self.has_content,
            done: self.done,
            error: self.error.as_ref(),
        }
    }

    /// Nothing that comes now belongs to the answer.
    pub(super) fn is_over(&self) -> bool {
        self.done || self.error.is_some()
    }

    /// Content has come and no part is open: what may follow is the end.
    pub(super) fn is_between_parts(&self) -> bool {
        self.has_content && self.open == 0
    }

    pub(super) fn note(&mut self, event: &StreamEvent<'_>) {
        match event {
            StreamEvent::Start(_) | StreamEvent::Extra { .. } | StreamEvent::Logprobs { .. } => {}
            StreamEvent::PartStart { part, .. } => {
                self.begun = true;
                self.open += 1;
                self.part(part);
            }
            StreamEvent::Delta { delta, .. } => {
                self.begun = true;
                self.content(delta_size(delta));
            }
            StreamEvent::PartEnd { .. } => self.open = self.open.saturating_sub(1),
            StreamEvent::Usage(usage) => self.usage = Some(usage.counts),
            StreamEvent::Finish { .. } => self.begun = true,
            StreamEvent::Error(error) => {
                self.begun = true;
                self.error = Some(error.clone());
            }
            StreamEvent::Done => {
                self.begun = true;
                self.done = true;
            }
        }
    }

    fn part(&mut self, part: &Part<'_>) {
        // A call, a picture or a block of another kind says something by being there.
        let says_by_itself = match &part.body {
            PartBody::Text(_) | PartBody::Refusal(_) | PartBody::Reasoning(_) => false,
            PartBody::ToolCall(_)
            | PartBody::Media(_)
            | PartBody::ToolResult(_)
            | PartBody::Json(_)
            | PartBody::Opaque(_) => true,
        };
        self.has_content |= says_by_itself;
        self.content(part_size(part));
    }

    fn content(&mut self, bytes: usize) {
        self.has_content |= bytes > 0;
        self.content_bytes = self.content_bytes.saturating_add(bytes as u64);
    }
}

/// Bytes of what a model wrote in a part. Media count as nothing: their bytes say nothing about
/// their tokens.
pub(super) fn part_size(part: &Part<'_>) -> usize {
    match &part.body {
        PartBody::Text(text) => text.text.len(),
        PartBody::Refusal(text) => text.len(),
        PartBody::Reasoning(reasoning) => {
            let pieces = reasoning.text.iter().chain(&reasoning.summary);
            pieces.map(|piece| piece.len()).sum()
        }
        PartBody::ToolCall(call) => call.name.len() + call.arguments.as_text().len(),
        PartBody::Json(value) => value.as_str().len(),
        PartBody::Opaque(opaque) => opaque.value.as_str().len(),
        PartBody::Media(_) | PartBody::ToolResult(_) => 0,
    }
}

fn delta_size(delta: &Delta<'_>) -> usize {
    match delta {
        Delta::Text(text) | Delta::Summary { text, .. } | Delta::Arguments(text) => text.len(),
        Delta::Signature(_) | Delta::Encrypted(_) | Delta::Citation(_) => 0,
    }
}
