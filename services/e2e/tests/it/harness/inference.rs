//! Calls as an application makes them, and what the application can say about them afterwards.

use std::time::Duration;

use futures_util::StreamExt;
use serde_json::{Value, json};

/// What the caller knows of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Seen {
    /// The whole answer arrived, to its proper end.
    Answered,
    /// A typed error answer.
    Refused(u16, String),
    /// The connection could not be made, or broke.
    Broken,
}

/// One call in the caller's log.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// `x-request-id` of the answer, when a head arrived.
    pub(crate) id: Option<String>,
    pub(crate) seen: Seen,
    /// Tokens as the answer told them (input, output).
    pub(crate) told: Option<(u64, u64)>,
    /// The text of a whole answer, or of all chunks.
    pub(crate) text: String,
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

    /// Asks a model something.
    pub(crate) async fn chat(&self, base: &str, model: &str, manner: Manner, prompt: &str) -> Call {
        let mut body = json!({ "model": model, "messages": [{ "role": "user", "content": prompt }] });
        match manner {
            Manner::Whole => {}
            Manner::Streamed => {
                body["stream"] = json!(true);
                body["stream_options"] = json!({ "include_usage": true });
            }
            Manner::StreamedWithoutUsage => body["stream"] = json!(true),
        }
        self.post(base, "/chat/completions", &body, manner != Manner::Whole)
            .await
    }

    /// Asks for a vector.
    pub(crate) async fn embed(&self, base: &str, model: &str, input: &str) -> Call {
        let body = json!({ "model": model, "input": input });
        self.post(base, "/embeddings", &body, false).await
    }

    async fn post(&self, base: &str, path: &str, body: &Value, streamed: bool) -> Call {
        let sent = self
            .http
            .post(format!("{base}{path}"))
            .bearer_auth(&self.key)
            .timeout(Duration::from_secs(30))
            .json(body)
            .send()
            .await;
        let mut call = Call {
            id: None,
            seen: Seen::Broken,
            told: None,
            text: String::new(),
        };
        let Ok(answer) = sent else { return call };
        let id = answer.headers().get("x-request-id");
        call.id = id.map(|id| id.to_str().unwrap().to_owned());
        let status = answer.status().as_u16();
        // What arrived before a break counts as arrived.
        let (mut bytes, mut whole, mut chunks) = (Vec::new(), true, answer.bytes_stream());
        while let Some(chunk) = chunks.next().await {
            match chunk {
                Ok(chunk) => bytes.extend_from_slice(&chunk),
                Err(_) => whole = false,
            }
        }
        let text = String::from_utf8(bytes).unwrap();
        match (status, streamed) {
            (200, true) => call.read_stream(&text),
            (200, false) => call.read_whole(&text),
            _ if whole => {
                let error: Value = serde_json::from_str(&text).unwrap_or_default();
                let code = error["error"]["code"].as_str().unwrap_or_default();
                call.seen = Seen::Refused(status, code.to_owned());
            }
            _ => {}
        }
        if !whole {
            call.seen = Seen::Broken;
        }
        call
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

impl Call {
    fn read_whole(&mut self, text: &str) {
        let Ok(answer) = serde_json::from_str::<Value>(text) else {
            return;
        };
        let content = &answer["choices"][0]["message"]["content"];
        content.as_str().unwrap_or_default().clone_into(&mut self.text);
        self.told = told(&answer["usage"]);
        self.seen = Seen::Answered;
    }

    fn read_stream(&mut self, text: &str) {
        for line in text.lines().filter_map(|line| line.strip_prefix("data: ")) {
            if line == "[DONE]" {
                self.seen = Seen::Answered;
                return;
            }
            let Ok(chunk) = serde_json::from_str::<Value>(line) else {
                return;
            };
            let content = &chunk["choices"][0]["delta"]["content"];
            self.text.push_str(content.as_str().unwrap_or_default());
            self.told = told(&chunk["usage"]).or(self.told);
        }
    }

    /// The id, for a call that was answered.
    #[track_caller]
    pub(crate) fn answered(&self) -> &str {
        assert_eq!(self.seen, Seen::Answered, "{self:?}");
        self.id.as_deref().expect("every answer has a request id")
    }
}

fn told(usage: &Value) -> Option<(u64, u64)> {
    let input = usage["prompt_tokens"].as_u64()?;
    Some((input, usage["completion_tokens"].as_u64().unwrap_or(0)))
}
