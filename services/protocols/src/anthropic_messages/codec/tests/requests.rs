//! Requests: each comes out as it came in, and what they say is found.

use super::{asked, tree};
use crate::anthropic_messages::codec::{decode_request, encode_request};
use crate::canonical::{
    CacheMark, Issuer, MediaKind, PartBody, ResponseShape, Role, Source, ToolBody, ToolMode,
};
use crate::target::RequestTarget;
use crate::tool_ids::IdRule;
use crate::{Fault, json::Kind};

/// Decodes and encodes to the dialect of origin; both must be equal.
fn same(body: &str) {
    let target = RequestTarget {
        tool_ids: IdRule::UpTo(usize::MAX),
        ..RequestTarget::default()
    };
    let encoded = encode_request(&asked(body), &target);
    assert_eq!(tree(&encoded.body), tree(body.as_bytes()));
    assert!(encoded.losses.is_empty(), "{:?}", encoded.losses);
}

fn with(members: &str) -> String {
    format!(r#"{{"model":"m","max_tokens":9,"messages":[],{members}}}"#)
}

fn said(content: &str) -> String {
    format!(r#"{{"model":"m","max_tokens":9,"messages":[{{"role":"user","content":{content}}}]}}"#)
}

#[test]
fn what_means_nothing_here_comes_out_as_it_came_in() {
    same(&with(r#""thinking":{"type":"adaptive","budget_tokens":3000}"#));
    same(&with(r#""thinking":{"type":"disabled","budget_tokens":3000}"#));
    same(&said(
        r#"[{"type":"image","source":{"type":"base64","media_type":"","data":"AA=="}}]"#,
    ));
}

#[test]
fn the_system_prompt_keeps_its_spelling() {
    for system in [
        r#""be brief""#,
        r#""""#,
        "[]",
        "null",
        r#"[{"type":"text","text":"a"}]"#,
        r#"[{"type":"text","text":"a"},{"type":"text","text":"","cache_control":{"type":"ephemeral","ttl":"1h"}}]"#,
    ] {
        same(&with(&format!(r#""system":{system}"#)));
    }
    let body = r#"{"model":"m","system":"top","messages":[{"role":"user","content":"a"},
        {"role":"system","content":"from now on"},{"role":"assistant","content":[{"type":"text","text":"p"}]}]}"#;
    same(body);
    let request = asked(body);
    let roles: Vec<_> = request.messages.iter().map(|m| m.role.as_str()).collect();
    assert_eq!(roles, ["system", "user", "system", "assistant"]);
    // Instructions that come first among the messages are not those at the top.
    same(r#"{"messages":[{"role":"system","content":"a"},{"role":"user","content":"b"}]}"#);
}

#[test]
fn settings_keep_their_spelling() {
    for members in [
        r#""thinking":{"type":"enabled","budget_tokens":2048}"#,
        r#""thinking":{"type":"adaptive","display":"omitted"},"output_config":{"effort":"xhigh"}"#,
        r#""thinking":{"type":"disabled"},"output_config":{"effort":"max","task_budget":{"total":1.0}}"#,
        r#""thinking":{"type":"new","x":1},"output_config":{}"#,
        r#""thinking":{"type":"enabled","budget_tokens":2048,"display":"other","y":null}"#,
        r#""output_config":{"format":{"type":"json_schema","schema":{"type":"object","b":1.0,"a":2}}}"#,
        r#""output_config":{"format":{"type":"grammar","x":[]},"effort":null}"#,
        r#""output_format":{"type":"json_schema","schema":{}},"output_config":{"effort":"low"}"#,
        r#""output_format":{"type":"json_schema","schema":{"a":1}},"output_config":{"format":{"type":"json_schema","schema":{}}}"#,
        r#""metadata":{"user_id":"u","team":7},"service_tier":"standard_only""#,
        r#""metadata":{"user_id":null},"service_tier":"default""#,
        r#""metadata":{},"service_tier":"auto","cache_control":{"type":"ephemeral","ttl":"5m","x":1}"#,
        r#""cache_control":{"type":"other"},"temperature":1.0,"top_p":0.50,"top_k":5,"stop_sequences":["a"," "]"#,
        r#""stop_sequences":[],"tools":[],"stream":false,"container":"c","betas":["x"],"temperature":null"#,
        r#""tool_choice":{"type":"auto","disable_parallel_tool_use":true}"#,
        r#""tool_choice":{"type":"tool","name":"f","disable_parallel_tool_use":false}"#,
        r#""tool_choice":{"type":"none"},"mcp_servers":[{"type":"url"}]"#,
        r#""tool_choice":{"type":"new","x":1}"#,
        r#""tools":[{"name":"f","input_schema":{"type":"object"},"strict":true,"defer_loading":true},
            {"type":"custom","name":"g","description":"d","input_schema":{},"cache_control":{"type":"ephemeral"}},
            {"type":"web_search_20250305","name":"web_search","max_uses":null}]"#,
    ] {
        same(&with(members));
    }
}

#[test]
fn blocks_keep_their_spelling() {
    for content in [
        r#""""#,
        "[]",
        r#"[{"text":"a","type":"text","citations":null},{"type":"text","text":"b","citations":[]}]"#,
        r#"[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA=="}},
            {"type":"image","source":{"type":"url","url":"https://a/b"}},{"type":"image","source":{"type":"file","file_id":"f"}},
            {"type":"image","source":{"type":"new"}}]"#,
        r#"[{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"AA=="},"title":"t",
            "context":"c","citations":{"enabled":true}},
            {"type":"document","source":{"type":"text","media_type":"text/plain","data":"d"},"title":null},
            {"type":"document","source":{"type":"content","content":[{"type":"text","text":"x"}]},"title":"t"},
            {"type":"document","source":{"type":"url","url":"https://a"},"cache_control":{"type":"ephemeral","ttl":"1h"}},
            {"type":"document","source":{"type":"file","file_id":"f"}}]"#,
        r#"[{"type":"tool_result","tool_use_id":"a"},{"type":"tool_result","tool_use_id":"a","content":"","is_error":true},
            {"type":"tool_result","tool_use_id":"a","content":"x","cache_control":{"type":"ephemeral"}},
            {"type":"tool_result","tool_use_id":"a","content":[]},
            {"type":"tool_result","tool_use_id":"a","content":[{"type":"text","text":"x"}],"is_error":false},
            {"type":"tool_result","tool_use_id":"a","content":[{"type":"image","source":{"type":"url","url":"u"}},
                {"type":"search_result","source":"s","title":"t","content":[]},
                {"type":"tool_result","tool_use_id":"b","content":"nested"}]}]"#,
        r#"[{"type":"thinking","thinking":"t","signature":"s"},{"type":"thinking","thinking":"","signature":"s"},
            {"type":"thinking","thinking":"t","signature":""},{"type":"thinking","thinking":"t"},
            {"type":"redacted_thinking","data":"d"}]"#,
        r#"[{"type":"tool_use","id":"odd id!","name":"f","input":{ "b" : 1.0, "a":[] },"caller":{"type":"direct"}},
            {"type":"tool_use","id":"","name":"f","input":{},"caller":{"type":"code_execution_20250825","tool_id":"s"}}]"#,
        r#"[{"type":"server_tool_use","id":"s","name":"web_search","input":{}},{"type":"compaction","content":"c"},
            {"type":"web_search_tool_result","tool_use_id":"s","content":[{"type":"web_search_result","url":"u"}]}]"#,
        r#"[{"type":"text","text":"a","citations":[
            {"type":"char_location","cited_text":"q","document_index":0,"document_title":null,"start_char_index":1,"end_char_index":2,"file_id":"f"},
            {"type":"page_location","cited_text":"q","document_index":1,"document_title":"t","start_page_number":1,"end_page_number":-2},
            {"type":"content_block_location","start_block_index":0,"end_block_index":1},
            {"type":"search_result_location","source":"s","title":"t","search_result_index":0,"start_block_index":0,"end_block_index":1,"cited_text":"q"},
            {"type":"web_search_result_location","url":"u","title":"t","cited_text":"q","encrypted_index":"e"},
            {"type":"new_location","url":5}]}]"#,
    ] {
        same(&said(content));
    }
}

