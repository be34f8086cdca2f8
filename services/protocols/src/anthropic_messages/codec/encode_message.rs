//! Messages out of the canonical form: the writer, which requests and answers share, and the
//! content of one message.

use super::form;
use crate::canonical::{Extra, Form, Part};
use crate::json::{Array, Object, write_string};
use crate::lossy::{Feature, LossReport, Severity};
use crate::tool_ids::ToolIds;

/// Whose content is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// The caller's, or instructions, in a request.
    User,
    /// The model's, in a request.
    Model,
    /// The model's, in an answer for a caller: reasoning is shown in full.
    Answer,
}

/// Writes messages and notes what is lost.
#[derive(Debug)]
pub(super) struct Writer {
    /// The canonical form came from this dialect: its form and extra count.
    pub(super) same: bool,
    pub(super) side: Side,
    pub(super) ids: ToolIds,
    pub(super) losses: LossReport,
}

/// A part with its place.
pub(super) type Placed<'m, 'a> = (usize, usize, &'m Part<'a>);

/// `/messages/m/parts/p`
pub(super) fn place(message: usize, part: usize) -> String {
    format!("/messages/{message}/parts/{part}")
}

/// Whether a part is only its text, so that a string can stand for it.
pub(super) fn is_plain(part: &Part<'_>) -> bool {
    let text = part.body.as_text();
    let bare = text.is_some_and(|text| text.citations.is_empty());
    bare && part.cache.is_none() && part.extra.is_empty() && part.form == Form::default()
}

impl Writer {
    /// Writes content: a string where one text is all there is, a list of blocks otherwise. Says whether
    /// anything is left of it; nothing is what no provider takes.
    pub(super) fn foreign_content(&mut self, out: &mut Vec<u8>, parts: &[Placed<'_, '_>]) -> bool {
        if let [(_, _, part)] = parts
            && is_plain(part)
            && part.signature.is_none()
            && let Some(text) = part.body.as_text()
        {
            write_string(out, &text.text);
            return !text.text.trim().is_empty();
        }
        let mut list = Array::open(out);
        for &placed in parts {
            self.block(&mut list, placed);
        }
        !list.is_empty()
    }

    /// Writes content of this dialect as it was spelled.
    pub(super) fn own_content(&mut self, out: &mut Vec<u8>, parts: &[Placed<'_, '_>], note: Form) {
        let one_text = match parts {
            [(_, _, part)] if is_plain(part) => part.body.as_text(),
            _ => None,
        };
        match (Form(note.0 & form::message::CONTENT), parts.is_empty(), one_text) {
            (form::message::EMPTY, true, _) => write_string(out, ""),
            (form::message::LIST, _, _) | (_, false, None) | (_, true, _) => {
                let mut list = Array::open(out);
                for &placed in parts {
                    self.block(&mut list, placed);
                }
            }
            (_, false, Some(text)) => write_string(out, &text.text),
        }
    }

    /// Writes what the dialect of origin did not model, or notes it as lost.
    pub(super) fn extra(&mut self, object: &mut Object<'_>, extra: &Extra<'_>, at: impl Fn() -> String) {
        if self.same {
            extra.write(object);
        } else {
            self.lost(extra, at);
        }
    }

    /// Notes what the dialect of origin did not model as lost, unless it says nothing.
    pub(super) fn lost(&mut self, extra: &Extra<'_>, at: impl Fn() -> String) {
        for (name, value) in extra.iter() {
            if !value.is_void() {
                self.losses
                    .note(Feature::UnknownField, name, Severity::Altered, at());
            }
        }
    }
}
