//! A value that follows a JSON schema: the arguments of scripted calls and answers in a given form.
//! Numbers and texts hold the number of the call, so that calls of one answer can be told apart.

use serde_json::{Map, Value, json};

/// Deepest nesting built.
const MAX_DEPTH: u32 = 12;
/// Longest array built.
const MAX_ITEMS: u64 = 64;

/// A value for `schema`; `number` is that of the call, from 1.
pub(crate) fn fit(schema: &Value, number: u64) -> Value {
    Fit { root: schema, number }.value(schema, "value", MAX_DEPTH)
}

struct Fit<'a> {
    root: &'a Value,
    number: u64,
}

impl<'a> Fit<'a> {
    fn value(&self, schema: &'a Value, name: &str, depth: u32) -> Value {
        let Some(depth) = depth.checked_sub(1) else {
            return Value::Null;
        };
        if let Some(given) = schema.get("const").or_else(|| schema["enum"].get(0)) {
            return given.clone();
        }
        if let Some(other) = self.other(schema) {
            return self.value(other, name, depth);
        }
        match kind(schema) {
            "object" => self.object(schema, depth),
            "array" => {
                let count = schema["minItems"].as_u64().unwrap_or(1).min(MAX_ITEMS);
                (0..count)
                    .map(|_| self.value(&schema["items"], name, depth))
                    .collect()
            }
            "integer" => json!(self.number),
            "number" => json!(self.number as f64 + 0.5),
            "boolean" => json!(true),
            "null" => Value::Null,
            _ => json!(format!("{name}-{}", self.number)),
        }
    }

    /// The schema that stands in for this one.
    fn other(&self, schema: &'a Value) -> Option<&'a Value> {
        if let Some(path) = schema["$ref"].as_str() {
            return self.root.pointer(path.strip_prefix('#')?);
        }
        let options = ["anyOf", "oneOf", "allOf"]
            .iter()
            .find_map(|name| schema[name].as_array())?;
        options.iter().find(|option| kind(option) != "null")
    }

    fn object(&self, schema: &'a Value, depth: u32) -> Value {
        let mut members = Map::new();
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            members.insert(name.clone(), self.value(property, name, depth));
        }
        for name in schema["required"].as_array().into_iter().flatten() {
            let name = name.as_str().unwrap_or_default();
            if !members.contains_key(name) {
                members.insert(name.to_owned(), json!(format!("{name}-{}", self.number)));
            }
        }
        Value::Object(members)
    }
}

/// The first type that is not null, in lower case: Gemini writes types in capitals.
fn kind(schema: &Value) -> &'static str {
    let named = |value: &Value| {
        let word = value.as_str()?;
        [
            "object", "array", "integer", "number", "boolean", "null", "string",
        ]
        .into_iter()
        .find(|known| known.eq_ignore_ascii_case(word))
    };
    let listed = schema["type"].as_array().map_or(&[][..], Vec::as_slice);
    let implied = if schema.get("properties").is_some() {
        "object"
    } else {
        "string"
    };
    named(&schema["type"])
        .or_else(|| listed.iter().filter_map(named).find(|it| *it != "null"))
        .unwrap_or(implied)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_schema_is_followed() {
        let schema = json!({"type": "object", "required": ["city", "more"], "$defs": {"Unit": {"enum": ["c", "f"]}},
            "properties": {
                "city": {"type": "string"}, "days": {"type": ["null", "integer"]}, "unit": {"$ref": "#/$defs/Unit"},
                "at": {"type": "OBJECT", "properties": {"lat": {"type": "NUMBER"}}},
                "tags": {"type": "array", "minItems": 2, "items": {"anyOf": [{"type": "null"}, {"type": "boolean"}]}}}});
        assert_eq!(
            fit(&schema, 2),
            json!({"city": "city-2", "days": 2, "unit": "c", "at": {"lat": 2.5}, "tags": [true, true], "more": "more-2"})
        );
        assert_eq!(fit(&Value::Null, 1), json!("value-1"));
    }

    #[test]
    fn a_schema_that_holds_itself_comes_to_an_end() {
        let schema = json!({"type": "object", "properties": {"next": {"$ref": "#"}}});
        assert!(fit(&schema, 1).to_string().ends_with(&"}".repeat(6)));
    }
}
