//! Bodies that are no requests: in every caller's dialect each is refused by both readers, of what passes
//! through and of what is translated, with the place of the fault, in the dialect's own error document.

use serde_json::{Value, json};
use sluicegate_protocols::anthropic_messages::MessagesRequestView;
use sluicegate_protocols::dialect::{decode_request, encode_failure};
use sluicegate_protocols::failure::{Failure, FailureClass};
use sluicegate_protocols::gemini::GeminiRequestView;
use sluicegate_protocols::openai_chat::ChatRequestView;
use sluicegate_protocols::openai_responses::ResponsesRequestView;
use sluicegate_protocols::{DecodeError, Dialect, Fault};

const DEPTH: u32 = 64;

/// Where a request has its list of messages and a text.
struct Place {
    dialect: Dialect,
    list: &'static str,
    before: &'static str,
    after: &'static str,
    text: &'static str,
}

const PLACES: [Place; 6] = [
    Place {
        dialect: Dialect::OpenAiChat,
        list: "messages",
        before: r#"{"model":"m","messages":[{"role":"user","content":"#,
        after: "}]}",
        text: "/messages/0/content",
    },
    Place {
        dialect: Dialect::OpenAiResponses,
        list: "input",
        before: r#"{"model":"m","input":[{"role":"user","content":"#,
        after: "}]}",
        text: "/input/0/content",
    },
    Place {
        dialect: Dialect::AnthropicMessages,
        list: "messages",
        before: r#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":[{"type":"text","text":"#,
        after: "}]}]}",
        text: "/messages/0/content/0/text",
    },
    Place {
        dialect: Dialect::Gemini,
        list: "contents",
        before: r#"{"contents":[{"role":"user","parts":[{"text":"#,
        after: "}]}]}",
        text: "/contents/0/parts/0/text",
    },
    Place {
        dialect: Dialect::BedrockConverse,
        list: "messages",
        before: r#"{"messages":[{"role":"user","content":[{"text":"#,
        after: "}]}]}",
        text: "/messages/0/content/0/text",
    },
    Place {
        dialect: Dialect::CohereChat,
        list: "messages",
        before: r#"{"model":"m","messages":[{"role":"user","content":"#,
        after: "}]}",
        text: "/messages/0/content",
    },
];

const ESCAPE: Fault = Fault::Syntax("a known escape after a backslash");
const HEX: Fault = Fault::Syntax("four hexadecimal digits after \\u");
const CONTROL: Fault = Fault::Syntax("no raw control character in a string");
const VALUE: Fault = Fault::Syntax("a JSON value");

/// What stands where a text should, what is wrong with it, and at which of its bytes.
const TEXTS: &[(&[u8], Fault, usize)] = &[
    (b"\"a\\x\"", ESCAPE, 2),
    (b"\"a\\u12G4\"", HEX, 2),
    (b"\"\\ud83d\\u\"", HEX, 7),
    (b"\"a\0b\"", CONTROL, 2),
    (b"\"a\nb\"", CONTROL, 2),
    (b"\"\xc0\xaf\"", Fault::NotUtf8, 1),
    (b"\"\xe0\x80\xaf\"", Fault::NotUtf8, 1),
    (b"\"a\xed\xa0\x80\"", Fault::NotUtf8, 2),
    (b"\"a\xf4\x90\x80\x80\"", Fault::NotUtf8, 2),
    (b"\"a\xff\"", Fault::NotUtf8, 2),
    (b"\0", VALUE, 0),
    (b"\xef\xbb\xbf\"a\"", VALUE, 0),
    (b"'a'", VALUE, 0),
    (b"NaN", VALUE, 0),
];

/// The same where the document ends there.
const ENDS: &[(&[u8], Fault, usize)] = &[
    (b"", Fault::UnexpectedEnd, 0),
    (b" \n", Fault::UnexpectedEnd, 2),
    (b"\"", Fault::UnexpectedEnd, 1),
    (b"\"word", Fault::UnexpectedEnd, 5),
    (b"\"a\\", Fault::UnexpectedEnd, 3),
    (b"\"a\\u6c3", Fault::UnexpectedEnd, 7),
    (b"\"a\\x", ESCAPE, 2),
    (b"\"a\\u6c3x", HEX, 2),
    (b"\"a\xe6\xb0", Fault::NotUtf8, 2),
];

