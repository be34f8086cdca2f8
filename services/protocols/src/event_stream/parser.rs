//! Bytes in, frames out, however the network split them, as `sse::Parser` does it. What stays
//! buffered between reads is one unfinished message, and a message that says it is larger than the
//! limit is refused before it is buffered; one that lies whole in one read is handed out in place.

use std::mem;
use std::ops::Range;

use super::header::Headers;
use super::{CHECKSUM, MAX_HEADERS, PRELUDE};
use crate::sse::FrameTooLarge;

/// Why bytes are not a stream of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FramingFault {
    /// A message is larger than the limit given to the parser.
    #[error(transparent)]
    TooLarge(#[from] FrameTooLarge),
    /// The lengths of a message do not fit each other.
    #[error("a message of the stream has impossible lengths")]
    Lengths,
    /// The checksum over the lengths does not match: what follows cannot be told apart.
    #[error("the lengths of a message of the stream are corrupt")]
    PreludeChecksum,
    /// The checksum over a message does not match.
    #[error("a message of the stream is corrupt")]
    MessageChecksum,
    /// Headers that are not in the format.
    #[error("a message of the stream has malformed headers")]
    Headers,
    /// The stream ended within a message.
    #[error("the stream ended within a message")]
    Truncated,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The bytes of the message as received.
    pub raw: &'a [u8],
    /// Where `raw` lies in the bytes given to this call of [`Parser::feed`]; `None` when the
    /// message began in an earlier call.
    pub place: Option<Range<usize>>,
    /// What kind of message it is.
    pub message_type: MessageType,
    /// Its name: the type of the event or of the exception, or the code of the error.
    pub event: Option<&'a [u8]>,
    /// The content type of the payload.
    pub content_type: Option<&'a str>,
    /// The payload. An error has its text in a header instead, which is given here.
    pub data: &'a [u8],
    /// All headers.
    pub headers: Headers<'a>,
}

/// `:message-type`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageType {
    /// Something of the answer.
    Event,
    /// An error the service models, with a payload.
    Exception,
    /// An error it does not model, in headers alone.
    Error,
    /// None, or a word not known.
    Other,
}

/// Splits a byte stream into messages.
#[derive(Debug)]
pub struct Parser {
    limit: usize,
    carry: Vec<u8>,
}

/// How long a message is.
#[derive(Debug, Clone, Copy)]
struct Lengths {
    total: usize,
    headers: usize,
}

impl Parser {
    /// A parser that takes messages of at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            carry: Vec::new(),
        }
    }

    /// Takes the next bytes and calls `on_frame` for each message they finish. After an error, of
    /// the callback or of the framing, the parser is of no further use.
    pub fn feed<E: From<FramingFault>>(
        &mut self,
        bytes: &[u8],
        mut on_frame: impl FnMut(Frame<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut at = 0;
        while !self.carry.is_empty() {
            let wanted = self.wanted()?;
            let rest = bytes.get(at..).unwrap_or_default();
            let taken = rest.len().min(wanted - self.carry.len());
            self.carry.extend_from_slice(&rest[..taken]);
            at += taken;
            if self.carry.len() < wanted {
                return Ok(());
            }
            if let Some(lengths) = self.lengths(&self.carry)?.filter(|l| l.total == wanted) {
                let message = mem::take(&mut self.carry);
                on_frame(frame(&message, lengths, None)?)?;
            }
        }
        loop {
            let rest = bytes.get(at..).unwrap_or_default();
            let message = self
                .lengths(rest)?
                .and_then(|lengths| Some((lengths, rest.get(..lengths.total)?)));
            let Some((lengths, message)) = message else {
                self.carry.extend_from_slice(rest);
                return Ok(());
            };
            let place = at..at + lengths.total;
            at = place.end;
            on_frame(frame(message, lengths, Some(place))?)?;
        }
    }

    /// Ends the stream, which must not be within a message.
    pub fn finish(&self) -> Result<(), FramingFault> {
        if self.carry.is_empty() {
            Ok(())
        } else {
            Err(FramingFault::Truncated)
        }
    }

    /// Bytes held of an unfinished message.
    pub fn buffered(&self) -> usize {
        self.carry.len()
    }

    /// How many bytes the carried message needs before it can be judged further.
    fn wanted(&self) -> Result<usize, FramingFault> {
        Ok(self
            .lengths(&self.carry)?
            .map_or(PRELUDE, |lengths| lengths.total))
    }

    /// Reads and checks the prelude; `None` while it is not all there.
    fn lengths(&self, bytes: &[u8]) -> Result<Option<Lengths>, FramingFault> {
        let Some((prelude, _)) = bytes.split_first_chunk::<PRELUDE>() else {
            return Ok(None);
        };
        let [a, b, c, d, e, f, g, h, checksum @ ..] = *prelude;
        if crc32fast::hash(&prelude[..8]) != u32::from_be_bytes(checksum) {
            return Err(FramingFault::PreludeChecksum);
        }
        let total = u32::from_be_bytes([a, b, c, d]) as usize;
        let headers = u32::from_be_bytes([e, f, g, h]) as usize;
        if headers > MAX_HEADERS || total < PRELUDE + headers + CHECKSUM {
            return Err(FramingFault::Lengths);
        }
        if total > self.limit {
            return Err(FrameTooLarge { limit: self.limit }.into());
        }
        Ok(Some(Lengths { total, headers }))
    }
}

/// Reads a whole message, whose prelude has been checked.
fn frame(message: &[u8], lengths: Lengths, place: Option<Range<usize>>) -> Result<Frame<'_>, FramingFault> {
    let (guarded, checksum) = message
        .split_last_chunk::<CHECKSUM>()
        .ok_or(FramingFault::Lengths)?;
    if crc32fast::hash(guarded) != u32::from_be_bytes(*checksum) {
        return Err(FramingFault::MessageChecksum);
    }
    let (headers, payload) = guarded
        .get(PRELUDE..)
        .and_then(|rest| rest.split_at_checked(lengths.headers))
        .ok_or(FramingFault::Lengths)?;
    let headers = Headers::checked(headers).ok_or(FramingFault::Headers)?;
    let text = |wanted: &str| {
        let mut named = headers.into_iter().filter(|header| header.name == wanted);
        named.find_map(|header| header.value.as_text())
    };
    let (message_type, event, data) = match text(":message-type") {
        Some("event") => (MessageType::Event, text(":event-type"), payload),
        Some("exception") => (MessageType::Exception, text(":exception-type"), payload),
        Some("error") => {
            let told = text(":error-message").map_or(payload, str::as_bytes);
            (MessageType::Error, text(":error-code"), told)
        }
        Some(_) | None => (MessageType::Other, None, payload),
    };
    Ok(Frame {
        raw: message,
        place,
        message_type,
        event: event.map(str::as_bytes),
        content_type: text(":content-type"),
        data,
        headers,
    })
}

#[cfg(test)]
mod tests;
