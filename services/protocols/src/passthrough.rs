//! The same-dialect path: change in a request body what must change and copy every other byte as
//! it came, so that unknown fields, key order and the spelling of numbers survive. Called by the
//! data plane once per attempt, since each target may know the model by another name.

pub mod in_chat;
pub mod lifted;
mod output_cap;

pub use output_cap::output_cap;

use bytes::Bytes;

use crate::anthropic_messages::MessagesRequestView;
use crate::completions::CompletionsRequestView;
use crate::embeddings::EmbeddingsRequestView;
use crate::gemini::GeminiRequestView;
use crate::json::{Span, write_string};
use crate::openai_chat::request::{ChatRequestView, Extension, StreamFlag, StreamOptions};
use crate::openai_responses::ResponsesRequestView;
use crate::rerank::RerankRequestView;

/// A request body ready for a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewritten {
    /// The body. Shares memory with the original when nothing had to change.
    pub body: Bytes,
    /// The provider was asked for a usage chunk that the caller did not ask for: to be read and
    /// not shown.
    pub hide_usage_chunk: bool,
}

/// Rewrites a chat request for a provider that knows the model as `model`: the name is replaced,
/// usage is asked for when streaming, the extension object is cut. `body` is what `view` was read
/// from.
pub fn chat(body: &Bytes, view: &ChatRequestView<'_>, model: &str) -> Rewritten {
    let mut edits = Edits::new(&view.model, model, view.extension);
    if let StreamFlag::On(stream) = view.stream {
        ask_for_usage(&mut edits, stream, view.stream_options);
    }
    Rewritten {
        body: edits.apply(body),
        hide_usage_chunk: view.is_stream() && !view.caller_wants_usage(),
    }
}

/// Rewrites a chat request for a provider that refuses to be asked for usage, and tells it unasked; see [`chat`].
pub fn chat_unasked(body: &Bytes, view: &ChatRequestView<'_>, model: &str) -> Rewritten {
    Rewritten {
        body: Edits::new(&view.model, model, view.extension).apply(body),
        hide_usage_chunk: view.is_stream() && !view.caller_wants_usage(),
    }
}

/// Rewrites an embeddings request; see [`chat`].
pub fn embeddings(body: &Bytes, view: &EmbeddingsRequestView<'_>, model: &str) -> Bytes {
    Edits::new(&view.model, model, view.extension).apply(body)
}

/// Rewrites a rerank request; see [`chat`].
pub fn rerank(body: &Bytes, view: &RerankRequestView<'_>, model: &str) -> Bytes {
    Edits::new(&view.model, model, view.extension).apply(body)
}

/// Rewrites a Responses request; see [`chat`]. Usage needs no asking: every answer tells it.
pub fn responses(body: &Bytes, view: &ResponsesRequestView<'_>, model: &str) -> Bytes {
    Edits::new(&view.model, model, view.extension).apply(body)
}

/// Rewrites a messages request, or one to count its tokens; see [`chat`]. Streams of this dialect
/// always tell their usage.
pub fn messages(body: &Bytes, view: &MessagesRequestView<'_>, model: &str) -> Bytes {
    Edits::new(&view.model, model, view.extension).apply(body)
}

/// Rewrites a legacy completions request; see [`chat`].
pub fn completions(body: &Bytes, view: &CompletionsRequestView<'_>, model: &str) -> Rewritten {
    let mut edits = Edits::new(&view.model, model, view.extension);
    if let StreamFlag::On(stream) = view.stream {
        ask_for_usage(&mut edits, stream, view.stream_options);
    }
    Rewritten {
        body: edits.apply(body),
        hide_usage_chunk: view.is_stream() && !view.caller_wants_usage(),
    }
}

/// Rewrites a generateContent request; see [`chat`]. The model is in the path and usage comes
/// unasked, so that the extension alone is cut.
pub fn gemini(body: &Bytes, view: &GeminiRequestView<'_>) -> Bytes {
    let mut edits = Edits::default();
    if let Some(extension) = &view.extension {
        edits.cut(extension.member.0);
    }
    edits.apply(body)
}

