//! `generationConfig` into the canonical form. Its members that are not modelled go to the
//! request's extra under a dotted name, since the settings of the canonical form lie flat.

use super::decode_tools::google_schema;
use super::{Expected, Reading, form};
use crate::canonical::{Extra, Form, ReasoningConfig, Request, ResponseFormat, ResponseShape};
use crate::json::{Cursor, JsonStr, Kind, RawJson};
use crate::request_fields::{FieldSet, fields};
use crate::{DecodeError, Fault};

/// What names of unknown members of `generationConfig` begin with in a request's extra.
pub(super) const CONFIG: &str = "generationConfig.";

fields! {
    enum Field {
        Temperature = "temperature",
        TopP = "topP" | "top_p",
        TopK = "topK" | "top_k",
        CandidateCount = "candidateCount" | "candidate_count",
        MaxOutputTokens = "maxOutputTokens" | "max_output_tokens",
        StopSequences = "stopSequences" | "stop_sequences",
        Seed = "seed",
        PresencePenalty = "presencePenalty" | "presence_penalty",
        FrequencyPenalty = "frequencyPenalty" | "frequency_penalty",
        ResponseMimeType = "responseMimeType" | "response_mime_type",
        ResponseSchema = "responseSchema" | "response_schema",
        ResponseJsonSchema = "responseJsonSchema" | "response_json_schema",
        ResponseLogprobs = "responseLogprobs" | "response_logprobs",
        Logprobs = "logprobs",
        ThinkingConfig = "thinkingConfig" | "thinking_config",
        ResponseModalities = "responseModalities" | "response_modalities",
    }
}

/// The members that say what form the answer is to have, as they came.
#[derive(Default)]
struct Wanted<'a> {
    mime: Option<(JsonStr<'a>, JsonStr<'a>)>,
    schema: Option<(JsonStr<'a>, RawJson<'a>)>,
    json_schema: Option<(JsonStr<'a>, RawJson<'a>)>,
}

/// Reads `generationConfig` into a request.
pub(super) fn generation_config<'a>(
    c: &mut Cursor<'a>,
    request: &mut Request<'a>,
) -> Result<(), DecodeError> {
    request.form = request.form.with(form::request::HAS_CONFIG);
    let mut seen = FieldSet::<Field>::new();
    let mut wanted = Wanted::default();
    c.object(|c, key| match seen.admit(key)? {
        Some(field) if c.peek()? != Kind::Null => {
            if key.decode().contains('_') {
                request.form = request.form.with(form::request::CONFIG_NAMES_SNAKE);
            }
            setting(c, key, field, request, &mut wanted)
        }
        Some(_) | None => {
            c.count_node()?;
            let value = c.raw()?;
            leave(request, key, value);
            Ok(())
        }
    })?;
    response_format(c, request, wanted)
}

/// Leaves a member as it came.
fn leave<'a>(request: &mut Request<'a>, key: JsonStr<'a>, value: RawJson<'a>) {
    request.extra.push(format!("{CONFIG}{}", key.decode()), value);
}

fn setting<'a>(
    c: &mut Cursor<'a>,
    key: JsonStr<'a>,
    field: Field,
    request: &mut Request<'a>,
    wanted: &mut Wanted<'a>,
) -> Result<(), DecodeError> {
    let sampling = &mut request.sampling;
    match field {
        Field::Temperature => sampling.temperature = Some(c.spelled_number()?),
        Field::TopP => sampling.top_p = Some(c.spelled_number()?),
        Field::TopK => sampling.top_k = Some(c.spelled_number()?),
        Field::Seed => sampling.seed = Some(c.spelled_number()?),
        Field::PresencePenalty => sampling.presence_penalty = Some(c.spelled_number()?),
        Field::FrequencyPenalty => sampling.frequency_penalty = Some(c.spelled_number()?),
        Field::CandidateCount => request.candidates = Some(small(c)?),
        Field::MaxOutputTokens => request.max_output_tokens = Some(c.unsigned()?),
        Field::ResponseLogprobs => request.logprobs.enabled = Some(c.bool()?),
        Field::Logprobs => request.logprobs.top = Some(small(c)?),
        Field::ThinkingConfig => request.reasoning = Some(thinking_config(c)?),
        Field::ResponseMimeType => wanted.mime = Some((key, c.string()?)),
        Field::ResponseSchema => wanted.schema = Some((key, c.raw()?)),
        Field::ResponseJsonSchema => wanted.json_schema = Some((key, c.raw()?)),
        Field::StopSequences => {
            let span = c.array(|c, _| {
                c.count_node()?;
                request.stop.push(c.text()?);
                Ok(())
            })?;
            if request.stop.is_empty() {
                let value = c.raw_at(span);
                leave(request, key, value);
            }
        }
        Field::ResponseModalities => {
            let mut plain = true;
            let span = c.array(|c, _| {
                c.count_node()?;
                let word = c.text()?;
                plain &= !word.bytes().any(|b| b.is_ascii_lowercase());
                request.modalities.push(word.to_ascii_lowercase().into());
                Ok(())
            })?;
            // A list that would not be written the same stays as it came.
            if request.modalities.is_empty() || !plain {
                request.modalities.clear();
                let value = c.raw_at(span);
                leave(request, key, value);
            }
        }
    }
    Ok(())
}

