//! Bytes of a stream cut into its frames, frames that are broken on purpose, and the two ways of
//! stringing frames together.

use serde_json::Value;
use sluicegate_protocols::dialect::Framing;
use sluicegate_protocols::event_stream::{FramingFault, MessageType, Parser, write_event};

/// JSON that breaks off.
const BROKEN: &str = "{\"type\":\"mock\",\"delta\":{\"te";

/// How frames are strung together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One after the other.
    Frames,
    /// As the elements of a JSON array: Gemini without `alt=sse`.
    Array,
}

impl Shape {
    /// Appends a frame.
    pub(crate) fn write(self, frame: &[u8], is_first: bool, is_last: bool, out: &mut Vec<u8>) {
        match self {
            Self::Frames => out.extend_from_slice(frame),
            Self::Array => {
                let element = frame.strip_prefix(b"data: ").unwrap_or(frame).trim_ascii_end();
                out.extend_from_slice(if is_first { b"[" } else { b",\r\n" });
                out.extend_from_slice(element);
                if is_last {
                    out.extend_from_slice(b"]");
                }
            }
        }
    }
}

/// The frames that `bytes`, which an encoder wrote, are made of.
pub(crate) fn split(framing: Framing, bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let length = match framing {
            Framing::Sse => memchr::memmem::find(rest, b"\n\n").map(|at| at + 2),
            Framing::EventStream => rest
                .first_chunk::<4>()
                .map(|head| u32::from_be_bytes(*head) as usize),
        };
        let length = length.unwrap_or(rest.len()).clamp(1, rest.len());
        let (frame, more) = rest.split_at(length);
        frames.push(frame.to_vec());
        rest = more;
    }
    frames
}

/// The frame with its document changed by `change`, which is told the name of the event; nothing when
/// the document is made null. A frame that holds no document stays as it is.
pub(crate) fn rewrite(framing: Framing, frame: Vec<u8>, change: impl FnOnce(&str, &mut Value)) -> Vec<u8> {
    let rewritten = match framing {
        Framing::Sse => rewrite_sse(&frame, change),
        Framing::EventStream => rewrite_message(&frame, change),
    };
    rewritten.unwrap_or(frame)
}

fn rewrite_sse(frame: &[u8], change: impl FnOnce(&str, &mut Value)) -> Option<Vec<u8>> {
    const DATA: &[u8] = b"data: ";
    let start = memchr::memmem::find(frame, DATA)? + DATA.len();
    let (head, data) = frame.split_at(start);
    let mut document = serde_json::from_slice(data).ok()?;
    change("", &mut document);
    if document.is_null() {
        return Some(Vec::new());
    }
    let mut out = head.to_vec();
    out.extend_from_slice(line(&document).as_bytes());
    out.extend_from_slice(b"\n\n");
    Some(out)
}

/// A document on one line, whatever its reader takes for the end of one: Google escapes these two as well, and its Python
/// client splits streams at them.
fn line(document: &Value) -> String {
    let text = document.to_string();
    text.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

fn rewrite_message(frame: &[u8], change: impl FnOnce(&str, &mut Value)) -> Option<Vec<u8>> {
    let mut read = None;
    let mut parser = Parser::new(frame.len());
    let parsed: Result<(), FramingFault> = parser.feed(frame, |message| {
        if message.message_type == MessageType::Event {
            let name = String::from_utf8_lossy(message.event.unwrap_or_default()).into_owned();
            read = serde_json::from_slice(message.data)
                .ok()
                .map(|document: Value| (name, document));
        }
        Ok(())
    });
    parsed.ok()?;
    let (name, mut document) = read?;
    change(&name, &mut document);
    let mut out = Vec::with_capacity(frame.len() + 128);
    write_event(&mut out, &name, |out| {
        out.extend_from_slice(document.to_string().as_bytes());
    });
    Some(out)
}

/// A frame that is well framed and holds no JSON.
pub(crate) fn malformed(framing: Framing, event: Option<&str>) -> Vec<u8> {
    match framing {
        Framing::Sse => {
            let name = event.map(|event| format!("event: {event}\n")).unwrap_or_default();
            format!("{name}data: {BROKEN}\n\n").into_bytes()
        }
        Framing::EventStream => {
            let mut out = Vec::new();
            write_event(&mut out, event.unwrap_or_default(), |out| {
                out.extend_from_slice(BROKEN.as_bytes());
            });
            out
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_both_kinds_are_told_apart() {
        let sse = b"event: a\ndata: 1\n\ndata: 2\n\n";
        let parts = split(Framing::Sse, sse);
        assert_eq!(parts, [&sse[..18], &sse[18..]]);
        let mut binary = Vec::new();
        write_event(&mut binary, "a", |out| out.extend_from_slice(b"{}"));
        let first = binary.len();
        write_event(&mut binary, "b", |out| out.extend_from_slice(b"{}"));
        let parts = split(Framing::EventStream, &binary);
        assert_eq!(parts, [&binary[..first], &binary[first..]]);
        assert_eq!(split(Framing::Sse, b""), Vec::<Vec<u8>>::new());
    }

    #[test]
    fn documents_in_frames_are_changed_in_place() {
        let change = |_: &str, document: &mut Value| document["b"] = 2.into();
        let separator = rewrite(Framing::Sse, "data: {\"a\":\"\u{2028}\"}\n\n".into(), |_, _| {});
        assert_eq!(separator, b"data: {\"a\":\"\\u2028\"}\n\n");
        let sse = rewrite(Framing::Sse, b"event: x\ndata: {\"a\":1}\n\n".to_vec(), change);
        assert_eq!(sse, b"event: x\ndata: {\"a\":1,\"b\":2}\n\n");
        let dropped = rewrite(Framing::Sse, b"data: {}\n\n".to_vec(), |_, document| {
            *document = Value::Null;
        });
        assert!(dropped.is_empty());
        let done = b"data: [DONE]\n\n".to_vec();
        assert_eq!(rewrite(Framing::Sse, done.clone(), |_, _| {}), done);
        let message = |payload: &str| {
            let mut out = Vec::new();
            write_event(&mut out, "x", |out| out.extend_from_slice(payload.as_bytes()));
            out
        };
        let changed = rewrite(Framing::EventStream, message(r#"{"a":1}"#), |name, document| {
            assert_eq!(name, "x");
            change(name, document);
        });
        assert_eq!(changed, message(r#"{"a":1,"b":2}"#));
    }

    #[test]
    fn an_array_is_a_document() {
        let mut out = Vec::new();
        for (number, frame) in ["data: {\"a\":1}\n\n", "data: 2\n\n"].iter().enumerate() {
            Shape::Array.write(frame.as_bytes(), number == 0, number == 1, &mut out);
        }
        let read: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(read, serde_json::json!([{"a": 1}, 2]));
    }
}
