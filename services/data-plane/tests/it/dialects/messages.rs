//! Anthropic's Messages: translated to a chat provider, passed through to one of their own.

use serde_json::{Value, json};
use sluicegate_contracts::usage::{AttemptOutcome, Outcome};

use super::{CHAT_ANSWER, CHAT_HEL, chat_stream, events, header, with_chat};
use crate::support::config::credential;
use crate::support::{Config, Provider, Script, Worker, eventually};

fn message(model: &str, stream: bool) -> String {
    format!(
        r#"{{"model":"{model}","max_tokens":64,"stream":{stream},"system":"Be brief.","messages":[{{"role":"user","content":"hello there"}}]}}"#
    )
}

#[actix_web::test]
async fn the_echo_answers_a_message() {
    let worker = Worker::start(&Config::new());
    let response = worker
        .post("/v1/messages?beta=true", message("sluicegate/echo", false))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(header(&response, "request-id"), header(&response, "x-request-id"));
    let answer: Value = response.json().await.unwrap();
    assert_eq!(
        (&answer["type"], &answer["role"], &answer["stop_reason"]),
        (&json!("message"), &json!("assistant"), &json!("end_turn"))
    );
    assert_eq!(answer["content"][0]["text"], "You said: hello there");
    assert_eq!(answer["usage"]["input_tokens"], 4);
    let record = worker.record().await;
    assert_eq!((record.outcome, record.status), (Outcome::Served, 200));
}

#[actix_web::test]
async fn a_chat_provider_serves_a_message() {
    let (worker, provider) = with_chat([Script::json(200, CHAT_ANSWER)]).await;
    let response = worker
        .post("/v1/messages", message("local/m", false))
        .send()
        .await
        .unwrap();
    assert_eq!(
        header(&response, "x-sluicegate-endpoint"),
        Some("openai-compatible/local")
    );
    let answer: Value = response.json().await.unwrap();
    assert_eq!(answer["content"], json!([{"type": "text", "text": "Hi."}]));
    assert_eq!(answer["usage"]["output_tokens"], 2);
    let sent: Value = serde_json::from_str(&provider.received()[0].body).unwrap();
    assert_eq!(sent["model"], "m");
    assert_eq!(
        sent["messages"][0],
        json!({"role": "system", "content": "Be brief."})
    );
    assert_eq!(
        sent["messages"][1],
        json!({"role": "user", "content": "hello there"})
    );
    assert_eq!(worker.record().await.tokens.input, 9);
    let record = worker.record().await;
    let spoken = record.attempts[0].dialect.as_deref();
    assert_eq!(
        (record.dialect.as_deref(), spoken),
        (Some("anthropic_messages"), Some("openai_chat"))
    );
}

#[actix_web::test]
async fn a_streamed_message_keeps_the_order_of_its_events() {
    let (worker, _provider) = with_chat([chat_stream()]).await;
    let response = worker
        .post("/v1/messages", message("local/m", true))
        .send()
        .await
        .unwrap();
    assert!(
        header(&response, "content-type")
            .unwrap()
            .starts_with("text/event-stream")
    );
    let events = events(&response.text().await.unwrap());
    let names: Vec<&str> = events
        .iter()
        .map(|(name, _)| name.as_str())
        .filter(|name| *name != "ping")
        .collect();
    assert_eq!(
        names,
        [
            "message_start",
            "content_block_start",
            "content_block_delta",
            "content_block_delta",
            "content_block_stop",
            "message_delta",
            "message_stop"
        ]
    );
    let closing = &events[events.len() - 2].1;
    assert_eq!(closing["usage"]["output_tokens"], 2);
    assert_eq!(closing["delta"]["stop_reason"], "end_turn");
    let record = worker.record().await;
    assert_eq!((record.outcome, record.tokens.input), (Outcome::Served, 11));
}

#[actix_web::test]
async fn a_tool_is_called_and_its_result_answered() {
    let worker = Worker::start(&Config::new());
    let tools = r#""tools":[{"name":"get_weather","description":"x","input_schema":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}],"tool_choice":{"type":"any"}"#;
    let body = format!(
        r#"{{"model":"sluicegate/echo","max_tokens":64,{tools},"messages":[{{"role":"user","content":"Berlin"}}]}}"#
    );
    let answer: Value = worker
        .post("/v1/messages", body)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(answer["stop_reason"], "tool_use");
    let call = &answer["content"][0];
    assert_eq!(
        (&call["type"], &call["name"]),
        (&json!("tool_use"), &json!("get_weather"))
    );
    assert_eq!(call["input"], json!({"city": "Berlin"}));

    let id = &call["id"];
    let turn = json!({
        "model": "sluicegate/echo", "max_tokens": 64,
        "messages": [
            {"role": "user", "content": "Berlin"},
            {"role": "assistant", "content": [call]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": id, "content": "sunny"}]},
        ],
    });
    let answer: Value = worker
        .post("/v1/messages", turn.to_string())
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(answer["content"][0]["text"], "The tool said: sunny");
}

#[actix_web::test]
async fn errors_are_told_in_the_words_of_the_dialect() {
    let worker = Worker::start(&Config::new());
    for (model, status, kind) in [
        ("sluicegate/echo:429", 429, "rate_limit_error"),
        ("sluicegate/echo:400", 400, "invalid_request_error"),
        ("sluicegate/echo:500", 502, "api_error"),
        ("sluicegate/echo:401", 502, "api_error"),
        ("no/such", 404, "not_found_error"),
    ] {
        let response = worker
            .post("/v1/messages", message(model, false))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), status, "{model}");
        assert!(header(&response, "request-id").is_some());
        assert!(header(&response, "x-should-retry").is_some());
        let answer: Value = response.json().await.unwrap();
        assert_eq!(
            (&answer["type"], &answer["error"]["type"]),
            (&json!("error"), &json!(kind)),
            "{model}"
        );
        assert!(
            answer["error"]["message"]
                .as_str()
                .is_some_and(|it| !it.is_empty())
        );
    }
}

