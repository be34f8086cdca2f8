use proptest::prelude::*;

use super::*;

fn parse(body: &str) -> ProviderError {
    ProviderError::parse(body.as_bytes())
}

#[test]
fn every_shape_seen_in_the_field_is_read() {
    let cases = [
        (
            r#"{"error":{"message":"a","type":"t","code":400}}"#,
            "a",
            Some("t"),
            Some("400"),
        ),
        (r#"{"error":"a"}"#, "a", None, None),
        (
            r#"{"error":"a","code":"c","type":"t"}"#,
            "a",
            Some("t"),
            Some("c"),
        ),
        (r#"{"detail":"a"}"#, "a", None, None),
        (r#"{"detail":[{"msg":"a"},{"msg":"b"}]}"#, "a; b", None, None),
        (r#"{"message":"a","type":"t"}"#, "a", Some("t"), None),
        (r#"{"message":{"message":"a"}}"#, "a", None, None),
        (
            r#"[{"error":{"code":429,"message":"a","status":"RESOURCE_EXHAUSTED"}}]"#,
            "a",
            Some("RESOURCE_EXHAUSTED"),
            Some("429"),
        ),
        ("\"a\"", "a", None, None),
        ("upstream connect error", "upstream connect error", None, None),
        ("<html><body>502</body></html>", "", None, None),
        (
            r#"{"error":{"message":"a"#,
            r#"{"error":{"message":"a"#,
            None,
            None,
        ),
        ("", "", None, None),
        ("[]", "", None, None),
    ];
    for (body, message, kind, code) in cases {
        let read = parse(body);
        assert_eq!(
            (read.message.as_str(), read.kind.as_deref(), read.code.as_deref()),
            (message, kind, code),
            "{body}"
        );
    }
}

#[test]
fn overflow_and_credit_are_recognized() {
    assert!(parse(r#"{"error":{"message":"x","code":"context_length_exceeded"}}"#).is_context_overflow());
    assert!(
        parse(
            r#"{"error":{"message":"This endpoint's maximum context length is 200000 tokens.","code":400}}"#
        )
        .is_context_overflow()
    );
    assert!(parse(r#"{"error":{"message":"x","type":"too_many_prompt_tokens"}}"#).is_context_overflow());
    let gemini = r#"{"error":{"code":400,"status":"INVALID_ARGUMENT","message":"The input token count (1313131) exceeds the maximum number of tokens allowed (1048576)."}}"#;
    assert!(parse(gemini).is_context_overflow());
    assert_eq!(parse(gemini).named_code(), None);
    let sentence = r#"{"code":"Client specified an invalid argument","error":"x"}"#;
    assert_eq!(parse(sentence).named_code(), None);
    assert_eq!(
        parse(r#"{"error":{"message":"x","code":"busy"}}"#).named_code(),
        Some("busy")
    );
    assert!(!parse(r#"{"error":{"message":"Rate limit reached"}}"#).is_context_overflow());
    assert!(parse(r#"{"error":{"message":"x","type":"insufficient_quota"}}"#).is_out_of_credit());
    assert!(!parse(r#"{"error":{"message":"x","type":"rate_limit_error"}}"#).is_out_of_credit());
}

#[test]
fn waiting_times_are_read_from_headers_and_body() {
    let s = |n| Some(Duration::from_secs(n));
    assert_eq!(retry_after(Some("3"), None, 0), s(3));
    assert_eq!(
        retry_after(Some(" 0.5 "), None, 0),
        Some(Duration::from_millis(500))
    );
    assert_eq!(
        retry_after(Some("3"), Some("250"), 0),
        Some(Duration::from_millis(250))
    );
    assert_eq!(retry_after(Some("3"), Some("soon"), 0), s(3));
    assert_eq!(
        retry_after(Some("Sun, 06 Nov 1994 08:49:37 GMT"), None, 784_111_770),
        s(7)
    );
    assert_eq!(
        retry_after(Some("Sun, 06 Nov 1994 08:49:37 GMT"), None, 784_111_780),
        s(0)
    );
    for bad in [
        "",
        "-1",
        "NaN",
        "inf",
        "1e300",
        "Sun, 06 Nov",
        "Sun, 99 Nov 1994 08:49:37 GMT",
        "tomorrow",
    ] {
        assert_eq!(retry_after(Some(bad), None, 0), None, "{bad}");
    }
    let google = r#"{"error":{"code":429,"message":"a","details":[{"@type":"x"},{"retryDelay":"30s"}]}}"#;
    assert_eq!(parse(google).retry_after, s(30));
}

proptest! {
    #[test]
    fn any_body_is_read_within_bounds(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        let read = ProviderError::parse(&body);
        prop_assert!(read.message.len() <= MAX_MESSAGE);
    }

    #[test]
    fn any_header_is_read(text in "\\PC{0,40}", now in any::<u64>()) {
        let _ = retry_after(Some(&text), Some(&text), now);
    }
}

#[test]
fn every_servers_words_for_a_prompt_that_is_too_long_are_known() {
    for said in [
        r#"{"code":"Client specified an invalid argument","error":"This model's maximum prompt length is 131072 but the request contains 147748 tokens."}"#,
        r#"{"error":{"code":400,"message":"too large","type":"exceed_context_size_error"}}"#,
        r#"{"error":{"message":"request (5000 tokens) exceeds the available context size (4096 tokens), try increasing it"}}"#,
        r#"{"error":"Input validation error: `inputs` tokens + `max_new_tokens` must be <= 8193. Given: 9000"}"#,
        r#"{"error":{"message":"the input length exceeds the context length"}}"#,
    ] {
        assert!(parse(said).is_context_overflow(), "{said}");
    }
}
