//! What the gateway's own object in a body says. It was read as well-formed before; what is not of the form that is
//! looked for says nothing.

use std::borrow::Cow;

use sluicegate_protocols::json::{Cursor, Kind, MAX_DEPTH};

/// Whether an object says `name: true`.
pub(super) fn flag(object: &str, name: &str) -> bool {
    let mut says = false;
    if let Ok(mut cursor) = Cursor::new(object.as_bytes(), MAX_DEPTH) {
        let _read = cursor.object(|c, key| {
            if key.decode() == name && c.peek()? == Kind::Bool {
                says = c.bool()?;
            }
            Ok(())
        });
    }
    says
}

/// The text, or the number as it is spelled, that an object has under `name`.
pub(super) fn text<'o>(object: &'o str, name: &str) -> Option<Cow<'o, str>> {
    let mut found = None;
    if let Ok(mut cursor) = Cursor::new(object.as_bytes(), MAX_DEPTH) {
        let _read = cursor.object(|c, key| {
            if key.decode() != name {
                return Ok(());
            }
            match c.peek()? {
                Kind::String => found = Some(c.text()?),
                Kind::Number => found = Some(Cow::Borrowed(c.number()?)),
                Kind::Object | Kind::Array | Kind::Bool | Kind::Null => {}
            }
            Ok(())
        });
    }
    found
}
