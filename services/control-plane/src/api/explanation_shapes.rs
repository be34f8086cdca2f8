//! A request that might be made, as REST describes it.

use std::collections::BTreeMap;

use serde::Deserialize;
use sluicegate_contracts::account::MAX_PARTITION_BYTES;
use sluicegate_contracts::config::{Constraints, Operation};
use sluicegate_contracts::ids::{ApiKeyId, RequestId, RouteId};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::usage::{MAX_TAGS, RequestShape};
use sluicegate_routing::rules::language::LANGUAGES;
use sluicegate_routing::{Needs, Preferences, RequestFeatures, Sort};
use sluicegate_service_runtime::ids;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::constraint_shapes::WriteConstraints;
use super::money::WriteMoney;
use super::route_shapes::CreateRoute;
use crate::domain::explanation::Hypothetical;
use crate::error::{Error, FieldError, Result};

/// Longest name of a model, and most models to fall back to, as workers take them.
const MAX_MODEL_NAME: usize = 256;
const MAX_MODELS: usize = 16;
/// Most headers, entries of metadata, and providers in an order.
const MAX_ENTRIES: usize = 64;

/// A request that might be made. What is absent is as if the request did not say it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ExplainRequest {
    /// The model or route that it names.
    #[schema(example = "route/support")]
    model: String,
    /// Models to fall back to.
    #[serde(default)]
    #[schema(max_items = 16)]
    models: Vec<String>,
    /// A document of a route that decides in the place of what `model` names.
    pub(super) document: Option<CreateRoute>,
    /// The route whose draft decides in the place of what `model` names.
    #[schema(value_type = Option<String>, example = "rt_01jd0000000000000000000000")]
    pub(super) draft_of: Option<RouteId>,
    /// The version of the route that decides; the published one when absent.
    #[schema(minimum = 1)]
    pub(super) version: Option<u32>,
    /// The key that it is made with; absent: one that demands and forbids nothing.
    #[schema(value_type = Option<String>, example = "key_01jd0000000000000000000000")]
    key: Option<ApiKeyId>,
    /// The id that draws are made by: that of a request gives its draws again. A new one when absent.
    #[schema(value_type = Option<String>, example = "req_01jd0000000000000000000000")]
    request: Option<RequestId>,
    /// The moment whose time, prices and signals count; now when absent.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub(super) at: Option<OffsetDateTime>,
    /// What is asked for; a chat completion when absent.
    #[serde(default)]
    operation: ExplainedOperation,
    /// By which API it comes; `openai_chat` when absent.
    #[schema(example = "openai_chat")]
    dialect: Option<String>,
    /// The language of what its user says last, such as `de`; it cannot be told when absent.
    #[serde(default)]
    #[schema(example = "de")]
    language: String,
    /// Prompt tokens.
    #[serde(default)]
    input_tokens: u32,
    /// The caller's cap on generated tokens.
    max_output_tokens: Option<u64>,
    /// Whether a stream is asked for.
    #[serde(default)]
    stream: bool,
    /// Tools offered to the model.
    tools: Option<u32>,
    /// Whether the answer has to follow a JSON schema.
    json_schema: Option<bool>,
    /// Whether the model is asked to think first.
    reasoning: Option<bool>,
    /// Whether every parameter has to be heeded, so that a model which is not known to take it does not serve.
    #[serde(default)]
    require_parameters: bool,
    /// What it holds besides text.
    #[serde(default)]
    modalities: Vec<ExplainedModality>,
    /// Headers that conditions read, by name in lower case.
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// Its metadata.
    #[serde(default)]
    metadata: BTreeMap<String, String>,
    /// For whom it is.
    end_user: Option<String>,
    /// In which session.
    session: Option<String>,
    /// Its tags.
    #[serde(default)]
    #[schema(max_items = 32)]
    tags: Vec<String>,
    /// What it demands itself of every endpoint.
    constraints: Option<WriteConstraints>,
    /// Providers to try first.
    #[serde(default)]
    order: Vec<String>,
    /// Whether others than the first, or than those in `order`, may be tried; so when absent.
    #[serde(default = "yes")]
    allow_fallbacks: bool,
    /// What to order candidates by.
    sort: Option<ExplainedSort>,
    /// The most that it may cost.
    max_cost: Option<WriteMoney>,
}

const fn yes() -> bool {
    true
}

/// What may be asked for.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ExplainedOperation {
    /// A chat completion.
    #[default]
    ChatCompletions,
    /// Embedding vectors.
    Embeddings,
    /// Ranking of documents.
    Rerank,
}

/// What a request may hold besides text.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ExplainedModality {
    /// Images.
    Image,
    /// Recordings.
    Audio,
    /// Documents.
    File,
}

/// What candidates may be ordered by.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ExplainedSort {
    /// The cheapest first.
    Price,
    /// The most tokens a second first.
    Throughput,
    /// The soonest first token first.
    Latency,
}

