//! Gemini's `embedContent` and `batchEmbedContents`, written as OpenAI embeddings and read back: the
//! form that every other server of embeddings knows. Gemini's own is a thin one of the same
//! meaning, so that no canonical form stands between.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::json::{Array, Cursor, Kind, Object, RawJson, write_string};
use crate::lossy::{Encoded, Feature, LossReport, Severity};
use crate::request_fields::{FieldSet, fields};
use crate::{DecodeError, Fault};

/// One text or several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmbedMethod {
    /// `embedContent`.
    One,
    /// `batchEmbedContents`.
    Batch,
}

fields! {
    enum Field {
        Requests = "requests",
        Model = "model",
        Content = "content",
        OutputDimensionality = "outputDimensionality",
        Extension = "sluicegate",
    }
}

/// What is asked so far.
#[derive(Debug, Default)]
struct Asked<'a> {
    texts: Vec<Cow<'a, str>>,
    dimensions: Option<u64>,
    losses: LossReport,
}

/// The request as an OpenAI embeddings request for `model`, which Gemini names in the path. `body`
/// nests at most `depth` deep. Task types and titles have no place there and are reported as lost.
pub fn to_openai(body: &[u8], depth: u32, method: EmbedMethod, model: &str) -> Result<Encoded, DecodeError> {
    let mut asked = Asked::default();
    let mut cursor = Cursor::new(body, depth)?;
    match method {
        EmbedMethod::One => asked.request(&mut cursor)?,
        EmbedMethod::Batch => asked.batch(&mut cursor)?,
    }
    cursor.end()?;
    let mut out = Vec::with_capacity(body.len() + 64);
    {
        let mut object = Object::open(&mut out);
        object.string("model", model);
        {
            let mut input = object.array("input");
            for text in &asked.texts {
                write_string(input.value(), text);
            }
        }
        if let Some(dimensions) = asked.dimensions {
            object.unsigned("dimensions", dimensions);
        }
        object.string("encoding_format", "float");
    }
    Ok(Encoded {
        body: out,
        losses: asked.losses,
    })
}

impl<'a> Asked<'a> {
    fn batch(&mut self, c: &mut Cursor<'a>) -> Result<(), DecodeError> {
        let mut seen = FieldSet::new();
        let mut found = false;
        let whole = c.object(|c, key| {
            match seen.admit(key)? {
                Some(Field::Requests) => {
                    found = true;
                    c.array(|c, _| self.request(c))?;
                }
                Some(Field::Model | Field::Content | Field::OutputDimensionality | Field::Extension)
                | None => {}
            }
            Ok(())
        })?;
        if found {
            Ok(())
        } else {
            Err(DecodeError::new(Fault::Missing, whole.start).under_key("requests"))
        }
    }

    fn request(&mut self, c: &mut Cursor<'a>) -> Result<(), DecodeError> {
        c.count_node()?;
        let mut seen = FieldSet::new();
        let mut text = None;
        let whole = c.object(|c, key| {
            match seen.admit(key)? {
                Some(Field::Content) => text = Some(content(c)?),
                Some(Field::OutputDimensionality) if !c.take_null()? => {
                    let at = c.position();
                    let wanted = c.unsigned()?;
                    if self
                        .dimensions
                        .replace(wanted)
                        .is_some_and(|other| other != wanted)
                    {
                        return Err(DecodeError::new(
                            Fault::OutOfRange("one value for all requests"),
                            at,
                        ));
                    }
                }
                Some(Field::Model | Field::Extension | Field::Requests | Field::OutputDimensionality) => {}
                None => {
                    if c.peek()? != Kind::Null {
                        let name = key.decode();
                        self.losses
                            .note_once(Feature::UnknownField, &name, Severity::Altered, "/");
                    }
                }
            }
            Ok(())
        })?;
        let text = text.ok_or_else(|| DecodeError::new(Fault::Missing, whole.start).under_key("content"))?;
        self.texts.push(text);
        Ok(())
    }
}

/// The text of a content, of all its parts.
fn content<'a>(c: &mut Cursor<'a>) -> Result<Cow<'a, str>, DecodeError> {
    let mut text: Option<Cow<'a, str>> = None;
    let mut add = |piece: Cow<'a, str>| match &mut text {
        None => text = Some(piece),
        Some(text) => text.to_mut().push_str(&piece),
    };
    let whole = c.object(|c, key| {
        if key.decode() == "parts" {
            c.array(|c, _| {
                c.object(|c, key| {
                    match key.decode().as_ref() {
                        "text" => add(c.text()?),
                        _ if c.peek()? == Kind::Null => {}
                        _ => {
                            let found = c.peek()?;
                            return Err(c.wrong_type("a part of text", found));
                        }
                    }
                    Ok(())
                })
                .map(drop)
            })?;
        }
        Ok(())
    })?;
    text.ok_or_else(|| DecodeError::new(Fault::Missing, whole.start).under_key("parts"))
}

