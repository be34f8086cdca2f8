//! Requests as clients of Google send them.

use serde_json::json;

use super::{request, tree};
use crate::Fault;
use crate::canonical::{
    MediaKind, OpaqueRole, Part, PartBody, ResponseShape, Role, Source, ToolBody, ToolMode,
};
use crate::target::RequestTarget;

/// What comes out for the dialect of origin, which must lose nothing.
fn again(body: &str) -> serde_json::Value {
    let encoded = super::super::encode_request(&request(body), &RequestTarget::default());
    assert!(encoded.losses.is_empty(), "{:?}", encoded.losses);
    tree(&encoded.body)
}

/// Checks that a request comes out as it went in.
fn keeps(body: &str) {
    assert_eq!(again(body), tree(body.as_bytes()), "{body}");
}

#[test]
fn what_is_given_in_both_spellings_comes_out_in_both() {
    for part in [
        r#"{"fileData":{"fileUri":"https://a","file_uri":"https://b"}}"#,
        r#"{"fileData":{"fileUri":"https://a","mime_type":"image/png"}}"#,
        r#"{"inlineData":{"mimeType":"image/png","mime_type":"image/gif","data":"AA=="}}"#,
        r#"{"functionResponse":{"name":"f","response":{"result":"a"},"parts":[]}}"#,
    ] {
        keeps(&format!(r#"{{"contents":[{{"role":"user","parts":[{part}]}}]}}"#));
    }
    keeps(
        r#"{"contents":[],"tools":[{"functionDeclarations":[{"name":"a"}],"function_declarations":[{"name":"b"}]}]}"#,
    );
    for config in [
        r#"{"includeThoughts":true,"include_thoughts":false}"#,
        r#"{"thinking_level":"low","thinkingLevel":"high"}"#,
        r#"{"include_thoughts":true,"thinkingBudget":5}"#,
    ] {
        keeps(&format!(
            r#"{{"contents":[],"generationConfig":{{"thinkingConfig":{config}}}}}"#
        ));
    }
}

#[test]
fn an_element_without_a_tool_stays() {
    keeps(r#"{"contents":[],"tools":[{},{"codeExecution":{}}]}"#);
}

#[test]
fn both_spellings_mean_the_same_and_come_out_as_they_were() {
    let camel = r#"{"systemInstruction":{"parts":[{"text":"s"}]},
        "contents":[{"role":"user","parts":[{"inlineData":{"mimeType":"image/png","data":"AA"}}]}],
        "toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["f"]}},
        "generationConfig":{"topP":0.5,"maxOutputTokens":9,"stopSequences":["x"],
            "thinkingConfig":{"includeThoughts":true,"thinkingBudget":0}}}"#;
    let snake = r#"{"system_instruction":{"parts":[{"text":"s"}]},
        "contents":[{"role":"user","parts":[{"inline_data":{"mime_type":"image/png","data":"AA"}}]}],
        "tool_config":{"function_calling_config":{"mode":"ANY","allowed_function_names":["f"]}},
        "generation_config":{"top_p":0.5,"max_output_tokens":9,"stop_sequences":["x"],
            "thinking_config":{"include_thoughts":true,"thinking_budget":0}}}"#;
    keeps(camel);
    keeps(snake);
    let plain = RequestTarget {
        meaning_only: true,
        ..RequestTarget::default()
    };
    let meant = super::super::encode_request(&request(snake), &plain);
    assert_eq!(tree(&meant.body), tree(camel.as_bytes()));
    assert_eq!(request(camel).max_output_tokens, Some(9));
}

#[test]
fn one_where_a_list_is_expected_is_a_list_of_one() {
    let body = r#"{"contents":{"parts":{"text":"hi"}},"system_instruction":{"parts":{"text":"s"}},
        "tools":{"function_declarations":[{"name":"f"}]}}"#;
    let read = request(body);
    assert_eq!(read.messages.len(), 2);
    assert_eq!(read.messages[0].role, Role::System);
    assert_eq!(read.tools.len(), 1);
    keeps(body);
}

