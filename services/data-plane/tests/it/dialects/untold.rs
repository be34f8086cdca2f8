//! Streams that pass through and never tell usage: the record is an estimate, and the caller is told the same where the
//! dialect leaves a place for it.

use sluicegate_contracts::usage::{Evidence, UsageRecord};

use crate::support::{Config, Provider, Script, Worker};

async fn streamed(provider: &str, path: &str, body: &str, frames: &[&str]) -> (String, UsageRecord) {
    let script = frames.iter().fold(Script::events(), Script::then).end();
    let upstream = Provider::start([script]).await;
    let mut config = Config::new();
    config.connect("main", provider, &upstream.url().replace("/v1", "/v1beta"));
    config.model("lab/m", provider, "m", 1_000_000, 2_000_000);
    let worker = Worker::start(&config);
    let response = worker.post(path, body).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let seen = response.text().await.unwrap();
    let record = worker.record().await;
    assert_eq!(record.attempts[0].evidence, Evidence::Estimated);
    (seen, record)
}

#[actix_web::test]
async fn the_closing_event_of_responses_tells_the_estimate() {
    let created = "event: response.created\ndata: {\"type\":\"response.created\",\"sequence_number\":0,\"response\":{\"id\":\"r\",\"status\":\"in_progress\",\"output\":[],\"usage\":null}}\n\n";
    let output = r#"[{"type":"message","id":"a","role":"assistant","status":"completed","content":[{"type":"output_text","text":"hello","annotations":[]}]}]"#;
    let completed = format!(
        "event: response.completed\ndata: {{\"type\":\"response.completed\",\"sequence_number\":1,\"response\":{{\"id\":\"r\",\"x\":1.50,\"status\":\"completed\",\"output\":{output},\"usage\":null}}}}\n\n"
    );
    let body = r#"{"model":"lab/m","input":"hello there","stream":true}"#;
    let (seen, record) = streamed("openai", "/v1/responses", body, &[created, &completed]).await;
    let told = format!(
        r#"{{"input_tokens":{},"input_tokens_details":{{"cached_tokens":0}},"output_tokens":{},"output_tokens_details":{{"reasoning_tokens":0}},"total_tokens":{},"cost":{}}}"#,
        record.tokens.input,
        record.tokens.output,
        record.tokens.input + record.tokens.output,
        record.cost.unwrap(),
    );
    let expected = completed.replace("\"usage\":null", &format!("\"usage\":{told}"));
    assert_eq!(seen, [created, &expected].concat());
}

#[actix_web::test]
async fn gemini_tells_it_in_a_chunk_of_its_own() {
    let one = "data: {\"candidates\":[{\"index\":0,\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"hello\"}]},\"finishReason\":\"STOP\"}], \"odd\":1.50}\r\n\r\n";
    let body = r#"{"contents":[{"role":"user","parts":[{"text":"hello there"}]}]}"#;
    let path = "/v1beta/models/lab/m:streamGenerateContent?alt=sse";
    let (seen, record) = streamed("google", path, body, &[one]).await;
    let told = format!(
        "data: {{\"usageMetadata\":{{\"promptTokenCount\":{},\"candidatesTokenCount\":{},\"totalTokenCount\":{}}}}}\r\n\r\n",
        record.tokens.input,
        record.tokens.output,
        record.tokens.input + record.tokens.output
    );
    assert_eq!(seen, [one, &told].concat());
}

#[actix_web::test]
async fn a_stream_of_messages_ends_as_its_provider_ended_it() {
    let frames = [
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"c\",\"content\":[]}}\n\n",
        "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"hello\"}}\n\n",
        "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n",
        "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\n",
        "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
    ];
    let body = r#"{"model":"lab/m","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"hello there"}]}"#;
    let (seen, _) = streamed("anthropic", "/v1/messages", body, &frames).await;
    assert_eq!(seen, frames.concat());
}
