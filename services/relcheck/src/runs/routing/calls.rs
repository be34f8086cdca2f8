//! The requests of a scenario, made as they fall due by an application that streams.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use serde_json::json;
use sluicegate_routing_sim::scenario::Scenario;
use sluicegate_routing_sim::world::{Request, arrivals};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::tenant;

/// Bytes of a prompt that the mock provider counts as a token, and tokens it counts beside the text.
const BYTES: f64 = 4.0;
const BESIDE: f64 = 7.0;

/// Where calls go.
#[derive(Debug)]
pub(super) struct Callers {
    /// By worker.
    pub(super) bases: Vec<String>,
    pub(super) secret: String,
    pub(super) model: String,
    /// No answer is waited for longer.
    pub(super) patience: Duration,
}

/// Makes every request of the scenario, and fills in how it went.
pub(super) async fn make(
    scenario: &Scenario,
    seed: u64,
    callers: Callers,
    begun: Instant,
) -> anyhow::Result<Vec<Request>> {
    let (http, callers) = (tenant::http_client()?, Arc::new(callers));
    let (mut under_way, mut made) = (JoinSet::new(), Vec::new());
    for request in arrivals(scenario, seed, scenario.workload.requests) {
        let due = begun + Duration::from_secs_f64(request.at);
        sleep_until(due).await;
        while let Some(ended) = under_way.try_join_next() {
            made.push(ended?);
        }
        let (http, callers) = (http.clone(), Arc::clone(&callers));
        under_way.spawn(async move {
            let answered = callers.call(&http, &request, due).await;
            Request {
                failed: answered.is_none(),
                ttft: answered.map_or(0.0, |it| it.as_secs_f64()),
                ..request
            }
        });
    }
    made.extend(under_way.join_all().await);
    Ok(made)
}

impl Callers {
    /// From when it was due until its first token came; `None`: it was not answered to its end.
    async fn call(&self, http: &reqwest::Client, request: &Request, due: Instant) -> Option<Duration> {
        let base = self.bases.get(request.router)?;
        let words = "w ".repeat(((request.input - BESIDE).max(1.0) * BYTES / 2.0) as usize);
        let body = json!({
            "model": self.model, "stream": true, "max_tokens": request.output as u64,
            "messages": [{ "role": "user", "content": format!("[[tag={}]]{words}", request.number) }],
        });
        let answer = http
            .post(format!("{base}/chat/completions"))
            .bearer_auth(&self.secret)
            .timeout(self.patience)
            .json(&body);
        let answer = answer.send().await.ok()?.error_for_status().ok()?;
        let (mut first, mut text, mut chunks) = (None, Vec::new(), answer.bytes_stream());
        while let Some(chunk) = chunks.next().await {
            text.extend_from_slice(&chunk.ok()?);
            first.get_or_insert_with(|| due.elapsed());
        }
        let text = String::from_utf8_lossy(&text);
        let is_whole = text.contains("data: [DONE]") && !text.contains("\"error\":");
        first.filter(|_| is_whole)
    }
}
