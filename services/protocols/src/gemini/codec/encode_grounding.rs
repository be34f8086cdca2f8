//! Citations and token probabilities out of the canonical form. Google tells positions in bytes.

use crate::canonical::{Citation, TokenLogprob};
use crate::json::{Array, Object};

/// A citation with the text it is about, where that is at hand.
pub(super) struct Cited<'m, 'a> {
    /// Number of the part it is in.
    pub(super) part: usize,
    pub(super) text: Option<&'m str>,
    pub(super) citation: &'m Citation<'a>,
}

/// Whether a citation can be told: Google knows sources by their address.
pub(super) fn is_told(citation: &Citation<'_>) -> bool {
    citation.url.is_some()
}

/// Writes `groundingMetadata`: a source and a support for each citation.
pub(super) fn write_grounding(object: &mut Object<'_>, cited: &[Cited<'_, '_>]) {
    let mut metadata = object.object("groundingMetadata");
    {
        let mut chunks = metadata.array("groundingChunks");
        for Cited { citation, .. } in cited {
            let mut chunk = chunks.object();
            let mut web = chunk.object("web");
            web.optional_string("uri", citation.url.as_deref());
            web.optional_string("title", citation.title.as_deref());
        }
    }
    let mut supports = metadata.array("groundingSupports");
    for (at, Cited { part, text, citation }) in cited.iter().enumerate() {
        let mut support = supports.object();
        {
            let mut segment = support.object("segment");
            if *part > 0 {
                segment.unsigned("partIndex", *part as u64);
            }
            let byte = |position: Option<u64>| position.zip(*text).and_then(|(p, text)| byte(text, p));
            if let (Some(start), Some(end)) = (byte(citation.start), byte(citation.end)) {
                segment.unsigned("startIndex", start);
                segment.unsigned("endIndex", end);
            }
            segment.optional_string("text", citation.quote.as_deref());
        }
        let mut indices = support.array("groundingChunkIndices");
        crate::json::write_number(indices.value(), at as u64);
    }
}

/// Bytes before a character of the text; `None` where there is no such character.
fn byte(text: &str, character: u64) -> Option<u64> {
    let character = usize::try_from(character).ok()?;
    let all = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    all.into_iter().nth(character).map(|at| at as u64)
}

/// Writes the members of `logprobsResult` that tell tokens.
pub(super) fn write_tokens(result: &mut Object<'_>, tokens: &[TokenLogprob<'_>]) {
    if tokens.is_empty() {
        return;
    }
    write_list(result.array("chosenCandidates"), tokens);
    if tokens.iter().any(|token| token.top.is_some()) {
        let mut list = result.array("topCandidates");
        for token in tokens {
            let top = token.top.as_deref().unwrap_or_default();
            write_list(list.object().array("candidates"), top);
        }
    }
}

fn write_list(mut list: Array<'_>, tokens: &[TokenLogprob<'_>]) {
    for token in tokens {
        let TokenLogprob {
            token,
            logprob,
            // The token as text says it.
            bytes: _,
            top: _,
            extra,
        } = token;
        let mut object = list.object();
        object.string("token", token);
        object.optional_number("logProbability", Some(logprob));
        extra.write(&mut object);
    }
}
