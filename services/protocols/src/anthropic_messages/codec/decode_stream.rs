//! Events of a stream into canonical events. Keeps which block is open and the usage so far, never
//! the text of the answer; only blocks that are not modelled are held until they are whole.

use std::borrow::Cow;

use super::Reading;
use super::decode_block::block;
use super::decode_response::{content, is_call};
use super::members::Members;
use super::stream_block::{Open, Sink};
use super::words::{finish_reason, tier_given};
use crate::anthropic_messages::usage::Reported;
use crate::canonical::{Extra, Finish, Part, StreamEnd, StreamEvent, StreamFault, StreamStart, Usage};
use crate::json::{Cursor, Kind, MAX_DEPTH, Object, RawJson, Span};
use crate::provider_error::{ProviderError, clip};

/// Most unknown members reported, and members of a usage report kept.
const MAX_EXTRAS: usize = 64;
/// Most bytes kept of one member of a usage report.
const MAX_DETAIL: usize = 16 << 10;
/// Longest stop sequence kept, in bytes.
const MAX_SEQUENCE: usize = 4 << 10;

/// The reader of one stream.
#[derive(Debug, Default)]
pub struct StreamDecoder {
    started: bool,
    done: bool,
    failed: bool,
    /// Parts told so far.
    parts: u32,
    /// The block that is open, with the number the provider gave it.
    open: Option<(Option<u64>, Open)>,
    calls: bool,
    finish: Option<String>,
    sequence: Option<String>,
    usage: Reported,
    /// The members of the usage reports so far, each as told last.
    native: Vec<(String, String)>,
    /// Names of unknown members reported; each is reported once.
    reported: Vec<String>,
}

