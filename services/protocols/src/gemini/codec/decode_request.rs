//! A request into the canonical form. Top-level members may appear once, in one of their two
//! spellings, and not in another case: what is checked here is what goes on.

use super::decode_config::{CONFIG, generation_config};
use super::decode_content::{content, instruction};
use super::decode_tools::{TOOL_CONFIG, tool_config, tools};
use super::{each, form};
use crate::canonical::{Message, Request};
use crate::dialect::Dialect;
use crate::json::{Cursor, JsonStr, Kind, Span};
use crate::request_fields::{FieldSet, fields};
use crate::{DecodeError, Fault};

/// Bytes of a short message.
const MESSAGE: usize = 48;

/// Reads a request body nested at most `depth` deep.
pub fn decode_request(body: &[u8], depth: u32) -> Result<Request<'_>, DecodeError> {
    let mut reader = Reader {
        request: Request::new(Dialect::Gemini),
        seen: FieldSet::new(),
        instruction: None,
        has_contents: false,
    };
    let mut cursor = Cursor::new(body, depth)?;
    let whole = cursor.object(|c, key| reader.member(c, key))?;
    cursor.end()?;
    if !reader.has_contents {
        return Err(DecodeError::new(Fault::Missing, whole.start).under_key("contents"));
    }
    let mut request = reader.request;
    if let Some(instruction) = reader.instruction {
        request.messages.insert(0, instruction);
    }
    Ok(request)
}

fields! {
    enum Field {
        Contents = "contents",
        SystemInstruction = "systemInstruction" | "system_instruction",
        Tools = "tools",
        ToolConfig = "toolConfig" | "tool_config",
        GenerationConfig = "generationConfig" | "generation_config",
        Labels = "labels",
        Extension = "sluicegate",
    }
}

struct Reader<'a> {
    request: Request<'a>,
    seen: FieldSet<Field>,
    instruction: Option<Message<'a>>,
    has_contents: bool,
}

impl<'a> Reader<'a> {
    fn member(&mut self, c: &mut Cursor<'a>, key: JsonStr<'a>) -> Result<(), DecodeError> {
        match self.seen.admit(key)? {
            None => self.unknown(c, key),
            Some(Field::Contents) => self.contents(c),
            // The gateway's own; never sent on.
            Some(Field::Extension) => c.skip_value().map(drop),
            Some(_) if c.peek()? == Kind::Null => self.request.extra.keep(c, key),
            Some(field) => self.field(c, key, field),
        }
    }

    /// Keeps an unknown member. One whose name looks like those that members of inner objects get, or
    /// begins with a dot, gets a dot in front.
    fn unknown(&mut self, c: &mut Cursor<'a>, key: JsonStr<'a>) -> Result<(), DecodeError> {
        let mut name = key.decode();
        if [".", CONFIG, TOOL_CONFIG]
            .iter()
            .any(|prefix| name.starts_with(prefix))
        {
            name.to_mut().insert(0, '.');
        }
        c.count_node()?;
        self.request.extra.push(name, c.raw()?);
        Ok(())
    }

    fn contents(&mut self, c: &mut Cursor<'a>) -> Result<(), DecodeError> {
        self.has_contents = true;
        let messages = &mut self.request.messages;
        messages.reserve(c.few(MESSAGE));
        let one = each(c, "an array of contents", |c| {
            messages.push(content(c)?);
            Ok(())
        })?;
        if one {
            self.request.form = self.request.form.with(form::request::ONE_CONTENT);
        }
        Ok(())
    }

    fn field(&mut self, c: &mut Cursor<'a>, key: JsonStr<'a>, field: Field) -> Result<(), DecodeError> {
        let request = &mut self.request;
        let snake = |note| {
            if key.decode().contains('_') {
                note
            } else {
                Default::default()
            }
        };
        match field {
            Field::SystemInstruction => {
                request.form = request.form.with(snake(form::request::SYSTEM_SNAKE));
                self.instruction = Some(instruction(c)?);
            }
            Field::Tools => {
                let start = c.position();
                let full = tools(c, request)?;
                if !full || request.tools.is_empty() {
                    // An element that holds nothing has no tool to stand for it.
                    request.tools.clear();
                    let end = c.position();
                    request.extra.push("tools", c.raw_at(Span { start, end }));
                }
            }
            Field::ToolConfig => {
                request.form = request.form.with(snake(form::request::TOOL_CONFIG_SNAKE));
                tool_config(c, request)?;
            }
            Field::GenerationConfig => {
                request.form = request.form.with(snake(form::request::CONFIG_SNAKE));
                generation_config(c, request)?;
            }
            Field::Labels => match c.peek()? {
                Kind::Object => request.metadata = Some(c.raw()?),
                found @ (Kind::Array | Kind::String | Kind::Number | Kind::Bool | Kind::Null) => {
                    return Err(c.wrong_type("an object", found));
                }
            },
            Field::Contents | Field::Extension => {}
        }
        Ok(())
    }
}
