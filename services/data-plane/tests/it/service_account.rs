//! A service account's key is exchanged for tokens: once per token's life, and never shown to anybody.

use futures_util::future::join_all;
use serde_json::json;
use sluicegate_contracts::config::ProviderSettings;
use sluicegate_contracts::ids::ConnectionId;
use sluicegate_contracts::usage::{AttemptOutcome, Evidence};
use sluicegate_contracts::worker::ConnectionReport;
use sluicegate_data_plane::pipeline::Limits;

use crate::support::{Config, Provider, Script, Worker, chat};

const PRIVATE_KEY: &str = include_str!("../keys/service_account.pem");
const MODEL: &str = "z-ai/glm-5";
const CLAUDE: &str = "anthropic/claude-sonnet-5";
const VECTORS: &str = "google/embed";
const ANSWER: &str = r#"{"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}"#;

fn granted(token: &str, seconds: u32) -> Script {
    let body = json!({ "access_token": token, "expires_in": seconds, "token_type": "Bearer" });
    Script::json(200, &body.to_string())
}

fn worker(model_server: &Provider, token_server: &Provider) -> Worker {
    Worker::start(&config(model_server, token_server).0)
}

fn config(model_server: &Provider, token_server: &Provider) -> (Config, ConnectionId) {
    let credential = json!({
        "type": "service_account",
        "client_email": "svc@acme.iam.gserviceaccount.com",
        "private_key_id": "key-1",
        "private_key": PRIVATE_KEY,
        "token_uri": token_server.url(),
    });
    let settings = ProviderSettings {
        project: Some("acme".to_owned()),
        region: Some("europe-west4".to_owned()),
        ..ProviderSettings::default()
    };
    let mut config = Config::new();
    let connection = config.connect_as(
        "vertex",
        "google-vertex",
        &model_server.url(),
        &credential.to_string(),
        settings,
    );
    config.model(MODEL, "google-vertex", "zai-org/glm-5-maas", 1, 1);
    config.model(CLAUDE, "google-vertex", "claude-sonnet-5@default", 1, 1);
    config.model(VECTORS, "google-vertex", "gemini-embedding-001", 1, 0);
    config.embeds();
    (config, connection)
}

/// Whether a text holds any part of the private key.
fn shows_key(text: &str) -> bool {
    let mut lines = PRIVATE_KEY.lines().filter(|line| !line.starts_with("-----"));
    lines.any(|line| text.contains(line))
}

#[actix_web::test]
async fn one_token_serves_many_calls() {
    let tokens = Provider::start([granted("ya29.first", 3600)]).await;
    let models = Provider::start([Script::json(200, ANSWER)]).await;
    let worker = worker(&models, &tokens);
    let answers = join_all((0..5).map(|_| worker.chat(chat(MODEL, false)))).await;
    assert!(answers.iter().all(|answer| answer.status() == 200));

    let exchanges = tokens.received();
    assert_eq!(exchanges.len(), 1, "one exchange, whoever waits for it");
    let head = exchanges[0].head.to_ascii_lowercase();
    assert!(head.starts_with("post /v1 http/1.1"), "{head}");
    assert!(head.contains("content-type: application/x-www-form-urlencoded"));
    assert!(
        exchanges[0]
            .body
            .starts_with("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=")
    );
    assert!(!shows_key(&exchanges[0].body));

    assert_eq!(models.received().len(), 5);
    for call in models.received() {
        let path =
            "POST /v1/projects/acme/locations/europe-west4/endpoints/openapi/chat/completions HTTP/1.1";
        assert!(call.head.starts_with(path), "{}", call.head);
        assert!(call.head.contains("Bearer ya29.first"), "{}", call.head);
    }
}

#[actix_web::test]
async fn claude_is_told_its_version_in_the_body_and_no_model() {
    let message = r#"{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-5","content":[{"type":"text","text":"hi"}],"stop_reason":"end_turn","usage":{"input_tokens":5,"output_tokens":2}}"#;
    let tokens = Provider::start([granted("ya29.first", 3600)]).await;
    let models = Provider::start([Script::json(200, message)]).await;
    let answer = worker(&models, &tokens).chat(chat(CLAUDE, false)).await;
    assert_eq!(answer.status(), 200);
    let call = models.received().remove(0);
    let path = "POST /v1/projects/acme/locations/europe-west4/publishers/anthropic/models/claude-sonnet-5@default:rawPredict ";
    assert!(call.head.starts_with(path), "{}", call.head);
    let body: serde_json::Value = serde_json::from_str(&call.body).unwrap();
    assert_eq!(body["anthropic_version"], "vertex-2023-10-16");
    assert!(body.get("model").is_none(), "{body}");
}

#[actix_web::test]
async fn callers_of_gemini_get_vectors() {
    let answer = r#"{"predictions":[{"embeddings":{"values":[0.5,1],"statistics":{"token_count":3,"truncated":false}}}]}"#;
    let tokens = Provider::start([granted("ya29.first", 3600)]).await;
    let models = Provider::start([Script::json(200, answer)]).await;
    let worker = worker(&models, &tokens);
    let path = format!("/v1beta/models/{VECTORS}:embedContent");
    let body = r#"{"content":{"parts":[{"text":"one"}]},"outputDimensionality":2}"#;
    let response = worker.post(&path, body).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let answer: serde_json::Value = response.json().await.unwrap();
    assert_eq!(answer["embedding"]["values"], serde_json::json!([0.5, 1]));
    let call = models.received().remove(0);
    let path = "POST /v1/projects/acme/locations/europe-west4/publishers/google/models/gemini-embedding-001:predict ";
    assert!(call.head.starts_with(path), "{}", call.head);
    let sent: serde_json::Value = serde_json::from_str(&call.body).unwrap();
    assert_eq!(sent["instances"][0]["content"], "one");
    assert_eq!(worker.record().await.tokens.input, 3);
}

