//! YAML as the JSON it means, and where in the text each of its values stands.
//!
//! Of YAML only what JSON can say is taken: no anchors, no tags, one document, texts as keys. The text is read event by event
//! into a bounded tree, so that nothing in it recurses or multiplies.

use std::borrow::Cow;
use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Span};
use serde_json::{Map, Number, Value};

/// Deepest nesting, and most values.
const MAX_DEPTH: usize = 32;
const MAX_VALUES: usize = 20_000;
/// Longest pointer to a value, in bytes: each value within repeats it.
const MAX_POINTER: usize = 512;

/// Line and column, each from 1.
pub type Place = (usize, usize);

/// Where values stand, by JSON pointer.
#[derive(Debug, Default)]
pub struct Places(HashMap<String, Place>);

impl Places {
    /// Where the value at `pointer` stands, or else the nearest value around it.
    #[must_use]
    pub fn of(&self, pointer: &str) -> Option<Place> {
        let mut pointer = pointer;
        loop {
            if let Some(place) = self.0.get(pointer) {
                return Some(*place);
            }
            pointer = pointer.rsplit_once('/')?.0;
        }
    }
}

/// What is wrong with a text, and where.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unreadable {
    pub(super) place: Place,
    pub(super) reason: String,
}

/// A list or an object that is not ended yet.
enum Open {
    List(String, Vec<Value>),
    Object(String, Map<String, Value>, Option<String>),
}

#[derive(Default)]
struct Reader {
    open: Vec<Open>,
    done: Option<Value>,
    places: HashMap<String, Place>,
}

/// Reads a text.
pub(super) fn read(text: &str) -> Result<(Value, Places), Unreadable> {
    let mut reader = Reader::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| Unreadable {
            place: within(text, (error.marker().line(), error.marker().col() + 1)),
            reason: error.info().to_owned(),
        })?;
        reader.take(event, place(span)).map_err(|reason| Unreadable {
            place: place(span),
            reason: reason.to_owned(),
        })?;
    }
    let value = reader.done.unwrap_or(Value::Null);
    Ok((value, Places(reader.places)))
}

/// What is missing at the end of a text is missing on its last line.
fn within(text: &str, place: Place) -> Place {
    let count = text.lines().count().max(1);
    if place.0 <= count {
        return place;
    }
    let last = text.lines().last().unwrap_or_default();
    (count, last.chars().count() + 1)
}

fn place(span: Span) -> Place {
    (span.start.line(), span.start.col() + 1)
}

