//! What Gemini's servers and clients do that is not in the book, one test per habit; and what a value
//! of another dialect loses on its way into this one.

mod answers;
mod foreign;
mod requests;
mod streams;

use serde_json::Value;

use crate::canonical::{Request, Response, StreamEnd, StreamEvent};
use crate::dialect::{Dialect, decode_request, encode_request};
use crate::lossy::Encoded;
use crate::target::RequestTarget;

/// Runs chunks through the decoder; gives the events as short words, and the end.
fn events(chunks: &[&str]) -> (Vec<String>, StreamEnd) {
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
    use crate::canonical::{Delta, PartBody};
    match event {
        StreamEvent::Start(start) => format!("start {}", start.id.as_deref().unwrap_or("-")),
        StreamEvent::PartStart { part, .. } => {
            let what = match &part.body {
                PartBody::Text(text) => format!("text {:?}", text.text),
                PartBody::Reasoning(_) => "reasoning".to_owned(),
                PartBody::ToolCall(call) => format!("call {} {}", call.name, call.arguments.as_text()),
                PartBody::Opaque(opaque) => format!("opaque {}", opaque.kind),
                PartBody::Refusal(_) | PartBody::Media(_) | PartBody::ToolResult(_) | PartBody::Json(_) => {
                    "part".to_owned()
                }
            };
            match &part.signature {
                Some(signature) => format!("{what} signed {signature}"),
                None => what,
            }
        }
        StreamEvent::Delta { delta, .. } => match delta {
            Delta::Text(text) | Delta::Arguments(text) | Delta::Summary { text, .. } => format!("+{text}"),
            Delta::Signature(text) | Delta::Encrypted(text) => format!("sealed {text}"),
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

/// A chunk with parts, and what follows them in the candidate.
fn chunk(parts: &str, rest: &str) -> String {
    format!(
        r#"{{"candidates":[{{"content":{{"parts":[{parts}],"role":"model"}},"index":0{rest}}}],"responseId":"r"}}"#
    )
}

/// A body as a tree.
fn tree(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap()
}

/// An answer decoded.
fn answer(body: &str) -> Response<'_> {
    super::decode_response(body.as_bytes()).unwrap()
}

/// A request decoded.
fn request(body: &str) -> Request<'_> {
    super::decode_request(body.as_bytes(), 64).unwrap()
}

/// A chat request written for Gemini.
fn from_chat(body: &str, target: &RequestTarget<'_>) -> Encoded {
    let request = decode_request(Dialect::OpenAiChat, body.as_bytes(), 64).unwrap();
    encode_request(Dialect::Gemini, &request, target)
}

/// Losses as short words.
fn lost(encoded: &Encoded) -> Vec<String> {
    encoded.losses.losses().iter().map(ToString::to_string).collect()
}
