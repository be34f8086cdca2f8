//! The frame that closes a stream with usage, kept back until the cost of the call is known and
//! then put into it: as `usage.cost`, where OpenRouter's clients look in chat and in Messages, and
//! as `response.usage.cost` in Responses. Gemini's `usageMetadata` is a closed message and gets
//! none. Called once per stream by what passes streams on, in whatever dialect.
//!
//! Must stay true: apart from the cost every byte is as it came, and without a cost or a place for
//! it all of them are.

use bytes::Bytes;

use crate::DecodeError;
use crate::json::{Cursor, Kind, MAX_DEPTH, Span};
use crate::sse::{Frame, FrameTooLarge, Parser};

/// A whole frame.
#[derive(Debug)]
pub(crate) struct ClosingFrame {
    bytes: Vec<u8>,
    /// Where its JSON stands; `None` when it is spread over several lines.
    json: Option<Span>,
}

/// Where the cost goes in a document.
enum Place {
    /// Over a number that stands there already: a provider's own cost, which this gateway does not
    /// bill by.
    Over(Span),
    /// Before the closing bracket at this offset, behind other members or as the first one.
    Into { at: usize, first: bool },
}

impl ClosingFrame {
    pub(crate) fn new(frame: &Frame<'_>) -> Self {
        let json = frame.data_start.zip(frame.data).map(|(start, data)| Span {
            start,
            end: start + data.len(),
        });
        Self {
            bytes: frame.raw.to_vec(),
            json,
        }
    }

    /// Of a frame that lacks its blank line.
    pub(crate) fn completed(frame: &Frame<'_>) -> Self {
        let mut chunk = Self::new(frame);
        chunk.bytes.extend_from_slice(b"\n\n");
        chunk
    }

    /// Of a frame that `ChunkWriter` wrote.
    pub(crate) fn written(bytes: Vec<u8>) -> Self {
        let json = Span {
            start: b"data: ".len(),
            end: bytes.len().saturating_sub(b"\n\n".len()),
        };
        Self {
            bytes,
            json: Some(json),
        }
    }

    pub(crate) fn into_bytes(self, cost: Option<&str>) -> Bytes {
        Bytes::from(self.with_cost(cost))
    }

