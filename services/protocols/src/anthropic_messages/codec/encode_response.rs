//! A whole answer out of the canonical form.

use super::decode_response::is_call;
use super::encode_message::{Placed, Side, Writer};
use super::form;
use super::words::{given_tier, is_blurred, stop_reason};
use crate::TokenCounts;
use crate::anthropic_messages::usage;
use crate::canonical::{Candidate, Finish, Message, Part, Response, Usage};
use crate::dialect::Dialect;
use crate::json::Object;
use crate::lossy::{Encoded, Feature, LossReport, Severity};
use crate::target::AnswerTarget;
use crate::tool_ids::{self, IdRule, ToolIds};

/// Writes an answer for a caller; `target` fills what the provider did not tell.
pub fn encode_response(response: &Response<'_>, target: &AnswerTarget<'_>) -> Encoded {
    let mut writer = Writer {
        same: response.origin == Dialect::AnthropicMessages && !target.meaning_only,
        side: Side::Answer,
        // What a provider calls its calls is for the caller to repeat as it is.
        ids: ToolIds::new(IdRule::UpTo(usize::MAX)),
        losses: LossReport::default(),
    };
    let parts = response.candidates.iter().flat_map(|c| &c.message.parts);
    let content: usize = parts.map(Part::size_hint).sum();
    let mut body = Vec::with_capacity(content + 1024);
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
            model,
            // The dialect tells no time.
            created: _,
            candidates,
            usage,
            service_tier,
            error: _,
            form: note,
            extra,
        } = response;
        let fill = |text| (!self.same).then_some(text);
        object.optional_string("id", id.as_deref().or(fill(target.id)));
        if !(self.same && note.has(form::response::OTHER_TYPE)) {
            object.string("type", "message");
        }
        object.optional_string("model", model.as_deref().or(fill(target.model)));
        match candidates.first() {
            Some(first) => self.candidate(object, first, target),
            None if self.same => {}
            None => self.candidate(object, &Candidate::new(0), target),
        }
        for at in 1..candidates.len() {
            let at = format!("/candidates/{at}");
            self.losses.note(Feature::Candidates, "", Severity::Missing, at);
        }
        self.usage(object, usage.as_ref(), service_tier.as_deref());
        self.extra(object, extra, String::new);
    }

    fn candidate(&mut self, object: &mut Object<'_>, candidate: &Candidate<'_>, target: &AnswerTarget<'_>) {
        let Candidate {
            index: _,
            message,
            finish,
            logprobs,
            form: _,
            extra,
        } = candidate;
        let Message {
            role: _,
            name: _,
            parts,
            form: note,
            extra: message_extra,
        } = message;
        if !(self.same && note.has(form::message::NO_ROLE)) {
            object.string("role", "assistant");
        }
        if !self.same || !parts.is_empty() || note.has(form::message::LIST) {
            let placed: Vec<Placed<'_, '_>> =
                parts.iter().enumerate().map(|(p, part)| (0, p, part)).collect();
            self.answer_content(object, &placed, target);
        }
        self.finish_reason(object, finish.as_ref(), parts.iter().any(is_call));
        if logprobs.is_some() && !self.same {
            let at = "/candidates/0/logprobs";
            self.losses.note(Feature::Logprobs, "", Severity::Missing, at);
        }
        self.extra(object, message_extra, || "/candidates/0/message".to_owned());
        self.extra(object, extra, || "/candidates/0".to_owned());
    }

    fn answer_content(
        &mut self,
        object: &mut Object<'_>,
        parts: &[Placed<'_, '_>],
        target: &AnswerTarget<'_>,
    ) {
        let mut list = object.array("content");
        let mut minted = 0;
        for &(message, at, part) in parts {
            let nameless = part
                .body
                .as_tool_call()
                .filter(|call| !self.same && call.id.as_deref().is_none_or(str::is_empty));
            let Some(call) = nameless else {
                self.block(&mut list, (message, at, part));
                continue;
            };
            let mut call = call.clone();
            call.id = Some(tool_ids::mint(target.id, minted).into());
            minted += 1;
            let named = Part {
                body: crate::canonical::PartBody::from(call),
                ..part.clone()
            };
            self.block(&mut list, (message, at, &named));
        }
    }

    fn finish_reason(&mut self, object: &mut Object<'_>, finish: Option<&Finish<'_>>, calls: bool) {
        let Some(finish) = finish else {
            if !self.same {
                object.null("stop_reason");
                object.null("stop_sequence");
            }
            return;
        };
        let silent = self.same && finish.native.is_none() && finish.sequence.is_some();
        if !silent {
            object.string("stop_reason", stop_reason(finish, self.same, calls));
        }
        match &finish.sequence {
            Some(sequence) => object.string("stop_sequence", sequence),
            None if self.same => {}
            None => object.null("stop_sequence"),
        }
        if !self.same && is_blurred(finish.reason) {
            let native = finish.native.as_deref().unwrap_or_default();
            self.losses.note(
                Feature::FinishReason,
                native,
                Severity::Hint,
                "/candidates/0/finish",
            );
        }
    }

    fn usage(&mut self, object: &mut Object<'_>, report: Option<&Usage<'_>>, tier: Option<&str>) {
        let Some(report) = report else {
            if !self.same {
                // Clients of this dialect count on it.
                usage::write(
                    object.value("usage"),
                    &TokenCounts::default(),
                    tier.map(given_tier),
                );
            }
            return;
        };
        let Usage { counts, native } = report;
        match native {
            Some(native) if self.same => object.raw("usage", native),
            _ => {
                usage::write(object.value("usage"), counts, tier.map(given_tier));
                if report.says_more() || counts.input_audio > 0 || counts.output_audio > 0 {
                    self.losses
                        .note(Feature::UsageDetail, "", Severity::Hint, "/usage");
                }
            }
        }
    }
}
