//! Writing JSON by hand: `Object` and `Array` put commas and closing brackets where they belong,
//! so that an encoder cannot forget one. Encoders of every dialect write with these.

use super::{Number, RawJson, write_string};

/// An object being written. It closes itself when dropped.
#[derive(Debug)]
pub struct Object<'w> {
    out: &'w mut Vec<u8>,
    empty: bool,
}

/// An array being written. It closes itself when dropped.
#[derive(Debug)]
pub struct Array<'w> {
    out: &'w mut Vec<u8>,
    empty: bool,
}

impl<'w> Object<'w> {
    /// Opens an object at the end of `out`.
    pub fn open(out: &'w mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, empty: true }
    }

    /// Writes a key of ours, which needs no escapes, and gives the place for its value.
    #[inline]
    pub fn value(&mut self, key: &'static str) -> &mut Vec<u8> {
        self.comma();
        self.out.push(b'"');
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
        self.out
    }

    /// Writes a key of somebody else's and gives the place for its value.
    pub fn value_of(&mut self, key: &str) -> &mut Vec<u8> {
        self.comma();
        write_string(self.out, key);
        self.out.push(b':');
        self.out
    }

    /// A string member.
    #[inline]
    pub fn string(&mut self, key: &'static str, text: &str) {
        write_string(self.value(key), text);
    }

    /// A string member, if there is one.
    #[inline]
    pub fn optional_string(&mut self, key: &'static str, text: Option<&str>) {
        if let Some(text) = text {
            self.string(key, text);
        }
    }

    /// A whole number.
    pub fn unsigned(&mut self, key: &'static str, value: u64) {
        write_number(self.value(key), value);
    }

    /// A number as it was spelled, if there is one.
    pub fn optional_number(&mut self, key: &'static str, value: Option<&Number<'_>>) {
        if let Some(value) = value {
            self.value(key).extend_from_slice(value.as_str().as_bytes());
        }
    }

    /// A boolean, if there is one.
    pub fn optional_bool(&mut self, key: &'static str, value: Option<bool>) {
        if let Some(value) = value {
            self.bool(key, value);
        }
    }

    /// A boolean.
    pub fn bool(&mut self, key: &'static str, value: bool) {
        let text: &[u8] = if value { b"true" } else { b"false" };
        self.value(key).extend_from_slice(text);
    }

    /// A null.
    pub fn null(&mut self, key: &'static str) {
        self.value(key).extend_from_slice(b"null");
    }

    /// A value spliced in as it stands.
    pub fn raw(&mut self, key: &'static str, value: &RawJson<'_>) {
        value.write(self.value(key));
    }

    /// A value spliced in as it stands, if there is one.
    pub fn optional_raw(&mut self, key: &'static str, value: Option<&RawJson<'_>>) {
        if let Some(value) = value {
            self.raw(key, value);
        }
    }

    /// Opens an object as a member.
    #[inline]
    pub fn object(&mut self, key: &'static str) -> Object<'_> {
        Object::open(self.value(key))
    }

    /// Opens an array as a member.
    #[inline]
    pub fn array(&mut self, key: &'static str) -> Array<'_> {
        Array::open(self.value(key))
    }

    /// Lets `write` add members, and takes them back where it says that nothing is in them.
    pub fn tentative(&mut self, write: impl FnOnce(&mut Self) -> bool) {
        let (length, empty) = (self.out.len(), self.empty);
        if !write(self) {
            self.out.truncate(length);
            self.empty = empty;
        }
    }

    fn comma(&mut self) {
        if !self.empty {
            self.out.push(b',');
        }
        self.empty = false;
    }
}

impl Drop for Object<'_> {
    fn drop(&mut self) {
        self.out.push(b'}');
    }
}

impl<'w> Array<'w> {
    /// Opens an array at the end of `out`.
    pub fn open(out: &'w mut Vec<u8>) -> Self {
        out.push(b'[');
        Self { out, empty: true }
    }

    /// Gives the place for the next element.
    pub fn value(&mut self) -> &mut Vec<u8> {
        if !self.empty {
            self.out.push(b',');
        }
        self.empty = false;
        self.out
    }

    /// Whether nothing has been written into it.
    pub fn is_empty(&self) -> bool {
        self.empty
    }

    /// Lets `write` add elements, and takes them back where it says that nothing is in them.
    pub fn tentative(&mut self, write: impl FnOnce(&mut Self) -> bool) {
        let (length, empty) = (self.out.len(), self.empty);
        if !write(self) {
            self.out.truncate(length);
            self.empty = empty;
        }
    }

    /// A string element.
    pub fn string(&mut self, text: &str) {
        write_string(self.value(), text);
    }

    /// An element spliced in as it stands.
    pub fn raw(&mut self, value: &RawJson<'_>) {
        value.write(self.value());
    }

    /// Opens an object as an element.
    pub fn object(&mut self) -> Object<'_> {
        Object::open(self.value())
    }
}

impl Drop for Array<'_> {
    fn drop(&mut self) {
        self.out.push(b']');
    }
}

/// Appends a whole number in decimal without allocating.
pub fn write_number(out: &mut Vec<u8>, number: u64) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    let mut rest = number;
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// Appends JSON text as it stands, except that U+2028 and U+2029, which only strings can hold, are
/// escaped: some clients split event streams on every Unicode line break.
pub fn write_raw(out: &mut Vec<u8>, text: &str) {
    let mut rest = text.as_bytes();
    while let Some(at) = memchr::memchr(0xe2, rest) {
        let escape: Option<&[u8]> = match rest.get(at + 1..at + 3) {
            Some([0x80, 0xa8]) => Some(b"\\u2028"),
            Some([0x80, 0xa9]) => Some(b"\\u2029"),
            _ => None,
        };
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(escape.unwrap_or(&rest[at..at + 3]));
        rest = &rest[at + 3..];
    }
    out.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_turns_out_to_be_nothing_is_taken_back() {
        let mut out = Vec::new();
        {
            let mut object = Object::open(&mut out);
            object.tentative(|object| object.array("a").is_empty());
            object.tentative(|object| !object.array("b").is_empty());
            let mut list = object.array("c");
            for said in [false, true, false, true] {
                list.tentative(|list| {
                    list.string("x");
                    list.object().bool("y", said);
                    said
                });
            }
        }
        assert_eq!(
            String::from_utf8(out).unwrap(),
            r#"{"a":[],"c":["x",{"y":true},"x",{"y":true}]}"#
        );
    }

    #[test]
    fn commas_and_brackets_fall_into_place() {
        let mut out = Vec::new();
        {
            let mut object = Object::open(&mut out);
            object.string("a", "x\u{2028}");
            object.raw("b", &RawJson::parse("\"\u{2029}\u{202a}\"").unwrap());
            let mut list = object.array("c");
            write_number(list.value(), 0);
            list.object().bool("d", true);
            drop(list);
            object.object("e");
            object.value_of("f\"").extend_from_slice(b"1");
            object.unsigned("g", u64::MAX);
        }
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "{\"a\":\"x\\u2028\",\"b\":\"\\u2029\u{202a}\",\"c\":[0,{\"d\":true}],\"e\":{},\"f\\\"\":1,\"g\":18446744073709551615}"
        );
    }
}
