//! Messages and what they are made of, as statements.

use serde_json::json;
use sluicegate_protocols::canonical::{Arguments, CallKind, Message, Part, PartBody, Role, ToolResult};
use sluicegate_protocols::lossy::Feature;

use super::media::plain_text;
use super::{Facts, document};

impl Facts {
    /// Instructions are one text, wherever they stand; how pieces are joined means nothing. Those
    /// behind the beginning also have a place.
    pub(super) fn conversation(&mut self, messages: &[Message<'_>]) {
        let mut instructions = String::new();
        let (mut begun, mut placed) = (false, true);
        for message in messages {
            if !message.role.is_instruction() {
                (begun, placed) = (true, false);
                self.message(message);
                continue;
            }
            for part in &message.parts {
                match part.body.as_text() {
                    Some(text) => instructions.extend(text.text.split_whitespace().map(|w| format!("{w} "))),
                    None => self.part("instruction", part),
                }
                self.marks(part);
            }
            if begun && !std::mem::replace(&mut placed, true) {
                self.add(
                    "instructions amid the conversation".to_owned(),
                    &[Feature::InstructionPlace],
                );
            }
            self.name(message);
        }
        if !instructions.is_empty() {
            self.add(
                format!("instructions: {instructions}"),
                &[Feature::InstructionPlace],
            );
        }
    }

    pub(super) fn name(&mut self, message: &Message<'_>) {
        if let Some(name) = &message.name {
            self.add(format!("speaker {name}"), &[Feature::SpeakerName]);
        }
    }

    pub(super) fn message(&mut self, message: &Message<'_>) {
        let who = match &message.role {
            Role::User => "user",
            Role::Assistant => "assistant",
            Role::Tool => "tool",
            Role::System | Role::Developer => "instruction",
            Role::Other(word) => {
                self.add(format!("role {word}"), &[Feature::Role]);
                "user"
            }
        };
        self.name(message);
        self.turn(who);
        for part in &message.parts {
            self.part(who, part);
            self.marks(part);
        }
    }

    pub(super) fn marks(&mut self, part: &Part<'_>) {
        if part.cache.is_some() {
            self.add("cached up to here".to_owned(), &[Feature::CacheMark]);
        }
        if let Some(signature) = &part.signature {
            let thought: &[Feature] = &[Feature::ReasoningSignature, Feature::Reasoning];
            let other: &[Feature] = &[Feature::ReasoningSignature];
            let excuses = if part.body.as_reasoning().is_some() {
                thought
            } else {
                other
            };
            self.add(format!("signed {}", out_of_envelope(signature)), excuses);
        }
    }

    pub(super) fn part(&mut self, who: &'static str, part: &Part<'_>) {
        match &part.body {
            PartBody::Text(text) => {
                self.text(who, &text.text);
                text.citations.iter().for_each(|citation| self.citation(citation));
            }
            PartBody::Refusal(text) => {
                self.text(who, text);
                self.add("declined".to_owned(), &[Feature::Refusal]);
            }
            PartBody::Media(media) => {
                if let Some(text) = plain_text(media) {
                    self.text(who, &text);
                    return self.document(media);
                }
                self.media(media);
                self.speaking = None;
            }
            PartBody::Reasoning(reasoning) => {
                // A summary beside the text says less of the same.
                let told = if reasoning.text.is_empty() {
                    &reasoning.summary
                } else {
                    &reasoning.text
                };
                let said = told.concat();
                if !said.is_empty() {
                    self.thought(&said);
                }
                if let Some(sealed) = &reasoning.encrypted {
                    self.add(
                        format!("signed {}", out_of_envelope(sealed)),
                        &[Feature::ReasoningSignature, Feature::Reasoning],
                    );
                }
            }
            PartBody::ToolCall(call) => {
                let input = match (&call.kind, &call.arguments) {
                    // As dialects without free text carry it.
                    (CallKind::Custom, Arguments::Text(text)) => json!({ "input": text }).to_string(),
                    (_, arguments) => document(arguments.as_text()),
                };
                self.calls.push((
                    call.id.as_deref().unwrap_or_default().to_owned(),
                    call.name.to_string(),
                    false,
                ));
                self.tell(
                    format!("call {} {input}", call.name),
                    &[Feature::ToolArguments, Feature::CustomTool],
                );
            }
            PartBody::ToolResult(result) => self.result(result),
            PartBody::Json(value) => self.tell(format!("{who}: {}", document(value.as_str())), &[]),
            PartBody::Opaque(opaque) => {
                let says = format!("block {}", opaque.kind);
                self.add(
                    says,
                    &[Feature::ServerTool, Feature::UnknownPart, Feature::UnknownField],
                );
            }
        }
    }

    /// A result, told by the number of the call it answers: ids are each dialect's own.
    pub(super) fn result(&mut self, result: &ToolResult<'_>) {
        let id = result.call_id.as_deref().unwrap_or_default();
        let name = result.name.as_deref().unwrap_or_default();
        let by_id = self.calls.iter().rposition(|call| !id.is_empty() && call.0 == id);
        let waiting = || {
            self.calls
                .iter()
                .position(|(_, called, answered)| !answered && called == name)
        };
        let number = by_id.or_else(waiting);
        if let Some(number) = number {
            self.calls[number].2 = true;
        }
        let mut said = String::new();
        for part in &result.content {
            match &part.body {
                PartBody::Text(text) => said.push_str(&text.text),
                PartBody::Json(value) => said.push_str(value.as_str()),
                PartBody::Media(media) if plain_text(media).is_some() => {
                    said.extend(plain_text(media));
                    self.document(media);
                }
                PartBody::Media(media) => {
                    self.media(media);
                    self.add(
                        format!("shown by call {number:?}"),
                        &[
                            Feature::ToolResultContent,
                            Feature::FileId,
                            Feature::Image,
                            Feature::Video,
                            Feature::File,
                        ],
                    );
                }
                PartBody::Opaque(opaque) => self.add(
                    format!("block {}", opaque.kind),
                    &[
                        Feature::UnknownPart,
                        Feature::ToolResultContent,
                        Feature::ServerTool,
                    ],
                ),
                PartBody::Refusal(_)
                | PartBody::Reasoning(_)
                | PartBody::ToolCall(_)
                | PartBody::ToolResult(_) => {
                    self.add(
                        "odd content of a result".to_owned(),
                        &[Feature::ToolResultContent],
                    );
                }
            }
            self.marks(part);
        }
        self.tell(
            format!(
                "call {number:?} gave {}",
                document(&said).split_whitespace().collect::<String>()
            ),
            &[Feature::ToolResultContent],
        );
        if result.is_error == Some(true) {
            self.add(format!("call {number:?} failed"), &[Feature::ToolError]);
        }
    }
}

/// A signature as its issuer wrote it: a dialect carries that of another in an envelope.
fn out_of_envelope(signature: &str) -> &str {
    let inside = signature.rsplit(['#', '.']).next().unwrap_or_default();
    let enclosed = signature.starts_with("sluicegate.") || signature.contains("-v1#");
    if enclosed { inside } else { signature }
}
