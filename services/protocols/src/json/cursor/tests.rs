//! What a cursor takes, where its errors point, and that it agrees with serde.

use proptest::prelude::*;

use super::*;
use crate::json::check;

#[test]
fn errors_point_at_the_innermost_value_read() {
    let body = br#"{"a":[1,{"b/c":tru}]}"#;
    let mut cursor = Cursor::new(body, 64).unwrap();
    let error = cursor.object(|c, _| {
        c.array(|c, _| match c.peek()? {
            Kind::Object => c.object(|_, _| Ok(())).map(drop),
            Kind::Array | Kind::String | Kind::Number | Kind::Bool | Kind::Null => Ok(()),
        })
        .map(drop)
    });
    let error = error.unwrap_err();
    assert_eq!((error.pointer(), error.position()), ("/a/1/b~1c", 15));
}

#[test]
fn only_a_plain_text_is_taken_with_its_object() {
    let take = |body: &'static str, limit: u32| {
        let mut cursor = Cursor::new(body.as_bytes(), limit).unwrap();
        let text = cursor.ending_in_text(r#"{"a":""#);
        (text, cursor.position())
    };
    assert_eq!(take(r#"{"a":"é"},1"#, 64), (Some("é"), 10));
    for other in [
        r#"{"a":"x","b":1}"#,
        r#"{"a":"x\n"}"#,
        r#"{"a":"x" }"#,
        r#"{"a":""}"#,
        r#"{"a":"x"#,
        r#"{"b":"x"}"#,
        "{\"a\":\"\u{1}\"}",
    ] {
        assert_eq!(take(other, 64), (None, 0), "{other}");
    }
    assert_eq!(take(r#"{"a":"x"}"#, 0), (None, 0));
    let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(2000));
    assert_eq!(take(String::leak(long), 64), (None, 0));
}

#[test]
fn spans_cover_values() {
    let body = br#" { "k" : [ 1 , {} ] , "s":"x" } "#;
    let mut spans = Vec::new();
    let mut cursor = Cursor::new(body, 64).unwrap();
    let whole = cursor
        .object(|c, _| {
            spans.push(c.skip_value()?);
            Ok(())
        })
        .unwrap();
    cursor.end().unwrap();
    let text = |s: Span| std::str::from_utf8(&body[s.start..s.end]).unwrap();
    assert_eq!(text(whole), r#"{ "k" : [ 1 , {} ] , "s":"x" }"#);
    assert_eq!(
        spans.iter().map(|s| text(*s)).collect::<Vec<_>>(),
        ["[ 1 , {} ]", "\"x\""]
    );
}

fn json_like() -> impl Strategy<Value = String> {
    proptest::collection::vec(
        prop_oneof![
            Just("{"),
            Just("}"),
            Just("["),
            Just("]"),
            Just(","),
            Just(":"),
            Just("\"a\""),
            Just("\"\\n\""),
            Just("1"),
            Just("-2.5e3"),
            Just("true"),
            Just("null"),
            Just(" "),
            Just("\"\\ud800\""),
            Just("x"),
            Just("\""),
            Just("\\"),
        ],
        0..24,
    )
    .prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn agrees_with_serde(document in json_like()) {
        let serde = serde_json::from_str::<&serde_json::value::RawValue>(&document).is_ok();
        prop_assert_eq!(check(document.as_bytes(), 64).is_ok(), serde, "{}", document);
    }

    #[test]
    fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = check(&bytes, 64);
    }
}
