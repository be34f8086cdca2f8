//! What a provider said went wrong, read in every shape that was seen to be sent. The data plane
//! classifies by it; the texts are the provider's own and may quote a prompt, so they go to the
//! caller and never to logs.

use std::time::Duration;

use serde_json::Value;

/// A provider's error as far as it could be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProviderError {
    /// The provider's text; empty when it gave none that can be shown.
    pub message: String,
    /// `error.type`, or the nearest thing.
    pub kind: Option<String>,
    /// `error.code`, numbers as text.
    pub code: Option<String>,
    /// `error.param`.
    pub param: Option<String>,
    /// A waiting time told in the body (Google's `RetryInfo`).
    pub retry_after: Option<Duration>,
}

/// Longest body of an error that is read, in bytes.
const MAX_READ: usize = 64 * 1024;
/// Longest provider text kept, in bytes.
const MAX_MESSAGE: usize = 4 * 1024;
/// Longest code, type or param kept, in bytes.
const MAX_WORD: usize = 128;

impl ProviderError {
    /// Reads an error body of any form; never fails. A body that is not JSON is kept as text,
    /// unless it is a web page.
    pub fn parse(body: &[u8]) -> Self {
        let body = body.get(..MAX_READ).unwrap_or(body);
        match serde_json::from_slice::<Value>(body) {
            Ok(Value::Array(items)) => items.first().map(Self::from_document).unwrap_or_default(),
            Ok(document) => Self::from_document(&document),
            Err(_) => Self::from_text(&String::from_utf8_lossy(body)),
        }
    }

    fn from_text(text: &str) -> Self {
        let text = text.trim();
        let shown = if text.starts_with('<') { "" } else { text };
        let clean: String = shown.chars().filter(|c| !c.is_control() || *c == '\n').collect();
        Self {
            message: clip(&clean, MAX_MESSAGE),
            ..Self::default()
        }
    }

    fn from_document(document: &Value) -> Self {
        match document.get("error") {
            Some(Value::String(text)) => Self {
                message: clip(text, MAX_MESSAGE),
                kind: word(document.get("type")),
                code: word(document.get("code")),
                ..Self::default()
            },
            Some(error @ Value::Object(_)) => Self::from_fields(error),
            _ => Self::from_fields(document),
        }
    }

    fn from_fields(fields: &Value) -> Self {
        let message = fields
            .get("message")
            .or_else(|| fields.get("detail"))
            .or_else(|| fields.get("msg"));
        let message = match message {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Array(items)) => items
                .iter()
                .filter_map(|i| i.get("msg")?.as_str())
                .collect::<Vec<_>>()
                .join("; "),
            Some(Value::Object(inner)) => inner
                .get("message")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
            _ => fields.as_str().unwrap_or_default().to_owned(),
        };
        Self {
            message: clip(&message, MAX_MESSAGE),
            kind: word(fields.get("type"))
                .or_else(|| word(fields.get("status")))
                .or_else(|| word(fields.get("error_type"))),
            code: word(fields.get("code")),
            param: word(fields.get("param")),
            retry_after: retry_info(fields),
        }
    }

    /// Its code, where that is a word: a number only repeats the HTTP status, and xAI writes a sentence.
    pub fn named_code(&self) -> Option<&str> {
        let code = self.code.as_deref();
        code.filter(|code| code.parse::<u32>().is_err() && !code.contains(' '))
    }

    /// Whether the input was too long for the model, however the provider words it.
    pub fn is_context_overflow(&self) -> bool {
        const CODES: [&str; 5] = [
            "TOO_MANY_TOKENS",
            "context_length_exceeded",
            "exceed_context_size_error",
            "too_many_prompt_tokens",
            "string_above_max_length",
        ];
        const WORDINGS: [&str; 11] = [
            "maximum context length",
            "maximum prompt length",
            "available context size",
            "`inputs` tokens + `max_new_tokens` must be",
            "context window",
            "context length",
            "prompt is too long",
            "input is too long",
            "input tokens exceeded",
            "total length of all messages is too long",
            "exceeds the maximum number of tokens",
        ];
        let names = |word: &Option<String>| word.as_deref().is_some_and(|w| CODES.contains(&w));
        let text = self.message.to_ascii_lowercase();
        names(&self.code) || names(&self.kind) || WORDINGS.iter().any(|w| text.contains(w))
    }

    /// Whether the key is not one of the provider's. Google and xAI say so with a status that means a bad request.
    pub fn is_bad_key(&self) -> bool {
        const WORDINGS: [&str; 2] = ["api key not valid", "incorrect api key provided"];
        let text = self.message.to_ascii_lowercase();
        WORDINGS.iter().any(|wording| text.contains(wording))
    }

    /// Whether the account is out of credit, which waiting does not mend.
    pub fn is_out_of_credit(&self) -> bool {
        const CODES: [&str; 4] = [
            "insufficient_quota",
            "billing_hard_limit_reached",
            "billing_not_active",
            "insufficient_credits",
        ];
        let names = |word: &Option<String>| word.as_deref().is_some_and(|w| CODES.contains(&w));
        names(&self.code) || names(&self.kind)
    }
}

/// A short string, or a number as one.
fn word(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(clip(text, MAX_WORD)),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Google's `details: [{"retryDelay": "30s"}]`.
fn retry_info(fields: &Value) -> Option<Duration> {
    let delay = fields
        .get("details")?
        .as_array()?
        .iter()
        .find_map(|d| d.get("retryDelay")?.as_str())?;
    seconds(delay.strip_suffix('s')?)
}

fn seconds(text: &str) -> Option<Duration> {
    let value: f64 = text.trim().parse().ok()?;
    Duration::try_from_secs_f64(value).ok()
}

/// How long the provider asks to wait: `retry-after-ms` before `retry-after`, the latter in
/// seconds or as an HTTP date. `now` is the time in Unix seconds.
pub fn retry_after(header: Option<&str>, header_ms: Option<&str>, now: u64) -> Option<Duration> {
    let millis = header_ms.and_then(|text| text.trim().parse::<f64>().ok());
    let millis = millis.and_then(|ms| Duration::try_from_secs_f64(ms / 1000.0).ok());
    millis.or_else(|| {
        let text = header?;
        seconds(text).or_else(|| Some(Duration::from_secs(http_date(text.trim())?.saturating_sub(now))))
    })
}

/// Unix seconds of `Sun, 06 Nov 1994 08:49:37 GMT`, the one form servers may send today.
fn http_date(text: &str) -> Option<u64> {
    let mut words = text.split_once(", ")?.1.split(' ');
    let day: u64 = words.next()?.parse().ok()?;
    let name = words.next()?;
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let month = MONTHS.iter().position(|m| *m == name)? as u64 + 1;
    let year: u64 = words.next()?.parse().ok().filter(|y| (1970..=9999).contains(y))?;
    let mut clock = words
        .next()?
        .split(':')
        .map(|n| n.parse::<u64>().ok().filter(|n| *n < 62));
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    if words.next() != Some("GMT") || !(1..=31).contains(&day) {
        return None;
    }
    // Days since 1970 by counting years from March, so that a leap day comes last.
    let (y, m) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1;
    Some(days.checked_sub(719_468)? * 86_400 + hour * 3600 + minute * 60 + second)
}

/// At most `max` bytes of `text`, cut between characters.
pub(crate) fn clip(text: &str, max: usize) -> String {
    text.get(..text.floor_char_boundary(max))
        .unwrap_or(text)
        .to_owned()
}

#[cfg(test)]
mod tests;
