//! Same dialect in and out: every byte that need not change stays, in both directions.

use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::usage::{AttemptOutcome, Evidence, Outcome};

use crate::support::config::credential;
use crate::support::{Config, Provider, Script, Worker};

const ANSWER: &str = r#"{"id":"c1", "object":"chat.completion","model":"m-2024","x_unknown":[1.50,{}],"choices":[{"index":0,
 "message":{"role":"assistant","content":"h\u00e9"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1000,"completion_tokens":7,"total_tokens":1007}}"#;

#[actix_web::test]
async fn only_the_model_name_changes_and_the_answer_comes_back_byte_for_byte() {
    let provider = Provider::start([Script::json(200, ANSWER)]).await;
    let mut config = Config::new();
    config.connect("main", "openai", &provider.url());
    config.model(
        "openai/gpt-4o-mini",
        "openai",
        "gpt-4o-mini-2024",
        150_000,
        600_000,
    );
    let worker = Worker::start(&config);

    let body = "{ \"messages\": [{\"role\":\"user\",\"content\":\"h\\u00e9 \\ud83d\\ude00\"}],\"temperature\":0.70,\n \
                \"model\" : \"openai/gpt-4o-mini\" , \"x_unknown\": {\"deep\":[1e3,null]} }";
    let response = worker.chat(body).await;

    assert_eq!(response.status(), 200);
    let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "application/json");
    assert_eq!(header("x-sluicegate-model"), "openai/gpt-4o-mini");
    assert_eq!(header("x-sluicegate-endpoint"), "openai/main");
    assert_eq!(header("x-sluicegate-attempts"), "1");
    assert_eq!(header("x-sluicegate-cause"), "direct");
    assert_eq!(header("x-sluicegate-cost"), "0.000154200");
    assert!(header("server-timing").starts_with("gw;dur="));
    let request_id = header("x-request-id");
    assert_eq!(response.text().await.unwrap(), ANSWER);

    let received = &provider.received()[0];
    assert_eq!(
        received.body,
        body.replace("\"openai/gpt-4o-mini\"", "\"gpt-4o-mini-2024\"")
    );
    let head = received.head.to_ascii_lowercase();
    assert!(head.starts_with("post /v1/chat/completions http/1.1"), "{head}");
    assert!(head.contains(&format!("authorization: bearer {}", credential("main"))));
    assert!(head.contains("accept-encoding: identity"));
    assert!(!head.contains("sk-sg-"), "the caller's key stays here");

    let record = worker.record().await;
    assert_eq!(record.request.to_string(), request_id);
    assert_eq!((record.outcome, record.status), (Outcome::Served, 200));
    assert_eq!(record.model_requested, "openai/gpt-4o-mini");
    assert_eq!(record.model_served.as_deref(), Some("openai/gpt-4o-mini"));
    assert_eq!((record.tokens.input, record.tokens.output), (1_000, 7));
    assert_eq!(record.cost, Some(NanoUsd::from_nanos(154_200)));
    let attempt = &record.attempts[0];
    assert_eq!(
        (attempt.outcome, attempt.status),
        (AttemptOutcome::Served, Some(200))
    );
    assert_eq!(
        (attempt.evidence, attempt.price_version),
        (Evidence::Reported, Some(4))
    );
    assert!(record.first_byte_us.is_some() && record.overhead_us <= record.duration_us);
}

#[actix_web::test]
async fn a_bare_upstream_name_and_a_compatible_servers_own_names_work_too() {
    let provider = Provider::start([Script::json(200, ANSWER)]).await;
    let mut config = Config::new();
    config.connect("main", "openai", &provider.url());
    config.compatible("local", &provider.url());
    config.model("openai/gpt-4o-mini", "openai", "gpt-4o-mini", 1, 1);
    let worker = Worker::start(&config);
    for (name, sent) in [("gpt-4o-mini", "gpt-4o-mini"), ("local/team/llama", "team/llama")] {
        let response = worker.chat(crate::support::chat(name, false)).await;
        assert_eq!(response.status(), 200, "{name}");
        let last = provider.received().last().unwrap().body.clone();
        assert!(last.contains(&format!(r#""model":"{sent}""#)), "{last}");
    }
    assert_eq!(provider.connections(), 1, "a connection is used again");
    assert_eq!(
        worker.first_records(2).await[1].cost,
        None,
        "no price is known for a compatible server's model"
    );
}

#[actix_web::test]
async fn embeddings_pass_through() {
    let answer = r#"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.5]}],"model":"e","usage":{"prompt_tokens":3,"total_tokens":3}}"#;
    let provider = Provider::start([Script::json(200, answer)]).await;
    let mut config = Config::new();
    config.compatible("local", &provider.url());
    let worker = Worker::start(&config);
    let body = r#"{"input":["a b c"],"model":"local/e","sluicegate":{"tags":["x"]},"odd":1}"#;
    let response = worker.post("/v1/embeddings", body).send().await.unwrap();
    assert_eq!(response.text().await.unwrap(), answer);
    let received = &provider.received()[0];
    assert!(received.head.starts_with("POST /v1/embeddings HTTP/1.1"));
    assert_eq!(received.body, r#"{"input":["a b c"],"model":"e","odd":1}"#);
    assert_eq!(worker.record().await.tokens.input, 3);
}

#[actix_web::test]
async fn a_body_of_many_reads_arrives_as_it_was_sent() {
    let provider = Provider::start([Script::json(200, ANSWER)]).await;
    let mut config = Config::new();
    config.compatible("local", &provider.url());
    let worker = Worker::start(&config);
    let text: String = (0..60_000).map(|word| format!("{word} \\u00e9 ")).collect();
    let body = format!(r#"{{"messages":[{{"role":"user","content":"{text}"}}],"model":"local/m"}}"#);
    assert_eq!(worker.chat(body.clone()).await.status(), 200);
    assert!(
        provider.received()[0].body == body.replace("local/m", "m"),
        "changed on the way"
    );
}

#[actix_web::test]
async fn a_provider_that_refuses_the_question_for_usage_is_never_asked() {
    let last = "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":1,\"total_tokens\":6}}\n\n";
    let stream = Script::events().then(last).then("data: [DONE]\n\n").end();
    let provider = Provider::start([stream]).await;
    let mut config = Config::new();
    config.connect("main", "mistral", &provider.url());
    config.model("mistralai/m", "mistral", "m-1", 1, 1);
    let worker = Worker::start(&config);
    let plain = r#"{ "model":"mistralai/m", "stream": true, "messages":[] }"#;
    let asking = plain.replace(" }", r#", "stream_options":{"include_usage":true}}"#);
    for body in [plain, &asking] {
        let seen = worker.chat(body).await.text().await.unwrap();
        assert!(seen.contains("\"prompt_tokens\":5"), "{seen}");
    }
    let received = provider.received();
    assert_eq!(
        received[0].body,
        plain.replace("mistralai/m", "m-1"),
        "no other byte changes"
    );
    assert!(!received[1].body.contains("stream_options"));
    let records = worker.first_records(2).await;
    assert!(records.iter().all(|record| record.tokens.input == 5));
}
