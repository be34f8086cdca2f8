//! Events of a stream into canonical events. An item is told as it grows; what its done event, or the
//! response at the end, says beyond that is told then, since servers differ in which they send.
//! Items that are kept whole come when they are done.

use std::borrow::Cow;

use super::Reading;
use super::decode_citations::citation;
use super::decode_response::{finish, response};
use super::item::Items;
use super::stream_event::{Event, output_items};
use super::stream_item::{MAX_ITEMS, OpenItem, Told, missing};
use crate::canonical::{
    Arguments, Extra, FinishReason, Item, Part, PartBody, Response, StreamEnd, StreamEvent, StreamFault,
    StreamStart, ToolCall,
};
use crate::dialect::Dialect;
use crate::json::{Cursor, MAX_DEPTH, Span};
use crate::provider_error::{ProviderError, clip};

/// The reader of one stream.
#[derive(Debug, Default)]
pub struct StreamDecoder {
    started: bool,
    done: bool,
    failed: bool,
    /// Parts begun.
    parts: u32,
    /// The caller has tools to run.
    calls: bool,
    /// Whose part is open: the number of the item, and of the content part in it.
    pub(super) open: Option<At>,
    pub(super) items: Vec<OpenItem>,
    /// Numbers of items that are done.
    pub(super) told: Vec<u64>,
}

/// The number of an item, and of a content part in it.
pub(super) type At = (u64, u64);

/// Where events go.
pub(super) type Sink<'s> = dyn FnMut(StreamEvent<'_>) + 's;

