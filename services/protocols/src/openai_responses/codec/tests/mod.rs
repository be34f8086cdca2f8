//! What servers and clients of this dialect do that is not in the book, one test per habit; and what a
//! value of another dialect loses on its way into this one.

mod answers;
mod foreign;
mod requests;
mod streams;
mod written;

use crate::canonical::{Delta, PartBody, StreamEnd, StreamEvent, StreamFault};
use crate::lossy::{Encoded, Feature};

/// Runs the data of events through the decoder; gives canonical events as short words, and the end.
fn events(frames: &[&str]) -> (Vec<String>, Result<StreamEnd, StreamFault>) {
    let mut decoder = super::StreamDecoder::new();
    let mut seen = Vec::new();
    let mut sink = |event: StreamEvent<'_>| seen.push(short(&event));
    for frame in frames {
        if let Err(fault) = decoder.frame(None, frame.as_bytes(), &mut sink) {
            return (seen, Err(fault));
        }
    }
    let end = decoder.end(&mut sink);
    (seen, Ok(end))
}

fn short(event: &StreamEvent<'_>) -> String {
    match event {
        StreamEvent::Start(start) => format!("start {}", start.id.as_deref().unwrap_or("-")),
        StreamEvent::PartStart { part, .. } => {
            let id = part
                .item
                .as_ref()
                .map_or("-", |item| item.id.as_deref().unwrap_or("+"));
            match &part.body {
                PartBody::Text(text) => format!("text {id} {}", text.text),
                PartBody::Refusal(text) => format!("refusal {id} {text}"),
                PartBody::Reasoning(reasoning) => {
                    format!("reasoning {}", reasoning.id.as_deref().unwrap_or("-"))
                }
                PartBody::ToolCall(call) => {
                    format!("call {} {}", call.id.as_deref().unwrap_or("-"), call.name)
                }
                PartBody::Opaque(opaque) => format!("whole {}", opaque.kind),
                PartBody::Media(_) | PartBody::ToolResult(_) | PartBody::Json(_) => "part".to_owned(),
            }
        }
        StreamEvent::Delta { delta, .. } => match delta {
            Delta::Text(text) | Delta::Arguments(text) => format!("+{text}"),
            Delta::Summary { piece, text } => format!("{piece}+{text}"),
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

/// A document as a tree.
fn tree(body: &[u8]) -> serde_json::Value {
    serde_json::from_slice(body).unwrap()
}

/// What was lost and where.
fn lost(encoded: &Encoded) -> Vec<(Feature, &str)> {
    let losses = encoded.losses.losses().iter();
    losses.map(|loss| (loss.feature, loss.at.as_str())).collect()
}
