//! What a call tells of its kind to conditions of routes, and of what its model has to be able to do: whether the answer has to
//! follow a JSON schema, and whether the model is asked to think first. Each dialect has members of its own for both.

use std::borrow::Cow;

use sluicegate_protocols::DecodeError;
use sluicegate_protocols::json::{Cursor, Kind};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Hints {
    /// The texts in `metadata`.
    pub(super) metadata: Vec<(String, String)>,
    /// Whether the answer has to follow a schema; `None` where the dialect is not looked through for it.
    pub(super) json_schema: Option<bool>,
    /// Whether the model is asked to think first, likewise.
    pub(super) reasoning: Option<bool>,
}

/// What a body of Gemini's says in its `generationConfig`.
pub(super) fn of_gemini(body: &[u8], depth: u32) -> Result<Hints, DecodeError> {
    let (mut json_schema, mut reasoning) = (false, false);
    let mut cursor = Cursor::new(body, depth)?;
    cursor.object(|c, key| {
        let is_config = matches!(key.decode().as_ref(), "generationConfig" | "generation_config");
        if !is_config || c.peek()? != Kind::Object {
            return Ok(());
        }
        c.object(|c, key| {
            match key.decode().as_ref() {
                "responseSchema" | "response_schema" | "responseJsonSchema" | "response_json_schema" => {
                    json_schema |= c.peek()? != Kind::Null;
                }
                "thinkingConfig" | "thinking_config" => reasoning |= gemini_thinks(c)?,
                _ => {}
            }
            Ok(())
        })
        .map(drop)
    })?;
    Ok(Hints {
        metadata: Vec::new(),
        json_schema: Some(json_schema),
        reasoning: Some(reasoning),
    })
}

/// Whether a `thinkingConfig` asks for thoughts: by a level, by any budget but none, or by wanting to see them.
fn gemini_thinks(c: &mut Cursor<'_>) -> Result<bool, DecodeError> {
    let (mut is_wanted, mut is_off) = (false, false);
    if c.peek()? == Kind::Object {
        c.object(|c, key| {
            match (key.decode().as_ref(), c.peek()?) {
                ("thinkingBudget" | "thinking_budget", Kind::Number) => {
                    is_off = c.number()? == "0";
                    is_wanted |= !is_off;
                }
                ("thinkingLevel" | "thinking_level", Kind::String) => is_wanted |= string(c)?.is_some(),
                ("includeThoughts" | "include_thoughts", Kind::Bool) => is_wanted |= c.bool()?,
                _ => {}
            }
            Ok(())
        })?;
    }
    Ok(is_wanted && !is_off)
}

/// Whether an object asks for JSON that follows a schema.
pub(super) fn is_schema(c: &mut Cursor<'_>) -> Result<bool, DecodeError> {
    let mut is_schema = false;
    if c.peek()? == Kind::Object {
        c.object(|c, key| {
            if key.decode() == "type" {
                is_schema = string(c)?.is_some_and(|word| word == "json_schema");
            }
            Ok(())
        })?;
    }
    Ok(is_schema)
}

/// Whether an object asks so in its member `format`.
pub(super) fn has_schema(c: &mut Cursor<'_>) -> Result<bool, DecodeError> {
    let mut has_schema = false;
    if c.peek()? == Kind::Object {
        c.object(|c, key| {
            if key.decode() == "format" {
                has_schema = is_schema(c)?;
            }
            Ok(())
        })?;
    }
    Ok(has_schema)
}

/// Whether an object asks for reasoning: by an effort, or as Anthropic's `thinking` does.
pub(super) fn thinks(c: &mut Cursor<'_>) -> Result<bool, DecodeError> {
    let mut thinks = false;
    if c.peek()? == Kind::Object {
        c.object(|c, key| {
            match key.decode().as_ref() {
                "effort" => thinks |= string(c)?.is_some_and(|effort| effort != "none"),
                "type" => thinks |= string(c)?.is_some_and(|word| word != "disabled"),
                "enabled" if c.peek()? == Kind::Bool => thinks |= c.bool()?,
                "max_tokens" => thinks |= c.peek()? == Kind::Number,
                _ => {}
            }
            Ok(())
        })?;
    }
    Ok(thinks)
}

/// A text with something in it.
pub(super) fn string<'b>(c: &mut Cursor<'b>) -> Result<Option<Cow<'b, str>>, DecodeError> {
    if c.peek()? != Kind::String {
        return Ok(None);
    }
    Ok(Some(c.text()?).filter(|text| !text.trim().is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_config(config: &str) -> (Option<bool>, Option<bool>) {
        let body = format!(r#"{{"contents":[],"generationConfig":{config}}}"#);
        let hints = of_gemini(body.as_bytes(), 64).unwrap();
        (hints.json_schema, hints.reasoning)
    }

    #[test]
    fn gemini_asks_for_a_schema_in_two_members_and_two_spellings() {
        for member in [
            "responseSchema",
            "response_schema",
            "responseJsonSchema",
            "response_json_schema",
        ] {
            let with = |value: &str| of_config(&format!(r#"{{"{member}":{value}}}"#));
            assert_eq!(
                with(r#"{"type":"OBJECT"}"#),
                (Some(true), Some(false)),
                "{member}"
            );
            assert_eq!(with("null"), (Some(false), Some(false)), "{member}");
        }
        let snake = br#"{"generation_config":{"response_schema":{}}}"#;
        assert_eq!(of_gemini(snake, 64).unwrap().json_schema, Some(true));
        // JSON of any form is no schema, and what is elsewhere asks for nothing.
        assert_eq!(
            of_config(r#"{"responseMimeType":"application/json"}"#).0,
            Some(false)
        );
        let elsewhere = br#"{"contents":[{"responseSchema":{}}],"thinkingConfig":{"thinkingBudget":9}}"#;
        let hints = of_gemini(elsewhere, 64).unwrap();
        assert_eq!((hints.json_schema, hints.reasoning), (Some(false), Some(false)));
    }

    #[test]
    fn gemini_asks_for_thoughts_by_budget_level_or_sight() {
        for (config, thinks) in [
            (r#"{"thinkingBudget":1024}"#, true),
            (r#"{"thinking_budget":-1}"#, true),
            (r#"{"thinkingLevel":"HIGH"}"#, true),
            (r#"{"thinking_level":"low"}"#, true),
            (r#"{"includeThoughts":true}"#, true),
            (r#"{"includeThoughts":false}"#, false),
            (r#"{"thinkingBudget":0}"#, false),
            (r#"{"includeThoughts":true,"thinkingBudget":0}"#, false),
            (r#"{"thinkingBudget":0,"includeThoughts":true}"#, false),
            (r#"{"thinkingBudget":null,"thinkingLevel":" "}"#, false),
            ("{}", false),
            ("null", false),
        ] {
            let found = of_config(&format!(r#"{{"thinkingConfig":{config}}}"#));
            assert_eq!(found, (Some(false), Some(thinks)), "{config}");
        }
    }
}
