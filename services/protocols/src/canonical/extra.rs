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
///
/// Most nodes have none, so that a place for them is all there is until the first one comes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extra<'a>(Option<Box<Members<'a>>>);

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Members<'a> {
    list: Vec<Member<'a>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Member<'a> {
    name: Cow<'a, str>,
    value: RawJson<'a>,
    /// Written back like any other, but nobody misses it.
    quiet: bool,
}

impl<'a> Extra<'a> {
    /// No members.
    pub const NONE: Extra<'static> = Extra(None);

    /// Adds a member.
    pub fn push(&mut self, name: impl Into<Cow<'a, str>>, value: RawJson<'a>) {
        self.add(name.into(), value, false);
    }

    fn add(&mut self, name: Cow<'a, str>, value: RawJson<'a>, quiet: bool) {
        let members = self.0.get_or_insert_default();
        members.list.push(Member { name, value, quiet });
    }

    fn members(&self) -> &[Member<'a>] {
        self.0.as_deref().map_or(&[], |members| &members.list)
    }

    /// Adds the members of another.
    pub fn append(&mut self, other: Self) {
        match (&mut self.0, other.0) {
            (_, None) => {}
            (Some(members), Some(mut others)) => members.list.append(&mut others.list),
            (none, others) => *none = others,
        }
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
        self.add(name.into(), value, true);
    }

    /// The members in order, without those kept quietly.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &RawJson<'a>)> {
        let loud = self.members().iter().filter(|member| !member.quiet);
        loud.map(|member| (member.name.as_ref(), &member.value))
    }

    /// The value of the first member of that name.
    pub fn get(&self, name: &str) -> Option<&RawJson<'a>> {
        let found = self.members().iter().find(|member| member.name == name);
        found.map(|member| &member.value)
    }

    /// Takes out the members of that name. Whoever sets a modelled field of a decoded node removes
    /// its null from here.
    pub fn remove(&mut self, name: &str) {
        if let Some(members) = &mut self.0 {
            members.list.retain(|member| member.name != name);
            if members.list.is_empty() {
                self.0 = None;
            }
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Writes all members.
    pub fn write(&self, object: &mut Object<'_>) {
        self.write_unless(object, |_, _| false);
    }

    /// Writes the members that are not `written` elsewhere.
    pub fn write_unless(&self, object: &mut Object<'_>, written: impl Fn(&str, &RawJson<'_>) -> bool) {
        for member in self.members() {
            if !written(&member.name, &member.value) {
                member.value.write(object.value_of(&member.name));
            }
        }
    }

    /// The members with memory of their own.
    pub fn into_owned(self) -> Extra<'static> {
        let own = |member: Member<'_>| Member {
            name: Cow::Owned(member.name.into_owned()),
            value: member.value.into_owned(),
            quiet: member.quiet,
        };
        Extra(self.0.map(|members| {
            let list = members.list.into_iter().map(own).collect();
            Box::new(Members { list })
        }))
    }
}
