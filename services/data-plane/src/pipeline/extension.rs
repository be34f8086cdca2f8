//! What the gateway's own object in a body says: the same as its headers, for clients that cannot set headers. Whatever is
//! in it is meant for us, so what cannot be read is refused: it might be a demand.

use std::borrow::Cow;

use sluicegate_contracts::usage::MAX_TAGS;
use sluicegate_protocols::DecodeError;
use sluicegate_protocols::json::{Cursor, Kind, MAX_DEPTH};

use crate::error::{ErrorKind, GatewayError};

/// Its name in a body.
const NAME: &str = "sluicegate";
/// Longest name of an unknown member that an error repeats, in bytes.
const MAX_NAME: usize = 64;
/// Its members, as an error lists them.
const MEMBERS: &str = "route, max_cost, deadline_ms, tags, session, session_budget, end_user, dry_run, \
                       lower_output_limit and require_parameters";

/// See the module. Numbers are as they are spelled.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Extension<'b> {
    pub(super) route: Option<Cow<'b, str>>,
    pub(super) max_cost: Option<Cow<'b, str>>,
    pub(super) deadline_ms: Option<Cow<'b, str>>,
    /// A list with commas.
    pub(super) tags: Option<Cow<'b, str>>,
    pub(super) session: Option<Cow<'b, str>>,
    pub(super) session_budget: Option<Cow<'b, str>>,
    pub(super) end_user: Option<Cow<'b, str>>,
    pub(super) dry_run: bool,
    pub(super) lower_output_limit: bool,
    pub(super) require_parameters: bool,
}

impl<'b> Extension<'b> {
    /// Reads the object, if a body has one.
    ///
    /// # Errors
    /// 400 that points to the member which is not known, or not of its type.
    pub(super) fn read(object: Option<&'b str>) -> Result<Self, GatewayError> {
        let mut found = Self::default();
        let Some(object) = object else {
            return Ok(found);
        };
        let mut wrong = None;
        let mut cursor = Cursor::new(object.as_bytes(), MAX_DEPTH)?;
        cursor.object(|c, key| {
            let name = key.decode();
            let verdict = found.take(&name, c)?;
            if let Some(expected) = verdict {
                wrong.get_or_insert((name, expected));
            }
            Ok(())
        })?;
        match wrong {
            None => Ok(found),
            Some((name, expected)) => Err(unreadable(&name, expected)),
        }
    }

    /// Takes a member; says what was expected where it is something else.
    fn take(&mut self, name: &str, c: &mut Cursor<'b>) -> Result<Option<&'static str>, DecodeError> {
        match name {
            "route" => text(c, &mut self.route),
            "max_cost" => text(c, &mut self.max_cost),
            "deadline_ms" => text(c, &mut self.deadline_ms),
            "tags" => tags(c, &mut self.tags),
            "session" => text(c, &mut self.session),
            "session_budget" => text(c, &mut self.session_budget),
            "end_user" => text(c, &mut self.end_user),
            "dry_run" => flag(c, &mut self.dry_run),
            "lower_output_limit" => flag(c, &mut self.lower_output_limit),
            "require_parameters" => flag(c, &mut self.require_parameters),
            _ => Ok(Some(MEMBERS)),
        }
    }
}

fn unreadable(name: &str, expected: &'static str) -> GatewayError {
    let (at, message) = if expected != MEMBERS {
        let at = format!("{NAME}.{name}");
        let message = format!("{at} is {expected}.");
        (at, message)
    } else if name.len() <= MAX_NAME {
        let message = format!("{NAME} has no member {name:?}. It has {MEMBERS}.");
        (format!("{NAME}.{name}"), message)
    } else {
        (
            NAME.to_owned(),
            format!("{NAME} has {MEMBERS}, and no other member."),
        )
    };
    GatewayError::new(ErrorKind::InvalidRequest, message).at(at)
}

/// A text, or a number as it is spelled; null says nothing.
fn text<'b>(
    c: &mut Cursor<'b>,
    member: &mut Option<Cow<'b, str>>,
) -> Result<Option<&'static str>, DecodeError> {
    match c.peek()? {
        Kind::String => *member = Some(c.text()?),
        Kind::Number => *member = Some(Cow::Borrowed(c.number()?)),
        Kind::Null => {}
        Kind::Object | Kind::Array | Kind::Bool => return Ok(Some("a text or a number")),
    }
    Ok(None)
}

