//! Arguments of a call that Vertex streams value by value, each with its JSON path
//! (`streamFunctionCallArguments`), into the text of a JSON object. Values come in the order of the
//! text, so that only the path of the last one is kept; a value for a place that is closed already
//! is out of order.

use std::collections::HashSet;

use crate::canonical::StreamFault;
use crate::json::{Cursor, Kind, RawJson, write_string};

/// Deepest path followed.
const MAX_STEPS: usize = 64;
/// Most keys told apart in one call.
const MAX_KEYS: usize = 4096;

/// The arguments of one call so far.
#[derive(Debug, Default)]
pub(super) struct PartialArgs {
    /// The containers that are open; the first is the whole object.
    levels: Vec<Level>,
    /// The path of the last value.
    path: Vec<Step>,
    /// The last value is a text that goes on.
    text_open: bool,
    keys: usize,
}

#[derive(Debug)]
enum Level {
    Object(HashSet<String>),
    Array(u64),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(u64),
}

/// One of `partialArgs`.
#[derive(Default)]
struct Piece<'a> {
    path: Option<std::borrow::Cow<'a, str>>,
    text: Option<std::borrow::Cow<'a, str>>,
    other: Option<RawJson<'a>>,
    goes_on: bool,
}

impl PartialArgs {
    /// Takes a list of pieces; gives the text they add.
    pub(super) fn feed(&mut self, pieces: &RawJson<'_>) -> Result<String, StreamFault> {
        let mut out = Vec::new();
        let mut fault = None;
        let mut cursor = pieces.cursor();
        if pieces.kind() != Kind::Array {
            return Err(StreamFault::OutOfOrder);
        }
        let read = cursor.array(|c, _| {
            let mut piece = Piece::default();
            c.object(|c, key| {
                match (key.decode().as_ref(), c.peek()?) {
                    ("jsonPath", Kind::String) => piece.path = Some(c.text()?),
                    ("stringValue", Kind::String) => piece.text = Some(c.text()?),
                    ("numberValue", Kind::Number) | ("boolValue", Kind::Bool) => {
                        piece.other = Some(c.raw()?);
                    }
                    ("nullValue", _) => piece.other = RawJson::parse("null").ok(),
                    ("willContinue", Kind::Bool) => piece.goes_on = c.bool()?,
                    _ => {}
                }
                Ok(())
            })?;
            if fault.is_none() {
                fault = self.piece(&piece, &mut out).err();
            }
            Ok(())
        });
        read.map_err(StreamFault::Malformed)?;
        match fault {
            Some(fault) => Err(fault),
            None => Ok(String::from_utf8_lossy(&out).into_owned()),
        }
    }

    /// The call is complete; gives the text that closes it.
    pub(super) fn finish(&mut self) -> String {
        let mut out = Vec::new();
        self.end_text(&mut out);
        self.close_to(0, &mut out);
        *self = Self::default();
        String::from_utf8_lossy(&out).into_owned()
    }

    fn piece(&mut self, piece: &Piece<'_>, out: &mut Vec<u8>) -> Result<(), StreamFault> {
        let path = piece.path.as_deref().and_then(steps);
        let path = path
            .filter(|path| !path.is_empty())
            .ok_or(StreamFault::OutOfOrder)?;
        match &piece.text {
            Some(text) if self.text_open && path == self.path => append_text(out, text),
            text => {
                self.end_text(out);
                if text.is_none() && piece.other.is_none() {
                    // It only says that a value is to come.
                    return Ok(());
                }
                self.place(path, out)?;
                match (text, &piece.other) {
                    (Some(text), _) => {
                        out.push(b'"');
                        append_text(out, text);
                        self.text_open = true;
                    }
                    (None, Some(value)) => value.write(out),
                    (None, None) => {}
                }
            }
        }
        if !piece.goes_on {
            self.end_text(out);
        }
        Ok(())
    }

    fn end_text(&mut self, out: &mut Vec<u8>) {
        if std::mem::take(&mut self.text_open) {
            out.push(b'"');
        }
    }

    /// Closes and opens containers until the value at `path` can be written.
    fn place(&mut self, path: Vec<Step>, out: &mut Vec<u8>) -> Result<(), StreamFault> {
        let common = path
            .iter()
            .zip(&self.path)
            .take_while(|(new, old)| new == old)
            .count();
        // One is inside the other, or both are the same.
        if !self.path.is_empty() && common >= path.len().min(self.path.len()) {
            return Err(StreamFault::OutOfOrder);
        }
        self.close_to(common + 1, out);
        for (depth, step) in path.iter().enumerate().skip(common) {
            if self.levels.len() <= depth {
                let (bracket, level) = match step {
                    Step::Key(_) => (b'{', Level::Object(HashSet::new())),
                    Step::Index(_) => (b'[', Level::Array(0)),
                };
                out.push(bracket);
                self.levels.push(level);
            }
            self.keys += 1;
            match (self.levels.get_mut(depth), step) {
                (Some(Level::Object(keys)), Step::Key(key)) if self.keys <= MAX_KEYS => {
                    if !keys.is_empty() {
                        out.push(b',');
                    }
                    if !keys.insert(key.clone()) {
                        return Err(StreamFault::OutOfOrder);
                    }
                    write_string(out, key);
                    out.push(b':');
                }
                (Some(Level::Array(next)), Step::Index(index)) if next == index => {
                    if *next > 0 {
                        out.push(b',');
                    }
                    *next += 1;
                }
                _ => return Err(StreamFault::OutOfOrder),
            }
        }
        self.path = path;
        Ok(())
    }

