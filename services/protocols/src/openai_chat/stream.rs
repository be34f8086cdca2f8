//! A streamed answer on its way through: whole frames go out as they came, and on the way usage,
//! finish reasons, errors and the end are noted. The data plane's relay feeds it every read.
//!
//! Three promises. A frame goes out whole or not at all, so that an error frame of ours never lands
//! inside a provider's. `[DONE]` is never passed on: the relay ends the stream itself with
//! [`ChatStream::tail`], so that what looks complete to the caller is complete. And the chunk that
//! closes with usage waits for the tail, where the cost is put into it; all others go out at once.

use bytes::Bytes;

use super::choice::{self, ContentSize};
use super::encode::{ChunkWriter, DONE_FRAME, Head};
use super::response::MAX_NAME;
use super::{FinishReason, usage};
pub use crate::canonical::{StreamEnd, StreamFault};
use crate::closing_frame::ClosingFrame;
use crate::json::{Cursor, Kind, MAX_DEPTH};
use crate::provider_error::{ProviderError, clip};
use crate::sse::{Frame, Outgoing, Parser};
use crate::{DecodeError, TokenCounts};

/// What has been read of a stream so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StreamFacts {
    /// The provider's id of the answer.
    pub id: Option<String>,
    /// The model that answers, in the provider's words.
    pub model: Option<String>,
    /// When the provider made the answer, in Unix seconds; 0 when not told.
    pub created: u64,
    /// The last usage told.
    pub usage: Option<TokenCounts>,
    /// The first finish reason told.
    pub finish: Option<FinishReason>,
    /// JSON chunks, hidden ones included.
    pub chunks: u64,
    /// Chunks that carried content.
    pub content_chunks: u64,
    /// Content so far, to know whether anything was shown and to estimate usage.
    pub content: ContentSize,
    /// The stream said `[DONE]`.
    pub done: bool,
    /// An error told inside the stream.
    pub error: Option<ProviderError>,
    present: u128,
    finished: u128,
}

/// The reader of one stream.
#[derive(Debug)]
pub struct ChatStream {
    parser: Parser,
    form: choice::Form,
    hide_usage_chunk: bool,
    facts: StreamFacts,
    last: Option<ClosingFrame>,
}

/// What to do with a frame.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Show {
    Yes,
    No,
    /// It holds no data, so its order among those that do means nothing.
    Aside,
    /// It tells usage and leaves no answer open: at the end, with the cost.
    Last,
}

impl ChatStream {
    /// A reader that holds at most `max_frame` bytes of an unfinished frame. `hide_usage_chunk`:
    /// the caller did not ask for the extra chunk at the end that has usage and no choices.
    pub fn new(max_frame: usize, hide_usage_chunk: bool) -> Self {
        Self::of_form(max_frame, hide_usage_chunk, choice::Form::Chunk)
    }

    /// The same for a stream of legacy completions, whose chunks differ only in where the text is.
    pub fn of_completions(max_frame: usize, hide_usage_chunk: bool) -> Self {
        Self::of_form(max_frame, hide_usage_chunk, choice::Form::Text)
    }

    fn of_form(max_frame: usize, hide_usage_chunk: bool, form: choice::Form) -> Self {
        Self {
            parser: Parser::new(max_frame),
            form,
            hide_usage_chunk,
            facts: StreamFacts::default(),
            last: None,
        }
    }

    /// Takes a read of the provider's stream and appends to `out` what the caller is to get of it.
    /// On an error `out` still has the frames before the bad one.
    pub fn feed(&mut self, read: &Bytes, out: &mut Vec<Bytes>) -> Result<(), StreamFault> {
        let Self {
            parser,
            form,
            hide_usage_chunk,
            facts,
            last,
        } = self;
        let mut outgoing = Outgoing::new(read, out);
        let fed = parser.feed(read, |frame| {
            match facts.note(&frame, *form, *hide_usage_chunk)? {
                Show::No => {}
                Show::Aside => outgoing.add(&frame),
                Show::Yes => {
                    // It was not the last one after all.
                    outgoing.push(last.take().map(|chunk| chunk.into_bytes(None)));
                    outgoing.add(&frame);
                }
                Show::Last => {
                    let earlier = last.replace(ClosingFrame::new(&frame));
                    outgoing.push(earlier.map(|chunk| chunk.into_bytes(None)));
                }
            }
            Ok(())
        });
        outgoing.flush();
        fed
    }

    /// Takes the end of the provider's connection. A last frame that lacks only its blank line
    /// still counts, and goes out completed.
    pub fn finish(&mut self, out: &mut Vec<Bytes>) -> StreamEnd {
        let Self {
            parser,
            form,
            hide_usage_chunk,
            facts,
            last,
        } = self;
        let ended: Result<(), StreamFault> = parser.finish(|frame| {
            let told = frame.data.is_some_and(|d| !d.trim_ascii().is_empty());
            if !told {
                return Ok(());
            }
            let completed = ClosingFrame::completed(&frame);
            let passed = match facts.note(&frame, *form, *hide_usage_chunk)? {
                Show::No => [None, None],
                Show::Yes | Show::Aside => [last.take(), Some(completed)],
                Show::Last => [last.replace(completed), None],
            };
            out.extend(passed.into_iter().flatten().map(|chunk| chunk.into_bytes(None)));
            Ok(())
        });
        // A frame that breaks off in the middle is what a cut looks like.
        if ended.is_err() {
            StreamEnd::Cut
        } else {
            self.facts.end()
        }
    }

