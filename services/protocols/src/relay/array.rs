//! A stream told as one JSON array, which is what Gemini's clients get that do not ask for events:
//! the data of each event is an element. Written around whatever makes the events.

use crate::sse::{FrameTooLarge, Parser};

/// Makes the array.
#[derive(Debug, Default)]
pub struct JsonArray {
    begun: bool,
}

impl JsonArray {
    /// The elements of whole frames. What is no element, a comment that keeps the caller waiting,
    /// becomes white space.
    pub fn write(&mut self, frames: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(frames.len());
        let read = Parser::new(frames.len()).feed::<FrameTooLarge>(frames, |frame| {
            match frame.data {
                Some(data) => {
                    let before: &[u8] = if self.begun { b",\n" } else { b"[" };
                    self.begun = true;
                    out.extend_from_slice(before);
                    out.extend_from_slice(data);
                }
                None => out.push(b'\n'),
            }
            Ok(())
        });
        debug_assert!(read.is_ok(), "frames of ours are whole");
        out
    }

    /// What closes the array.
    pub fn end(&self) -> &'static [u8] {
        if self.begun { b"\n]" } else { b"[]" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_become_elements_and_comments_white_space() {
        let mut array = JsonArray::default();
        let mut out = array.write(b": keep-alive\n\n");
        out.extend(array.write(b"data: {\"a\":1}\n\ndata: {\"b\":\ndata: 2}\n\n"));
        out.extend(array.write(b": keep-alive\n\ndata: {\"error\":{}}\n\n"));
        out.extend(array.end());
        let read: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(read, serde_json::json!([{"a": 1}, {"b": 2}, {"error": {}}]));
        assert_eq!(JsonArray::default().end(), b"[]");
    }
}
