//! `Cursor`: one forward pass over a JSON document that checks everything it passes. Readers of
//! requests and answers ask it for the few members they need; the rest is skipped, still checked.
//! Nesting is bounded by the limit given, and errors carry the pointer of where reading stopped.

use std::borrow::Cow;

use super::{JsonStr, Kind, MAX_DEPTH, Number, RawJson, Span, scan, string};
use crate::{DecodeError, Fault};

/// Most nodes (messages, parts, tools, unknown fields) that decoders build of one document. A few
/// bytes of JSON make a node of hundreds, so that a small body could otherwise fill the memory.
pub const MAX_NODES: u32 = 200_000;

/// Most members of objects that readers look at in one document; those passed over do not count.
const MAX_MEMBERS: u32 = 3 * MAX_NODES;

/// A position in a JSON document.
#[derive(Debug)]
pub struct Cursor<'a> {
    text: &'a str,
    pub(super) at: usize,
    pub(super) depth: u32,
    limit: u32,
    nodes: u32,
    members: u32,
    /// Where texts with escapes are decoded: one place for all of them, with room for the longest there
    /// can be, so that none has to grow.
    decoded: Vec<u8>,
    room: usize,
}

impl<'a> Cursor<'a> {
    /// Starts before the document in `body`, which may nest `limit` deep (at most [`MAX_DEPTH`]).
    pub fn new(body: &'a [u8], limit: u32) -> Result<Self, DecodeError> {
        match std::str::from_utf8(body) {
            Ok(text) => Ok(Self::over(text, limit)),
            Err(error) => Err(not_utf8(body, limit, error.valid_up_to())),
        }
    }

    /// The same for a document that is known to be UTF-8.
    pub(super) fn over(text: &'a str, limit: u32) -> Self {
        Self {
            text,
            at: 0,
            depth: 0,
            limit: limit.min(MAX_DEPTH),
            nodes: 0,
            members: 0,
            decoded: Vec::new(),
            room: text.len(),
        }
    }

    /// Counts a node that a decoder builds; fails beyond [`MAX_NODES`].
    pub fn count_node(&mut self) -> Result<(), DecodeError> {
        self.nodes += 1;
        self.bounded(self.nodes <= MAX_NODES)
    }

    fn bounded(&self, is_within: bool) -> Result<(), DecodeError> {
        let fault = Fault::OutOfRange("fewer elements in one document");
        is_within
            .then_some(())
            .ok_or_else(|| DecodeError::new(fault, self.at))
    }

    /// A cursor on a value passed before, in the same document.
    pub fn revisit(&self, span: Span) -> Self {
        Self {
            text: self.text,
            at: span.start,
            depth: self.depth,
            limit: self.limit,
            nodes: self.nodes,
            members: self.members,
            decoded: Vec::new(),
            room: span.len(),
        }
    }

    /// Takes over the count of a cursor that came of `revisit`.
    pub fn count_like(&mut self, revisited: &Self) {
        self.nodes = self.nodes.max(revisited.nodes);
    }

