//! A canonical answer as a `text_completion`.

use super::{OBJECT, finish_word};
use crate::canonical::{Candidate, Extra, Part, PartBody, Response};
use crate::json::{Object, write_string};
use crate::lossy::{Encoded, Feature, LossReport, Severity};
use crate::openai_chat::usage;
use crate::target::AnswerTarget;

/// Writes a whole answer for a caller; `target` fills what the provider did not tell.
pub fn encode_response(response: &Response<'_>, target: &AnswerTarget<'_>) -> Encoded {
    let Response {
        origin: _,
        id,
        model,
        created,
        candidates,
        usage: report,
        service_tier,
        error: _,
        form: _,
        extra,
    } = response;
    let mut losses = LossReport::default();
    let mut body = Vec::with_capacity(1024);
    let mut object = Object::open(&mut body);
    object.string("id", id.as_deref().unwrap_or(target.id));
    object.string("object", OBJECT);
    object.unsigned("created", created.unwrap_or(target.created));
    object.string("model", model.as_deref().unwrap_or(target.model));
    let mut list = object.array("choices");
    for candidate in candidates {
        choice(&mut list.object(), candidate, &mut losses);
    }
    drop(list);
    if let Some(report) = report {
        usage::write(object.value("usage"), &report.counts);
    }
    if service_tier.is_some() {
        losses.note(Feature::ServiceTier, "", Severity::Hint, "/service_tier");
    }
    lost_extra(&mut losses, extra, "");
    drop(object);
    Encoded { body, losses }
}

fn choice(object: &mut Object<'_>, candidate: &Candidate<'_>, losses: &mut LossReport) {
    let Candidate {
        index,
        message,
        finish,
        logprobs,
        form: _,
        extra,
    } = candidate;
    let at = format!("/candidates/{index}");
    let mut text = String::new();
    for part in &message.parts {
        text.push_str(said(part, losses, &at));
    }
    write_string(object.value("text"), &text);
    object.unsigned("index", u64::from(*index));
    object.null("logprobs");
    match finish {
        Some(finish) => object.string("finish_reason", finish_word(finish.reason)),
        None => object.null("finish_reason"),
    }
    if logprobs.as_ref().is_some_and(|l| !l.content.is_empty()) {
        losses.note(Feature::Logprobs, "", Severity::Missing, at.clone());
    }
    lost_extra(losses, &message.extra, &at);
    lost_extra(losses, extra, &at);
}

/// The text of a part; everything else about it is lost.
pub(super) fn said<'p>(part: &'p Part<'_>, losses: &mut LossReport, at: &str) -> &'p str {
    let mut lost = |feature, name: &str, severity| losses.note(feature, name, severity, at.to_owned());
    match &part.body {
        PartBody::Text(text) => {
            if !text.citations.is_empty() {
                lost(Feature::Citation, "", Severity::Hint);
            }
            return &text.text;
        }
        PartBody::Refusal(text) => {
            lost(Feature::Refusal, "", Severity::Hint);
            return text;
        }
        PartBody::Reasoning(_) => lost(Feature::Reasoning, "", Severity::Hint),
        PartBody::ToolCall(call) => lost(Feature::Tool, &call.name, Severity::Missing),
        PartBody::Media(_) => lost(Feature::Modalities, "", Severity::Missing),
        PartBody::ToolResult(_) | PartBody::Json(_) => lost(Feature::UnknownPart, "", Severity::Missing),
        PartBody::Opaque(opaque) => lost(Feature::UnknownPart, &opaque.kind, Severity::Missing),
    }
    ""
}

fn lost_extra(losses: &mut LossReport, extra: &Extra<'_>, at: &str) {
    for (name, value) in extra.iter() {
        if !value.is_void() {
            losses.note(Feature::UnknownField, name, Severity::Hint, at.to_owned());
        }
    }
}
