//! The view of a request: what it counts, what it refuses, and that cutting the extension leaves
//! the rest as it came.

use bytes::Bytes;

use super::*;
use crate::passthrough;

fn view(body: &str) -> GeminiRequestView<'_> {
    GeminiRequestView::parse(body.as_bytes(), 64).unwrap()
}

fn fault(body: &str) -> (Fault, String) {
    let error = GeminiRequestView::parse(body.as_bytes(), 64).unwrap_err();
    (error.fault(), error.pointer().to_owned())
}

#[test]
fn counts_the_input_in_both_spellings() {
    let camel = view(
        r#"{"systemInstruction":{"parts":[{"text":"abc"}]},
            "contents":[{"role":"user","parts":[{"text":"d\u00e9"},{"inlineData":{"mimeType":"image/png","data":"AAAA"}}]},
                        {"role":"user","parts":[{"functionResponse":{"parts":[{"inlineData":{"data":"AAAA","mimeType":"audio/wav"}}]}},
                                                {"fileData":{"fileUri":"gs://b/c.pdf"}}]}],
            "tools":[{"functionDeclarations":[{"name":"f"},{"name":"g"}]},{"googleSearch":{}}],
            "generationConfig":{"maxOutputTokens":5,"candidateCount":2,"responseSchema":{"type":"OBJECT"}}}"#,
    );
    let snake = view(
        r#"{"system_instruction":{"parts":{"text":"abc"}},
            "contents":{"role":"user","parts":{"text":"x"}},
            "tools":{"function_declarations":[{"name":"f"}]},
            "generation_config":{"max_output_tokens":5,"candidate_count":2}}"#,
    );
    assert_eq!((camel.output_limit(), camel.candidates), (Some(5), 2));
    assert_eq!((snake.output_limit(), snake.candidates), (Some(5), 2));
    assert_eq!((camel.tools, snake.tools), (3, 1));
    assert_eq!((camel.contents, snake.contents), (2, 1));
    let InputSize {
        text_bytes,
        schema_bytes,
        images,
        audio,
        files,
    } = camel.input;
    assert_eq!((text_bytes, images, audio, files), (6, 1, 1, 1));
    assert!(schema_bytes > 80);
    assert_eq!(snake.input.text_bytes, 4);
}

#[test]
fn a_field_acted_on_appears_once_whatever_its_spelling() {
    for body in [
        r#"{"contents":[],"contents":[]}"#,
        r#"{"contents":[],"Contents":[]}"#,
        r#"{"contents":[],"generationConfig":{},"generation_config":{"maxOutputTokens":9}}"#,
        r#"{"contents":[],"generationConfig":{"maxOutputTokens":1,"max_output_tokens":9}}"#,
        r#"{"contents":[],"generationConfig":{"maxOutputTokens":1,"maxoutputtokens":9}}"#,
        r#"{"contents":[],"sluicegate":{},"sluicegate":{}}"#,
    ] {
        assert_eq!(fault(body).0, Fault::Duplicate, "{body}");
    }
}

#[test]
fn what_cannot_be_checked_is_refused_with_its_place() {
    assert_eq!(fault("{}"), (Fault::Missing, "/contents".to_owned()));
    let (_, at) = fault(r#"{"contents":[{"parts":[1]}]}"#);
    assert_eq!(at, "/contents/0/parts/0");
    let (_, at) = fault(r#"{"contents":[],"generationConfig":{"maxOutputTokens":"9"}}"#);
    assert_eq!(at, "/generationConfig/maxOutputTokens");
    let (found, _) = fault(r#"{"contents":[],"generationConfig":{"candidateCount":0}}"#);
    assert_eq!(found, Fault::OutOfRange("1 to 128"));
}

#[test]
fn cutting_the_extension_leaves_every_other_byte() {
    let cases = [
        (
            r#"{ "sluicegate" : {"a":1} , "contents" : [ ] , "x":1.0 }"#,
            r#"{ "contents" : [ ] , "x":1.0 }"#,
        ),
        (
            r#"{"contents":[],"sluicegate":{"a":1},"x":1e2}"#,
            r#"{"contents":[],"x":1e2}"#,
        ),
        (r#"{"contents":[],"sluicegate":{}}"#, r#"{"contents":[]}"#),
        (r#"{"contents":[]}"#, r#"{"contents":[]}"#),
    ];
    for (before, after) in cases {
        let body = Bytes::from_static(before.as_bytes());
        assert_eq!(passthrough::gemini(&body, &view(before)), after.as_bytes());
    }
}