    /// What has been read so far.
    pub fn facts(&self) -> &StreamFacts {
        &self.facts
    }

    /// What ends a complete stream towards the caller: the chunk that closed it with usage, or one
    /// made of `estimate` when the caller asked for usage and the provider gave none; then
    /// `[DONE]`. `cost` is a JSON number in US dollars and stands in that chunk's usage.
    pub fn tail(&mut self, estimate: &TokenCounts, cost: Option<&str>) -> Bytes {
        let told = self.hide_usage_chunk || self.facts.usage.is_some();
        let last = match self.last.take() {
            None if told => return Bytes::from_static(DONE_FRAME),
            None => self.usage_chunk(estimate),
            Some(last) => last,
        };
        let mut out = last.with_cost(cost);
        out.extend_from_slice(DONE_FRAME);
        Bytes::from(out)
    }

    /// The chunk with usage that still waits when a stream breaks; see [`ChatStream::tail`].
    pub fn release(&mut self, cost: Option<&str>) -> Option<Bytes> {
        self.last.take().map(|last| last.into_bytes(cost))
    }

    fn usage_chunk(&self, counts: &TokenCounts) -> ClosingFrame {
        let head = Head {
            id: self.facts.id.as_deref().unwrap_or_default(),
            created: self.facts.created,
            model: self.facts.model.as_deref().unwrap_or_default(),
        };
        let object = match self.form {
            choice::Form::Text => "text_completion",
            choice::Form::Whole | choice::Form::Chunk => "chat.completion.chunk",
        };
        let mut out = Vec::with_capacity(512);
        ChunkWriter::of_object(&head, true, object).usage(&mut out, counts);
        ClosingFrame::written(out)
    }
}

impl StreamFacts {
    /// Whether any content has come.
    pub fn has_content(&self) -> bool {
        self.content_chunks > 0
    }

    /// How the stream would count if the connection ended now.
    pub fn end(&self) -> StreamEnd {
        if self.error.is_some() {
            StreamEnd::Failed
        } else if self.done || self.all_finished() {
            StreamEnd::Complete
        } else {
            StreamEnd::Cut
        }
    }

    /// Every answer begun has its finish reason.
    fn all_finished(&self) -> bool {
        self.present != 0 && self.present & !self.finished == 0
    }

    fn note(
        &mut self,
        frame: &Frame<'_>,
        form: choice::Form,
        hide_usage_chunk: bool,
    ) -> Result<Show, StreamFault> {
        if self.done {
            return Ok(Show::No);
        }
        let Some(data) = frame.data.map(<[u8]>::trim_ascii).filter(|d| !d.is_empty()) else {
            return Ok(Show::Aside);
        };
        if data == b"[DONE]" {
            self.done = true;
            return Ok(Show::No);
        }
        let usage = self.chunk(data, form).map_err(StreamFault::Malformed)?;
        Ok(match (usage, hide_usage_chunk) {
            (Usage::Alone, true) => Show::No,
            (Usage::Alone, false) => Show::Last,
            (Usage::BesideChoices, false) if self.all_finished() => Show::Last,
            (Usage::BesideChoices | Usage::Untold, _) => Show::Yes,
        })
    }

    /// Reads one JSON chunk; says whether it has usage.
    fn chunk(&mut self, data: &[u8], form: choice::Form) -> Result<Usage, DecodeError> {
        let mut told = None;
        let mut choices = choice::Choices::default();
        let mut cursor = Cursor::new(data, MAX_DEPTH)?;
        let first = self.chunks == 0;
        cursor.object(|c, key| {
            match (key.decode().as_ref(), c.peek()?) {
                ("choices", Kind::Array) => choices = choice::read(c, form)?,
                ("usage", Kind::Object) => told = usage::read(c)?.or(told),
                ("x_groq", Kind::Object) => told = told.or(groq_usage(c)?),
                ("error", Kind::Object | Kind::String) => self.error = Some(ProviderError::parse(data)),
                ("id", Kind::String) if first => self.id = Some(clip(&c.string()?.decode(), MAX_NAME)),
                ("model", Kind::String) if first => self.model = Some(clip(&c.string()?.decode(), MAX_NAME)),
                ("created", Kind::Number) if first => self.created = c.number()?.parse().unwrap_or(0),
                _ => {}
            }
            Ok(())
        })?;
        cursor.end()?;
        self.chunks += 1;
        self.usage = told.or(self.usage);
        self.present |= choices.present;
        self.finished |= choices.finished;
        self.finish = self.finish.take().or(choices.finish);
        if choices.content.total() > 0 {
            self.content_chunks += 1;
            self.content.text += choices.content.text;
            self.content.reasoning += choices.content.reasoning;
            self.content.tools += choices.content.tools;
        }
        Ok(match (told, choices.count) {
            (None, _) => Usage::Untold,
            (Some(_), 0) => Usage::Alone,
            (Some(_), _) => Usage::BesideChoices,
        })
    }
}

/// Usage in one chunk.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Usage {
    Untold,
    Alone,
    BesideChoices,
}

/// Groq's older place for usage.
fn groq_usage(c: &mut Cursor<'_>) -> Result<Option<TokenCounts>, DecodeError> {
    let mut told = None;
    c.object(|c, key| {
        if key.decode() == "usage" {
            told = usage::read(c)?;
        }
        Ok(())
    })?;
    Ok(told)
}

#[cfg(test)]
mod tests;
