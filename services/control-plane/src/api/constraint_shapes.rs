//! Constraints as REST shows and takes them, the same at every level that states them.

use serde::{Deserialize, Serialize};
use sluicegate_contracts::config::{self, Place, Quantization};
use sluicegate_contracts::money::{NanoUsd, PicoUsd};
use utoipa::ToSchema;

use super::money::{Money, WriteMoney};
use crate::domain::{constraint_check, countries};
use crate::error::{Error, FieldError, Result};

/// How a number format that is not known is called.
const UNKNOWN: &str = "unknown";

/// What every endpoint must satisfy that serves a call: the first choice, a retry and a fallback alike. The constraints of
/// all levels hold, so that a lower level only tightens. A fact that is not known satisfies none.
#[derive(Serialize, ToSchema)]
pub(super) struct Constraints {
    /// Countries (two letters), or `EU`, in one of which calls must be processed; null: anywhere.
    #[schema(required = true, example = json!(["EU"]))]
    processing: Option<Vec<String>>,
    /// Where the operator must be at home.
    #[schema(required = true)]
    operator_home: Option<Vec<String>>,
    /// Where the model's author must be at home.
    #[schema(required = true)]
    author_home: Option<Vec<String>>,
    /// For how many days prompts and answers may be kept; 0: not at all.
    #[schema(required = true)]
    max_retention_days: Option<u32>,
    /// Whether nobody may train on prompts and answers.
    no_training: bool,
    /// Whether the model's weights must be published.
    open_weights: bool,
    /// Whether the author must let others train on the model's answers.
    distillable: bool,
    /// Licenses, of which the weights must be under one.
    #[schema(required = true)]
    licenses: Option<Vec<String>>,
    /// Number formats that the weights may be served in; `unknown` admits what is not known.
    #[schema(required = true, example = json!(["bf16", "fp8"]))]
    quantizations: Option<Vec<String>>,
    /// Certificates, all of which the operator must hold.
    certifications: Vec<String>,
    /// Which providers may serve: `openai`, or `google-vertex/europe-west4` for one region.
    providers: Choice,
    /// Which models may serve: names, or their beginnings followed by `*`.
    models: Choice,
    /// Highest prices.
    max_price: PriceCeiling,
}

/// A list of what may be, less a list of what may not.
#[derive(Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Choice {
    /// Nothing else; null: anything.
    only: Option<Vec<String>>,
    /// None of these.
    #[serde(default)]
    ignore: Vec<String>,
}

/// Highest prices, at any hour and prompt length; null where there is no limit.
#[derive(Serialize, ToSchema)]
struct PriceCeiling {
    /// Of a million prompt tokens.
    #[schema(required = true)]
    input_per_mtok: Option<Money>,
    /// Of a million generated tokens.
    #[schema(required = true)]
    output_per_mtok: Option<Money>,
    /// Of a call.
    #[schema(required = true)]
    per_request: Option<Money>,
    /// Of an image read.
    #[schema(required = true)]
    per_image: Option<Money>,
}

/// Constraints, as written. They take the place of those before; what is absent is not demanded.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WriteConstraints {
    /// Countries (two letters), or `EU`, in one of which calls must be processed.
    #[schema(example = json!(["EU"]))]
    processing: Option<Vec<String>>,
    /// Where the operator must be at home.
    operator_home: Option<Vec<String>>,
    /// Where the model's author must be at home.
    author_home: Option<Vec<String>>,
    /// For how many days prompts and answers may be kept; 0: not at all.
    max_retention_days: Option<u32>,
    /// Whether nobody may train on prompts and answers.
    #[serde(default)]
    no_training: bool,
    /// Whether the model's weights must be published.
    #[serde(default)]
    open_weights: bool,
    /// Whether the author must let others train on the model's answers.
    #[serde(default)]
    distillable: bool,
    /// Licenses, of which the weights must be under one.
    licenses: Option<Vec<String>>,
    /// Number formats that the weights may be served in; `unknown` admits what is not known.
    #[schema(example = json!(["bf16", "fp8"]))]
    quantizations: Option<Vec<String>>,
    /// Certificates, all of which the operator must hold.
    #[serde(default)]
    certifications: Vec<String>,
    /// Which providers may serve: `openai`, or `google-vertex/europe-west4` for one region.
    #[serde(default)]
    providers: Choice,
    /// Which models may serve: names, or their beginnings followed by `*`.
    #[serde(default)]
    models: Choice,
    /// Highest prices.
    #[serde(default)]
    max_price: WritePriceCeiling,
}

/// Highest prices, as written.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WritePriceCeiling {
    /// Of a million prompt tokens.
    input_per_mtok: Option<WriteMoney>,
    /// Of a million generated tokens.
    output_per_mtok: Option<WriteMoney>,
    /// Of a call.
    per_request: Option<WriteMoney>,
    /// Of an image read.
    per_image: Option<WriteMoney>,
}

