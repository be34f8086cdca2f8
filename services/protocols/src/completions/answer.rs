//! Whole answers as text completions: the text of each answer and why it ended. What else a model
//! says has no place there and is reported as lost.

use crate::canonical::{Candidate, Finish, FinishReason, Part, PartBody, Response};
use crate::json::{Array, Object};
use crate::lossy::{Encoded, Feature, LossReport, Severity};
use crate::openai_chat::usage;
use crate::target::AnswerTarget;

/// Writes an answer.
pub fn encode_response(response: &Response<'_>, target: &AnswerTarget<'_>) -> Encoded {
    let mut losses = LossReport::default();
    let mut body = Vec::with_capacity(1024);
    {
        let mut object = Object::open(&mut body);
        object.string("id", response.id.as_deref().unwrap_or(target.id));
        object.string("object", "text_completion");
        object.unsigned("created", response.created.unwrap_or(target.created));
        object.string("model", response.model.as_deref().unwrap_or(target.model));
        {
            let mut choices = object.array("choices");
            for candidate in &response.candidates {
                choice(&mut choices, candidate, &mut losses);
            }
        }
        if let Some(told) = &response.usage {
            usage::write(object.value("usage"), &told.counts);
        }
    }
    Encoded { body, losses }
}

fn choice(choices: &mut Array<'_>, candidate: &Candidate<'_>, losses: &mut LossReport) {
    let mut object = choices.object();
    let texts = candidate
        .message
        .parts
        .iter()
        .filter_map(|part| text(part, losses));
    let text: String = texts.collect();
    object.string("text", &text);
    object.unsigned("index", u64::from(candidate.index));
    object.null("logprobs");
    match &candidate.finish {
        Some(finish) => object.string("finish_reason", finish_word(finish)),
        None => object.null("finish_reason"),
    }
}

/// The text of a part that has a place in a text completion.
pub(super) fn text<'p>(part: &'p Part<'_>, losses: &mut LossReport) -> Option<&'p str> {
    let lost = match &part.body {
        PartBody::Text(text) => return Some(&text.text),
        PartBody::Refusal(text) => return Some(text),
        PartBody::Json(value) => return Some(value.as_str()),
        PartBody::Reasoning(_) => Feature::Reasoning,
        PartBody::ToolCall(_) => Feature::Tool,
        PartBody::ToolResult(_) => Feature::ToolResultContent,
        PartBody::Media(_) => Feature::Modalities,
        PartBody::Opaque(_) => Feature::UnknownPart,
    };
    losses.note_once(lost, "", Severity::Missing, "/choices");
    None
}

/// Why it ended, in the three words that text completions have.
pub(super) fn finish_word(finish: &Finish<'_>) -> &'static str {
    match finish.reason {
        FinishReason::Length | FinishReason::ContextWindow => "length",
        FinishReason::ContentFilter | FinishReason::Refusal => "content_filter",
        FinishReason::Stop
        | FinishReason::StopSequence
        | FinishReason::ToolUse
        | FinishReason::Pause
        | FinishReason::Error
        | FinishReason::Other => "stop",
    }
}
