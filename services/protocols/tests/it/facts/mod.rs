//! What a canonical value says, taken apart into statements that can be counted and compared across
//! dialects. Each names the features whose loss would excuse its absence; one that nothing excuses
//! must survive every conversion.

mod conversation;
mod media;
mod settings;

use serde_json::Value;
use sluicegate_protocols::canonical::{
    Candidate, Extra, FinishReason, Request, Response, Tool, ToolBody, ToolMode,
};
use sluicegate_protocols::lossy::Feature;

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fact {
    /// The statement.
    pub(crate) says: String,
    /// Losses that excuse its absence, or that it is there though it was not before.
    pub(crate) excuses: &'static [Feature],
    /// It is a piece of the conversation, whose order counts.
    pub(crate) ordered: bool,
}

/// Everything a request says.
pub(crate) fn of_request(request: &Request<'_>) -> Vec<Fact> {
    let mut facts = Facts::default();
    facts.conversation(&request.messages);
    let allowed = request.tools.iter().filter(|tool| may_be_called(request, tool));
    allowed.for_each(|tool| facts.tool(tool));
    facts.settings(request);
    facts.labels(request);
    facts.list
}

/// Everything an answer says, save what only tells one telling from another: its id and time.
pub(crate) fn of_response(response: &Response<'_>) -> Vec<Fact> {
    let mut facts = Facts::default();
    for candidate in &response.candidates {
        facts.candidate(candidate);
    }
    if let Some(usage) = &response.usage {
        let counts = usage.counts;
        facts.add(format!("used {}/{}", counts.input, counts.output), &[]);
        if counts.reasoning > 0 {
            facts.add(
                format!("{} of it thinking", counts.reasoning),
                &[Feature::UsageDetail],
            );
        }
        if counts.cached_input > 0 {
            facts.add(
                format!("{} of it cached", counts.cached_input),
                &[Feature::UsageDetail],
            );
        }
    }
    if let Some(tier) = special_tier(response.service_tier.as_deref()) {
        facts.add(format!("tier {tier}"), &[Feature::ServiceTier]);
    }
    facts.list
}

/// A class of service other than the usual one.
fn special_tier(tier: Option<&str>) -> Option<&str> {
    tier.filter(|tier| !matches!(*tier, "auto" | "default" | "standard" | "standard_only"))
}

/// Whether the choice leaves room for a tool: offering fewer says the same as allowing fewer.
fn may_be_called(request: &Request<'_>, tool: &Tool<'_>) -> bool {
    let called = match &tool.body {
        ToolBody::Function(function) => Some(&function.name),
        ToolBody::Custom(custom) => Some(&custom.name),
        ToolBody::Provider(_) => None,
    };
    match request.tool_choice.as_ref().map(|choice| &choice.mode) {
        Some(ToolMode::None) => false,
        Some(ToolMode::Named(name)) => called.is_none_or(|called| called == name),
        Some(ToolMode::Allowed { names, .. }) => called.is_none_or(|called| names.contains(called)),
        Some(ToolMode::Auto | ToolMode::Required | ToolMode::Other(_)) | None => true,
    }
}

/// Unknown members of a request that say something, and where; each must be reported, or what it
/// stands in.
pub(crate) fn unknown_members(request: &Request<'_>) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut add = |extra: &Extra<'_>, at: String| {
        let telling = extra.iter().filter(|(_, value)| !value.is_void());
        found.extend(telling.map(|(name, _)| (name.to_owned(), at.clone())));
    };
    add(&request.extra, String::new());
    for (at, message) in request.messages.iter().enumerate() {
        add(&message.extra, format!("/messages/{at}"));
        for (place, part) in message.parts.iter().enumerate() {
            add(&part.extra, format!("/messages/{at}/parts/{place}"));
        }
    }
    for (at, tool) in request.tools.iter().enumerate() {
        add(&tool.extra, format!("/tools/{at}"));
    }
    found
}

#[derive(Default)]
struct Facts {
    list: Vec<Fact>,
    /// Calls so far: id and name, and whether a result has come.
    calls: Vec<(String, String, bool)>,
    /// Who has the turn.
    turn: &'static str,
    /// The text of this turn that the next piece goes on with.
    speaking: Option<usize>,
    /// The same of what was thought.
    thinking: Option<usize>,
}

impl Facts {
    fn add(&mut self, says: String, excuses: &'static [Feature]) {
        self.list.push(Fact {
            says,
            excuses,
            ordered: false,
        });
    }

    /// A turn begins, or goes on.
    fn turn(&mut self, who: &'static str) {
        if self.turn != who {
            self.turn = who;
            self.speaking = None;
            self.thinking = None;
        }
    }

    fn tell(&mut self, says: String, excuses: &'static [Feature]) {
        self.list.push(Fact {
            says,
            excuses,
            ordered: true,
        });
    }

    /// Text, which may come in any number of pieces. What a model says around its calls is one text
    /// to dialects that do not keep the order of the two.
    fn text(&mut self, who: &'static str, text: &str) {
        if text.is_empty() {
            return;
        }
        match self.speaking {
            Some(at) => self.list[at].says.push_str(text),
            None => {
                self.speaking = Some(self.list.len());
                self.tell(format!("{who}: {text}"), &[]);
            }
        }
    }

    /// What was thought; how its pieces are joined means nothing.
    fn thought(&mut self, text: &str) {
        let text: String = text.split_whitespace().collect();
        match self.thinking {
            Some(at) => self.list[at].says.push_str(&text),
            None => {
                self.thinking = Some(self.list.len());
                self.add(format!("thought {text}"), &[Feature::Reasoning]);
            }
        }
    }

    fn candidate(&mut self, candidate: &Candidate<'_>) {
        let excuses: &'static [Feature] = if candidate.index == 0 {
            &[]
        } else {
            &[Feature::Candidates]
        };
        let from = self.list.len();
        self.turn("");
        self.message(&candidate.message);
        if let Some(finish) = &candidate.finish {
            let reason = match finish.reason {
                FinishReason::Stop | FinishReason::StopSequence => Some("stop"),
                FinishReason::Length | FinishReason::ContextWindow => Some("length"),
                FinishReason::ToolUse => Some("tool use"),
                FinishReason::ContentFilter | FinishReason::Refusal => Some("refusal"),
                FinishReason::Pause => Some("pause"),
                FinishReason::Error => Some("error"),
                // No reason that anybody knows.
                FinishReason::Other => None,
            };
            if let Some(reason) = reason {
                self.add(format!("ends with {reason}"), &[Feature::FinishReason]);
            }
            if let Some(sequence) = &finish.sequence {
                self.add(format!("ended at {sequence:?}"), &[Feature::StopSequence]);
            }
        }
        if let Some(logprobs) = candidate.logprobs.as_ref().filter(|l| !l.content.is_empty()) {
            let tokens: String = logprobs
                .content
                .iter()
                .map(|token| token.token.as_ref())
                .collect();
            self.add(format!("logprobs of {tokens}"), &[Feature::Logprobs]);
        }
        if !excuses.is_empty() {
            for fact in &mut self.list[from..] {
                fact.excuses = excuses;
            }
        }
    }
}

/// A text in one spelling, if it is JSON.
fn document(text: &str) -> String {
    serde_json::from_str::<Value>(text).map_or_else(|_| text.to_owned(), |value| value.to_string())
}
