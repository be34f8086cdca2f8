//! Messages out of the canonical form, for requests and answers alike. Results of tools become
//! messages of their own, before what else their turn says.

use crate::canonical::{
    Arguments, CacheMark, CacheStyle, CallKind, Citation, Extra, Form, Issuer, Opaque, Part, PartBody, Reasoning, Role,
    Text, ToolCall, ToolResult, Turn,
};
use crate::json::{Array, Object, write_string};
use crate::lossy::{Feature, LossReport, Severity};
use crate::target::{ChatQuirks, ReasoningField};
use crate::tool_ids::ToolIds;

use super::encode_part::write_part;
use super::form;

/// Which kind of document a message is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// A request, for a provider.
    Request,
    /// An answer, for a caller: its content is one text, and reasoning is shown in full.
    Answer,
}

/// Writes messages and notes what is lost.
#[derive(Debug)]
pub(super) struct Writer {
    /// The canonical form came from this dialect: its form and extra count.
    pub(super) same: bool,
    pub(super) side: Side,
    pub(super) quirks: ChatQuirks,
    pub(super) ids: ToolIds,
    pub(super) losses: LossReport,
}

/// A part with its place.
type Placed<'m, 'a> = (usize, usize, &'m Part<'a>);

/// Parts of one message by the member they go to.
#[derive(Default)]
struct Buckets<'m, 'a> {
    content: Vec<Placed<'m, 'a>>,
    refusals: Vec<&'m str>,
    reasoning: Vec<Placed<'m, 'a>>,
    details: Vec<Placed<'m, 'a>>,
    calls: Vec<Placed<'m, 'a>>,
}

/// `/messages/m/parts/p`
pub(super) fn place(message: usize, part: usize) -> String {
    format!("/messages/{message}/parts/{part}")
}

impl Writer {
    /// Writes the messages of one turn.
    pub(super) fn turn(&mut self, list: &mut Array<'_>, turn: &Turn<'_, '_>) {
        let is_result = |part: &Part<'_>| matches!(part.body, PartBody::ToolResult(_));
        let mut media = Vec::new();
        for &(message, place, part) in &turn.parts {
            if let PartBody::ToolResult(result) = &part.body {
                self.result(list, turn, (message, place, part), result, &mut media);
            }
        }
        if !media.is_empty() {
            let mut object = list.object();
            object.string("role", "user");
            let mut content = object.array("content");
            content.object_of_text("Media that the tools returned:");
            for (message, place, part) in media {
                self.content_part(&mut content, (message, place, part));
            }
        }
        let has_results = turn.parts.iter().any(|(_, _, part)| is_result(part));
        let rest: Vec<_> = turn.parts.iter().copied().filter(|(_, _, part)| !is_result(part)).collect();
        if has_results && rest.is_empty() {
            return;
        }
        let mut object = list.object();
        self.role(&mut object, turn);
        self.body(&mut object, &rest, turn.name, turn.form, &turn.extras);
    }

    fn role(&mut self, object: &mut Object<'_>, turn: &Turn<'_, '_>) {
        let word = match turn.role {
            Role::Developer if !self.same && !self.quirks.developer_role => "system",
            Role::Tool => "user",
            Role::Other(_) if !self.same => {
                let at = format!("/messages/{}/role", turn.at);
                self.losses.note(Feature::Role, turn.role.as_str(), Severity::Altered, at);
                "user"
            }
            role @ (Role::System | Role::Developer | Role::User | Role::Assistant | Role::Other(_)) => role.as_str(),
        };
        object.string("role", word);
    }