#[test]
fn what_is_said_is_found() {
    let body = r#"{"model":"m","max_tokens":9,"system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral","ttl":"1h"}}],
        "messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"sig"},
            {"type":"redacted_thinking","data":"d"},{"type":"tool_use","id":"a","name":"f","input":{"x":1}}]},
            {"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":"1","is_error":true}]},
            {"role":"user","content":[{"type":"tool_result","tool_use_id":"b","content":"2"},
                {"type":"document","source":{"type":"text","media_type":"text/plain","data":"d"},"title":"n"}]}],
        "tools":[{"type":"web_search_20250305","name":"w"}],"tool_choice":{"type":"any","disable_parallel_tool_use":true},
        "thinking":{"type":"enabled","budget_tokens":2048},"metadata":{"user_id":"u"},"service_tier":"standard_only",
        "output_config":{"effort":"high","format":{"type":"json_schema","schema":{}}}}"#;
    let request = asked(body);
    let [system, model, result, user] = &request.messages[..] else {
        panic!("{:?}", request.messages)
    };
    let hour = CacheMark {
        ttl: Some("1h".into()),
        ..CacheMark::default()
    };
    assert_eq!(system.parts[0].cache.as_deref(), Some(&hour));
    let thought = &model.parts[0];
    assert_eq!(
        (thought.signature.as_deref(), &thought.issuer),
        (Some("sig"), &Some(Issuer::Anthropic))
    );
    let redacted = model.parts[1].body.as_reasoning().unwrap();
    assert_eq!(redacted.encrypted.as_deref(), Some("d"));
    let call = model.parts[2].body.as_tool_call().unwrap();
    assert_eq!(call.arguments.as_text(), r#"{"x":1}"#);
    assert_eq!((&result.role, &user.role), (&Role::Tool, &Role::User));
    assert_eq!(
        result.parts[0].body.as_tool_result().unwrap().is_error,
        Some(true)
    );
    let PartBody::Media(media) = &user.parts[1].body else {
        panic!("{user:?}")
    };
    assert_eq!(
        (media.kind, &media.source),
        (MediaKind::File, &Source::Text("d".into()))
    );
    assert_eq!(media.name.as_deref(), Some("n"));
    assert!(matches!(&request.tools[0].body, ToolBody::Provider(tool) if tool.kind == "web_search_20250305"));
    assert_eq!(request.tool_choice.map(|c| c.mode), Some(ToolMode::Required));
    assert_eq!(request.parallel_tool_calls, Some(false));
    let reasoning = request.reasoning.unwrap();
    assert_eq!(
        (reasoning.enabled, reasoning.budget, reasoning.effort.as_deref()),
        (Some(true), Some(2048), Some("high"))
    );
    assert!(matches!(
        request.response_format.unwrap().shape,
        ResponseShape::JsonSchema {
            strict: Some(true),
            ..
        }
    ));
    assert_eq!(
        (request.user.as_deref(), request.service_tier.as_deref()),
        (Some("u"), Some("default"))
    );
}

