//! Calls as an application makes them, and what the application can say about them afterwards.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::StreamExt;
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};

/// What the caller knows of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Seen {
    /// The whole answer arrived, to its proper end.
    Answered,
    /// A typed error answer: its status and code.
    Refused(u16, String),
    /// A stream that ended in an error event, with this code.
    ErrorEvent(String),
    /// Neither an answer nor an error.
    Broken(Break),
    /// The caller closed the connection itself, at this Unix time in milliseconds.
    HungUp(u64),
}

/// How a call broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Break {
    /// No connection could be made.
    Unreachable,
    /// The connection ended before the head of an answer.
    BeforeHead,
    /// It ended in the middle of an answer.
    MidAnswer,
    /// An answer came to an end that looks proper and lacks its last part.
    Truncated,
    /// Nothing, or not all, came in time.
    TimedOut,
}

/// One call in the caller's log.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// Trace id the caller gave it: its name when no head arrives.
    pub(crate) trace: String,
    pub(crate) asked: Asked,
    /// `x-request-id` of the answer, when a head arrived.
    pub(crate) id: Option<String>,
    pub(crate) seen: Seen,
    /// Tokens as the answer told them (input, output).
    pub(crate) told: Option<(u64, u64)>,
    /// Cost as the answer told it, in nano-dollars.
    pub(crate) told_cost: Option<u64>,
    /// The text of a whole answer, or of all chunks.
    pub(crate) text: String,
}

/// What was asked.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) model: String,
    /// Length of the text the model reads.
    pub(crate) prompt_bytes: u64,
    /// Length of the request's body.
    pub(crate) body_bytes: u64,
}

/// How a call is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// One JSON document.
    Whole,
    /// A stream that tells usage.
    Streamed,
    /// A stream without a word about usage.
    StreamedWithoutUsage,
}

/// How long a caller stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stay {
    /// To the end.
    ToTheEnd,
    /// Until so many words of a stream are there.
    ForWords(usize),
    /// For so long.
    For(Duration),
}

/// An application with a key.
#[derive(Debug, Clone)]
pub(crate) struct App {
    http: reqwest::Client,
    key: String,
}

impl App {
    pub(crate) fn new(key: &str) -> Self {
        Self {
            http: super::http_client(),
            key: key.to_owned(),
        }
    }

    /// Asks a model something and stays to the end.
    pub(crate) async fn chat(&self, base: &str, model: &str, manner: Manner, prompt: &str) -> Call {
        self.chat_for(base, model, manner, prompt, Stay::ToTheEnd).await
    }

    /// Asks a model something for an answer of at most so many tokens.
    pub(crate) async fn chat_briefly(&self, base: &str, model: &str, prompt: &str, max_tokens: u64) -> Call {
        let body = json!({
            "model": model, "max_tokens": max_tokens, "messages": [{ "role": "user", "content": prompt }],
        });
        let (call, request) = self.prepare(base, "/chat/completions", &body, prompt);
        make(call, request, false, Stay::ToTheEnd).await
    }

    /// Asks a model something briefly, in a session that is to cost no more than so many dollars.
    pub(crate) async fn chat_in_session(
        &self,
        base: &str,
        model: &str,
        prompt: &str,
        (session, cap): (&str, &str),
    ) -> Call {
        let body = json!({
            "model": model, "max_tokens": 20, "messages": [{ "role": "user", "content": prompt }],
            "sluicegate": { "session": session, "session_budget": cap },
        });
        let (call, request) = self.prepare(base, "/chat/completions", &body, prompt);
        make(call, request, false, Stay::ToTheEnd).await
    }

    /// Asks a model something.
    pub(crate) async fn chat_for(
        &self,
        base: &str,
        model: &str,
        manner: Manner,
        prompt: &str,
        stay: Stay,
    ) -> Call {
        let mut body = json!({ "model": model, "messages": [{ "role": "user", "content": prompt }] });
        match manner {
            Manner::Whole => {}
            Manner::Streamed => {
                body["stream"] = json!(true);
                body["stream_options"] = json!({ "include_usage": true });
            }
            Manner::StreamedWithoutUsage => body["stream"] = json!(true),
        }
        let (call, request) = self.prepare(base, "/chat/completions", &body, prompt);
        make(call, request, manner != Manner::Whole, stay).await
    }

    /// Asks for a vector.
    pub(crate) async fn embed(&self, base: &str, model: &str, input: &str) -> Call {
        let body = json!({ "model": model, "input": input });
        let (call, request) = self.prepare(base, "/embeddings", &body, input);
        make(call, request, false, Stay::ToTheEnd).await
    }

    fn prepare(&self, base: &str, path: &str, body: &Value, prompt: &str) -> (Call, RequestBuilder) {
        let text = body.to_string();
        let call = Call {
            trace: format!("{:032x}", rand::random::<u128>()),
            asked: Asked {
                model: body["model"].as_str().unwrap().to_owned(),
                prompt_bytes: prompt.len() as u64,
                body_bytes: text.len() as u64,
            },
            id: None,
            seen: Seen::Broken(Break::BeforeHead),
            told: None,
            told_cost: None,
            text: String::new(),
        };
        let request = self
            .http
            .post(format!("{base}{path}"))
            .bearer_auth(&self.key)
            .header("content-type", "application/json")
            .header("traceparent", format!("00-{}-{:016x}-00", call.trace, 1))
            .timeout(Duration::from_secs(30))
            .body(text);
        (call, request)
    }