    /// Writes the members of a message behind its role.
    pub(super) fn body(
        &mut self,
        object: &mut Object<'_>,
        parts: &[Placed<'_, '_>],
        name: Option<&str>,
        note: Form,
        extras: &[(usize, &Extra<'_>)],
    ) {
        let note = if self.same { note } else { Form::default() };
        let buckets = self.sort(parts);
        self.content(object, &buckets, note);
        object.optional_string("name", name);
        if !buckets.refusals.is_empty() {
            object.string("refusal", &buckets.refusals.concat());
        } else if self.side == Side::Answer && !self.same {
            object.null("refusal");
        }
        self.reasoning(object, &buckets, note);
        self.calls(object, &buckets.calls);
        let texts = || buckets.content.iter().filter_map(|(_, _, part)| as_text(part));
        if texts().any(|text| !text.citations.is_empty()) {
            write_annotations(object.value("annotations"), texts().flat_map(|text| &text.citations));
        }
        for (at, extra) in extras {
            self.extra(object, extra, || format!("/messages/{at}"));
        }
    }

    /// Sorts parts by the member they go to, and notes what no member takes.
    fn sort<'m, 'a>(&mut self, parts: &[Placed<'m, 'a>]) -> Buckets<'m, 'a> {
        let mut buckets = Buckets::default();
        for &(message, at, part) in parts {
            let placed = (message, at, part);
            if !self.same {
                self.note_part(placed);
            }
            match &part.body {
                PartBody::Refusal(_) if self.same && part.form == form::part::IN_CONTENT => {
                    buckets.content.push(placed);
                }
                PartBody::Refusal(text) => buckets.refusals.push(text),
                PartBody::Reasoning(_) => match self.reasoning_place(part) {
                    ReasoningField::Thinking => buckets.content.push(placed),
                    ReasoningField::ReasoningDetails => buckets.details.push(placed),
                    ReasoningField::ReasoningContent | ReasoningField::Reasoning => buckets.reasoning.push(placed),
                    ReasoningField::Nowhere => {
                        self.losses.note(Feature::Reasoning, "", Severity::Altered, place(message, at));
                    }
                },
                PartBody::ToolCall(_) => buckets.calls.push(placed),
                PartBody::Opaque(Opaque { .. }) if self.same && part.form == form::part::DETAIL => {
                    buckets.details.push(placed);
                }
                PartBody::Text(_) | PartBody::Json(_) => buckets.content.push(placed),
                PartBody::Media(_) if self.side == Side::Request || self.same => buckets.content.push(placed),
                PartBody::Opaque(_) if self.same => buckets.content.push(placed),
                PartBody::Media(media) => {
                    self.losses.note(super::encode_part::feature(media.kind), "", Severity::Missing, place(message, at));
                }
                PartBody::Opaque(Opaque { kind, .. }) => {
                    self.losses.note(Feature::UnknownPart, kind, Severity::Missing, place(message, at));
                }
                PartBody::ToolResult(_) => {}
            }
        }
        buckets
    }

    /// Notes what a part of another dialect carries and this one has no place for.
    fn note_part(&mut self, (message, at, part): Placed<'_, '_>) {
        let Part {
            body,
            cache,
            signature,
            issuer: _,
            item: _,
            form: _,
            extra,
        } = part;
        if cache.is_some() {
            self.losses.note(Feature::CacheMark, "", Severity::Hint, place(message, at));
        }
        let carried = matches!(body, PartBody::Reasoning(_) | PartBody::ToolCall(_));
        if signature.is_some() && !carried {
            self.losses.note(Feature::ReasoningSignature, "", Severity::Hint, place(message, at));
        }
        self.lost(extra, || place(message, at));
    }

    /// Which member a piece of reasoning goes to.
    fn reasoning_place(&self, part: &Part<'_>) -> ReasoningField {
        match (self.same, part.form) {
            (true, form::part::REASONING_CONTENT) => ReasoningField::ReasoningContent,
            (true, form::part::REASONING) => ReasoningField::Reasoning,
            (true, form::part::DETAIL) => ReasoningField::ReasoningDetails,
            (true, form::part::THINKING | form::part::THINKING_STRING) => ReasoningField::Thinking,
            _ => match self.side {
                Side::Answer => ReasoningField::ReasoningContent,
                Side::Request => self.quirks.reasoning,
            },
        }
    }

    fn content(&mut self, object: &mut Object<'_>, buckets: &Buckets<'_, '_>, note: Form) {
        let content = &buckets.content;
        let one_text = match content.as_slice() {
            [(_, _, part)] => plain_text(part),
            _ => None,
        };
        let wanted = Form(note.0 & form::message::CONTENT);
        match (wanted, content.is_empty(), one_text) {
            (form::message::ABSENT, true, _) => {}
            (form::message::NULL, true, _) => object.null("content"),
            (form::message::EMPTY, true, _) => object.string("content", ""),
            (form::message::LIST, _, _) => self.content_list(object, content),
            (_, true, _) if buckets.calls.is_empty() && buckets.refusals.is_empty() => object.string("content", ""),
            (_, true, _) => object.null("content"),
            (_, false, Some(text)) => object.string("content", text),
            (_, false, None) if self.side == Side::Answer && !self.same => {
                let texts: String = content.iter().filter_map(|(_, _, part)| as_shown(part)).collect();
                object.string("content", &texts);
            }
            (_, false, None) => self.content_list(object, content),
        }
    }

    fn content_list(&mut self, object: &mut Object<'_>, content: &[Placed<'_, '_>]) {
        let mut list = object.array("content");
        for &placed in content {
            self.content_part(&mut list, placed);
        }
    }

    fn content_part(&mut self, list: &mut Array<'_>, (message, at, part): Placed<'_, '_>) {
        write_part(list, part, self.same, &mut self.losses, || place(message, at));
    }

    fn reasoning(&mut self, object: &mut Object<'_>, buckets: &Buckets<'_, '_>, note: Form) {
        let mut details = buckets.details.clone();
        if let Some((_, _, first)) = buckets.reasoning.first() {
            let mut shown = String::new();
            for &(message, at, part) in &buckets.reasoning {
                let PartBody::Reasoning(reasoning) = &part.body else { continue };
                shown.push_str(&spoken(reasoning));
                let sealed = part.signature.is_some() || reasoning.encrypted.is_some();
                if self.same || !sealed {
                    continue;
                }
                match self.side {
                    // Sealed reasoning must come back with the next turn.
                    Side::Answer => details.push((message, at, part)),
                    Side::Request => self.losses.note(
                        Feature::ReasoningSignature,
                        "",
                        Severity::Altered,
                        place(message, at),
                    ),
                }
            }
            let plain = self.reasoning_place(first) == ReasoningField::Reasoning;
            if !shown.is_empty() {
                object.string(if plain { "reasoning" } else { "reasoning_content" }, &shown);
            }
        }
        if !details.is_empty() {
            let mut list = object.array("reasoning_details");
            for (index, (_, _, part)) in details.iter().enumerate() {
                write_detail(&mut list, part, (!self.same).then_some(index as u64));
            }
        }
        let repeated = || {
            let all = buckets.details.iter().chain(&buckets.reasoning);
            all.map(|(_, _, part)| match &part.body {
                PartBody::Reasoning(reasoning) => reasoning.text.concat() + &reasoning.summary.concat(),
                _ => String::new(),
            })
            .collect::<String>()
        };
        if note.has(form::message::ALSO_REASONING_CONTENT) {
            object.string("reasoning_content", &repeated());
        }
        if note.has(form::message::ALSO_REASONING) {
            object.string("reasoning", &repeated());
        }
    }

    fn calls(&mut self, object: &mut Object<'_>, calls: &[Placed<'_, '_>]) {
        let legacy = |part: &Part<'_>| self.same && part.form == form::part::FUNCTION_CALL;
        let (old, new): (Vec<_>, Vec<_>) = calls.iter().copied().partition(|(_, _, part)| legacy(part));
        if !new.is_empty() {
            let mut list = object.array("tool_calls");
            for (message, at, part) in new {
                self.call(&mut list, part, || place(message, at));
            }
        }
        if let Some((_, _, part)) = old.first()
            && let PartBody::ToolCall(call) = &part.body
        {
            write_function(object.object("function_call"), call, self.same);
        }
    }

    fn call(&mut self, list: &mut Array<'_>, part: &Part<'_>, at: impl Fn() -> String) {
        let PartBody::ToolCall(call) = &part.body else { return };
        let mut object = list.object();
        let id = match (&call.id, self.same) {
            (Some(id), true) if id.is_empty() => "".into(),
            (id, _) => self.ids.call(id.as_deref(), &call.name),
        };
        object.string("id", &id);
        if !(self.same && part.form == form::part::UNTYPED) {
            object.string("type", call_type(call.kind));
        }
        write_function(object.object(call_type(call.kind)), call, self.same);
        if let Some(signature) = &part.signature {
            if matches!(part.issuer, Some(Issuer::Google)) {
                write_google_signature(&mut object, signature);
            } else {
                self.losses.note(Feature::ReasoningSignature, "", Severity::Hint, at());
            }
        }
        if self.same {
            part.extra.write(&mut object);
        } else {
            self.lost(&call.extra, at);
        }
    }

    fn result<'m, 'a>(
        &mut self,
        list: &mut Array<'_>,
        turn: &Turn<'m, 'a>,
        (message, at, part): Placed<'m, 'a>,
        result: &'m ToolResult<'a>,
        media: &mut Vec<Placed<'m, 'a>>,
    ) {
        let ToolResult {
            call_id,
            name,
            content,
            is_error,
            kind: _,
        } = result;
        let note = if self.same { turn.form } else { Form::default() };
        let mut object = list.object();
        if note.has(form::message::FUNCTION) {
            object.string("role", "function");
            object.optional_string("tool_call_id", call_id.as_deref());
        } else {
            object.string("role", "tool");
            match (call_id, self.same) {
                (Some(id), true) if id.is_empty() => object.string("tool_call_id", ""),
                (None, true) => {}
                _ => {
                    let id = self.ids.result(call_id.as_deref(), name.as_deref());
                    object.string("tool_call_id", &id);
                }
            }
        }
        if self.same {
            object.optional_string("name", name.as_deref());
        }
        let mut kept = Vec::with_capacity(content.len());
        for inner in content {
            if !self.same && matches!(inner.body, PartBody::Media(_)) {
                self.losses.note(Feature::ToolResultContent, "", Severity::Altered, place(message, at));
                media.push((message, at, inner));
            } else {
                kept.push((message, at, inner));
            }
        }
        let buckets = self.sort(&kept);
        self.content(&mut object, &buckets, note);
        if *is_error == Some(true) {
            self.losses.note(Feature::ToolError, "", Severity::Altered, place(message, at));
        }
        if self.same {
            for (_, extra) in &turn.extras {
                extra.write(&mut object);
            }
        } else {
            self.lost(&part.extra, || place(message, at));
        }
    }

    /// Writes what the dialect of origin did not model, or notes it as lost.
    pub(super) fn extra(&mut self, object: &mut Object<'_>, extra: &Extra<'_>, at: impl Fn() -> String) {
        if self.same {
            extra.write(object);
        } else {
            self.lost(extra, at);
        }
    }

    /// Notes what the dialect of origin did not model as lost, unless it says nothing.
    pub(super) fn lost(&mut self, extra: &Extra<'_>, at: impl Fn() -> String) {
        for (name, value) in extra.iter() {
            if !value.is_void() {
                self.losses.note(Feature::UnknownField, name, Severity::Altered, at());
            }
        }
    }
}

/// The type of a tool call, which is also the name of its inner object.
pub(super) fn call_type(kind: CallKind) -> &'static str {
    match kind {
        CallKind::Function => "function",
        CallKind::Custom => "custom",
    }
}

fn write_function(mut object: Object<'_>, call: &ToolCall<'_>, same: bool) {
    object.string("name", &call.name);
    let member = match call.kind {
        CallKind::Function => "arguments",
        CallKind::Custom => "input",
    };
    match &call.arguments {
        Arguments::Text(text) if same && text.is_empty() && call.extra.get(member).is_some() => {}
        Arguments::Text(text) if same || call.kind == CallKind::Custom => object.string(member, text),
        arguments @ (Arguments::Text(_) | Arguments::Json(_)) => object.string(member, arguments.as_text()),
    }
    if same {
        call.extra.write(&mut object);
    }
}

/// Google's carrier of thought signatures in this dialect.
pub(super) fn write_google_signature(object: &mut Object<'_>, signature: &str) {
    let mut content = object.object("extra_content");
    content.object("google").string("thought_signature", signature);
}

/// Reasoning as one text: itself, or the summary where that is all there is.
pub(super) fn spoken(reasoning: &Reasoning<'_>) -> String {
    if reasoning.text.is_empty() {
        reasoning.summary.join("\n\n")
    } else {
        reasoning.text.concat()
    }
}

/// Writes one of `reasoning_details`; with `index` for reasoning of another dialect.
fn write_detail(list: &mut Array<'_>, part: &Part<'_>, index: Option<u64>) {
    let reasoning = match &part.body {
        PartBody::Reasoning(reasoning) => reasoning,
        PartBody::Opaque(opaque) => return list.raw(&opaque.value),
        _ => return,
    };
    let Reasoning {
        id,
        text,
        summary,
        encrypted,
    } = reasoning;
    let kinds = [
        ("reasoning.text", "text", (!text.is_empty()).then(|| text.concat())),
        ("reasoning.summary", "summary", (!summary.is_empty()).then(|| summary.concat())),
        ("reasoning.encrypted", "data", encrypted.as_deref().map(str::to_owned)),
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

/// Writes the list of citations.
pub(super) fn write_annotations<'m, 'a: 'm>(out: &mut Vec<u8>, citations: impl Iterator<Item = &'m Citation<'a>>) {
    let mut list = Array::open(out);
    for citation in citations {
        let Citation {
            kind,
            url,
            title,
            quote,
            start,
            end,
            document: _,
            extra,
        } = citation;
        let mut object = list.object();
        if url.is_none() && kind != "url_citation" {
            object.string("type", kind);
            extra.write(&mut object);
            continue;
        }
        object.string("type", "url_citation");
        let mut inner = object.object("url_citation");
        inner.optional_string("url", url.as_deref());
        inner.optional_string("title", title.as_deref());
        inner.optional_string("content", quote.as_deref());
        for (name, value) in [("start_index", start), ("end_index", end)] {
            if let Some(value) = value {
                inner.unsigned(name, *value);
            }
        }
        extra.write(&mut inner);
    }
}

/// Writes a prompt-cache marker.
pub(super) fn write_cache_mark(object: &mut Object<'_>, mark: &CacheMark<'_>) {
    let CacheMark { style, ttl, extra } = mark;
    let (member, key, word) = match style {
        CacheStyle::Control => ("cache_control", "type", "ephemeral"),
        CacheStyle::Breakpoint => ("prompt_cache_breakpoint", "mode", "explicit"),
    };
    let mut object = object.object(member);
    object.string(key, word);
    object.optional_string("ttl", ttl.as_deref());
    extra.write(&mut object);
}

fn as_text<'m, 'a>(part: &'m Part<'a>) -> Option<&'m Text<'a>> {
    match &part.body {
        PartBody::Text(text) => Some(text),
        _ => None,
    }
}

/// The text of a part that an answer shows as text.
fn as_shown<'m>(part: &'m Part<'_>) -> Option<&'m str> {
    match &part.body {
        PartBody::Text(text) => Some(&text.text),
        PartBody::Json(value) => Some(value.as_str()),
        _ => None,
    }
}

/// The text of a part that is only text, so that a string can stand for it.
fn plain_text<'m>(part: &'m Part<'_>) -> Option<&'m str> {
    let plain = part.cache.is_none() && part.extra.is_empty() && part.form == Form::default();
    as_shown(part).filter(|_| plain)
}

impl Array<'_> {
    /// A text part.
    pub(super) fn object_of_text(&mut self, text: &str) {
        let mut object = self.object();
        object.string("type", "text");
        write_string(object.value("text"), text);
    }
}