#[actix_web::test]
async fn a_cut_stream_ends_in_an_error_event_and_never_in_message_stop() {
    let (worker, _provider) = with_chat([Script::events().then(CHAT_HEL).cut()]).await;
    let text = worker
        .post("/v1/messages", message("local/m", true))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(!text.contains("message_stop"), "{text}");
    let events = events(&text);
    let (name, last) = events.last().unwrap();
    assert_eq!(
        (name.as_str(), &last["error"]["type"]),
        ("error", &json!("api_error"))
    );
    let record = worker.record().await;
    assert_eq!(
        (record.outcome, record.attempts[0].outcome),
        (Outcome::Cut, AttemptOutcome::Cut)
    );
}

#[actix_web::test]
async fn a_caller_that_hangs_up_stops_a_translated_stream() {
    let (worker, provider) = with_chat([Script::events().then(CHAT_HEL).hang()]).await;
    let mut response = worker
        .post("/v1/messages", message("local/m", true))
        .send()
        .await
        .unwrap();
    assert!(response.chunk().await.unwrap().is_some());
    drop(response);
    eventually("the provider is hung up on", || {
        (provider.hung_up_on() == 1).then_some(())
    })
    .await;
    assert_eq!(worker.record().await.outcome, Outcome::ClientGone);
}

const ANSWER: &str = r#"{"id":"msg_1","type":"message","role":"assistant","model":"claude-x","x_new":[1.50],"content":[{"type":"text","text":"h\u00e9"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":5,"cache_read_input_tokens":3,"output_tokens":2}}"#;

async fn with_anthropic(scripts: impl IntoIterator<Item = Script>) -> (Worker, Provider) {
    let provider = Provider::start(scripts).await;
    let mut config = Config::new();
    config.connect("main", "anthropic", &provider.url());
    config.model(
        "anthropic/claude-x",
        "anthropic",
        "claude-x-1",
        3_000_000,
        15_000_000,
    );
    (Worker::start(&config), provider)
}

#[actix_web::test]
async fn a_provider_of_messages_gets_and_gives_every_byte() {
    let (worker, provider) = with_anthropic([Script::json(200, ANSWER)]).await;
    let body = r#"{ "model":"anthropic/claude-x","max_tokens":64, "x_new": {"a":1e3},"messages":[{"role":"user","content":"h\u00e9"}], "sluicegate":{"tags":["a"]}}"#;
    let response = worker
        .post("/v1/messages", body)
        .header("anthropic-version", "2023-06-01")
        .header("anthropic-beta", "x-2025")
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(header(&response, "x-sluicegate-dropped"), None);
    assert_eq!(response.text().await.unwrap(), ANSWER);
    let received = &provider.received()[0];
    let sent = body
        .replace("\"anthropic/claude-x\"", "\"claude-x-1\"")
        .replace(r#", "sluicegate":{"tags":["a"]}"#, "");
    assert_eq!(received.body, sent);
    let head = received.head.to_ascii_lowercase();
    assert!(head.starts_with("post /v1/messages "), "{head}");
    assert!(head.contains("anthropic-beta: x-2025"));
    assert!(head.contains(&format!("x-api-key: {}", credential("main"))));
    assert!(!head.contains("sk-sg-"));
    let record = worker.record().await;
    assert_eq!((record.tokens.input, record.tokens.cache_read), (8, 3));
    assert!(record.cost.is_some());
}

const STREAM: [&str; 7] = [
    "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-x\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":5,\"output_tokens\":1}}}\n\n",
    "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
    "event: ping\ndata: {\"type\": \"ping\"}\n\n",
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hello\"}}\n\n",
    "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n",
    "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":2}}\n\n",
    "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
];

fn script(frames: &[&str]) -> Script {
    frames
        .iter()
        .fold(Script::events(), |script, frame| script.then(frame))
}

