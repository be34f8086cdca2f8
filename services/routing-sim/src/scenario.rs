//! Scenario format 1: one JSON file that describes the upstream world, the workload and the objective.
//! Unknown fields are refused: a typo must not run as another scenario.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The scenarios that come with the crate, by file name.
pub const BUILT_IN: [(&str, &str); 12] = [
    ("s01_steady", include_str!("../scenarios/s01_steady.json")),
    ("s02_drift", include_str!("../scenarios/s02_drift.json")),
    ("s03_brownout", include_str!("../scenarios/s03_brownout.json")),
    (
        "s04_error_burst",
        include_str!("../scenarios/s04_error_burst.json"),
    ),
    ("s05_blackhole", include_str!("../scenarios/s05_blackhole.json")),
    (
        "s06_rate_limits",
        include_str!("../scenarios/s06_rate_limits.json"),
    ),
    ("s07_herd", include_str!("../scenarios/s07_herd.json")),
    ("s08_price", include_str!("../scenarios/s08_price.json")),
    ("s09_correlated", include_str!("../scenarios/s09_correlated.json")),
    (
        "s10_cache_affinity",
        include_str!("../scenarios/s10_cache_affinity.json"),
    ),
    ("s11_tail", include_str!("../scenarios/s11_tail.json")),
    ("s12_saturation", include_str!("../scenarios/s12_saturation.json")),
];

/// One scenario.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// What it is for, in a sentence.
    pub about: String,
    /// Version of the format.
    pub format: Format,
    /// Gateway replicas that share no state.
    #[serde(default = "one")]
    pub routers: u64,
    /// What a request costs whom it was for.
    #[serde(default)]
    pub loss: Loss,
    /// Target of the time to first token.
    #[serde(default = "two")]
    pub slo_ttft_s: f64,
    /// Requests that arrive earlier are not scored.
    #[serde(default)]
    pub warmup_s: f64,
    /// No first token within it ends a try.
    #[serde(default = "try_timeout")]
    pub try_timeout_s: f64,
    /// No new try after it.
    #[serde(default = "deadline")]
    pub deadline_s: f64,
    /// Most tries of a request.
    #[serde(default = "tries")]
    pub max_tries: u32,
    /// Whether a refusal for its rate is a try, as it is in a worker. In the published run it was none.
    #[serde(default = "refusals_are_tries")]
    pub refusals_are_tries: bool,
    /// Longest a gateway may hold a request.
    #[serde(default = "max_wait")]
    pub max_wait_s: f64,
    /// Who asks for what, when.
    pub workload: Workload,
    /// Who may serve it.
    pub endpoints: Vec<EndpointSpec>,
}

/// The one version there is.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "u32")]
pub struct Format;

impl TryFrom<u32> for Format {
    type Error = String;

    fn try_from(version: u32) -> Result<Self, String> {
        match version {
            1 => Ok(Self),
            other => Err(format!("format {other} is not known, only format 1 is")),
        }
    }
}

/// The loss of a request, in weights.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Loss {
    /// Of a second to the first token.
    pub ttft_s: f64,
    /// Of a thousandth of a dollar.
    pub cost_musd: f64,
    /// Of a failure, on top of the cap.
    pub fail: f64,
    /// What a longer wait, or a failure, counts as.
    pub cap_s: f64,
}

impl Default for Loss {
    fn default() -> Self {
        Self {
            ttft_s: 1.0,
            cost_musd: 0.0,
            fail: 10.0,
            cap_s: 10.0,
        }
    }
}

/// Arrivals and their sizes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workload {
    /// Requests a second, as a Poisson process.
    pub rps: f64,
    /// How many of them.
    pub requests: u64,
    /// Median of input tokens.
    #[serde(default = "in_tokens")]
    pub in_tokens: f64,
    /// Their sigma.
    #[serde(default = "in_sigma")]
    pub in_sigma: f64,
    /// Median of output tokens.
    #[serde(default = "out_tokens")]
    pub out_tokens: f64,
    /// Their sigma.
    #[serde(default = "out_sigma")]
    pub out_sigma: f64,
    /// Surges.
    #[serde(default)]
    pub phases: Vec<Surge>,
    /// Conversations at once; 0: none.
    #[serde(default)]
    pub sessions: u64,
    /// How long a conversation lasts.
    #[serde(default = "session_life")]
    pub session_life_s: f64,
    /// Tokens that every conversation starts with.
    #[serde(default = "system_tokens")]
    pub system_tokens: u64,
    /// Where the input of a conversation is cut off.
    #[serde(default = "max_in")]
    pub max_in: u64,
}