/// The error of each reader there is of requests in that dialect.
fn refusals(dialect: Dialect, body: &[u8]) -> Vec<DecodeError> {
    let decoded = decode_request(dialect, body, DEPTH).map(drop);
    let viewed = match dialect {
        Dialect::OpenAiChat => Some(ChatRequestView::parse(body, DEPTH).map(drop)),
        Dialect::OpenAiResponses => Some(ResponsesRequestView::parse(body, DEPTH).map(drop)),
        Dialect::AnthropicMessages => Some(MessagesRequestView::parse(body, DEPTH).map(drop)),
        Dialect::Gemini => Some(GeminiRequestView::parse(body, DEPTH).map(drop)),
        // Dialects of providers alone.
        Dialect::BedrockConverse | Dialect::CohereChat => None,
    };
    let shown = String::from_utf8_lossy(&body[..body.len().min(200)]);
    let all = std::iter::once(decoded).chain(viewed);
    all.map(|read| read.expect_err(&format!("{dialect:?}: {shown}")))
        .collect()
}

fn assert_refused(dialect: Dialect, body: &[u8], pointer: &str, fault: Fault, position: usize) {
    for error in refusals(dialect, body) {
        let found = (error.pointer(), error.fault(), error.position());
        assert_eq!(found, (pointer, fault, position), "{dialect:?}: {error}");
        assert_told(dialect, &error);
    }
}

/// The document that the caller gets names the place, in the way of the dialect.
fn assert_told(dialect: Dialect, error: &DecodeError) {
    let param = error.param();
    let message = error.to_string();
    let failure = Failure {
        class: FailureClass::InvalidRequest,
        message: &message,
        param: param.as_deref(),
        code: None,
        details: &[],
    };
    let told: Value = serde_json::from_slice(&encode_failure(dialect, &failure)).unwrap();
    match dialect {
        Dialect::OpenAiChat | Dialect::OpenAiResponses => {
            assert_eq!(told["error"]["type"], "invalid_request_error");
            assert_eq!(told["error"]["param"], json!(param));
        }
        Dialect::AnthropicMessages => {
            assert_eq!(told["type"], "error");
            assert_eq!(told["error"]["type"], "invalid_request_error");
        }
        Dialect::Gemini => {
            assert_eq!(told["error"]["status"], "INVALID_ARGUMENT");
            let field = told.pointer("/error/details/0/fieldViolations/0/field");
            assert_eq!(field, param.map(Value::from).as_ref());
        }
        Dialect::BedrockConverse | Dialect::CohereChat => return,
    }
    assert_eq!(told["error"]["message"], message);
    assert!(message.contains(error.pointer()), "{message}");
}

#[test]
fn a_fault_in_a_text_is_told_with_its_place() {
    for place in &PLACES {
        let before = place.before.as_bytes();
        for &(value, fault, offset) in TEXTS {
            let body = [before, value, place.after.as_bytes()].concat();
            assert_refused(place.dialect, &body, place.text, fault, before.len() + offset);
        }
        for &(value, fault, offset) in ENDS {
            let body = [before, value].concat();
            assert_refused(place.dialect, &body, place.text, fault, before.len() + offset);
        }
    }
}

#[test]
fn a_fault_in_what_nobody_knows_is_told_with_its_place() {
    let inside: &[(&str, &str, Fault, usize)] = &[
        (
            "[1,[true,01]]",
            "/x/1/1",
            Fault::Syntax("no leading zero in a number"),
            10,
        ),
        ("{\"a\":{\"b/c\":1e}}", "/x/a/b~1c", Fault::Syntax("a digit"), 14),
        ("[{\"a\":1,\"b\":-}]", "/x/0/b", Fault::Syntax("a digit"), 13),
        ("[1 2]", "/x", Fault::Syntax("a comma or the end of the array"), 3),
        ("[[],]", "/x/1", VALUE, 4),
        ("{\"a\":[}", "/x/a/0", VALUE, 6),
        (
            "{\"a\":1 \"b\"}",
            "/x",
            Fault::Syntax("a comma or the end of the object"),
            7,
        ),
        ("{\"a\":1,}", "/x", Fault::Syntax("a key in quotes"), 7),
        ("{\"a\" 1}", "/x", Fault::Syntax("a colon after a key"), 5),
        ("[1e999999,\"\\q\"]", "/x/1", ESCAPE, 11),
    ];
    for place in &PLACES {
        let rest = place.before.split_at(1).1;
        for &(value, pointer, fault, offset) in inside {
            let body = ["{\"x\":", value, ",", rest, "\"a\"", place.after].concat();
            assert_refused(place.dialect, body.as_bytes(), pointer, fault, 5 + offset);
        }
    }
}

