//! The committed document is what the code says.

use sluicegate_control_plane::openapi;

#[test]
fn the_committed_document_is_current() {
    let committed = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    let committed = std::fs::read_to_string(committed).unwrap();
    assert!(
        committed == openapi::text(&openapi::document()).unwrap(),
        "run: cargo run -p sluicegate-control-plane -- openapi > docs/openapi.json"
    );
}

#[test]
fn every_operation_and_field_is_described() {
    let document = serde_json::to_value(openapi::document()).unwrap();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap_or_default();
            assert!(
                !id.is_empty() && operation["summary"].is_string(),
                "{method} {path}"
            );
            assert!(
                operation["tags"].as_array().is_some_and(|tags| tags.len() == 1),
                "{id} has one tag"
            );
        }
    }
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        for (field, shape) in schema["properties"].as_object().into_iter().flatten() {
            let text = shape.to_string();
            assert!(
                text.contains("\"description\""),
                "{name}.{field} has no description"
            );
        }
    }
}
