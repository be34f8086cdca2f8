//! What Cohere and its clients do that is not in the book, one test per habit; and what a value of
//! another dialect loses on its way into this one.

mod answers;
mod foreign;
mod requests;
mod streams;

use crate::canonical::{Delta, PartBody, StreamEnd, StreamEvent, StreamFault};

/// Runs events through the decoder; gives them as short words, and the end.
fn events(data: &[&str]) -> (Vec<String>, Result<StreamEnd, StreamFault>) {
    let mut decoder = super::StreamDecoder::new();
    let mut seen = Vec::new();
    let mut sink = |event: StreamEvent<'_>| seen.push(short(&event));
    let mut run = || {
        for data in data {
            decoder.frame(None, data.as_bytes(), &mut sink)?;
        }
        Ok(decoder.end(&mut sink))
    };
    let end = run();
    (seen, end)
}

fn short(event: &StreamEvent<'_>) -> String {
    match event {
        StreamEvent::Start(start) => format!("start {}", start.id.as_deref().unwrap_or("-")),
        StreamEvent::PartStart { part, .. } => match &part.body {
            PartBody::Text(_) => "text".to_owned(),
            PartBody::Reasoning(_) => "reasoning".to_owned(),
            PartBody::ToolCall(call) => format!("call {} {}", call.id.as_deref().unwrap_or("-"), call.name),
            PartBody::Refusal(_)
            | PartBody::Media(_)
            | PartBody::Opaque(_)
            | PartBody::ToolResult(_)
            | PartBody::Json(_) => "part".to_owned(),
        },
        StreamEvent::Delta { delta, .. } => match delta {
            Delta::Text(text) | Delta::Arguments(text) | Delta::Summary { text, .. } => format!("+{text}"),
            Delta::Signature(text) => format!("signed {text}"),
            Delta::Encrypted(text) => format!("sealed {text}"),
            Delta::Citation(citation) => format!("cites {}", citation.quote.as_deref().unwrap_or("-")),
        },
        StreamEvent::PartEnd { .. } => "end".to_owned(),
        StreamEvent::Logprobs { .. } => "logprobs".to_owned(),
        StreamEvent::Usage(usage) => format!("usage {}/{}", usage.counts.input, usage.counts.output),
        StreamEvent::Extra { name, .. } => format!("extra {name}"),
        StreamEvent::Finish { finish, .. } => format!("finish {:?}", finish.reason),
        StreamEvent::Error(error) => format!("error {}", error.message),
        StreamEvent::Done => "done".to_owned(),
    }
}

/// The body written, as a tree.
fn tree(body: &[u8]) -> serde_json::Value {
    serde_json::from_slice(body).unwrap()
}
