//! The script: for each model how fast it answers, how much, and what goes wrong when. Tests set it
//! in code or over `control`; the request handlers ask it once per call. Chance is a function of the
//! seed and the number of the call, so that a run can be repeated.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::pace::{Latency, RateLimit};
use crate::text::mix;

/// Behaviours by model.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Script {
    /// For models not named.
    pub default: Behaviour,
    /// For models by name, as the provider is asked for them.
    pub models: BTreeMap<String, Behaviour>,
}

/// How one model answers. The default answers at once and well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Behaviour {
    /// Wait before the status line, in milliseconds.
    pub header_delay_ms: u64,
    /// A further wait before the status line of a good answer, drawn for each call.
    pub latency: Option<Latency>,
    /// How many calls are let through; its bucket is full when this is set.
    pub rate_limit: Option<RateLimit>,
    /// Wait between the head and the first byte of the body, in milliseconds.
    pub first_token_ms: u64,
    /// Wait between the chunks of a stream, in milliseconds.
    pub chunk_interval_ms: u64,
    /// Speed of a stream, in chunks a second; takes effect when `chunk_interval_ms` is 0.
    pub tokens_per_second: Option<u32>,
    /// Tokens of text per answer; when not given the prompt decides, between 8 and 31.
    pub output_tokens: Option<u32>,
    /// Tokens of input told as read from the cache, at most all of them.
    pub cached_tokens: u64,
    /// Tokens of output told as reasoning, on top of the text.
    pub reasoning_tokens: u64,
    /// Answer a request that offers tools by calling this one.
    pub tool_call: Option<ToolCallScript>,
    /// When a stream tells usage.
    pub stream_usage: StreamUsage,
    /// Whether a stream ends in `[DONE]`.
    pub end_marker: bool,
    /// Whether each chunk carries the time it was made, as `@` and Unix nanoseconds.
    pub stamp_chunks: bool,
    /// Length of vectors when the request does not set it.
    pub embedding_dimensions: u32,
    /// What goes wrong; the first rule that applies to a call decides.
    pub faults: Vec<Rule>,
}

/// A tool call to answer with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolCallScript {
    /// Name of the function.
    pub name: String,
    /// Its arguments, a JSON document as text.
    pub arguments: String,
}

/// When a stream tells usage.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamUsage {
    /// When asked, as OpenAI does.
    #[default]
    AsAsked,
    /// Never, as some servers do.
    Never,
    /// Always, as Mistral does.
    Always,
}

/// A fault and when it strikes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Which calls.
    pub when: When,
    /// What happens to them.
    pub fault: Fault,
}

/// Which calls of a model a rule applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// All.
    Always,
    /// The first so many since the script was set.
    First(u64),
    /// So many in a thousand.
    PerMille(u16),
}

/// What happens to a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// An error answer. Not billed.
    Status {
        /// HTTP status.
        code: u16,
        /// Seconds for the `retry-after` header.
        #[serde(default)]
        retry_after_s: Option<u64>,
    },
    /// An error answer that says, in the provider's own words, that the prompt is too long. Not billed.
    ContextLength,
    /// The call hangs until the client leaves: before the head, or after so many chunks; a whole
    /// answer hangs in its middle.
    Stall {
        /// Chunks before the silence.
        #[serde(default)]
        after_chunks: Option<u32>,
    },
    /// The connection breaks after so many bytes of the body.
    CutBytes(u64),
    /// The connection breaks after so many chunks; a whole answer breaks in its middle.
    CutChunks(u32),
    /// A chunk that is not JSON comes after so many good ones.
    MalformedChunk(u32),
    /// An error event ends the stream after so many chunks.
    ErrorEvent(u32),
    /// The answer's text is this many bytes long.
    HugeBody(u64),
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            header_delay_ms: 0,
            latency: None,
            rate_limit: None,
            first_token_ms: 0,
            chunk_interval_ms: 0,
            tokens_per_second: None,
            output_tokens: None,
            cached_tokens: 0,
            reasoning_tokens: 0,
            tool_call: None,
            stream_usage: StreamUsage::AsAsked,
            end_marker: true,
            stamp_chunks: false,
            embedding_dimensions: 256,
            faults: Vec::new(),
        }
    }
}

impl Behaviour {
    /// A behaviour with one fault.
    pub fn with_fault(when: When, fault: Fault) -> Self {
        Self {
            faults: vec![Rule { when, fault }],
            ..Self::default()
        }
    }

    /// Wait between chunks.
    pub fn interval(&self) -> Duration {
        match self.tokens_per_second {
            Some(rate) if self.chunk_interval_ms == 0 && rate > 0 => Duration::from_secs(1) / rate,
            _ => Duration::from_millis(self.chunk_interval_ms),
        }
    }

    /// What befalls call number `call` (from 0) of this model, if anything.
    pub fn fault(&self, seed: u64, call: u64) -> Option<&Fault> {
        let applies = |(index, rule): &(usize, &Rule)| match rule.when {
            When::Always => true,
            When::First(count) => call < count,
            When::PerMille(share) => mix(mix(seed, *index as u64), call) % 1000 < u64::from(share),
        };
        self.faults
            .iter()
            .enumerate()
            .find(applies)
            .map(|(_, rule)| &rule.fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_apply_in_order_and_by_count() {
        let behaviour = Behaviour {
            faults: vec![
                Rule {
                    when: When::First(2),
                    fault: Fault::Status {
                        code: 503,
                        retry_after_s: None,
                    },
                },
                Rule {
                    when: When::First(3),
                    fault: Fault::CutChunks(1),
                },
            ],
            ..Behaviour::default()
        };
        let faults: Vec<_> = (0..4).map(|call| behaviour.fault(7, call)).collect();
        let refused = Some(&behaviour.faults[0].fault);
        assert_eq!(faults, [refused, refused, Some(&Fault::CutChunks(1)), None]);
    }

    #[test]
    fn chance_is_repeatable_and_about_right() {
        let behaviour = Behaviour::with_fault(When::PerMille(250), Fault::CutChunks(1));
        let struck = |seed| {
            (0..10_000)
                .filter(|call| behaviour.fault(seed, *call).is_some())
                .collect::<Vec<_>>()
        };
        assert_eq!(struck(1), struck(1));
        assert_ne!(struck(1), struck(2));
        assert!((2_200..2_800).contains(&struck(1).len()));
        assert_eq!(
            Behaviour::with_fault(When::PerMille(0), Fault::CutChunks(1)).fault(1, 1),
            None
        );
    }

    #[test]
    fn a_script_is_readable_json() {
        let text = r#"{"default":{"tokens_per_second":50},"models":{"a/b":{"faults":[
            {"when":{"first":3},"fault":{"status":{"code":429,"retry_after_s":1}}},
            {"when":"always","fault":{"stall":{}}},{"when":{"per_mille":5},"fault":{"cut_bytes":100}}]}}}"#;
        let script: Script = serde_json::from_str(text).unwrap();
        assert_eq!(script.default.interval(), Duration::from_millis(20));
        assert_eq!(script.models["a/b"].faults.len(), 3);
        assert_eq!(
            serde_json::from_value::<Script>(serde_json::to_value(&script).unwrap()).unwrap(),
            script
        );
        assert!(serde_json::from_str::<Script>(r#"{"default":{"latency":5}}"#).is_err());
    }
}
