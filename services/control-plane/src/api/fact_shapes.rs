//! Facts as REST shows and takes them, and where each is from.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sluicegate_contracts::config::{self, Place, Quantization};
use utoipa::ToSchema;

use crate::domain::countries;
use crate::domain::listed_facts::EvidenceOf;
use crate::error::{Error, FieldError, Result};

/// What is known of an endpoint beyond its price; null where nothing is.
#[derive(Serialize, ToSchema)]
pub(super) struct Facts {
    /// Where calls are processed: a country (two letters), or `EU`.
    #[schema(required = true)]
    processing: Option<String>,
    /// Whose law the operator is under.
    #[schema(required = true)]
    operator_home: Option<String>,
    /// Longest that a prompt or an answer is kept, in days; 0: not at all.
    #[schema(required = true)]
    retention_days: Option<u32>,
    /// Whether the operator trains on prompts or answers.
    #[schema(required = true)]
    trains: Option<bool>,
    /// Number format of the weights.
    #[schema(required = true)]
    quantization: Option<String>,
    /// What the operator is certified for.
    certifications: Vec<String>,
    /// The country of the model's author.
    #[schema(required = true)]
    author_home: Option<String>,
    /// Whether the model's weights are published.
    #[schema(required = true)]
    open_weights: Option<bool>,
    /// License of the weights.
    #[schema(required = true)]
    license: Option<String>,
    /// Whether the author lets others train on the model's answers.
    #[schema(required = true)]
    distillable: Option<bool>,
    /// Whether the model calls tools.
    #[schema(required = true)]
    tools: Option<bool>,
    /// Whether its answers follow a JSON schema that they are held to.
    #[schema(required = true)]
    json_schema: Option<bool>,
    /// Whether it thinks before it answers, where it is asked to.
    #[schema(required = true)]
    reasoning: Option<bool>,
}

/// Facts, as written; what is absent or null is not stated.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WriteFacts {
    /// Where calls are processed: a country (two letters), or `EU`.
    processing: Option<String>,
    /// Whose law the operator is under.
    operator_home: Option<String>,
    /// Longest that a prompt or an answer is kept, in days; 0: not at all.
    retention_days: Option<u32>,
    /// Whether the operator trains on prompts or answers.
    trains: Option<bool>,
    /// Number format of the weights.
    quantization: Option<String>,
    /// What the operator is certified for.
    #[serde(default)]
    certifications: Vec<String>,
    /// The country of the model's author.
    author_home: Option<String>,
    /// Whether the model's weights are published.
    open_weights: Option<bool>,
    /// License of the weights.
    license: Option<String>,
    /// Whether the author lets others train on the model's answers.
    distillable: Option<bool>,
    /// Whether the model calls tools.
    tools: Option<bool>,
    /// Whether its answers follow a JSON schema that they are held to.
    json_schema: Option<bool>,
    /// Whether it thinks before it answers, where it is asked to.
    reasoning: Option<bool>,
}

impl From<config::Facts> for Facts {
    fn from(it: config::Facts) -> Self {
        let place = |place: Place| place.to_string();
        Self {
            processing: it.processing.map(place),
            operator_home: it.operator_home.map(place),
            retention_days: it.retention_days,
            trains: it.trains,
            quantization: it.quantization.map(|it| it.as_str().to_owned()),
            certifications: it.certifications,
            author_home: it.author_home.map(place),
            open_weights: it.open_weights,
            license: it.license,
            distillable: it.distillable,
            tools: it.tools,
            json_schema: it.json_schema,
            reasoning: it.reasoning,
        }
    }
}

impl WriteFacts {
    /// Reads the member `facts` of a body.
    ///
    /// # Errors
    /// Every finding, with its place.
    pub(super) fn checked(self) -> Result<config::Facts> {
        let mut findings = Vec::new();
        let mut place = |name: &str, code: Option<String>| {
            let refused =
                |detail| findings.push(FieldError::new(format!("/facts/{name}"), "unknown_place", detail));
            countries::parse(&code?).map_err(refused).ok()
        };
        let (processing, operator_home, author_home) = (
            place("processing", self.processing),
            place("operator_home", self.operator_home),
            place("author_home", self.author_home),
        );
        let quantization = self.quantization.and_then(|name| {
            let found = Quantization::ALL.into_iter().find(|known| known.as_str() == name);
            if found.is_none() {
                let detail = "There is no such number format; bf16 and fp8 are two of them.";
                findings.push(FieldError::new(
                    "/facts/quantization",
                    "unknown_quantization",
                    detail,
                ));
            }
            found
        });
        if !findings.is_empty() {
            return Err(Error::validation(findings));
        }
        Ok(config::Facts {
            processing,
            operator_home,
            retention_days: self.retention_days,
            trains: self.trains,
            quantization,
            certifications: self.certifications,
            author_home,
            open_weights: self.open_weights,
            license: self.license,
            distillable: self.distillable,
            tools: self.tools,
            json_schema: self.json_schema,
            reasoning: self.reasoning,
        })
    }
}

/// A fact, and where it is from.
#[derive(Serialize, ToSchema)]
pub(super) struct KnownFact {
    /// Which.
    #[schema(example = "operator_home")]
    name: String,
    /// A text, a number, a truth value or a list, as the fact is.
    #[schema(value_type = Object, example = "US")]
    value: Value,
    /// What shows it.
    #[schema(example = "https://openai.com/policies/terms-of-use/")]
    source: String,
    /// The day or the month of that; null when it is not known.
    #[schema(required = true, example = "2026-01-31")]
    as_of: Option<String>,
    /// Id of the organization's own statement; null: the catalog says so.
    #[schema(required = true, example = "fct_01jd0000000000000000000000")]
    statement: Option<String>,
}

impl KnownFact {
    /// The facts of the catalog.
    pub(super) fn listed(facts: &config::Facts, evidence: &EvidenceOf) -> Vec<Self> {
        let all = named(facts).into_iter().map(|(name, value)| {
            let evidence = evidence.get(name);
            Self {
                name: name.to_owned(),
                value,
                source: evidence.map_or_else(String::new, |it| it.source.clone()),
                as_of: evidence.and_then(|it| it.as_of.clone()),
                statement: None,
            }
        });
        all.collect()
    }

    /// Puts what an organization states in front of what was known.
    pub(super) fn state(known: &mut Vec<Self>, stated: &crate::store::fact_statements::Stated) {
        for (name, value) in named(&stated.statement.facts) {
            known.retain(|it| it.name != name || it.statement.is_some());
            if known.iter().any(|it| it.name == name) {
                continue;
            }
            known.push(Self {
                name: name.to_owned(),
                value,
                source: stated.statement.evidence.clone(),
                as_of: Some(stated.statement.as_of.to_string()),
                statement: Some(stated.id.to_string()),
            });
        }
    }
}

/// Each fact by its name, as it is written.
fn named(facts: &config::Facts) -> Vec<(&'static str, Value)> {
    let written = serde_json::to_value(facts).unwrap_or_default();
    let names = facts.names().into_iter();
    names.map(|name| (name, written[name].clone())).collect()
}
