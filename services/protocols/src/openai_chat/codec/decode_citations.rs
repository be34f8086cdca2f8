//! Annotations of a message into the canonical form.

use super::decode_message::unsigned;
use crate::DecodeError;
use crate::canonical::Citation;
use crate::json::{Cursor, Kind};

/// Reads `annotations`. `None` when one of them is not in a shape that can be written back.
pub(super) fn citations<'a>(c: &mut Cursor<'a>) -> Result<Option<Vec<Citation<'a>>>, DecodeError> {
    let (mut citations, mut plain) = (Vec::new(), true);
    c.array(|c, _| {
        c.count_node()?;
        let citation = if c.peek()? == Kind::Object {
            citation(c)?
        } else {
            None
        };
        match citation {
            Some(citation) => citations.push(citation),
            None => plain = false,
        }
        Ok(())
    })?;
    Ok(Some(citations).filter(|_| plain))
}

/// `{type: url_citation, url_citation: {...}}` as itself, other types with all members as extra.
fn citation<'a>(c: &mut Cursor<'a>) -> Result<Option<Citation<'a>>, DecodeError> {
    let mut citation = Citation::default();
    let (mut kind, mut inner) = (None, None);
    c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("type", Kind::String) => kind = Some(c.text()?),
            ("url_citation", Kind::Object) => inner = Some(c.skip_value()?),
            _ => citation.extra.keep(c, key)?,
        }
        Ok(())
    })?;
    let Some(kind) = kind else { return Ok(None) };
    let url = kind == "url_citation";
    citation.kind = kind;
    match inner {
        None if url => return Ok(None),
        None => return Ok(Some(citation)),
        Some(_) if !url || !citation.extra.is_empty() => return Ok(None),
        Some(span) => {
            c.revisit(span).object(|c, key| {
                match (key.decode().as_ref(), c.peek()?) {
                    ("url", Kind::String) => citation.url = Some(c.text()?),
                    ("title", Kind::String) => citation.title = Some(c.text()?),
                    ("content", Kind::String) => citation.quote = Some(c.text()?),
                    ("start_index", Kind::Number) => citation.start = unsigned(c, key, &mut citation.extra)?,
                    ("end_index", Kind::Number) => citation.end = unsigned(c, key, &mut citation.extra)?,
                    _ => citation.extra.keep(c, key)?,
                }
                Ok(())
            })?;
        }
    }
    Ok(Some(citation))
}
