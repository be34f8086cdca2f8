//! Which member of a request body is which, with duplicates refused. Readers of every dialect read
//! the top level of requests through a `FieldSet`.

use std::marker::PhantomData;

use crate::json::JsonStr;
use crate::{DecodeError, Fault};

/// A closed set of field names a reader acts on, made by [`fields`].
pub(crate) trait Named: Copy + 'static {
    /// Every field with its wire name, or each of its names.
    const ALL: &'static [(&'static str, Self)];

    /// Its place in the set, less than 64.
    fn number(self) -> u32;
}

/// Declares an enum of fields with their wire names: `Tools = "tools"`, or several as in
/// `MimeType = "mimeType" | "mime_type"`.
macro_rules! fields {
    (enum $set:ident { $($field:ident = $($name:literal)|+,)+ }) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        enum $set {
            $($field,)+
        }

        impl crate::request_fields::Named for $set {
            const ALL: &'static [(&'static str, Self)] = &[$($(($name, Self::$field),)+)+];

            fn number(self) -> u32 {
                self as u32
            }
        }
    };
}
pub(crate) use fields;

/// Most bytes that a key can take which may be a field: none has more letters than this, and none of these
/// is longer than an escape, of six bytes.
const LONGEST: usize = 6 * 64;

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
        if key.span().len() > LONGEST {
            return Ok(None);
        }
        let name = key.decode();
        let duplicate = || DecodeError::new(Fault::Duplicate, key.span().start);
        if let Some(&(_, field)) = F::ALL.iter().find(|(field, _)| *field == name) {
            let bit = 1 << field.number();
            if self.seen & bit != 0 {
                return Err(duplicate());
            }
            self.seen |= bit;
            return Ok(Some(field));
        }
        let shadows = F::ALL.iter().any(|(field, _)| folds_to(&name, field));
        if shadows { Err(duplicate()) } else { Ok(None) }
    }
}

/// Whether `name` equals the ASCII `field` when case is ignored, with the two letters outside ASCII
/// that fold into it: of two and of three bytes.
fn folds_to(name: &str, field: &str) -> bool {
    let fold = |c: char| match c {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        c => c.to_ascii_lowercase(),
    };
    if name.len() == field.len() {
        name.eq_ignore_ascii_case(field)
    } else {
        name.len() > field.len() && name.chars().map(fold).eq(field.chars().map(fold))
    }
}
