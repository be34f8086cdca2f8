//! What a request asks of routing, in OpenRouter's words: the `provider` object and the list of `models` to fall back to.
//! What is a demand becomes a constraint; what is a wish becomes a preference; what nobody here can act on is told.

use bytes::Bytes;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_path_to_error::Segment;
use sluicegate_contracts::config::{Choice, Constraints, PriceCeiling, Quantization};
use sluicegate_contracts::money::{NanoUsd, PicoUsd};
use sluicegate_protocols::lossy::{Feature, LossReport, Severity};
use sluicegate_protocols::passthrough::lifted::Fallbacks;
use sluicegate_routing::{Percentiles, Preferences, Sort};

use super::inspect::is_model_name;
use crate::error::{ErrorKind, GatewayError};

/// Where the object stands in a body.
const PROVIDER: &str = "provider";
/// Longest name of a member that the place of an error repeats, in bytes.
const MAX_MEMBER: usize = 64;
/// Most names in one of its lists.
const MAX_NAMES: usize = 64;
/// Most models to fall back to.
const MAX_MODELS: usize = 16;

/// Members of the object that are objects, where they are not plain values.
const OBJECTS: [&str; 4] = [
    "sort",
    "max_price",
    "preferred_min_throughput",
    "preferred_max_latency",
];

/// See the module; the default asks nothing.
#[derive(Debug, Default)]
pub(super) struct Steering {
    pub(super) constraints: Constraints,
    pub(super) preferences: Preferences,
    /// Models to try after the one that is named, in this order.
    pub(super) models: Vec<String>,
    /// The caller would rather have no answer than one to less than it asked.
    pub(super) insists: bool,
    /// The `provider` object as sent, for a provider that is such a gateway itself.
    pub(super) provider: Option<Bytes>,
}

/// The object as OpenRouter documents it. A member that is not known is refused: it might be a demand.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Provider {
    order: Option<Vec<String>>,
    only: Option<Vec<String>>,
    ignore: Option<Vec<String>>,
    allow_fallbacks: Option<bool>,
    require_parameters: Option<bool>,
    data_collection: Option<DataCollection>,
    zdr: Option<bool>,
    enforce_distillable_text: Option<bool>,
    quantizations: Option<Vec<String>>,
    sort: Option<Order>,
    max_price: Option<MaxPrice>,
    preferred_min_throughput: Option<Cutoffs>,
    preferred_max_latency: Option<Cutoffs>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum DataCollection {
    Allow,
    Deny,
}

/// What to order by, and whether within each model.
#[derive(Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "price, throughput, latency or exacto, or an object with by and partition"
)]
enum Order {
    By(Measure),
    Within {
        by: Option<Measure>,
        partition: Option<Partition>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Measure {
    Price,
    Throughput,
    Latency,
    Exacto,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Partition {
    Model,
    None,
}

/// What calls should reach: half of them, where a bare number says it.
#[derive(Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "a number, or an object of numbers by p50, p75, p90 and p99"
)]
enum Cutoffs {
    Half(f64),
    Of(Shares),
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Shares {
    p50: Option<f64>,
    p75: Option<f64>,
    p90: Option<f64>,
    p99: Option<f64>,
}

/// Ceilings in US dollars, as numbers or as text: of tokens per million, of the others per unit.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct MaxPrice {
    prompt: Option<Amount>,
    completion: Option<Amount>,
    request: Option<Amount>,
    image: Option<Amount>,
    audio: Option<Amount>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "an amount of US dollars")]
enum Amount {
    Text(String),
    Number(serde_json::Number),
}

