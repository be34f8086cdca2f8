//! A whole answer out of the canonical form. This dialect tells neither the model nor the time.

use super::encode_message::{Side, Writer};
use super::form;
use crate::TokenCounts;
use crate::canonical::{Candidate, Finish, FinishReason, Response, Usage};
use crate::cohere_chat::usage;
use crate::dialect::Dialect;
use crate::json::Object;
use crate::lossy::{Encoded, Feature, LossReport, Severity};
use crate::target::AnswerTarget;
use crate::tool_ids::{IdRule, ToolIds};

/// Writes an answer for a caller; `target` fills what the provider did not tell.
pub fn encode_response(response: &Response<'_>, target: &AnswerTarget<'_>) -> Encoded {
    let mut writer = Writer {
        same: response.origin == Dialect::CohereChat && !target.meaning_only,
        side: Side::Answer,
        // What a provider calls its calls is for the caller to repeat as it is.
        ids: ToolIds::new(IdRule::UpTo(usize::MAX)),
        losses: LossReport::default(),
    };
    let parts = response.candidates.iter().flat_map(|c| &c.message.parts);
    let content: usize = parts.map(crate::canonical::Part::size_hint).sum();
    let mut body = Vec::with_capacity(content + 512);
    writer.response(&mut Object::open(&mut body), response, target);
    Encoded {
        body,
        losses: writer.losses,
    }
}

impl Writer {
    fn response(&mut self, object: &mut Object<'_>, response: &Response<'_>, target: &AnswerTarget<'_>) {
        let Response {
            origin: _,
            id,
            model: _,
            created: _,
            candidates,
            usage,
            service_tier,
            error: _,
            form: _,
            extra,
        } = response;
        let filled = (!self.same).then_some(target.id);
        object.optional_string("id", id.as_deref().or(filled));
        if let Some(candidate) = candidates.first() {
            self.candidate(object, candidate);
        }
        if candidates.len() > 1 {
            self.losses
                .note(Feature::Candidates, "", Severity::Missing, "/candidates");
        }
        if let Some(usage) = usage {
            self.usage(object, usage);
        }
        if service_tier.is_some() {
            self.losses
                .note(Feature::ServiceTier, "", Severity::Hint, "/service_tier");
        }
        self.extra(object, extra, String::new);
    }

    fn candidate(&mut self, object: &mut Object<'_>, candidate: &Candidate<'_>) {
        let Candidate {
            index: _,
            message,
            finish,
            logprobs,
            form: note,
            extra,
        } = candidate;
        let unsaid = note.has(form::candidate::NO_MESSAGE) && message.parts.is_empty();
        if !(self.same && unsaid) {
            let mut inner = object.object("message");
            if !(self.same && message.form.has(form::message::NO_ROLE)) {
                inner.string("role", message.role.as_str());
            }
            let parts: Vec<_> = message
                .parts
                .iter()
                .enumerate()
                .map(|(at, part)| (0, at, part))
                .collect();
            self.body(&mut inner, &parts, message.form);
            self.extra(&mut inner, &message.extra, || "/messages/0".to_owned());
        }
        if let Some(finish) = finish {
            object.string("finish_reason", finish_word(finish, self.same));
            if finish.sequence.is_some() {
                let at = "/candidates/0/finish";
                self.losses.note(Feature::StopSequence, "", Severity::Hint, at);
            }
        }
        if logprobs.is_some() {
            self.losses
                .note(Feature::Logprobs, "", Severity::Hint, "/candidates/0/logprobs");
        }
        self.lost(extra, || "/candidates/0".to_owned());
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
    counts.cached_input > 0 || counts.cache_write > 0 || counts.input_audio > 0 || counts.output_audio > 0
}

/// The word of this dialect for why an answer ended. The provider's own where it is of this
/// dialect.
pub(super) fn finish_word<'f>(finish: &'f Finish<'_>, same: bool) -> &'f str {
    if let (true, Some(native)) = (same, &finish.native) {
        return native;
    }
    match finish.reason {
        FinishReason::ToolUse => "TOOL_CALL",
        FinishReason::Stop | FinishReason::Pause | FinishReason::Other => "COMPLETE",
        FinishReason::StopSequence => "STOP_SEQUENCE",
        FinishReason::Length => "MAX_TOKENS",
        FinishReason::ContextWindow => "ERROR_LIMIT",
        FinishReason::ContentFilter | FinishReason::Refusal => "ERROR_TOXIC",
        FinishReason::Error => "ERROR",
    }
}
