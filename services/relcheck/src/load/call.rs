//! One call as an application makes it, and what the application can say about it afterwards.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::StreamExt;
use reqwest::{Response, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};

use crate::scene::Caller;
use crate::stack::provider::{MODEL, PRICE};

/// Tokens that a provider may put around a prompt, beyond one for each byte of the request.
const TEMPLATE_TOKENS: u64 = 64;
/// No fault lasts that long.
const PATIENCE: Duration = Duration::from_secs(90);

/// Tries of a call that was not read.
const ATTEMPTS: u32 = 3;

/// What the caller knows of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) enum Seen {
    /// The whole answer arrived, to its proper end.
    Answered,
    /// A typed error, as an answer or as the last event of a stream: status, code, and all of it.
    Refused(u16, String, Value),
    /// Neither an answer nor an error.
    Broken(String),
}

/// A line of the callers' log. Times are in Unix milliseconds.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Call {
    pub(crate) caller: usize,
    pub(crate) worker: usize,
    /// Its name when no head of an answer arrives.
    pub(crate) trace: String,
    /// `x-request-id` of the answer.
    pub(crate) id: Option<String>,
    pub(crate) began: u64,
    pub(crate) ended: u64,
    pub(crate) seen: Seen,
    /// What the answer says it cost, in nano-dollars.
    pub(crate) told_cost: Option<u64>,
    /// The most it can cost by the provider's price list.
    pub(crate) bound: u64,
}

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) max_tokens: u64,
    pub(crate) is_streamed: bool,
}

/// Milliseconds since the Unix epoch.
pub(crate) fn unix_millis() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Makes a call through the worker at `base`.
pub(crate) async fn make(
    http: &reqwest::Client,
    base: &str,
    (number, caller): (usize, &Caller),
    worker: usize,
    asked: Asked,
    trace: u128,
) -> Call {
    let mut body = json!({
        "model": MODEL, "max_tokens": asked.max_tokens,
        "messages": [{ "role": "user", "content": format!("[[tag={}]]", caller.name) }],
    });
    if asked.is_streamed {
        body["stream"] = json!(true);
        body["stream_options"] = json!({ "include_usage": true });
    }
    let text = body.to_string();
    let bound = PRICE.cost_nano_usd(text.len() as u64 + TEMPLATE_TOKENS, 0, asked.max_tokens);
    let trace = format!("{trace:032x}");
    let request = || {
        let request = http
            .post(format!("{base}/chat/completions"))
            .bearer_auth(&caller.secret)
            .header("content-type", "application/json")
            .header("x-sluicegate-user", caller.end_user);
        request
            .header("traceparent", format!("00-{trace}-{:016x}-00", 1))
            .timeout(PATIENCE)
            .body(text.clone())
    };
    let mut call = Call {
        caller: number,
        worker,
        trace: trace.clone(),
        id: None,
        began: unix_millis(),
        ended: 0,
        seen: Seen::Broken(String::new()),
        told_cost: None,
        bound,
    };
    for attempt in 1..=ATTEMPTS {
        match request().send().await {
            Ok(answer) if is_no_answer(&answer) && attempt < ATTEMPTS => {}
            Ok(answer) => {
                call.read(answer, asked.is_streamed).await;
                break;
            }
            Err(error) => {
                call.seen = Seen::Broken(kind(&error, "before the head").to_owned());
                break;
            }
        }
    }
    call.ended = unix_millis();
    call
}

/// A server that waited in vain for a request on a connection says so; a client that just then sends one takes it for
/// the answer. Every SDK sends the request again.
fn is_no_answer(answer: &Response) -> bool {
    answer.status() == StatusCode::REQUEST_TIMEOUT && !answer.headers().contains_key("x-request-id")
}