    pub(super) fn bytes(&self) -> &'a [u8] {
        self.text.as_bytes()
    }

    /// Fails unless only white space is left.
    pub fn end(&mut self) -> Result<(), DecodeError> {
        self.at = scan::skip_space(self.bytes(), self.at);
        if self.at == self.text.len() {
            Ok(())
        } else {
            Err(DecodeError::new(Fault::TrailingData, self.at))
        }
    }

    /// Type of the next value, which stays unread.
    #[inline]
    pub fn peek(&mut self) -> Result<Kind, DecodeError> {
        self.at = scan::skip_space(self.bytes(), self.at);
        match self.bytes().get(self.at) {
            Some(b'{') => Ok(Kind::Object),
            Some(b'[') => Ok(Kind::Array),
            Some(b'"') => Ok(Kind::String),
            Some(b'-' | b'0'..=b'9') => Ok(Kind::Number),
            Some(b't' | b'f') => Ok(Kind::Bool),
            Some(b'n') => Ok(Kind::Null),
            Some(_) => Err(DecodeError::new(Fault::Syntax("a JSON value"), self.at)),
            None => Err(DecodeError::new(Fault::UnexpectedEnd, self.at)),
        }
    }

    /// About how many elements an array at hand has, if each takes `bytes` at least; a few at most, to
    /// begin a list with.
    pub fn few(&self, bytes: usize) -> usize {
        const MOST: usize = 16;
        (self.text.len().saturating_sub(self.at) / bytes.max(1)).min(MOST)
    }

    /// Offset of the next byte to read.
    pub fn position(&self) -> usize {
        self.at
    }

    /// An error at the next value, for a reader that expected another type.
    pub fn wrong_type(&self, expected: &'static str, found: Kind) -> DecodeError {
        DecodeError::new(Fault::WrongType { expected, found }, self.at)
    }

    pub(super) fn expect(&mut self, kind: Kind, expected: &'static str) -> Result<(), DecodeError> {
        let found = self.peek()?;
        if found == kind {
            Ok(())
        } else {
            Err(self.wrong_type(expected, found))
        }
    }

    /// Takes a `null` if that is what comes next.
    pub fn take_null(&mut self) -> Result<bool, DecodeError> {
        if self.peek()? != Kind::Null {
            return Ok(false);
        }
        self.at = scan::literal(self.bytes(), self.at, "null")?;
        Ok(true)
    }

    /// Reads a string.
    pub fn string(&mut self) -> Result<JsonStr<'a>, DecodeError> {
        self.expect(Kind::String, "a string")?;
        self.quoted()
    }

    /// Reads the string whose opening quote is at hand.
    fn quoted(&mut self) -> Result<JsonStr<'a>, DecodeError> {
        let start = self.at;
        let (end, escaped) = scan::string(self.bytes(), start)?;
        self.at = end;
        Ok(JsonStr::new(&self.text[start + 1..end - 1], escaped, start))
    }

    /// Reads a string and decodes it, in one pass.
    pub fn text(&mut self) -> Result<Cow<'a, str>, DecodeError> {
        self.expect(Kind::String, "a string")?;
        let start = self.at + 1;
        let end = scan::run_end::<false>(self.bytes(), start);
        if self.bytes().get(end) == Some(&b'\\') {
            return self.escaped_text(start, end).map(Cow::Owned);
        }
        self.at = scan::closing_quote(self.bytes(), end)?;
        Ok(Cow::Borrowed(self.text.get(start..end).unwrap_or_default()))
    }

    /// Reads on in a text that started at `start` and has its first escape at `at`.
    fn escaped_text(&mut self, start: usize, at: usize) -> Result<String, DecodeError> {
        let bytes = self.bytes();
        self.decoded.clear();
        if self.decoded.capacity() == 0 {
            self.decoded
                .reserve_exact(self.room.min(bytes.len().saturating_sub(start)));
        }
        self.decoded
            .extend_from_slice(bytes.get(start..at).unwrap_or_default());
        self.at = string::decode_rest(bytes, at, &mut self.decoded)?;
        // A text that fills the place takes it along.
        let decoded = if self.decoded.len() > self.decoded.capacity() / 2 {
            std::mem::take(&mut self.decoded)
        } else {
            self.decoded.as_slice().to_vec()
        };
        Ok(string::checked(decoded))
    }

    /// Passes over one value of any type, checking it, and gives it as text.
    pub fn raw(&mut self) -> Result<RawJson<'a>, DecodeError> {
        let span = self.skip_value()?;
        Ok(RawJson::checked(&self.text[span.start..span.end]))
    }

    /// Reads a number and keeps its spelling.
    pub fn spelled_number(&mut self) -> Result<Number<'a>, DecodeError> {
        self.number().map(Number::checked)
    }

    /// A value passed before, in the same document, as text.
    pub(crate) fn raw_at(&self, span: Span) -> RawJson<'a> {
        RawJson::checked(self.text.get(span.start..span.end).unwrap_or("null"))
    }

    /// Reads a boolean.
    pub fn bool(&mut self) -> Result<bool, DecodeError> {
        self.expect(Kind::Bool, "a boolean")?;
        let value = self.bytes().get(self.at) == Some(&b't');
        self.at = scan::literal(self.bytes(), self.at, if value { "true" } else { "false" })?;
        Ok(value)
    }

    /// Reads a number and gives its text.
    pub fn number(&mut self) -> Result<&'a str, DecodeError> {
        self.expect(Kind::Number, "a number")?;
        let start = self.at;
        self.at = scan::number(self.bytes(), start)?;
        Ok(&self.text[start..self.at])
    }

    /// Reads a whole number that is not negative.
    pub fn unsigned(&mut self) -> Result<u64, DecodeError> {
        self.expect(Kind::Number, "a non-negative integer")?;
        let start = self.at;
        let text = self.number()?;
        text.parse()
            .map_err(|_| DecodeError::new(Fault::OutOfRange("a non-negative integer"), start))
    }

    /// Walks an object. `member` gets each key and may read the value; a value it leaves unread
    /// is skipped. Gives the span of the object.
    pub fn object(
        &mut self,
        mut member: impl FnMut(&mut Self, JsonStr<'a>) -> Result<(), DecodeError>,
    ) -> Result<Span, DecodeError> {
        self.expect(Kind::Object, "an object")?;
        let start = self.at;
        self.enter()?;
        if !self.take_byte(b'}') {
            loop {
                let key = self.key()?;
                self.members += 1;
                self.bounded(self.members <= MAX_MEMBERS)?;
                self.read_or_skip(|c| member(c, key))
                    .map_err(|e| e.under_key(&key.decode()))?;
                if self.take_byte(b'}') {
                    break;
                }
                self.require_byte(b',', "a comma or the end of the object")?;
            }
        }
        self.depth -= 1;
        Ok(Span { start, end: self.at })
    }

    /// Walks an array. `element` gets each index and may read the value; a value it leaves unread
    /// is skipped. Gives the span of the array.
    pub fn array(
        &mut self,
        mut element: impl FnMut(&mut Self, usize) -> Result<(), DecodeError>,
    ) -> Result<Span, DecodeError> {
        self.expect(Kind::Array, "an array")?;
        let start = self.at;
        self.enter()?;
        if !self.take_byte(b']') {
            for index in 0.. {
                self.read_or_skip(|c| element(c, index))
                    .map_err(|e| e.under_index(index))?;
                if self.take_byte(b']') {
                    break;
                }
                self.require_byte(b',', "a comma or the end of the array")?;
            }
        }
        self.depth -= 1;
        Ok(Span { start, end: self.at })
    }

    /// Lets `read` read a value, and passes over it if it did not.
    fn read_or_skip(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        self.peek()?;
        let value_at = self.at;
        read(self)?;
        if self.at == value_at {
            self.skip_value()?;
        }
        Ok(())
    }

    /// Whether the value at hand, which has been peeked at, begins with these very bytes.
    pub(crate) fn begins_with(&self, start: &str) -> bool {
        let rest = self.bytes().get(self.at..).unwrap_or_default();
        rest.starts_with(start.as_bytes())
    }

    /// Takes the object at hand if it begins with these very bytes, the quote of its last member among them, and
    /// ends with a short text without escapes, which is not empty. What most messages and parts are need not be walked
    /// member by member.
    pub(crate) fn ending_in_text(&mut self, start: &str) -> Option<&'a str> {
        const SHORT: usize = 1024;
        if self.depth == self.limit || !self.begins_with(start) {
            return None;
        }
        let from = self.at + start.len();
        let window = self.bytes().get(..self.text.len().min(from + SHORT))?;
        let end = scan::run_end::<false>(window, from);
        if end == from || window.get(end..end + 2) != Some(b"\"}") {
            return None;
        }
        self.at = end + 2;
        self.text.get(from..end)
    }

    /// The member that the object at hand begins with, if that is a string.
    pub(crate) fn leading_string(&mut self) -> Result<Option<(JsonStr<'a>, JsonStr<'a>)>, DecodeError> {
        self.expect(Kind::Object, "an object")?;
        self.enter()?;
        if self.take_byte(b'}') {
            return Ok(None);
        }
        let key = self.key()?;
        let leads = self.peek()? == Kind::String;
        leads.then(|| Ok((key, self.quoted()?))).transpose()
    }

    /// Takes the opening bracket of the value at hand and counts the level.
    pub(super) fn enter(&mut self) -> Result<(), DecodeError> {
        if self.depth == self.limit {
            return Err(DecodeError::new(Fault::TooDeep { limit: self.limit }, self.at));
        }
        self.depth += 1;
        self.at = scan::skip_space(self.bytes(), self.at + 1);
        Ok(())
    }

    /// Reads a key and its colon.
    fn key(&mut self) -> Result<JsonStr<'a>, DecodeError> {
        self.expect_key()?;
        let key = self.quoted()?;
        self.require_byte(b':', "a colon after a key")?;
        Ok(key)
    }

    /// Fails unless the next thing is a key.
    pub(super) fn expect_key(&mut self) -> Result<(), DecodeError> {
        self.at = scan::skip_space(self.bytes(), self.at);
        match self.bytes().get(self.at) {
            Some(b'"') => Ok(()),
            Some(_) => Err(DecodeError::new(Fault::Syntax("a key in quotes"), self.at)),
            None => Err(DecodeError::new(Fault::UnexpectedEnd, self.at)),
        }
    }

    #[inline]
    pub(super) fn take_byte(&mut self, byte: u8) -> bool {
        self.at = scan::skip_space(self.bytes(), self.at);
        let there = self.bytes().get(self.at) == Some(&byte);
        self.at += usize::from(there);
        there
    }

    #[inline]
    pub(super) fn require_byte(&mut self, byte: u8, expected: &'static str) -> Result<(), DecodeError> {
        if self.take_byte(byte) {
            return Ok(());
        }
        let fault = if self.at < self.text.len() {
            Fault::Syntax(expected)
        } else {
            Fault::UnexpectedEnd
        };
        Err(DecodeError::new(fault, self.at))
    }
}

/// The error of a body that is UTF-8 only up to `end`, with the place in the document; or the error
/// before that.
#[cold]
fn not_utf8(body: &[u8], limit: u32, end: usize) -> DecodeError {
    let valid = body.get(..end).and_then(|valid| std::str::from_utf8(valid).ok());
    let read = Cursor::over(valid.unwrap_or_default(), limit).skip_value();
    match read {
        Err(error) if error.fault() == Fault::UnexpectedEnd => error.instead(Fault::NotUtf8, end),
        Err(error) => error,
        Ok(_) => DecodeError::new(Fault::NotUtf8, end),
    }
}

#[cfg(test)]
mod tests;
