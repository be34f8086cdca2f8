//! Headers of a message: a name and a typed value each. Read in place by the parser and whoever
//! asks a frame for more than it names, written by the writer.

/// One header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header<'a> {
    /// Its name; those of the protocol itself begin with a colon.
    pub name: &'a str,
    /// Its value.
    pub value: HeaderValue<'a>,
}

/// A value of each type the format has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeaderValue<'a> {
    /// A boolean.
    Bool(bool),
    /// 8 bits.
    Byte(i8),
    /// 16 bits.
    Short(i16),
    /// 32 bits.
    Int(i32),
    /// 64 bits.
    Long(i64),
    /// Up to 65,535 bytes.
    Bytes(&'a [u8]),
    /// Up to 65,535 bytes of UTF-8.
    Text(&'a str),
    /// Milliseconds since 1970.
    Timestamp(i64),
    /// 16 bytes.
    Uuid([u8; 16]),
}

impl<'a> HeaderValue<'a> {
    /// The text, if it is text.
    pub fn as_text(self) -> Option<&'a str> {
        if let Self::Text(text) = self {
            Some(text)
        } else {
            None
        }
    }
}

/// The headers of a message, known to be well-formed when they come from the parser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Headers<'a>(&'a [u8]);

impl<'a> Headers<'a> {
    /// Checks that `bytes` are headers and nothing else.
    pub(super) fn checked(bytes: &'a [u8]) -> Option<Self> {
        let mut rest = Self(bytes);
        while rest.next().is_some() {}
        rest.0.is_empty().then_some(Self(bytes))
    }
}

impl<'a> Iterator for Headers<'a> {
    type Item = Header<'a>;

    fn next(&mut self) -> Option<Header<'a>> {
        let mut rest = self.0;
        let header = read(&mut rest)?;
        self.0 = rest;
        Some(header)
    }
}

/// Takes one header off the front.
fn read<'a>(rest: &mut &'a [u8]) -> Option<Header<'a>> {
    let [length] = take_array(rest)?;
    let name = text(take(rest, usize::from(length))?)?;
    let [kind] = take_array(rest)?;
    let value = match kind {
        0 => HeaderValue::Bool(true),
        1 => HeaderValue::Bool(false),
        2 => HeaderValue::Byte(i8::from_be_bytes(take_array(rest)?)),
        3 => HeaderValue::Short(i16::from_be_bytes(take_array(rest)?)),
        4 => HeaderValue::Int(i32::from_be_bytes(take_array(rest)?)),
        5 => HeaderValue::Long(i64::from_be_bytes(take_array(rest)?)),
        6 => HeaderValue::Bytes(take_counted(rest)?),
        7 => HeaderValue::Text(text(take_counted(rest)?)?),
        8 => HeaderValue::Timestamp(i64::from_be_bytes(take_array(rest)?)),
        9 => HeaderValue::Uuid(take_array(rest)?),
        _ => return None,
    };
    Some(Header { name, value })
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(length)?;
    *rest = left;
    Some(taken)
}

fn take_array<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, left) = rest.split_first_chunk()?;
    *rest = left;
    Some(*taken)
}

fn take_counted<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = u16::from_be_bytes(take_array(rest)?);
    take(rest, usize::from(length))
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

/// Appends one header. A name or value longer than the format can carry is cut, text between
/// characters.
pub(super) fn write(out: &mut Vec<u8>, header: &Header<'_>) {
    let Header { name, value } = header;
    let name = cut(name, u8::MAX.into());
    out.push(name.len() as u8);
    out.extend_from_slice(name.as_bytes());
    match *value {
        HeaderValue::Bool(true) => out.push(0),
        HeaderValue::Bool(false) => out.push(1),
        HeaderValue::Byte(value) => fixed(out, 2, &value.to_be_bytes()),
        HeaderValue::Short(value) => fixed(out, 3, &value.to_be_bytes()),
        HeaderValue::Int(value) => fixed(out, 4, &value.to_be_bytes()),
        HeaderValue::Long(value) => fixed(out, 5, &value.to_be_bytes()),
        HeaderValue::Bytes(bytes) => {
            let bytes = bytes.get(..u16::MAX.into()).unwrap_or(bytes);
            counted(out, 6, bytes);
        }
        HeaderValue::Text(text) => counted(out, 7, cut(text, u16::MAX.into()).as_bytes()),
        HeaderValue::Timestamp(value) => fixed(out, 8, &value.to_be_bytes()),
        HeaderValue::Uuid(value) => fixed(out, 9, &value),
    }
}

fn fixed(out: &mut Vec<u8>, kind: u8, bytes: &[u8]) {
    out.push(kind);
    out.extend_from_slice(bytes);
}

/// `bytes` are at most 65,535.
fn counted(out: &mut Vec<u8>, kind: u8, bytes: &[u8]) {
    out.push(kind);
    out.extend_from_slice(&(bytes.len() as u16).to_be_bytes());
    out.extend_from_slice(bytes);
}

fn cut(text: &str, max: usize) -> &str {
    text.get(..text.floor_char_boundary(max)).unwrap_or(text)
}