/// A time of more arrivals.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Surge {
    /// First second of it.
    pub from: f64,
    /// First second after it.
    pub to: f64,
    /// How many times the usual rate.
    pub mul: f64,
}

/// An endpoint, as far as it differs from the defaults.
#[derive(Debug, Clone, Deserialize)]
pub struct EndpointSpec {
    /// Its name.
    pub name: String,
    /// How it fails when it does.
    #[serde(default)]
    pub err_kind: ErrorKind,
    /// When it is otherwise.
    #[serde(default)]
    pub phases: Vec<Phase>,
    /// Everything else that is a number.
    #[serde(flatten)]
    pub values: BTreeMap<Field, f64>,
}

/// How an endpoint fails.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum ErrorKind {
    /// At once, with a server error.
    #[default]
    #[serde(rename = "500")]
    ServerError,
    /// Never answers.
    #[serde(rename = "hang")]
    Hang,
}

/// A window of time in which an endpoint is otherwise.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    /// First second of it.
    pub from: f64,
    /// First second after it.
    #[serde(default = "for_good")]
    pub to: f64,
    /// Moves there linearly instead of at once.
    #[serde(default)]
    pub ramp: bool,
    /// Stays after `to`.
    #[serde(default)]
    pub keep: bool,
    /// Values of their own.
    #[serde(default)]
    pub set: Override,
    /// Factors.
    #[serde(default)]
    pub mul: BTreeMap<Field, f64>,
}

/// Values that a phase sets.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Override {
    /// How it fails then.
    #[serde(default)]
    pub err_kind: Option<ErrorKind>,
    /// Everything that is a number.
    #[serde(flatten)]
    pub values: BTreeMap<Field, f64>,
}

/// What an endpoint is described by, where it is a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "the names of the format; world/params.rs says what each means"
)]
pub enum Field {
    TtftMs,
    Sigma,
    PrefillUs,
    TpotMs,
    Slots,
    QueueMax,
    BgLoad,
    Err,
    TailP,
    TailX,
    DropP,
    Rpm,
    Tpm,
    BurstS,
    PriceIn,
    PriceOut,
    CachedFactor,
    CacheTtlS,
}

/// Reads a scenario.
///
/// # Errors
/// What is not format 1, with line and column.
pub fn parse(text: &str) -> Result<Scenario, serde_json::Error> {
    serde_json::from_str(text)
}

const fn one() -> u64 {
    1
}
const fn two() -> f64 {
    2.0
}
const fn try_timeout() -> f64 {
    8.0
}
const fn deadline() -> f64 {
    30.0
}
const fn tries() -> u32 {
    3
}
const fn refusals_are_tries() -> bool {
    true
}
const fn max_wait() -> f64 {
    5.0
}
const fn in_tokens() -> f64 {
    600.0
}
const fn in_sigma() -> f64 {
    0.8
}
const fn out_tokens() -> f64 {
    200.0
}
const fn out_sigma() -> f64 {
    0.7
}
const fn session_life() -> f64 {
    240.0
}
const fn system_tokens() -> u64 {
    3_000
}
const fn max_in() -> u64 {
    60_000
}
const fn for_good() -> f64 {
    1e18
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(change: (&str, &str)) -> String {
        let text = BUILT_IN[2].1.replacen(change.0, change.1, 1);
        assert_ne!(text, BUILT_IN[2].1, "nothing was changed");
        parse(&text).unwrap_err().to_string()
    }

    #[test]
    fn every_built_in_scenario_is_read_under_its_name() {
        for (name, text) in BUILT_IN {
            let scenario = parse(text).unwrap();
            assert_eq!(scenario.name, name);
            assert!(!scenario.endpoints.is_empty());
        }
    }

    #[test]
    fn unknown_fields_are_refused_at_every_level() {
        for change in [
            ("\"about\"", "\"abuot\""),
            ("\"rps\"", "\"rsp\""),
            ("\"slots\"", "\"slot\""),
            ("\"cap_s\"", "\"cap\""),
            ("\"from\"", "\"form\""),
            ("\"ttft_ms\": 10", "\"ttft\": 10"),
        ] {
            let message = refused(change);
            assert!(
                message.contains("unknown") || message.contains("missing"),
                "{change:?}: {message}"
            );
        }
    }

    #[test]
    fn another_format_is_refused() {
        assert!(refused(("\"format\": 1", "\"format\": 2")).contains("format 2 is not known"));
    }
}
