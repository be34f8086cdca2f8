//! JSON Schema and Google's own form of it, a message with a fixed set of fields: types are
//! upper-case words (or numbers), "or null" is a field of its own, and an unknown keyword is an
//! error. `widen` reads that form, `respell` writes back what was read of it, and [`narrow()`] brings
//! any JSON Schema into it, by a list of what is allowed. The codec calls these; servers that take
//! JSON Schema as it is need none of them.

mod narrow;

pub use narrow::{Narrowed, narrow};

use crate::DecodeError;
use crate::json::{Array, Cursor, Kind, Object, RawJson, write_raw, write_string};

/// How types are spelled in a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// As in JSON Schema.
    Lower,
    /// Upper-case words.
    Upper,
    /// Numbers of Google's enum.
    Numbered,
}

/// The types of JSON Schema at their numbers in Google's enum; 0 stands for none.
const TYPES: [&str; 8] = [
    "", "string", "number", "integer", "boolean", "array", "object", "null",
];

/// JSON Schema from Google's form, and how types were spelled in it. A schema that is JSON Schema
/// already is given back as it is.
pub(super) fn widen(schema: RawJson<'_>) -> Result<(RawJson<'_>, Style), DecodeError> {
    let mut walk = Walk {
        task: Task::Widen,
        style: Style::Lower,
        changed: false,
    };
    let text = walk.run(&schema)?;
    Ok((if walk.changed { text } else { schema }, walk.style))
}

/// Google's form from what [`widen`] made of it.
pub(super) fn respell(schema: &RawJson<'_>, style: Style) -> Result<RawJson<'static>, DecodeError> {
    let mut walk = Walk {
        task: Task::Respell,
        style,
        changed: false,
    };
    walk.run(schema)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Task {
    Widen,
    Respell,
}

/// One pass over a schema. Recursion is bounded by the depth that the cursor allows.
struct Walk {
    task: Task,
    style: Style,
    changed: bool,
}

impl Walk {
    fn run(&mut self, schema: &RawJson<'_>) -> Result<RawJson<'static>, DecodeError> {
        let mut out = Vec::with_capacity(schema.as_str().len() + 64);
        self.schema(&mut schema.cursor(), &mut out)?;
        RawJson::parse(String::from_utf8_lossy(&out).into_owned())
    }

    fn schema(&mut self, c: &mut Cursor<'_>, out: &mut Vec<u8>) -> Result<(), DecodeError> {
        if c.peek()? != Kind::Object {
            return copy(c, out);
        }
        let (mut type_at, mut nullable) = (None, false);
        let mut object = Object::open(out);
        c.object(|c, key| {
            let key = key.decode();
            match (key.as_ref(), c.peek()?) {
                ("type", _) => {
                    let out = object.value("type");
                    let start = out.len();
                    nullable |= self.types(c, out)?;
                    type_at = Some((start, out.len()));
                    Ok(())
                }
                ("nullable", Kind::Bool) if self.task == Task::Widen => {
                    let yes = c.bool()?;
                    nullable |= yes;
                    if !yes {
                        object.bool("nullable", false);
                    }
                    Ok(())
                }
                ("properties" | "$defs" | "defs" | "definitions", Kind::Object) => {
                    let mut inner = Object::open(object.value_of(&key));
                    c.object(|c, name| self.schema(c, inner.value_of(&name.decode())))
                        .map(drop)
                }
                ("anyOf" | "any_of" | "oneOf" | "allOf" | "prefixItems", Kind::Array) => {
                    let mut list = Array::open(object.value_of(&key));
                    c.array(|c, _| self.schema(c, list.value())).map(drop)
                }
                ("items" | "additionalProperties", Kind::Object) => self.schema(c, object.value_of(&key)),
                _ => copy(c, object.value_of(&key)),
            }
        })?;
        match (nullable, type_at, self.task) {
            (true, Some((start, end)), Task::Widen) => {
                self.changed = true;
                drop(object);
                let one = String::from_utf8_lossy(out.get(start..end).unwrap_or_default()).into_owned();
                out.splice(start..end, format!("[{one},\"null\"]").into_bytes());
            }
            (true, _, _) => object.bool("nullable", true),
            (false, _, _) => {}
        }
        Ok(())
    }

    /// Writes a type in the spelling asked for; says whether null was among several, which then is
    /// not written.
    fn types(&mut self, c: &mut Cursor<'_>, out: &mut Vec<u8>) -> Result<bool, DecodeError> {
        match (self.task, c.peek()?) {
            (Task::Widen, Kind::String) => {
                let word = c.text()?;
                if word.bytes().any(|b| b.is_ascii_uppercase()) {
                    self.changed = true;
                    self.style = Style::Upper;
                }
                write_string(out, &word.to_ascii_lowercase());
            }
            (Task::Widen, Kind::Number) => {
                let number = c.spelled_number()?;
                let named = number.as_u64().and_then(|n| TYPES.get(usize::try_from(n).ok()?));
                match named.filter(|name| !name.is_empty()) {
                    Some(name) => {
                        self.changed = true;
                        self.style = Style::Numbered;
                        write_string(out, name);
                    }
                    None => write_raw(out, number.as_str()),
                }
            }
            (Task::Respell, Kind::String) => self.respelled(&c.text()?, out),
            (Task::Respell, Kind::Array) => {
                let span = c.skip_value()?;
                let (mut words, mut null, mut plain) = (Vec::new(), false, true);
                c.revisit(span).array(|c, _| {
                    if c.peek()? != Kind::String {
                        plain = false;
                        return Ok(());
                    }
                    match c.text()? {
                        word if word == "null" => null = true,
                        word => words.push(word),
                    }
                    Ok(())
                })?;
                match &words[..] {
                    [word] if plain => {
                        self.respelled(word, out);
                        return Ok(null);
                    }
                    _ => c.raw_at(span).write(out),
                }
            }
            _ => copy(c, out)?,
        }
        Ok(false)
    }

    fn respelled(&self, word: &str, out: &mut Vec<u8>) {
        match (self.style, TYPES.iter().position(|name| *name == word)) {
            (Style::Numbered, Some(number)) => crate::json::write_number(out, number as u64),
            (Style::Upper | Style::Numbered, _) => write_string(out, &word.to_ascii_uppercase()),
            (Style::Lower, _) => write_string(out, word),
        }
    }
}

/// Copies a value as it stands.
fn copy(c: &mut Cursor<'_>, out: &mut Vec<u8>) -> Result<(), DecodeError> {
    c.raw()?.write(out);
    Ok(())
}

#[cfg(test)]
mod tests;
