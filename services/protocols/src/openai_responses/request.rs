//! `ResponsesRequestView`: the few things a gateway must know of a request, found in one borrowed
//! pass that also checks the whole body. The data plane's decode stage makes it; `passthrough` uses
//! its spans. Fields the gateway acts on may appear only once: a server that reads the other copy,
//! or a name in another case, would act on what nobody checked.

use super::codec::SEAL_MARK;
use crate::json::{Cursor, JsonStr, Kind, Span};
use crate::openai_chat::request::{Extension, InputSize, StreamFlag, extension};
use crate::passthrough::MemberTracker;
use crate::request_fields::{FieldSet, fields};
use crate::{DecodeError, Fault};

/// What a gateway reads of a request.
#[derive(Debug, Clone)]
pub struct ResponsesRequestView<'a> {
    /// The model asked for.
    pub model: JsonStr<'a>,
    /// Whether the answer is to be streamed.
    pub stream: StreamFlag,
    /// `max_output_tokens`.
    pub max_output_tokens: Option<u64>,
    /// Tools offered.
    pub tools: u32,
    /// `user`, the caller's name for its own end user.
    pub user: Option<JsonStr<'a>>,
    /// Items of the input; 1 when it is a string.
    pub items: u32,
    /// Size and kinds of the input, instructions and tools included.
    pub input: InputSize,
    /// What is asked of the provider's memory.
    pub state: ServerState,
    /// Reasoning of another provider is in the input, sealed by this gateway. A server of this dialect
    /// refuses it: the codec leaves it out, the passthrough cannot.
    pub has_foreign_reasoning: bool,
    /// The `sluicegate` extension object, to be stripped before the request goes on.
    pub extension: Option<Extension<'a>>,
}

/// What a request asks of the provider's memory. A stateless gateway can serve it only from the
/// provider that keeps the state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ServerState {
    /// `previous_response_id`: the answer goes on from an earlier one.
    pub previous_response: bool,
    /// `conversation`: the turn belongs to a kept conversation.
    pub conversation: bool,
    /// `background`: the answer is to be fetched later.
    pub background: bool,
    /// `store`: whether the answer is to be kept; absent means yes to OpenAI.
    pub store: Option<bool>,
    /// `prompt`: a template kept by the provider.
    pub prompt: bool,
    /// Items of the input that only name one the provider keeps.
    pub item_references: u32,
}

impl ServerState {
    /// Whether the request cannot be understood without what the provider keeps, or leaves behind
    /// what must be fetched from it.
    pub fn is_needed(&self) -> bool {
        self.previous_response
            || self.conversation
            || self.background
            || self.prompt
            || self.item_references > 0
    }
}

impl ResponsesRequestView<'_> {
    /// Whether a stream was asked for.
    pub fn is_stream(&self) -> bool {
        matches!(self.stream, StreamFlag::On(_))
    }

    /// The output limit.
    pub fn output_limit(&self) -> Option<u64> {
        self.max_output_tokens
    }
}

fields! {
    enum Field {
        Model = "model",
        Input = "input",
        Instructions = "instructions",
        Stream = "stream",
        MaxOutputTokens = "max_output_tokens",
        Tools = "tools",
        Text = "text",
        User = "user",
        PreviousResponseId = "previous_response_id",
        Conversation = "conversation",
        Background = "background",
        Store = "store",
        Prompt = "prompt",
        Extension = "sluicegate",
    }
}

impl<'a> ResponsesRequestView<'a> {
    /// Reads `body`, nested at most `depth` deep.
    pub fn parse(body: &'a [u8], depth: u32) -> Result<Self, DecodeError> {
        let mut reader = Reader {
            body,
            seen: FieldSet::new(),
            tracker: MemberTracker::default(),
            model: None,
            has_input: false,
            stream: StreamFlag::Off,
            max_output_tokens: None,
            tools: 0,
            user: None,
            items: 0,
            input: InputSize::default(),
            state: ServerState::default(),
            has_foreign_reasoning: false,
            extension: None,
        };
        let mut cursor = Cursor::new(body, depth)?;
        let whole = cursor.object(|c, key| reader.member(c, key))?;
        cursor.end()?;
        reader.finish(whole)
    }
}

/// What has been read so far.
struct Reader<'a> {
    body: &'a [u8],
    seen: FieldSet<Field>,
    tracker: MemberTracker,
    model: Option<JsonStr<'a>>,
    has_input: bool,
    stream: StreamFlag,
    max_output_tokens: Option<u64>,
    tools: u32,
    user: Option<JsonStr<'a>>,
    items: u32,
    input: InputSize,
    state: ServerState,
    has_foreign_reasoning: bool,
    extension: Option<&'a str>,
}

impl<'a> Reader<'a> {
    fn member(&mut self, c: &mut Cursor<'a>, key: JsonStr<'a>) -> Result<(), DecodeError> {
        let field = self.seen.admit(key)?;
        self.tracker.starts(key.span());
        match field {
            None => {
                c.count_node()?;
                c.skip_value()?;
            }
            Some(Field::Model) => self.model = Some(c.string()?),
            Some(Field::Extension) => self.extension = Some(extension(c, self.body)?),
            Some(field) => {
                if !c.take_null()? {
                    self.field(c, field)?;
                }
            }
        }
        self.tracker.ends(c.position(), field == Some(Field::Extension));
        Ok(())
    }