impl Steering {
    /// Reads the values of `provider` and `models`, and notes the wishes that nobody here acts on.
    ///
    /// # Errors
    /// 400 with the field at fault: a demand that cannot be read must not be taken for none.
    pub(super) fn read(
        provider: Option<Bytes>,
        models: Option<Bytes>,
        fallbacks: Option<Fallbacks>,
        losses: &mut LossReport,
    ) -> Result<Self, GatewayError> {
        let mut steering = Self::default();
        steering.preferences.across_targets = fallbacks == Some(Fallbacks::Sorted);
        if let Some(raw) = models {
            steering.models = model_names(&raw)?;
        }
        if let Some(raw) = provider {
            let object: Value = document(PROVIDER, &raw)?;
            no_list_for_an_object(&object)?;
            let object: Option<Provider> = read_at(PROVIDER, object)?;
            if let Some(object) = object {
                steering.provider = Some(raw);
                steering.take(object, losses)?;
            }
        }
        Ok(steering)
    }

    fn take(&mut self, object: Provider, losses: &mut LossReport) -> Result<(), GatewayError> {
        let keeps_nothing = matches!(object.data_collection, Some(DataCollection::Deny));
        let (quantizations, unknown_quantization) = quantizations(object.quantizations)?;
        self.constraints = Constraints {
            max_retention_days: (keeps_nothing || object.zdr == Some(true)).then_some(0),
            no_training: keeps_nothing,
            distillable: object.enforce_distillable_text == Some(true),
            quantizations,
            unknown_quantization,
            providers: Choice {
                only: object.only.map(|list| names("provider.only", list)).transpose()?,
                ignore: names("provider.ignore", object.ignore.unwrap_or_default())?,
            },
            max_price: object.max_price.map(ceiling).transpose()?.unwrap_or_default(),
            ..Constraints::default()
        };
        self.insists = object.require_parameters == Some(true);
        self.preferences.order = names("provider.order", object.order.unwrap_or_default())?;
        self.preferences.no_fallbacks = object.allow_fallbacks == Some(false);
        let (measure, partition) = match object.sort {
            None => (None, None),
            Some(Order::By(measure)) => (Some(measure), None),
            Some(Order::Within { by, partition }) => (by, partition),
        };
        // The newer word goes before the older one.
        if let Some(partition) = partition {
            self.preferences.across_targets = partition == Partition::None;
        }
        match measure {
            Some(Measure::Price) => self.preferences.sort = Some(Sort::Price),
            Some(Measure::Throughput) => self.preferences.sort = Some(Sort::Throughput),
            Some(Measure::Latency) => self.preferences.sort = Some(Sort::Latency),
            Some(Measure::Exacto) => not_acted_on(losses),
            None => {}
        }
        self.preferences.min_throughput = percentiles(object.preferred_min_throughput);
        self.preferences.max_latency = percentiles(object.preferred_max_latency);
        Ok(())
    }
}

fn percentiles(cutoffs: Option<Cutoffs>) -> Percentiles {
    match cutoffs {
        None => Percentiles::NONE,
        Some(Cutoffs::Half(p50)) => Percentiles {
            p50: Some(p50),
            ..Percentiles::NONE
        },
        Some(Cutoffs::Of(Shares { p50, p75, p90, p99 })) => Percentiles { p50, p75, p90, p99 },
    }
}

/// Notes the wish that changes nothing here, to order by how well tools are called: the caller is told, as of anything else
/// that is dropped.
pub(super) fn not_acted_on(losses: &mut LossReport) {
    let at = "/provider/sort".to_owned();
    losses.note(Feature::UnknownField, "provider.sort", Severity::Hint, at);
}

/// Refuses a list of values in an object's place: it would be read as those of the members in their order.
fn no_list_for_an_object(object: &Value) -> Result<(), GatewayError> {
    let at = if object.is_array() {
        PROVIDER.to_owned()
    } else if let Some(name) = OBJECTS.iter().find(|name| object[**name].is_array()) {
        format!("{PROVIDER}.{name}")
    } else {
        return Ok(());
    };
    let message = format!("{at} is an object with named members, not a list.");
    Err(GatewayError::new(ErrorKind::InvalidRequest, message).at(at))
}

/// Reads a value that is known to be well-formed.
fn document<'d, T: Deserialize<'d>>(at: &str, raw: &'d [u8]) -> Result<T, GatewayError> {
    read_at(at, &mut serde_json::Deserializer::from_slice(raw))
}