/// What form the answer is to have, put together from its members. A combination not known stays
/// as it came.
fn response_format<'a>(
    c: &Cursor<'a>,
    request: &mut Request<'a>,
    wanted: Wanted<'a>,
) -> Result<(), DecodeError> {
    let Wanted {
        mime,
        schema,
        json_schema,
    } = wanted;
    let word = mime.map(|(_, word)| word.decode());
    let mut note = Form::default();
    let shape = match (word.as_deref(), schema, json_schema) {
        (None, None, None) => return Ok(()),
        (Some("application/json"), None, None) => ResponseShape::JsonObject,
        (Some("text/plain"), None, None) => ResponseShape::Text,
        (Some("application/json"), None, Some((_, raw))) if raw.kind() == Kind::Object => json(raw),
        (Some("application/json"), Some((_, raw)), None) if raw.kind() == Kind::Object => {
            let owned = raw.into_owned();
            let (schema, style) =
                google_schema(&mut owned.cursor()).map(|(schema, style)| (schema.into_owned(), style))?;
            note = form::response_format::SCHEMA.with(style);
            json(schema)
        }
        (_, schema, json_schema) => {
            if let Some((key, word)) = mime {
                let value = c.raw_at(word.span());
                leave(request, key, value);
            }
            for (key, value) in [schema, json_schema].into_iter().flatten() {
                leave(request, key, value);
            }
            return Ok(());
        }
    };
    request.response_format = Some(ResponseFormat {
        shape,
        form: note,
        extra: Extra::NONE,
    });
    Ok(())
}

fn json(schema: RawJson<'_>) -> ResponseShape<'_> {
    ResponseShape::JsonSchema {
        name: None,
        description: None,
        schema: Some(schema),
        strict: None,
        extra: Extra::NONE,
    }
}

fn thinking_config<'a>(c: &mut Cursor<'a>) -> Result<ReasoningConfig<'a>, DecodeError> {
    const MODELLED: Expected = &[
        ("includeThoughts", "a boolean"),
        ("include_thoughts", "a boolean"),
        ("thinkingBudget", "a whole number"),
        ("thinking_budget", "a whole number"),
        ("thinkingLevel", "a string"),
        ("thinking_level", "a string"),
    ];
    let mut config = ReasoningConfig::default();
    let mut spelling = None;
    c.object(|c, key| {
        let name = key.decode();
        let snake = name.contains('_');
        let known = MODELLED.iter().any(|(known, _)| *known == name) && c.peek()? != Kind::Null;
        if known && *spelling.get_or_insert(snake) != snake {
            // One spelling for all can be written back; of what is given in both, the first counts.
            return config.extra.keep(c, key);
        }
        match (name.as_ref(), c.peek()?) {
            ("includeThoughts" | "include_thoughts", Kind::Bool) => config.show = Some(c.bool()?),
            ("thinkingBudget" | "thinking_budget", Kind::Number) => {
                let number = c.spelled_number()?;
                match (number.as_u64(), number.as_str()) {
                    (Some(budget), _) => config.budget = Some(budget),
                    // As much as the model likes.
                    (None, "-1") => config.enabled = Some(true),
                    (None, _) => config.extra.push(name.clone(), number.into()),
                }
            }
            ("thinkingLevel" | "thinking_level", Kind::String) => {
                let text = c.string()?;
                let level = text.decode();
                let lower = level.to_ascii_lowercase();
                if level == level.to_ascii_uppercase() {
                    config.form = config.form.with(form::thinking::UPPER);
                } else if level != lower {
                    // Neither spelling there is, so nothing that is known to be a level.
                    config.extra.push(name, c.raw_at(text.span()));
                    return Ok(());
                }
                config.effort = Some(lower.into());
            }
            _ => return Reading::Strict.leftover(c, key, &mut config.extra, MODELLED),
        }
        if snake {
            config.form = config.form.with(form::thinking::SNAKE);
        }
        Ok(())
    })?;
    Ok(config)
}

/// A whole number of modest size.
fn small(c: &mut Cursor<'_>) -> Result<u32, DecodeError> {
    let at = c.position();
    u32::try_from(c.unsigned()?).map_err(|_| DecodeError::new(Fault::OutOfRange("a small whole number"), at))
}