    /// The status of the list of models.
    pub(crate) async fn models_status(&self, base: &str) -> Option<u16> {
        let url = format!("{base}/models");
        let request = self
            .http
            .get(url)
            .bearer_auth(&self.key)
            .timeout(Duration::from_secs(5));
        request.send().await.ok().map(|answer| answer.status().as_u16())
    }
}

async fn make(mut call: Call, request: RequestBuilder, streamed: bool, stay: Stay) -> Call {
    let answered = async {
        match request.send().await {
            Ok(answer) => call.read(answer, streamed, stay).await,
            Err(error) => call.seen = Seen::Broken(broken(&error, Break::BeforeHead)),
        }
    };
    match stay {
        Stay::ToTheEnd | Stay::ForWords(_) => answered.await,
        Stay::For(length) => {
            if tokio::time::timeout(length, answered).await.is_err() {
                call.seen = hung_up();
            }
        }
    }
    call
}

impl Call {
    async fn read(&mut self, answer: Response, streamed: bool, stay: Stay) {
        let header = |name: &str| Some(answer.headers().get(name)?.to_str().unwrap().to_owned());
        self.id = header("x-request-id");
        self.told_cost = header("x-sluicegate-cost").and_then(|cost| nanos(&cost));
        let status = answer.status().as_u16();
        // What arrived before a break counts as arrived.
        let (mut bytes, mut broke, mut chunks) = (Vec::new(), None, answer.bytes_stream());
        while let Some(chunk) = chunks.next().await {
            match chunk {
                Ok(chunk) => bytes.extend_from_slice(&chunk),
                Err(error) => broke = Some(broken(&error, Break::MidAnswer)),
            }
            if let Stay::ForWords(words) = stay {
                self.read_stream(&String::from_utf8_lossy(&bytes));
                if self.words() >= words {
                    self.seen = hung_up();
                    return;
                }
            }
        }
        let text = String::from_utf8_lossy(&bytes);
        self.seen = Seen::Broken(Break::Truncated);
        match (status, streamed) {
            (200, true) => self.read_stream(&text),
            (200, false) => self.read_whole(&text),
            _ => {
                let error: Value = serde_json::from_str(&text).unwrap_or_default();
                let code = error["error"]["code"].as_str().unwrap_or_default();
                self.seen = Seen::Refused(status, code.to_owned());
            }
        }
        if let Some(broke) = broke {
            self.seen = Seen::Broken(broke);
        }
    }

    fn read_whole(&mut self, text: &str) {
        let Ok(answer) = serde_json::from_str::<Value>(text) else {
            return;
        };
        let content = &answer["choices"][0]["message"]["content"];
        content.as_str().unwrap_or_default().clone_into(&mut self.text);
        self.tell(&answer["usage"]);
        self.seen = Seen::Answered;
    }

    fn read_stream(&mut self, text: &str) {
        self.text.clear();
        for line in text.lines().filter_map(|line| line.strip_prefix("data: ")) {
            if line == "[DONE]" {
                self.seen = Seen::Answered;
                return;
            }
            let Ok(chunk) = serde_json::from_str::<Value>(line) else {
                return;
            };
            if chunk["error"].is_object() {
                let code = chunk["error"]["code"].as_str().unwrap_or_default();
                self.seen = Seen::ErrorEvent(code.to_owned());
                return;
            }
            let content = &chunk["choices"][0]["delta"]["content"];
            self.text.push_str(content.as_str().unwrap_or_default());
            self.tell(&chunk["usage"]);
        }
    }

    fn tell(&mut self, usage: &Value) {
        if let Some(input) = usage["prompt_tokens"].as_u64() {
            self.told = Some((input, usage["completion_tokens"].as_u64().unwrap_or(0)));
        }
        if let Some(cost) = usage["cost"].as_f64() {
            self.told_cost = nanos(&format!("{cost:.9}"));
        }
    }

    /// Words of the answer that arrived.
    pub(crate) fn words(&self) -> usize {
        self.text.split_whitespace().count()
    }

    /// The id, for a call that was answered.
    #[track_caller]
    pub(crate) fn answered(&self) -> &str {
        assert_eq!(self.seen, Seen::Answered, "{self:?}");
        self.id.as_deref().expect("every answer has a request id")
    }
}

fn broken(error: &reqwest::Error, otherwise: Break) -> Break {
    if error.is_timeout() {
        Break::TimedOut
    } else if error.is_connect() {
        Break::Unreachable
    } else {
        otherwise
    }
}

fn hung_up() -> Seen {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Seen::HungUp(u64::try_from(now.as_millis()).unwrap())
}

/// Nano-dollars of a decimal with nine decimals.
pub(crate) fn nanos(amount: &str) -> Option<u64> {
    let (whole, decimals) = amount.split_once('.')?;
    assert_eq!(decimals.len(), 9, "{amount}");
    format!("{whole}{decimals}").parse().ok()
}
