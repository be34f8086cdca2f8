//! Bad input: each kind with its typed error, none of them served.

use std::time::Duration;

use sluicegate_data_plane::pipeline::Limits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{Config, Provider, Script, Worker, chat, error_of};

type Expected = (
    u16,
    &'static str,
    &'static str,
    Option<&'static str>,
    &'static str,
);

async fn assert_refused(request: reqwest::RequestBuilder, expected: Expected) {
    let (status, kind, code, param, hint) = error_of(request.send().await.unwrap()).await;
    assert_eq!(
        (
            status,
            kind.as_str(),
            code.as_str(),
            param.as_deref(),
            hint.as_str()
        ),
        expected
    );
}

#[actix_web::test]
async fn malformed_bodies_are_400_and_name_the_field() {
    let worker = Worker::start(&Config::new());
    let deep = format!(
        r#"{{"model":"sluicegate/echo","messages":{}{}}}"#,
        "[".repeat(80),
        "]".repeat(80)
    );
    let cases = [
        ("", None),
        ("{", None),
        ("[]", None),
        ("{\"model\":\"x\",\"messages\":[]} x", None),
        (r#"{"messages":[]}"#, Some("model")),
        (r#"{"model":"sluicegate/echo"}"#, Some("messages")),
        (r#"{"model":7,"messages":[]}"#, Some("model")),
        (r#"{"model":"","messages":[]}"#, Some("model")),
        (r#"{"model":"a\nb","messages":[]}"#, Some("model")),
        (r#"{"model":"a","model":"b","messages":[]}"#, Some("model")),
        (r#"{"model":"a","messages":[],"stream":"yes"}"#, Some("stream")),
        (
            r#"{"model":"a","messages":[],"max_tokens":-1}"#,
            Some("max_tokens"),
        ),
    ];
    for (body, param) in cases {
        let request = worker.post("/v1/chat/completions", body);
        assert_refused(
            request,
            (400, "invalid_request_error", "invalid_request", param, "false"),
        )
        .await;
    }
    let (status, .., code, _, _) = error_of(worker.chat(deep).await).await;
    assert_eq!((status, code.as_str()), (400, "invalid_request"));
}

#[actix_web::test]
async fn unknown_models_are_404_and_near_names_are_offered() {
    let mut config = Config::new();
    config.connect("main", "openai", "http://127.0.0.1:9/v1");
    config.model("openai/gpt-4o-mini", "openai", "gpt-4o-mini", 1, 1);
    config.model("anthropic/claude", "anthropic", "claude", 1, 1);
    let worker = Worker::start(&config);
    let response = worker.chat(chat("openai/gpt4o-mini", false)).await;
    assert_eq!(response.status(), 404);
    assert!(
        response
            .text()
            .await
            .unwrap()
            .contains("Did you mean openai/gpt-4o-mini")
    );
    let request = worker.post("/v1/chat/completions", chat("nothing/like-it-at-all", false));
    assert_refused(
        request,
        (
            404,
            "invalid_request_error",
            "model_not_found",
            Some("model"),
            "false",
        ),
    )
    .await;
    let request = worker.post("/v1/chat/completions", chat("anthropic/claude", false));
    assert_refused(request, (503, "service_unavailable", "no_route", None, "false")).await;
    let request = worker.post("/v1/embeddings", r#"{"model":"openai/gpt-4o-mini","input":"x"}"#);
    assert_refused(request, (503, "service_unavailable", "no_route", None, "false")).await;
    let too_long = r#"{"model":"gpt-4o-mini","messages":[],"max_tokens":1000000}"#;
    let request = worker.post("/v1/chat/completions", too_long);
    let expected = (
        400,
        "invalid_request_error",
        "context_length_exceeded",
        Some("max_tokens"),
        "false",
    );
    assert_refused(request, expected).await;
}

#[actix_web::test]
async fn wrong_places_methods_and_media_are_told_apart() {
    let worker = Worker::start(&Config::new());
    let expected = (404, "invalid_request_error", "unknown_path", None, "false");
    assert_refused(worker.get("/v1/chat"), expected).await;
    assert_refused(worker.get("/v1/v1/nothing"), expected).await;
    let expected = (405, "invalid_request_error", "method_not_allowed", None, "false");
    for (method, path, allow) in [
        ("GET", "/v1/chat/completions", "POST"),
        ("PUT", "/v1/embeddings", "POST"),
        ("POST", "/v1/models", "GET"),
        ("DELETE", "/v1/models/openai/gpt-4o-mini", "GET, POST"),
        ("POST", "/v1/key", "GET"),
        ("GET", "/internal/v1/connection-test", "POST"),
        ("POST", "/", "GET, HEAD"),
    ] {
        let request = || worker.anonymous(method, path);
        assert_refused(request(), expected).await;
        let answer = request().send().await.unwrap();
        assert_eq!(answer.headers()["allow"], allow, "{method} {path}");
    }
    let expected = (
        415,
        "invalid_request_error",
        "unsupported_media_type",
        None,
        "false",
    );
    let body = chat("sluicegate/echo", false);
    let post = || {
        worker
            .anonymous("POST", "/v1/chat/completions")
            .bearer_auth(worker.key())
            .body(body.clone())
    };
    assert_refused(
        post().header("content-type", "application/x-www-form-urlencoded"),
        expected,
    )
    .await;
    assert_refused(post().header("content-encoding", "gzip"), expected).await;
    assert_eq!(
        post().send().await.unwrap().status(),
        200,
        "no content-type at all is taken for JSON"
    );
}

#[actix_web::test]
async fn too_much_is_refused_whether_announced_or_not() {
    let limits = Limits {
        max_body_bytes: 100_000,
        ..Limits::default()
    };
    let worker = Worker::with(&Config::new(), limits, vec![]);
    let expected = (413, "request_too_large", "request_too_large", None, "false");
    assert_refused(worker.post("/v1/chat/completions", "x".repeat(100_001)), expected).await;
    let pieces = futures_util::stream::iter((0..200).map(|_| Ok::<_, std::io::Error>("x".repeat(1_000))));
    let request = worker
        .post("/v1/chat/completions", "")
        .body(reqwest::Body::wrap_stream(pieces));
    assert_refused(request, expected).await;
    let request = worker.get("/v1/models").header("x-large", "x".repeat(17_000));
    assert_refused(
        request,
        (431, "request_too_large", "headers_too_large", None, "false"),
    )
    .await;
}

#[actix_web::test]
async fn a_body_that_trickles_is_408() {
    let limits = Limits {
        body_timeout_ms: 100,
        ..Limits::default()
    };
    let worker = Worker::with(&Config::new(), limits, vec![]);
    let mut socket = tokio::net::TcpStream::connect(worker.address).await.unwrap();
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: 1000\r\n\r\n{{",
        worker.key()
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let reading = socket.read_to_string(&mut answer);
    actix_web::rt::time::timeout(Duration::from_secs(10), reading)
        .await
        .unwrap()
        .unwrap();
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("\"code\":\"request_timeout\""), "{answer}");
    assert_eq!(worker.record().await.status, 408);
}

#[actix_web::test]
async fn an_answer_that_is_too_large_is_not_taken() {
    let limits = Limits {
        max_answer_bytes: 10_000,
        ..Limits::default()
    };
    let provider = Provider::start([Script::json(
        200,
        &format!("{{\"x\":\"{}\"}}", "x".repeat(20_000)),
    )])
    .await;
    let mut config = Config::new();
    config.compatible("a", &provider.url());
    config.route("pair", &["a/m", "sluicegate/echo"], Default::default());
    let worker = Worker::with(&config, limits, vec!["127.0.0.0/8"]);
    let response = worker.chat(chat("route/pair", false)).await;
    assert_eq!(response.headers()["x-sluicegate-endpoint"], "sluicegate/echo");
}
