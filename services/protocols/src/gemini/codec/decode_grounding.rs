//! What an answer rests on, and how likely its tokens were. Google tells both beside the text: the
//! sources in one list, the spans they support in another, positions in bytes.

use std::borrow::Cow;

use super::decode_response::Sources;
use super::form;
use crate::DecodeError;
use crate::canonical::{Citation, Extra, Logprobs, Message, Part, PartBody, TokenLogprob};
use crate::json::{Cursor, Kind, Number, Span};

/// A span of the text with what supports it.
#[derive(Default)]
struct Support {
    part: usize,
    start: Option<u64>,
    end: Option<u64>,
    chunks: Vec<usize>,
}

/// Most citations made of one answer: spans times sources could be many more.
const MAX_CITATIONS: usize = 1024;

/// Puts citations on the texts they are about. A source not on the web has no address and stays in
/// the extra alone.
pub(super) fn place_citations<'a>(
    c: &mut Cursor<'a>,
    sources: &Sources,
    message: &mut Message<'a>,
) -> Result<(), DecodeError> {
    let mut found: Vec<(usize, Citation<'a>)> = Vec::new();
    if let Some(span) = sources.grounding {
        let mut inner = c.revisit(span);
        grounding(&mut inner, &mut found)?;
        c.count_like(&inner);
    }
    if let Some(span) = sources.citations {
        let mut inner = c.revisit(span);
        cited(&mut inner, &mut found)?;
        c.count_like(&inner);
    }
    for (at, mut citation) in found.into_iter().take(MAX_CITATIONS) {
        let is_text = |part: &Part<'_>| matches!(part.body, PartBody::Text(_));
        let parts = &mut message.parts;
        let at = if parts.get(at).is_some_and(is_text) {
            Some(at)
        } else {
            parts.iter().position(is_text)
        };
        match at.and_then(|at| parts.get_mut(at)).map(|part| &mut part.body) {
            Some(PartBody::Text(text)) => {
                citation.start = citation.start.and_then(|at| characters(&text.text, at));
                citation.end = citation.end.and_then(|at| characters(&text.text, at));
                text.citations.push(citation);
            }
            // A chunk of a stream that tells sources and no text.
            _ => {
                (citation.start, citation.end) = (None, None);
                let mut part = Part::text("");
                part.form = form::part::NO_TEXT;
                if let PartBody::Text(text) = &mut part.body {
                    text.citations.push(citation);
                }
                parts.push(part);
            }
        }
    }
    Ok(())
}

/// Characters before a byte of the text; `None` where there is no such byte.
fn characters(text: &str, byte: u64) -> Option<u64> {
    let before = text.get(..usize::try_from(byte).ok()?)?;
    Some(before.chars().count() as u64)
}

fn grounding<'a>(c: &mut Cursor<'a>, found: &mut Vec<(usize, Citation<'a>)>) -> Result<(), DecodeError> {
    let (mut chunks, mut supports) = (Vec::new(), Vec::new());
    c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("groundingChunks", Kind::Array) => drop(c.array(|c, _| {
                c.count_node()?;
                chunks.push(web_source(c)?);
                Ok(())
            })?),
            ("groundingSupports", Kind::Array) => drop(c.array(|c, _| {
                c.count_node()?;
                if c.peek()? == Kind::Object {
                    supports.push(support(c)?);
                }
                Ok(())
            })?),
            _ => {}
        }
        Ok(())
    })?;
    for support in supports {
        for chunk in support.chunks {
            if let Some(Some((url, title))) = chunks.get(chunk)
                && found.len() < MAX_CITATIONS
            {
                let citation = Citation {
                    kind: Cow::Borrowed("url_citation"),
                    url: Some(url.clone()),
                    title: title.clone(),
                    start: support.start,
                    end: support.end,
                    ..Citation::default()
                };
                found.push((support.part, citation));
            }
        }
    }
    Ok(())
}

type WebSource<'a> = Option<(Cow<'a, str>, Option<Cow<'a, str>>)>;

/// The address and the title in `{web: {uri, title}}`.
fn web_source<'a>(c: &mut Cursor<'a>) -> Result<WebSource<'a>, DecodeError> {
    let (mut uri, mut title) = (None, None);
    if c.peek()? != Kind::Object {
        return Ok(None);
    }
    c.object(|c, key| {
        if key.decode() == "web" && c.peek()? == Kind::Object {
            c.object(|c, key| {
                match (key.decode().as_ref(), c.peek()?) {
                    ("uri", Kind::String) => uri = Some(c.text()?),
                    ("title", Kind::String) => title = Some(c.text()?),
                    _ => {}
                }
                Ok(())
            })?;
        }
        Ok(())
    })?;
    Ok(uri.map(|uri| (uri, title)))
}

fn support(c: &mut Cursor<'_>) -> Result<Support, DecodeError> {
    let mut support = Support::default();
    c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("segment", Kind::Object) => {
                let (mut end, mut start) = (None, None);
                c.object(|c, key| {
                    match (key.decode().as_ref(), c.peek()?) {
                        ("partIndex", Kind::Number) => support.part = index(c)?.unwrap_or(usize::MAX),
                        ("startIndex", Kind::Number) => start = c.spelled_number()?.as_u64(),
                        ("endIndex", Kind::Number) => end = c.spelled_number()?.as_u64(),
                        _ => {}
                    }
                    Ok(())
                })?;
                // A start of 0 is left out on the wire.
                support.start = start.or(end.map(|_| 0));
                support.end = end;
            }
            ("groundingChunkIndices", Kind::Array) => drop(c.array(|c, _| {
                c.count_node()?;
                if c.peek()? == Kind::Number {
                    support.chunks.extend(index(c)?);
                }
                Ok(())
            })?),
            _ => {}
        }
        Ok(())
    })?;
    Ok(support)
}

