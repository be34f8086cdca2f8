//! Items of a stream as they grow: text, sources, probabilities, reasoning and input of calls, each into
//! the part that it opens or finds open.

use std::borrow::Cow;

use super::decode_logprobs::tokens;
use super::decode_stream::{At, Sink, StreamDecoder};
use super::stream_event::Event;
use super::stream_item::{MAX_ITEMS, Told, ToldPart, missing};
use crate::canonical::{
    Citation, Delta, Issuer, Item, Part, PartBody, Reasoning, StreamEvent, StreamFault, Text, TokenLogprob,
};
use crate::json::Cursor;

impl StreamDecoder {
    /// Text of a message, with the probabilities of its tokens.
    pub(super) fn content_event(
        &mut self,
        c: &Cursor<'_>,
        at: At,
        event: &Event<'_>,
        said: &str,
        sink: &mut Sink<'_>,
    ) -> Result<(), StreamFault> {
        let is_delta = event.delta.is_some();
        let read = event.logprobs.map(|span| tokens(&mut c.revisit(span)));
        let mut tokens = read
            .transpose()
            .map_err(StreamFault::Malformed)?
            .flatten()
            .unwrap_or_default();
        if !is_delta {
            let told = self.part(at).map_or(0, |part| part.tokens);
            tokens.drain(..told.min(tokens.len()));
        }
        if said.is_empty() && tokens.is_empty() {
            return Ok(());
        }
        let is_refusal = event.kind.starts_with("response.refusal");
        self.content(at, is_refusal, event.item_id.as_deref(), sink)?;
        self.logprobs(at, tokens, sink);
        self.text(at, said, sink);
        Ok(())
    }

    /// Opens a content part of a message, unless it is open. One that another item interrupted goes
    /// on as a part of its own.
    pub(super) fn content(
        &mut self,
        at: At,
        is_refusal: bool,
        id: Option<&str>,
        sink: &mut Sink<'_>,
    ) -> Result<(), StreamFault> {
        let (index, content_index) = at;
        let item = self.item(index, id, || Told::Message(Vec::new()))?;
        let Told::Message(parts) = &mut item.told else {
            return Err(StreamFault::OutOfOrder);
        };
        if !parts.iter().any(|part| part.content_index == content_index) {
            if parts.len() == MAX_ITEMS {
                return Err(StreamFault::OutOfOrder);
            }
            parts.push(ToldPart::new(content_index));
        }
        if self.open != Some(at) {
            let body = if is_refusal {
                PartBody::Refusal(Cow::Borrowed(""))
            } else {
                PartBody::Text(Text::default())
            };
            self.begin(at, Part::new(body), sink);
        }
        Ok(())
    }

    pub(super) fn part(&mut self, (index, content_index): At) -> Option<&mut ToldPart> {
        let item = self.items.iter_mut().find(|item| item.index == index)?;
        match &mut item.told {
            Told::Message(parts) => parts.iter_mut().find(|part| part.content_index == content_index),
            Told::Reasoning { .. } | Told::Call(_) | Told::Nothing => None,
        }
    }

    pub(super) fn text(&mut self, at: At, text: &str, sink: &mut Sink<'_>) {
        if let Some(part) = self.part(at).filter(|_| !text.is_empty()) {
            part.text += text.len();
            delta(Delta::Text(Cow::Borrowed(text)), sink);
        }
    }

    pub(super) fn cite(&mut self, at: At, citation: Citation<'_>, sink: &mut Sink<'_>) {
        if let Some(part) = self.part(at) {
            part.citations += 1;
            delta(Delta::Citation(citation), sink);
        }
    }

    pub(super) fn logprobs(&mut self, at: At, tokens: Vec<TokenLogprob<'_>>, sink: &mut Sink<'_>) {
        if let Some(part) = self.part(at).filter(|_| !tokens.is_empty()) {
            part.tokens += tokens.len();
            sink(StreamEvent::Logprobs { candidate: 0, tokens });
        }
    }

    /// Reasoning, or a piece of its summary.
    pub(super) fn thought(
        &mut self,
        index: u64,
        piece: Option<u64>,
        id: Option<&str>,
        said: &str,
        sink: &mut Sink<'_>,
    ) -> Result<(), StreamFault> {
        let is_open = self.open == Some((index, 0));
        let item = self.item(index, id, Told::unbegun_reasoning)?;
        let Told::Reasoning { begun, text, summary } = &mut item.told else {
            return Err(StreamFault::OutOfOrder);
        };
        let is_new = piece.is_some_and(|piece| piece >= summary.len() as u64);
        if said.is_empty() && !is_new {
            return Ok(());
        }
        if (*begun && !is_open) || summary.len() == MAX_ITEMS {
            return Err(StreamFault::OutOfOrder);
        }
        let begins = !std::mem::replace(begun, true);
        let reached = match piece {
            None => {
                *text += said.len();
                None
            }
            Some(_) => {
                if is_new {
                    summary.push(0);
                }
                if let Some(last) = summary.last_mut() {
                    *last += said.len();
                }
                Some(summary.len() - 1)
            }
        };
        if begins {
            let opening = item.opening.take().unwrap_or_default();
            let mut part = Part::new(PartBody::from(Reasoning {
                id: opening.id.clone(),
                ..Reasoning::default()
            }));
            part.item = Some(Box::new(Item { id: None, ..*opening }));
            // Whether it comes sealed shows at its end only.
            part.issuer = Some(Issuer::OpenAi);
            self.begin((index, 0), part, sink);
        }
        let said = Cow::Borrowed(said);
        match reached.and_then(|piece| u32::try_from(piece).ok()) {
            Some(piece) => delta(Delta::Summary { piece, text: said }, sink),
            None => delta(Delta::Text(said), sink),
        }
        Ok(())
    }

    /// Input of a call: a piece of it, or all of it.
    pub(super) fn input(
        &mut self,
        index: u64,
        said: &str,
        is_whole: bool,
        sink: &mut Sink<'_>,
    ) -> Result<(), StreamFault> {
        let is_open = self.open == Some((index, 0));
        let item = self.item(index, None, || Told::Nothing)?;
        match &mut item.told {
            Told::Call(told) => {
                let rest = missing(said, if is_whole { *told } else { 0 });
                if rest.is_empty() {
                    return Ok(());
                }
                if !is_open {
                    return Err(StreamFault::OutOfOrder);
                }
                *told += rest.len();
                delta(Delta::Arguments(Cow::Borrowed(rest)), sink);
                Ok(())
            }
            Told::Nothing => Ok(()),
            Told::Message(_) | Told::Reasoning { .. } => Err(StreamFault::OutOfOrder),
        }
    }
}

pub(super) fn delta(delta: Delta<'_>, sink: &mut Sink<'_>) {
    sink(StreamEvent::Delta { candidate: 0, delta });
}
