//! Citations into the canonical form.

use super::Reading;
use super::members::Members;
use crate::DecodeError;
use crate::canonical::Citation;
use crate::json::{Cursor, Kind};

/// What the members of a type of citation are called.
pub(super) struct Names {
    pub(super) url: Option<&'static str>,
    pub(super) title: &'static str,
    pub(super) document: Option<&'static str>,
    pub(super) start: Option<&'static str>,
    pub(super) end: Option<&'static str>,
}

/// The names for a type; `None` for one that is not known.
pub(super) fn names(kind: &str) -> Option<Names> {
    let in_document = |start, end| Names {
        url: None,
        title: "document_title",
        document: Some("document_index"),
        start: Some(start),
        end: Some(end),
    };
    Some(match kind {
        "char_location" => in_document("start_char_index", "end_char_index"),
        "page_location" => in_document("start_page_number", "end_page_number"),
        "content_block_location" => in_document("start_block_index", "end_block_index"),
        "web_search_result_location" => Names {
            url: Some("url"),
            title: "title",
            document: None,
            start: None,
            end: None,
        },
        "search_result_location" => Names {
            url: Some("source"),
            title: "title",
            document: Some("search_result_index"),
            start: Some("start_block_index"),
            end: Some("end_block_index"),
        },
        _ => return None,
    })
}

/// Reads a list of citations. `None` when one of them is not in a shape that can be written back.
pub(super) fn citations<'a>(c: &mut Cursor<'a>) -> Result<Option<Vec<Citation<'a>>>, DecodeError> {
    let (mut citations, mut plain) = (Vec::new(), true);
    c.array(|c, _| {
        c.count_node()?;
        let read = if c.peek()? == Kind::Object {
            citation(c)?
        } else {
            None
        };
        match read {
            Some(citation) => citations.push(citation),
            None => plain = false,
        }
        Ok(())
    })?;
    Ok(Some(citations).filter(|_| plain))
}

/// Reads one citation. `None` when it has no type.
pub(super) fn citation<'a>(c: &mut Cursor<'a>) -> Result<Option<Citation<'a>>, DecodeError> {
    let mut members = Members::read(c)?;
    let Some(kind) = members.text("type") else {
        return Ok(None);
    };
    let mut citation = Citation::default();
    if let Some(names) = names(&kind) {
        citation.quote = members.text("cited_text");
        citation.title = members.text(names.title);
        citation.url = names.url.and_then(|name| members.text(name));
        citation.document = names.document.and_then(|name| members.unsigned(c, name));
        citation.start = names.start.and_then(|name| members.unsigned(c, name));
        citation.end = names.end.and_then(|name| members.unsigned(c, name));
    }
    citation.kind = kind;
    citation.extra = members.into_extra(c, Reading::Lenient, &[])?;
    Ok(Some(citation))
}
