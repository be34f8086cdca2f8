//! Citations, and prompt-cache markers, out of the canonical form.

use super::decode_citations::names;
use crate::canonical::{CacheMark, Citation};
use crate::json::Object;

/// Writes a citation. One of another dialect, which names its source, becomes a search result's.
pub(super) fn write_citation(mut object: Object<'_>, citation: &Citation<'_>, same: bool) {
    let Citation {
        kind,
        url,
        title,
        quote,
        start,
        end,
        document,
        extra,
    } = citation;
    let Some(names) = names(kind) else {
        if same {
            object.string("type", kind);
            extra.write(&mut object);
        } else {
            object.string("type", "web_search_result_location");
            object.string("url", url.as_deref().unwrap_or_default());
            object.string("title", title.as_deref().unwrap_or_default());
            object.string("cited_text", quote.as_deref().unwrap_or_default());
            object.string("encrypted_index", "");
        }
        return;
    };
    object.string("type", kind);
    object.optional_string("cited_text", quote.as_deref());
    object.optional_string(names.title, title.as_deref());
    if let Some(name) = names.url {
        object.optional_string(name, url.as_deref());
    }
    let numbers = [(names.document, document), (names.start, start), (names.end, end)];
    for (name, value) in numbers {
        if let (Some(name), Some(value)) = (name, value) {
            object.unsigned(name, *value);
        }
    }
    // What is not modelled of a citation of this dialect is what a provider knows it by.
    extra.write(&mut object);
}

/// Whether a citation can be written: one of this dialect, or one that names its source.
pub(super) fn is_expressible(citation: &Citation<'_>, same: bool) -> bool {
    same || names(&citation.kind).is_some() || citation.url.is_some()
}

/// Whether a citation that is written loses its place: a search result has none in the answer.
pub(super) fn loses_place(citation: &Citation<'_>, same: bool) -> bool {
    !same && names(&citation.kind).is_none() && citation.start < citation.end
}

/// Writes a prompt-cache marker, of whatever style.
pub(super) fn write_cache_mark(object: &mut Object<'_>, mark: &CacheMark<'_>, same: bool) {
    let CacheMark { style: _, ttl, extra } = mark;
    let mut object = object.object("cache_control");
    object.string("type", "ephemeral");
    object.optional_string("ttl", ttl.as_deref());
    if same {
        extra.write(&mut object);
    }
}