    /// Reads a field that may be null and is not.
    fn field(&mut self, c: &mut Cursor<'a>, field: Field) -> Result<(), DecodeError> {
        let state = &mut self.state;
        match field {
            Field::Input => {
                self.has_input = true;
                self.input(c)?;
            }
            Field::Instructions => self.input.text_bytes += c.string()?.decoded_len(),
            Field::Stream => {
                let start = c.position();
                if c.bool()? {
                    let end = c.position();
                    self.stream = StreamFlag::On(Span { start, end });
                }
            }
            Field::MaxOutputTokens => self.max_output_tokens = Some(c.unsigned()?),
            Field::Tools => {
                let span = c.array(|c, _| {
                    self.tools = self.tools.saturating_add(1);
                    c.count_node()
                })?;
                self.input.schema_bytes += span.len() as u64;
            }
            Field::Text => self.input.schema_bytes += c.skip_object()?.len() as u64,
            Field::User => self.user = Some(c.string()?),
            Field::PreviousResponseId => {
                c.string()?;
                state.previous_response = true;
            }
            // An id, or an object with one.
            Field::Conversation => {
                c.skip_value()?;
                state.conversation = true;
            }
            Field::Background => state.background = c.bool()?,
            Field::Store => state.store = Some(c.bool()?),
            Field::Prompt => {
                c.skip_object()?;
                state.prompt = true;
            }
            Field::Model | Field::Extension => {}
        }
        Ok(())
    }

    fn input(&mut self, c: &mut Cursor<'a>) -> Result<(), DecodeError> {
        match c.peek()? {
            Kind::String => {
                self.items = 1;
                self.input.text_bytes += c.string()?.decoded_len();
            }
            Kind::Array => drop(c.array(|c, _| {
                self.items = self.items.saturating_add(1);
                let seen = item(c, &mut self.input)?;
                let references = &mut self.state.item_references;
                *references = references.saturating_add(u32::from(seen.is_reference));
                self.has_foreign_reasoning |= seen.is_foreign;
                Ok(())
            })?),
            found @ (Kind::Object | Kind::Number | Kind::Bool | Kind::Null) => {
                return Err(c.wrong_type("a string or an array of items", found));
            }
        }
        Ok(())
    }

    fn finish(self, whole: Span) -> Result<ResponsesRequestView<'a>, DecodeError> {
        let missing = |name: &str| DecodeError::new(Fault::Missing, whole.start).under_key(name);
        let model = self.model.ok_or_else(|| missing("model"))?;
        if !self.has_input && !self.state.is_needed() {
            return Err(missing("input"));
        }
        Ok(ResponsesRequestView {
            model,
            stream: self.stream,
            max_output_tokens: self.max_output_tokens,
            tools: self.tools,
            user: self.user,
            items: self.items,
            input: self.input,
            state: self.state,
            has_foreign_reasoning: self.has_foreign_reasoning,
            extension: self
                .extension
                .and_then(|raw| self.tracker.found().map(|member| Extension { raw, member })),
        })
    }
}

/// What an item is, as far as the gateway must know.
struct Seen {
    is_reference: bool,
    is_foreign: bool,
}

/// Counts what is in an item. What kinds of items there are is for the provider to judge.
fn item(c: &mut Cursor<'_>, input: &mut InputSize) -> Result<Seen, DecodeError> {
    c.count_node()?;
    let (mut kind, mut has_role, mut is_foreign) = (None, false, false);
    c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            (_, Kind::Null) | ("id" | "status", _) => {}
            ("type", Kind::String) => kind = Some(c.string()?),
            ("role", _) => has_role = true,
            ("encrypted_content", Kind::String) => {
                let sealed = c.string()?;
                is_foreign |= sealed.decode().starts_with(SEAL_MARK);
                input.text_bytes += sealed.decoded_len();
            }
            ("content" | "output", Kind::String) => input.text_bytes += c.string()?.decoded_len(),
            ("content" | "output", Kind::Array) => drop(c.array(|c, _| part(c, input))?),
            _ => input.text_bytes += c.skip_value()?.len() as u64,
        }
        Ok(())
    })?;
    Ok(Seen {
        is_reference: kind.map_or(!has_role, |kind| kind.decode() == "item_reference"),
        is_foreign,
    })
}

fn part(c: &mut Cursor<'_>, input: &mut InputSize) -> Result<(), DecodeError> {
    c.count_node()?;
    let (mut kind, mut by_id) = (None, false);
    let (mut images, mut audio, mut files) = (false, false, false);
    c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            (_, Kind::Null) | ("detail" | "filename" | "prompt_cache_breakpoint", _) => {}
            ("type", Kind::String) => kind = Some(c.string()?),
            ("text" | "refusal", Kind::String) => input.text_bytes += c.string()?.decoded_len(),
            ("image_url", _) => images = true,
            ("input_audio", _) => audio = true,
            ("file_data" | "file_url", _) => files = true,
            ("file_id", _) => by_id = true,
            _ => input.text_bytes += c.skip_value()?.len() as u64,
        }
        Ok(())
    })?;
    if by_id {
        let is_image = kind.is_some_and(|kind| kind.decode() == "input_image");
        images |= is_image;
        files |= !is_image;
    }
    input.images = input.images.saturating_add(u32::from(images));
    input.audio = input.audio.saturating_add(u32::from(audio));
    input.files = input.files.saturating_add(u32::from(files));
    Ok(())
}

#[cfg(test)]
mod tests;
