//! What chat servers and clients do that is not in the book, one test per habit; and what a value of
//! another dialect loses on its way into this one.

mod answers;
mod foreign;
mod requests;
mod streams;

use crate::canonical::{PartBody, Response, StreamEnd, StreamEvent};

/// Runs chunks through the decoder; gives the events as short words, and the end.
pub(super) fn events(chunks: &[&str]) -> (Vec<String>, StreamEnd) {
    let mut decoder = super::StreamDecoder::new();
    let mut seen = Vec::new();
    let mut sink = |event: StreamEvent<'_>| seen.push(short(&event));
    for chunk in chunks {
        decoder.frame(None, chunk.as_bytes(), &mut sink).unwrap();
    }
    let end = decoder.end(&mut sink);
    (seen, end)
}

fn short(event: &StreamEvent<'_>) -> String {
    use crate::canonical::Delta;
    match event {
        StreamEvent::Start(start) => format!("start {}", start.id.as_deref().unwrap_or("-")),
        StreamEvent::PartStart { part, .. } => match &part.body {
            PartBody::Text(_) => "text".to_owned(),
            PartBody::Refusal(_) => "refusal".to_owned(),
            PartBody::Reasoning(_) => "reasoning".to_owned(),
            PartBody::ToolCall(call) => format!("call {} {}", call.id.as_deref().unwrap_or("-"), call.name),
            PartBody::Media(_) | PartBody::ToolResult(_) | PartBody::Json(_) | PartBody::Opaque(_) => {
                "part".to_owned()
            }
        },
        StreamEvent::Delta { delta, .. } => match delta {
            Delta::Text(text) | Delta::Arguments(text) | Delta::Summary { text, .. } => format!("+{text}"),
            Delta::Signature(text) => format!("signed {text}"),
            Delta::Encrypted(text) => format!("sealed {text}"),
            Delta::Citation(citation) => format!("cites {}", citation.url.as_deref().unwrap_or("-")),
        },
        StreamEvent::PartEnd { .. } => "end".to_owned(),
        StreamEvent::Logprobs { tokens, .. } => format!("logprobs {}", tokens.len()),
        StreamEvent::Usage(usage) => format!("usage {}/{}", usage.counts.input, usage.counts.output),
        StreamEvent::Extra { name, .. } => format!("extra {name}"),
        StreamEvent::Finish { candidate, finish } => format!("finish {candidate} {:?}", finish.reason),
        StreamEvent::Error(error) => format!("error {}", error.message),
        StreamEvent::Done => "done".to_owned(),
    }
}

/// A chunk with one delta.
pub(super) fn delta(delta: &str) -> String {
    format!(r#"{{"id":"c","choices":[{{"index":0,"delta":{delta}}}]}}"#)
}

/// The body written for a caller, as a tree.
pub(super) fn tree(body: &[u8]) -> serde_json::Value {
    serde_json::from_slice(body).unwrap()
}

/// An answer decoded.
pub(super) fn answer(body: &str) -> Response<'_> {
    super::decode_response(body.as_bytes()).unwrap()
}
