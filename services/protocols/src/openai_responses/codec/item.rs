//! The union of items, of requests and answers alike, into the canonical form. Modelled are messages,
//! reasoning, calls of the caller's tools and their outputs; every other item is kept whole: the
//! tools that the provider runs, references, compacted history, and what comes next year.

use std::borrow::Cow;

use super::decode_content::{TextKind, look_ahead, opaque};
use super::{Expected, Reading, decode_reasoning, form};
use crate::canonical::{
    Arguments, CallKind, Extra, Form, Item, Message, OpaqueRole, Part, PartBody, Role, TokenLogprob,
    ToolCall, ToolResult,
};
use crate::json::{Cursor, JsonStr, Kind, RawJson};
use crate::{DecodeError, Fault};

const MESSAGE: Expected = &[
    ("role", "a string"),
    ("content", "a string or an array of content parts"),
];
const CALL: Expected = &[
    ("name", "a string"),
    ("call_id", "a string"),
    ("arguments", "a string"),
    ("input", "a string"),
];
const OUTPUT: Expected = &[
    ("call_id", "a string"),
    ("output", "a string or an array of content parts"),
];

/// Reads the items of one document.
pub(super) struct Items<'a> {
    pub(super) reading: Reading,
    /// Probabilities that stood at the first text that had some; of answers only.
    pub(super) tokens: Vec<TokenLogprob<'a>>,
}

/// An item, read.
pub(super) struct ReadItem<'a> {
    pub(super) role: Role<'a>,
    pub(super) parts: Vec<Part<'a>>,
    /// How a message was spelled.
    pub(super) form: Form,
    /// Its id and what is not modelled.
    pub(super) item: Item<'a>,
    /// It is kept whole; a part of a message's content may be as well, so that it must be told.
    pub(super) is_whole: bool,
}

impl<'a> ReadItem<'a> {
    pub(super) fn one(role: Role<'a>, part: Part<'a>, item: Item<'a>) -> Self {
        Self {
            role,
            parts: vec![part],
            form: Form::default(),
            item,
            is_whole: false,
        }
    }

    pub(super) fn whole(kind: Cow<'a, str>, value: RawJson<'a>) -> Self {
        let (role, speaker) = opaque_role(&kind);
        let mut item = Self::one(speaker, opaque(kind, role, value), Item::default());
        item.is_whole = true;
        item
    }

    /// The message of a request that the item is.
    pub(super) fn into_message(mut self) -> Message<'a> {
        let mut message = Message::new(self.role, Vec::new());
        let says_something = self.item.id.is_some() || !self.item.extra.is_empty();
        match self.parts.first_mut() {
            Some(first) if says_something || self.is_whole => first.item = Some(Box::new(self.item)),
            Some(_) => {}
            None => {
                if let Some(id) = &self.item.id {
                    message.extra.push("id", RawJson::of_string(id));
                }
                message.extra.append(self.item.extra);
            }
        }
        message.parts = self.parts;
        message.form = self.form;
        message
    }

    /// The parts of an answer that the item is; the first opens it.
    pub(super) fn into_parts(mut self) -> Vec<Part<'a>> {
        if self.parts.is_empty() {
            let mut nothing = Part::text("");
            nothing.form = form::part::NO_CONTENT;
            self.parts.push(nothing);
        }
        if let Some(first) = self.parts.first_mut() {
            first.item = Some(Box::new(self.item));
        }
        self.parts
    }
}

/// What an item that is kept whole is, and whose it is.
pub(super) fn opaque_role(kind: &str) -> (OpaqueRole, Role<'static>) {
    // What the caller ran itself and now tells of.
    const CALLERS: [&str; 6] = [
        "computer_call_output",
        "local_shell_call_output",
        "shell_call_output",
        "apply_patch_call_output",
        "tool_search_output",
        "mcp_approval_response",
    ];
    let is_call = kind.ends_with("_call") || kind.starts_with("mcp_") || kind == "program";
    if CALLERS.contains(&kind) {
        (OpaqueRole::ServerToolResult, Role::Tool)
    } else if kind.ends_with("_output") {
        (OpaqueRole::ServerToolResult, Role::Assistant)
    } else if is_call {
        (OpaqueRole::ServerToolCall, Role::Assistant)
    } else {
        (OpaqueRole::Unknown, Role::Assistant)
    }
}

impl<'a> Items<'a> {
    pub(super) fn new(reading: Reading) -> Self {
        Self {
            reading,
            tokens: Vec::new(),
        }
    }