impl Reader {
    fn take(&mut self, event: Event<'_>, place: Place) -> Result<(), &'static str> {
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) if self.done.is_some() => Err("send one document"),
            Event::DocumentStart(_) => Ok(()),
            Event::Alias(_) => Err("anchors and aliases are not taken"),
            Event::Scalar(_, _, 1.., _) | Event::SequenceStart(1.., _) | Event::MappingStart(1.., _) => {
                Err("anchors and aliases are not taken")
            }
            Event::Scalar(_, _, _, Some(_))
            | Event::SequenceStart(_, Some(_))
            | Event::MappingStart(_, Some(_)) => Err("tags are not taken"),
            Event::Scalar(text, style, _, None) => self.scalar(text, style, place),
            Event::SequenceStart(_, None) => {
                let at = self.begin(place)?;
                self.push(Open::List(at, Vec::new()))
            }
            Event::MappingStart(_, None) => {
                let at = self.begin(place)?;
                self.push(Open::Object(at, Map::new(), None))
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let value = match self.open.pop() {
                    Some(Open::List(_, values)) => Value::Array(values),
                    Some(Open::Object(_, members, _)) => Value::Object(members),
                    None => return Err("something is ended that was not begun"),
                };
                self.put(value)
            }
        }
    }

    fn push(&mut self, open: Open) -> Result<(), &'static str> {
        if self.open.len() >= MAX_DEPTH {
            return Err("this is nested deeper than 32 levels");
        }
        self.open.push(open);
        Ok(())
    }

    /// The pointer of a value that begins here.
    fn begin(&mut self, place: Place) -> Result<String, &'static str> {
        let at = match self.open.last() {
            None => String::new(),
            Some(Open::List(at, values)) => format!("{at}/{}", values.len()),
            Some(Open::Object(_, _, None)) => return Err("the name of a member is a text"),
            Some(Open::Object(at, _, Some(name))) => {
                format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"))
            }
        };
        if self.places.len() >= MAX_VALUES {
            return Err("this holds more values than are taken");
        }
        if at.len() > MAX_POINTER {
            return Err("the names of the members on the way here are too long");
        }
        self.places.insert(at.clone(), place);
        Ok(at)
    }

    fn scalar(&mut self, text: Cow<'_, str>, style: ScalarStyle, place: Place) -> Result<(), &'static str> {
        if let Some(Open::Object(_, members, name @ None)) = self.open.last_mut() {
            if members.contains_key(text.as_ref()) {
                return Err("the object has this member already");
            }
            *name = Some(text.into_owned());
            return Ok(());
        }
        self.begin(place)?;
        let value = if style == ScalarStyle::Plain {
            plain(&text)
        } else {
            Value::String(text.into_owned())
        };
        self.put(value)
    }

    fn put(&mut self, value: Value) -> Result<(), &'static str> {
        match self.open.last_mut() {
            None => self.done = Some(value),
            Some(Open::List(_, values)) => values.push(value),
            Some(Open::Object(_, members, name)) => {
                let name = name.take().ok_or("the name of a member is a text")?;
                members.insert(name, value);
            }
        }
        Ok(())
    }
}

/// What a word without quotes means, as YAML 1.2 reads it.
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => {
            let whole = text.parse::<i64>().ok().map(Number::from);
            let is_number = text.starts_with(|it: char| it.is_ascii_digit() || matches!(it, '-' | '+' | '.'));
            let decimal = || text.parse().ok().and_then(Number::from_f64);
            let number = if is_number { whole.or_else(decimal) } else { None };
            number.map_or_else(|| Value::String(text.to_owned()), Value::Number)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_json_can_say_is_read_with_its_places() {
        let (value, places) = read(
            "slug: support # a comment\nrules:\n  - name: long\n    when: |\n      request.stream &&\n      true\n    \
             targets: [{model: m, weight: 2}]\n  - {name: \"12\", on: yes, no: 1.5, e: }\n",
        )
        .unwrap();
        let expected = json!({ "slug": "support", "rules": [
            { "name": "long", "when": "request.stream &&\ntrue\n", "targets": [{ "model": "m", "weight": 2 }] },
            { "name": "12", "on": "yes", "no": 1.5, "e": null }] });
        assert_eq!(value, expected);
        assert_eq!(places.of("/rules/0/name"), Some((3, 11)));
        assert_eq!(places.of("/rules/0/targets/0/weight"), Some((7, 34)));
        assert_eq!(places.of("/rules/1/gone"), places.of("/rules/1"));
        assert_eq!(places.of("/gone"), Some((1, 1)));
    }

    #[test]
    fn what_json_cannot_say_is_refused_where_it_is() {
        let refused = |text: &str| read(text).unwrap_err().place;
        assert_eq!(refused("a: &x 1\nb: *x").0, 1);
        assert_eq!(refused("a: !!str 1").0, 1);
        assert_eq!(refused("a: 1\na: 2"), (2, 1));
        assert_eq!(refused("--- 1\n--- 2\n"), (2, 1));
        assert_eq!(refused("[1]: 2").0, 1);
        assert_eq!(refused("a: [1, 2\nb: 3").0, 2);
        assert_eq!(refused(&"[".repeat(100)), (1, 33));
        assert!(read(&format!("[{}]", "1,".repeat(MAX_VALUES + 1))).is_err());
        let name = "n".repeat(MAX_POINTER);
        assert_eq!(refused(&format!("{name}: [1, 2]")), (1, MAX_POINTER + 3));
    }
}