/// An OpenAI embeddings answer as Gemini's. Vectors keep their spelling; those in base64 are written
/// out. Vectors go by their number, where they have one.
pub fn from_openai(body: &[u8], method: EmbedMethod) -> Result<Vec<u8>, DecodeError> {
    let mut vectors: Vec<(u64, RawJson<'_>)> = Vec::new();
    let mut cursor = Cursor::new(body, crate::json::MAX_DEPTH)?;
    cursor.object(|c, key| {
        if key.decode() == "data" && c.peek()? == Kind::Array {
            c.array(|c, at| {
                let (mut number, mut vector) = (at as u64, None);
                c.object(|c, key| {
                    match (key.decode().as_ref(), c.peek()?) {
                        ("index", Kind::Number) => number = c.unsigned()?,
                        ("embedding", Kind::Array | Kind::String) => vector = Some(c.raw()?),
                        _ => {}
                    }
                    Ok(())
                })?;
                vectors.extend(vector.map(|vector| (number, vector)));
                Ok(())
            })?;
        }
        Ok(())
    })?;
    cursor.end()?;
    vectors.sort_by_key(|(number, _)| *number);
    let mut out = Vec::with_capacity(body.len());
    {
        let mut object = Object::open(&mut out);
        match method {
            EmbedMethod::One => {
                let mut embedding = object.object("embedding");
                let first = vectors.first().map(|(_, vector)| vector);
                write_values(embedding.value("values"), first);
            }
            EmbedMethod::Batch => {
                let mut list: Array<'_> = object.array("embeddings");
                for (_, vector) in &vectors {
                    let mut embedding = list.object();
                    write_values(embedding.value("values"), Some(vector));
                }
            }
        }
    }
    Ok(out)
}

fn write_values(out: &mut Vec<u8>, vector: Option<&RawJson<'_>>) {
    let Some(vector) = vector else {
        out.extend_from_slice(b"[]");
        return;
    };
    let bytes = vector
        .as_text()
        .and_then(|text| STANDARD.decode(text.as_bytes()).ok());
    match bytes {
        None if vector.kind() == Kind::Array => vector.write(out),
        None => out.extend_from_slice(b"[]"),
        Some(bytes) => {
            let mut floats: Vec<f32> = Vec::with_capacity(bytes.len() / 4);
            floats.extend(
                bytes
                    .chunks_exact(4)
                    .filter_map(|four| four.try_into().ok().map(f32::from_le_bytes)),
            );
            super::openai::write_floats(out, &floats);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn asked(body: &str, method: EmbedMethod) -> (Value, LossReport) {
        let encoded = to_openai(body.as_bytes(), 64, method, "m").unwrap();
        (serde_json::from_slice(&encoded.body).unwrap(), encoded.losses)
    }

    #[test]
    fn one_text_and_several_become_an_embeddings_request() {
        let (one, losses) = asked(
            r#"{"content":{"parts":[{"text":"a\u00e9"},{"text":"b"}]},"taskType":"RETRIEVAL_QUERY","outputDimensionality":8}"#,
            EmbedMethod::One,
        );
        assert_eq!(
            one,
            json!({"model":"m","input":["a\u{e9}b"],"dimensions":8,"encoding_format":"float"})
        );
        assert_eq!(losses.losses()[0].name, "taskType");
        let (several, losses) = asked(
            r#"{"requests":[{"model":"models/x","content":{"parts":[{"text":"a"}]}},{"content":{"role":"user","parts":[{"text":"b"}]}}]}"#,
            EmbedMethod::Batch,
        );
        assert_eq!(
            several,
            json!({"model":"m","input":["a","b"],"encoding_format":"float"})
        );
        assert!(losses.is_empty());
    }

    #[test]
    fn a_fault_has_a_place() {
        for (body, method, pointer) in [
            (r#"{"content":{"parts":[]}}"#, EmbedMethod::One, "/content/parts"),
            (
                r#"{"content":{"parts":[{"inlineData":{}}]}}"#,
                EmbedMethod::One,
                "/content/parts/0/inlineData",
            ),
            (r#"{}"#, EmbedMethod::One, "/content"),
            (r#"{}"#, EmbedMethod::Batch, "/requests"),
            (
                r#"{"requests":[{"content":{"parts":[{"text":1}]}}]}"#,
                EmbedMethod::Batch,
                "/requests/0/content/parts/0/text",
            ),
        ] {
            let error = to_openai(body.as_bytes(), 64, method, "m").unwrap_err();
            assert_eq!(error.pointer(), pointer, "{body}");
        }
    }

    #[test]
    fn vectors_come_back_in_order_and_as_they_were_spelled() {
        let answer = r#"{"data":[{"index":1,"embedding":[2.50,1e-3]},{"index":0,"embedding":"AACAPwAAAMA="}],"usage":{}}"#;
        let batch = from_openai(answer.as_bytes(), EmbedMethod::Batch).unwrap();
        let text = r#"{"embeddings":[{"values":[1,-2]},{"values":[2.50,1e-3]}]}"#;
        assert_eq!(String::from_utf8(batch).unwrap(), text);
        let one = from_openai(br#"{"data":[{"embedding":[0.5]}]}"#, EmbedMethod::One).unwrap();
        assert_eq!(one, br#"{"embedding":{"values":[0.5]}}"#);
    }
}