    /// The frame, with `usage.cost` when a cost is given.
    pub(crate) fn with_cost(mut self, cost: Option<&str>) -> Vec<u8> {
        let Some((cost, json)) = cost.zip(self.json) else {
            return self.bytes;
        };
        let document = self.bytes.get(json.start..json.end).unwrap_or_default();
        // The chunk was read before, so an error cannot come; it would cost the caller only the cost.
        match place(document).unwrap_or_default() {
            None => {}
            Some(Place::Over(old)) => {
                let old = json.start + old.start..json.start + old.end;
                self.bytes.splice(old, cost.bytes());
            }
            Some(Place::Into { at, first }) => {
                let comma = if first { "" } else { "," };
                let member = format!(r#"{comma}"cost":{cost}"#);
                let at = json.start + at;
                self.bytes.splice(at..at, member.bytes());
            }
        }
        self.bytes
    }
}

/// Puts the cost into each of several whole frames that has a place for it.
pub(crate) fn frames_with_cost(frames: Vec<u8>, cost: Option<&str>) -> Vec<u8> {
    if cost.is_none() {
        return frames;
    }
    let mut out = Vec::with_capacity(frames.len() + 64);
    let written = Parser::new(frames.len()).feed::<FrameTooLarge>(&frames, |frame| {
        out.extend_from_slice(&ClosingFrame::new(&frame).with_cost(cost));
        Ok(())
    });
    match written {
        Ok(()) if out.len() >= frames.len() => out,
        // Not whole frames, which does not occur; they go out as they are.
        Ok(()) | Err(_) => frames,
    }
}

/// Finds the place for the cost; `None` when there is no usage object, or when it says something
/// else under that name (Perplexity puts an object there).
fn place(document: &[u8]) -> Result<Option<Place>, DecodeError> {
    let mut found = None;
    let mut cursor = Cursor::new(document, MAX_DEPTH)?;
    cursor.object(|c, key| {
        if c.peek()? != Kind::Object {
            return Ok(());
        }
        match key.decode().as_ref() {
            "usage" => found = within(c)?,
            "response" => {
                c.object(|c, key| {
                    if key.decode() == "usage" && c.peek()? == Kind::Object {
                        found = within(c)?;
                    }
                    Ok(())
                })?;
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(found)
}

fn within(c: &mut Cursor<'_>) -> Result<Option<Place>, DecodeError> {
    let (mut first, mut cost) = (true, None);
    let usage = c.object(|c, key| {
        first = false;
        if key.decode() == "cost" {
            let kind = c.peek()?;
            cost = Some((kind, c.skip_value()?));
        }
        Ok(())
    })?;
    Ok(match cost {
        None => Some(Place::Into {
            at: usage.end - 1,
            first,
        }),
        Some((Kind::Number | Kind::Null, span)) => Some(Place::Over(span)),
        Some(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_cost(text: &str, cost: Option<&str>) -> String {
        let mut out = Vec::new();
        Parser::new(1 << 20)
            .feed::<FrameTooLarge>(text.as_bytes(), |frame| {
                out = ClosingFrame::new(&frame).with_cost(cost);
                Ok(())
            })
            .unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn only_the_cost_is_added_or_replaced() {
        let cases = [
            (
                r#"data: {"choices":[],"usage":{"prompt_tokens":3, "odd" : 1.50 } , "x":1}"#,
                r#"data: {"choices":[],"usage":{"prompt_tokens":3, "odd" : 1.50 ,"cost":0.5} , "x":1}"#,
            ),
            (r#"data:{"usage":{}}"#, r#"data:{"usage":{"cost":0.5}}"#),
            (
                r#"data: {"usage":{"cost":1e-3,"cost_details":{"cost":2}}}"#,
                r#"data: {"usage":{"cost":0.5,"cost_details":{"cost":2}}}"#,
            ),
            (
                r#"data: {"type":"response.completed","response":{"usage":{"input_tokens":1}},"sequence_number":9}"#,
                r#"data: {"type":"response.completed","response":{"usage":{"input_tokens":1,"cost":0.5}},"sequence_number":9}"#,
            ),
            (
                r#"data: {"usage":{"\u0063ost":null}}"#,
                r#"data: {"usage":{"\u0063ost":0.5}}"#,
            ),
            (
                ": note\nevent: x\ndata:  {\"usage\":{\"a\":1}}\nid: 7",
                ": note\nevent: x\ndata:  {\"usage\":{\"a\":1,\"cost\":0.5}}\nid: 7",
            ),
        ];
        for (before, after) in cases {
            let (before, after) = (format!("{before}\r\n\r\n"), format!("{after}\r\n\r\n"));
            assert_eq!(with_cost(&before, Some("0.5")), after);
            assert_eq!(with_cost(&before, None), before);
        }
    }

    #[test]
    fn the_cost_goes_into_whichever_of_several_frames_has_a_place() {
        let frames = "event: message_delta\ndata: {\"usage\":{\"output_tokens\":1}}\n\nevent: message_stop\ndata: {}\n\n";
        let expected = frames.replace(":1}", ":1,\"cost\":0.5}");
        let priced = frames_with_cost(frames.as_bytes().to_vec(), Some("0.5"));
        assert_eq!(String::from_utf8(priced).unwrap(), expected);
        assert_eq!(
            frames_with_cost(b"data: {\"usage\":{".to_vec(), Some("1")),
            b"data: {\"usage\":{"
        );
    }

    #[test]
    fn a_chunk_without_a_place_stays_as_it_is() {
        for text in [
            r#"data: {"usage":{"prompt_tokens":1,"cost":{"total_cost":0.006}}}"#,
            r#"data: {"x_groq":{"usage":{"prompt_tokens":1}}}"#,
            "data: {\"usage\":\ndata: {\"prompt_tokens\":1}}",
            "data: {\"usage\":{",
            ": comment",
        ] {
            let text = format!("{text}\n\n");
            assert_eq!(with_cost(&text, Some("0.5")), text);
        }
    }
}