/// Reads what stands at `at`; an error points to the member in it that is at fault.
fn read_at<'d, T: Deserialize<'d>>(
    at: &str,
    value: impl Deserializer<'d, Error = serde_json::Error>,
) -> Result<T, GatewayError> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let at = error.path().iter().fold(at.to_owned(), |at, step| match step {
            Segment::Seq { index } => format!("{at}[{index}]"),
            Segment::Map { key } if key.len() <= MAX_MEMBER => format!("{at}.{key}"),
            Segment::Map { .. } | Segment::Enum { .. } | Segment::Unknown => at,
        });
        let message = format!("{at} cannot be read: {}.", error.inner());
        GatewayError::new(ErrorKind::InvalidRequest, message).at(at)
    })
}

fn model_names(raw: &[u8]) -> Result<Vec<String>, GatewayError> {
    let listed: Option<Vec<String>> = document("models", raw)?;
    let listed = listed.unwrap_or_default();
    if listed.len() > MAX_MODELS || !listed.iter().all(|name| is_model_name(name)) {
        let message = format!("models lists at most {MAX_MODELS} model names.");
        return Err(GatewayError::new(ErrorKind::InvalidRequest, message).at("models"));
    }
    Ok(listed)
}

fn names(at: &'static str, list: Vec<String>) -> Result<Vec<String>, GatewayError> {
    if list.len() > MAX_NAMES {
        let message = format!("{at} lists at most {MAX_NAMES} providers.");
        return Err(GatewayError::new(ErrorKind::InvalidRequest, message).at(at));
    }
    Ok(list)
}

/// The number formats that are asked for, and whether one that is not known will do.
fn quantizations(list: Option<Vec<String>>) -> Result<(Option<Vec<Quantization>>, bool), GatewayError> {
    const AT: &str = "provider.quantizations";
    let Some(list) = list else {
        return Ok((None, false));
    };
    let mut list = names(AT, list)?;
    let asked = list.len();
    list.retain(|name| name != "unknown");
    let unknown = list.len() < asked;
    let known = list.into_iter().map(|name| read_at(AT, Value::String(name)));
    Ok((Some(known.collect::<Result<_, _>>()?), unknown))
}

fn ceiling(prices: MaxPrice) -> Result<PriceCeiling, GatewayError> {
    // A ceiling between two prices that can be told apart is the lower one of them.
    let per_million = |amount: NanoUsd| PicoUsd::from_picos(amount.nanos() / 1_000);
    let per_unit = |amount: NanoUsd| PicoUsd::from_picos(amount.nanos().saturating_mul(1_000));
    let read = |at, amount: Option<Amount>| amount.map(|amount| dollars(at, &amount)).transpose();
    Ok(PriceCeiling {
        input: read("provider.max_price.prompt", prices.prompt)?.map(per_million),
        output: read("provider.max_price.completion", prices.completion)?.map(per_million),
        request: read("provider.max_price.request", prices.request)?.map(per_unit),
        image: read("provider.max_price.image", prices.image)?.map(per_unit),
        // OpenRouter does not say of how much: of as much as prompts are priced by is the narrower reading.
        audio: read("provider.max_price.audio", prices.audio)?.map(per_million),
    })
}

fn dollars(at: &'static str, amount: &Amount) -> Result<NanoUsd, GatewayError> {
    let text = match amount {
        Amount::Text(text) => text.trim().to_owned(),
        Amount::Number(number) => number.to_string(),
    };
    let amount = text
        .parse()
        .ok()
        .filter(|amount: &NanoUsd| *amount >= NanoUsd::ZERO);
    amount.ok_or_else(|| {
        let message = format!("{at} is an amount of US dollars, not below zero, with at most 9 decimals.");
        GatewayError::new(ErrorKind::InvalidRequest, message).at(at)
    })
}

#[cfg(test)]
#[path = "steering_tests.rs"]
mod tests;
