//! The parameters of Chat Completions that not every model takes, by OpenRouter's names for them: what a model has to be able
//! to do for them, and which dialects have a place for them.

use crate::Dialect;

/// What not every model can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capability {
    /// To call tools.
    Tools,
    /// To hold its answers to a JSON schema.
    JsonSchema,
    /// To think before it answers.
    Reasoning,
}

/// The parameters that a model with this capability takes behind `dialect`: those that a request keeps, to the letter, when
/// it is written in it.
#[must_use]
pub const fn parameters(capability: Capability, dialect: Dialect) -> &'static [&'static str] {
    match capability {
        Capability::Tools => match dialect {
            Dialect::OpenAiChat | Dialect::OpenAiResponses | Dialect::AnthropicMessages => {
                &["tools", "tool_choice", "parallel_tool_calls"]
            }
            Dialect::Gemini | Dialect::BedrockConverse | Dialect::CohereChat => &["tools", "tool_choice"],
        },
        Capability::JsonSchema => &["response_format", "structured_outputs"],
        Capability::Reasoning => match dialect {
            Dialect::OpenAiChat | Dialect::OpenAiResponses | Dialect::AnthropicMessages | Dialect::Gemini => {
                &["reasoning"]
            }
            Dialect::BedrockConverse | Dialect::CohereChat => &[],
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::{decode_request, encode_request};
    use crate::lossy::Severity;
    use crate::target::RequestTarget;

    const TOOLS: &str =
        r#""tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}]"#;
    const SCHEMA: &str =
        r#""response_format":{"type":"json_schema","json_schema":{"name":"s","schema":{"type":"object"}}}"#;

    /// Each parameter, and what a request says that uses it.
    fn probes() -> [(&'static str, Capability, String); 6] {
        [
            ("tools", Capability::Tools, TOOLS.to_owned()),
            (
                "tool_choice",
                Capability::Tools,
                format!(r#"{TOOLS},"tool_choice":"required""#),
            ),
            (
                "parallel_tool_calls",
                Capability::Tools,
                format!(r#"{TOOLS},"parallel_tool_calls":false"#),
            ),
            ("response_format", Capability::JsonSchema, SCHEMA.to_owned()),
            ("structured_outputs", Capability::JsonSchema, SCHEMA.to_owned()),
            (
                "reasoning",
                Capability::Reasoning,
                r#""reasoning":{"effort":"high"}"#.to_owned(),
            ),
        ]
    }

    #[test]
    fn what_is_listed_is_what_the_dialects_write_without_loss() {
        for (parameter, capability, asked) in probes() {
            let body = format!(r#"{{"model":"m",{asked},"messages":[{{"role":"user","content":"hello"}}]}}"#);
            let request = decode_request(Dialect::OpenAiChat, body.as_bytes(), 64).unwrap();
            for dialect in Dialect::ALL {
                let written = encode_request(*dialect, &request, &RequestTarget::default());
                assert_eq!(
                    parameters(capability, *dialect).contains(&parameter),
                    written.losses.worst() < Some(Severity::Altered),
                    "{parameter} in {dialect:?}: {:?}",
                    written.losses
                );
            }
        }
    }

    #[test]
    fn nothing_is_listed_that_is_not_probed() {
        for dialect in Dialect::ALL {
            for capability in [Capability::Tools, Capability::JsonSchema, Capability::Reasoning] {
                let listed = parameters(capability, *dialect).iter();
                let mut probed = listed.map(|name| probes().iter().any(|(probe, ..)| probe == name));
                assert!(probed.all(|it| it), "{capability:?} in {dialect:?}");
            }
        }
    }
}