fn ask_for_usage(edits: &mut Edits, stream: Span, options: StreamOptions) {
    match options {
        // Right behind the value of `stream`, where a member may always follow.
        StreamOptions::Absent => edits.insert(stream.end, r#","stream_options":{"include_usage":true}"#),
        StreamOptions::Null(span) => edits.replace(span, r#"{"include_usage":true}"#),
        StreamOptions::Object {
            include_usage: Some((true, _)),
            ..
        } => {}
        StreamOptions::Object {
            include_usage: Some((false, span)),
            ..
        } => edits.replace(span, "true"),
        StreamOptions::Object {
            span, empty: true, ..
        } => edits.insert(span.start + 1, r#""include_usage":true"#),
        StreamOptions::Object {
            span, empty: false, ..
        } => edits.insert(span.start + 1, r#""include_usage":true,"#),
    }
}

/// The bytes of one member of an object together with the comma that goes when it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemberSpan(pub(crate) Span);

/// Finds the `MemberSpan` of one member while the members of its object are read in order.
#[derive(Debug, Default)]
pub(crate) struct MemberTracker {
    previous_end: Option<usize>,
    key_start: usize,
    found: Option<Span>,
    /// The member found came first: its comma is the one behind it, up to the next key.
    open: bool,
}

impl MemberTracker {
    /// A member begins with this key.
    pub(crate) fn starts(&mut self, key: Span) {
        self.key_start = key.start;
        if let (true, Some(found)) = (self.open, self.found.as_mut()) {
            found.end = key.start;
            self.open = false;
        }
    }

    /// The member ends at `end`; `wanted` when it is the one to find.
    pub(crate) fn ends(&mut self, end: usize, wanted: bool) {
        if wanted {
            self.open = self.previous_end.is_none();
            self.found = Some(Span {
                start: self.previous_end.unwrap_or(self.key_start),
                end,
            });
        }
        self.previous_end = Some(end);
    }

    pub(crate) fn found(&self) -> Option<MemberSpan> {
        self.found.map(MemberSpan)
    }
}

/// Changes to a body that do not overlap.
#[derive(Debug, Default)]
struct Edits {
    edits: Vec<(Span, Vec<u8>)>,
}

impl Edits {
    /// What every body needs that names its model: the provider's name in it, and our object out.
    fn new(name: &crate::json::JsonStr<'_>, model: &str, extension: Option<Extension<'_>>) -> Self {
        let mut edits = Self::default();
        edits.replace_model(name, model);
        if let Some(extension) = extension {
            edits.cut(extension.member.0);
        }
        edits
    }

    fn replace(&mut self, span: Span, with: &str) {
        self.edits.push((span, with.as_bytes().to_vec()));
    }

    fn insert(&mut self, at: usize, text: &str) {
        self.replace(Span { start: at, end: at }, text);
    }

    fn cut(&mut self, span: Span) {
        self.replace(span, "");
    }

    fn replace_model(&mut self, name: &crate::json::JsonStr<'_>, model: &str) {
        if name.decode() != model {
            let mut text = Vec::with_capacity(model.len() + 2);
            write_string(&mut text, model);
            self.edits.push((name.span(), text));
        }
    }

    /// Builds the changed body in one buffer of its exact size.
    fn apply(mut self, body: &Bytes) -> Bytes {
        if self.edits.is_empty() {
            return body.clone();
        }
        // An insertion may stand where a cut begins: the shorter span goes first.
        self.edits
            .sort_unstable_by_key(|(span, _)| (span.start, span.end));
        let removed: usize = self.edits.iter().map(|(span, _)| span.len()).sum();
        let added: usize = self.edits.iter().map(|(_, text)| text.len()).sum();
        let mut out = Vec::with_capacity((body.len() + added).saturating_sub(removed));
        let mut from = 0;
        for (span, text) in &self.edits {
            out.extend_from_slice(body.get(from..span.start).unwrap_or_default());
            out.extend_from_slice(text);
            from = span.end;
        }
        out.extend_from_slice(body.get(from..).unwrap_or_default());
        Bytes::from(out)
    }
}

#[cfg(test)]
mod tests;
