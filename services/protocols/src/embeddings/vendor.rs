//! OpenAI embeddings by way of models with a form of their own: under Bedrock's `InvokeModel`, where each
//! vendor has its own (Amazon Titan and Nova take one text a call, Cohere takes many), and under Vertex
//! AI's `predict`. A request becomes the bodies of as many calls as it needs, and their answers become
//! one.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::openai::EncodingFormat;
use crate::json::{Cursor, Kind, MAX_DEPTH, Object, RawJson};
use crate::lossy::{Feature, LossReport, Severity};
use crate::request_fields::{FieldSet, fields};
use crate::{DecodeError, Fault};

/// Whose model it is, which says what its bodies look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// `amazon.titan-embed-*`.
    Titan,
    /// `amazon.nova-*-embeddings-*`.
    Nova,
    /// `cohere.embed-*`, and Cohere's own API.
    Cohere,
    /// `text-embedding-*` and others under Vertex AI's `predict`.
    Vertex,
    /// `gemini-embedding-*` there, which take one text a call.
    VertexGemini,
}

/// Most texts of one call to Cohere.
const MAX_COHERE: usize = 96;
/// Most texts of one call to Vertex AI.
const MAX_VERTEX: usize = 250;

impl Family {
    /// The family of a Bedrock model id, with or without a region in front; `None` when it makes no
    /// embeddings that are known here.
    pub fn of_model(id: &str) -> Option<Self> {
        if id.contains("amazon.titan-embed-text") {
            Some(Self::Titan)
        } else if id.contains("amazon.nova") && id.contains("embeddings") {
            Some(Self::Nova)
        } else if id.contains("cohere.embed") {
            Some(Self::Cohere)
        } else {
            None
        }
    }

    /// The family of a model of Google's on Vertex AI.
    pub fn of_vertex(id: &str) -> Self {
        if id.starts_with("gemini-embedding") {
            Self::VertexGemini
        } else {
            Self::Vertex
        }
    }

    fn texts_per_call(self) -> usize {
        match self {
            Self::Titan | Self::Nova | Self::VertexGemini => 1,
            Self::Cohere => MAX_COHERE,
            Self::Vertex => MAX_VERTEX,
        }
    }
}

/// What to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calls {
    /// The bodies, in the order of the texts; their answers go to [`to_openai`] in the same order.
    pub bodies: Vec<Vec<u8>>,
    /// The form the caller asked of the vectors.
    pub encoding: EncodingFormat,
    /// What the models have no place for.
    pub losses: LossReport,
}

fields! {
    enum Field {
        Model = "model",
        Input = "input",
        Dimensions = "dimensions",
        EncodingFormat = "encoding_format",
        Extension = "sluicegate",
    }
}

/// An OpenAI embeddings request, nested at most `depth` deep, for a model of that family. The model is
/// in the path of the call. Input given as tokens is refused: these models take text.
pub fn from_openai(body: &[u8], depth: u32, family: Family) -> Result<Calls, DecodeError> {
    let mut seen = FieldSet::new();
    let (mut texts, mut dimensions, mut encoding) = (None, None, EncodingFormat::Float);
    let mut losses = LossReport::default();
    let mut cursor = Cursor::new(body, depth)?;
    let whole = cursor.object(|c, key| {
        match seen.admit(key)? {
            Some(Field::Input) => texts = Some(input(c)?),
            Some(Field::Dimensions) if !c.take_null()? => dimensions = Some(c.unsigned()?),
            Some(Field::EncodingFormat) if !c.take_null()? => {
                encoding = match c.string()?.decode().as_ref() {
                    "base64" => EncodingFormat::Base64,
                    "float" => EncodingFormat::Float,
                    _ => EncodingFormat::Other,
                };
            }
            Some(Field::Model | Field::Dimensions | Field::EncodingFormat | Field::Extension) => {}
            None => {
                if c.peek()? != Kind::Null {
                    losses.note_once(Feature::UnknownField, &key.decode(), Severity::Altered, "/");
                }
            }
        }
        Ok(())
    })?;
    cursor.end()?;
    let texts = texts.ok_or_else(|| DecodeError::new(Fault::Missing, whole.start).under_key("input"))?;
    let calls = texts.chunks(family.texts_per_call());
    Ok(Calls {
        bodies: calls.map(|texts| call(family, texts, dimensions)).collect(),
        encoding,
        losses,
    })
}

fn input<'a>(c: &mut Cursor<'a>) -> Result<Vec<Cow<'a, str>>, DecodeError> {
    if c.peek()? == Kind::String {
        return Ok(vec![c.text()?]);
    }
    let mut texts = Vec::new();
    c.array(|c, _| {
        c.count_node()?;
        texts.push(c.text()?);
        Ok(())
    })?;
    Ok(texts)
}

