use proptest::prelude::*;

use super::*;
use crate::json::Kind;

fn parse(body: &str) -> Result<ChatRequestView<'_>, DecodeError> {
    ChatRequestView::parse(body.as_bytes(), 64)
}

fn refusal(body: &str) -> (Fault, String) {
    let error = parse(body).unwrap_err();
    (error.fault(), error.pointer().to_owned())
}

#[test]
fn reads_what_the_gateway_needs() {
    let body = r#"{"messages":[{"role":"system","content":"h\u00e9"},
        {"role":"user","content":[{"type":"text","text":"abc"},{"type":"image_url","image_url":{"url":"data:,"}},
            {"type":"input_audio","input_audio":{"data":"","format":"wav"}},{"type":"file","file":{"file_id":"f"}}],"name":"bo"},
        {"role":"assistant","content":null,"tool_calls":[1]}],
        "model":"m","stream":true,"stream_options":{"include_usage":true,"x":1},"max_tokens":5,"max_completion_tokens":9,
        "n":2,"tools":[{},{}],"response_format":{"type":"json_schema"},"user":"u1","seed":null,"temperature":1e0}"#;
    let view = parse(body).unwrap();
    assert_eq!(view.model.decode(), "m");
    let span = view.model.span();
    assert_eq!(&body[span.start..span.end], "\"m\"");
    assert!(view.is_stream() && view.caller_wants_usage());
    assert_eq!(
        (view.output_limit(), view.n, view.tools, view.messages),
        (Some(9), 2, 2, 3)
    );
    let messages = &body[view.messages_span.start..view.messages_span.end];
    assert!(messages.starts_with("[{\"role\":\"system\"") && messages.ends_with("[1]}]"));
    assert_eq!(view.response_format, Some(ResponseFormat::JsonSchema));
    assert_eq!(view.user.map(|u| u.decode().into_owned()).as_deref(), Some("u1"));
    // héabc, "bo" with quotes, [1]; [{},{}] and the response format.
    let expected = InputSize {
        text_bytes: 3 + 3 + 4 + 3,
        schema_bytes: 7 + 22,
        images: 1,
        audio: 1,
        files: 1,
    };
    assert_eq!(view.input, expected);
}

#[test]
fn null_reads_as_absent_where_openai_allows_it() {
    let view = parse(
        r#"{"model":"m","messages":[],"stream":null,"stream_options":null,"max_tokens":null,"n":null,"tools":null,
        "response_format":null,"user":null,"functions":null,"max_completion_tokens":null}"#,
    )
    .unwrap();
    assert!(!view.is_stream() && !view.caller_wants_usage());
    assert_eq!((view.output_limit(), view.n, view.tools), (None, 1, 0));
}

