//! `GeminiRequestView`: the few things a gateway must know of a generateContent request, found in
//! one borrowed pass that also checks the whole body. The data plane's decode stage makes it;
//! `passthrough` uses its spans. Google's servers take every name in two spellings, camel case and
//! snake case, so the two count as one field here, and fields the gateway acts on may appear once.

use crate::json::{Cursor, JsonStr, Kind, Span};
use crate::openai_chat::request::{Extension, InputSize, extension};
use crate::passthrough::MemberTracker;
use crate::request_fields::{FieldSet, fields};
use crate::{DecodeError, Fault};

/// What a gateway reads of a generateContent request. The model and whether to stream are in the
/// path.
#[derive(Debug, Clone)]
pub struct GeminiRequestView<'a> {
    /// `generationConfig.maxOutputTokens`.
    pub max_output_tokens: Option<u64>,
    /// Answers asked for, 1 when absent.
    pub candidates: u32,
    /// Functions declared and tools of Google's.
    pub tools: u32,
    /// Contents: the turns of the conversation.
    pub contents: u32,
    /// The `contents` value.
    pub contents_span: Span,
    /// Size and kinds of the input.
    pub input: InputSize,
    /// The `sluicegate` extension object, to be stripped before the request goes on.
    pub extension: Option<Extension<'a>>,
}

fields! {
    enum Field {
        Contents = "contents",
        SystemInstruction = "systemInstruction" | "system_instruction",
        Tools = "tools",
        GenerationConfig = "generationConfig" | "generation_config",
        Extension = "sluicegate",
    }
}

fields! {
    enum ConfigField {
        MaxOutputTokens = "maxOutputTokens" | "max_output_tokens",
        CandidateCount = "candidateCount" | "candidate_count",
        Schema = "responseSchema" | "response_schema",
        JsonSchema = "responseJsonSchema" | "response_json_schema",
    }
}

/// Most answers one request may ask for.
const MAX_CANDIDATES: u64 = 128;

impl<'a> GeminiRequestView<'a> {
    /// Reads `body`, nested at most `depth` deep.
    pub fn parse(body: &'a [u8], depth: u32) -> Result<Self, DecodeError> {
        let mut reader = Reader {
            seen: FieldSet::new(),
            tracker: MemberTracker::default(),
            contents: None,
            extension: None,
            max_output_tokens: None,
            candidates: 1,
            tools: 0,
            input: InputSize::default(),
        };
        let mut cursor = Cursor::new(body, depth)?;
        let whole = cursor.object(|c, key| reader.member(c, key, body))?;
        cursor.end()?;
        let (contents, contents_span) = reader
            .contents
            .ok_or_else(|| DecodeError::new(Fault::Missing, whole.start).under_key("contents"))?;
        Ok(Self {
            max_output_tokens: reader.max_output_tokens,
            candidates: reader.candidates,
            tools: reader.tools,
            contents,
            contents_span,
            input: reader.input,
            extension: reader
                .extension
                .and_then(|raw| reader.tracker.found().map(|member| Extension { raw, member })),
        })
    }

    /// The output limit per answer.
    pub fn output_limit(&self) -> Option<u64> {
        self.max_output_tokens
    }
}

/// What has been read so far.
struct Reader<'a> {
    seen: FieldSet<Field>,
    tracker: MemberTracker,
    contents: Option<(u32, Span)>,
    extension: Option<&'a str>,
    max_output_tokens: Option<u64>,
    candidates: u32,
    tools: u32,
    input: InputSize,
}

impl<'a> Reader<'a> {
    fn member(&mut self, c: &mut Cursor<'a>, key: JsonStr<'a>, body: &'a [u8]) -> Result<(), DecodeError> {
        let field = self.seen.admit(key)?;
        self.tracker.starts(key.span());
        match field {
            None => {
                c.count_node()?;
                c.skip_value()?;
            }
            Some(Field::Contents) => self.contents = Some(contents(c, &mut self.input)?),
            Some(Field::Extension) => self.extension = Some(extension(c, body)?),
            Some(field @ (Field::SystemInstruction | Field::Tools | Field::GenerationConfig)) => {
                if !c.take_null()? {
                    match field {
                        Field::SystemInstruction => content(c, &mut self.input)?,
                        Field::Tools => self.tools(c)?,
                        Field::GenerationConfig => self.config(c)?,
                        Field::Contents | Field::Extension => {}
                    }
                }
            }
        }
        self.tracker.ends(c.position(), field == Some(Field::Extension));
        Ok(())
    }

    fn tools(&mut self, c: &mut Cursor<'a>) -> Result<(), DecodeError> {
        let mut count = 0u32;
        let span = each(c, "an array of tools", |c| {
            c.count_node()?;
            c.object(|c, key| {
                let functions = matches!(
                    key.decode().as_ref(),
                    "functionDeclarations" | "function_declarations"
                );
                if functions && c.peek()? == Kind::Array {
                    c.array(|c, _| {
                        count = count.saturating_add(1);
                        c.count_node()
                    })?;
                } else {
                    count = count.saturating_add(1);
                }
                Ok(())
            })
            .map(drop)
        })?;
        self.tools = count;
        self.input.schema_bytes += span.len() as u64;
        Ok(())
    }

