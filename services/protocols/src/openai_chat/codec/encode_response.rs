//! A whole answer out of the canonical form.

use super::encode_message::{Side, Writer};
use super::form;
use crate::canonical::{Candidate, Finish, FinishReason, Logprobs, PartBody, Response, TokenLogprob, Usage};
use crate::dialect::Dialect;
use crate::json::{Array, Object};
use crate::lossy::{Encoded, Feature, LossReport, Severity};
use crate::openai_chat::usage;
use crate::target::{AnswerTarget, RequestTarget};
use crate::tool_ids::{IdRule, ToolIds};

/// Writes an answer for a caller; `target` fills what the provider did not tell.
pub fn encode_response(response: &Response<'_>, target: &AnswerTarget<'_>) -> Encoded {
    let mut writer = Writer {
        same: response.origin == Dialect::OpenAiChat && !target.meaning_only,
        side: Side::Answer,
        for_any_client: target.for_any_client,
        openrouter: target.openrouter,
        quirks: RequestTarget::default().chat,
        // What a provider calls its calls is for the caller to repeat as it is.
        ids: ToolIds::new(IdRule::UpTo(usize::MAX)),
        losses: LossReport::default(),
    };
    let parts = response.candidates.iter().flat_map(|c| &c.message.parts);
    let content: usize = parts.map(crate::canonical::Part::size_hint).sum();
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
        let fill = |text: &'static str| (!self.same).then_some(text);
        object.optional_string("id", id.as_deref().or(fill("").map(|_| target.id)));
        if !(self.same && note.has(form::response::OTHER_OBJECT)) {
            object.string("object", "chat.completion");
        }
        if let Some(created) = created.or((!self.same).then_some(target.created)) {
            object.unsigned("created", created);
        }
        object.optional_string("model", model.as_deref().or(fill("").map(|_| target.model)));
        if !candidates.is_empty() || !self.same {
            let mut list = object.array("choices");
            for (at, candidate) in candidates.iter().enumerate() {
                self.candidate(&mut list.object(), candidate, at);
            }
        }
        if let Some(usage) = usage {
            self.usage(object, usage);
        }
        object.optional_string("service_tier", service_tier.as_deref());
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
        if !(self.same && note.has(form::candidate::NO_INDEX)) {
            object.unsigned("index", u64::from(*index));
        }
        let nothing = message.parts.is_empty() && note.has(form::candidate::NO_MESSAGE);
        if !(self.same && nothing) {
            let mut inner = object.object("message");
            if !(self.same && message.form.has(form::message::NO_ROLE)) {
                inner.string("role", message.role.as_str());
            }
            let parts: Vec<_> = message
                .parts
                .iter()
                .enumerate()
                .map(|(p, part)| (at, p, part))
                .collect();
            self.body(
                &mut inner,
                &parts,
                message.name.as_deref(),
                message.form,
                std::iter::once((at, &message.extra)),
            );
        }
        let calls = message
            .parts
            .iter()
            .any(|p| matches!(p.body, PartBody::ToolCall(_)));
        match finish {
            Some(finish) => {
                object.string("finish_reason", finish_word(finish, self.same, calls));
                if !self.same && finish.sequence.is_some() {
                    self.losses.note(
                        Feature::StopSequence,
                        "",
                        Severity::Hint,
                        format!("/candidates/{at}"),
                    );
                }
                if !self.same && is_untold(finish.reason) {
                    let at = format!("/candidates/{at}");
                    self.losses.note(Feature::FinishReason, "", Severity::Hint, at);
                }
                if let (false, Some(native)) = (self.same, &finish.native) {
                    object.string("native_finish_reason", native);
                }
            }
            None if self.same => {}
            None => object.null("finish_reason"),
        }
        match logprobs {
            Some(logprobs) => {
                let Logprobs { content, extra } = logprobs;
                let mut inner = object.object("logprobs");
                if !content.is_empty() {
                    write_tokens(inner.array("content"), content);
                }
                self.extra(&mut inner, extra, || format!("/candidates/{at}/logprobs"));
            }
            None if self.same => {}
            None => object.null("logprobs"),
        }
        self.extra(object, extra, || format!("/candidates/{at}"));
    }

    fn usage(&mut self, object: &mut Object<'_>, report: &Usage<'_>) {
        let Usage { counts, native } = report;
        match native {
            Some(native) if self.same => object.raw("usage", native),
            _ => {
                usage::write(object.value("usage"), counts);
                if report.says_more() {
                    self.losses
                        .note(Feature::UsageDetail, "", Severity::Hint, "/usage");
                }
            }
        }
    }
}

/// The word of this dialect for why an answer ended. The provider's own where it is of this
/// dialect.
pub(super) fn finish_word<'f>(finish: &'f Finish<'_>, same: bool, calls: bool) -> &'f str {
    if let (true, Some(native)) = (same, &finish.native) {
        return native;
    }
    match finish.reason {
        FinishReason::ToolUse => "tool_calls",
        FinishReason::Stop | FinishReason::Other if calls => "tool_calls",
        FinishReason::Stop
        | FinishReason::StopSequence
        | FinishReason::Pause
        | FinishReason::Error
        | FinishReason::Other => "stop",
        FinishReason::Length | FinishReason::ContextWindow => "length",
        FinishReason::ContentFilter | FinishReason::Refusal => "content_filter",
    }
}

/// Whether this dialect has no word for a reason, so that the answer looks finished.
pub(super) fn is_untold(reason: FinishReason) -> bool {
    matches!(reason, FinishReason::Pause | FinishReason::Error)
}

/// Writes token probabilities.
pub(super) fn write_tokens(mut list: Array<'_>, tokens: &[TokenLogprob<'_>]) {
    for token in tokens {
        let TokenLogprob {
            token,
            logprob,
            bytes,
            top,
            extra,
        } = token;
        let mut object = list.object();
        object.string("token", token);
        object.optional_number("logprob", Some(logprob));
        object.optional_raw("bytes", bytes.as_ref());
        if let Some(top) = top {
            write_tokens(object.array("top_logprobs"), top);
        }
        extra.write(&mut object);
    }
}
