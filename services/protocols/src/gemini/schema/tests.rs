//! Schemas there and back, and what the narrow form makes of keywords it does not have.

use serde_json::{Value, json};

use super::*;

fn raw(value: &Value) -> RawJson<'static> {
    RawJson::parse(value.to_string()).unwrap()
}

fn tree(raw: &RawJson<'_>) -> Value {
    serde_json::from_str(raw.as_str()).unwrap()
}

#[test]
fn googles_form_becomes_json_schema_and_comes_back() {
    let upper = json!({"type": "OBJECT", "properties": {
        "type": {"type": "STRING", "nullable": true, "enum": ["TYPE", "OBJECT"]},
        "list": {"type": "ARRAY", "items": {"type": "INTEGER"}, "default": {"type": "STRING"}},
    }, "anyOf": [{"type": "STRING"}]});
    let lower = json!({"type": "object", "properties": {
        "type": {"type": ["string", "null"], "enum": ["TYPE", "OBJECT"]},
        "list": {"type": "array", "items": {"type": "integer"}, "default": {"type": "STRING"}},
    }, "anyOf": [{"type": "string"}]});
    let (widened, style) = widen(raw(&upper)).unwrap();
    assert_eq!((tree(&widened), style), (lower, Style::Upper));
    assert_eq!(tree(&respell(&widened, style).unwrap()), upper);

    let numbered = json!({"type": 6, "properties": {"a": {"type": 1}}});
    let (widened, style) = widen(raw(&numbered)).unwrap();
    let named = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    assert_eq!(tree(&widened), named);
    assert_eq!(tree(&respell(&widened, style).unwrap()), numbered);
}

#[test]
fn json_schema_stays_as_it_is_to_the_byte() {
    let text = r#"{ "type":"object", "x":1.0, "properties":{"a":{"type":["string","null"]}} }"#;
    let (widened, style) = widen(RawJson::parse(text).unwrap()).unwrap();
    assert_eq!((widened.as_str(), style), (text, Style::Lower));
}

#[test]
fn the_narrow_form_keeps_what_it_has_and_names_what_it_drops() {
    let narrowed = narrow(&raw(&json!({
        "$schema": "x", "type": "object", "additionalProperties": false, "required": ["a"],
        "properties": {
            "a": {"type": ["string", "null"], "format": "uri"},
            "b": {"anyOf": [{"type": "integer"}, {"type": "null"}], "exclusiveMinimum": 1},
            "c": {"const": "x"},
            "d": {"enum": [1, 2]},
            "e": {"type": ["string", "number"]},
            "f": {"allOf": [{"type": "boolean"}]},
        },
    })))
    .unwrap();
    assert_eq!(
        tree(&narrowed.schema),
        json!({"type": "OBJECT", "required": ["a"], "properties": {
            "a": {"type": "STRING", "nullable": true},
            "b": {"anyOf": [{"type": "INTEGER"}], "nullable": true},
            "c": {"enum": ["x"]},
            "d": {},
            "e": {"anyOf": [{"type": "STRING"}, {"type": "NUMBER"}]},
            "f": {"type": "BOOLEAN"},
        }})
    );
    assert_eq!(
        narrowed.dropped,
        ["additionalProperties", "format", "exclusiveMinimum", "enum"]
    );
}

#[test]
fn references_are_written_out_and_circles_end() {
    let narrowed = narrow(&raw(&json!({
        "$defs": {"Node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}}},
        "$ref": "#/$defs/Node",
    })))
    .unwrap();
    let written = tree(&narrowed.schema);
    assert_eq!(
        written.pointer("/properties/next/properties/next/type"),
        Some(&json!("OBJECT"))
    );
    assert_eq!(narrowed.dropped, ["$ref"]);
    // Each definition names the next twice: written out in full it would not fit into any memory.
    let mut definitions = serde_json::Map::new();
    for at in 0..30 {
        let next = json!({"$ref": format!("#/$defs/{}", at + 1)});
        definitions.insert(at.to_string(), json!({"properties": {"a": next, "b": next}}));
    }
    let bomb = json!({"$defs": definitions, "$ref": "#/$defs/0"});
    assert!(narrow(&raw(&bomb)).unwrap().schema.as_str().len() < 64 << 20);
}