fn call(family: Family, texts: &[Cow<'_, str>], dimensions: Option<u64>) -> Vec<u8> {
    let mut body = Vec::with_capacity(texts.iter().map(|text| text.len()).sum::<usize>() + 160);
    let mut object = Object::open(&mut body);
    let text = texts.first().map_or("", |text| text);
    match family {
        Family::Titan => {
            object.string("inputText", text);
            optional(&mut object, "dimensions", dimensions);
        }
        Family::Nova => {
            object.string("taskType", "SINGLE_EMBEDDING");
            let mut params = object.object("singleEmbeddingParams");
            params.string("embeddingPurpose", "GENERIC_INDEX");
            optional(&mut params, "embeddingDimension", dimensions);
            let mut inner = params.object("text");
            inner.string("truncationMode", "NONE");
            inner.string("value", text);
        }
        Family::Cohere => {
            {
                let mut list = object.array("texts");
                texts.iter().for_each(|text| list.string(text));
            }
            // It demands to know what for, and OpenAI's callers do not say.
            object.string("input_type", "search_document");
            object.array("embedding_types").string("float");
            optional(&mut object, "output_dimension", dimensions);
        }
        Family::Vertex | Family::VertexGemini => {
            {
                let mut list = object.array("instances");
                texts
                    .iter()
                    .for_each(|text| list.object().string("content", text));
            }
            if dimensions.is_some() {
                optional(
                    &mut object.object("parameters"),
                    "outputDimensionality",
                    dimensions,
                );
            }
        }
    }
    drop(object);
    body
}

fn optional(object: &mut Object<'_>, name: &'static str, value: Option<u64>) {
    if let Some(value) = value {
        object.unsigned(name, value);
    }
}

/// The answers of all calls of a request as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// In OpenAI's form.
    pub body: Vec<u8>,
    /// Tokens of the input, where the bodies told them.
    pub tokens: Option<u64>,
}

/// The answers of all calls of a request as one OpenAI answer. Vectors keep their spelling, unless the
/// caller asked for base64. `guess`: tokens of the input, for models whose bodies do not tell them.
pub fn to_openai(
    answers: &[&[u8]],
    model: &str,
    encoding: EncodingFormat,
    guess: u64,
) -> Result<Answer, DecodeError> {
    let mut told = Told::default();
    for answer in answers {
        let mut cursor = Cursor::new(answer, MAX_DEPTH)?;
        told.object(&mut cursor)?;
        cursor.end()?;
    }
    let Told { vectors, counted } = told;
    let tokens = counted.unwrap_or(guess);
    let mut out = Vec::with_capacity(answers.iter().map(|answer| answer.len()).sum::<usize>() + 160);
    let mut object = Object::open(&mut out);
    object.string("object", "list");
    {
        let mut list = object.array("data");
        for (index, vector) in vectors.iter().enumerate() {
            let mut item = list.object();
            item.string("object", "embedding");
            item.unsigned("index", index as u64);
            write_vector(&mut item, vector, encoding)?;
        }
    }
    object.string("model", model);
    {
        let mut usage = object.object("usage");
        usage.unsigned("prompt_tokens", tokens);
        usage.unsigned("total_tokens", tokens);
    }
    drop(object);
    Ok(Answer {
        body: out,
        tokens: counted,
    })
}

/// What answers say.
#[derive(Default)]
struct Told<'a> {
    vectors: Vec<RawJson<'a>>,
    counted: Option<u64>,
}

impl<'a> Told<'a> {
    /// Reads an object that holds vectors, under the names that any vendor has for them, or objects that
    /// do.
    fn object(&mut self, c: &mut Cursor<'a>) -> Result<(), DecodeError> {
        c.object(|c, key| {
            match (key.decode().as_ref(), c.peek()?) {
                ("embedding" | "values", Kind::Array) => {
                    c.count_node()?;
                    self.vectors.push(c.raw()?);
                }
                ("embeddings" | "float" | "predictions", Kind::Array) => self.list(c)?,
                ("embeddings" | "statistics", Kind::Object) => self.object(c)?,
                ("inputTextTokenCount" | "token_count", Kind::Number) => {
                    self.counted = Some(self.counted.unwrap_or(0).saturating_add(c.unsigned()?));
                }
                _ => {}
            }
            Ok(())
        })
        .map(drop)
    }

