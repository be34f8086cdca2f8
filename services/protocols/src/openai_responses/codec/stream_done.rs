//! Items of a stream that are done: what they say in full against what of them has been told.

use std::borrow::Cow;

use super::Reading;
use super::decode_stream::{At, Sink, StreamDecoder};
use super::form;
use super::item::{Items, ReadItem};
use super::stream_event::sealed_text;
use super::stream_grow::delta;
use super::stream_item::{MAX_ITEMS, Told, missing};
use crate::canonical::{Delta, Part, PartBody, StreamFault, TokenLogprob};
use crate::json::{Cursor, Span};

impl StreamDecoder {
    /// Tells what is missing of an item, unless it was done before.
    pub(super) fn item_done(
        &mut self,
        c: &Cursor<'_>,
        index: u64,
        span: Span,
        sink: &mut Sink<'_>,
    ) -> Result<(), StreamFault> {
        if self.told.contains(&index) {
            return Ok(());
        }
        if self.told.len() == MAX_ITEMS {
            return Err(StreamFault::OutOfOrder);
        }
        let mut items = Items::new(Reading::Lenient);
        let read = items.item(&mut c.revisit(span)).map_err(StreamFault::Malformed)?;
        let met = self.items.iter().find(|item| item.index == index);
        match met.map(|item| &item.told) {
            Some(Told::Message(_)) if !read.is_whole => self.message_done(index, read, items.tokens, sink)?,
            Some(Told::Reasoning { begun: true, .. }) => {
                let sealed = sealed_text(&mut c.revisit(span)).map_err(StreamFault::Malformed)?;
                self.reasoning_done(index, read, sealed, sink)?;
            }
            Some(Told::Call(_)) => self.call_done(index, &read, sink)?,
            Some(Told::Nothing | Told::Message(_) | Told::Reasoning { begun: false, .. }) | None => {
                self.items.retain(|item| item.index != index);
                self.whole(index, read, items.tokens, sink);
            }
        }
        if self.open.is_some_and(|(open, _)| open == index) {
            self.close(sink);
        }
        self.items.retain(|item| item.index != index);
        self.told.push(index);
        Ok(())
    }

    /// An item of which nothing has been told.
    fn whole(
        &mut self,
        index: u64,
        read: ReadItem<'_>,
        mut tokens: Vec<TokenLogprob<'_>>,
        sink: &mut Sink<'_>,
    ) {
        if read.parts.is_empty() {
            return;
        }
        for (position, mut part) in (0u64..).zip(read.into_parts()) {
            if let Some(item) = &mut part.item {
                item.extra.remove("status");
            }
            let has_tokens = matches!(part.body, PartBody::Text(_)) && part.form.has(form::part::LOGPROBS);
            self.begin((index, position), part, sink);
            if has_tokens {
                sink(crate::canonical::StreamEvent::Logprobs {
                    candidate: 0,
                    tokens: std::mem::take(&mut tokens),
                });
            }
            self.close(sink);
        }
    }

    fn message_done(
        &mut self,
        index: u64,
        read: ReadItem<'_>,
        mut tokens: Vec<TokenLogprob<'_>>,
        sink: &mut Sink<'_>,
    ) -> Result<(), StreamFault> {
        for (position, part) in (0u64..).zip(read.parts) {
            let at = (index, position);
            let form = part.form;
            match part.body {
                PartBody::Text(body) => {
                    let probable = if form.has(form::part::LOGPROBS) {
                        std::mem::take(&mut tokens)
                    } else {
                        Vec::new()
                    };
                    self.text_done(at, &body.text, probable, sink)?;
                    let cited = self.part(at).map_or(0, |part| part.citations);
                    for citation in body.citations.into_iter().skip(cited) {
                        self.content(at, false, None, sink)?;
                        self.cite(at, citation, sink);
                    }
                }
                PartBody::Refusal(text) => {
                    let told = self.part(at).map_or(0, |part| part.text);
                    let rest = missing(&text, told);
                    if !rest.is_empty() {
                        self.content(at, true, None, sink)?;
                        self.text(at, rest, sink);
                    }
                }
                body @ (PartBody::Media(_)
                | PartBody::Reasoning(_)
                | PartBody::ToolCall(_)
                | PartBody::ToolResult(_)
                | PartBody::Json(_)
                | PartBody::Opaque(_)) => {
                    self.begin(at, Part::new(body), sink);
                    self.close(sink);
                }
            }
        }
        Ok(())
    }

    fn text_done(
        &mut self,
        at: At,
        text: &str,
        mut tokens: Vec<TokenLogprob<'_>>,
        sink: &mut Sink<'_>,
    ) -> Result<(), StreamFault> {
        let (told, probable) = self.part(at).map_or((0, 0), |part| (part.text, part.tokens));
        let rest = missing(text, told);
        tokens.drain(..probable.min(tokens.len()));
        if rest.is_empty() && tokens.is_empty() {
            return Ok(());
        }
        self.content(at, false, None, sink)?;
        self.logprobs(at, tokens, sink);
        self.text(at, rest, sink);
        Ok(())
    }

    fn reasoning_done(
        &mut self,
        index: u64,
        read: ReadItem<'_>,
        sealed: Option<Cow<'_, str>>,
        sink: &mut Sink<'_>,
    ) -> Result<(), StreamFault> {
        let Some(PartBody::Reasoning(reasoning)) = read.parts.into_iter().next().map(|part| part.body) else {
            return Ok(());
        };
        let item = self.items.iter().find(|item| item.index == index);
        let (mut told, pieces) = match item.map(|item| &item.told) {
            Some(Told::Reasoning { text, summary, .. }) => (*text, summary.clone()),
            Some(Told::Message(_) | Told::Call(_) | Told::Nothing) | None => return Ok(()),
        };
        for piece in &reasoning.text {
            let rest = missing(piece, told);
            told = told.saturating_sub(piece.len());
            self.thought(index, None, None, rest, sink)?;
        }
        for (number, piece) in reasoning.summary.iter().enumerate() {
            // Only the last piece begun can still grow.
            let rest = match pieces.get(number) {
                Some(_) if number + 1 < pieces.len() => continue,
                Some(told) => missing(piece, *told),
                None => piece,
            };
            self.thought(index, Some(number as u64), None, rest, sink)?;
        }
        if let Some(sealed) = sealed {
            if self.open != Some((index, 0)) {
                return Err(StreamFault::OutOfOrder);
            }
            delta(Delta::Encrypted(sealed), sink);
        }
        Ok(())
    }

    fn call_done(&mut self, index: u64, read: &ReadItem<'_>, sink: &mut Sink<'_>) -> Result<(), StreamFault> {
        let call = read.parts.first().and_then(|part| part.body.as_tool_call());
        match call.map(|call| &call.arguments) {
            Some(crate::canonical::Arguments::Text(text)) => self.input(index, text, true, sink),
            Some(crate::canonical::Arguments::Json(_)) | None => Ok(()),
        }
    }
}