impl StreamDecoder {
    /// A decoder at the beginning of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one frame. The type in the data counts; the event's name stands in where there is none.
    pub fn frame(
        &mut self,
        event: Option<&[u8]>,
        data: &[u8],
        sink: &mut impl FnMut(StreamEvent<'_>),
    ) -> Result<(), StreamFault> {
        let data = data.trim_ascii();
        // Some servers end with the marker of another dialect.
        if self.done || self.failed || data.is_empty() || data == b"[DONE]" {
            return Ok(());
        }
        let mut cursor = Cursor::new(data, MAX_DEPTH).map_err(StreamFault::Malformed)?;
        let mut members = Members::read(&mut cursor).map_err(StreamFault::Malformed)?;
        cursor.end().map_err(StreamFault::Malformed)?;
        let kind = members.text("type").or_else(|| {
            let name = std::str::from_utf8(event?).ok()?;
            Some(Cow::Owned(name.to_owned()))
        });
        self.typed(&cursor, kind.as_deref().unwrap_or_default(), members, data, sink)
    }

    /// Takes the end of the connection.
    pub fn end(&mut self, sink: &mut impl FnMut(StreamEvent<'_>)) -> StreamEnd {
        if self.failed {
            return StreamEnd::Failed;
        }
        // Why it ended is the last thing said; the event behind it says nothing more. A block that
        // is still open belies it.
        if !self.done && self.finish.is_some() && self.open.is_none() {
            self.conclude(sink);
        }
        if self.done {
            StreamEnd::Complete
        } else {
            StreamEnd::Cut
        }
    }

    fn typed<'a>(
        &mut self,
        c: &Cursor<'a>,
        kind: &str,
        mut members: Members<'a>,
        data: &[u8],
        sink: &mut Sink<'_>,
    ) -> Result<(), StreamFault> {
        match kind {
            "ping" => {}
            "message_start" => {
                if let Some(span) = members.span("message", Kind::Object) {
                    self.message_start(c, span, sink)?;
                }
            }
            "content_block_start" => {
                let index = members.unsigned(c, "index");
                if let Some(span) = members.span("content_block", Kind::Object) {
                    let part = block(&mut c.revisit(span), Reading::Lenient);
                    self.begin(index, part.map_err(StreamFault::Malformed)?, sink)?;
                }
            }
            "content_block_delta" => {
                let index = members.unsigned(c, "index");
                let Some((open_index, open)) = &mut self.open else {
                    return Err(StreamFault::OutOfOrder);
                };
                if index.is_some() && *open_index != index {
                    return Err(StreamFault::OutOfOrder);
                }
                if let Some(span) = members.span("delta", Kind::Object) {
                    let delta = Members::read(&mut c.revisit(span)).map_err(StreamFault::Malformed)?;
                    open.delta(c, delta, sink)?;
                }
            }
            "content_block_stop" => {
                let index = members.unsigned(c, "index");
                let there = self.open.as_ref().map(|(open, _)| *open);
                if there.is_some_and(|open| index.is_none() || open == index) {
                    self.close(sink)?;
                }
            }
            "message_delta" => self.message_delta(c, members, sink)?,
            "message_stop" => {
                self.close(sink)?;
                self.conclude(sink);
            }
            "error" => self.fail(data, sink),
            _ if members.span("error", Kind::Object).is_some() => self.fail(data, sink),
            unknown => self.report(unknown, &c.raw_at(members.whole()), sink),
        }
        Ok(())
    }

    fn fail(&mut self, data: &[u8], sink: &mut Sink<'_>) {
        self.failed = true;
        sink(StreamEvent::Error(ProviderError::parse(data)));
    }

    fn start(&mut self, start: StreamStart<'_>, sink: &mut Sink<'_>) {
        if !std::mem::replace(&mut self.started, true) {
            sink(StreamEvent::Start(start));
        }
    }

    fn message_start(&mut self, c: &Cursor<'_>, span: Span, sink: &mut Sink<'_>) -> Result<(), StreamFault> {
        if self.started {
            // A server that begins again has not finished what it began.
            return Err(StreamFault::OutOfOrder);
        }
        let mut message = Members::read(&mut c.revisit(span)).map_err(StreamFault::Malformed)?;
        let usage = message.span("usage", Kind::Object);
        let mut tier = None;
        if let Some(span) = usage {
            let mut report = Members::read(&mut c.revisit(span)).map_err(StreamFault::Malformed)?;
            tier = report
                .text("service_tier")
                .map(|word| Cow::Owned(tier_given(&word).to_owned()));
        }
        let start = StreamStart {
            id: message.text("id"),
            model: message.text("model"),
            created: None,
            service_tier: tier,
        };
        self.start(start, sink);
        if let Some(span) = usage {
            self.usage(c, span, sink)?;
        }
        // An answer that goes on after a pause is told in one piece.
        if let Some(span) = message.span("content", Kind::Array) {
            let parts = content(&mut c.revisit(span)).map_err(StreamFault::Malformed)?;
            for part in parts {
                self.begin(None, part, sink)?;
                self.close(sink)?;
            }
        }
        self.told_end(c, message, sink)
    }

    fn begin(&mut self, index: Option<u64>, part: Part<'_>, sink: &mut Sink<'_>) -> Result<(), StreamFault> {
        self.start(StreamStart::default(), sink);
        self.close(sink)?;
        self.calls |= is_call(&part);
        let (open, part) = Open::begin(part);
        if let Some(part) = part {
            sink(StreamEvent::PartStart {
                candidate: 0,
                index: self.parts,
                part: Box::new(part),
            });
            self.parts += 1;
        }
        self.open = Some((index, open));
        Ok(())
    }

    fn close(&mut self, sink: &mut Sink<'_>) -> Result<(), StreamFault> {
        if let Some((_, open)) = self.open.take()
            && open.end(self.parts, sink)?
        {
            self.parts += 1;
        }
        Ok(())
    }

    fn message_delta<'a>(
        &mut self,
        c: &Cursor<'a>,
        mut members: Members<'a>,
        sink: &mut Sink<'_>,
    ) -> Result<(), StreamFault> {
        self.start(StreamStart::default(), sink);
        if let Some(span) = members.span("usage", Kind::Object) {
            self.usage(c, span, sink)?;
        }
        if let Some(span) = members.span("delta", Kind::Object) {
            let delta = Members::read(&mut c.revisit(span)).map_err(StreamFault::Malformed)?;
            self.told_end(c, delta, sink)?;
        }
        self.rest(c, members, sink)
    }

