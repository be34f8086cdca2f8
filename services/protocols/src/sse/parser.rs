//! Bytes in, frames out, however the network split them. Called per read by the stream readers.
//! What stays buffered between reads is one unfinished frame, and that is bounded; a frame that
//! lies whole in one read is handed out in place, without a copy.

use std::mem;
use std::ops::Range;

/// An unfinished frame grew past the limit given to the parser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an event of the stream is larger than {limit} bytes")]
pub struct FrameTooLarge {
    /// The limit, in bytes.
    pub limit: usize,
}

/// One frame: everything up to and including a blank line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The bytes of the frame as received, its blank line included.
    pub raw: &'a [u8],
    /// Where `raw` lies in the bytes given to this call of [`Parser::feed`]; `None` when the frame
    /// began in an earlier call.
    pub place: Option<Range<usize>>,
    /// The event name, when one was given.
    pub event: Option<&'a [u8]>,
    /// The data lines, joined by line feeds; `None` when there is none, as in a comment.
    pub data: Option<&'a [u8]>,
    /// Where `data` starts in `raw`; `None` when there is none or it was joined of several lines.
    pub data_start: Option<usize>,
}

/// Splits a byte stream into frames.
#[derive(Debug)]
pub struct Parser {
    limit: usize,
    carry: Vec<u8>,
    joined: Vec<u8>,
    line: LineState,
    fields: Fields,
}

/// Where the scan for line ends stands; offsets into the buffer at hand.
#[derive(Debug, Default)]
struct LineState {
    frame_start: usize,
    line_start: usize,
    at: usize,
    /// A byte order mark may only stand before the first line.
    past_first_line: bool,
}

#[derive(Debug, Default)]
struct Fields {
    event: Option<Range<usize>>,
    data: Option<Range<usize>>,
    data_lines: usize,
}

