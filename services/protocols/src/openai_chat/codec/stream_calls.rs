//! Which tool call a piece of a stream belongs to. Servers number calls wrongly or not at all,
//! repeat ids, change ids, or leave them out; what holds for all of them is written here.

/// The calls of one answer so far.
#[derive(Debug, Default)]
pub(super) struct Calls {
    calls: Vec<Call>,
}

#[derive(Debug)]
struct Call {
    index: Option<u64>,
    id: String,
    /// The arguments so far end as an object does.
    closed: bool,
}

/// What a piece says of its call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sign<'s> {
    pub(super) index: Option<u64>,
    pub(super) id: &'s str,
    pub(super) name: &'s str,
}

/// Where a piece belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// To a call that begins with it.
    New,
    /// To the call begun last.
    Last,
    /// To an earlier call.
    Earlier,
}

/// Most calls told apart in one answer.
pub(super) const MAX_CALLS: usize = 1024;

impl Calls {
    /// Calls so far.
    pub(super) fn count(&self) -> usize {
        self.calls.len()
    }

    /// Says where a piece belongs.
    pub(super) fn place(&self, sign: Sign<'_>) -> Place {
        let Some(last) = self.calls.last() else {
            return Place::New;
        };
        let by_index = || {
            let found = sign
                .index
                .and_then(|index| self.calls.iter().rposition(|c| c.index == Some(index)));
            found.map(|at| self.at(at))
        };
        if !sign.id.is_empty() {
            return match self.calls.iter().rposition(|c| c.id == sign.id) {
                // The same id under another number and with a name is another call.
                Some(at) if sign.name.is_empty() || self.calls[at].index == sign.index => self.at(at),
                Some(_) => Place::New,
                // Some servers give every piece a new id; only the first has a name.
                None if sign.name.is_empty() => by_index().unwrap_or(Place::Last),
                None => Place::New,
            };
        }
        if sign.name.is_empty() {
            return match sign.index {
                Some(_) => by_index().unwrap_or(Place::New),
                None => Place::Last,
            };
        }
        // A name without an id: a new call, unless the server repeats the name in every piece.
        match by_index() {
            Some(Place::Last) if !last.closed => Place::Last,
            Some(_) | None => Place::New,
        }
    }

    fn at(&self, at: usize) -> Place {
        if at + 1 == self.calls.len() {
            Place::Last
        } else {
            Place::Earlier
        }
    }

    /// A call begins. False when there are too many.
    pub(super) fn begin(&mut self, sign: Sign<'_>) -> bool {
        if self.calls.len() == MAX_CALLS {
            return false;
        }
        self.calls.push(Call {
            index: sign.index,
            id: crate::provider_error::clip(sign.id, 256),
            closed: false,
        });
        true
    }

    /// The last call grows by a piece of its arguments.
    pub(super) fn grow(&mut self, arguments: &str) {
        if let (Some(last), Some(end)) = (self.calls.last_mut(), arguments.trim_end().chars().next_back()) {
            last.closed = end == '}';
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(pieces: &[(Option<u64>, &str, &str, &str)]) -> Vec<Place> {
        let mut calls = Calls::default();
        let each = |&(index, id, name, arguments): &(Option<u64>, &str, &str, &str)| {
            let sign = Sign { index, id, name };
            let place = calls.place(sign);
            if place == Place::New {
                calls.begin(sign);
            }
            calls.grow(arguments);
            place
        };
        pieces.iter().map(each).collect()
    }

    #[test]
    fn every_way_of_numbering_is_understood() {
        use Place::{Earlier, Last, New};
        // OpenAI: the opening names it, the rest has only the index.
        assert_eq!(
            places(&[
                (Some(0), "a", "f", ""),
                (Some(0), "", "", "{}"),
                (Some(1), "b", "g", ""),
                (Some(1), "", "", "{}")
            ]),
            [New, Last, New, Last]
        );
        // Ollama: every call whole, every one number 0.
        assert_eq!(
            places(&[(Some(0), "a", "f", "{}"), (Some(0), "b", "f", "{}")]),
            [New, New]
        );
        assert_eq!(
            places(&[(Some(0), "", "f", "{}"), (Some(0), "", "f", "{}")]),
            [New, New]
        );
        // Mistral: no index.
        assert_eq!(
            places(&[
                (None, "a", "f", "{}"),
                (None, "b", "f", "{}"),
                (None, "", "", "x")
            ]),
            [New, New, Last]
        );
        // The id, or the id and the name, in every piece.
        assert_eq!(
            places(&[(Some(0), "a", "f", "{"), (Some(0), "a", "f", "}")]),
            [New, Last]
        );
        assert_eq!(
            places(&[(Some(0), "", "f", "{"), (Some(0), "", "f", "}")]),
            [New, Last]
        );
        // A new id in every piece.
        assert_eq!(
            places(&[(Some(0), "a", "f", "{"), (Some(0), "b", "", "}")]),
            [New, Last]
        );
        assert_eq!(
            places(&[
                (Some(0), "a", "f", "{"),
                (Some(1), "b", "g", ""),
                (Some(0), "", "", "}")
            ]),
            [New, New, Earlier]
        );
    }
}
