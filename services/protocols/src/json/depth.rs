//! The pre-check of a whole document: well-formed, and nested no deeper than a limit. For bodies
//! that pass on without being read otherwise; readers built on `Cursor` check the same on the way.

use super::Cursor;
use crate::DecodeError;

/// Nesting that inference bodies are allowed unless configured otherwise.
pub const DEFAULT_DEPTH: u32 = 64;

/// Deepest limit that can be asked for: the scanner keeps one bit per level in one word.
pub const MAX_DEPTH: u32 = 128;

/// Checks that `body` is one JSON document nested at most `limit` deep (capped at [`MAX_DEPTH`]).
/// Linear in the body, no allocation.
pub fn check(body: &[u8], limit: u32) -> Result<(), DecodeError> {
    let mut cursor = Cursor::new(body, limit)?;
    cursor.skip_value()?;
    cursor.end()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Fault;

    #[test]
    fn accepts_up_to_the_limit_and_not_beyond() {
        let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert_eq!(check(nested(64).as_bytes(), 64), Ok(()));
        let error = check(nested(65).as_bytes(), 64).unwrap_err();
        assert_eq!(
            (error.fault(), error.position()),
            (Fault::TooDeep { limit: 64 }, 64)
        );
        let objects = format!("{}1{}", r#"{"a":"#.repeat(65), "}".repeat(65));
        assert_eq!(
            check(objects.as_bytes(), 64).unwrap_err().fault(),
            Fault::TooDeep { limit: 64 }
        );
        assert!(check("[".repeat(10_000_000).as_bytes(), u32::MAX).is_err());
    }

    #[test]
    fn agrees_with_serde_on_odd_documents() {
        let documents: &[&str] = &[
            "",
            " ",
            "nul",
            "null",
            "null null",
            "tru",
            "true",
            "-",
            "-0",
            "01",
            "1.",
            "1.5e",
            "1.5e+3",
            ".5",
            "+1",
            "1e5",
            "\"",
            "\"a",
            "\"\\",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\u12G4\"",
            "\"\\u1234\"",
            "\"\t\"",
            "\"\u{7f}\"",
            "[",
            "[1",
            "[1,",
            "[1,]",
            "[,]",
            "[1 2]",
            "[]",
            "[ ]",
            "[1]]",
            "{",
            "{}",
            "{ }",
            "{\"a\"",
            "{\"a\":",
            "{\"a\":1",
            "{\"a\":1,",
            "{\"a\":1,}",
            "{a:1}",
            "{\"a\":1 \"b\":2}",
            "{\"a\" : [ { } , 2 ] , \"b\" : null }",
            "[1}",
            "{\"a\":1]",
            "\u{feff}{}",
            "[\"\\ud83d\\ude00\"]",
            "NaN",
            "'a'",
            "//x",
            "[1,2,3]x",
            "\u{0}",
            "[\u{a0}1]",
            "123456789012345678901234567890",
            "[-]",
            "[1e]",
            "[0.0e-0]",
        ];
        for document in documents {
            let serde = serde_json::from_str::<&serde_json::value::RawValue>(document).is_ok();
            assert_eq!(check(document.as_bytes(), 64).is_ok(), serde, "{document:?}");
        }
        assert_eq!(check(b"[\"\xff\"]", 64).unwrap_err().fault(), Fault::NotUtf8);
    }
}