#[test]
fn roles_come_from_words_and_from_what_is_said() {
    let result = r#"{"functionResponse":{"name":"f","response":{"result":"x"}}}"#;
    let body = format!(
        r#"{{"contents":[{{"parts":[{{"text":"a"}}]}},{{"role":"model","parts":[]}},
            {{"role":"user","parts":[{result}]}},{{"role":"function","parts":[{result}]}},
            {{"role":"user","parts":[{result},{{"text":"b"}}]}}]}}"#
    );
    let roles: Vec<_> = request(&body).messages.into_iter().map(|m| m.role).collect();
    assert_eq!(
        roles,
        [Role::User, Role::Assistant, Role::Tool, Role::Tool, Role::User]
    );
    keeps(&body);
}

#[test]
fn signatures_stay_where_they_were() {
    let body = r#"{"contents":[{"role":"model","parts":[
        {"text":"t","thought":true},{"text":"a","thoughtSignature":"A"},
        {"functionCall":{"name":"f","args":{}},"thoughtSignature":"B"},
        {"function_call":{"name":"g"},"thought_signature":"C"},
        {"text":"","thoughtSignature":"D"},{"thoughtSignature":"E"},{"text":"x","thought":false}]}]}"#;
    keeps(body);
    let parts = &request(body).messages[0].parts;
    let signed: Vec<_> = parts
        .iter()
        .map(|p| p.signature.as_deref().unwrap_or("-"))
        .collect();
    assert_eq!(signed, ["-", "A", "B", "C", "D", "E", "-"]);
    assert!(parts[0].body.as_reasoning().is_some());
}

#[test]
fn results_are_text_errors_or_objects() {
    let body = r#"{"contents":[{"role":"user","parts":[
        {"functionResponse":{"name":"a","id":"1","response":{"result":"text"}}},
        {"functionResponse":{"name":"b","response":{"output":"text"}}},
        {"functionResponse":{"name":"c","response":{"error":"broken"}}},
        {"functionResponse":{"name":"d","response":{"rows":[1.0]},"scheduling":"SILENT"}},
        {"functionResponse":{"name":"e","response":{},"parts":[{"inline_data":{"mime_type":"image/png","data":"AA"}}]}}]}]}"#;
    keeps(body);
    let message = &request(body).messages[0];
    assert_eq!(message.role, Role::Tool);
    let results: Vec<_> = message
        .parts
        .iter()
        .map(|part| part.body.as_tool_result().unwrap())
        .collect();
    assert_eq!(results[0].content[0].body.as_text().unwrap().text, "text");
    assert_eq!(results[1].content[0].body.as_text().unwrap().text, "text");
    assert_eq!((results[0].is_error, results[2].is_error), (None, Some(true)));
    assert!(
        matches!(&results[3].content[0].body, PartBody::Json(raw) if raw.as_str() == r#"{"rows":[1.0]}"#)
    );
    assert_eq!(results[4].content.len(), 2);
}

/// The kind of media, and whether it is with Google.
fn media(part: &Part<'_>) -> Option<(MediaKind, bool)> {
    if let PartBody::Media(media) = &part.body {
        return Some((media.kind, matches!(media.source, Source::FileId(_))));
    }
    None
}

/// What an opaque part holds.
fn opaque<'p>(part: &'p Part<'_>) -> Option<(&'p str, OpaqueRole)> {
    if let PartBody::Opaque(opaque) = &part.body {
        return Some((opaque.kind.as_ref(), opaque.role));
    }
    None
}

#[test]
fn media_are_told_apart_by_type_address_and_owner() {
    let body = r#"{"contents":[{"role":"user","parts":[
        {"fileData":{"fileUri":"https://www.youtube.com/watch?v=x"},"videoMetadata":{"fps":2}},
        {"fileData":{"fileUri":"https://example.com/a.PNG?x"}},
        {"fileData":{"mimeType":"application/pdf","fileUri":"gs://bucket/a.pdf"}},
        {"fileData":{"mimeType":"audio/wav","fileUri":"https://generativelanguage.googleapis.com/v1beta/files/a"}}]}]}"#;
    keeps(body);
    let read = request(body);
    let kinds: Vec<_> = read.messages[0].parts.iter().filter_map(media).collect();
    assert_eq!(
        kinds,
        [
            (MediaKind::Video, false),
            (MediaKind::Image, false),
            (MediaKind::File, true),
            (MediaKind::Audio, true),
        ]
    );
}

