//! Annotations of a text into the canonical form.

use super::encode_content::can_cite;
use super::unsigned;
use crate::DecodeError;
use crate::canonical::Citation;
use crate::json::{Cursor, Kind};

/// Reads `annotations`. `None` when one of them is not in a shape that can be written back.
pub(super) fn citations<'a>(c: &mut Cursor<'a>) -> Result<Option<Vec<Citation<'a>>>, DecodeError> {
    let (mut citations, mut plain) = (Vec::new(), true);
    c.array(|c, _| {
        match citation(c)? {
            Some(citation) => citations.push(citation),
            None => plain = false,
        }
        Ok(())
    })?;
    Ok(Some(citations).filter(|_| plain))
}

/// Reads one annotation. `None` when it is of a type that could not be written back.
pub(super) fn citation<'a>(c: &mut Cursor<'a>) -> Result<Option<Citation<'a>>, DecodeError> {
    c.count_node()?;
    if c.peek()? != Kind::Object {
        c.skip_value()?;
        return Ok(None);
    }
    let mut citation = Citation::default();
    let mut kind = None;
    c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("type", Kind::String) => kind = Some(c.text()?),
            ("url", Kind::String) => citation.url = Some(c.text()?),
            ("title", Kind::String) => citation.title = Some(c.text()?),
            ("start_index", Kind::Number) => citation.start = unsigned(c, key, &mut citation.extra)?,
            ("end_index", Kind::Number) => citation.end = unsigned(c, key, &mut citation.extra)?,
            _ => citation.extra.keep(c, key)?,
        }
        Ok(())
    })?;
    let citation = kind.map(|kind| Citation { kind, ..citation });
    Ok(citation.filter(can_cite))
}
