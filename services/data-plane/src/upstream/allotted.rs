//! What the headers of an answer tell of the provider's rate limits. Three spellings are known: that of OpenAI, which most
//! compatible providers share, Anthropic's, and Mistral's.

use http::HeaderMap;
use sluicegate_routing::health::{Allotment, Limits};

/// Where a limit is told: what it holds, what is left, and when it is full again or how long it takes to renew.
struct Spelling {
    most: &'static str,
    left: &'static str,
    full_in: Option<&'static str>,
    renews_in: Option<&'static str>,
}

const REQUESTS: [Spelling; 3] = [
    Spelling {
        most: "x-ratelimit-limit-requests",
        left: "x-ratelimit-remaining-requests",
        full_in: Some("x-ratelimit-reset-requests"),
        renews_in: Some("x-ratelimit-renewalperiod-requests"),
    },
    per_minute(
        "anthropic-ratelimit-requests-limit",
        "anthropic-ratelimit-requests-remaining",
    ),
    per_minute("x-ratelimit-limit-req-minute", "x-ratelimit-remaining-req-minute"),
];

const TOKENS: [Spelling; 3] = [
    Spelling {
        most: "x-ratelimit-limit-tokens",
        left: "x-ratelimit-remaining-tokens",
        full_in: Some("x-ratelimit-reset-tokens"),
        renews_in: Some("x-ratelimit-renewalperiod-tokens"),
    },
    per_minute(
        "anthropic-ratelimit-tokens-limit",
        "anthropic-ratelimit-tokens-remaining",
    ),
    per_minute(
        "x-ratelimit-limit-tokens-minute",
        "x-ratelimit-remaining-tokens-minute",
    ),
];

const fn per_minute(most: &'static str, left: &'static str) -> Spelling {
    Spelling {
        most,
        left,
        full_in: None,
        renews_in: None,
    }
}

/// Reads the limits; what is not told, or makes no sense, is `None`.
pub(super) fn limits(headers: &HeaderMap) -> Limits {
    let first = |spellings: &[Spelling]| spellings.iter().find_map(|it| allotment(headers, it));
    Limits {
        requests: first(&REQUESTS),
        tokens: first(&TOKENS),
    }
}

fn allotment(headers: &HeaderMap, spelling: &Spelling) -> Option<Allotment> {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    let number = |name: &str| text(name)?.trim().parse::<f64>().ok();
    let (most, left) = (number(spelling.most)?, number(spelling.left)?);
    let full_in = spelling.full_in.and_then(|name| seconds(text(name)?));
    let renews_in = spelling.renews_in.and_then(number).unwrap_or(60.0);
    // What a limit gets back follows from when it is full again; a limit that is full tells nothing by that.
    let per_second = match full_in {
        Some(wait) if wait > 0.0 && left < most => (most - left) / wait,
        Some(_) | None => most / renews_in.max(1.0),
    };
    Some(Allotment {
        most,
        left,
        per_second,
    })
}

/// A length of time as Go prints it, such as `1m30.5s` or `12ms`, or as plain seconds.
fn seconds(text: &str) -> Option<f64> {
    if let Ok(seconds) = text.parse() {
        return Some(seconds);
    }
    let (mut total, mut rest) = (0.0, text);
    while !rest.is_empty() {
        let digits = rest.find(|it: char| !it.is_ascii_digit() && it != '.')?;
        let (number, tail) = rest.split_at(digits);
        let unit_end = tail.find(|it: char| it.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, next) = tail.split_at(unit_end);
        let unit = match unit {
            "h" => 3_600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        total += number.parse::<f64>().ok()? * unit;
        rest = next;
    }
    (!text.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn read(told: &[(&'static str, &'static str)]) -> Limits {
        let headers = told
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        limits(&headers.collect())
    }

    fn allotted(most: f64, left: f64, per_second: f64) -> Option<Allotment> {
        Some(Allotment {
            most,
            left,
            per_second,
        })
    }

    #[test]
    fn each_spelling_is_read() {
        let openai = read(&[
            ("x-ratelimit-limit-requests", "5000"),
            ("x-ratelimit-remaining-requests", "4999"),
            ("x-ratelimit-reset-requests", "500ms"),
            ("x-ratelimit-limit-tokens", "600"),
            ("x-ratelimit-remaining-tokens", "600"),
            ("x-ratelimit-reset-tokens", "0s"),
        ]);
        assert_eq!(openai.requests, allotted(5_000.0, 4_999.0, 2.0));
        assert_eq!(openai.tokens, allotted(600.0, 600.0, 10.0));
        let anthropic = read(&[
            ("anthropic-ratelimit-requests-limit", "4000"),
            ("anthropic-ratelimit-requests-remaining", "3999"),
            ("anthropic-ratelimit-requests-reset", "2026-01-01T00:00:00Z"),
            ("anthropic-ratelimit-tokens-limit", "480000"),
            ("anthropic-ratelimit-tokens-remaining", "0"),
        ]);
        assert_eq!(anthropic.requests, allotted(4_000.0, 3_999.0, 4_000.0 / 60.0));
        assert_eq!(anthropic.tokens, allotted(480_000.0, 0.0, 8_000.0));
        let azure = read(&[
            ("x-ratelimit-limit-requests", "300"),
            ("x-ratelimit-remaining-requests", "299"),
            ("x-ratelimit-renewalperiod-requests", "10"),
        ]);
        assert_eq!(azure.requests, allotted(300.0, 299.0, 30.0));
        let mistral = read(&[
            ("x-ratelimit-limit-req-minute", "60"),
            ("x-ratelimit-remaining-req-minute", "1"),
        ]);
        assert_eq!(mistral.requests, allotted(60.0, 1.0, 1.0));
    }

    #[test]
    fn what_makes_no_sense_is_not_told() {
        assert_eq!(read(&[]), Limits::default());
        for (most, left) in [("many", "1"), ("1", ""), ("", ""), ("1", "1,2")] {
            let told = [
                ("x-ratelimit-limit-requests", most),
                ("x-ratelimit-remaining-requests", left),
            ];
            assert_eq!(read(&told), Limits::default(), "{most} {left}");
        }
    }

    #[test]
    fn lengths_of_time_are_read_as_go_prints_them() {
        for (text, expected) in [
            ("0", Some(0.0)),
            ("12ms", Some(0.012)),
            ("1m30.5s", Some(90.5)),
            ("2h0m1s", Some(7_201.0)),
            ("7.66", Some(7.66)),
            ("", None),
            ("s", None),
            ("1x", None),
            ("1m30", None),
            ("1.2.3s", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }
}