#[actix_web::test]
async fn a_stream_of_messages_passes_on_with_the_cost_in_its_closing_usage() {
    let (worker, _provider) = with_anthropic([script(&STREAM).end()]).await;
    let body = message("anthropic/claude-x", true);
    let text = worker
        .post("/v1/messages", body)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    // 5 tokens in at 3 micro-dollars, 2 out at 15.
    let priced = STREAM.concat().replace(
        "\"output_tokens\":2}",
        "\"output_tokens\":2,\"cost\":0.000045000}",
    );
    assert_eq!(text, priced);
    let record = worker.record().await;
    assert_eq!((record.tokens.input, record.tokens.output), (5, 2));
}

#[actix_web::test]
async fn a_cut_or_an_error_in_a_passed_stream_never_looks_complete() {
    let overloaded = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n";
    for (script, last) in [
        (script(&STREAM[..4]).cut(), "api_error"),
        (script(&STREAM[..6]).cut(), "api_error"),
        (script(&STREAM[..4]).then(overloaded).end(), "overloaded_error"),
    ] {
        let (worker, _provider) = with_anthropic([script]).await;
        let body = message("anthropic/claude-x", true);
        let text = worker
            .post("/v1/messages", body)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap();
        let events = events(&text);
        assert_eq!(events.last().unwrap().1["error"]["type"], last, "{text}");
        assert!(!text.contains("message_stop"), "{text}");
        assert_eq!(worker.record().await.outcome, Outcome::Cut);
    }
}

#[actix_web::test]
async fn a_chat_caller_reaches_a_provider_of_messages() {
    let (worker, provider) = with_anthropic([Script::json(200, ANSWER), script(&STREAM).end()]).await;
    let answer: Value = worker
        .chat(crate::support::chat("anthropic/claude-x", false))
        .await
        .json()
        .await
        .unwrap();
    assert!(provider.received()[0].head.starts_with("POST /v1/messages "));
    assert_eq!(answer["choices"][0]["message"]["content"], "h\u{e9}");
    assert_eq!(answer["usage"]["prompt_tokens"], 8);
    let text = worker
        .chat(crate::support::chat("anthropic/claude-x", true))
        .await
        .text()
        .await
        .unwrap();
    assert!(text.ends_with("data: [DONE]\n\n"), "{text}");
    let said: String = events(&text)
        .iter()
        .filter_map(|(_, it)| it["choices"][0]["delta"]["content"].as_str())
        .collect();
    assert_eq!(said, "Hello");
    // Messages take no request without a limit: the gateway gives one.
    let sent: Value = serde_json::from_str(&provider.received()[0].body).unwrap();
    assert!(sent["max_tokens"].as_u64().is_some_and(|it| it > 0), "{sent}");
}

#[actix_web::test]
async fn an_error_of_the_provider_passes_on_or_is_retold() {
    let overloaded =
        r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_1"}"#;
    let (worker, provider) = with_anthropic([Script::json(529, overloaded)]).await;
    let body = message("anthropic/claude-x", false);
    let own = worker.post("/v1/messages", body).send().await.unwrap();
    assert_eq!(own.status(), 529);
    assert_eq!(header(&own, "x-should-retry"), Some("true"));
    assert_eq!(own.text().await.unwrap(), overloaded);
    let other = worker
        .chat(crate::support::chat("anthropic/claude-x", false))
        .await;
    assert_eq!(other.status(), 503);
    let answer: Value = other.json().await.unwrap();
    assert_eq!(
        (&answer["error"]["message"], &answer["error"]["type"]),
        (&json!("Overloaded"), &json!("service_unavailable"))
    );

    // A credential that a provider quotes goes no further, in any dialect.
    let leak = format!(
        r#"{{"type":"error","error":{{"type":"invalid_request_error","message":"bad {}"}}}}"#,
        credential("main")
    );
    drop((worker, provider));
    let (worker, _provider) = with_anthropic([Script::json(400, &leak)]).await;
    for response in [
        worker
            .post("/v1/messages", message("anthropic/claude-x", false))
            .send()
            .await
            .unwrap(),
        worker
            .chat(crate::support::chat("anthropic/claude-x", false))
            .await,
    ] {
        assert_eq!(response.status(), 400);
        assert!(!response.text().await.unwrap().contains(&credential("main")));
    }
}

#[actix_web::test]
async fn tokens_are_counted_without_a_provider() {
    let (worker, provider) = with_chat([]).await;
    let body = r#"{"model":"local/m","messages":[{"role":"user","content":"hello"}]}"#;
    let response = worker
        .post("/v1/messages/count_tokens", body)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(header(&response, "x-sluicegate-token-count"), Some("bound"));
    assert_eq!(header(&response, "x-sluicegate-token-count-fallback"), None);
    let answer: Value = response.json().await.unwrap();
    assert_eq!(answer, json!({"input_tokens": 3 + 4 + 5}));
    assert!(provider.received().is_empty() && worker.records().is_empty());
    for (body, status) in [
        (body.replace("local/m", "no/such"), 404),
        (body.replace("\"hello\"", "7"), 400),
    ] {
        let response = worker
            .post("/v1/messages/count_tokens", body)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), status);
        let answer: Value = response.json().await.unwrap();
        assert_eq!(answer["type"], "error");
    }
}
