//! Changes to the members of a JSON object that leave every other byte of their values as it came.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use memchr::memmem;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The members of an object in their order, values as text.
struct Members<'b>(Vec<(Cow<'b, str>, &'b RawValue)>);

impl<'b> Deserialize<'b> for Members<'b> {
    fn deserialize<D: Deserializer<'b>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'b> Visitor<'b> for InOrder {
            type Value = Members<'b>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'b>>(self, mut map: A) -> Result<Members<'b>, A::Error> {
                let mut members = Vec::new();
                while let Some((Name(name), value)) = map.next_entry()? {
                    members.push((name, value));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

/// A name, borrowed where it holds no escapes.
#[derive(Deserialize)]
struct Name<'b>(#[serde(borrow)] Cow<'b, str>);

/// `body` with `name` set to the text `value` in front, and without the members `cut`; `None` when it is no object.
pub(super) fn with_member(body: &Bytes, name: &str, value: &str, cut: &[&str]) -> Option<Bytes> {
    let mut out = Vec::with_capacity(body.len() + name.len() + value.len() + 8);
    out.push(b'{');
    write_text(&mut out, name)?;
    out.push(b':');
    write_text(&mut out, value)?;
    copy(body, &mut out, |member| member != name && !cut.contains(&member))
}

/// `body` with the members `names` alone; `None` when it is no object.
pub(super) fn only(body: &[u8], names: &[&str]) -> Option<Bytes> {
    copy(body, &mut vec![b'{'], |member| names.contains(&member))
}

/// `body` without the members `names`; `None` when it is no object.
pub(super) fn without(body: &[u8], names: &[&str]) -> Option<Bytes> {
    copy(body, &mut vec![b'{'], |member| !names.contains(&member))
}

/// An object that holds `document` under `name`, a plain word.
pub(super) fn under(name: &str, document: &[u8]) -> Bytes {
    Bytes::from([b"{\"", name.as_bytes(), b"\":", document, b"}"].concat())
}

/// `body` without the member `name`; `None` when it is no object.
pub(super) fn without_member(body: Bytes, name: &str) -> Option<Bytes> {
    // Most bodies do not have it, and need no reading. One that spells it with escapes is rare enough to be refused by
    // the provider.
    if memmem::find(&body, name.as_bytes()).is_none() {
        return Some(body);
    }
    let mut out = Vec::with_capacity(body.len());
    out.push(b'{');
    copy(&body, &mut out, |member| member != name)
}

/// Appends the members of `body` that are wanted to the object begun in `out`, and closes it.
fn copy(body: &[u8], out: &mut Vec<u8>, wanted: impl Fn(&str) -> bool) -> Option<Bytes> {
    let Members(members) = serde_json::from_slice(body).ok()?;
    for (member, raw) in members.iter().filter(|(member, _)| wanted(member)) {
        if out.last() != Some(&b'{') {
            out.push(b',');
        }
        write_text(out, member)?;
        out.push(b':');
        out.extend_from_slice(raw.get().as_bytes());
    }
    out.push(b'}');
    Some(Bytes::from(std::mem::take(out)))
}

fn write_text(out: &mut Vec<u8>, text: &str) -> Option<()> {
    serde_json::to_writer(out, text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(body: &str) -> Option<String> {
        let changed = with_member(&Bytes::from(body.to_owned()), "v", "1\"x", &["model"])?;
        Some(String::from_utf8(changed.to_vec()).unwrap())
    }

    #[test]
    fn values_stay_as_they_were_spelled() {
        let body = r#"{ "z": {"b":1.50, "a":[1e3,null]}, "model":"m", "v":"old", "a\u0041":"\u00e9" }"#;
        let expected = r#"{"v":"1\"x","z":{"b":1.50, "a":[1e3,null]},"aA":"\u00e9"}"#;
        assert_eq!(changed(body).as_deref(), Some(expected));
        assert_eq!(changed("{}").as_deref(), Some(r#"{"v":"1\"x"}"#));
        for body in ["", "[]", "7", "{", r#"{"a":}"#, r#"{"a":1}x"#] {
            assert_eq!(changed(body), None, "{body}");
        }
    }

    #[test]
    fn a_member_is_cut_wherever_it_stands() {
        let cut = |body: &'static str| {
            let left = without_member(Bytes::from_static(body.as_bytes()), "x")?;
            Some(String::from_utf8(left.to_vec()).unwrap())
        };
        for (body, left) in [
            (r#"{"x":{"y":1}}"#, "{}"),
            (r#"{"x":1,"a":"{"}"#, r#"{"a":"{"}"#),
            (r#"{"a":{},"x":1}"#, r#"{"a":{}}"#),
            (r#"{"a":{"x":1},"x":null,"b":2}"#, r#"{"a":{"x":1},"b":2}"#),
            (r#"{ "a": 1 }"#, r#"{ "a": 1 }"#),
        ] {
            assert_eq!(cut(body).as_deref(), Some(left));
        }
        assert_eq!(cut(r#"["x"]"#), None);
    }

    #[test]
    fn members_are_picked_and_put_under_a_name() {
        let body = br#"{ "a":1.0, "b" : {"a":[ ]}, "c":null }"#;
        let text = |picked: Option<Bytes>| picked.map(|it| String::from_utf8(it.to_vec()).unwrap());
        assert_eq!(
            text(only(body, &["b", "a", "x"])).as_deref(),
            Some(r#"{"a":1.0,"b":{"a":[ ]}}"#)
        );
        assert_eq!(text(without(body, &["a", "b"])).as_deref(), Some(r#"{"c":null}"#));
        assert_eq!(under("n", b"{}"), r#"{"n":{}}"#);
        assert!(only(b"7", &["a"]).is_none() && without(b"[]", &["a"]).is_none());
    }

    #[test]
    fn depth_is_no_danger() {
        let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
        let _either = changed(&deep);
    }
}