fn kind(error: &reqwest::Error, otherwise: &'static str) -> &'static str {
    if error.is_timeout() {
        "timed out"
    } else if error.is_connect() {
        "no connection"
    } else {
        otherwise
    }
}

impl Call {
    async fn read(&mut self, answer: Response, is_streamed: bool) {
        let header = |name: &str| answer.headers().get(name)?.to_str().ok().map(str::to_owned);
        self.id = header("x-request-id");
        self.told_cost = header("x-sluicegate-cost").and_then(|cost| nanos(&cost));
        let status = answer.status().as_u16();
        let (mut bytes, mut chunks) = (Vec::new(), answer.bytes_stream());
        while let Some(chunk) = chunks.next().await {
            match chunk {
                Ok(chunk) => bytes.extend_from_slice(&chunk),
                Err(error) => {
                    self.seen = Seen::Broken(kind(&error, "in the middle of the answer").to_owned());
                    return;
                }
            }
        }
        let text = String::from_utf8_lossy(&bytes);
        self.seen = match (status, is_streamed) {
            (200, true) => self.read_stream(&text),
            (200, false) => match serde_json::from_str::<Value>(&text) {
                Ok(_) => Seen::Answered,
                Err(_) => Seen::Broken("an answer that is not whole".to_owned()),
            },
            _ => refused(status, &serde_json::from_str(&text).unwrap_or_default()),
        };
    }

    fn read_stream(&mut self, text: &str) -> Seen {
        for line in text.lines().filter_map(|line| line.strip_prefix("data: ")) {
            if line == "[DONE]" {
                return Seen::Answered;
            }
            let chunk: Value = serde_json::from_str(line).unwrap_or_default();
            if chunk["error"].is_object() {
                return refused(200, &chunk);
            }
            if let Some(cost) = chunk["usage"]["cost"].as_f64() {
                self.told_cost = nanos(&format!("{cost:.9}"));
            }
        }
        Seen::Broken("a stream without its end".to_owned())
    }

    /// The code of the error it ended in.
    pub(crate) fn code(&self) -> Option<&str> {
        match &self.seen {
            Seen::Refused(_, code, _) => Some(code),
            Seen::Answered | Seen::Broken(_) => None,
        }
    }
}

fn refused(status: u16, body: &Value) -> Seen {
    let error = &body["error"];
    let code = error["code"].as_str().unwrap_or_default();
    Seen::Refused(status, code.to_owned(), error.clone())
}

/// Nano-dollars of a decimal with nine decimals.
pub(crate) fn nanos(amount: &str) -> Option<u64> {
    let (whole, decimals) = amount.split_once('.').unwrap_or((amount, ""));
    (decimals.len() <= 9).then(|| format!("{whole}{decimals:0<9}").parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call() -> Call {
        Call {
            caller: 0,
            worker: 0,
            trace: String::new(),
            id: None,
            began: 0,
            ended: 0,
            seen: Seen::Answered,
            told_cost: None,
            bound: 0,
        }
    }

    #[test]
    fn a_stream_is_answered_only_with_its_end() {
        let chunk = r#"data: {"choices":[],"usage":{"cost":0.000000150}}"#;
        let mut whole = call();
        assert_eq!(
            whole.read_stream(&format!("{chunk}\n\ndata: [DONE]\n\n")),
            Seen::Answered
        );
        assert_eq!(whole.told_cost, Some(150));
        assert!(matches!(call().read_stream(chunk), Seen::Broken(_)));
        let error = json!({"code": "budget_exceeded", "message": "m"});
        let refused = Seen::Refused(200, "budget_exceeded".to_owned(), error.clone());
        let error = format!("data: {}", json!({"error": error}));
        assert_eq!(
            call().read_stream(&format!("{error}\n\ndata: [DONE]\n\n")),
            refused
        );
    }

    #[test]
    fn amounts_are_read_to_the_nano_dollar() {
        assert_eq!(nanos("1.000000001"), Some(1_000_000_001));
        assert_eq!(nanos("0.5"), Some(500_000_000));
        assert_eq!(nanos("1"), Some(1_000_000_000));
        assert_eq!(nanos("0.0000000001"), None);
    }
}