impl From<&config::Constraints> for Constraints {
    fn from(it: &config::Constraints) -> Self {
        let places = |list: &Option<Vec<Place>>| {
            let list = list.as_ref()?;
            Some(list.iter().map(Place::to_string).collect())
        };
        let choice = |it: &config::Choice| Choice {
            only: it.only.clone(),
            ignore: it.ignore.clone(),
        };
        let quantizations = it.quantizations.as_ref().map(|list| {
            let unknown = it.unknown_quantization.then(|| UNKNOWN.to_owned());
            list.iter()
                .map(|one| one.as_str().to_owned())
                .chain(unknown)
                .collect()
        });
        let per_million = |price: PicoUsd| Money::from(price.per_million());
        let per_unit = |price: PicoUsd| Money::from(NanoUsd::from_nanos(price.picos() / PICOS_PER_NANO));
        Self {
            processing: places(&it.processing),
            operator_home: places(&it.operator_home),
            author_home: places(&it.author_home),
            max_retention_days: it.max_retention_days,
            no_training: it.no_training,
            open_weights: it.open_weights,
            distillable: it.distillable,
            licenses: it.licenses.clone(),
            quantizations,
            certifications: it.certifications.clone(),
            providers: choice(&it.providers),
            models: choice(&it.models),
            max_price: PriceCeiling {
                input_per_mtok: it.max_price.input.map(per_million),
                output_per_mtok: it.max_price.output.map(per_million),
                per_request: it.max_price.request.map(per_unit),
                per_image: it.max_price.image.map(per_unit),
            },
        }
    }
}

const PICOS_PER_NANO: i64 = 1_000;

impl WriteConstraints {
    /// Reads the member `constraints` of a body.
    ///
    /// # Errors
    /// Every finding, with its place.
    pub(super) fn checked(self) -> Result<config::Constraints> {
        self.checked_at("/constraints")
    }

    /// Reads the member at a JSON pointer.
    ///
    /// # Errors
    /// Every finding, with its place.
    pub(super) fn checked_at(self, at: &str) -> Result<config::Constraints> {
        let mut findings = Vec::new();
        let read = self.read(at, &mut findings);
        if findings.is_empty() {
            findings = constraint_check::findings(&read, at);
        }
        if findings.is_empty() {
            Ok(read)
        } else {
            Err(Error::validation(findings))
        }
    }

    /// What can be read of it; what cannot is in `findings`.
    fn read(self, at: &str, findings: &mut Vec<FieldError>) -> config::Constraints {
        let choice = |it: Choice| config::Choice {
            only: it.only,
            ignore: it.ignore,
        };
        let (quantizations, unknown_quantization) = quantizations(self.quantizations, at, findings);
        let mut places = |member: &str, list| places(list, &format!("{at}/{member}"), findings);
        let (processing, operator_home, author_home) = (
            places("processing", self.processing),
            places("operator_home", self.operator_home),
            places("author_home", self.author_home),
        );
        let mut price = |member: &str, amount, picos: fn(NanoUsd) -> i64| {
            price(amount, &format!("{at}/max_price/{member}"), picos, findings)
        };
        let per_million = |amount: NanoUsd| amount.nanos() / PICOS_PER_NANO;
        let per_unit = |amount: NanoUsd| amount.nanos().saturating_mul(PICOS_PER_NANO);
        config::Constraints {
            processing,
            operator_home,
            author_home,
            max_retention_days: self.max_retention_days,
            no_training: self.no_training,
            open_weights: self.open_weights,
            distillable: self.distillable,
            licenses: self.licenses,
            quantizations,
            unknown_quantization,
            certifications: self.certifications,
            providers: choice(self.providers),
            models: choice(self.models),
            max_price: config::PriceCeiling {
                input: price("input_per_mtok", self.max_price.input_per_mtok, per_million),
                output: price("output_per_mtok", self.max_price.output_per_mtok, per_million),
                request: price("per_request", self.max_price.per_request, per_unit),
                image: price("per_image", self.max_price.per_image, per_unit),
                audio: None,
            },
        }
    }
}

fn places(list: Option<Vec<String>>, at: &str, findings: &mut Vec<FieldError>) -> Option<Vec<Place>> {
    let read = list?.into_iter().enumerate().filter_map(|(index, code)| {
        let refused =
            |detail| findings.push(FieldError::new(format!("{at}/{index}"), "unknown_place", detail));
        countries::parse(&code).map_err(refused).ok()
    });
    Some(read.collect())
}

fn quantizations(
    list: Option<Vec<String>>,
    at: &str,
    findings: &mut Vec<FieldError>,
) -> (Option<Vec<Quantization>>, bool) {
    let Some(list) = list else {
        return (None, false);
    };
    let (mut read, mut admits_unknown) = (Vec::new(), false);
    for (index, name) in list.iter().enumerate() {
        match Quantization::ALL.iter().find(|known| known.as_str() == name) {
            Some(known) => read.push(*known),
            None if name == UNKNOWN => admits_unknown = true,
            None => {
                let known: Vec<&str> = Quantization::ALL.iter().map(|it| it.as_str()).collect();
                let detail = format!("Known number formats are {} and {UNKNOWN}.", known.join(", "));
                let pointer = format!("{at}/quantizations/{index}");
                findings.push(FieldError::new(pointer, "unknown_quantization", detail));
            }
        }
    }
    (Some(read), admits_unknown)
}

fn price(
    amount: Option<WriteMoney>,
    at: &str,
    picos: fn(NanoUsd) -> i64,
    findings: &mut Vec<FieldError>,
) -> Option<PicoUsd> {
    let amount: Option<NanoUsd> = amount?.amount.parse().ok();
    let amount = amount.filter(|amount| *amount >= NanoUsd::ZERO);
    if amount.is_none() {
        let detail = "Use a decimal amount, not below zero, with at most nine decimals.";
        findings.push(FieldError::new(format!("{at}/amount"), "invalid_amount", detail));
    }
    amount.map(|amount| PicoUsd::from_picos(picos(amount)))
}
