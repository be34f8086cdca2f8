//! Counting tokens: the provider that would be tried first is asked where it counts, with the connection's credential and
//! for nothing; the gateway counts where it does not, or fails.

use serde_json::{Value, json};
use sluicegate_contracts::config::ProviderSettings;
use sluicegate_data_plane::pipeline::Limits;

use super::header;
use crate::support::config::credential;
use crate::support::{Config, Provider, Script, Worker};

const MODEL: &str = "lab/m";
const MESSAGES: &str = "/v1/messages/count_tokens";
const GEMINI: &str = "/v1beta/models/lab/m:countTokens";
const COUNTED: &str = "x-sluicegate-token-count";
const FALLBACK: &str = "x-sluicegate-token-count-fallback";

fn messages() -> String {
    format!(r#"{{"system":"be brief","messages":[{{"role":"user","content":"hello"}}], "model":"{MODEL}"}}"#)
}

async fn with(provider: &str, scripts: impl IntoIterator<Item = Script>) -> (Worker, Provider) {
    let upstream = Provider::start(scripts).await;
    (
        Worker::start(&config(provider, &upstream.url().replace("/v1", ""))),
        upstream,
    )
}

fn config(provider: &str, url: &str) -> Config {
    let settings = ProviderSettings {
        region: Some("eu-west-1".to_owned()),
        project: Some("acme".to_owned()),
        ..ProviderSettings::default()
    };
    let mut config = Config::new();
    config.connect_as("main", provider, url, &credential("main"), settings);
    config.model(MODEL, provider, "eu.claude-x", 1, 1);
    config
}

#[actix_web::test]
async fn a_provider_that_counts_is_asked_and_its_answer_passes() {
    let answer = r#"{"input_tokens":31, "context_management":{"original_input_tokens":40}}"#;
    let (worker, provider) = with("anthropic", [Script::json(200, answer)]).await;
    let asking = worker
        .post(MESSAGES, messages())
        .header("anthropic-beta", "context-management-2025-06-27");
    let response = asking.send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(header(&response, COUNTED), Some("provider"));
    assert_eq!(header(&response, FALLBACK), None);
    assert_eq!(response.text().await.unwrap(), answer);
    let [received] = &provider.received()[..] else {
        panic!("asked once")
    };
    let head = received.head.to_ascii_lowercase();
    assert!(head.starts_with("post /messages/count_tokens "), "{head}");
    for line in [
        format!("x-api-key: {}", credential("main")),
        "anthropic-version: 2023-06-01".to_owned(),
        "anthropic-beta: context-management-2025-06-27".to_owned(),
    ] {
        assert!(head.contains(&line), "{line} in {head}");
    }
    let sent: Value = serde_json::from_str(&received.body).unwrap();
    let mut expected: Value = serde_json::from_str(&messages()).unwrap();
    expected["model"] = json!("eu.claude-x");
    assert_eq!(sent, expected);
    assert!(worker.records().is_empty(), "nothing was bought");
}

#[actix_web::test]
async fn a_caller_of_another_dialect_is_told_in_its_own() {
    let contents = r#"{"systemInstruction":{"parts":[{"text":"be brief"}]},"contents":[{"role":"user","parts":[{"text":"hello"}]}],"generationConfig":{"temperature":1,"stopSequences":["x"]}}"#;
    let whole = format!(r#"{{"generateContentRequest":{contents}}}"#);
    let (worker, provider) = with("anthropic", [Script::json(200, r#"{"input_tokens":31}"#)]).await;
    for body in [contents, &whole] {
        let response = worker.post(GEMINI, body).send().await.unwrap();
        assert_eq!(header(&response, COUNTED), Some("provider"));
        assert_eq!(
            response.json::<Value>().await.unwrap(),
            json!({"totalTokens": 31})
        );
    }
    for received in provider.received() {
        let sent: Value = serde_json::from_str(&received.body).unwrap();
        let members: Vec<&String> = sent.as_object().unwrap().keys().collect();
        assert_eq!(members, ["messages", "model", "system"], "{sent}");
    }
}

#[actix_web::test]
async fn each_counter_gets_the_request_in_its_own_form() {
    let told = r#"{"totalTokens":31,"inputTokens":31}"#;
    let cases = [
        (
            "google",
            "post /models/eu.claude-x:counttokens ",
            "/generateContentRequest",
            json!(["contents", "generationConfig", "model", "systemInstruction"]),
        ),
        (
            "amazon-bedrock",
            "post /model/claude-x/count-tokens ",
            "/input/converse",
            json!(["messages", "system"]),
        ),
    ];
    for (provider, start, at, members) in cases {
        let (worker, upstream) = with(provider, [Script::json(200, told)]).await;
        let response = worker.post(MESSAGES, messages()).send().await.unwrap();
        assert_eq!(header(&response, COUNTED), Some("provider"), "{provider}");
        assert_eq!(
            response.json::<Value>().await.unwrap(),
            json!({"input_tokens": 31})
        );
        let received = &upstream.received()[0];
        let head = received.head.to_ascii_lowercase();
        assert!(head.starts_with(start), "{head}");
        assert!(head.contains(&credential("main")), "{head}");
        let sent: Value = serde_json::from_str(&received.body).unwrap();
        let request = sent.pointer(at).unwrap().as_object().unwrap();
        let sent_members: Value = request.keys().cloned().collect();
        // What the encoder adds of its own is the answer's business.
        assert!(
            members.as_array().unwrap().iter().all(|name| {
                sent_members.as_array().unwrap().contains(name) || name == "generationConfig"
            }),
            "{sent}"
        );
        assert_eq!(
            request.get("model").cloned(),
            (provider == "google").then(|| json!("models/eu.claude-x"))
        );
    }
}

#[actix_web::test]
async fn a_count_of_the_gateways_own_stands_in_for_a_provider_that_fails() {
    let refusal = r#"{"type":"error","error":{"type":"rate_limit_error","message":"no"}}"#;
    for (script, why) in [
        (Script::json(429, refusal), "rate_limited"),
        (Script::json(401, refusal), "credential_refused"),
        (Script::json(404, refusal), "bad_request"),
        (Script::json(529, "busy"), "server_error"),
        (Script::json(200, r#"{"input_tokens":"many"}"#), "server_error"),
        (Script::json(200, "["), "server_error"),
        (Script::json(200, &" ".repeat(100_000)), "server_error"),
        (
            Script::raw("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"),
            "cut",
        ),
        (Script::default().cut(), "server_error"),
    ] {
        let (worker, _provider) = with("anthropic", [script]).await;
        let response = worker.post(MESSAGES, messages()).send().await.unwrap();
        assert_eq!(response.status(), 200, "{why}");
        assert_eq!(header(&response, COUNTED), Some("bound"), "{why}");
        assert_eq!(header(&response, FALLBACK), Some(why));
        assert_eq!(
            response.json::<Value>().await.unwrap(),
            json!({"input_tokens": 3 + 4 + 8 + 4 + 5})
        );
        assert!(worker.records().is_empty());
    }
}

#[actix_web::test]
async fn a_provider_that_hangs_or_may_not_be_called_does_not_hold_the_count_up() {
    let provider = Provider::start([Script::default().hang()]).await;
    let config = config("anthropic", &provider.url());
    let quick = Limits {
        deadline_ms: 100,
        ..Limits::default()
    };
    for (allowed, why) in [(vec!["127.0.0.0/8"], "timed_out"), (vec![], "unreachable")] {
        let worker = Worker::with(&config, quick, allowed);
        let response = worker.post(MESSAGES, messages()).send().await.unwrap();
        assert_eq!(
            (header(&response, COUNTED), header(&response, FALLBACK)),
            (Some("bound"), Some(why))
        );
    }
    assert_eq!(provider.received().len(), 1);
}

#[actix_web::test]
async fn what_the_caller_wrote_wrong_is_its_providers_to_say() {
    let refusal = r#"{"type":"error","error":{"type":"invalid_request_error","message":"messages: odd"}}"#;
    let (worker, _provider) = with("anthropic", [Script::json(400, refusal)]).await;
    let response = worker.post(MESSAGES, messages()).send().await.unwrap();
    assert_eq!(
        (
            response.status().as_u16(),
            header(&response, "x-sluicegate-error-source")
        ),
        (400, Some("upstream"))
    );
    assert_eq!(response.text().await.unwrap(), refusal);
    // What was translated may be refused for what the gateway wrote.
    let body = r#"{"contents":[{"role":"user","parts":[{"text":"hello"}]}]}"#;
    let response = worker.post(GEMINI, body).send().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), header(&response, FALLBACK)),
        (200, Some("bad_request"))
    );
}

#[actix_web::test]
async fn an_answer_that_quotes_the_credential_is_not_shown() {
    let leaky = format!(r#"{{"input_tokens":31,"key":"{}"}}"#, credential("main"));
    let refusing = leaky.replace("input_tokens", "type");
    for script in [Script::json(200, &leaky), Script::json(400, &refusing)] {
        let (worker, _provider) = with("anthropic", [script]).await;
        let response = worker.post(MESSAGES, messages()).send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert!(!response.text().await.unwrap().contains(&credential("main")));
    }
}
