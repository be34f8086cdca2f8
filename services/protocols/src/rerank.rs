//! Ranking documents by how well they answer a query, as Cohere's version 2 does it and others
//! after it: what a gateway reads of a request and of an answer, and building answers. The data
//! plane's decode stage and the mock provider call this.

use crate::json::{Array, Cursor, JsonStr, Kind, Object, Span, write_string};
use crate::openai_chat::request::{Extension, extension};
use crate::passthrough::MemberTracker;
use crate::request_fields::{FieldSet, fields};
use crate::{DecodeError, Fault};

/// What a gateway reads of a request.
#[derive(Debug, Clone)]
pub struct RerankRequestView<'a> {
    /// The model asked for.
    pub model: JsonStr<'a>,
    /// What is looked for.
    pub query: JsonStr<'a>,
    /// Number of documents.
    pub documents: u32,
    /// Bytes of query and documents together, decoded where they are texts.
    pub text_bytes: u64,
    /// Most results wanted.
    pub top_n: Option<u64>,
    /// The `sluicegate` extension object, to be stripped before the request goes on.
    pub extension: Option<Extension<'a>>,
}

fields! {
    enum Field {
        Model = "model",
        Query = "query",
        Documents = "documents",
        TopN = "top_n",
        Extension = "sluicegate",
    }
}

impl<'a> RerankRequestView<'a> {
    /// Reads `body`, nested at most `depth` deep.
    pub fn parse(body: &'a [u8], depth: u32) -> Result<Self, DecodeError> {
        let mut seen = FieldSet::new();
        let mut tracker = MemberTracker::default();
        let (mut model, mut query, mut documents, mut top_n, mut raw_extension) =
            (None, None, None, None, None);
        let mut text_bytes = 0u64;
        let mut cursor = Cursor::new(body, depth)?;
        let whole = cursor.object(|c, key| {
            let field = seen.admit(key)?;
            tracker.starts(key.span());
            match field {
                Some(Field::Model) => model = Some(c.string()?),
                Some(Field::Query) => {
                    let text = c.string()?;
                    text_bytes += text.decoded_len();
                    query = Some(text);
                }
                Some(Field::Documents) => {
                    let mut count = 0u32;
                    c.array(|c, _| {
                        c.count_node()?;
                        count = count.saturating_add(1);
                        text_bytes += document(c)?;
                        Ok(())
                    })?;
                    documents = Some(count);
                }
                Some(Field::TopN) if !c.take_null()? => top_n = Some(c.unsigned()?),
                Some(Field::Extension) => raw_extension = Some(extension(c, body)?),
                Some(Field::TopN) => {}
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
            query: query.ok_or_else(|| missing(whole, "query"))?,
            documents: documents.ok_or_else(|| missing(whole, "documents"))?,
            text_bytes,
            top_n,
            extension: raw_extension.and_then(|raw| tracker.found().map(|member| Extension { raw, member })),
        })
    }
}

/// Size of one document: a text, or an object as older clients send it.
fn document(c: &mut Cursor<'_>) -> Result<u64, DecodeError> {
    match c.peek()? {
        Kind::String => Ok(c.string()?.decoded_len()),
        Kind::Object => Ok(c.skip_value()?.len() as u64),
        found @ (Kind::Array | Kind::Number | Kind::Bool | Kind::Null) => {
            Err(c.wrong_type("a string or an object", found))
        }
    }
}

fn missing(whole: Span, name: &str) -> DecodeError {
    DecodeError::new(Fault::Missing, whole.start).under_key(name)
}

/// A document with how well it answers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ranked {
    /// Which of the documents, counted from 0.
    pub index: u32,
    /// How well, by the model's own measure; more is better.
    pub relevance_score: f64,
}

/// What a gateway reads of an answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RerankAnswer {
    /// The documents, best first.
    pub results: Vec<Ranked>,
    /// Searches charged (Cohere).
    pub search_units: Option<u64>,
    /// Tokens charged (Voyage, OpenRouter, Together).
    pub tokens: Option<u64>,
}