#[actix_web::test]
async fn a_token_is_replaced_before_it_expires_and_after_it_was_refused() {
    let tokens = Provider::start([
        granted("ya29.short", 30),
        granted("ya29.long", 3600),
        granted("ya29.third", 3600),
    ])
    .await;
    let refused = Script::json(
        401,
        r#"{"error":{"code":401,"message":"expired","status":"UNAUTHENTICATED"}}"#,
    );
    let good = Script::json(200, ANSWER);
    let models = Provider::start([good.clone(), good.clone(), refused, good]).await;
    let worker = worker(&models, &tokens);
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(worker.chat(chat(MODEL, false)).await.status().as_u16());
    }
    assert_eq!(statuses, [200, 200, 502, 200]);
    let received = models.received();
    let sent = ["ya29.short", "ya29.long", "ya29.long", "ya29.third"];
    for (call, token) in received.iter().zip(sent) {
        assert!(call.head.contains(token), "{token}: {}", call.head);
    }
    assert_eq!(tokens.received().len(), 3);
}

#[actix_web::test]
async fn a_refused_account_is_told_apart_from_a_broken_endpoint() {
    let refused = r#"{"error":"invalid_grant","error_description":"Invalid JWT Signature."}"#;
    let huge = format!(r#"{{"access_token":"{}"}}"#, "x".repeat(20_000));
    let cases = [
        (Script::json(400, refused), AttemptOutcome::CredentialRefused),
        (Script::json(500, "{}"), AttemptOutcome::Unreachable),
        (Script::json(200, "not json"), AttemptOutcome::Unreachable),
        (
            Script::json(200, r#"{"access_token":"a\nb","expires_in":3600}"#),
            AttemptOutcome::Unreachable,
        ),
        (Script::json(200, &huge), AttemptOutcome::Unreachable),
        (Script::raw(""), AttemptOutcome::Unreachable),
    ];
    for (script, outcome) in cases {
        let tokens = Provider::start([script.clone()]).await;
        let models = Provider::start([Script::json(200, ANSWER)]).await;
        let worker = worker(&models, &tokens);
        let answer = worker.chat(chat(MODEL, false)).await;
        assert_eq!(answer.status(), 502, "{script:?}");
        let text = answer.text().await.unwrap();
        assert!(!shows_key(&text) && !text.contains("invalid_grant"), "{text}");
        assert!(models.received().is_empty(), "nothing is sent without a token");
        let attempt = worker.record().await.attempts.remove(0);
        assert_eq!(
            (attempt.outcome, attempt.evidence),
            (outcome, Evidence::NotBilled),
            "{script:?}"
        );
    }
}

#[actix_web::test]
async fn a_token_endpoint_is_dialled_under_the_same_rules_as_a_provider() {
    let tokens = Provider::start([granted("ya29.first", 3600)]).await;
    let models = Provider::start([Script::json(200, ANSWER)]).await;
    let (config, _) = config(&models, &tokens);
    let worker = Worker::with(&config, Limits::default(), vec![]);
    let text = worker.chat(chat(MODEL, false)).await.text().await.unwrap();
    assert!(text.contains("not allowed by the operator"), "{text}");
    assert!(tokens.received().is_empty());
}

#[actix_web::test]
async fn a_test_of_the_connection_gets_a_token_too() {
    let tokens = Provider::start([granted("ya29.first", 3600)]).await;
    let list = r#"{"publisherModels":[{"name":"publishers/google/models/gemini-3-pro"}]}"#;
    let models = Provider::start([Script::json(200, list)]).await;
    let (config, connection) = config(&models, &tokens);
    let worker = Worker::start(&config);
    let request = worker.anonymous("POST", "/internal/v1/connection-test");
    let body = json!({ "connection": connection, "at_version": 1 });
    let response = request
        .bearer_auth(config.master.worker_token().expose())
        .json(&body)
        .send()
        .await
        .unwrap();
    let report: ConnectionReport = response.json().await.unwrap();
    assert_eq!(
        (report.ok, report.models),
        (true, vec!["gemini-3-pro".to_owned()])
    );
    let head = &models.received()[0].head;
    assert!(
        head.starts_with("GET /v1beta1/publishers/google/models?pageSize=300 "),
        "{head}"
    );
    assert!(head.contains("Bearer ya29.first"), "{head}");
}

#[actix_web::test]
async fn what_a_provider_says_is_not_shown_when_it_quotes_token_or_key() {
    let line = PRIVATE_KEY.lines().nth(3).unwrap();
    for secret in ["ya29.first", line, &line.replace('/', "\\/")] {
        let said = format!(r#"{{"error":{{"message":"you sent {secret}"}}}}"#);
        let tokens = Provider::start([granted("ya29.first", 3600)]).await;
        let models = Provider::start([Script::json(400, &said)]).await;
        let text = worker(&models, &tokens)
            .chat(chat(MODEL, false))
            .await
            .text()
            .await
            .unwrap();
        assert!(!text.contains("you sent"), "{text}");
    }
}