    /// Reads one item.
    pub(super) fn item(&mut self, c: &mut Cursor<'a>) -> Result<ReadItem<'a>, DecodeError> {
        c.count_node()?;
        match (c.peek()?, self.reading) {
            (Kind::Object, _) => {}
            (found, Reading::Strict) => return Err(c.wrong_type("an item", found)),
            (_, Reading::Lenient) => return Ok(ReadItem::whole("".into(), c.raw()?)),
        }
        // Nearly every item is a message that begins so.
        if c.begins_with(r#"{"type":"message","#) || c.begins_with(r#"{"role":""#) {
            return self.message(c);
        }
        let ahead = look_ahead(c)?;
        match ahead.kind {
            Some(kind) => self.typed(c, kind),
            None => self.untyped(c, ahead.has_role, ahead.has_id),
        }
    }

    fn typed(&mut self, c: &mut Cursor<'a>, kind: Cow<'a, str>) -> Result<ReadItem<'a>, DecodeError> {
        match kind.as_ref() {
            "message" => self.message(c),
            "function_call" => self.call(c, kind, CallKind::Function),
            "custom_tool_call" => self.call(c, kind, CallKind::Custom),
            "function_call_output" => self.output(c, kind, CallKind::Function),
            "custom_tool_call_output" => self.output(c, kind, CallKind::Custom),
            "reasoning" => decode_reasoning::reasoning(c, kind),
            _ => Ok(ReadItem::whole(kind, c.raw()?)),
        }
    }