    /// Reads a list of vectors: bare, or each in an object of its own.
    fn list(&mut self, c: &mut Cursor<'a>) -> Result<(), DecodeError> {
        c.array(|c, _| {
            c.count_node()?;
            match c.peek()? {
                Kind::Array => self.vectors.push(c.raw()?),
                Kind::Object => self.object(c)?,
                Kind::String | Kind::Number | Kind::Bool | Kind::Null => {}
            }
            Ok(())
        })
        .map(drop)
    }
}

fn write_vector(
    item: &mut Object<'_>,
    vector: &RawJson<'_>,
    encoding: EncodingFormat,
) -> Result<(), DecodeError> {
    match encoding {
        EncodingFormat::Float | EncodingFormat::Other => item.raw("embedding", vector),
        EncodingFormat::Base64 => {
            let mut bytes = Vec::new();
            vector.cursor().array(|c, _| {
                let number: f32 = c.number()?.parse().unwrap_or_default();
                bytes.extend_from_slice(&number.to_le_bytes());
                Ok(())
            })?;
            item.string("embedding", &STANDARD.encode(bytes));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn bodies(body: &str, family: Family) -> (Vec<Value>, Calls) {
        let calls = from_openai(body.as_bytes(), 64, family).unwrap();
        let bodies = calls
            .bodies
            .iter()
            .map(|body| serde_json::from_slice(body).unwrap());
        (bodies.collect(), calls)
    }

    #[test]
    fn each_family_gets_its_own_bodies() {
        let request =
            r#"{"model":"m","input":["a","b"],"dimensions":256,"encoding_format":"base64","user":"u"}"#;
        let (titan, calls) = bodies(request, Family::Titan);
        assert_eq!(titan[1], json!({"inputText": "b", "dimensions": 256}));
        assert_eq!((titan.len(), calls.encoding), (2, EncodingFormat::Base64));
        assert_eq!(calls.losses.losses()[0].to_string(), "unknown_field:user@/");
        let (nova, _) = bodies(request, Family::Nova);
        let text = json!({"truncationMode": "NONE", "value": "a"});
        let params = json!({"embeddingPurpose": "GENERIC_INDEX", "embeddingDimension": 256, "text": text});
        assert_eq!(
            nova[0],
            json!({"taskType": "SINGLE_EMBEDDING", "singleEmbeddingParams": params})
        );
        let (cohere, _) = bodies(request, Family::Cohere);
        let expected = json!({"texts": ["a", "b"], "input_type": "search_document", "embedding_types": ["float"],
            "output_dimension": 256});
        assert_eq!(cohere, [expected]);
        let (vertex, _) = bodies(request, Family::Vertex);
        let expected = json!({"instances": [{"content": "a"}, {"content": "b"}],
            "parameters": {"outputDimensionality": 256}});
        assert_eq!(vertex, [expected]);
        let (gemini, _) = bodies(request, Family::of_vertex("gemini-embedding-001"));
        assert_eq!(gemini[1]["instances"], json!([{"content": "b"}]));
        let many = format!(r#"{{"model":"m","input":[{}]}}"#, vec![r#""x""#; 100].join(","));
        assert_eq!(bodies(&many, Family::Cohere).0.len(), 2);
    }

    #[test]
    fn input_that_is_no_text_is_refused_with_its_place() {
        for (body, pointer) in [
            (r#"{"model":"m","input":[[1,2]]}"#, "/input/0"),
            (r#"{"model":"m","input":7}"#, "/input"),
            (r#"{"model":"m"}"#, "/input"),
        ] {
            let error = from_openai(body.as_bytes(), 64, Family::Titan).unwrap_err();
            assert_eq!(error.pointer(), pointer, "{body}");
        }
    }

    #[test]
    fn answers_of_several_calls_become_one() {
        let answers: [&[u8]; 2] = [
            br#"{"embedding":[1.50,-2e0],"inputTextTokenCount":3}"#,
            br#"{"embedding":[0],"inputTextTokenCount":4}"#,
        ];
        let one = to_openai(&answers, "m", EncodingFormat::Float, 0).unwrap();
        assert_eq!(one.tokens, Some(7));
        let text = r#"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[1.50,-2e0]},{"object":"embedding","index":1,"embedding":[0]}],"model":"m","usage":{"prompt_tokens":7,"total_tokens":7}}"#;
        assert_eq!(String::from_utf8(one.body).unwrap(), text);
        let cohere: &[u8] = br#"{"embeddings":{"float":[[1,-2]]}}"#;
        let one = to_openai(&[cohere], "m", EncodingFormat::Base64, 5).unwrap();
        assert_eq!(one.tokens, None);
        let one: Value = serde_json::from_slice(&one.body).unwrap();
        assert_eq!(
            (&one["data"][0]["embedding"], &one["usage"]["prompt_tokens"]),
            (&json!("AACAPwAAAMA="), &json!(5))
        );
    }
}