#[test]
fn what_a_part_holds_besides_is_kept_whole() {
    let body = r#"{"contents":[{"role":"model","parts":[
        {"executableCode":{"language":"PYTHON","code":"1"},"thoughtSignature":"S"},
        {"codeExecutionResult":{"outcome":"OUTCOME_OK"}},{"newThing":{"a":1}},
        {"text":"a","inlineData":{"data":"AA","mimeType":"image/png"}},
        {"inlineData":{"data":"AA","extra":1}}]}]}"#;
    keeps(body);
    let read = request(body);
    let opaque: Vec<_> = read.messages[0].parts.iter().filter_map(opaque).collect();
    assert_eq!(
        opaque,
        [
            ("executableCode", OpaqueRole::ServerToolCall),
            ("codeExecutionResult", OpaqueRole::ServerToolResult),
            ("newThing", OpaqueRole::Unknown),
            ("inlineData", OpaqueRole::Unknown),
            ("inlineData", OpaqueRole::Unknown),
        ]
    );
}

#[test]
fn tools_keep_their_grouping_and_schemas_become_json_schema() {
    let body = r#"{"contents":[],"tools":[
        {"functionDeclarations":[{"name":"a","parameters":{"type":"OBJECT","properties":{"x":{"type":"STRING","nullable":true}}}},
            {"name":"b","description":"d","parametersJsonSchema":{"type":"object"}}],"googleSearch":{}},
        {"functionDeclarations":[{"name":"c","parameters_json_schema":{"type":"object"},"response":{"type":"STRING"}}]},
        {"codeExecution":{}},{"functionDeclarations":[]}]}"#;
    keeps(body);
    let read = request(body);
    let ToolBody::Function(first) = &read.tools[0].body else {
        panic!("{:?}", read.tools)
    };
    assert_eq!(
        tree(first.parameters.as_ref().unwrap().as_str().as_bytes()),
        json!({"type": "object", "properties": {"x": {"type": ["string", "null"]}}})
    );
    assert!(matches!(&read.tools[2].body, ToolBody::Provider(tool) if tool.kind == "googleSearch"));
}

