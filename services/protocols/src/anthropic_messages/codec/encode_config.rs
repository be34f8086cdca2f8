//! How much to think, the form asked of the answer, and what else `output_config` holds, out of the
//! canonical form.

use super::encode_message::Writer;
use super::form;
use crate::canonical::{
    Message, PartBody, ReasoningConfig, Request, ResponseFormat, ResponseShape, Role, ToolMode,
};
use crate::json::{Kind, Object};
use crate::lossy::{Feature, Severity};
use crate::reading::write_nested;
use crate::target::{RequestTarget, ThinkingControl};

const AT: &str = "/reasoning";
/// The smallest budget a provider takes.
const LEAST_BUDGET: u64 = 1024;

/// What is said about thinking.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Thinking<'r> {
    mode: Option<Mode>,
    effort: Option<&'r str>,
    display: Option<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Adaptive,
    Enabled(Option<u64>),
    Disabled,
}

impl Thinking<'_> {
    /// Whether the model is told to think.
    pub(super) fn is_on(&self) -> bool {
        matches!(self.mode, Some(Mode::Adaptive | Mode::Enabled(_)))
    }
}

impl Writer {
    /// Decides what to say about thinking within an output limit.
    pub(super) fn thinking<'r>(
        &mut self,
        request: &'r Request<'_>,
        target: &RequestTarget<'_>,
        limit: u64,
    ) -> Thinking<'r> {
        let Some(config) = &request.reasoning else {
            return Thinking::default();
        };
        let ReasoningConfig {
            enabled,
            effort,
            budget,
            summary,
            show,
            form: note,
            extra,
        } = config;
        if self.same {
            let mode = enabled.map(|enabled| match enabled {
                false => Mode::Disabled,
                true if note.has(form::reasoning_config::ADAPTIVE) => Mode::Adaptive,
                true => Mode::Enabled(*budget),
            });
            return Thinking {
                mode,
                effort: effort.as_deref(),
                display: *show,
            };
        }
        if summary.is_some() {
            self.unthought("summary", Severity::Hint);
        }
        self.lost(extra, || AT.to_owned());
        let effort = effort.as_deref();
        let wanted = effort.is_some() || budget.is_some() || *enabled == Some(true);
        if *enabled == Some(false) || effort == Some("none") || *budget == Some(0) {
            return Thinking {
                mode: Some(Mode::Disabled),
                ..Thinking::default()
            };
        }
        if !wanted {
            return Thinking::default();
        }
        if self.is_barred(request, target.thinking) {
            self.unthought("", Severity::Altered);
            return Thinking::default();
        }
        let thinking = match target.thinking {
            ThinkingControl::Effort => self.by_effort(effort, *budget),
            ThinkingControl::Budget => self.by_budget(effort, *budget, limit),
        };
        Thinking {
            display: show.filter(|_| thinking.is_on()),
            ..thinking
        }
    }

    fn unthought(&mut self, name: &str, severity: Severity) {
        self.losses.note(Feature::ReasoningConfig, name, severity, AT);
    }

    fn by_effort<'r>(&mut self, effort: Option<&'r str>, budget: Option<u64>) -> Thinking<'r> {
        let word = match (effort, budget) {
            (Some("minimal"), _) => Some("low"),
            (Some(word @ ("low" | "medium" | "high" | "xhigh" | "max")), _) => Some(word),
            (Some(_), _) => {
                self.unthought("effort", Severity::Altered);
                None
            }
            (None, Some(budget)) => {
                self.unthought("budget", Severity::Altered);
                Some(match budget {
                    0..=2_048 => "low",
                    2_049..=8_192 => "medium",
                    _ => "high",
                })
            }
            (None, None) => None,
        };
        Thinking {
            mode: Some(Mode::Adaptive),
            effort: word,
            display: None,
        }
    }

    /// An effort is a share of the output limit, which has to leave room for the answer.
    fn by_budget<'r>(&mut self, effort: Option<&str>, budget: Option<u64>, limit: u64) -> Thinking<'r> {
        if limit <= LEAST_BUDGET {
            self.unthought("budget", Severity::Altered);
            return Thinking::default();
        }
        let tenths = match effort {
            Some("minimal") => 1,
            Some("low") => 2,
            Some("high") => 8,
            Some("xhigh" | "max") => 9,
            Some(_) | None => 5,
        };
        let wanted = budget.unwrap_or_else(|| limit.saturating_mul(tenths) / 10);
        let given = wanted.clamp(LEAST_BUDGET, limit - 1);
        if budget.is_some_and(|budget| budget != given) {
            self.unthought("budget", Severity::Altered);
        } else if budget.is_none() {
            self.unthought("effort", Severity::Hint);
        }
        Thinking {
            mode: Some(Mode::Enabled(Some(given))),
            effort: None,
            display: None,
        }
    }

    /// Whether a provider would refuse to think: it does when a tool is forced, and, with a budget,
    /// when the calls whose results it is given were made without (its own) thinking before them.
    fn is_barred(&self, request: &Request<'_>, control: ThinkingControl) -> bool {
        let forced = request
            .tool_choice
            .as_ref()
            .is_some_and(|choice| match choice.mode {
                ToolMode::Required | ToolMode::Named(_) | ToolMode::Allowed { required: true, .. } => true,
                ToolMode::Auto | ToolMode::None | ToolMode::Allowed { .. } | ToolMode::Other(_) => false,
            });
        let bare_calls = || {
            let said = request.messages.iter().rposition(|m| m.role == Role::Assistant);
            let (turn, after) = request.messages.split_at(said.map_or(0, |at| at + 1));
            let own = |m: &&Message<'_>| m.role == Role::Assistant;
            let parts = || turn.iter().rev().take_while(own).flat_map(|m| &m.parts);
            let thought = parts().any(|part| {
                let reasoning = part.body.as_reasoning();
                reasoning.is_some_and(|reasoning| self.takes_back(part, reasoning))
            });
            let answers = |m: &Message<'_>| m.parts.iter().any(|p| matches!(p.body, PartBody::ToolResult(_)));
            !thought && after.iter().any(answers)
        };
        forced || (control == ThinkingControl::Budget && bare_calls())
    }

    /// Writes `thinking`.
    pub(super) fn write_thinking(&self, object: &mut Object<'_>, request: &Request<'_>, said: Thinking<'_>) {
        let Some(mode) = said.mode else {
            return;
        };
        let mut inner = object.object("thinking");
        match mode {
            Mode::Adaptive => inner.string("type", "adaptive"),
            Mode::Disabled => inner.string("type", "disabled"),
            Mode::Enabled(budget) => {
                inner.string("type", "enabled");
                if let Some(budget) = budget {
                    inner.unsigned("budget_tokens", budget);
                }
            }
        }
        let word = |show| if show { "summarized" } else { "omitted" };
        inner.optional_string("display", said.display.map(word));
        if let (true, Some(config)) = (self.same, &request.reasoning) {
            config.extra.write(&mut inner);
        }
    }

    /// Writes `output_config`, and `output_format` where the form was asked for under that name.
    pub(super) fn output(&mut self, object: &mut Object<'_>, request: &Request<'_>, said: Thinking<'_>) {
        let mut format = request.response_format.as_ref();
        let beta = |format: &&ResponseFormat<'_>| format.form.has(form::response_format::OUTPUT_FORMAT);
        if let Some(format) = format.take_if(|format| self.same && beta(format)) {
            self.format(object, "output_format", format);
        }
        let rest = request
            .extra
            .get("output_config")
            .filter(|raw| self.same && raw.kind() == Kind::Object);
        let format = format.filter(|format| self.same || self.is_expressible(format));
        if said.effort.is_none() && format.is_none() && rest.is_none() {
            return;
        }
        let mut inner = object.object("output_config");
        inner.optional_string("effort", said.effort);
        if let Some(format) = format {
            self.format(&mut inner, "format", format);
        }
        if let Some(rest) = rest {
            write_nested(&mut inner, rest);
        }
    }

    /// Whether a form can be asked for; it is noted as lost otherwise.
    fn is_expressible(&mut self, format: &ResponseFormat<'_>) -> bool {
        let (name, severity) = match &format.shape {
            ResponseShape::JsonSchema { schema: Some(_), .. } => return true,
            ResponseShape::Text => return false,
            ResponseShape::JsonObject => ("json_object", Severity::Missing),
            ResponseShape::JsonSchema { schema: None, .. } | ResponseShape::Other(_) => {
                ("", Severity::Missing)
            }
        };
        self.losses
            .note(Feature::ResponseFormat, name, severity, "/response_format");
        false
    }

    fn format(&mut self, object: &mut Object<'_>, key: &'static str, format: &ResponseFormat<'_>) {
        const AT: &str = "/response_format";
        let ResponseFormat {
            shape,
            form: _,
            extra,
        } = format;
        match shape {
            ResponseShape::Other(raw) => object.raw(key, raw),
            ResponseShape::Text | ResponseShape::JsonObject => {}
            ResponseShape::JsonSchema {
                // A name means nothing, and the answer always fits.
                name: _,
                strict: _,
                description,
                schema,
                extra: inner_extra,
            } => {
                let mut inner = object.object(key);
                inner.string("type", "json_schema");
                inner.optional_raw("schema", schema.as_ref());
                if description.is_some() {
                    self.losses
                        .note(Feature::ResponseFormat, "description", Severity::Hint, AT);
                }
                self.lost(inner_extra, || AT.to_owned());
                self.extra(&mut inner, extra, || AT.to_owned());
            }
        }
    }
}