    /// An easy message may leave out its type, and a reference as well.
    fn untyped(
        &mut self,
        c: &mut Cursor<'a>,
        has_role: bool,
        has_id: bool,
    ) -> Result<ReadItem<'a>, DecodeError> {
        match (has_role, has_id, self.reading) {
            (true, _, _) => self.message(c),
            (false, true, _) => Ok(ReadItem::whole("item_reference".into(), c.raw()?)),
            (false, false, Reading::Lenient) => Ok(ReadItem::whole("".into(), c.raw()?)),
            (false, false, Reading::Strict) => {
                Err(DecodeError::new(Fault::Missing, c.position()).under_key("type"))
            }
        }
    }

    fn message(&mut self, c: &mut Cursor<'a>) -> Result<ReadItem<'a>, DecodeError> {
        let (mut role, mut item, mut kind) = (None, Item::default(), None);
        let (mut parts, mut note) = (Vec::new(), form::message::ABSENT);
        let (mut content, mut has_content) = (None, false);
        let whole = c.object(|c, key| {
            match (key.decode().as_ref(), c.peek()?) {
                ("type", Kind::String) => kind = Some(c.text()?),
                ("role", Kind::String) => role = Some(c.text()?),
                ("content", Kind::String | Kind::Array) => {
                    has_content = true;
                    // The speaker nearly always comes first.
                    match role.as_deref() {
                        Some(word) if word == "assistant" || self.reading == Reading::Strict => {
                            (content, parts) = (None, Vec::new());
                            note = self.content(c, TextKind::of(word), &mut parts)?;
                        }
                        Some(_) | None => content = Some(c.skip_value()?),
                    }
                }
                _ => self.member(c, key, &mut item, MESSAGE)?,
            }
            Ok(())
        })?;
        let typed = kind.is_some();
        if let Some(kind) = kind.filter(|kind| kind != "message") {
            // It began with a role all the same.
            return self.typed(&mut c.revisit(whole), kind);
        }
        let role = role.map(|word| match word.as_ref() {
            "system" => Role::System,
            "developer" => Role::Developer,
            "user" => Role::User,
            "assistant" => Role::Assistant,
            _ => Role::Other(word),
        });
        if self.reading == Reading::Lenient && (role != Some(Role::Assistant) || !has_content || !typed) {
            // An answer is what the model says; what somebody else does, or nobody, is kept as it came.
            return Ok(ReadItem::whole("message".into(), c.raw_at(whole)));
        }
        let role = role.ok_or_else(|| DecodeError::new(Fault::Missing, whole.start).under_key("role"))?;
        if let Some(span) = content {
            parts = Vec::new();
            note = self
                .content(&mut c.revisit(span), TextKind::of(role.as_str()), &mut parts)
                .map_err(|e| e.under_key("content"))?;
        }
        if !typed {
            note = note.with(form::message::UNTYPED);
        }
        Ok(ReadItem {
            role,
            parts,
            form: note,
            item,
            is_whole: false,
        })
    }

    /// Reads a string or a list of parts.
    fn content(
        &mut self,
        c: &mut Cursor<'a>,
        usual: TextKind,
        parts: &mut Vec<Part<'a>>,
    ) -> Result<Form, DecodeError> {
        if c.peek()? == Kind::String {
            let text = c.text()?;
            if !text.is_empty() {
                parts.push(Part::text(text));
            }
            return Ok(form::message::STRING);
        }
        c.array(|c, _| {
            let mut part = self.part(c, usual)?;
            if matches!(part.body, PartBody::Opaque(_)) {
                part.form = part.form.with(form::part::IN_CONTENT);
            }
            parts.push(part);
            Ok(())
        })?;
        Ok(form::message::LIST)
    }

    /// A member that no item models, its id apart.
    fn member(
        &self,
        c: &mut Cursor<'a>,
        key: JsonStr<'a>,
        item: &mut Item<'a>,
        modelled: Expected,
    ) -> Result<(), DecodeError> {
        if key.decode() == "id" && c.peek()? == Kind::String {
            item.id = Some(c.text()?);
            return Ok(());
        }
        self.reading.leftover(c, key, &mut item.extra, modelled)
    }

    fn call(
        &mut self,
        c: &mut Cursor<'a>,
        kind: Cow<'a, str>,
        call_kind: CallKind,
    ) -> Result<ReadItem<'a>, DecodeError> {
        let input_name = input_member(call_kind);
        let (mut id, mut name, mut input, mut item) = (None, None, None, Item::default());
        let whole = c.object(|c, key| {
            match (key.decode().as_ref(), c.peek()?) {
                ("type", Kind::String) => drop(c.string()?),
                ("call_id", Kind::String) => id = Some(c.text()?),
                ("name", Kind::String) => name = Some(c.text()?),
                (member, Kind::String) if member == input_name => input = Some(c.text()?),
                _ => self.member(c, key, &mut item, CALL)?,
            }
            Ok(())
        })?;
        let missing = |name: &str| DecodeError::new(Fault::Missing, whole.start).under_key(name);
        let strict = self.reading == Reading::Strict;
        match (name, input) {
            (Some(name), Some(input)) if id.is_some() || !strict => Ok(ReadItem::one(
                Role::Assistant,
                Part::new(PartBody::from(ToolCall {
                    id,
                    name,
                    arguments: Arguments::Text(input),
                    kind: call_kind,
                    extra: Extra::NONE,
                })),
                item,
            )),
            (None, _) if strict => Err(missing("name")),
            (_, None) if strict => Err(missing(input_name)),
            (Some(_), Some(_)) => Err(missing("call_id")),
            (None, _) | (_, None) => Ok(ReadItem::whole(kind, c.raw_at(whole))),
        }
    }

    fn output(
        &mut self,
        c: &mut Cursor<'a>,
        kind: Cow<'a, str>,
        call_kind: CallKind,
    ) -> Result<ReadItem<'a>, DecodeError> {
        let (mut id, mut output, mut item) = (None, None, Item::default());
        let whole = c.object(|c, key| {
            match (key.decode().as_ref(), c.peek()?) {
                ("type", Kind::String) => drop(c.string()?),
                ("call_id", Kind::String) => id = Some(c.text()?),
                ("output", Kind::String | Kind::Array) => output = Some(c.skip_value()?),
                _ => self.member(c, key, &mut item, OUTPUT)?,
            }
            Ok(())
        })?;
        let missing = |name: &str| DecodeError::new(Fault::Missing, whole.start).under_key(name);
        let output = match (id.is_some(), output, self.reading) {
            (true, Some(output), _) => output,
            (false, _, Reading::Strict) => return Err(missing("call_id")),
            (true, None, Reading::Strict) => return Err(missing("output")),
            (_, _, Reading::Lenient) => return Ok(ReadItem::whole(kind, c.raw_at(whole))),
        };
        let mut content = Vec::new();
        let spelled = self
            .content(&mut c.revisit(output), TextKind::Input, &mut content)
            .map_err(|e| e.under_key("output"))?;
        let mut part = Part::new(PartBody::from(ToolResult {
            call_id: id,
            name: None,
            content,
            is_error: None,
            kind: call_kind,
        }));
        if spelled == form::message::LIST {
            part.form = form::part::OUTPUT_LIST;
        }
        Ok(ReadItem::one(Role::Tool, part, item))
    }
}

/// The member that holds the input of a call.
pub(super) fn input_member(kind: CallKind) -> &'static str {
    match kind {
        CallKind::Function => "arguments",
        CallKind::Custom => "input",
    }
}