    fn config(&mut self, c: &mut Cursor<'a>) -> Result<(), DecodeError> {
        let mut seen = FieldSet::<ConfigField>::new();
        c.object(|c, key| {
            let field = seen.admit(key)?;
            if field.is_none() || c.take_null()? {
                return Ok(());
            }
            match field {
                Some(ConfigField::MaxOutputTokens) => self.max_output_tokens = Some(c.unsigned()?),
                Some(ConfigField::CandidateCount) => self.candidates = candidates(c)?,
                Some(ConfigField::Schema | ConfigField::JsonSchema) => {
                    self.input.schema_bytes += c.skip_value()?.len() as u64;
                }
                None => {}
            }
            Ok(())
        })
        .map(drop)
    }
}

fn candidates(c: &mut Cursor<'_>) -> Result<u32, DecodeError> {
    let at = c.position();
    match c.unsigned()? {
        n @ 1..=MAX_CANDIDATES => Ok(u32::try_from(n).unwrap_or(1)),
        _ => Err(DecodeError::new(Fault::OutOfRange("1 to 128"), at)),
    }
}

/// Walks a list, or the one element that Google's servers take for a list of one.
fn each<'a>(
    c: &mut Cursor<'a>,
    expected: &'static str,
    mut element: impl FnMut(&mut Cursor<'a>) -> Result<(), DecodeError>,
) -> Result<Span, DecodeError> {
    let start = c.position();
    match c.peek()? {
        Kind::Array => c.array(|c, _| element(c)),
        Kind::Object => {
            element(c)?;
            Ok(Span {
                start,
                end: c.position(),
            })
        }
        found @ (Kind::String | Kind::Number | Kind::Bool | Kind::Null) => Err(c.wrong_type(expected, found)),
    }
}

fn contents(c: &mut Cursor<'_>, input: &mut InputSize) -> Result<(u32, Span), DecodeError> {
    let mut count = 0u32;
    let span = each(c, "an array of contents", |c| {
        count = count.saturating_add(1);
        content(c, input)
    })?;
    Ok((count, span))
}

/// Counts what is in a content. Roles and the inside of parts are for the provider to judge.
fn content(c: &mut Cursor<'_>, input: &mut InputSize) -> Result<(), DecodeError> {
    c.count_node()?;
    c.object(|c, key| match key.decode().as_ref() {
        "role" => Ok(()),
        "parts" if c.peek()? != Kind::Null => each(c, "an array of parts", |c| part(c, input)).map(drop),
        _ => {
            input.text_bytes += c.skip_value()?.len() as u64;
            Ok(())
        }
    })
    .map(drop)
}

fn part(c: &mut Cursor<'_>, input: &mut InputSize) -> Result<(), DecodeError> {
    c.count_node()?;
    c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            (_, Kind::Null) | ("thought", _) => {}
            ("text", Kind::String) => input.text_bytes += c.string()?.decoded_len(),
            ("inlineData" | "inline_data" | "fileData" | "file_data", Kind::Object) => media(c, input)?,
            ("functionResponse" | "function_response", Kind::Object) => {
                c.object(|c, key| {
                    if key.decode() == "parts" && c.peek()? == Kind::Array {
                        // Media alone; nothing nests deeper here.
                        return c.array(|c, _| result_part(c, input)).map(drop);
                    }
                    input.text_bytes += c.skip_value()?.len() as u64;
                    Ok(())
                })?;
            }
            _ => input.text_bytes += c.skip_value()?.len() as u64,
        }
        Ok(())
    })
    .map(drop)
}

fn result_part(c: &mut Cursor<'_>, input: &mut InputSize) -> Result<(), DecodeError> {
    c.count_node()?;
    c.object(|c, key| match (key.decode().as_ref(), c.peek()?) {
        ("inlineData" | "inline_data" | "fileData" | "file_data", Kind::Object) => media(c, input),
        _ => {
            input.text_bytes += c.skip_value()?.len() as u64;
            Ok(())
        }
    })
    .map(drop)
}

/// Counts a blob or a file by its type.
fn media(c: &mut Cursor<'_>, input: &mut InputSize) -> Result<(), DecodeError> {
    let mut kind = None;
    c.object(|c, key| {
        if matches!(key.decode().as_ref(), "mimeType" | "mime_type") && c.peek()? == Kind::String {
            let mime = c.string()?.decode();
            kind = mime.split('/').next().map(str::to_owned);
        }
        Ok(())
    })?;
    let counter = match kind.as_deref() {
        Some("image") => &mut input.images,
        Some("audio") => &mut input.audio,
        _ => &mut input.files,
    };
    *counter = counter.saturating_add(1);
    Ok(())
}

#[cfg(test)]
mod tests;
