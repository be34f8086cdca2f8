//! How much to think and other settings that depend on whose model it is: `additionalModelRequestFields`
//! takes what the model itself takes. The name of the model says whose it is.

use super::encode_message::Writer;
use crate::canonical::{ReasoningConfig, Request};
use crate::json::{Object, RawJson};
use crate::lossy::{Feature, Severity};
use crate::reading::write_nested;

/// Whose model it is, as far as its settings differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Maker {
    Anthropic,
    Amazon,
    OpenAi,
    Other,
}

impl Maker {
    fn of(model: Option<&str>) -> Self {
        let model = model.unwrap_or_default();
        match model {
            _ if model.contains("anthropic.") => Self::Anthropic,
            _ if model.contains("amazon.nova") => Self::Amazon,
            _ if model.contains("openai.") => Self::OpenAi,
            _ => Self::Other,
        }
    }
}

/// The least that Claude models take for a budget.
const LEAST_BUDGET: u64 = 1024;

/// What is to be said of thinking.
#[derive(Debug, Default)]
struct Thinking<'a> {
    enabled: Option<bool>,
    budget: Option<u64>,
    /// The effort in a word, for models that take one among their own fields.
    effort: Option<&'a str>,
}

impl Writer {
    /// Writes `additionalModelRequestFields`. `kept`: what of it is not modelled.
    pub(super) fn model_fields(
        &mut self,
        object: &mut Object<'_>,
        request: &Request<'_>,
        model: Option<&str>,
        kept: Option<&RawJson<'_>>,
    ) {
        let maker = Maker::of(model.or(request.model.as_deref()));
        let thinking = match &request.reasoning {
            Some(config) => self.thinking(config, maker, request.max_output_tokens),
            None => Thinking::default(),
        };
        let top_k = request.sampling.top_k.as_ref();
        let known = self.same || matches!(maker, Maker::Anthropic | Maker::Amazon);
        if top_k.is_some() && !known {
            let at = "/sampling/top_k";
            self.losses
                .note(Feature::Sampling, "top_k", Severity::Altered, at);
        }
        let top_k = top_k.filter(|_| known);
        let Thinking {
            enabled,
            budget,
            effort,
        } = thinking;
        if top_k.is_none() && enabled.is_none() && effort.is_none() && kept.is_none() {
            return;
        }
        let mut fields = object.object("additionalModelRequestFields");
        if maker == Maker::Amazon && !self.same && top_k.is_some() {
            fields.object("inferenceConfig").optional_number("topK", top_k);
        } else {
            fields.optional_number("top_k", top_k);
        }
        fields.optional_string("reasoning_effort", effort);
        if let Some(enabled) = enabled {
            let mut inner = fields.object("thinking");
            inner.string("type", if enabled { "enabled" } else { "disabled" });
            if let Some(budget) = budget {
                inner.unsigned("budget_tokens", budget);
            }
        }
        if let Some(kept) = kept {
            write_nested(&mut fields, kept);
        }
    }

    fn thinking<'r>(
        &mut self,
        config: &'r ReasoningConfig<'_>,
        maker: Maker,
        limit: Option<u64>,
    ) -> Thinking<'r> {
        let ReasoningConfig {
            enabled,
            effort,
            budget,
            summary,
            show,
            form: _,
            extra,
        } = config;
        if self.same {
            return Thinking {
                enabled: *enabled,
                budget: *budget,
                effort: None,
            };
        }
        self.lost(extra, || "/reasoning".to_owned());
        let mut lost = |lost: bool, name, severity| {
            if lost {
                self.losses
                    .note(Feature::ReasoningConfig, name, severity, "/reasoning");
            }
        };
        lost(summary.is_some(), "summary", Severity::Hint);
        lost(*show == Some(false), "show", Severity::Hint);
        let effort = effort.as_deref();
        // Models that can think do not unless they are asked to.
        if *enabled == Some(false) || effort == Some("none") || *budget == Some(0) {
            return Thinking::default();
        }
        match maker {
            Maker::Anthropic => {
                let wanted = budget.unwrap_or(effort.map_or(8_192, budget_of));
                // Thinking counts towards the limit and must leave room for an answer.
                let room = limit.map_or(u64::MAX, |limit| limit.saturating_sub(1));
                let given = wanted.max(LEAST_BUDGET).min(room);
                lost(*budget != Some(given), "budget", Severity::Altered);
                Thinking {
                    enabled: (given >= LEAST_BUDGET).then_some(true),
                    budget: Some(given),
                    effort: None,
                }
            }
            Maker::OpenAi => {
                let word = effort.or(budget.map(effort_of)).unwrap_or("medium");
                lost(effort.is_none(), "effort", Severity::Altered);
                Thinking {
                    effort: Some(word),
                    ..Thinking::default()
                }
            }
            Maker::Amazon | Maker::Other => {
                lost(true, "", Severity::Altered);
                Thinking::default()
            }
        }
    }
}

/// A thinking budget in tokens for the word of an effort.
fn budget_of(effort: &str) -> u64 {
    match effort {
        "minimal" => LEAST_BUDGET,
        "low" => 2_048,
        "high" => 16_384,
        "xhigh" | "max" => 32_768,
        _ => 8_192,
    }
}

/// The word for a thinking budget in tokens.
fn effort_of(budget: u64) -> &'static str {
    match budget {
        0..=2_048 => "low",
        2_049..=8_192 => "medium",
        _ => "high",
    }
}
