//! Which member of a request body is which, with duplicates refused. Request views of every
//! dialect read their top level through a `FieldSet`.

use std::borrow::Cow;
use std::marker::PhantomData;

use crate::json::JsonStr;
use crate::{DecodeError, Fault};

/// A closed set of field names a reader acts on.
pub(crate) trait Named: Copy + PartialEq + 'static {
    /// Every field with its wire name, or each of its names; at most 64.
    const ALL: &'static [(&'static str, Self)];
}

/// The fields of one object met so far.
#[derive(Debug)]
pub(crate) struct FieldSet<F> {
    seen: u64,
    fields: PhantomData<F>,
}

impl<F: Named> FieldSet<F> {
    pub(crate) fn new() -> Self {
        Self {
            seen: 0,
            fields: PhantomData,
        }
    }

    /// Says which field `key` is, if it is one of the set. Refuses the second copy of a field, and
    /// a key that differs from a field's name only by case: some servers read such a key as the
    /// field itself.
    pub(crate) fn admit(&mut self, key: JsonStr<'_>) -> Result<Option<F>, DecodeError> {
        let name: Cow<'_, str> = key.decode();
        let duplicate = || DecodeError::new(Fault::Duplicate, key.span().start);
        for &(field_name, field) in F::ALL {
            if name == field_name {
                let first = F::ALL.iter().position(|(_, other)| *other == field);
                let bit = 1u64 << first.unwrap_or_default();
                if self.seen & bit != 0 {
                    return Err(duplicate());
                }
                self.seen |= bit;
                return Ok(Some(field));
            }
        }
        let shadows = F::ALL.iter().any(|(field_name, _)| folds_to(&name, field_name));
        if shadows { Err(duplicate()) } else { Ok(None) }
    }
}

/// Whether `name` equals the ASCII `field` when case is ignored, with the two letters outside ASCII
/// that fold into it.
fn folds_to(name: &str, field: &str) -> bool {
    let fold = |c: char| match c {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        c => c.to_ascii_lowercase(),
    };
    name.chars().map(fold).eq(field.chars().map(fold))
}