#[test]
fn wrong_types_are_placed() {
    let wrong = |expected, found| Fault::WrongType { expected, found };
    let cases: &[(&str, Fault, &str)] = &[
        ("[]", wrong("an object", Kind::Array), ""),
        (r#"{"messages":[]}"#, Fault::Missing, "/model"),
        (r#"{"model":"m"}"#, Fault::Missing, "/messages"),
        (
            r#"{"model":null,"messages":[]}"#,
            wrong("a string", Kind::Null),
            "/model",
        ),
        (
            r#"{"model":"m","messages":{}}"#,
            wrong("an array", Kind::Object),
            "/messages",
        ),
        (
            r#"{"model":"m","messages":["x"]}"#,
            wrong("an object", Kind::String),
            "/messages/0",
        ),
        (
            r#"{"model":"m","messages":[{"content":5}]}"#,
            wrong("a string or an array of content parts", Kind::Number),
            "/messages/0/content",
        ),
        (
            r#"{"model":"m","messages":[{},{"content":[{},true]}]}"#,
            wrong("a content part", Kind::Bool),
            "/messages/1/content/1",
        ),
        (
            r#"{"model":"m","messages":[],"stream":"true"}"#,
            wrong("a boolean", Kind::String),
            "/stream",
        ),
        (
            r#"{"model":"m","messages":[],"stream_options":1}"#,
            wrong("an object", Kind::Number),
            "/stream_options",
        ),
        (
            r#"{"model":"m","messages":[],"stream_options":{"include_usage":1}}"#,
            wrong("a boolean", Kind::Number),
            "/stream_options/include_usage",
        ),
        (
            r#"{"model":"m","messages":[],"max_tokens":-1}"#,
            Fault::OutOfRange("a non-negative integer"),
            "/max_tokens",
        ),
        (
            r#"{"model":"m","messages":[],"max_tokens":1.5}"#,
            Fault::OutOfRange("a non-negative integer"),
            "/max_tokens",
        ),
        (
            r#"{"model":"m","messages":[],"n":0}"#,
            Fault::OutOfRange("1 to 128"),
            "/n",
        ),
        (
            r#"{"model":"m","messages":[],"sluicegate":[]}"#,
            wrong("an object", Kind::Array),
            "/sluicegate",
        ),
        (
            r#"{"model":"m","messages":[],"x":{"y":[01]}}"#,
            Fault::Syntax("no leading zero in a number"),
            "/x/y/0",
        ),
        (r#"{"model":"m","messages":[]}}"#, Fault::TrailingData, ""),
        (
            r#"{"model":"m","messages":["#,
            Fault::UnexpectedEnd,
            "/messages/0",
        ),
    ];
    for (body, fault, pointer) in cases {
        assert_eq!(refusal(body), (*fault, (*pointer).to_owned()), "{body}");
    }
}

#[test]
fn a_field_given_twice_is_refused_in_any_spelling() {
    for second in ["model", "MODEL", "Model", r"mod\u0065l"] {
        let body = format!(r#"{{"model":"allowed","messages":[],"{second}":"other"}}"#);
        assert_eq!(refusal(&body).0, Fault::Duplicate, "{second}");
    }
    for key in [
        "Stream",
        "ma\u{212a}s",
        "\u{17f}tream",
        "\u{17f}luicegate",
        "max_to\u{212a}ens",
    ] {
        let refused = parse(&format!(r#"{{"model":"m","messages":[],"{key}":1}}"#)).is_err();
        assert_eq!(refused, key != "ma\u{212a}s", "{key}");
    }
    let options =
        r#"{"model":"m","messages":[],"stream_options":{"include_usage":true,"Include_Usage":false}}"#;
    assert_eq!(
        refusal(options),
        (Fault::Duplicate, "/stream_options/Include_Usage".to_owned())
    );
    assert!(parse(r#"{"model":"m","messages":[],"x":1,"x":2}"#).is_ok());
}

#[test]
fn depth_counts_from_the_document() {
    let nested = |n: usize| {
        format!(
            r#"{{"model":"m","messages":[],"x":{}{}}}"#,
            "[".repeat(n),
            "]".repeat(n)
        )
    };
    assert!(parse(&nested(63)).is_ok());
    assert_eq!(refusal(&nested(64)).0, Fault::TooDeep { limit: 64 });
}

#[test]
fn a_large_body_is_read_to_its_fault() {
    let body = format!(
        r#"{{"model":"m","messages":[{{"role":"user","content":"{}"}}],"deep":{}}}"#,
        "x\u{e9}\\n".repeat(4_000_000),
        "[".repeat(10_000)
    );
    assert_eq!(refusal(&body).0, Fault::TooDeep { limit: 64 });
}

proptest! {
    #[test]
    fn never_panics(pieces in proptest::collection::vec(prop_oneof![
        Just("{"), Just("}"), Just("["), Just("]"), Just(","), Just(":"), Just("\"model\""), Just("\"messages\""),
        Just("\"content\""), Just("\"stream\""), Just("true"), Just("null"), Just("1"), Just("\"x\""), Just("\\"),
        Just("\"sluicegate\""), Just("\"stream_options\""), Just("{}"), Just("[]"), Just(" "),
    ], 0..30)) {
        let _ = parse(&pieces.concat());
    }

    #[test]
    fn cut_anywhere_is_an_error(cut in 0usize..1000) {
        let body = r#"{"messages":[{"role":"user","content":"h\u00e9\ud83d\ude00"}],"model":"m","stream":true,"n":1}"#;
        let cut = cut % body.len();
        prop_assert!(ChatRequestView::parse(&body.as_bytes()[..cut], 64).is_err());
    }
}
