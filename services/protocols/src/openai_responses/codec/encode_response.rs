//! A whole answer out of the canonical form.

use super::encode_item::{Side, Writer};
use super::envelope::{Ending, Envelope, ending_of, is_exact};
use super::form;
use crate::canonical::{Candidate, Finish, FinishReason, Form, Logprobs, Message, Response, Usage};
use crate::dialect::Dialect;
use crate::failure::{Failure, FailureClass};
use crate::json::Object;
use crate::lossy::{Encoded, Feature, LossReport, Severity};
use crate::target::AnswerTarget;
use crate::tool_ids::{IdRule, ToolIds};

/// Writes an answer for a caller; `target` fills what the provider did not tell.
pub fn encode_response(response: &Response<'_>, target: &AnswerTarget<'_>) -> Encoded {
    let foreign = response.origin != Dialect::OpenAiResponses;
    let id = response.id.as_deref().unwrap_or(target.id);
    let first = response.candidates.first();
    let logprobs = first.and_then(|candidate| candidate.logprobs.as_ref());
    let mut writer = Writer {
        same: !foreign && !target.meaning_only,
        foreign,
        summarizes: foreign && target.for_any_client,
        side: Side::Answer,
        // What a provider calls its calls is for the caller to repeat as it is.
        ids: ToolIds::new(IdRule::UpTo(usize::MAX)),
        seed: id.to_owned(),
        items: 0,
        tokens: logprobs.map_or(&[], |logprobs| &logprobs.content),
        status: Ending::Completed.item_status(),
        losses: LossReport::default(),
    };
    let parts = first.into_iter().flat_map(|candidate| &candidate.message.parts);
    let content: usize = parts.map(crate::canonical::Part::size_hint).sum();
    let mut body = Vec::with_capacity(content + 1024);
    writer.response(&mut Object::open(&mut body), response, target);
    Encoded {
        body,
        losses: writer.losses,
    }
}

impl Writer<'_> {
    fn response(&mut self, object: &mut Object<'_>, response: &Response<'_>, target: &AnswerTarget<'_>) {
        let Response {
            origin: _,
            id,
            model,
            created,
            candidates,
            usage,
            service_tier,
            error,
            form: note,
            extra,
        } = response;
        if candidates.len() > 1 {
            self.losses
                .note(Feature::Candidates, "", Severity::Missing, "/candidates");
        }
        let none = Candidate::new(0);
        let candidate = candidates.first().unwrap_or(&none);
        if self.same {
            object.optional_string("id", id.as_deref());
            if !note.has(form::response::OTHER_OBJECT) {
                object.string("object", "response");
            }
            if let Some(created) = created {
                object.unsigned("created_at", *created);
            }
            object.optional_string("model", model.as_deref());
            self.as_it_stood(object, candidate);
            if let Some(usage) = usage {
                self.usage(object, usage);
            }
            object.optional_string("service_tier", service_tier.as_deref());
            return extra.write(object);
        }
        let message = error.as_ref().map_or("the answer failed", |error| &error.message);
        let failure = Failure {
            class: error
                .as_ref()
                .map_or(FailureClass::Upstream, |error| error.class(200)),
            message,
            param: None,
            code: error.as_ref().and_then(|error| error.code.as_deref()),
            details: &[],
        };
        let ending = self.ending(candidate.finish.as_ref(), &failure);
        self.status = ending.item_status();
        let envelope = Envelope {
            id: id.as_deref().unwrap_or(target.id),
            created: created.unwrap_or(target.created),
            model: model.as_deref().unwrap_or(target.model),
            service_tier: service_tier.as_deref(),
            ending,
            usage: usage.as_ref().map(|usage| &usage.counts),
        };
        envelope.write(object, |list| self.output(list, candidate));
        if self.foreign && usage.as_ref().is_some_and(Usage::says_more) {
            self.losses
                .note(Feature::UsageDetail, "", Severity::Hint, "/usage");
        }
        self.lost(extra, String::new);
    }

    fn output(&mut self, list: &mut crate::json::Array<'_>, candidate: &Candidate<'_>) {
        let Candidate {
            index: _,
            message,
            finish: _,
            logprobs,
            form: _,
            extra,
        } = candidate;
        let Message {
            role: _,
            name: _,
            parts,
            form: _,
            extra: said,
        } = message;
        if !parts.is_empty() {
            let role = &crate::canonical::Role::Assistant;
            self.items(list, 0, role, parts, Form::default(), said);
        }
        if !self.tokens.is_empty() {
            self.losses
                .note(Feature::Logprobs, "", Severity::Altered, "/candidates/0");
        }
        if let Some(Logprobs { content: _, extra }) = logprobs {
            self.lost(extra, || "/candidates/0/logprobs".to_owned());
        }
        self.lost(extra, || "/candidates/0".to_owned());
    }

    /// Why it ended, in this dialect's words.
    fn ending<'e>(&mut self, finish: Option<&Finish<'_>>, failure: &'e Failure<'e>) -> Ending<'e> {
        let Some(finish) = finish else {
            // Some chat servers give no reason at all; here it would mean that the answer goes on.
            return if self.foreign {
                Ending::Completed
            } else {
                Ending::None
            };
        };
        if !is_exact(finish.reason) {
            let word = finish.native.as_deref().unwrap_or_default();
            self.losses
                .note(Feature::FinishReason, word, Severity::Hint, "/candidates/0");
        }
        if finish.sequence.is_some() {
            self.losses
                .note(Feature::StopSequence, "", Severity::Hint, "/candidates/0");
        }
        ending_of(finish.reason).unwrap_or(Ending::Failed(failure))
    }

    /// Status, details and output as the decoder met them.
    fn as_it_stood(&mut self, object: &mut Object<'_>, candidate: &Candidate<'_>) {
        let note = candidate.form;
        let reason = candidate.finish.as_ref().map(|finish| finish.reason);
        let at = usize::from(note.0 & form::candidate::STATUS);
        if note.has(form::candidate::DETAILS) {
            let native = candidate
                .finish
                .as_ref()
                .and_then(|finish| finish.native.as_deref());
            object.string("status", "incomplete");
            object
                .object("incomplete_details")
                .string("reason", native.unwrap_or_default());
        } else if at == 0 {
            match reason.and_then(ending_of) {
                Some(Ending::Incomplete(reason)) => {
                    object.string("status", "incomplete");
                    object.object("incomplete_details").string("reason", reason);
                }
                Some(ending) => object.string("status", ending.status()),
                None if reason == Some(FinishReason::Error) => object.string("status", "failed"),
                None => object.string("status", "completed"),
            }
        } else if let Some(status) = form::candidate::STATUSES.get(at) {
            object.string("status", status);
        }
        if !note.has(form::candidate::NO_OUTPUT) {
            self.output(&mut object.array("output"), candidate);
        }
    }

    fn usage(&mut self, object: &mut Object<'_>, usage: &Usage<'_>) {
        let Usage { counts, native } = usage;
        match native {
            Some(native) => object.raw("usage", native),
            None => crate::openai_responses::usage::write(object.object("usage"), counts),
        }
    }
}