impl RerankAnswer {
    /// Reads the answer to a request with that many documents. Every result must be one of them,
    /// and there cannot be more.
    pub fn parse(body: &[u8], documents: u32, depth: u32) -> Result<Self, DecodeError> {
        let (mut answer, mut has_results) = (Self::default(), false);
        let mut cursor = Cursor::new(body, depth)?;
        let whole = cursor.object(|c, key| {
            match (key.decode().as_ref(), c.peek()?) {
                // Voyage has OpenAI's name for it.
                ("results", _) | ("data", Kind::Array) => {
                    has_results = true;
                    answer.results.clear();
                    c.array(|c, _| {
                        if answer.results.len() >= documents as usize {
                            let fault = Fault::OutOfRange("no more results than documents");
                            return Err(DecodeError::new(fault, c.position()));
                        }
                        answer.results.push(ranked(c, documents)?);
                        Ok(())
                    })?;
                }
                ("meta", Kind::Object) => {
                    c.object(|c, key| {
                        if key.decode() == "billed_units" && c.peek()? == Kind::Object {
                            answer.search_units = count(c, "search_units")?;
                        }
                        Ok(())
                    })?;
                }
                ("usage", Kind::Object) => answer.tokens = count(c, "total_tokens")?,
                _ => {}
            }
            Ok(())
        })?;
        cursor.end()?;
        if has_results {
            Ok(answer)
        } else {
            Err(missing(whole, "results"))
        }
    }
}

fn ranked(c: &mut Cursor<'_>, documents: u32) -> Result<Ranked, DecodeError> {
    let (mut index, mut score) = (None, None);
    let whole = c.object(|c, key| {
        let at = c.position();
        let out_of_range = |what| DecodeError::new(Fault::OutOfRange(what), at);
        match key.decode().as_ref() {
            "index" => {
                let number = u32::try_from(c.unsigned()?).ok();
                let known = number.filter(|number| *number < documents);
                index = Some(known.ok_or_else(|| out_of_range("the number of a document"))?);
            }
            "relevance_score" => {
                let number = c.spelled_number()?.as_f64();
                score = Some(number).filter(|number| number.is_finite());
                score.ok_or_else(|| out_of_range("a number of usual size"))?;
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(Ranked {
        index: index.ok_or_else(|| missing(whole, "index"))?,
        relevance_score: score.ok_or_else(|| missing(whole, "relevance_score"))?,
    })
}

/// The count of that name in an object; a wrong type reads as none.
fn count(c: &mut Cursor<'_>, name: &str) -> Result<Option<u64>, DecodeError> {
    let mut value = None;
    c.object(|c, key| {
        if key.decode() == name && c.peek()? == Kind::Number {
            value = c.spelled_number()?.as_u64();
        }
        Ok(())
    })?;
    Ok(value)
}

/// Builds an answer in Cohere's form.
pub fn response(id: &str, results: &[Ranked], search_units: u64) -> Vec<u8> {
    let mut out = Vec::with_capacity(128 + results.len() * 48);
    {
        let mut object = Object::open(&mut out);
        write_string(object.value("id"), id);
        let mut list: Array<'_> = object.array("results");
        for Ranked {
            index,
            relevance_score,
        } in results
        {
            let mut item = list.object();
            item.unsigned("index", u64::from(*index));
            // JSON has no way to write infinities.
            let score = if relevance_score.is_finite() {
                *relevance_score
            } else {
                0.0
            };
            item.value("relevance_score")
                .extend_from_slice(score.to_string().as_bytes());
        }
        drop(list);
        let mut meta = object.object("meta");
        meta.object("api_version").string("version", "2");
        meta.object("billed_units").unsigned("search_units", search_units);
    }
    out
}

#[cfg(test)]
mod tests;
