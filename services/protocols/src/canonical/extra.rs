//! What a node carries besides its meaning: `Extra`, members the dialect of origin does not model,
//! and `Form`, its note about spelling. Decoders fill both, encoders to the same dialect write them
//! back.

use std::borrow::Cow;

use crate::DecodeError;
use crate::json::{Cursor, JsonStr, Object, RawJson};

/// Which of several equal spellings the dialect of origin met, in numbers of its own; 0 is the
/// usual one. Means nothing to another dialect.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Form(pub u16);

impl Form {
    /// Whether all bits of `note` are set.
    pub fn has(self, note: Self) -> bool {
        self.0 & note.0 == note.0
    }

    /// With the bits of `note` set.
    #[must_use]
    pub fn with(self, note: Self) -> Self {
        Self(self.0 | note.0)
    }
}

/// Members of an object that are not modelled, in the order they came. A modelled member whose
/// value is null (or otherwise says nothing) is here as well, since null and absent differ on the
/// wire.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extra<'a>(Vec<Member<'a>>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Member<'a> {
    name: Cow<'a, str>,
    value: RawJson<'a>,
    /// Written back like any other, but nobody misses it.
    quiet: bool,
}

impl<'a> Extra<'a> {
    /// No members.
    pub const NONE: Extra<'static> = Extra(Vec::new());

    /// Adds a member.
    pub fn push(&mut self, name: impl Into<Cow<'a, str>>, value: RawJson<'a>) {
        self.0.push(Member {
            name: name.into(),
            value,
            quiet: false,
        });
    }

    /// Adds the members of another.
    pub fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// Reads the value at the cursor and keeps it under `key`.
    pub fn keep(&mut self, c: &mut Cursor<'a>, key: JsonStr<'a>) -> Result<(), DecodeError> {
        c.count_node()?;
        self.push(key.decode(), c.raw()?);
        Ok(())
    }

    /// Like `keep`, for a member whose absence in another dialect is no loss: what only repeats the
    /// request to the one who made it.
    pub fn keep_quiet(&mut self, c: &mut Cursor<'a>, key: JsonStr<'a>) -> Result<(), DecodeError> {
        c.count_node()?;
        self.push_quiet(key.decode(), c.raw()?);
        Ok(())
    }

    /// Adds a member as `keep_quiet` does.
    pub fn push_quiet(&mut self, name: impl Into<Cow<'a, str>>, value: RawJson<'a>) {
        self.0.push(Member {
            name: name.into(),
            value,
            quiet: true,
        });
    }

    /// The members in order, without those kept quietly.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &RawJson<'a>)> {
        let loud = self.0.iter().filter(|member| !member.quiet);
        loud.map(|member| (member.name.as_ref(), &member.value))
    }

    /// The value of the first member of that name.
    pub fn get(&self, name: &str) -> Option<&RawJson<'a>> {
        let found = self.0.iter().find(|member| member.name == name);
        found.map(|member| &member.value)
    }

    /// Takes out the members of that name. Whoever sets a modelled field of a decoded node removes
    /// its null from here.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|member| member.name != name);
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Writes all members.
    pub fn write(&self, object: &mut Object<'_>) {
        for member in &self.0 {
            member.value.write(object.value_of(&member.name));
        }
    }

    /// The members with memory of their own.
    pub fn into_owned(self) -> Extra<'static> {
        let own = |member: Member<'_>| Member {
            name: Cow::Owned(member.name.into_owned()),
            value: member.value.into_owned(),
            quiet: member.quiet,
        };
        Extra(self.0.into_iter().map(own).collect())
    }
}