    /// Takes why the answer ended out of a message or a delta of one, and reports what is unknown.
    fn told_end<'a>(
        &mut self,
        c: &Cursor<'a>,
        mut from: Members<'a>,
        sink: &mut Sink<'_>,
    ) -> Result<(), StreamFault> {
        if let Some(word) = from.text("stop_reason") {
            self.finish = Some(clip(&word, 64));
        }
        if let Some(sequence) = from.text("stop_sequence") {
            self.sequence = Some(clip(&sequence, MAX_SEQUENCE));
        }
        for implied in ["type", "role"] {
            from.text(implied);
        }
        self.rest(c, from, sink)
    }

    fn rest<'a>(
        &mut self,
        c: &Cursor<'a>,
        members: Members<'a>,
        sink: &mut Sink<'_>,
    ) -> Result<(), StreamFault> {
        let mut counter = c.revisit(members.whole());
        let extra: Extra<'a> = members
            .into_extra(&mut counter, Reading::Lenient, &[])
            .map_err(StreamFault::Malformed)?;
        for (name, value) in extra.iter() {
            self.report(name, value, sink);
        }
        Ok(())
    }

    /// Takes a usage report; what it leaves out stays as told before.
    fn usage(&mut self, c: &Cursor<'_>, span: Span, sink: &mut Sink<'_>) -> Result<(), StreamFault> {
        let reported = Reported::read(&mut c.revisit(span)).map_err(StreamFault::Malformed)?;
        self.usage = reported.after(self.usage);
        let native = &mut self.native;
        let read = c.revisit(span).object(|c, key| {
            let value = c.raw()?;
            let name = key.decode();
            if value.as_str().len() > MAX_DETAIL || value.kind() == Kind::Null {
                return Ok(());
            }
            let value = value.as_str().to_owned();
            let full = native.len() == MAX_EXTRAS;
            match native.iter_mut().find(|(n, _)| *n == name) {
                Some((_, told)) => *told = value,
                None if full => {}
                None => native.push((name.into_owned(), value)),
            }
            Ok(())
        });
        read.map_err(StreamFault::Malformed)?;
        if let Some(counts) = self.usage.counts() {
            let native = self.native_usage();
            sink(StreamEvent::Usage(Usage { counts, native }));
        }
        Ok(())
    }

    fn native_usage(&self) -> Option<RawJson<'static>> {
        let mut out = Vec::new();
        let mut object = Object::open(&mut out);
        for (name, value) in &self.native {
            object.value_of(name).extend_from_slice(value.as_bytes());
        }
        drop(object);
        RawJson::parse(String::from_utf8(out).ok()?).ok()
    }

    /// Reports an unknown member that says something, each name once.
    fn report(&mut self, name: &str, value: &RawJson<'_>, sink: &mut Sink<'_>) {
        let known = self.reported.len() == MAX_EXTRAS || self.reported.iter().any(|r| r == name);
        if value.is_void() || known || name.is_empty() {
            return;
        }
        self.reported.push(clip(name, 64));
        self.start(StreamStart::default(), sink);
        sink(StreamEvent::Extra {
            candidate: None,
            name: Cow::Borrowed(name),
            value: value.by_ref(),
        });
    }

    /// All is said: the finish reason comes out.
    fn conclude(&mut self, sink: &mut Sink<'_>) {
        self.done = true;
        self.start(StreamStart::default(), sink);
        let native = self.finish.take();
        sink(StreamEvent::Finish {
            candidate: 0,
            finish: Finish {
                reason: finish_reason(native.as_deref().unwrap_or_default(), self.calls),
                native: native.map(Cow::Owned),
                sequence: self.sequence.take().map(Cow::Owned),
            },
        });
        sink(StreamEvent::Done);
    }
}
