//! OpenAI's Responses, stateless: translated to a chat provider.

use serde_json::{Value, json};
use sluicegate_contracts::usage::Outcome;

use super::{CHAT_ANSWER, CHAT_HEL, chat_stream, events, with_chat};
use crate::support::{Config, Provider, Script, Worker, error_of};

fn request(model: &str, stream: bool) -> String {
    format!(r#"{{"model":"{model}","stream":{stream},"instructions":"Be brief.","input":"hello there"}}"#)
}

fn text_of(response: &Value) -> String {
    let parts = response["output"].as_array().into_iter().flatten();
    let parts = parts.filter_map(|item| item["content"].as_array()).flatten();
    parts.filter_map(|part| part["text"].as_str()).collect()
}

#[actix_web::test]
async fn the_echo_responds() {
    let worker = Worker::start(&Config::new());
    for path in ["/v1/responses", "/openai/v1/responses"] {
        let response = worker
            .post(path, request("sluicegate/echo", false))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 200);
        let answer: Value = response.json().await.unwrap();
        assert_eq!(
            (&answer["object"], &answer["status"]),
            (&json!("response"), &json!("completed"))
        );
        assert_eq!(text_of(&answer), "You said: hello there");
        assert_eq!(answer["usage"]["input_tokens"], 4);
    }
    assert_eq!(worker.first_records(2).await[0].outcome, Outcome::Served);
}

#[actix_web::test]
async fn a_chat_provider_responds_whole_and_streamed() {
    let (worker, provider) = with_chat([Script::json(200, CHAT_ANSWER), chat_stream()]).await;
    let answer: Value = worker
        .post("/v1/responses", request("local/m", false))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(text_of(&answer), "Hi.");
    let sent: Value = serde_json::from_str(&provider.received()[0].body).unwrap();
    assert_eq!(
        (&sent["model"], &sent["messages"][1]["content"]),
        (&json!("m"), &json!("hello there"))
    );

    let text = worker
        .post("/v1/responses", request("local/m", true))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let events = events(&text);
    for (index, (name, event)) in events.iter().enumerate() {
        assert_eq!(event["type"], name.as_str());
        assert_eq!(event["sequence_number"], index, "{text}");
    }
    let names: Vec<&str> = events.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names[0], "response.created");
    let said: String = events
        .iter()
        .filter(|(name, _)| name == "response.output_text.delta")
        .filter_map(|(_, event)| event["delta"].as_str())
        .collect();
    assert_eq!(said, "Hello");
    let (last, completed) = events.last().unwrap();
    assert_eq!(last, "response.completed");
    assert_eq!(text_of(&completed["response"]), "Hello");
    assert_eq!(completed["response"]["usage"]["output_tokens"], 2);
    let records = worker.first_records(2).await;
    assert!(records.iter().all(|record| record.outcome == Outcome::Served));
}

#[actix_web::test]
async fn a_cut_stream_ends_in_a_failure() {
    let (worker, _provider) = with_chat([Script::events().then(CHAT_HEL).cut()]).await;
    let text = worker
        .post("/v1/responses", request("local/m", true))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let events = events(&text);
    let (last, _) = events.last().unwrap();
    assert!(last == "response.failed" || last == "error", "{text}");
    assert!(!text.contains("response.completed"));
    assert_eq!(worker.record().await.outcome, Outcome::Cut);
}

#[actix_web::test]
async fn a_function_is_called() {
    let worker = Worker::start(&Config::new());
    let body = r#"{"model":"sluicegate/echo","input":"Berlin","tools":[{"type":"function","name":"get_weather","parameters":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}],"tool_choice":"required"}"#;
    let answer: Value = worker
        .post("/v1/responses", body)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let call = &answer["output"][0];
    assert_eq!(
        (&call["type"], &call["name"]),
        (&json!("function_call"), &json!("get_weather"))
    );
    let arguments: Value = serde_json::from_str(call["arguments"].as_str().unwrap()).unwrap();
    assert_eq!(arguments, json!({"city": "Berlin"}));
}

#[actix_web::test]
async fn what_a_provider_would_have_to_keep_is_refused() {
    let worker = Worker::start(&Config::new());
    for (extra, param) in [
        (r#""previous_response_id":"resp_1""#, "previous_response_id"),
        (r#""conversation":"conv_1""#, "conversation"),
        (r#""background":true"#, "background"),
    ] {
        let body = format!(r#"{{"model":"sluicegate/echo","input":"a",{extra}}}"#);
        let response = worker.post("/v1/responses", body).send().await.unwrap();
        let refused = error_of(response).await;
        assert_eq!(
            (refused.0, refused.1.as_str(), refused.3.as_deref()),
            (400, "invalid_request_error", Some(param))
        );
    }
}

#[actix_web::test]
async fn errors_are_openais() {
    let worker = Worker::start(&Config::new());
    for (model, status, kind) in [
        ("sluicegate/echo:429", 429, "rate_limit_error"),
        ("sluicegate/echo:500", 502, "api_error"),
        ("no/such", 404, "invalid_request_error"),
    ] {
        let response = worker
            .post("/v1/responses", request(model, false))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), status, "{model}");
        let answer: Value = response.json().await.unwrap();
        assert!(
            answer["error"]["message"]
                .as_str()
                .is_some_and(|it| !it.is_empty()),
            "{answer}"
        );
        assert_eq!(answer["error"]["type"], kind, "{answer}");
    }
}

#[actix_web::test]
async fn a_provider_of_responses_gets_and_gives_every_byte() {
    let whole = r#"{"id":"resp_1","object":"response","status":"completed","model":"m","x":1.50,"output":[{"type":"message","id":"msg_1","role":"assistant","status":"completed","content":[{"type":"output_text","text":"hi","annotations":[]}]}],"usage":{"input_tokens":5,"output_tokens":2,"total_tokens":7}}"#;
    let created = "event: response.created\ndata: {\"type\":\"response.created\",\"sequence_number\":0,\"response\":{\"id\":\"resp_1\",\"status\":\"in_progress\",\"output\":[]}}\n\n";
    let completed = format!(
        "event: response.completed\ndata: {{\"type\":\"response.completed\",\"sequence_number\":1,\"response\":{whole}}}\n\n"
    );
    let stream = Script::events().then(created).then(&completed).end();
    let provider = Provider::start([Script::json(200, whole), stream]).await;
    let mut config = Config::new();
    config.connect("main", "openai", &provider.url());
    config.model(
        "openai/gpt-4o-mini",
        "openai",
        "gpt-4o-mini",
        1_000_000,
        2_000_000,
    );
    let worker = Worker::start(&config);

    let body = request("openai/gpt-4o-mini", false);
    let answer = worker.post("/v1/responses", body.clone()).send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), whole);
    let received = &provider.received()[0];
    assert!(
        received.head.starts_with("POST /v1/responses "),
        "{}",
        received.head
    );
    assert_eq!(received.body, body.replace("openai/gpt-4o-mini", "gpt-4o-mini"));

    let body = request("openai/gpt-4o-mini", true);
    let text = worker
        .post("/v1/responses", body)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    // 5 tokens in at a micro-dollar, 2 out at two.
    let priced = completed.replace("\"total_tokens\":7}", "\"total_tokens\":7,\"cost\":0.000009000}");
    assert_eq!(text, [created, &priced].concat());
    let records = worker.first_records(2).await;
    for record in records {
        assert_eq!(
            (record.outcome, record.tokens.input, record.tokens.output),
            (Outcome::Served, 5, 2)
        );
    }
}
