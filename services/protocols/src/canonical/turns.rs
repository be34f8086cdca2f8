//! `Turn`: a message as encoders see it. Dialects with an item list give one message per item;
//! dialects with strict turns want what one side says in a row as one message.

use smallvec::SmallVec;

use super::{Extra, Form, Message, Part, Role};

/// One message, or several of one role in a row.
#[derive(Debug, Clone)]
pub struct Turn<'m, 'a> {
    /// Number of its first message, for loss reports.
    pub at: usize,
    /// Who speaks.
    pub role: &'m Role<'a>,
    /// Name of the speaker.
    pub name: Option<&'m str>,
    /// Its parts, each with its place (message, part) for loss reports.
    pub parts: SmallVec<[(usize, usize, &'m Part<'a>); 1]>,
    /// How the first message was spelled.
    pub form: Form,
    /// Members not modelled of each message.
    pub extras: SmallVec<[(usize, &'m Extra<'a>); 1]>,
}

/// The turns of a conversation. With `merge`, neighbors of one role become one turn, unless they
/// have different names.
pub fn turns<'m, 'a>(messages: &'m [Message<'a>], merge: bool) -> impl Iterator<Item = Turn<'m, 'a>> {
    let mut at = 0;
    let runs = messages.chunk_by(move |one, next| merge && one.role == next.role && one.name == next.name);
    runs.filter_map(move |run| {
        let turn = turn(at, run)?;
        at += run.len();
        Some(turn)
    })
}

/// The turn that the messages from number `from` on make.
fn turn<'m, 'a>(from: usize, messages: &'m [Message<'a>]) -> Option<Turn<'m, 'a>> {
    let Message {
        role,
        name,
        parts: _,
        form,
        extra: _,
    } = messages.first()?;
    let numbered = || (from..).zip(messages);
    let parts = numbered().flat_map(|(at, message)| {
        let parts = message.parts.iter().enumerate();
        parts.map(move |(place, part)| (at, place, part))
    });
    Some(Turn {
        at: from,
        role,
        name: name.as_deref(),
        parts: parts.collect(),
        form: *form,
        extras: numbered().map(|(at, message)| (at, &message.extra)).collect(),
    })
}