#[test]
fn a_document_that_is_none_is_told_so() {
    for place in &PLACES {
        let good = [place.before, "\"a\"", place.after].concat();
        assert_refused(place.dialect, b"", "", Fault::UnexpectedEnd, 0);
        for (mark, position) in [("\u{feff}", 0), ("\0", 0), (" \u{a0}", 1)] {
            assert_refused(
                place.dialect,
                (mark.to_owned() + &good).as_bytes(),
                "",
                VALUE,
                position,
            );
        }
        for mark in ["\0", "\u{feff}", "{}"] {
            let body = good.clone() + mark;
            assert_refused(
                place.dialect,
                body.as_bytes(),
                "",
                Fault::TrailingData,
                good.len(),
            );
        }
        let twice = format!("{{\"{0}\":[],\"{0}\":[]}}", place.list);
        let at = place.list.len() + 7;
        assert_refused(
            place.dialect,
            twice.as_bytes(),
            &format!("/{}", place.list),
            Fault::Duplicate,
            at,
        );
        let shadowed = twice.replacen(place.list, &place.list.to_uppercase(), 1);
        let pointer = format!("/{}", place.list.to_uppercase());
        assert_refused(place.dialect, shadowed.as_bytes(), &pointer, Fault::Duplicate, 1);
    }
}

#[test]
fn what_nests_too_deep_is_told_with_its_place() {
    let fault = Fault::TooDeep { limit: DEPTH };
    for place in &PLACES {
        let rest = place.before.split_at(1).1;
        let unknown = |value: &str| ["{\"x\":", value, ",", rest, "\"a\"", place.after].concat();
        let arrays = unknown(&["[".repeat(10_000), "]".repeat(10_000)].concat());
        let pointer = "/x".to_owned() + &"/0".repeat(63);
        assert_refused(place.dialect, arrays.as_bytes(), &pointer, fault, 5 + 63);
        let objects = unknown(&["{\"a\":".repeat(10_000), "1".to_owned(), "}".repeat(10_000)].concat());
        let pointer = "/x".to_owned() + &"/a".repeat(63);
        assert_refused(place.dialect, objects.as_bytes(), &pointer, fault, 5 + 63 * 5);
        let turns = unknown(&["[{\"a\":".repeat(5_000), "1".to_owned(), "}]".repeat(5_000)].concat());
        let pointer = "/x".to_owned() + &"/0/a".repeat(31) + "/0";
        assert_refused(place.dialect, turns.as_bytes(), &pointer, fault, 5 + 31 * 6 + 1);
    }
}

#[test]
fn more_elements_than_memory_is_meant_for_are_refused() {
    let fault = Fault::OutOfRange("fewer elements in one document");
    for place in &PLACES {
        let rest = place.before.split_at(1).1;
        let unknown = ["{", &"\"a\":1,".repeat(200_001), rest, "\"a\"", place.after].concat();
        for error in refusals(place.dialect, unknown.as_bytes()) {
            assert_eq!(
                (error.fault(), error.pointer()),
                (fault, "/a"),
                "{:?}",
                place.dialect
            );
        }
    }
}

/// Wherever a request breaks off, the place that is named is one of the request, and on the way to
/// where it broke off.
#[test]
fn a_cut_is_told_with_its_place() {
    for place in &PLACES {
        let rest = place.before.split_at(1).1;
        let extra = r#"{"é":[-1.5e3,{"a~b":null,"水":"\ud83d\ude00\n水"}],"#;
        let body = [extra, rest, "\"a水\\\"\"", place.after].concat();
        let whole: Value = serde_json::from_str(&body).unwrap();
        for end in 0..body.len() {
            for error in refusals(place.dialect, &body.as_bytes()[..end]) {
                assert!(whole.pointer(error.pointer()).is_some(), "{end}: {error}");
                let fault = if body.is_char_boundary(end) {
                    Fault::UnexpectedEnd
                } else {
                    Fault::NotUtf8
                };
                assert_eq!(error.fault(), fault, "{:?} {end}: {error}", place.dialect);
                assert_told(place.dialect, &error);
            }
        }
    }
}
