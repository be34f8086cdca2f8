use proptest::prelude::*;

use super::*;

fn parse(body: &str) -> Result<MessagesRequestView<'_>, DecodeError> {
    MessagesRequestView::parse(body.as_bytes(), 64)
}

fn refusal(body: &str) -> (Fault, String) {
    let error = parse(body).unwrap_err();
    (error.fault(), error.pointer().to_owned())
}

#[test]
fn reads_what_a_gateway_acts_on() {
    let body = r#"{"max_tokens":100,"stream":true,"system":"be \u00e9","metadata":{"user_id":"u1"},"model":"m",
        "messages":[{"role":"user","content":[
            {"type":"text","text":"abc","cache_control":{"type":"ephemeral"}},
            {"source":{"type":"base64","media_type":"image/png","data":"AAAA"},"type":"image"},
            {"type":"document","source":{"type":"url","url":"https://a/b.pdf"}},
            {"type":"document","source":{"type":"text","media_type":"text/plain","data":"xyz"}},
            {"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"ok"},
                {"type":"image","source":{"type":"file","file_id":"f"}}]}]},
            {"role":"assistant","content":"hi"}],
        "tools":[{"name":"f","input_schema":{}},{"type":"web_search_20250305"}],
        "output_config":{"effort":"low"},"sluicegate":{"x":1}}"#;
    let view = parse(body).unwrap();
    assert_eq!(view.model.decode(), "m");
    assert!(view.is_stream());
    assert_eq!(
        (view.output_limit(), view.tools, view.messages),
        (Some(100), 2, 2)
    );
    assert_eq!(view.user.map(|u| u.decode().into_owned()).as_deref(), Some("u1"));
    assert_eq!(view.extension.map(|e| e.raw), Some(r#"{"x":1}"#));
    let span = view.messages_span;
    assert!(body[span.start..span.end].starts_with("[{\"role\":\"user\""));
    assert!(body[..span.end].ends_with("\"hi\"}]"));
    let document = r#"{"type":"text","media_type":"text/plain","data":"xyz"}"#;
    let schemas = [
        r#"[{"name":"f","input_schema":{}},{"type":"web_search_20250305"}]"#,
        r#"{"effort":"low"}"#,
    ];
    let expected = InputSize {
        // The system prompt, the text, the document, the result with its id, and the answer.
        text_bytes: (5 + 3 + document.len() + 2 + 3 + 2) as u64,
        schema_bytes: schemas.concat().len() as u64,
        images: 2,
        audio: 0,
        files: 1,
    };
    assert_eq!(view.input, expected);
}

#[test]
fn a_request_to_count_tokens_has_no_output_limit() {
    let view = parse(r#"{"model":"m","messages":[]}"#).unwrap();
    assert_eq!(view.output_limit(), None);
    let error = view.require_output_limit().unwrap_err();
    assert_eq!((error.fault(), error.pointer()), (Fault::Missing, "/max_tokens"));
    let view = parse(r#"{"model":"m","messages":[],"max_tokens":0}"#).unwrap();
    assert_eq!(view.require_output_limit(), Ok(0));
}

#[test]
fn wrong_types_are_placed() {
    let wrong = |expected, found| Fault::WrongType { expected, found };
    let cases: &[(&str, Fault, &str)] = &[
        ("[]", wrong("an object", Kind::Array), ""),
        (r#"{"messages":[]}"#, Fault::Missing, "/model"),
        (r#"{"model":"m"}"#, Fault::Missing, "/messages"),
        (
            r#"{"model":"m","messages":[{"role":"user","content":null}]}"#,
            wrong("a string or an array of content blocks", Kind::Null),
            "/messages/0/content",
        ),
        (
            r#"{"model":"m","messages":[{"content":["x"]}]}"#,
            wrong("a content block", Kind::String),
            "/messages/0/content/0",
        ),
        (
            r#"{"model":"m","messages":[],"system":7}"#,
            wrong("a string or an array of content blocks", Kind::Number),
            "/system",
        ),
        (
            r#"{"model":"m","messages":[],"max_tokens":-1}"#,
            Fault::OutOfRange("a non-negative integer"),
            "/max_tokens",
        ),
        (
            r#"{"model":"m","messages":[],"metadata":{"user_id":1}}"#,
            wrong("a string", Kind::Number),
            "/metadata/user_id",
        ),
        (
            r#"{"model":"m","messages":[],"stream":"yes"}"#,
            wrong("a boolean", Kind::String),
            "/stream",
        ),
        (r#"{"model":"m","messages":[]}}"#, Fault::TrailingData, ""),
    ];
    for (body, fault, pointer) in cases {
        assert_eq!(refusal(body), (*fault, (*pointer).to_owned()), "{body}");
    }
}

#[test]
fn a_field_given_twice_is_refused_in_any_spelling() {
    for second in ["model", "MODEL", r"mod\u0065l"] {
        let body = format!(r#"{{"model":"allowed","messages":[],"{second}":"other"}}"#);
        assert_eq!(refusal(&body).0, Fault::Duplicate, "{second}");
    }
    for key in [
        "System",
        "ma\u{212a}s",
        "max_to\u{212a}ens",
        "Metadata",
        "output_Config",
    ] {
        let refused = parse(&format!(r#"{{"model":"m","messages":[],"{key}":1}}"#)).is_err();
        assert_eq!(refused, key != "ma\u{212a}s", "{key}");
    }
    let user = r#"{"model":"m","messages":[],"metadata":{"user_id":"a","User_Id":"b"}}"#;
    assert_eq!(refusal(user), (Fault::Duplicate, "/metadata/User_Id".to_owned()));
    assert!(parse(r#"{"model":"m","messages":[],"x":1,"x":2}"#).is_ok());
}

#[test]
fn blocks_of_unknown_shape_are_for_the_provider_to_judge() {
    let odd = r#"{"model":"m","system":null,"messages":[{"role":"user","content":[
        {"type":"new","content":["x",1,[{}]],"text":5,"source":7},{"type":"image","source":null},{}]}]}"#;
    let view = parse(odd).unwrap();
    assert_eq!((view.input.images, view.input.files), (0, 0));
    let deep = format!(
        r#"{{"model":"m","messages":[{{"content":{}{}}}]}}"#,
        r#"[{"content":"#.repeat(40),
        "}]".repeat(40)
    );
    assert_eq!(refusal(&deep).0, Fault::TooDeep { limit: 64 });
}

#[test]
fn reasoning_under_the_seal_of_another_provider_is_noticed() {
    let foreign = |block: &str| {
        let body = format!(r#"{{"model":"m","messages":[{{"role":"assistant","content":[{block}]}}]}}"#);
        parse(&body).unwrap().foreign_reasoning
    };
    assert!(foreign(
        r#"{"type":"thinking","thinking":"t","signature":"google-gemini-v1#abc"}"#
    ));
    assert!(foreign(
        r#"{"type":"redacted_thinking","data":"openai-responses-v1#abc"}"#
    ));
    assert!(!foreign(
        r#"{"type":"thinking","thinking":"openai-responses-v1#","signature":"EqQB"}"#
    ));
}

proptest! {
    #[test]
    fn never_panics(pieces in proptest::collection::vec(prop_oneof![
        Just("{"), Just("}"), Just("["), Just("]"), Just(","), Just(":"), Just("\"model\""), Just("\"messages\""),
        Just("\"content\""), Just("\"system\""), Just("true"), Just("null"), Just("1"), Just("\"x\""), Just("\\"),
        Just("\"sluicegate\""), Just("\"metadata\""), Just("{}"), Just("[]"), Just("\"source\""), Just("\"type\""),
    ], 0..30)) {
        let _ = parse(&pieces.concat());
    }

    #[test]
    fn cut_anywhere_is_an_error(cut in 0usize..1000) {
        let body = r#"{"messages":[{"role":"user","content":"h\u00e9\ud83d\ude00"}],"model":"m","stream":true,"max_tokens":1}"#;
        let cut = cut % body.len();
        prop_assert!(MessagesRequestView::parse(&body.as_bytes()[..cut], 64).is_err());
    }
}

#[test]
fn searches_the_provider_may_make_are_counted() {
    let searches = |tools: &str| {
        let body = format!(r#"{{"model":"m","max_tokens":1,"messages":[],"tools":{tools}}}"#);
        MessagesRequestView::parse(body.as_bytes(), 64).unwrap().searches
    };
    assert_eq!(searches("[]"), Some(0));
    assert_eq!(
        searches(r#"[{"name":"x","input_schema":{"type":"web_search"}},7]"#),
        Some(0)
    );
    let limited = r#"{"type":"web_search_20250305","name":"web_search","max_uses":5}"#;
    assert_eq!(searches(&format!("[{limited},{limited}]")), Some(10));
    let twice = r#"{"type":"web_search_20250305","max_uses":1,"max_uses":9}"#;
    assert_eq!(searches(&format!("[{twice}]")), Some(9));
    let unlimited = r#"{"type":"web_search_20260209","name":"web_search"}"#;
    assert_eq!(searches(&format!("[{limited},{unlimited},{limited}]")), None);
}
