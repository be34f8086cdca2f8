//! `Turn`: a message as encoders see it. Dialects with an item list give one message per item;
//! dialects with strict turns want what one side says in a row as one message.

use smallvec::{SmallVec, smallvec};

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
pub fn turns<'m, 'a>(messages: &'m [Message<'a>], merge: bool) -> Vec<Turn<'m, 'a>> {
    let mut turns: Vec<Turn<'m, 'a>> = Vec::with_capacity(messages.len());
    for (at, message) in messages.iter().enumerate() {
        let Message {
            role,
            name,
            parts,
            form,
            extra,
        } = message;
        let parts = parts.iter().enumerate().map(|(place, part)| (at, place, part));
        match turns.last_mut() {
            Some(last) if merge && last.role == role && last.name == name.as_deref() => {
                last.parts.extend(parts);
                last.extras.push((at, extra));
            }
            _ => turns.push(Turn {
                at,
                role,
                name: name.as_deref(),
                parts: parts.collect(),
                form: *form,
                extras: smallvec![(at, extra)],
            }),
        }
    }
    turns
}