impl StreamDecoder {
    /// A decoder at the beginning of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one frame. The event's name is in its data as well; where it is not, it counts.
    pub fn frame(
        &mut self,
        event: Option<&[u8]>,
        data: &[u8],
        sink: &mut impl FnMut(StreamEvent<'_>),
    ) -> Result<(), StreamFault> {
        let data = data.trim_ascii();
        // Some gateways end every stream as chat streams end.
        if self.done || self.failed || data.is_empty() || data == b"[DONE]" {
            return Ok(());
        }
        let mut cursor = Cursor::new(data, MAX_DEPTH).map_err(StreamFault::Malformed)?;
        let mut read = Event::read(&mut cursor).map_err(StreamFault::Malformed)?;
        if read.kind.is_empty() {
            read.kind = String::from_utf8_lossy(event.unwrap_or_default());
        }
        self.take(&cursor, read, data, sink)
    }

    /// Takes the end of the connection.
    pub fn end(&mut self, _sink: &mut impl FnMut(StreamEvent<'_>)) -> StreamEnd {
        if self.failed {
            StreamEnd::Failed
        } else if self.done {
            StreamEnd::Complete
        } else {
            StreamEnd::Cut
        }
    }

    fn take(
        &mut self,
        c: &Cursor<'_>,
        event: Event<'_>,
        data: &[u8],
        sink: &mut Sink<'_>,
    ) -> Result<(), StreamFault> {
        let index = event
            .output_index
            .or(self.open.map(|(item, _)| item))
            .unwrap_or(0);
        let kind = event.kind.as_ref();
        match kind {
            "response.created" | "response.queued" | "response.in_progress" => {
                if let Some(span) = event.response.filter(|_| !self.started) {
                    let mut read = response(&mut c.revisit(span)).map_err(StreamFault::Malformed)?;
                    self.start(start_of(&mut read), sink);
                }
            }
            "response.output_item.added" => self.item_added(c, index, event.item, sink)?,
            "response.output_item.done" => {
                if let Some(span) = event.item {
                    self.item_done(c, index, span, sink)?;
                }
            }
            "response.output_text.delta" | "response.refusal.delta" => {
                let said = event.delta.as_deref().unwrap_or_default();
                self.content_event(c, (index, event.piece), &event, said, sink)?;
            }
            "response.output_text.done" | "response.refusal.done" => {
                let at = (index, event.piece);
                let told = self.part(at).map_or(0, |part| part.text);
                let rest = missing(event.whole.as_deref().unwrap_or_default(), told);
                self.content_event(c, at, &event, rest, sink)?;
            }
            "response.output_text.annotation.added" => {
                let read = event.annotation.map(|span| citation(&mut c.revisit(span)));
                if let Some(citation) = read.transpose().map_err(StreamFault::Malformed)?.flatten() {
                    let at = (index, event.piece);
                    self.content(at, false, event.item_id.as_deref(), sink)?;
                    self.cite(at, citation, sink);
                }
            }
            "response.reasoning_text.delta" => {
                let said = event.delta.as_deref().unwrap_or_default();
                self.thought(index, None, event.item_id.as_deref(), said, sink)?;
            }
            "response.reasoning_summary_text.delta" => {
                let said = event.delta.as_deref().unwrap_or_default();
                self.thought(index, Some(event.piece), event.item_id.as_deref(), said, sink)?;
            }
            "response.function_call_arguments.delta" | "response.custom_tool_call_input.delta" => {
                self.input(index, event.delta.as_deref().unwrap_or_default(), false, sink)?;
            }
            "response.function_call_arguments.done" | "response.custom_tool_call_input.done" => {
                self.input(index, event.whole.as_deref().unwrap_or_default(), true, sink)?;
            }
            "response.completed" | "response.incomplete" | "response.failed" => {
                self.conclude(c, event.response, kind, sink)?;
            }
            "error" => self.fail(ProviderError::parse(data), sink),
            // Parts begin with their text; progress of the provider's own tools says nothing.
            _ => {}
        }
        Ok(())
    }

    pub(super) fn start(&mut self, start: StreamStart<'_>, sink: &mut Sink<'_>) {
        if !std::mem::replace(&mut self.started, true) {
            sink(StreamEvent::Start(start));
        }
    }

    fn fail(&mut self, error: ProviderError, sink: &mut Sink<'_>) {
        self.failed = true;
        sink(StreamEvent::Error(error));
    }

    fn item_added(
        &mut self,
        c: &Cursor<'_>,
        index: u64,
        span: Option<Span>,
        sink: &mut Sink<'_>,
    ) -> Result<(), StreamFault> {
        let Some(span) = span.filter(|_| !self.is_known(index)) else {
            return Ok(());
        };
        let mut items = Items::new(Reading::Lenient);
        let read = items.item(&mut c.revisit(span)).map_err(StreamFault::Malformed)?;
        let mut opening = Item {
            id: read.item.id,
            extra: read.item.extra,
        };
        // Nobody is to take the status of an item that begins for that of one that ended.
        opening.extra.remove("status");
        let told = match read.parts.into_iter().next().map(|part| part.body) {
            None | Some(PartBody::Text(_) | PartBody::Refusal(_)) if !read.is_whole => {
                Told::Message(Vec::new())
            }
            Some(PartBody::Reasoning(reasoning)) => {
                opening.id = reasoning.id;
                Told::unbegun_reasoning()
            }
            Some(PartBody::ToolCall(call)) if !call.name.is_empty() && call.id.is_some() => {
                self.add(OpenItem::new(index, opening.into_owned(), Told::Call(0)))?;
                return self.call(index, *call, sink);
            }
            _ => Told::Nothing,
        };
        self.add(OpenItem::new(index, opening.into_owned(), told))
    }

    fn call(&mut self, index: u64, call: ToolCall<'_>, sink: &mut Sink<'_>) -> Result<(), StreamFault> {
        let input = call.arguments;
        let opening = ToolCall {
            arguments: Arguments::default(),
            ..call
        };
        let part = Part::new(PartBody::from(opening));
        self.begin((index, 0), part, sink);
        if let Arguments::Text(text) = input {
            self.input(index, &text, false, sink)?;
        }
        Ok(())
    }

    /// Whether an item of that number was met.
    fn is_known(&self, index: u64) -> bool {
        self.told.contains(&index) || self.items.iter().any(|item| item.index == index)
    }

    pub(super) fn add(&mut self, item: OpenItem) -> Result<(), StreamFault> {
        if self.items.len() + self.told.len() >= MAX_ITEMS {
            return Err(StreamFault::OutOfOrder);
        }
        self.items.push(item);
        Ok(())
    }

    /// The item of that number, made up from a piece of it where its opening did not come.
    pub(super) fn item(
        &mut self,
        index: u64,
        id: Option<&str>,
        told: impl FnOnce() -> Told,
    ) -> Result<&mut OpenItem, StreamFault> {
        if self.told.contains(&index) {
            return Err(StreamFault::OutOfOrder);
        }
        if !self.is_known(index) {
            let opening = Item {
                id: id.map(|id| Cow::Owned(clip(id, 256))),
                extra: Extra::NONE,
            };
            self.add(OpenItem::new(index, opening, told()))?;
        }
        let found = self.items.iter_mut().find(|item| item.index == index);
        found.ok_or(StreamFault::OutOfOrder)
    }

    pub(super) fn begin(&mut self, at: (u64, u64), mut part: Part<'_>, sink: &mut Sink<'_>) {
        self.start(StreamStart::default(), sink);
        self.close(sink);
        self.calls |= matches!(part.body, PartBody::ToolCall(_));
        if let Some(item) = self.items.iter_mut().find(|item| item.index == at.0) {
            part.item = item.opening.take().or(part.item.take());
        }
        sink(StreamEvent::PartStart {
            candidate: 0,
            index: self.parts,
            part: Box::new(part),
        });
        self.parts += 1;
        self.open = Some(at);
    }

    pub(super) fn close(&mut self, sink: &mut Sink<'_>) {
        if self.open.take().is_some() {
            sink(StreamEvent::PartEnd { candidate: 0 });
        }
    }

    /// All is said.
    fn conclude(
        &mut self,
        c: &Cursor<'_>,
        span: Option<Span>,
        kind: &str,
        sink: &mut Sink<'_>,
    ) -> Result<(), StreamFault> {
        let mut read = Response::new(Dialect::OpenAiResponses);
        let mut output = Vec::new();
        if let Some(span) = span {
            read = response(&mut c.revisit(span)).map_err(StreamFault::Malformed)?;
            output = output_items(&mut c.revisit(span)).map_err(StreamFault::Malformed)?;
        }
        let ending = read.candidates.pop().and_then(|candidate| candidate.finish);
        let failed = matches!(&ending, Some(finish) if finish.reason == FinishReason::Error);
        if failed || kind == "response.failed" {
            self.fail(read.error.unwrap_or_default(), sink);
            return Ok(());
        }
        self.start(start_of(&mut read), sink);
        // Items that were told are not told twice, even where their numbers make no sense.
        if output.len() > self.told.len() {
            for (index, span) in (0u64..).zip(output) {
                self.item_done(c, index, span, sink)?;
            }
        }
        self.close(sink);
        self.done = true;
        for (name, value) in read.extra.iter().filter(|(_, value)| !value.is_void()) {
            sink(StreamEvent::Extra {
                candidate: None,
                name: Cow::Borrowed(name),
                value: value.by_ref(),
            });
        }
        if let Some(usage) = read.usage {
            sink(StreamEvent::Usage(usage));
        }
        let word = kind.strip_prefix("response.").unwrap_or(kind);
        let by_kind = || finish(Some(Cow::Borrowed(word)), None, self.calls);
        if let Some(mut finish) = ending.or_else(by_kind) {
            if finish.reason == FinishReason::Stop && self.calls {
                finish.reason = FinishReason::ToolUse;
            }
            sink(StreamEvent::Finish { candidate: 0, finish });
        }
        sink(StreamEvent::Done);
        Ok(())
    }
}

fn start_of<'a>(response: &mut Response<'a>) -> StreamStart<'a> {
    StreamStart {
        id: response.id.take(),
        model: response.model.take(),
        created: response.created,
        service_tier: response.service_tier.take(),
    }
}