impl ExplainRequest {
    /// The request, and the models that it would fall back to.
    ///
    /// # Errors
    /// `validation_failed`.
    pub(super) fn asked(mut self) -> Result<(Hypothetical, Vec<String>)> {
        let mut findings = self.findings();
        let max_cost = self.max_cost.take().and_then(|most| price(&most, &mut findings));
        let constraints = self.constraints.take().map(|it| it.checked_at("/constraints"));
        let constraints = constraints.transpose().unwrap_or_else(|error| {
            findings.extend(error.fields().iter().cloned());
            None
        });
        if !findings.is_empty() {
            return Err(Error::validation(findings));
        }
        let (features, shape, preferences) = (self.features(), self.shape(), self.preferences());
        let mut tags = self.tags;
        tags.sort_unstable();
        tags.dedup();
        let asked = Hypothetical {
            request: self.request.unwrap_or_else(ids::fresh),
            features,
            shape,
            language: known_language(&self.language).unwrap_or_default(),
            dialect: self.dialect.unwrap_or_else(|| "openai_chat".to_owned()),
            model: self.model,
            headers: self.headers.into_iter().collect(),
            metadata: self.metadata.into_iter().collect(),
            user: self.end_user,
            session: self.session,
            tags,
            key: self.key,
            constraints: constraints.unwrap_or(Constraints::NONE),
            preferences,
            max_cost,
        };
        Ok((asked, self.models))
    }

    /// What is wrong with its texts and lists.
    fn findings(&self) -> Vec<FieldError> {
        let mut findings = Vec::new();
        let mut refused = |pointer: &str, code, detail: &str| {
            findings.push(FieldError::new(pointer, code, detail));
        };
        let is_name =
            |name: &str| (1..=MAX_MODEL_NAME).contains(&name.len()) && !name.chars().any(char::is_control);
        if !is_name(&self.model) {
            refused(
                "/model",
                "invalid",
                "Use 1 to 256 bytes without control characters.",
            );
        }
        if known_language(&self.language).is_none() {
            let detail =
                "Use the primary subtag of a language that conditions can ask for, such as `en` or `de`.";
            refused("/language", "invalid", detail);
        }
        if self.models.len() > MAX_MODELS || !self.models.iter().all(|name| is_name(name)) {
            refused("/models", "invalid", "Use at most 16 names of models.");
        }
        for (pointer, label) in [("/end_user", &self.end_user), ("/session", &self.session)] {
            if label.as_deref().is_some_and(|label| !is_label(label)) {
                let detail = "Use 1 to 128 bytes without control characters.";
                refused(pointer, "invalid", detail);
            }
        }
        if self.tags.len() > MAX_TAGS || !self.tags.iter().all(|tag| is_label(tag)) {
            let detail = "Use at most 32 tags of 1 to 128 bytes without control characters.";
            refused("/tags", "invalid", detail);
        }
        for (pointer, entries) in [
            ("/headers", self.headers.len()),
            ("/metadata", self.metadata.len()),
            ("/order", self.order.len()),
        ] {
            if entries > MAX_ENTRIES {
                refused(pointer, "too_many", "Use at most 64 entries.");
            }
        }
        findings
    }

    fn features(&self) -> RequestFeatures {
        RequestFeatures {
            operation: match self.operation {
                ExplainedOperation::ChatCompletions => Operation::ChatCompletions,
                ExplainedOperation::Embeddings => Operation::Embeddings,
                ExplainedOperation::Rerank => Operation::Rerank,
            },
            stream: self.stream,
            max_output_tokens: self.max_output_tokens,
            input_tokens: self.input_tokens,
            conversation: self.session.is_some(),
            needs: Needs::of(&self.shape(), self.require_parameters),
        }
    }

    fn shape(&self) -> RequestShape {
        let holds = |modality| self.modalities.contains(&modality);
        RequestShape {
            tools: self.tools,
            json_schema: self.json_schema,
            reasoning: self.reasoning,
            image: holds(ExplainedModality::Image),
            audio: holds(ExplainedModality::Audio),
            file: holds(ExplainedModality::File),
            steered: false,
        }
    }

    fn preferences(&self) -> Preferences {
        Preferences {
            order: self.order.clone(),
            no_fallbacks: !self.allow_fallbacks,
            sort: self.sort.map(|sort| match sort {
                ExplainedSort::Price => Sort::Price,
                ExplainedSort::Throughput => Sort::Throughput,
                ExplainedSort::Latency => Sort::Latency,
            }),
            ..Preferences::NONE
        }
    }
}

fn price(most: &WriteMoney, findings: &mut Vec<FieldError>) -> Option<NanoUsd> {
    let most = most.amount.parse().ok().filter(|most| *most > NanoUsd::ZERO);
    if most.is_none() {
        let detail = "Use an amount above 0, with at most 9 decimals.";
        findings.push(FieldError::new("/max_cost/amount", "out_of_range", detail));
    }
    most
}

/// The language as conditions name it.
fn known_language(text: &str) -> Option<&'static str> {
    LANGUAGES.into_iter().find(|it| *it == text)
}

fn is_label(text: &str) -> bool {
    (1..=MAX_PARTITION_BYTES).contains(&text.len()) && !text.chars().any(char::is_control)
}