    fn close_to(&mut self, levels: usize, out: &mut Vec<u8>) {
        while self.levels.len() > levels {
            out.push(match self.levels.pop() {
                Some(Level::Array(_)) => b']',
                Some(Level::Object(_)) | None => b'}',
            });
        }
    }
}

/// Appends text inside a JSON string.
fn append_text(out: &mut Vec<u8>, text: &str) {
    let mut quoted = Vec::with_capacity(text.len() + 2);
    write_string(&mut quoted, text);
    out.extend_from_slice(quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default());
}

/// The steps of a path of names and numbers (`$.a[0]['b.c']`).
fn steps(path: &str) -> Option<Vec<Step>> {
    let mut rest = path.strip_prefix('$')?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if steps.len() == MAX_STEPS {
            return None;
        }
        if let Some(name) = rest.strip_prefix('.') {
            let end = name.find(['.', '[']).unwrap_or(name.len());
            let (name, after) = name.split_at(end);
            steps.push(Step::Key(name.to_owned()));
            rest = after;
        } else if let Some(index) = rest.strip_prefix('[') {
            match index.chars().next()? {
                quote @ ('\'' | '"') => {
                    let (name, after) = quoted(&index[1..], quote)?;
                    steps.push(Step::Key(name));
                    rest = after.strip_prefix(']')?;
                }
                _ => {
                    let (number, after) = index.split_once(']')?;
                    steps.push(Step::Index(number.parse().ok()?));
                    rest = after;
                }
            }
        } else {
            return None;
        }
    }
    Some(steps)
}

/// A name in quotes and what follows it.
fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let mut name = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            c if c == quote => return Some((name, &text[at + c.len_utf8()..])),
            '\\' => name.push(chars.next()?.1),
            c => name.push(c),
        }
    }
    None
}

/// What one piece of a streamed call says of it.
#[derive(Default)]
pub(super) struct CallPiece<'a> {
    /// `partialArgs`.
    pub(super) pieces: Option<RawJson<'a>>,
    /// Another piece follows.
    pub(super) goes_on: bool,
}

impl<'a> CallPiece<'a> {
    /// Reads a part that holds a call without a name.
    pub(super) fn read(part: &'a RawJson<'_>) -> Result<Self, StreamFault> {
        let mut piece = Self::default();
        let mut cursor = part.cursor();
        let read = cursor.object(|c: &mut Cursor<'a>, key| {
            let call = matches!(key.decode().as_ref(), "functionCall" | "function_call");
            if !call || c.peek()? != Kind::Object {
                return Ok(());
            }
            c.object(|c, key| {
                match (key.decode().as_ref(), c.peek()?) {
                    ("partialArgs", Kind::Array) => piece.pieces = Some(c.raw()?),
                    ("willContinue", Kind::Bool) => piece.goes_on = c.bool()?,
                    _ => {}
                }
                Ok(())
            })
            .map(drop)
        });
        read.map_err(StreamFault::Malformed)?;
        Ok(piece)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(lists: &[&str]) -> Result<String, StreamFault> {
        let mut args = PartialArgs::default();
        let mut text = String::new();
        for list in lists {
            text += &args.feed(&RawJson::parse(*list).unwrap())?;
        }
        Ok(text + &args.finish())
    }

    #[test]
    fn values_with_paths_become_one_object() {
        let text = run(&[
            r#"[{"jsonPath":"$.list[0].name","stringValue":"a \"b","willContinue":true}]"#,
            r#"[{"jsonPath":"$.list[0].name","stringValue":"\nc"}]"#,
            r#"[{"jsonPath":"$.list[0].price","numberValue":0.5},{"jsonPath":"$.list[1].name","stringValue":""}]"#,
            r#"[{"jsonPath":"$['x.y'].z","boolValue":true},{"jsonPath":"$.n","nullValue":"NULL_VALUE"}]"#,
        ]);
        assert_eq!(
            text.unwrap(),
            r#"{"list":[{"name":"a \"b\nc","price":0.5},{"name":""}],"x.y":{"z":true},"n":null}"#
        );
        assert_eq!(run(&[]).unwrap(), "");
    }

    #[test]
    fn a_text_that_is_not_ended_is_ended() {
        let text = run(&[
            r#"[{"jsonPath":"$.a","stringValue":"x","willContinue":true}]"#,
            r#"[{"jsonPath":"$.b","stringValue":"y","willContinue":true}]"#,
        ]);
        assert_eq!(text.unwrap(), r#"{"a":"x","b":"y"}"#);
    }

    #[test]
    fn what_cannot_be_placed_is_out_of_order() {
        for lists in [
            &[r#"[{"jsonPath":"$.a","numberValue":1},{"jsonPath":"$.a","numberValue":2}]"#][..],
            &[r#"[{"jsonPath":"$.a","numberValue":1},{"jsonPath":"$.a.b","numberValue":2}]"#],
            &[
                r#"[{"jsonPath":"$.a.x","numberValue":1},{"jsonPath":"$.b","numberValue":2},{"jsonPath":"$.a.y","numberValue":3}]"#,
            ],
            &[r#"[{"jsonPath":"$.a[1]","numberValue":1}]"#],
            &[r#"[{"jsonPath":"$","numberValue":1}]"#],
            &[r#"[{"jsonPath":"$..a","numberValue":1},{"jsonPath":"x"}]"#],
        ] {
            assert_eq!(run(lists), Err(StreamFault::OutOfOrder), "{lists:?}");
        }
    }
}