#[test]
fn wrong_types_are_placed() {
    let wrong = |expected, found| Fault::WrongType { expected, found };
    let block = "a string or an array of content blocks";
    let cases = [
        (r#"{"model":"m"}"#.to_owned(), Fault::Missing, "/messages"),
        (with(r#""system":5"#), wrong(block, Kind::Number), "/system"),
        (said("null"), wrong(block, Kind::Null), "/messages/0/content"),
        (
            said(r#"["a"]"#),
            wrong("a content block", Kind::String),
            "/messages/0/content/0",
        ),
        (
            said(r#"[{"text":"a"}]"#),
            Fault::Missing,
            "/messages/0/content/0/type",
        ),
        (
            said(r#"[{"type":"text","text":1}]"#),
            wrong("a string", Kind::Number),
            "/messages/0/content/0/text",
        ),
        (
            said(r#"[{"type":"tool_use","id":"a","name":"f","input":"{}"}]"#),
            wrong("an object", Kind::String),
            "/messages/0/content/0/input",
        ),
        (
            said(r#"[{"type":"tool_result","tool_use_id":"a","content":{}}]"#),
            wrong(block, Kind::Object),
            "/messages/0/content/0/content",
        ),
        (
            said(r#"[{"type":"tool_result","tool_use_id":"a","content":[5]}]"#),
            wrong("a content block", Kind::Number),
            "/messages/0/content/0/content/0",
        ),
        (
            with(r#""tools":[{"input_schema":{}}]"#),
            Fault::Missing,
            "/tools/0/name",
        ),
        (
            with(r#""tools":[{"name":"f","input_schema":"x"}]"#),
            wrong("an object", Kind::String),
            "/tools/0/input_schema",
        ),
        (
            with(r#""tool_choice":"auto""#),
            wrong("an object", Kind::String),
            "/tool_choice",
        ),
        (
            with(r#""tool_choice":{"type":"tool"}"#),
            Fault::Missing,
            "/tool_choice/name",
        ),
        (
            with(r#""thinking":{"type":"enabled","budget_tokens":"x"}"#),
            wrong("a non-negative integer", Kind::String),
            "/thinking/budget_tokens",
        ),
        (
            with(r#""output_config":{"format":{"type":"json_schema"}}"#),
            Fault::Missing,
            "/output_config/format/schema",
        ),
        (
            with(r#""metadata":{"user_id":1}"#),
            wrong("a string", Kind::Number),
            "/metadata/user_id",
        ),
        (with(r#""System":"a""#), Fault::Duplicate, "/System"),
    ];
    for (body, fault, pointer) in cases {
        let error = decode_request(body.as_bytes(), 64).unwrap_err();
        assert_eq!((error.fault(), error.pointer()), (fault, pointer), "{body}");
    }
}

#[test]
fn many_nested_values_are_refused() {
    let results =
        r#"{"type":"tool_result","tool_use_id":"a","content":[{"type":"x"},{"type":"y"}]},"#.repeat(80_000);
    let body = said(&format!("[{}]", results.trim_end_matches(',')));
    let error = decode_request(body.as_bytes(), 64).unwrap_err();
    assert!(matches!(error.fault(), Fault::OutOfRange(_)), "{error}");
}
