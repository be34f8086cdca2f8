//! A whole answer out of the canonical form.

use super::encode_grounding::{Cited, is_told, write_grounding, write_tokens};
use super::encode_request::Writer;
use super::{form, timestamp};
use crate::canonical::{
    Candidate, Finish, FinishReason, Form, Logprobs, Message, Part, PartBody, Response, Usage,
};
use crate::dialect::Dialect;
use crate::gemini::{finish, usage};
use crate::json::Object;
use crate::lossy::{Encoded, Feature, LossReport, Severity};
use crate::target::{AnswerTarget, RequestTarget};
use crate::tool_ids::{IdRule, ToolIds};

/// Writes an answer for a caller; `target` fills what the provider did not tell.
pub fn encode_response(response: &Response<'_>, target: &AnswerTarget<'_>) -> Encoded {
    let own = response.origin == Dialect::Gemini;
    let mut writer = Writer {
        same: own && !target.meaning_only,
        own,
        quirks: RequestTarget::default().gemini,
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
            created,
            candidates,
            usage,
            service_tier,
            error: _,
            form: note,
            extra,
        } = response;
        let blocked = self.same && note.has(form::response::BLOCKED);
        if !blocked && (!candidates.is_empty() || !self.same) {
            let mut list = object.array("candidates");
            for (at, candidate) in candidates.iter().enumerate() {
                self.candidate(&mut list.object(), candidate, at);
            }
        }
        if let Some(report) = usage {
            let Usage { counts, native } = report;
            match native {
                Some(native) if self.same => object.raw("usageMetadata", native),
                _ => {
                    usage::write(&mut object.object("usageMetadata"), counts);
                    if report.says_more() || counts.cache_write > 0 {
                        self.losses
                            .note(Feature::UsageDetail, "", Severity::Hint, "/usage");
                    }
                }
            }
        }
        let fill = |text: &'static str| (!self.same).then_some(text);
        object.optional_string(
            "modelVersion",
            model.as_deref().or(fill("").map(|_| target.model)),
        );
        object.optional_string("responseId", id.as_deref().or(fill("").map(|_| target.id)));
        let spelled_time = self.same && extra.get("createTime").is_some();
        let created = created.or((!self.same).then_some(target.created));
        if let Some(created) = created.filter(|_| !spelled_time) {
            object.string("createTime", &timestamp::write(created));
        }
        if service_tier.is_some() {
            self.losses
                .note(Feature::ServiceTier, "", Severity::Hint, "/service_tier");
        }
        self.extra(object, extra, String::new);
    }

    fn candidate(&mut self, object: &mut Object<'_>, candidate: &Candidate<'_>, at: usize) {
        let Candidate {
            index,
            message,
            finish,
            logprobs,
            form: note,
            extra,
        } = candidate;
        if !(self.same && note.has(form::candidate::NO_CONTENT) && message.parts.is_empty()) {
            self.answer(&mut object.object("content"), message, at);
        }
        if let Some(finish) = finish {
            self.finish_reason(
                object,
                finish,
                self.same && note.has(form::candidate::NUMBERED),
                at,
            );
        }
        if !(self.same && note.has(form::candidate::NO_INDEX)) {
            object.unsigned("index", u64::from(*index));
        }
        if let Some(Logprobs { content, extra }) = logprobs {
            let mut result = object.object("logprobsResult");
            write_tokens(&mut result, content);
            self.extra(&mut result, extra, || format!("/candidates/{at}/logprobs"));
        }
        let told = self.same
            && ["groundingMetadata", "citationMetadata"]
                .iter()
                .any(|name| extra.get(name).is_some());
        if !told {
            self.citations(object, message, at);
        }
        self.extra(object, extra, || format!("/candidates/{at}"));
    }

    fn answer(&mut self, content: &mut Object<'_>, message: &Message<'_>, at: usize) {
        let Message {
            role: _,
            name: _,
            parts,
            form: note,
            extra,
        } = message;
        let note = if self.same { *note } else { Form::default() };
        let placed: Vec<_> = parts.iter().enumerate().map(|(p, part)| (at, p, part)).collect();
        let nothing = !self.same && !placed.iter().any(|placed| self.says(*placed));
        if nothing {
            for placed in placed {
                self.part(
                    &mut crate::json::Array::open(&mut Vec::new()),
                    placed,
                    &mut Vec::new(),
                );
            }
        } else {
            self.parts(content, &placed, note);
        }
        if !note.has(form::message::NO_ROLE) {
            content.string("role", "model");
        }
        self.extra(content, extra, || format!("/messages/{at}"));
    }

    fn finish_reason(&mut self, object: &mut Object<'_>, finish: &Finish<'_>, numbered: bool, at: usize) {
        let word = finish::word(finish, self.same);
        if numbered && word.bytes().all(|b| b.is_ascii_digit()) && !word.is_empty() {
            object.value("finishReason").extend_from_slice(word.as_bytes());
        } else {
            object.string("finishReason", word);
        }
        let at = || format!("/candidates/{at}/finish");
        if let Some(feature) = lost_of(finish).filter(|_| !self.same) {
            self.losses.note(feature, "", Severity::Hint, at());
        }
    }

    fn citations(&mut self, object: &mut Object<'_>, message: &Message<'_>, at: usize) {
        let mut cited = Vec::new();
        for (place, part) in message.parts.iter().enumerate() {
            let PartBody::Text(text) = &part.body else {
                continue;
            };
            for citation in &text.citations {
                if is_told(citation) && citation.quote.is_some() && citation.start.is_none() && !self.same {
                    let at = format!("/messages/{at}/parts/{place}");
                    self.losses.note(Feature::Citation, "quote", Severity::Hint, at);
                }
                if is_told(citation) {
                    cited.push(Cited {
                        part: place,
                        text: Some(&text.text),
                        citation,
                    });
                } else {
                    let at = format!("/messages/{at}/parts/{place}");
                    self.losses
                        .note(Feature::Citation, &citation.kind, Severity::Altered, at);
                }
            }
        }
        if !cited.is_empty() {
            write_grounding(object, &cited);
        }
    }
}

/// What of a finish reason Google has no word for.
pub(super) fn lost_of(finish: &Finish<'_>) -> Option<Feature> {
    match finish.reason {
        FinishReason::StopSequence => Some(Feature::StopSequence),
        FinishReason::ContextWindow | FinishReason::Refusal | FinishReason::Pause => {
            Some(Feature::FinishReason)
        }
        FinishReason::Stop
        | FinishReason::Length
        | FinishReason::ToolUse
        | FinishReason::ContentFilter
        | FinishReason::Error
        | FinishReason::Other => None,
    }
}
