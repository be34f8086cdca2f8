//! How the limits over a call stand, as headers in the words of the caller's dialect. Clients of OpenAI read times until a
//! reset as Go writes durations, those of Anthropic points in time. Other dialects have no words of their own; their
//! callers get OpenAI's.

use std::time::Duration;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use sluicegate_contracts::time::UnixMillis;
use sluicegate_protocols::Dialect;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::limits::{Shown, Standings};

/// The three headers of one kind of limit.
struct Names {
    limit: HeaderName,
    remaining: HeaderName,
    reset: HeaderName,
}

macro_rules! names {
    ($limit:literal, $remaining:literal, $reset:literal) => {
        Names {
            limit: HeaderName::from_static($limit),
            remaining: HeaderName::from_static($remaining),
            reset: HeaderName::from_static($reset),
        }
    };
}

/// Adds what is known; nothing for a call that no limit is over.
pub(super) fn tell(headers: &mut HeaderMap, standings: &Standings, now: UnixMillis, dialect: Dialect) {
    match dialect {
        Dialect::AnthropicMessages => {
            for (names, shown) in [
                (ANTHROPIC_REQUESTS, standings.requests),
                (ANTHROPIC_TOKENS, standings.tokens()),
                (ANTHROPIC_INPUT, standings.input_tokens),
                (ANTHROPIC_OUTPUT, standings.output_tokens),
            ] {
                tell_one(headers, names, shown, |wait| at(now, wait));
            }
        }
        Dialect::OpenAiChat
        | Dialect::OpenAiResponses
        | Dialect::Gemini
        | Dialect::BedrockConverse
        | Dialect::CohereChat => {
            tell_one(headers, REQUESTS, standings.requests, length);
            tell_one(headers, TOKENS, standings.tokens(), length);
        }
    }
}

const REQUESTS: Names = names!(
    "x-ratelimit-limit-requests",
    "x-ratelimit-remaining-requests",
    "x-ratelimit-reset-requests"
);
const TOKENS: Names = names!(
    "x-ratelimit-limit-tokens",
    "x-ratelimit-remaining-tokens",
    "x-ratelimit-reset-tokens"
);
const ANTHROPIC_REQUESTS: Names = names!(
    "anthropic-ratelimit-requests-limit",
    "anthropic-ratelimit-requests-remaining",
    "anthropic-ratelimit-requests-reset"
);
const ANTHROPIC_TOKENS: Names = names!(
    "anthropic-ratelimit-tokens-limit",
    "anthropic-ratelimit-tokens-remaining",
    "anthropic-ratelimit-tokens-reset"
);
const ANTHROPIC_INPUT: Names = names!(
    "anthropic-ratelimit-input-tokens-limit",
    "anthropic-ratelimit-input-tokens-remaining",
    "anthropic-ratelimit-input-tokens-reset"
);
const ANTHROPIC_OUTPUT: Names = names!(
    "anthropic-ratelimit-output-tokens-limit",
    "anthropic-ratelimit-output-tokens-remaining",
    "anthropic-ratelimit-output-tokens-reset"
);

fn tell_one(headers: &mut HeaderMap, names: Names, shown: Option<Shown>, reset: impl Fn(Duration) -> String) {
    let Some(shown) = shown else { return };
    headers.insert(names.limit, HeaderValue::from(shown.limit));
    headers.insert(names.remaining, HeaderValue::from(shown.remaining));
    if let Ok(value) = HeaderValue::from_str(&reset(shown.reset_after)) {
        headers.insert(names.reset, value);
    }
}

/// A length of time as Go writes it, as far as OpenAI does: `12ms`, `1.5s`, `6m0s`, `1h0m3s`.
fn length(wait: Duration) -> String {
    let (seconds, millis) = (wait.as_secs(), wait.subsec_millis());
    if seconds == 0 && millis > 0 {
        return format!("{millis}ms");
    }
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    let fraction = format!(".{millis:03}");
    let rest = format!(
        "{seconds}{}s",
        fraction.trim_end_matches('0').trim_end_matches('.')
    );
    match (hours, minutes) {
        (0, 0) => rest,
        (0, minutes) => format!("{minutes}m{rest}"),
        (hours, minutes) => format!("{hours}h{minutes}m{rest}"),
    }
}

/// A point in time as Anthropic writes it, in whole seconds: rounded up, since early is worse than late.
fn at(now: UnixMillis, wait: Duration) -> String {
    let wait = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
    let millis = now.offset(wait).get().max(0);
    let seconds = millis / 1_000 + i64::from(millis % 1_000 > 0);
    let then = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    then.format(&Rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_written_as_go_does() {
        let written = |ms| length(Duration::from_millis(ms));
        for (ms, text) in [
            (0, "0s"),
            (12, "12ms"),
            (1_000, "1s"),
            (1_500, "1.5s"),
            (1_005, "1.005s"),
            (360_000, "6m0s"),
            (83_250, "1m23.25s"),
            (3_603_000, "1h0m3s"),
        ] {
            assert_eq!(written(ms), text);
        }
    }

    #[test]
    fn points_in_time_are_rfc_3339_and_not_early() {
        let written = |now, ms| at(UnixMillis::new(now), Duration::from_millis(ms));
        assert_eq!(written(951_782_399_000, 1_000), "2000-02-29T00:00:00Z");
        assert_eq!(written(951_782_399_001, 0), "2000-02-29T00:00:00Z");
        assert_eq!(written(i64::MAX, 1), "1970-01-01T00:00:00Z");
    }

    #[test]
    fn each_dialect_has_its_names() {
        let shown = |limit, remaining| {
            Some(Shown {
                limit,
                remaining,
                reset_after: Duration::from_secs(60),
            })
        };
        let standings = Standings {
            requests: shown(10, 9),
            input_tokens: shown(100, 90),
            output_tokens: shown(100, 10),
        };
        let told = |dialect| {
            let mut headers = HeaderMap::new();
            tell(&mut headers, &standings, UnixMillis::new(0), dialect);
            let mut told: Vec<_> = headers
                .iter()
                .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
                .collect();
            told.sort_unstable();
            told
        };
        assert_eq!(
            told(Dialect::OpenAiChat),
            [
                "x-ratelimit-limit-requests: 10",
                "x-ratelimit-limit-tokens: 100",
                "x-ratelimit-remaining-requests: 9",
                "x-ratelimit-remaining-tokens: 10",
                "x-ratelimit-reset-requests: 1m0s",
                "x-ratelimit-reset-tokens: 1m0s",
            ]
        );
        let anthropic = told(Dialect::AnthropicMessages);
        assert_eq!(anthropic.len(), 12);
        assert!(anthropic.contains(&"anthropic-ratelimit-input-tokens-remaining: 90".to_owned()));
        assert!(anthropic.contains(&"anthropic-ratelimit-requests-reset: 1970-01-01T00:01:00Z".to_owned()));
        let mut none = HeaderMap::new();
        tell(
            &mut none,
            &Standings::default(),
            UnixMillis::new(0),
            Dialect::Gemini,
        );
        assert!(none.is_empty());
    }
}