impl Parser {
    /// A parser that holds at most `limit` bytes of one unfinished frame.
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            carry: Vec::new(),
            joined: Vec::new(),
            line: LineState::default(),
            fields: Fields::default(),
        }
    }

    /// Takes the next bytes and calls `on_frame` for each frame they finish. After an error, of
    /// the callback or of the limit, the parser is of no further use.
    pub fn feed<E: From<FrameTooLarge>>(
        &mut self,
        bytes: &[u8],
        mut on_frame: impl FnMut(Frame<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.carry.is_empty() {
            self.scan(bytes, true, &mut on_frame)?;
            self.carry
                .extend_from_slice(bytes.get(self.line.frame_start..).unwrap_or_default());
        } else {
            let mut carry = mem::take(&mut self.carry);
            carry.extend_from_slice(bytes);
            let scanned = self.scan(&carry, false, &mut on_frame);
            carry.drain(..self.line.frame_start.min(carry.len()));
            self.carry = carry;
            scanned?;
        }
        self.rebase();
        if self.carry.len() > self.limit {
            Err(E::from(FrameTooLarge { limit: self.limit }))
        } else {
            Ok(())
        }
    }

    /// Ends the stream: hands out a last frame that no blank line closed, if there is one. Whether
    /// it is whole is for the caller to judge by its data.
    pub fn finish<E>(&mut self, mut on_frame: impl FnMut(Frame<'_>) -> Result<(), E>) -> Result<(), E> {
        let carry = mem::take(&mut self.carry);
        let end = carry.len() - usize::from(carry.last() == Some(&b'\r'));
        if self.line.line_start < end {
            self.field(&carry, self.line.line_start..end);
        }
        let fields = mem::take(&mut self.fields);
        if carry.is_empty() {
            Ok(())
        } else {
            on_frame(frame(&carry, 0..carry.len(), &fields, false, &mut self.joined))
        }
    }

    /// Bytes held of an unfinished frame.
    pub fn buffered(&self) -> usize {
        self.carry.len()
    }

    fn scan<E>(
        &mut self,
        buffer: &[u8],
        in_place: bool,
        on_frame: &mut impl FnMut(Frame<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        loop {
            let rest = buffer.get(self.line.at..).unwrap_or_default();
            let Some(found) = memchr::memchr2(b'\n', b'\r', rest) else {
                self.line.at = buffer.len();
                return Ok(());
            };
            let end = self.line.at + found;
            let next = match rest.get(found..) {
                // Whether an LF belongs to this CR shows with the next byte.
                Some(b"\r") => {
                    self.line.at = end;
                    return Ok(());
                }
                Some([b'\r', b'\n', ..]) => end + 2,
                _ => end + 1,
            };
            let line = self.line.line_start..end;
            self.line.at = next;
            self.line.line_start = next;
            if !line.is_empty() {
                self.field(buffer, line);
                continue;
            }
            let whole = self.line.frame_start..next;
            self.line.frame_start = next;
            let fields = mem::take(&mut self.fields);
            on_frame(frame(buffer, whole, &fields, in_place, &mut self.joined))?;
        }
    }

    /// Notes what a line that is not empty says.
    fn field(&mut self, buffer: &[u8], line: Range<usize>) {
        let mut start = line.start;
        if !mem::replace(&mut self.line.past_first_line, true)
            && buffer[line.clone()].starts_with(b"\xef\xbb\xbf")
        {
            start += 3;
        }
        let Some(value) = field_value(buffer, start..line.end, b"data") else {
            if let Some(value) = field_value(buffer, start..line.end, b"event") {
                self.fields.event = Some(value);
            }
            return;
        };
        self.fields.data_lines += 1;
        self.fields.data = Some(match self.fields.data.take() {
            Some(first) => first.start..value.end,
            None => value,
        });
    }

    /// Moves offsets from the buffer just scanned to `carry`, which starts at its unfinished frame.
    fn rebase(&mut self) {
        let by = mem::take(&mut self.line.frame_start);
        self.line.line_start -= by;
        self.line.at -= by;
        for range in [&mut self.fields.event, &mut self.fields.data]
            .into_iter()
            .flatten()
        {
            *range = range.start - by..range.end - by;
        }
    }
}

/// The value of a line `name: value` or `name:value` or `name`, if the line is of that name.
fn field_value(buffer: &[u8], line: Range<usize>, name: &[u8]) -> Option<Range<usize>> {
    let rest = buffer[line.clone()].strip_prefix(name)?;
    match rest {
        [] => Some(line.end..line.end),
        [b':', b' ', ..] => Some(line.start + name.len() + 2..line.end),
        [b':', ..] => Some(line.start + name.len() + 1..line.end),
        [_, ..] => None,
    }
}

fn frame<'a>(
    buffer: &'a [u8],
    whole: Range<usize>,
    fields: &Fields,
    in_place: bool,
    joined: &'a mut Vec<u8>,
) -> Frame<'a> {
    let data = fields.data.clone().map(|span| {
        if fields.data_lines == 1 {
            return &buffer[span];
        }
        join_data_lines(&buffer[span], joined);
        &joined[..]
    });
    let data_start = fields.data.as_ref().filter(|_| fields.data_lines == 1);
    Frame {
        raw: &buffer[whole.clone()],
        data_start: data_start.map(|span| span.start - whole.start),
        place: in_place.then_some(whole),
        event: fields.event.clone().map(|span| &buffer[span]),
        data,
    }
}

/// Joins the data lines of `lines`, which starts in the value of the first one and may hold lines
/// of other names in between.
fn join_data_lines(lines: &[u8], joined: &mut Vec<u8>) {
    joined.clear();
    let mut rest = lines;
    let mut first = true;
    loop {
        let end = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        let line = &rest[..end];
        let value = if first {
            Some(0..line.len())
        } else {
            field_value(line, 0..line.len(), b"data")
        };
        if let Some(value) = value {
            if !first {
                joined.push(b'\n');
            }
            joined.extend_from_slice(&line[value]);
        }
        first = false;
        if end == rest.len() {
            return;
        }
        let width = if rest[end..].starts_with(b"\r\n") { 2 } else { 1 };
        rest = &rest[end + width..];
    }
}

#[cfg(test)]
mod tests;
