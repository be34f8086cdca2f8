//! The frame that closes a stream with usage, kept back until the cost of the call is known and
//! then put into it: as `usage.cost`, where OpenRouter's clients look in chat and in Messages, and
//! as `response.usage.cost` in Responses. Beside it stands what of a translated answer was lost, as
//! `sluicegate.dropped`. Gemini's `usageMetadata` is a closed message, which some clients refuse with
//! a member more: it gets no cost, and what was lost stands next to it in the chunk. Called once per
//! stream by what passes streams on, in whatever dialect.
//!
//! Must stay true: apart from these every byte is as it came, and without them or a place for them
//! all bytes are.

use bytes::Bytes;

use crate::DecodeError;
use crate::json::{Cursor, Kind, MAX_DEPTH, Object, Span};
use crate::sse::{Frame, FrameTooLarge, Parser};

/// A whole frame.
#[derive(Debug)]
pub(crate) struct ClosingFrame {
    bytes: Vec<u8>,
    /// Where its JSON stands; `None` when it is spread over several lines.
    json: Option<Span>,
}

/// What a call cost, in US dollars.
const COST: &str = "cost";
/// The gateway's own object, here as in requests.
const OWN: &str = "sluicegate";

/// Where a member goes in a document.
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
    pub(crate) fn with_cost(self, cost: Option<&str>) -> Vec<u8> {
        match cost {
            Some(cost) => self.with(COST, cost, |document| place(document, COST)),
            None => self.bytes,
        }
    }

    /// The frame, with `usage.sluicegate`, or `sluicegate` beside `usageMetadata`.
    fn with_own(self, value: &str) -> Vec<u8> {
        self.with(OWN, value, |document| {
            Ok(place(document, OWN)?.or(place_beside_metadata(document)?))
        })
    }

    /// The frame, with a member in its place, if it has one.
    fn with(
        mut self,
        name: &str,
        value: &str,
        place: fn(&[u8]) -> Result<Option<Place>, DecodeError>,
    ) -> Vec<u8> {
        let Some(json) = self.json else {
            return self.bytes;
        };
        let document = self.bytes.get(json.start..json.end).unwrap_or_default();
        // The chunk was read before, so an error cannot come; it would cost the caller only the member.
        match place(document).unwrap_or_default() {
            None => {}
            Some(Place::Over(old)) => {
                let old = json.start + old.start..json.start + old.end;
                self.bytes.splice(old, value.bytes());
            }
            Some(Place::Into { at, first }) => {
                let comma = if first { "" } else { "," };
                let member = format!(r#"{comma}"{name}":{value}"#);
                let at = json.start + at;
                self.bytes.splice(at..at, member.bytes());
            }
        }
        self.bytes
    }
}

/// Puts the cost into each of several whole frames that has a place for it.
pub(crate) fn frames_with_cost(frames: Vec<u8>, cost: Option<&str>) -> Vec<u8> {
    match cost {
        Some(_) => rewritten(frames, |frame| frame.with_cost(cost)),
        None => frames,
    }
}

/// Puts the names of what was lost into each of several whole frames that has a place for it.
pub(crate) fn frames_with_dropped(frames: Vec<u8>, dropped: &str) -> Vec<u8> {
    let mut own = Vec::with_capacity(dropped.len() + 32);
    Object::open(&mut own).string("dropped", dropped);
    let own = String::from_utf8(own).unwrap_or_default();
    rewritten(frames, |frame| frame.with_own(&own))
}

/// Puts a usage object into each of several whole frames with a response that has none.
pub(crate) fn frames_with_usage(frames: Vec<u8>, usage: &str) -> Vec<u8> {
    rewritten(frames, |frame| frame.with("usage", usage, missing_usage))
}

fn rewritten(frames: Vec<u8>, write: impl Fn(ClosingFrame) -> Vec<u8>) -> Vec<u8> {
    let mut out = Vec::with_capacity(frames.len() + 64);
    let written = Parser::new(frames.len()).feed::<FrameTooLarge>(&frames, |frame| {
        out.extend_from_slice(&write(ClosingFrame::new(&frame)));
        Ok(())
    });
    match written {
        Ok(()) if out.len() >= frames.len() => out,
        // Not whole frames, which does not occur; they go out as they are.
        Ok(()) | Err(_) => frames,
    }
}

