//! `Turn`: messages as encoders see them. Dialects with an item list give one message per item;
//! dialects with strict turns want what one side says in a row as one message.

use super::{Extra, Form, Message, Part, Role};

/// One message, or several of one role in a row.
#[derive(Debug, Clone, Copy)]
pub struct Turn<'m, 'a> {
    /// Number of its first message, for loss reports.
    pub at: usize,
    first: &'m Message<'a>,
    messages: &'m [Message<'a>],
}

impl<'m, 'a> Turn<'m, 'a> {
    /// Who speaks.
    pub fn role(&self) -> &'m Role<'a> {
        &self.first.role
    }

    /// Name of the speaker.
    pub fn name(&self) -> Option<&'m str> {
        self.first.name.as_deref()
    }

    /// How the first message was spelled.
    pub fn form(&self) -> Form {
        self.first.form
    }

    /// Its parts, each with its place (message, part) for loss reports.
    pub fn parts(&self) -> impl Iterator<Item = (usize, usize, &'m Part<'a>)> + Clone + use<'m, 'a> {
        (self.at..).zip(self.messages).flat_map(|(at, message)| {
            let parts = message.parts.iter().enumerate();
            parts.map(move |(place, part)| (at, place, part))
        })
    }

    /// Whether it has no parts.
    pub fn is_empty(&self) -> bool {
        self.messages.iter().all(|message| message.parts.is_empty())
    }

    /// Members not modelled of each message.
    pub fn extras(&self) -> impl Iterator<Item = (usize, &'m Extra<'a>)> + Clone + use<'m, 'a> {
        let numbered = (self.at..).zip(self.messages);
        numbered.map(|(at, message)| (at, &message.extra))
    }
}

/// The turns of a conversation. With `merge`, neighbors of one role become one turn, unless they
/// have different names.
pub fn turns<'m, 'a>(messages: &'m [Message<'a>], merge: bool) -> impl Iterator<Item = Turn<'m, 'a>> {
    let mut at = 0;
    let runs = messages.chunk_by(move |one, next| merge && one.role == next.role && one.name == next.name);
    runs.filter_map(move |messages| {
        let turn = Turn {
            at,
            first: messages.first()?,
            messages,
        };
        at += messages.len();
        Some(turn)
    })
}
