//! Reasoning of a message out of the canonical form, into whichever of its many members.

use super::encode_message::{Buckets, Placed, Side, Writer, place};
use super::form;
use crate::canonical::{Form, Issuer, Part, PartBody, Reasoning};
use crate::json::{Array, Object};
use crate::lossy::{Feature, Severity};
use crate::target::ReasoningField;

impl Writer {
    pub(super) fn reasoning(&mut self, object: &mut Object<'_>, buckets: &Buckets<'_, '_>, note: Form) {
        let mut details = buckets.details.clone();
        if let Some((_, _, first)) = buckets.reasoning.first() {
            let plain = self.openrouter || self.reasoning_place(first) == ReasoningField::Reasoning;
            let spoken = buckets.reasoning.iter().filter_map(|(_, _, part)| spoken(part));
            let shown = spoken.collect::<Vec<_>>().concat();
            if !shown.is_empty() {
                object.string(if plain { "reasoning" } else { "reasoning_content" }, &shown);
            }
            details.extend(self.sealed(&buckets.reasoning));
        }
        if !details.is_empty() {
            let mut list = object.array("reasoning_details");
            for (index, (_, _, part)) in details.iter().enumerate() {
                write_detail(&mut list, part, (!self.same).then_some(index as u64));
            }
        }
        let repeated = || {
            let all = buckets.details.iter().chain(&buckets.reasoning);
            all.filter_map(|(_, _, part)| part.body.as_reasoning())
                .map(|reasoning| reasoning.text.concat() + &reasoning.summary.concat())
                .collect::<String>()
        };
        if note.has(form::message::ALSO_REASONING_CONTENT) {
            object.string("reasoning_content", &repeated());
        }
        if note.has(form::message::ALSO_REASONING) {
            object.string("reasoning", &repeated());
        }
    }

    /// The reasoning that must be told in full, in its order: because some of it is sealed and has to
    /// come back with the next turn, or because a client reads it nowhere else.
    fn sealed<'m, 'a>(&mut self, reasoning: &[Placed<'m, 'a>]) -> Vec<Placed<'m, 'a>> {
        let is_sealed = |part: &Part<'_>| {
            let encrypted = part.body.as_reasoning().is_some_and(|r| r.encrypted.is_some());
            part.signature.is_some() || encrypted
        };
        let first = reasoning.iter().find(|(_, _, part)| is_sealed(part));
        match (first, self.same, self.side) {
            (None, false, Side::Answer) if self.for_any_client => reasoning.to_vec(),
            (None, _, _) | (_, true, _) => Vec::new(),
            (Some(_), false, Side::Answer) => reasoning.to_vec(),
            (Some(&(message, at, _)), false, Side::Request) => {
                let at = place(message, at);
                self.losses
                    .note(Feature::ReasoningSignature, "", Severity::Altered, at);
                Vec::new()
            }
        }
    }
}

/// Reasoning as one text: itself, or the summary where that is all there is.
fn spoken(part: &Part<'_>) -> Option<String> {
    let reasoning = part.body.as_reasoning()?;
    Some(if reasoning.text.is_empty() {
        reasoning.summary.join("\n\n")
    } else {
        reasoning.text.concat()
    })
}

/// Writes one of `reasoning_details`; with `index` for reasoning of another dialect.
fn write_detail(list: &mut Array<'_>, part: &Part<'_>, index: Option<u64>) {
    if let PartBody::Opaque(opaque) = &part.body {
        return list.raw(&opaque.value);
    }
    let Some(reasoning) = part.body.as_reasoning() else {
        return;
    };
    let Reasoning {
        id,
        text,
        summary,
        encrypted,
    } = reasoning;
    let kinds = [
        (
            "reasoning.text",
            "text",
            (!text.is_empty()).then(|| text.concat()),
        ),
        (
            "reasoning.summary",
            "summary",
            (!summary.is_empty()).then(|| summary.concat()),
        ),
        (
            "reasoning.encrypted",
            "data",
            encrypted.as_deref().map(str::to_owned),
        ),
    ];
    // A signature without a text is still a text detail.
    let bare = kinds.iter().all(|(_, _, text)| text.is_none());
    for (at, (kind, member, text)) in kinds.iter().enumerate() {
        if text.is_none() && !(bare && at == 0) {
            continue;
        }
        let mut object = list.object();
        object.string("type", kind);
        object.optional_string(member, text.as_deref());
        object.optional_string("id", id.as_deref());
        object.optional_string("format", part.issuer.as_ref().map(Issuer::as_str));
        if at == 0 {
            object.optional_string("signature", part.signature.as_deref());
        }
        match index {
            Some(index) => object.unsigned("index", index),
            None => part.extra.write(&mut object),
        }
    }
}