fn index(c: &mut Cursor<'_>) -> Result<Option<usize>, DecodeError> {
    let number = c.spelled_number()?.as_u64();
    Ok(number.and_then(|number| usize::try_from(number).ok()))
}

/// `citationMetadata`: recitation found by Google; its list has two names.
fn cited<'a>(c: &mut Cursor<'a>, found: &mut Vec<(usize, Citation<'a>)>) -> Result<(), DecodeError> {
    c.object(|c, key| {
        let list = matches!(key.decode().as_ref(), "citations" | "citationSources");
        if !list || c.peek()? != Kind::Array {
            return Ok(());
        }
        c.array(|c, _| {
            c.count_node()?;
            if c.peek()? != Kind::Object || found.len() == MAX_CITATIONS {
                return Ok(());
            }
            let mut citation = Citation {
                kind: Cow::Borrowed("url_citation"),
                ..Citation::default()
            };
            c.object(|c, key| {
                match (key.decode().as_ref(), c.peek()?) {
                    ("uri", Kind::String) => citation.url = Some(c.text()?),
                    ("title", Kind::String) => citation.title = Some(c.text()?),
                    ("startIndex", Kind::Number) => citation.start = c.spelled_number()?.as_u64(),
                    ("endIndex", Kind::Number) => citation.end = c.spelled_number()?.as_u64(),
                    _ => {}
                }
                Ok(())
            })?;
            citation.start = citation.start.or(citation.end.map(|_| 0));
            if citation.url.is_some() {
                found.push((0, citation));
            }
            Ok(())
        })
        .map(drop)
    })
    .map(drop)
}

/// Reads `logprobsResult`. `None` when it is not in a shape that can be written back.
pub(super) fn logprobs<'a>(c: &mut Cursor<'a>) -> Result<Option<Logprobs<'a>>, DecodeError> {
    let mut logprobs = Logprobs::default();
    let (mut chosen, mut top): (Option<Vec<_>>, Option<Span>) = (None, None);
    let mut plain = true;
    c.object(|c, key| {
        match (key.decode().as_ref(), c.peek()?) {
            ("chosenCandidates", Kind::Array) => {
                let tokens = tokens(c)?;
                plain &= tokens.as_ref().is_some_and(|tokens| !tokens.is_empty());
                chosen = tokens;
            }
            ("topCandidates", Kind::Array) => top = Some(c.skip_value()?),
            _ => logprobs.extra.keep(c, key)?,
        }
        Ok(())
    })?;
    let Some(mut content) = chosen.filter(|_| plain) else {
        return Ok(None);
    };
    if let Some(span) = top {
        let mut inner = c.revisit(span);
        plain = alternatives(&mut inner, &mut content)?;
        c.count_like(&inner);
    }
    logprobs.content = content;
    Ok(Some(logprobs).filter(|_| plain))
}

/// Reads the alternatives of each token; false when they are not one list for each.
fn alternatives<'a>(c: &mut Cursor<'a>, tokens_of: &mut [TokenLogprob<'a>]) -> Result<bool, DecodeError> {
    let (mut count, mut plain) = (0usize, true);
    c.array(|c, at| {
        count += 1;
        let mut list = None;
        if c.peek()? == Kind::Object {
            let mut members = 0usize;
            c.object(|c, key| {
                members += 1;
                if key.decode() == "candidates" && c.peek()? == Kind::Array {
                    list = tokens(c)?;
                }
                Ok(())
            })?;
            list = list.filter(|_| members == 1);
        }
        match (list, tokens_of.get_mut(at)) {
            (Some(list), Some(token)) => token.top = Some(list),
            _ => plain = false,
        }
        Ok(())
    })?;
    Ok(plain && count == tokens_of.len())
}

fn tokens<'a>(c: &mut Cursor<'a>) -> Result<Option<Vec<TokenLogprob<'a>>>, DecodeError> {
    let (mut tokens, mut plain) = (Vec::new(), true);
    c.array(|c, _| {
        c.count_node()?;
        if c.peek()? != Kind::Object {
            plain = false;
            return Ok(());
        }
        let (mut text, mut logprob, mut extra) = (None, None::<Number<'a>>, Extra::NONE);
        c.object(|c, key| {
            match (key.decode().as_ref(), c.peek()?) {
                ("token", Kind::String) => text = Some(c.text()?),
                ("logProbability", Kind::Number) => logprob = Some(c.spelled_number()?),
                _ => extra.keep(c, key)?,
            }
            Ok(())
        })?;
        match text.zip(logprob) {
            Some((token, logprob)) => tokens.push(TokenLogprob {
                token,
                logprob,
                bytes: None,
                top: None,
                extra,
            }),
            None => plain = false,
        }
        Ok(())
    })?;
    Ok(Some(tokens).filter(|_| plain))
}