/// Finds the place for a member of usage; `None` when there is no usage object, or when it says
/// something else under that name (Perplexity has an object for the cost).
fn place(document: &[u8], member: &str) -> Result<Option<Place>, DecodeError> {
    let mut found = None;
    let mut cursor = Cursor::new(document, MAX_DEPTH)?;
    cursor.object(|c, key| {
        if c.peek()? != Kind::Object {
            return Ok(());
        }
        match key.decode().as_ref() {
            "usage" => found = within(c, member)?,
            "response" => {
                c.object(|c, key| {
                    if key.decode() == "usage" && c.peek()? == Kind::Object {
                        found = within(c, member)?;
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

/// Finds the place for our own object in Gemini's chunk that tells usage.
fn place_beside_metadata(document: &[u8]) -> Result<Option<Place>, DecodeError> {
    let (mut tells_usage, mut taken) = (false, false);
    let mut cursor = Cursor::new(document, MAX_DEPTH)?;
    let chunk = cursor.object(|_, key| {
        match key.decode().as_ref() {
            "usageMetadata" => tells_usage = true,
            OWN => taken = true,
            _ => {}
        }
        Ok(())
    })?;
    Ok((tells_usage && !taken).then_some(Place::Into {
        at: chunk.end - 1,
        first: false,
    }))
}

fn within(c: &mut Cursor<'_>, member: &str) -> Result<Option<Place>, DecodeError> {
    let (mut first, mut there) = (true, None);
    let usage = c.object(|c, key| {
        first = false;
        if key.decode() == member {
            let kind = c.peek()?;
            there = Some((kind, c.skip_value()?));
        }
        Ok(())
    })?;
    Ok(match there {
        None => Some(Place::Into {
            at: usage.end - 1,
            first,
        }),
        Some((Kind::Number | Kind::Null, span)) => Some(Place::Over(span)),
        Some(_) => None,
    })
}

/// Finds the place for usage in a response that has none.
fn missing_usage(document: &[u8]) -> Result<Option<Place>, DecodeError> {
    let mut found = None;
    let mut cursor = Cursor::new(document, MAX_DEPTH)?;
    cursor.object(|c, key| {
        if key.decode() != "response" || c.peek()? != Kind::Object {
            return Ok(());
        }
        let (mut first, mut usage) = (true, None);
        let response = c.object(|c, key| {
            first = false;
            if key.decode() == "usage" {
                let kind = c.peek()?;
                usage = Some((kind, c.skip_value()?));
            }
            Ok(())
        })?;
        found = match usage {
            None => Some(Place::Into {
                at: response.end - 1,
                first,
            }),
            Some((Kind::Null, span)) => Some(Place::Over(span)),
            Some(_) => None,
        };
        Ok(())
    })?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_is_added_where_a_response_has_none() {
        let frame = |members: &str| {
            let json =
                format!(r#"{{"type":"response.completed","response":{{{members}}},"sequence_number":9}}"#);
            format!("event: response.completed\ndata: {json}\n\n")
        };
        for (before, after) in [
            (
                r#""id":"r", "x" : 1.0 "#,
                r#""id":"r", "x" : 1.0 ,"usage":{"a":1}"#,
            ),
            ("", r#""usage":{"a":1}"#),
            (r#""usage":null,"id":"r""#, r#""usage":{"a":1},"id":"r""#),
            (r#""usage":{"b":2}"#, r#""usage":{"b":2}"#),
        ] {
            let told = frames_with_usage(frame(before).into_bytes(), r#"{"a":1}"#);
            assert_eq!(String::from_utf8(told).unwrap(), frame(after));
        }
        let other = b"data: {\"type\":\"message_stop\"}\n\n".to_vec();
        assert_eq!(frames_with_usage(other.clone(), "{}"), other);
    }

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
    fn what_was_lost_stands_beside_the_cost() {
        let frames = "data: {\"usage\":{\"cost\":0.5}}\n\ndata: {\"type\":\"message_stop\"}\n\n";
        let told = frames_with_dropped(frames.as_bytes().to_vec(), "seed, x:\"");
        let expected = frames.replace("0.5", r#"0.5,"sluicegate":{"dropped":"seed, x:\""}"#);
        assert_eq!(String::from_utf8(told).unwrap(), expected);
        let gemini = "data: {\"usageMetadata\":{\"a\":1},\"modelVersion\":\"m\"}\n\n";
        let told = frames_with_dropped(gemini.as_bytes().to_vec(), "seed");
        let expected = gemini.replace("\"m\"", r#""m","sluicegate":{"dropped":"seed"}"#);
        assert_eq!(String::from_utf8(told).unwrap(), expected);
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
