use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

fn rewrite(body: &str, model: &str) -> (String, bool) {
    let body = Bytes::copy_from_slice(body.as_bytes());
    let view = ChatRequestView::parse(&body, 64).unwrap();
    let out = chat(&body, &view, model);
    (
        String::from_utf8(out.body.to_vec()).unwrap(),
        out.hide_usage_chunk,
    )
}

#[test]
fn of_a_messages_request_only_the_model_and_the_extension_change() {
    let body = r#"{"sluicegate":{"a":1}, "max_tokens" : 1.0e1,"model":"a" ,"stream":true,"messages":[]}"#;
    // A number in another spelling is the provider's to judge, unless the gateway acts on it.
    assert!(MessagesRequestView::parse(body.as_bytes(), 64).is_err());
    let body = Bytes::from(body.replace("1.0e1", "10"));
    let view = MessagesRequestView::parse(&body, 64).unwrap();
    let expected = r#"{"max_tokens" : 10,"model":"b\"" ,"stream":true,"messages":[]}"#;
    assert_eq!(messages(&body, &view, "b\""), expected);
    let plain = Bytes::from(r#"{"model":"b","messages":[]}"#);
    let view = MessagesRequestView::parse(&plain, 64).unwrap();
    assert_eq!(messages(&plain, &view, "b").as_ptr(), plain.as_ptr());
}

#[test]
fn only_what_must_change_changes() {
    let cases = [
        (
            r#"{ "model" : "a" ,"messages":[],"temperature":1.00, "seed":12345678901234567890, "x":{"b":1,"a":2} }"#,
            r#"{ "model" : "b\"" ,"messages":[],"temperature":1.00, "seed":12345678901234567890, "x":{"b":1,"a":2} }"#,
            false,
        ),
        (
            r#"{"messages":[],"stream":true,"model":"a"}"#,
            r#"{"messages":[],"stream":true,"stream_options":{"include_usage":true},"model":"b\""}"#,
            true,
        ),
        (
            r#"{"messages":[],"model":"b\"","stream":true,"stream_options": {"include_usage" : true} }"#,
            r#"{"messages":[],"model":"b\"","stream":true,"stream_options": {"include_usage" : true} }"#,
            false,
        ),
        (
            r#"{"stream_options":{ "k":1},"messages":[],"model":"b\"","stream":true}"#,
            r#"{"stream_options":{"include_usage":true, "k":1},"messages":[],"model":"b\"","stream":true}"#,
            true,
        ),
        (
            r#"{"stream_options":{},"messages":[],"model":"b\"","stream":true}"#,
            r#"{"stream_options":{"include_usage":true},"messages":[],"model":"b\"","stream":true}"#,
            true,
        ),
        (
            r#"{"stream_options":null,"messages":[],"model":"b\"","stream":true}"#,
            r#"{"stream_options":{"include_usage":true},"messages":[],"model":"b\"","stream":true}"#,
            true,
        ),
        (
            r#"{"stream_options":{"include_usage":null},"messages":[],"model":"b\"","stream":true}"#,
            r#"{"stream_options":{"include_usage":true},"messages":[],"model":"b\"","stream":true}"#,
            true,
        ),
        // A body that does not stream keeps its odd option for the provider to judge.
        (
            r#"{"stream_options":{},"messages":[],"model":"b\"","stream":false}"#,
            r#"{"stream_options":{},"messages":[],"model":"b\"","stream":false}"#,
            false,
        ),
    ];
    for (before, after, hide) in cases {
        assert_eq!(rewrite(before, "b\""), (after.to_owned(), hide), "{before}");
    }
}

#[test]
fn a_provider_that_refuses_the_question_for_usage_is_not_asked() {
    for (options, hide) in [("", true), (r#","stream_options":{"include_usage":true}"#, false)] {
        let before = format!(r#"{{"messages":[],"stream":true{options},"sluicegate":{{}},"model":"a"}}"#);
        let body = Bytes::from(before);
        let view = ChatRequestView::parse(&body, 64).unwrap();
        let out = chat_unasked(&body, &view, "b");
        let after = format!(r#"{{"messages":[],"stream":true{options},"model":"b"}}"#);
        assert_eq!((out.body, out.hide_usage_chunk), (Bytes::from(after), hide));
    }
}

#[test]
fn the_extension_goes_with_one_comma_wherever_it_stands() {
    let cases = [
        (
            r#"{"sluicegate":{"a":1} , "model":"m","messages":[]}"#,
            r#"{"model":"m","messages":[]}"#,
        ),
        (
            r#"{ "model":"m" , "sluicegate":{} ,"messages":[]}"#,
            r#"{ "model":"m" ,"messages":[]}"#,
        ),
        (
            r#"{"model":"m","messages":[], "sluicegate":{"x":[{}]} }"#,
            r#"{"model":"m","messages":[] }"#,
        ),
        (
            r#"{"model":"m","messages":[],"stream":true,"sluicegate":{}}"#,
            r#"{"model":"m","messages":[],"stream":true,"stream_options":{"include_usage":true}}"#,
        ),
        (
            r#"{"sluicegate":{},"stream":true,"model":"m","messages":[]}"#,
            r#"{"stream":true,"stream_options":{"include_usage":true},"model":"m","messages":[]}"#,
        ),
    ];
    for (before, after) in cases {
        assert_eq!(rewrite(before, "m").0, after, "{before}");
    }
}

#[test]
fn an_unchanged_body_is_not_copied() {
    let body = Bytes::from_static(br#"{"model":"m","messages":[]}"#);
    let view = ChatRequestView::parse(&body, 64).unwrap();
    assert_eq!(chat(&body, &view, "m").body.as_ptr(), body.as_ptr());
}

#[test]
fn embeddings_are_rewritten_alike() {
    let body = Bytes::from_static(br#"{"input":[1,2.0e0],"sluicegate":{},"model":"a"}"#);
    assert!(EmbeddingsRequestView::parse(&body, 64).is_err());
    let body = Bytes::from_static(br#"{"input":["a"],"sluicegate":{},"model":"a","z":1.0}"#);
    let view = EmbeddingsRequestView::parse(&body, 64).unwrap();
    assert_eq!(
        &embeddings(&body, &view, "b")[..],
        br#"{"input":["a"],"model":"b","z":1.0}"#
    );
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        "\\PC{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("\\PC{0,6}", inner, 0..4)
                .prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

fn members() -> impl Strategy<Value = Vec<(String, Value)>> {
    let stream = proptest::option::of(prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from)
    ]);
    let options = proptest::option::of(prop_oneof![
        Just(Value::Null),
        Just(json!({})),
        Just(json!({"include_usage": null})),
        any::<bool>().prop_map(|b| json!({"include_usage": b, "z": [1]})),
        Just(json!({"other": 1})),
    ]);
    let extension = proptest::option::of(value().prop_map(|v| json!({"tags": v})));
    let others = proptest::collection::vec(("x[a-z]{0,5}", value()), 0..4);
    (".{0,8}", value(), stream, options, extension, others).prop_flat_map(
        |(model, v, stream, options, extension, others)| {
            let mut all = vec![
                ("model".to_owned(), Value::from(model)),
                (
                    "messages".to_owned(),
                    json!([{"role": "user", "content": "x", "extra": v}]),
                ),
            ];
            all.extend(stream.map(|s| ("stream".to_owned(), s)));
            all.extend(options.map(|o| ("stream_options".to_owned(), o)));
            all.extend(extension.map(|e| ("sluicegate".to_owned(), e)));
            let mut seen = std::collections::BTreeSet::new();
            all.extend(others.into_iter().filter(|(k, _)| seen.insert(k.clone())));
            Just(all).prop_shuffle()
        },
    )
}

fn document(members: &[(String, Value)], space: &str) -> String {
    let text: Vec<String> = members
        .iter()
        .map(|(k, v)| format!("{space}{}{space}:{space}{v}{space}", json!(k)))
        .collect();
    format!("{space}{{{}}}{space}", text.join(","))
}

/// What the rewriting means, done on a tree.
fn expected(members: &[(String, Value)], model: &str) -> Value {
    let mut map: Map<String, Value> = members.iter().cloned().collect();
    map.insert("model".to_owned(), model.into());
    map.remove("sluicegate");
    if map.get("stream") == Some(&Value::Bool(true)) {
        let options = map.entry("stream_options").or_insert(Value::Null);
        if options.is_null() {
            *options = json!({});
        }
        options["include_usage"] = true.into();
    }
    Value::Object(map)
}

proptest! {
    #[test]
    fn rewriting_bytes_means_what_rewriting_a_tree_means(
        members in members(), model in ".{0,8}", space in prop_oneof![Just(""), Just(" "), Just("\r\n\t")],
    ) {
        let (out, _) = rewrite(&document(&members, space), &model);
        prop_assert_eq!(serde_json::from_str::<Value>(&out).unwrap(), expected(&members, &model), "{}", out);
        // What came out needs no further change.
        prop_assert_eq!(&rewrite(&out, &model).0, &out);
        // Every unknown member is there byte for byte.
        for (key, value) in members.iter().filter(|(k, _)| k.starts_with('x')) {
            let member = format!("{}{space}:{space}{value}{space}", json!(key));
            prop_assert!(out.contains(&member), "{} in {}", member, out);
        }
    }
}
