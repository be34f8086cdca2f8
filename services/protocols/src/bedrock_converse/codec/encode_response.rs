//! A whole answer out of the canonical form. This dialect tells neither an id nor the model nor the
//! time, so nothing has to be filled in.

use super::encode_message::{Inside, Side, Writer};
use super::form;
use crate::TokenCounts;
use crate::bedrock_converse::usage;
use crate::canonical::{Candidate, Finish, FinishReason, Form, Response, Usage};
use crate::dialect::Dialect;
use crate::json::{Kind, Object};
use crate::lossy::{Encoded, Feature, LossReport, Severity};
use crate::reading::write_nested;
use crate::target::AnswerTarget;
use crate::tool_ids::{IdRule, ToolIds};

/// Writes an answer for a caller.
pub fn encode_response(response: &Response<'_>, target: &AnswerTarget<'_>) -> Encoded {
    let mut writer = Writer {
        same: response.origin == Dialect::BedrockConverse && !target.meaning_only,
        side: Side::Answer,
        // What a provider calls its calls is for the caller to repeat as it is.
        ids: ToolIds::new(IdRule::UpTo(usize::MAX)),
        documents: 0,
        losses: LossReport::default(),
    };
    let parts = response.candidates.iter().flat_map(|c| &c.message.parts);
    let content: usize = parts.map(crate::canonical::Part::size_hint).sum();
    let mut body = Vec::with_capacity(content + 512);
    writer.response(&mut Object::open(&mut body), response);
    Encoded {
        body,
        losses: writer.losses,
    }
}

impl Writer {
    fn response(&mut self, object: &mut Object<'_>, response: &Response<'_>) {
        let Response {
            origin: _,
            id: _,
            model: _,
            created: _,
            candidates,
            usage,
            service_tier,
            error: _,
            form: _,
            extra,
        } = response;
        let output = extra
            .get("output")
            .filter(|value| self.same && value.kind() == Kind::Object);
        let unsaid = |candidate: &&Candidate<'_>| {
            candidate.form.has(form::candidate::NO_MESSAGE) && candidate.message.parts.is_empty()
        };
        let said = candidates
            .first()
            .filter(|candidate| !(self.same && unsaid(candidate)));
        if said.is_some() || output.is_some() {
            let mut inner = object.object("output");
            if let Some(candidate) = said {
                self.candidate(&mut inner, candidate);
            }
            if let Some(kept) = output {
                write_nested(&mut inner, kept);
            }
        }
        if candidates.len() > 1 {
            self.losses
                .note(Feature::Candidates, "", Severity::Missing, "/candidates");
        }
        if let Some(finish) = candidates.first().and_then(|candidate| candidate.finish.as_ref()) {
            object.string("stopReason", finish_word(finish, self.same));
            if finish.sequence.is_some() {
                let at = "/candidates/0/finish";
                self.losses.note(Feature::StopSequence, "", Severity::Hint, at);
            }
        }
        if let Some(usage) = usage {
            self.usage(object, usage);
        }
        if let Some(tier) = service_tier {
            object.object("serviceTier").string("type", tier);
        }
        if !self.same {
            return self.lost(extra, String::new);
        }
        extra.write_unless(object, |name, value| {
            name == "output" && value.kind() == Kind::Object
        });
    }

    fn candidate(&mut self, output: &mut Object<'_>, candidate: &Candidate<'_>) {
        let Candidate {
            index: _,
            message,
            finish: _,
            logprobs,
            form: _,
            extra,
        } = candidate;
        if logprobs.is_some() {
            self.losses
                .note(Feature::Logprobs, "", Severity::Hint, "/candidates/0/logprobs");
        }
        self.lost(extra, || "/candidates/0".to_owned());
        let mut object = output.object("message");
        let lacked = |note: Form| self.same && message.form.has(note);
        if !lacked(form::message::NO_ROLE) {
            object.string("role", message.role.as_str());
        }
        if !(lacked(form::message::NO_CONTENT) && message.parts.is_empty()) {
            let mut list = object.array("content");
            for (at, part) in message.parts.iter().enumerate() {
                self.part(&mut list, (0, at, part), Inside::Message);
            }
        }
        self.extra(&mut object, &message.extra, || "/messages/0".to_owned());
    }

    fn usage(&mut self, object: &mut Object<'_>, report: &Usage<'_>) {
        let Usage { counts, native } = report;
        match native {
            Some(native) if self.same => object.raw("usage", native),
            _ => {
                usage::write(&mut object.object("usage"), counts);
                if report.says_more() || says_more(counts) {
                    self.losses
                        .note(Feature::UsageDetail, "", Severity::Hint, "/usage");
                }
            }
        }
    }
}

/// Whether counts say more than this dialect can.
pub(super) fn says_more(counts: &TokenCounts) -> bool {
    counts.reasoning > 0 || counts.input_audio > 0 || counts.output_audio > 0
}

/// The word of this dialect for why an answer ended. The provider's own where it is of this
/// dialect.
pub(super) fn finish_word<'f>(finish: &'f Finish<'_>, same: bool) -> &'f str {
    if let (true, Some(native)) = (same, &finish.native) {
        return native;
    }
    match finish.reason {
        FinishReason::ToolUse => "tool_use",
        FinishReason::Stop | FinishReason::Pause | FinishReason::Other => "end_turn",
        FinishReason::StopSequence => "stop_sequence",
        FinishReason::Length => "max_tokens",
        FinishReason::ContextWindow => "model_context_window_exceeded",
        FinishReason::ContentFilter | FinishReason::Refusal => "content_filtered",
        FinishReason::Error => "malformed_model_output",
    }
}