fn flag(c: &mut Cursor<'_>, member: &mut bool) -> Result<Option<&'static str>, DecodeError> {
    match c.peek()? {
        Kind::Bool => *member = c.bool()?,
        Kind::Null => {}
        Kind::Object | Kind::Array | Kind::String | Kind::Number => return Ok(Some("true or false")),
    }
    Ok(None)
}

/// A text with commas, or a list of texts.
fn tags<'b>(
    c: &mut Cursor<'b>,
    member: &mut Option<Cow<'b, str>>,
) -> Result<Option<&'static str>, DecodeError> {
    const EXPECTED: Option<&str> = Some("a list of texts");
    if c.peek()? != Kind::Array {
        return Ok(text(c, member)?.and(EXPECTED));
    }
    let (mut listed, mut is_list_of_texts) = (Vec::new(), true);
    c.array(|c, index| {
        // One too many is enough to be refused.
        if index <= MAX_TAGS {
            match c.peek()? {
                Kind::String => listed.push(c.text()?),
                Kind::Object | Kind::Array | Kind::Bool | Kind::Number | Kind::Null => {
                    is_list_of_texts = false;
                }
            }
        }
        Ok(())
    })?;
    if !is_list_of_texts {
        return Ok(EXPECTED);
    }
    if !listed.is_empty() {
        *member = Some(Cow::Owned(listed.join(",")));
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(object: &str) -> Option<String> {
        Extension::read(Some(object)).unwrap_err().param
    }

    #[test]
    fn every_member_is_read() {
        let read = Extension::read(Some(
            r#"{"route":"support","max_cost":0.10,"deadline_ms":"2500","tags":["a","b"],"session":"s","session_budget":"1",
                "end_user":7,"dry_run":true,"lower_output_limit":true,"require_parameters":false}"#,
        ));
        let text = |text| Some(Cow::Borrowed(text));
        let expected = Extension {
            route: text("support"),
            max_cost: text("0.10"),
            deadline_ms: text("2500"),
            tags: text("a,b"),
            session: text("s"),
            session_budget: text("1"),
            end_user: text("7"),
            dry_run: true,
            lower_output_limit: true,
            require_parameters: false,
        };
        assert_eq!(read.unwrap(), expected);
    }

    #[test]
    fn what_is_not_there_says_nothing() {
        let nothing = r#"{"route":null,"tags":[],"dry_run":null,"session":null}"#;
        for object in [None, Some("{}"), Some(nothing)] {
            assert_eq!(Extension::read(object).unwrap(), Extension::default());
        }
    }

    #[test]
    fn what_is_not_known_or_of_another_type_is_refused_with_its_place() {
        for (object, at) in [
            (r#"{"max_csot":1}"#, "sluicegate.max_csot"),
            (r#"{"dry_run":1}"#, "sluicegate.dry_run"),
            (r#"{"max_cost":{}}"#, "sluicegate.max_cost"),
            (r#"{"tags":[1]}"#, "sluicegate.tags"),
            (r#"{"tags":true,"route":[]}"#, "sluicegate.tags"),
        ] {
            assert_eq!(refused(object).as_deref(), Some(at), "{object}");
        }
        let long = format!(r#"{{"{}":1}}"#, "x".repeat(MAX_NAME + 1));
        assert_eq!(refused(&long).as_deref(), Some("sluicegate"));
    }
}
