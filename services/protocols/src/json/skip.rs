//! Passing over a value that nobody reads, checking it all the same. Does not recurse; where each open
//! container stands is kept, so that an error names its place.

use smallvec::SmallVec;

use super::{Cursor, Kind, Span, scan};
use crate::{DecodeError, Fault};

/// A container that is open, with the place in it.
#[derive(Clone, Copy)]
enum Level {
    /// At the element of that number.
    Array(usize),
    /// At the member whose key starts there.
    Object(usize),
}

type Levels = SmallVec<[Level; 8]>;

impl Cursor<'_> {
    /// Passes over one value of any type, checking it.
    pub fn skip_value(&mut self) -> Result<Span, DecodeError> {
        let kind = self.peek()?;
        let start = self.at;
        match kind {
            Kind::Object | Kind::Array => {
                let mut levels = Levels::new();
                self.skip_container(&mut levels)
                    .map_err(|error| self.placed(error, &levels))?;
            }
            Kind::String | Kind::Number | Kind::Bool | Kind::Null => self.skip_scalar()?,
        }
        Ok(Span { start, end: self.at })
    }

    /// Passes over an object, checking it; fails at a value of another type.
    pub fn skip_object(&mut self) -> Result<Span, DecodeError> {
        self.expect(Kind::Object, "an object")?;
        self.skip_value()
    }

    fn skip_container(&mut self, levels: &mut Levels) -> Result<(), DecodeError> {
        loop {
            self.at = scan::skip_space(self.bytes(), self.at);
            match self.bytes().get(self.at) {
                Some(&open @ (b'{' | b'[')) => {
                    self.enter()?;
                    match (open, self.bytes().get(self.at)) {
                        (b'{', Some(b'}')) | (b'[', Some(b']')) => {
                            self.at += 1;
                            self.depth -= 1;
                        }
                        (b'{', _) => {
                            levels.push(Level::Object(self.skip_key()?));
                            continue;
                        }
                        _ => {
                            levels.push(Level::Array(0));
                            continue;
                        }
                    }
                }
                Some(b'-' | b'0'..=b'9') => {
                    let starts = |byte| matches!(byte, b'-' | b'0'..=b'9');
                    self.skip_alike(levels.last_mut(), starts, scan::number)?;
                }
                Some(b'"') => {
                    let read = |bytes: &[u8], at| scan::string(bytes, at).map(|(end, _)| end);
                    self.skip_alike(levels.last_mut(), |byte| byte == b'"', read)?;
                }
                _ => self.skip_scalar()?,
            }
            while !self.next_value(levels)? {
                if levels.is_empty() {
                    return Ok(());
                }
            }
        }
    }

    /// Moves from the end of a value to the next one of its container, or out of the container and says
    /// that there is none.
    fn next_value(&mut self, levels: &mut Levels) -> Result<bool, DecodeError> {
        let Some(level) = levels.last_mut() else {
            return Ok(false);
        };
        self.at = scan::skip_space(self.bytes(), self.at);
        let more = self.bytes().get(self.at) == Some(&b',');
        self.at += usize::from(more);
        let (close, expected) = match level {
            Level::Array(index) if more => {
                *index += 1;
                return Ok(true);
            }
            Level::Object(key) if more => match self.skip_key() {
                Ok(next) => {
                    *key = next;
                    return Ok(true);
                }
                // A fault in front of the next value is one of the container.
                Err(error) => {
                    levels.pop();
                    return Err(error);
                }
            },
            Level::Array(_) => (b']', "a comma or the end of the array"),
            Level::Object(_) => (b'}', "a comma or the end of the object"),
        };
        levels.pop();
        self.require_byte(close, expected)?;
        self.depth -= 1;
        Ok(false)
    }

    /// Passes over a number or a text, and in an array over those right behind it: long arrays are made of
    /// them.
    fn skip_alike(
        &mut self,
        level: Option<&mut Level>,
        starts: impl Fn(u8) -> bool,
        read: impl Fn(&[u8], usize) -> Result<usize, DecodeError>,
    ) -> Result<(), DecodeError> {
        let bytes = self.bytes();
        self.at = read(bytes, self.at)?;
        let Some(Level::Array(index)) = level else {
            return Ok(());
        };
        while let Some(&[b',', next]) = bytes.get(self.at..).and_then(<[u8]>::first_chunk)
            && starts(next)
        {
            *index += 1;
            self.at = read(bytes, self.at + 1)?;
        }
        Ok(())
    }

    /// Passes over a key and its colon; gives where the key starts.
    fn skip_key(&mut self) -> Result<usize, DecodeError> {
        self.expect_key()?;
        let start = self.at;
        self.at = scan::string(self.bytes(), start)?.0;
        self.require_byte(b':', "a colon after a key")?;
        Ok(start)
    }

    fn skip_scalar(&mut self) -> Result<(), DecodeError> {
        let (bytes, at) = (self.bytes(), self.at);
        self.at = match bytes.get(at) {
            Some(b'"') => scan::string(bytes, at)?.0,
            Some(b'-' | b'0'..=b'9') => scan::number(bytes, at)?,
            Some(b't') => scan::literal(bytes, at, "true")?,
            Some(b'f') => scan::literal(bytes, at, "false")?,
            Some(b'n') => scan::literal(bytes, at, "null")?,
            Some(_) => return Err(DecodeError::new(Fault::Syntax("a JSON value"), at)),
            None => return Err(DecodeError::new(Fault::UnexpectedEnd, at)),
        };
        Ok(())
    }

    /// The error with the place of the value that was being read.
    #[cold]
    fn placed(&self, error: DecodeError, levels: &Levels) -> DecodeError {
        levels.iter().rev().fold(error, |error, level| match *level {
            Level::Array(index) => error.under_index(index),
            Level::Object(start) => {
                let key = self.revisit(Span { start, end: start }).string();
                key.map_or(error.clone(), |key| error.under_key(&key.decode()))
            }
        })
    }
}
