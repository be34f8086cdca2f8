//! The events by which the open part grows: text with its probabilities and sources, and pieces of
//! reasoning, which open and close by themselves.

use std::borrow::Cow;

use super::encode_content::{can_cite, write_citation, write_tokens};
use super::encode_stream::StreamEncoder;
use super::stream_kept::{Body, OpenItem, Piece, append, append_list, write_list};
use crate::canonical::{Citation, TokenLogprob};
use crate::json::{Array, Object};
use crate::lossy::{Feature, Severity};

impl StreamEncoder {
    pub(super) fn hold_logprobs(&mut self, tokens: &[TokenLogprob<'_>], out: &mut Vec<u8>) {
        let before = self.held.len();
        append_list(&mut self.held, |out| {
            write_tokens(Array::open(out), tokens, false);
        });
        self.grow(self.held.len() - before, out);
    }

    pub(super) fn text(&mut self, text: &str, is_refusal: bool, out: &mut Vec<u8>) {
        let position = self.content_index();
        if is_refusal {
            return self.item_frame("response.refusal.delta", out, |object| {
                object.unsigned("content_index", u64::from(position));
                object.string("delta", text);
            });
        }
        let held = std::mem::take(&mut self.held);
        self.item_frame("response.output_text.delta", out, |object| {
            object.unsigned("content_index", u64::from(position));
            object.string("delta", text);
            write_list(object, "logprobs", &held);
        });
        self.told_logprobs(&held);
    }

    /// Keeps probabilities for the end of the text they belong to.
    pub(super) fn told_logprobs(&mut self, tokens: &[u8]) {
        if let Some(OpenItem {
            body: Body::Message { open: Some(open), .. },
            ..
        }) = &mut self.open
        {
            append(&mut open.tokens, tokens);
        }
    }

    pub(super) fn cite(&mut self, citation: &Citation<'_>, out: &mut Vec<u8>) {
        let position = self.content_index();
        let Some(OpenItem {
            body: Body::Message { open: Some(open), .. },
            ..
        }) = &mut self.open
        else {
            return;
        };
        let lost = !can_cite(citation) || open.is_refusal;
        if lost || citation.quote.is_some() {
            self.losses
                .note_once(Feature::Citation, &citation.kind, Severity::Hint, "/stream");
        }
        if lost {
            return;
        }
        let number = open.cited;
        open.cited += 1;
        let mut written = Vec::new();
        write_citation(Object::open(&mut written), citation, true);
        append(&mut open.annotations, &written);
        self.item_frame("response.output_text.annotation.added", out, |object| {
            object.unsigned("content_index", u64::from(position));
            object.unsigned("annotation_index", u64::from(number));
            object.value("annotation").extend_from_slice(&written);
        });
        self.grow(written.len(), out);
    }

    /// Text of a piece of reasoning.
    pub(super) fn thought(&mut self, piece: Piece, number: u32, text: &str, out: &mut Vec<u8>) {
        let Some(OpenItem {
            body: Body::Reasoning(thought),
            ..
        }) = &self.open
        else {
            return;
        };
        let reached = thought.list(piece).len();
        if thought.open != Some(piece) || number as usize >= reached {
            self.close_piece(out);
            self.open_piece(piece, out);
        }
        let Some(OpenItem {
            body: Body::Reasoning(thought),
            ..
        }) = &mut self.open
        else {
            return;
        };
        let list = thought.list_mut(piece);
        let at = list.len().saturating_sub(1) as u64;
        if let (Some(last), false) = (list.last_mut(), text.is_empty()) {
            last.to_mut().push_str(text);
            self.item_frame(piece.delta_event(), out, |object| {
                object.unsigned(piece.index_member(), at);
                object.string("delta", text);
            });
        }
    }

    pub(super) fn open_piece(&mut self, piece: Piece, out: &mut Vec<u8>) {
        let Some(OpenItem {
            body: Body::Reasoning(thought),
            ..
        }) = &mut self.open
        else {
            return;
        };
        thought.open = Some(piece);
        let list = thought.list_mut(piece);
        list.push(Cow::Borrowed(""));
        let at = list.len() as u64 - 1;
        self.item_frame(piece.added_event(), out, |object| {
            object.unsigned(piece.index_member(), at);
            piece.write_part(object, "");
        });
    }

    pub(super) fn close_piece(&mut self, out: &mut Vec<u8>) {
        let Some(OpenItem {
            body: Body::Reasoning(thought),
            ..
        }) = &mut self.open
        else {
            return;
        };
        let Some(piece) = thought.open.take() else { return };
        let list = thought.list(piece);
        let at = list.len().saturating_sub(1) as u64;
        let text = list
            .last()
            .map(|text| text.clone().into_owned())
            .unwrap_or_default();
        self.item_frame(piece.text_done_event(), out, |object| {
            object.unsigned(piece.index_member(), at);
            object.string("text", &text);
        });
        self.item_frame(piece.done_event(), out, |object| {
            object.unsigned(piece.index_member(), at);
            piece.write_part(object, &text);
        });
    }
}
