//! Requests: spellings of Converse's clients, and what is refused.

use super::tree;
use crate::bedrock_converse::codec::{decode_request, encode_request};
use crate::canonical::{MediaKind, PartBody, Request, ResponseShape, Role, Source, ToolBody, ToolMode};
use crate::json::MAX_NODES;
use crate::target::RequestTarget;
use crate::{DecodeError, Fault};

const USER: &str = r#""messages":[{"role":"user","content":[{"text":"a"}]}]"#;

/// A request decoded, which has come out as it came in.
fn same(body: &str) -> Request<'_> {
    let request = decode_request(body.as_bytes(), 64).unwrap_or_else(|error| panic!("{body}: {error}"));
    let encoded = encode_request(&request, &RequestTarget::default());
    assert_eq!(tree(&encoded.body), tree(body.as_bytes()), "{body}");
    assert!(encoded.losses.is_empty(), "{body}: {:?}", encoded.losses);
    request
}

fn with(members: &str) -> String {
    format!("{{{USER},{members}}}")
}

fn with_content(content: &str) -> String {
    format!(r#"{{"messages":[{{"role":"user","content":{content}}}]}}"#)
}

#[test]
fn a_choice_of_several_kinds_comes_out_as_it_came_in() {
    for choice in [
        r#"{"new":{},"auto":{}}"#,
        r#"{"auto":{},"any":{}}"#,
        r#"{"new":{}}"#,
    ] {
        same(&with(&format!(r#""toolConfig":{{"toolChoice":{choice}}}"#)));
    }
}

#[test]
fn settings_come_out_as_they_came_in() {
    for members in [
        r#""system":[]"#,
        r#""system":null,"inferenceConfig":null"#,
        r#""system":[{"text":"s"},{"cachePoint":{"type":"default","ttl":"1h"}},{"guardContent":{"text":{"text":"g"}}}]"#,
        r#""system":[{"cachePoint":{"type":"default"}},{"text":"s"}]"#,
        r#""inferenceConfig":{}"#,
        r#""inferenceConfig":{"maxTokens":5,"temperature":0.70,"topP":1,"stopSequences":["x"],"new":{"a":[1]}}"#,
        r#""inferenceConfig":{"stopSequences":[],"maxTokens":null}"#,
        r#""toolConfig":{"tools":[{"toolSpec":{"name":"f","description":"d","inputSchema":{"json":{"b":1,"a":2}},"strict":true}},
            {"cachePoint":{"type":"default"}},{"systemTool":{"name":"nova_grounding"}}],"toolChoice":{"any":{}}}"#,
        r#""toolConfig":{"tools":[],"toolChoice":{"auto":{}},"new":1}"#,
        r#""toolConfig":{}"#,
        r#""toolConfig":{"tools":[{"toolSpec":{"name":"f"}}],"toolChoice":{"new":{}}}"#,
        r#""toolConfig":{"tools":[{"toolSpec":{"name":"f","inputSchema":{}}}],"toolChoice":{"tool":{"name":"f"}}}"#,
        r#""additionalModelRequestFields":{"thinking":{"type":"enabled","budget_tokens":2048},"top_k":5,"new":1}"#,
        r#""additionalModelRequestFields":{"thinking":{"type":"adaptive"},"reasoning_config":"x"}"#,
        r#""additionalModelRequestFields":{}"#,
        r#""additionalModelRequestFields":5"#,
        r#""outputConfig":{"effort":"high","new":1}"#,
        r#""outputConfig":{"textFormat":{"type":"json_schema","structure":{"jsonSchema":{"schema":"{\"b\": 1,\"a\":2}","name":"n","description":"d","new":1}}}}"#,
        r#""outputConfig":{"textFormat":{"type":"json_schema","structure":{"jsonSchema":{"schema":" {}"}}}}"#,
        r#""outputConfig":{"textFormat":{"type":"new"}}"#,
        r#""serviceTier":{"type":"flex"},"requestMetadata":{"k":"v"},"performanceConfig":{"latency":"optimized"}"#,
        r#""serviceTier":{"type":"flex","new":1},"guardrailConfig":{"guardrailIdentifier":"g","guardrailVersion":"1"}"#,
        r#""promptVariables":{"x":{"text":"y"}},"additionalModelResponseFieldPaths":["/stop_sequence"]"#,
    ] {
        same(&with(members));
    }
}

#[test]
fn blocks_come_out_as_they_came_in() {
    for content in [
        "[]",
        r#"[{"text":""},{"text":"a","x":1},{"text":"b"},{"cachePoint":{"type":"default"}},{"cachePoint":{"type":"default"}}]"#,
        r#"[{"cachePoint":{"type":"default"}},{"text":"a"},{"cachePoint":{"type":"new"}},{"cachePoint":{"type":"default","x":1}}]"#,
        r#"[{"image":{"format":"png","source":{"bytes":"AA=="}}},{"image":{"format":"new","source":{"bytes":"AA=="},"x":1}}]"#,
        r#"[{"image":{"format":"png","source":{"s3Location":{"uri":"s3://b/k"}}}}]"#,
        r#"[{"image":{"format":"png","source":{"s3Location":{"uri":"s3://b/k","bucketOwner":"1"}}}}]"#,
        r#"[{"document":{"name":"n","format":"docx","source":{"bytes":"AA=="},"citations":{"enabled":true},"context":"c"}}]"#,
        r#"[{"document":{"name":"n","source":{"text":"t"}}},{"document":{"name":"n","source":{"content":[{"text":"t"}]}}}]"#,
        r#"[{"video":{"format":"three_gp","source":{"s3Location":{"uri":"s3://b/k"}}}},{"audio":{"format":"mp3","source":{"bytes":"AA=="}}}]"#,
        r#"[{"toolUse":{"toolUseId":"a","name":"f","input":{"b":1,"a":1.0}}},{"toolUse":{"toolUseId":"a","name":"f","input":"x"},"x":1}]"#,
        r#"[{"toolResult":{"toolUseId":"a","content":[{"json":{"x":1.0}},{"text":"t"},{"image":{"format":"png","source":{"bytes":"AA=="}}},{"searchResult":{}}],"status":"error"}}]"#,
        r#"[{"toolResult":{"toolUseId":"a","content":[],"status":"success"}},{"toolResult":{"toolUseId":"a","content":[],"status":"new","x":null}}]"#,
        r#"[{"toolResult":{"toolUseId":"a","content":[]},"x":1},{"guardContent":{"text":{"text":"g","qualifiers":["query"]}}}]"#,
        r#"[{"searchResult":{"source":"s","title":"t","content":[{"text":"c"}]}},{"toolAddition":{"tool":{"name":"x"}}},{}]"#,
    ] {
        same(&with_content(content));
    }
    same(
        r#"{"messages":[{"role":"system","content":[{"text":"s"}]},{"role":"new","content":[],"x":1}],"system":[{"text":"t"}]}"#,
    );
}

#[test]
fn what_is_meant_is_read() {
    let body = with(
        r#""system":[{"text":"s"},{"cachePoint":{"type":"default","ttl":"1h"}}],
        "toolConfig":{"tools":[{"toolSpec":{"name":"f","inputSchema":{"json":{}}}},{"cachePoint":{"type":"default"}}],"toolChoice":{"tool":{"name":"f"}}},
        "additionalModelRequestFields":{"thinking":{"type":"enabled","budget_tokens":2048},"top_k":5},
        "outputConfig":{"textFormat":{"type":"json_schema","structure":{"jsonSchema":{"schema":"{\"b\": 1}","name":"n"}}}}"#,
    );
    let request = same(&body);
    assert_eq!(request.messages[0].role, Role::System);
    let mark = request.messages[0].parts[0].cache.as_ref().unwrap();
    assert_eq!(mark.ttl.as_deref(), Some("1h"));
    assert!(request.tools[0].cache.is_some() && matches!(request.tools[0].body, ToolBody::Function(_)));
    assert_eq!(
        request.tool_choice.as_ref().unwrap().mode,
        ToolMode::Named("f".into())
    );
    let thinking = request.reasoning.as_ref().unwrap();
    assert_eq!((thinking.enabled, thinking.budget), (Some(true), Some(2048)));
    assert_eq!(request.sampling.top_k.as_ref().unwrap().as_str(), "5");
    let ResponseShape::JsonSchema { schema, strict, .. } = &request.response_format.as_ref().unwrap().shape
    else {
        panic!("{:?}", request.response_format);
    };
    assert_eq!(
        (schema.as_ref().unwrap().as_str(), *strict),
        ("{\"b\": 1}", Some(true))
    );
    let body = with_content(
        r#"[{"document":{"name":"n","format":"pdf","source":{"bytes":"AA=="}}},{"video":{"format":"mov","source":{"s3Location":{"uri":"s3://b/k"}}}}]"#,
    );
    let request = same(&body);
    let parts = request.messages[0].parts.iter();
    let media: Vec<_> = parts
        .filter_map(|part| {
            if let PartBody::Media(media) = &part.body {
                Some((media.kind, media.mime.as_deref(), &media.source))
            } else {
                None
            }
        })
        .collect();
    assert_eq!(
        media,
        [
            (
                MediaKind::File,
                Some("application/pdf"),
                &Source::Base64("AA==".into())
            ),
            (
                MediaKind::Video,
                Some("video/quicktime"),
                &Source::Url("s3://b/k".into())
            ),
        ]
    );
}

fn refused(body: &str) -> DecodeError {
    decode_request(body.as_bytes(), 64).expect_err(body)
}

#[test]
fn errors_name_the_place() {
    for (body, pointer) in [
        ("{}".to_owned(), "/messages"),
        (with(r#""messages":[]"#), "/messages"),
        (with(r#""ToolConfig":{}"#), "/ToolConfig"),
        (with(r#""system":"s""#), "/system"),
        (with(r#""system":["s"]"#), "/system/0"),
        (
            with(r#""inferenceConfig":{"maxTokens":-1}"#),
            "/inferenceConfig/maxTokens",
        ),
        (
            with(r#""inferenceConfig":{"temperature":"x"}"#),
            "/inferenceConfig/temperature",
        ),
        (
            with(r#""inferenceConfig":{"stopSequences":[1]}"#),
            "/inferenceConfig/stopSequences/0",
        ),
        (with(r#""toolConfig":{"tools":{}}"#), "/toolConfig/tools"),
        (
            with(r#""toolConfig":{"tools":[{"toolSpec":{}}]}"#),
            "/toolConfig/tools/0/toolSpec/name",
        ),
        (
            with(r#""toolConfig":{"toolChoice":"auto"}"#),
            "/toolConfig/toolChoice",
        ),
        (with(r#""requestMetadata":[]"#), "/requestMetadata"),
        (r#"{"messages":[{"content":[]}]}"#.to_owned(), "/messages/0/role"),
        (
            r#"{"messages":[{"role":"user"}]}"#.to_owned(),
            "/messages/0/content",
        ),
        (with_content("\"a\""), "/messages/0/content"),
        (with_content("[\"a\"]"), "/messages/0/content/0"),
        (with_content(r#"[{"image":5}]"#), "/messages/0/content/0/image"),
        (
            with_content(r#"[{"image":{"format":"png"}}]"#),
            "/messages/0/content/0/image/source",
        ),
        (
            with_content(r#"[{"toolUse":{"toolUseId":"a","input":{}}}]"#),
            "/messages/0/content/0/toolUse/name",
        ),
        (
            with_content(r#"[{"toolUse":{"name":"f","input":{}}}]"#),
            "/messages/0/content/0/toolUse/toolUseId",
        ),
        (
            with_content(r#"[{"toolResult":{"content":[]}}]"#),
            "/messages/0/content/0/toolResult/toolUseId",
        ),
    ] {
        let error = refused(&body);
        assert_eq!(error.pointer(), pointer, "{body}: {error}");
    }
}

#[test]
fn a_small_body_cannot_fill_the_memory() {
    let fault = |body: &str| {
        decode_request(body.as_bytes(), 64)
            .err()
            .map(|error| error.fault())
    };
    let many = vec!["{}"; MAX_NODES as usize + 1].join(",");
    assert!(matches!(
        fault(&with_content(&format!("[{many}]"))),
        Some(Fault::OutOfRange(_))
    ));
    // Spread over values that are looked at twice.
    let some = MAX_NODES as usize / 3;
    let inside = vec!["{}"; some].join(",");
    let result = format!(r#"{{"toolResult":{{"toolUseId":"a","content":[{inside}]}}}}"#);
    let body = with_content(&format!("[{result},{result},{result},{result}]"));
    assert!(matches!(fault(&body), Some(Fault::OutOfRange(_))));
    let members = r#","x":1"#.repeat(some);
    let tool = format!(r#"{{"toolSpec":{{"name":"f"{members}}}}}"#);
    let body = with(&format!(
        r#""toolConfig":{{"tools":[{tool},{tool},{tool},{tool}]}}"#
    ));
    assert!(matches!(fault(&body), Some(Fault::OutOfRange(_))));
    let result = r#"[{"toolResult":{"toolUseId":"a","content":"#;
    let deep = format!("{}[]{}", result.repeat(1_000), "}}]".repeat(1_000));
    assert_eq!(fault(&with_content(&deep)), Some(Fault::TooDeep { limit: 64 }));
}
