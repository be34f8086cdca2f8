//! What to answer, in no format yet: decided from what the request asks and from the orders in its
//! prompt. The formats write it, `stream` paces it. Without an order, an answer is the usual words.

use serde_json::Value;

use crate::asked::directive::{Directives, Failure, Saying};
use crate::asked::{Asked, Image, Tool, ToolChoice};
use crate::behaviour::{Behaviour, Fault};
use crate::fit::fit;

/// What a request that asks for reasoning gets to see of it, a token a word.
pub(crate) const REASONING: &str = "Stones wear down slowly, so the older wheel turns first.";
/// Pieces of a dripping answer and the wait between them, in milliseconds.
const DRIP: (usize, u64) = (600, 50);
/// Seconds told to a caller who is to come back later.
const RETRY_AFTER_S: u64 = 1;

/// What becomes of a call.
#[derive(Debug, Default)]
pub(crate) struct Decision {
    /// For the ledger.
    pub(crate) tag: Option<String>,
    /// What goes wrong.
    pub(crate) fault: Option<Fault>,
    /// Least wait between the pieces of a stream, in milliseconds.
    pub(crate) interval_ms: u64,
    /// Reasoning in pieces, a token each.
    pub(crate) reasoning: Vec<String>,
    /// What is answered.
    pub(crate) content: Content,
}

/// What is answered.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) enum Content {
    /// The usual words.
    #[default]
    Words,
    /// This text in pieces, a token each.
    Text(Vec<String>),
    /// Calls of tools.
    Calls(Vec<ScriptedCall>),
}

/// A call of a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ScriptedCall {
    pub(crate) name: String,
    /// A JSON document as text.
    pub(crate) arguments: String,
}

impl Content {
    /// Tokens a call costs.
    pub(crate) const CALL_TOKENS: u64 = 12;

    /// Tokens it is billed with; `words` are those of the usual words.
    pub(crate) fn tokens(&self, words: u64) -> u64 {
        match self {
            Self::Words => words,
            Self::Text(pieces) => pieces.len() as u64,
            Self::Calls(calls) => calls.len() as u64 * Self::CALL_TOKENS,
        }
    }

    /// Keeps what the limit of output tokens allows of a text; calls are never cut.
    pub(crate) fn limit(&mut self, tokens: u64) -> bool {
        match self {
            Self::Text(pieces) if pieces.len() as u64 > tokens => {
                pieces.truncate(usize::try_from(tokens).unwrap_or(usize::MAX));
                true
            }
            Self::Words | Self::Text(_) | Self::Calls(_) => false,
        }
    }
}

/// Decides.
pub(crate) fn decide(asked: &Asked, behaviour: &Behaviour) -> Decision {
    let orders = Directives::read(&asked.prompt);
    let interval_ms = match orders.saying {
        Some(Saying::Drip) => DRIP.1,
        Some(Saying::Text(_) | Saying::System | Saying::Images) | None => 0,
    };
    Decision {
        fault: orders.failure.map(fault),
        interval_ms,
        reasoning: if asked.reasoning {
            pieces(REASONING)
        } else {
            Vec::new()
        },
        content: content(asked, &orders, behaviour),
        tag: orders.tag,
    }
}

/// The fault that an order asks for.
pub(crate) fn fault(failure: Failure) -> Fault {
    match failure {
        Failure::ContextLength => Fault::ContextLength,
        Failure::Status(code) => Fault::Status {
            code,
            retry_after_s: matches!(code, 429 | 503).then_some(RETRY_AFTER_S),
        },
    }
}

fn content(asked: &Asked, orders: &Directives, behaviour: &Behaviour) -> Content {
    if let Some(call) = behaviour.tool_call.as_ref().filter(|_| !asked.tools.is_empty()) {
        return Content::Calls(vec![ScriptedCall {
            name: call.name.clone(),
            arguments: call.arguments.clone(),
        }]);
    }
    if !asked.results.is_empty() {
        return Content::Text(pieces(&format!("The tools say: {}", asked.results.join(" | "))));
    }
    let calls = calls(asked, orders.calls);
    if !calls.is_empty() {
        return Content::Calls(calls);
    }
    if let Some(schema) = &asked.schema {
        return Content::Text(pieces(&fit(schema, 1).to_string()));
    }
    match &orders.saying {
        None => Content::Words,
        Some(Saying::Text(text)) => Content::Text(pieces(text)),
        Some(Saying::System) => Content::Text(pieces(&asked.system)),
        Some(Saying::Images) => {
            let images: Vec<&str> = asked.images.iter().map(Image::as_str).collect();
            Content::Text(pieces(&images.join(", ")))
        }
        Some(Saying::Drip) => Content::Text((1..=DRIP.0).map(|n| format!("drop {n}, ")).collect()),
    }
}

