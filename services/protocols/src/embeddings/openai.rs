//! OpenAI embeddings: what a gateway reads of a request, and building answers. The data plane's
//! decode stage and the echo and mock providers call this; answers are read by
//! [`crate::openai_chat::response::read`], whose usage and model members are the same.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::json::{Cursor, JsonStr, Kind, Span, write_string};
use crate::openai_chat::request::{Extension, extension};
use crate::passthrough::MemberTracker;
use crate::request_fields::{FieldSet, fields};
use crate::{DecodeError, Fault};

/// What a gateway reads of an embeddings request.
#[derive(Debug, Clone)]
pub struct EmbeddingsRequestView<'a> {
    /// The model asked for.
    pub model: JsonStr<'a>,
    /// Size of the input.
    pub input: EmbeddingInput,
    /// The form asked of the vectors.
    pub encoding_format: EncodingFormat,
    /// Length asked of the vectors.
    pub dimensions: Option<u64>,
    /// The caller's name for its own end user.
    pub user: Option<JsonStr<'a>>,
    /// The `sluicegate` extension object, to be stripped before the request goes on.
    pub extension: Option<Extension<'a>>,
}

/// Size of an embeddings input.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EmbeddingInput {
    /// Texts or token lists: vectors to be made.
    pub items: u32,
    /// Bytes of text, decoded.
    pub text_bytes: u64,
    /// Tokens, where the input was given as tokens.
    pub tokens: u64,
}

/// `encoding_format`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum EncodingFormat {
    /// Arrays of numbers.
    #[default]
    Float,
    /// Base64 of little-endian 32-bit floats, which OpenAI's Python client asks for by itself.
    Base64,
    /// A provider's own form.
    Other,
}

fields! {
    enum Field {
        Model = "model",
        Input = "input",
        EncodingFormat = "encoding_format",
        Dimensions = "dimensions",
        User = "user",
        Extension = "sluicegate",
    }
}

impl<'a> EmbeddingsRequestView<'a> {
    /// Reads `body`, nested at most `depth` deep.
    pub fn parse(body: &'a [u8], depth: u32) -> Result<Self, DecodeError> {
        let mut seen = FieldSet::new();
        let mut tracker = MemberTracker::default();
        let (mut model, mut input, mut dimensions, mut user, mut raw_extension) =
            (None, None, None, None, None);
        let mut encoding_format = EncodingFormat::default();
        let mut cursor = Cursor::new(body, depth)?;
        let whole = cursor.object(|c, key| {
            let field = seen.admit(key)?;
            tracker.starts(key.span());
            match field {
                Some(Field::Model) => model = Some(c.string()?),
                Some(Field::Input) => input = Some(read_input(c)?),
                Some(Field::EncodingFormat) if !c.take_null()? => encoding_format = read_format(c)?,
                Some(Field::Dimensions) if !c.take_null()? => dimensions = Some(c.unsigned()?),
                Some(Field::User) if !c.take_null()? => user = Some(c.string()?),
                Some(Field::Extension) => raw_extension = Some(extension(c, body)?),
                Some(Field::EncodingFormat | Field::Dimensions | Field::User) => {}
                None => {
                    c.count_node()?;
                    c.skip_value()?;
                }
            }
            tracker.ends(c.position(), field == Some(Field::Extension));
            Ok(())
        })?;
        cursor.end()?;
        Ok(Self {
            model: model.ok_or_else(|| missing(whole, "model"))?,
            input: input.ok_or_else(|| missing(whole, "input"))?,
            encoding_format,
            dimensions,
            user,
            extension: raw_extension.and_then(|raw| tracker.found().map(|member| Extension { raw, member })),
        })
    }
}

fn missing(whole: Span, name: &str) -> DecodeError {
    DecodeError::new(Fault::Missing, whole.start).under_key(name)
}

fn read_format(c: &mut Cursor<'_>) -> Result<EncodingFormat, DecodeError> {
    Ok(match c.string()?.decode().as_ref() {
        "float" => EncodingFormat::Float,
        "base64" => EncodingFormat::Base64,
        _ => EncodingFormat::Other,
    })
}

/// Reads a text, a list of texts, a list of tokens or a list of token lists.
fn read_input(c: &mut Cursor<'_>) -> Result<EmbeddingInput, DecodeError> {
    let mut input = EmbeddingInput::default();
    match c.peek()? {
        Kind::String => {
            input.items = 1;
            input.text_bytes = c.string()?.decoded_len();
        }
        Kind::Array => drop(c.array(|c, _| read_item(c, &mut input))?),
        found @ (Kind::Object | Kind::Number | Kind::Bool | Kind::Null) => {
            return Err(c.wrong_type("a string or an array", found));
        }
    }
    if input.items == 0 && input.tokens > 0 {
        input.items = 1;
    }
    Ok(input)
}

fn read_item(c: &mut Cursor<'_>, input: &mut EmbeddingInput) -> Result<(), DecodeError> {
    match c.peek()? {
        Kind::Number => {
            c.unsigned()?;
            input.tokens += 1;
        }
        Kind::String => {
            input.items = input.items.saturating_add(1);
            input.text_bytes += c.string()?.decoded_len();
        }
        Kind::Array => {
            input.items = input.items.saturating_add(1);
            c.array(|c, _| {
                c.unsigned()?;
                input.tokens += 1;
                Ok(())
            })?;
        }
        // Some servers take objects with images here.
        Kind::Object => {
            input.items = input.items.saturating_add(1);
            input.text_bytes += c.skip_value()?.len() as u64;
        }
        found @ (Kind::Bool | Kind::Null) => {
            return Err(c.wrong_type("a string or an array of tokens", found));
        }
    }
    Ok(())
}

/// Builds an embeddings answer: one vector per input, in order. `Other` encodes as numbers.
pub fn response(model: &str, vectors: &[Vec<f32>], encoding: EncodingFormat, prompt_tokens: u64) -> Vec<u8> {
    let floats: usize = vectors.iter().map(Vec::len).sum();
    let mut out = Vec::with_capacity(floats * 12 + 256);
    out.extend_from_slice(br#"{"object":"list","data":["#);
    for (index, vector) in vectors.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        out.extend_from_slice(format!(r#"{{"object":"embedding","index":{index},"embedding":"#).as_bytes());
        match encoding {
            EncodingFormat::Base64 => write_base64(&mut out, vector),
            EncodingFormat::Float | EncodingFormat::Other => write_floats(&mut out, vector),
        }
        out.push(b'}');
    }
    out.extend_from_slice(br#"],"model":"#);
    write_string(&mut out, model);
    let usage = format!(r#","usage":{{"prompt_tokens":{prompt_tokens},"total_tokens":{prompt_tokens}}}}}"#);
    out.extend_from_slice(usage.as_bytes());
    out
}

fn write_base64(out: &mut Vec<u8>, vector: &[f32]) {
    let bytes: Vec<u8> = vector.iter().flat_map(|f| f.to_le_bytes()).collect();
    out.push(b'"');
    out.extend_from_slice(STANDARD.encode(bytes).as_bytes());
    out.push(b'"');
}

pub(super) fn write_floats(out: &mut Vec<u8>, vector: &[f32]) {
    out.push(b'[');
    for (at, value) in vector.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        // JSON has no way to write infinities; a provider that has them is broken already.
        let value = if value.is_finite() { *value } else { 0.0 };
        out.extend_from_slice(value.to_string().as_bytes());
    }
    out.push(b']');
}

#[cfg(test)]
mod tests;
