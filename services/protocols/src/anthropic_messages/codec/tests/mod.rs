//! What servers and clients of this dialect do that is not in the book, one test per habit; and what
//! a value of another dialect loses on its way into this one.

mod answers;
mod foreign;
mod foreign_answers;
mod foreign_turns;
mod requests;
mod streams;
mod told;

use crate::canonical::{PartBody, Request, Response, StreamEnd, StreamEvent};
use crate::lossy::{Encoded, Feature};

/// Runs frames through the decoder; gives the events as short words, and the end.
pub(super) fn events(frames: &[&str]) -> (Vec<String>, StreamEnd) {
    let mut decoder = super::StreamDecoder::new();
    let mut seen = Vec::new();
    let mut sink = |event: StreamEvent<'_>| seen.push(short(&event));
    for frame in frames {
        decoder.frame(None, frame.as_bytes(), &mut sink).unwrap();
    }
    let end = decoder.end(&mut sink);
    (seen, end)
}

fn short(event: &StreamEvent<'_>) -> String {
    use crate::canonical::Delta;
    match event {
        StreamEvent::Start(start) => format!("start {}", start.id.as_deref().unwrap_or("-")),
        StreamEvent::PartStart { part, .. } => match &part.body {
            PartBody::Text(text) => format!("text{}", text.text),
            PartBody::Refusal(_) => "refusal".to_owned(),
            PartBody::Reasoning(reasoning) => match &reasoning.encrypted {
                Some(data) => format!("redacted {data}"),
                None => "thinking".to_owned(),
            },
            PartBody::ToolCall(call) => format!("call {} {}", call.id.as_deref().unwrap_or("-"), call.name),
            PartBody::Opaque(opaque) => format!("{} {}", opaque.kind, opaque.value.as_str()),
            PartBody::Media(_) | PartBody::ToolResult(_) | PartBody::Json(_) => "part".to_owned(),
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
        StreamEvent::Finish { finish, .. } => format!("finish {:?}", finish.reason),
        StreamEvent::Error(error) => format!("error {}", error.message),
        StreamEvent::Done => "done".to_owned(),
    }
}

/// A body as a tree.
pub(super) fn tree(body: &[u8]) -> serde_json::Value {
    serde_json::from_slice(body).unwrap()
}

/// A request decoded.
pub(super) fn asked(body: &str) -> Request<'_> {
    super::decode_request(body.as_bytes(), 64).unwrap()
}

/// An answer decoded.
pub(super) fn answer(body: &str) -> Response<'_> {
    super::decode_response(body.as_bytes()).unwrap()
}

/// What was lost, and where it stood.
pub(super) fn lost(encoded: &Encoded) -> Vec<(Feature, &str)> {
    let losses = encoded.losses.losses().iter();
    losses.map(|l| (l.feature, l.at.as_str())).collect()
}
