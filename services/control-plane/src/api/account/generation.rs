//! `GET /generation?id=`: one call, by the name its answer had in `x-request-id`. A management key sees every call of its
//! organization, an inference key its own.

use actix_web::web::Query;
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sluicegate_contracts::ids::{ApiKeyId, ProjectId, RequestId};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::usage::AttemptRecord;
use time::OffsetDateTime;

use super::shapes::{Data, dollars};
use crate::api::extract::account::{Account, Presented};
use crate::api::reply::Reply;
use crate::error::{Error, Result};
use crate::store::requests::{self, LoggedRequest};

/// Which call.
#[derive(Deserialize)]
pub(super) struct Wanted {
    id: String,
}

/// What is known of a call. Of what OpenRouter tells and nobody here keeps there is null, or the value that says so.
#[derive(Serialize)]
struct Generation {
    id: RequestId,
    request_id: RequestId,
    session_id: Option<String>,
    upstream_id: Option<String>,
    total_cost: f64,
    usage: f64,
    cache_discount: Option<f64>,
    upstream_inference_cost: Option<f64>,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    model: String,
    app_id: Option<i64>,
    streamed: bool,
    cancelled: bool,
    provider_name: Option<String>,
    /// Milliseconds to the first byte.
    latency: Option<f64>,
    moderation_latency: Option<f64>,
    /// Milliseconds from the first byte to the last.
    generation_time: Option<f64>,
    finish_reason: Option<String>,
    native_finish_reason: Option<String>,
    service_tier: Option<String>,
    tokens_prompt: i64,
    tokens_completion: i64,
    native_tokens_prompt: i64,
    native_tokens_completion: i64,
    native_tokens_completion_images: Option<i64>,
    native_tokens_reasoning: i64,
    native_tokens_cached: i64,
    num_media_prompt: Option<i64>,
    num_input_audio_prompt: Option<i64>,
    num_media_completion: Option<i64>,
    num_search_results: Option<i64>,
    num_fetches: Option<i64>,
    web_search_engine: Option<String>,
    origin: &'static str,
    is_byok: bool,
    external_user: Option<String>,
    api_type: &'static str,
    preset_id: Option<String>,
    router: Option<String>,
    provider_responses: Vec<Value>,
    user_agent: Option<String>,
    http_referer: Option<String>,
    data_region: &'static str,
    workspace_id: ProjectId,
}

fn api_type(operation: &str) -> &'static str {
    match operation {
        "embeddings" => "embeddings",
        "rerank" => "rerank",
        _ => "completions",
    }
}

fn response_of(attempt: &AttemptRecord) -> Value {
    serde_json::json!({
        "id": null,
        "endpoint_id": attempt.endpoint,
        "provider_name": attempt.provider,
        "model_permaslug": attempt.upstream_model,
        "status": attempt.status,
        "latency": attempt.first_byte_us.map(millis),
        "is_byok": is_own(attempt),
    })
}

/// Whether it went over a connection of the tenant's own: credit pays for the host's.
fn is_own(attempt: &AttemptRecord) -> bool {
    attempt.connection.is_some() && attempt.credit.is_none()
}

fn millis(micros: u64) -> f64 {
    micros as f64 / 1_000.0
}

impl Generation {
    fn of(row: LoggedRequest) -> Self {
        let attempts: Vec<AttemptRecord> = serde_json::from_value(row.attempts).unwrap_or_default();
        let cost = dollars(NanoUsd::from_nanos(row.cost_nanos.unwrap_or_default()));
        let first = row.first_byte_us;
        Self {
            id: row.id.into(),
            request_id: row.id.into(),
            session_id: row.session,
            upstream_id: None,
            total_cost: cost,
            usage: cost,
            cache_discount: None,
            upstream_inference_cost: None,
            created_at: row.started_at,
            model: row.model_served.unwrap_or(row.model_requested),
            app_id: None,
            streamed: row.stream,
            cancelled: row.outcome == "client_gone",
            provider_name: row.provider,
            latency: first.map(|micros| millis(micros.unsigned_abs())),
            moderation_latency: None,
            generation_time: first.map(|micros| millis((row.duration_us - micros).max(0).unsigned_abs())),
            finish_reason: None,
            native_finish_reason: None,
            service_tier: None,
            tokens_prompt: row.input_tokens,
            tokens_completion: row.output_tokens,
            native_tokens_prompt: row.input_tokens,
            native_tokens_completion: row.output_tokens,
            native_tokens_completion_images: None,
            native_tokens_reasoning: row.reasoning_tokens,
            native_tokens_cached: row.cache_read_tokens,
            num_media_prompt: None,
            num_input_audio_prompt: None,
            num_media_completion: None,
            num_search_results: None,
            num_fetches: None,
            web_search_engine: None,
            origin: "",
            is_byok: attempts.last().is_some_and(is_own),
            external_user: row.end_user,
            api_type: api_type(&row.operation),
            preset_id: None,
            router: row.route_slug.map(|slug| format!("route/{slug}")),
            provider_responses: attempts.iter().map(response_of).collect(),
            user_agent: None,
            http_referer: None,
            data_region: "global",
            workspace_id: row.project_id.into(),
        }
    }
}

pub(super) async fn generation(account: Account, query: Query<Wanted>) -> Result<Reply> {
    let id: RequestId = query.id.parse().map_err(|_| Error::not_found())?;
    let own: Option<ApiKeyId> = match &account.key {
        Presented::Management(_) => None,
        Presented::Inference(key) => Some(key.id),
    };
    let caller = account.caller();
    let organization = caller.organization()?;
    let row = caller
        .find(move |connection| requests::find_of_organization(connection, organization, id).boxed())
        .await?;
    if own.is_some_and(|key| key.as_uuid() != row.api_key_id) {
        return Err(Error::not_found());
    }
    Reply::ok(&Data {
        data: Generation::of(row),
    })
}