/// The calls wanted: as many as ordered, or one where a call has to be made; tools in the order offered, over again
/// when there are fewer.
fn calls(asked: &Asked, ordered: Option<usize>) -> Vec<ScriptedCall> {
    let (offered, forced): (Vec<&Tool>, bool) = match &asked.choice {
        ToolChoice::None => return Vec::new(),
        ToolChoice::Auto => (asked.tools.iter().collect(), false),
        ToolChoice::Required => (asked.tools.iter().collect(), true),
        ToolChoice::Named(name) => (asked.tools.iter().filter(|it| it.name == *name).collect(), true),
    };
    let wanted = ordered.unwrap_or(usize::from(forced));
    let count = if asked.one_call { wanted.min(1) } else { wanted };
    let call = |(tool, number): (&&Tool, u64)| ScriptedCall {
        name: tool.name.clone(),
        arguments: arguments(&tool.parameters, number),
    };
    offered.iter().cycle().zip(1..).take(count).map(call).collect()
}

fn arguments(parameters: &Value, number: u64) -> String {
    match fit(parameters, number) {
        object if object.is_object() => object.to_string(),
        _ => "{}".to_owned(),
    }
}

/// A text cut after its spaces.
fn pieces(text: &str) -> Vec<String> {
    text.split_inclusive(' ').map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn asked(prompt: &str) -> Asked {
        let tool = |name: &str, property: &str| Tool {
            name: name.to_owned(),
            parameters: json!({"type": "object", "properties": {property: {"type": "string"}}}),
        };
        Asked {
            prompt: prompt.to_owned(),
            system: "Be kind.".into(),
            tools: vec![tool("weather", "city"), tool("time", "zone")],
            ..Asked::default()
        }
    }

    fn decided(asked: &Asked) -> Content {
        decide(asked, &Behaviour::default()).content
    }

    fn called(asked: &Asked) -> Vec<(String, String)> {
        match decided(asked) {
            Content::Calls(calls) => calls.into_iter().map(|it| (it.name, it.arguments)).collect(),
            Content::Words | Content::Text(_) => Vec::new(),
        }
    }

    #[test]
    fn tools_are_called_when_ordered_or_forced() {
        let pair = |name: &str, arguments: &str| (name.to_owned(), arguments.to_owned());
        let three = called(&asked("[[call=3]]"));
        assert_eq!(
            three,
            [
                pair("weather", r#"{"city":"city-1"}"#),
                pair("time", r#"{"zone":"zone-2"}"#),
                pair("weather", r#"{"city":"city-3"}"#)
            ]
        );
        let with = |change: fn(&mut Asked), prompt| {
            let mut it = asked(prompt);
            change(&mut it);
            called(&it)
        };
        assert_eq!(called(&asked("hello")), []);
        assert_eq!(with(|it| it.choice = ToolChoice::None, "[[call]]"), []);
        assert_eq!(with(|it| it.one_call = true, "[[call=2]]").len(), 1);
        assert_eq!(with(|it| it.choice = ToolChoice::Required, "hello").len(), 1);
        let named = with(|it| it.choice = ToolChoice::Named("time".into()), "hello");
        assert_eq!(named, [pair("time", r#"{"zone":"zone-1"}"#)]);
        assert_eq!(with(|it| it.results = vec!["x".into()], "[[call]]"), []);
    }

    #[test]
    fn texts_come_from_results_schema_and_orders() {
        let text = |asked: &Asked| match decided(asked) {
            Content::Text(pieces) => pieces.concat(),
            Content::Words | Content::Calls(_) => panic!("no text"),
        };
        assert_eq!(text(&asked("[[say=one  two]]")), "one  two");
        assert_eq!(text(&asked("[[repeat=system]]")), "Be kind.");
        let results = Asked {
            results: vec!["7 degrees".into(), "noon".into()],
            ..asked("[[call=2]]")
        };
        assert_eq!(text(&results), "The tools say: 7 degrees | noon");
        let form = Asked {
            schema: Some(json!({"type": "object", "properties": {"n": {"type": "integer"}}})),
            ..asked("hello")
        };
        assert_eq!(text(&form), r#"{"n":1}"#);
        assert_eq!(decided(&asked("hello")), Content::Words);
    }

    #[test]
    fn faults_tags_and_reasoning_are_decided_beside() {
        let it = Asked {
            reasoning: true,
            ..asked("[[tag=t]] [[fail=503]]")
        };
        let decision = decide(&it, &Behaviour::default());
        assert_eq!(
            (decision.tag.as_deref(), decision.reasoning.concat().as_str()),
            (Some("t"), REASONING)
        );
        let code = 503;
        assert_eq!(
            decision.fault,
            Some(Fault::Status {
                code,
                retry_after_s: Some(1)
            })
        );
        let mut text = Content::Text(pieces("a b c"));
        assert!(text.limit(2) && !text.limit(2));
        assert_eq!(text.tokens(9), 2);
    }
}