#[test]
fn modes_of_choice() {
    let choice = |config: &str| {
        let body = format!(r#"{{"contents":[],"toolConfig":{{"functionCallingConfig":{config}}}}}"#);
        keeps(&body);
        request(&body).tool_choice.unwrap().mode.clone_owned()
    };
    assert_eq!(choice(r#"{"mode":"AUTO"}"#), "Auto");
    assert_eq!(choice(r#"{"mode":"none"}"#), "None");
    assert_eq!(choice(r#"{"mode":"ANY"}"#), "Required");
    assert_eq!(choice(r#"{"mode":"VALIDATED"}"#), "Auto");
    assert_eq!(
        choice(r#"{"mode":"ANY","allowedFunctionNames":["f"]}"#),
        r#"Named("f")"#
    );
    assert_eq!(
        choice(r#"{"mode":"ANY","allowedFunctionNames":["f","g"],"x":1}"#),
        r#"Allowed { required: true, names: ["f", "g"] }"#
    );
    assert_eq!(
        choice(r#"{"mode":"VALIDATED","allowedFunctionNames":["f"]}"#),
        r#"Allowed { required: false, names: ["f"] }"#
    );
    assert!(choice(r#"{"mode":"MODE_NEW"}"#).starts_with("Other"));
}

impl ToolMode<'_> {
    fn clone_owned(&self) -> String {
        format!("{self:?}")
    }
}

#[test]
fn a_level_of_thinking_in_mixed_case_stays_as_it_came() {
    let body = |level: &str| {
        format!(r#"{{"contents":[],"generationConfig":{{"thinkingConfig":{{"thinking_level":"{level}"}}}}}}"#)
    };
    for (level, effort) in [("lOW", None), ("LOW", Some("low")), ("low", Some("low"))] {
        let body = body(level);
        keeps(&body);
        assert_eq!(request(&body).reasoning.unwrap().effort.as_deref(), effort);
    }
}

#[test]
fn settings_that_are_not_modelled_stay_in_their_object() {
    let body = r#"{"contents":[],"safetySettings":[{"category":"C"}],"cachedContent":"cachedContents/1",
        "labels":{"a":"b"},"toolConfig":{"retrievalConfig":{"languageCode":"de"}},
        "generationConfig":{"speechConfig":{"a":1},"mediaResolution":"MEDIA_RESOLUTION_LOW","topK":40.0,
            "responseModalities":["TEXT","IMAGE"],"stopSequences":[],"seed":null,
            "thinkingConfig":{"thinkingBudget":-1,"thinkingLevel":"HIGH"}}}"#;
    keeps(body);
    let read = request(body);
    assert_eq!(read.modalities, ["text", "image"]);
    let reasoning = read.reasoning.unwrap();
    assert_eq!(
        (reasoning.enabled, reasoning.effort.as_deref(), reasoning.budget),
        (Some(true), Some("high"), None)
    );
    keeps(r#"{"contents":[],"generationConfig":{},"toolConfig":{},"tools":[]}"#);
    keeps(r#"{"contents":[],"generationConfig":{"responseModalities":["Text"]}}"#);
}

#[test]
fn the_form_of_the_answer_is_put_together_from_three_members() {
    let shape = |config: &str| {
        let body = format!(r#"{{"contents":[],"generationConfig":{config}}}"#);
        keeps(&body);
        match request(&body).response_format.map(|format| format.shape) {
            None => "left".to_owned(),
            Some(ResponseShape::Text) => "text".to_owned(),
            Some(ResponseShape::JsonObject) => "object".to_owned(),
            Some(ResponseShape::JsonSchema { schema, .. }) => schema.unwrap().as_str().to_owned(),
            Some(ResponseShape::Other(_)) => "other".to_owned(),
        }
    };
    assert_eq!(shape(r#"{"responseMimeType":"application/json"}"#), "object");
    assert_eq!(shape(r#"{"responseMimeType":"text/plain"}"#), "text");
    assert_eq!(
        shape(r#"{"responseMimeType":"application/json","responseJsonSchema":{"type":"array"}}"#),
        r#"{"type":"array"}"#
    );
    assert_eq!(
        shape(r#"{"responseSchema":{"type":"ARRAY"},"responseMimeType":"application/json"}"#),
        r#"{"type":"array"}"#
    );
    assert_eq!(
        shape(r#"{"responseMimeType":"text/x.enum","responseSchema":{"type":"STRING","enum":["a"]}}"#),
        "left"
    );
}

#[test]
fn what_is_not_as_it_must_be_is_refused_with_its_place() {
    let cases = [
        (r#"{}"#, "/contents"),
        (r#"{"contents":[{"role":1}]}"#, "/contents/0/role"),
        (r#"{"contents":[{"parts":["x"]}]}"#, "/contents/0/parts/0"),
        (
            r#"{"contents":[{"parts":[{"functionCall":{"args":{}}}]}]}"#,
            "/contents/0/parts/0/functionCall/name",
        ),
        (
            r#"{"contents":[{"parts":[{"inlineData":{"mimeType":"x"}}]}]}"#,
            "/contents/0/parts/0/inlineData/data",
        ),
        (
            r#"{"contents":[],"tools":[{"functionDeclarations":[{}]}]}"#,
            "/tools/0/functionDeclarations/0/name",
        ),
        (
            r#"{"contents":[],"generationConfig":{"maxOutputTokens":"9"}}"#,
            "/generationConfig/maxOutputTokens",
        ),
    ];
    for (body, place) in cases {
        let error = super::super::decode_request(body.as_bytes(), 64).unwrap_err();
        assert_eq!(error.pointer(), place, "{body}");
    }
    let twice = r#"{"contents":[],"toolConfig":{},"tool_config":{}}"#;
    let error = super::super::decode_request(twice.as_bytes(), 64).unwrap_err();
    assert_eq!(error.fault(), Fault::Duplicate);
}

#[test]
fn unknown_members_with_dots_in_their_names_survive() {
    keeps(
        r#"{"contents":[],"toolConfig":{"x":1},"toolConfig.x":2,"generationConfig.y":3,".z":4,"..z":5,"a.b":6}"#,
    );
}
