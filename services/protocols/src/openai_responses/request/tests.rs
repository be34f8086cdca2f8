//! What the view finds, and what it refuses.

use bytes::Bytes;

use super::*;
use crate::passthrough;

fn parse(body: &str) -> ResponsesRequestView<'_> {
    ResponsesRequestView::parse(body.as_bytes(), 64).unwrap()
}

fn refused(body: &str) -> (Fault, String) {
    let error = ResponsesRequestView::parse(body.as_bytes(), 64).unwrap_err();
    (error.fault(), error.pointer().to_owned())
}

#[test]
fn size_and_kinds_of_the_input_are_counted() {
    let view = parse(
        r#"{"model":"m","instructions":"1234","user":"u","stream":true,"max_output_tokens":9,
        "tools":[{"type":"function","name":"f"},{"type":"web_search"}],
        "input":[{"role":"user","content":"56"},
            {"type":"message","role":"user","content":[{"type":"input_text","text":"7\u00e9"},
                {"type":"input_image","image_url":"data:image/png;base64,AAAA"},
                {"type":"input_image","file_id":"file-1"},{"type":"input_file","file_id":"file-2"},
                {"type":"input_audio","input_audio":{"data":"AA","format":"wav"}}]},
            {"type":"function_call_output","call_id":"c","output":[{"type":"input_file","file_data":"AA"}]}]}"#,
    );
    let InputSize {
        text_bytes,
        schema_bytes,
        images,
        audio,
        files,
    } = view.input;
    // Four of the instructions, two, three, and the call id with its quotes.
    assert_eq!((text_bytes, images, audio, files), (4 + 2 + 3 + 3, 2, 1, 2));
    assert_eq!(schema_bytes, 54);
    assert_eq!((view.items, view.tools, view.is_stream()), (3, 2, true));
    assert_eq!(
        (view.output_limit(), view.user.map(|u| u.decode())),
        (Some(9), Some("u".into()))
    );
    assert_eq!(view.state, ServerState::default());
    assert!(!view.state.is_needed());
}

#[test]
fn what_needs_the_providers_memory_is_told() {
    let state = |members: &str| parse(&format!(r#"{{"model":"m",{members}}}"#)).state;
    assert!(state(r#""previous_response_id":"resp_1""#).previous_response);
    assert!(state(r#""conversation":{"id":"conv_1"},"input":"x""#).conversation);
    assert!(state(r#""background":true,"input":"x""#).background);
    assert!(state(r#""prompt":{"id":"p"}"#).is_needed());
    assert_eq!(
        state(r#""input":[{"type":"item_reference","id":"a"},{"id":"b"},{"role":"user","content":"x"}]"#)
            .item_references,
        2
    );
    let kept = state(r#""store":true,"background":false,"previous_response_id":null,"input":"x""#);
    assert_eq!((kept.store, kept.is_needed()), (Some(true), false));
}

#[test]
fn reasoning_of_another_provider_is_seen() {
    let view = |sealed: &str| {
        let body = format!(
            r#"{{"model":"m","input":[{{"type":"reasoning","summary":[],"encrypted_content":"{sealed}"}}]}}"#
        );
        parse(&body).has_foreign_reasoning
    };
    assert!(!view("gAAAA"));
    assert!(view("sluicegate.1.signature.anthropic-claude-v1.x"));
}

#[test]
fn a_field_acted_on_appears_once() {
    for body in [
        r#"{"model":"m","model":"n","input":"x"}"#,
        r#"{"model":"m","input":"x","Input":"y"}"#,
        r#"{"model":"m","input":"x","store":false,"STORE":true}"#,
        r#"{"model":"m","input":"x","previous_response_id":"a","previous_response_Id":"b"}"#,
    ] {
        assert_eq!(refused(body).0, Fault::Duplicate, "{body}");
    }
}

#[test]
fn wrong_types_are_refused_with_their_place() {
    assert_eq!(refused(r#"{"input":"x"}"#), (Fault::Missing, "/model".to_owned()));
    assert_eq!(refused(r#"{"model":"m"}"#), (Fault::Missing, "/input".to_owned()));
    for (body, place) in [
        (r#"{"model":"m","input":3}"#, "/input"),
        (r#"{"model":"m","input":["x"]}"#, "/input/0"),
        (
            r#"{"model":"m","input":[{"content":["x"]}]}"#,
            "/input/0/content/0",
        ),
        (r#"{"model":"m","input":"x","background":1}"#, "/background"),
        (r#"{"model":"m","input":"x","tools":{}}"#, "/tools"),
    ] {
        assert_eq!(refused(body).1, place, "{body}");
    }
}

#[test]
fn only_the_model_and_the_extension_change() {
    let body = Bytes::from_static(
        br#"{"sluicegate":{"tags":["a"]}, "model" : "m","input":"x" ,"temperature":1.0,"new_field":{"b":1}}"#,
    );
    let view = ResponsesRequestView::parse(&body, 64).unwrap();
    assert_eq!(view.extension.map(|e| e.raw), Some(r#"{"tags":["a"]}"#));
    let sent = passthrough::responses(&body, &view, "other/model");
    assert_eq!(
        sent,
        br#"{"model" : "other/model","input":"x" ,"temperature":1.0,"new_field":{"b":1}}"#.as_slice()
    );
    let plain = Bytes::from_static(br#"{"model":"m","input":"x"}"#);
    let view = ResponsesRequestView::parse(&plain, 64).unwrap();
    assert_eq!(passthrough::responses(&plain, &view, "m"), plain);
}
