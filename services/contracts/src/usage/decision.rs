//! Why a request went where it went: what it could have gone to, and what spoke for and against each.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::event::ConfigHead;
use crate::ids::ConnectionId;
use crate::money::NanoUsd;

/// Most candidates that a decision names, the first in order before those that were left out.
pub const MAX_CANDIDATES: usize = 64;

/// A decision, as it was made before the first attempt. The same request id, configuration and state of the endpoints give
/// the same again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Why the first in order is the first, by its wire name; `None` when nothing could serve.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cow<'static, str>>,
    /// The rule of the route that decided; `None` where a model was named, or no rule applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// What its rule compares, and which arm the request is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub experiment: Option<DecidedExperiment>,
    /// The configuration that was in force.
    pub config: ConfigHead,
    /// What of the request counted.
    pub facts: DecidedFacts,
    /// Those that were tried, or would have been, in their order; then those that were left out. Empty where there was no
    /// choice: the attempts say it then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<DecidedCandidate>,
    /// Further ones that are not named.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub omitted: u32,
    /// How long it was held in milliseconds, because everything it could go to was out of its rate.
    #[serde(default, skip_serializing_if = "is_no_time")]
    pub held_ms: u64,
    /// What followed when the first attempt was late; `None`: it was not, or the route does not hedge. Alone of all this it
    /// came after the decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hedge: Option<DecidedHedge>,
}

/// The arm of an experiment that a request is of, wherever it went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecidedExperiment {
    /// Name of the experiment.
    pub name: String,
    /// Name of the arm.
    pub arm: String,
    /// What was drawn for: `session`, `user`, `key`, `header` or `metadata` where the request said it, else `request`.
    pub unit: Cow<'static, str>,
}

/// What followed when an attempt was late.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecidedHedge {
    /// After how many milliseconds it was.
    pub after_ms: u64,
    /// Where the request was sent a second time, by its place in the order from 1; `None`: nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rank: Option<u16>,
    /// Why it was not: `attempts`, `share`, `candidates`, `max_cost`, `refused` or `unrecorded`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withheld: Option<Cow<'static, str>>,
}

/// What of a request counts for a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecidedFacts {
    /// Prompt tokens, estimated.
    pub input_tokens: u32,
    /// The caller's cap on generated tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_output_tokens: Option<u64>,
    /// Whether a stream was asked for.
    pub stream: bool,
    /// What conditions of routes can ask of it besides, so that it can be decided again; `None`: of an older worker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<RequestShape>,
    /// The language of what its user said last, empty where that cannot be told; `None`: no condition of its route asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Cow<'static, str>>,
    /// What was found of endpoints and budgets that conditions of its route ask about, before the first was evaluated.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub readings: Vec<DecidedReading>,
}

/// One thing that conditions were told of endpoints or budgets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecidedReading {
    /// The function that asks for it, as conditions write it.
    pub measure: Cow<'static, str>,
    /// Of what: a model, a provider, or a budget.
    pub of: String,
    /// The slug of the only account that counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over: Option<String>,
    /// What was found, in thousandths; of true and false, a thousand and none. `None`: it was not known.
    pub thousandths: Option<i64>,
}

/// What kind of request it was. Counts and flags: nothing that its caller wrote.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RequestShape {
    /// Tools offered to the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tools: Option<u32>,
    /// Whether the answer has to follow a JSON schema.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json_schema: Option<bool>,
    /// Whether the model is asked to think first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<bool>,
    /// Whether it holds images.
    #[serde(skip_serializing_if = "is_false")]
    pub image: bool,
    /// Whether it holds recordings.
    #[serde(skip_serializing_if = "is_false")]
    pub audio: bool,
    /// Whether it holds documents.
    #[serde(skip_serializing_if = "is_false")]
    pub file: bool,
    /// Whether it stated wishes or demands of its own, or named fallbacks.
    #[serde(skip_serializing_if = "is_false")]
    pub steered: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

/// One that could have served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecidedCandidate {
    /// The model, as the route or the request names it.
    pub model: String,
    /// Its provider; `None` where the target as a whole was left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<ConnectionId>,
    /// The arm that it serves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arm: Option<String>,
    /// Where it stood in the order, from 1; `None`: it was left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rank: Option<u16>,
    /// Why it was left out, by its wire name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected: Option<Cow<'static, str>>,
    /// Whose constraint left it out: `organization`, `project`, `route`, `key` or `request`; `None`: nobody's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Cow<'static, str>>,
    /// How it fared: `full`, `drained`, `broken` or `on_trial`; `None`: nothing spoke against it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<Cow<'static, str>>,
    /// What its score was made of, where measures decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<DecidedScore>,
    /// The most that the request could cost there; `None`: not known, or nobody asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound: Option<NanoUsd>,
}

/// The terms of a score in thousandths; the lowest sum is the best.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DecidedScore {
    /// How it came to its place: `score`, `drawn`, `visited` or `last_resort`.
    pub by: Cow<'static, str>,
    /// Time until it brings something.
    #[serde(skip_serializing_if = "is_none")]
    pub latency: i64,
    /// Cost.
    #[serde(skip_serializing_if = "is_none")]
    pub cost: i64,
    /// What a prompt that stays warm is worth; negative.
    #[serde(skip_serializing_if = "is_none")]
    pub cache: i64,
    /// Expected cost of a failure.
    #[serde(skip_serializing_if = "is_none")]
    pub failure: i64,
    /// How little its rate limits have left.
    #[serde(skip_serializing_if = "is_none")]
    pub headroom: i64,
    /// Its quality; negative.
    #[serde(skip_serializing_if = "is_none")]
    pub quality: i64,
    /// Expected cost of missing the route's target, or of passing its price.
    #[serde(skip_serializing_if = "is_none")]
    pub target: i64,
    /// How full it is.
    #[serde(skip_serializing_if = "is_none")]
    pub load: i64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_none(thousandths: &i64) -> bool {
    *thousandths == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(count: &u32) -> bool {
    *count == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_no_time(milliseconds: &u64) -> bool {
    *milliseconds == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_not_written() {
        let decision = Decision {
            cause: Some(Cow::Borrowed("direct")),
            rule: None,
            experiment: None,
            config: ConfigHead::default(),
            facts: DecidedFacts {
                input_tokens: 12,
                max_output_tokens: None,
                stream: true,
                shape: None,
                language: None,
                readings: Vec::new(),
            },
            candidates: Vec::new(),
            omitted: 0,
            held_ms: 0,
            hedge: None,
        };
        let text = serde_json::to_string(&decision).unwrap();
        let zero = serde_json::to_string(&ConfigHead::default()).unwrap();
        let expected =
            format!(r#"{{"cause":"direct","config":{zero},"facts":{{"input_tokens":12,"stream":true}}}}"#);
        assert_eq!(text, expected);
        assert_eq!(serde_json::from_str::<Decision>(&text).unwrap(), decision);
    }
    #[test]
    fn the_shape_of_a_request_says_only_what_there_is() {
        let shape = RequestShape {
            tools: Some(2),
            image: true,
            ..RequestShape::default()
        };
        let text = serde_json::to_string(&shape).unwrap();
        assert_eq!(text, r#"{"tools":2,"image":true}"#);
        assert_eq!(serde_json::from_str::<RequestShape>(&text).unwrap(), shape);
    }
}
