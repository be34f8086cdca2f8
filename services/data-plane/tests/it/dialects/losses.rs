//! What a target cannot express: named in a header, or a reason not to try it when the caller insists.

use serde_json::Value;
use sluicegate_contracts::config::{About, Facts, RetryPolicy, StatedFacts};

use super::{CHAT_ANSWER, header, with_chat};
use crate::support::{Config, Provider, Script, Worker};

/// A tool that Anthropic runs has no place in Chat Completions.
fn message(model: &str, extra: &str) -> String {
    format!(
        r#"{{"model":"{model}","max_tokens":64,"tools":[{{"type":"web_search_20250305","name":"web_search"}}]{extra},"messages":[{{"role":"user","content":"hello"}}]}}"#
    )
}

#[actix_web::test]
async fn what_was_dropped_stands_in_a_header() {
    let (worker, provider) = with_chat([Script::json(200, CHAT_ANSWER)]).await;
    let response = worker
        .post(
            "/v1/messages",
            message("local/m", r#","x_odd":{"a":1},"sluicegate":{"tags":["x"]}"#),
        )
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    let dropped = header(&response, "x-sluicegate-dropped").unwrap();
    assert!(dropped.contains("server_tool:web_search"), "{dropped}");
    assert!(dropped.contains("unknown_field:x_odd"), "{dropped}");
    assert!(!dropped.contains("sluicegate"), "{dropped}");
    let sent = &provider.received()[0].body;
    assert!(
        !sent.contains("web_search") && !sent.contains("sluicegate"),
        "{sent}"
    );
}

/// That every model calls tools, so that nothing but the dialect can stand against one.
fn calls_tools() -> StatedFacts {
    StatedFacts {
        about: About {
            model: Some("*".to_owned()),
            ..About::default()
        },
        facts: Facts {
            tools: Some(true),
            ..Facts::UNKNOWN
        },
    }
}

#[actix_web::test]
async fn a_caller_that_insists_gets_an_error_rather_than_less() {
    let provider = Provider::start([]).await;
    let mut config = Config::new();
    config.compatible("local", &provider.url());
    config.organization.facts = vec![calls_tools()];
    let worker = Worker::start(&config);
    for insisting in [
        r#","provider":{"require_parameters":true}"#,
        r#","sluicegate":{"require_parameters":true}"#,
    ] {
        let response = worker
            .post("/v1/messages", message("local/m", insisting))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 400);
        let answer: Value = response.json().await.unwrap();
        let said = answer["error"]["message"].as_str().unwrap();
        assert!(
            said.contains("parameters_unsupported") && said.contains("server_tool:web_search"),
            "{said}"
        );
    }
    assert!(provider.received().is_empty());
    let records = worker.first_records(2).await;
    assert!(
        records
            .iter()
            .all(|record| record.attempts.is_empty() && record.status == 400)
    );
}

#[actix_web::test]
async fn a_caller_that_insists_gets_the_target_that_can() {
    let chat = Provider::start([]).await;
    let own = Provider::start([Script::json(
        200,
        r#"{"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":[],"stop_reason":"end_turn","usage":{"input_tokens":5,"output_tokens":2}}"#,
    )])
    .await;
    let mut config = Config::new();
    config.compatible("local", &chat.url());
    config.connect("main", "anthropic", &own.url());
    config.model("anthropic/claude-x", "anthropic", "claude-x-1", 1, 1);
    config.organization.facts = vec![calls_tools()];
    config.route(
        "mixed",
        &["local/m", "anthropic/claude-x"],
        RetryPolicy::default(),
    );
    let worker = Worker::start(&config);
    let body = message("route/mixed", r#","sluicegate":{"require_parameters":true}"#);
    let response = worker.post("/v1/messages", body).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(header(&response, "x-sluicegate-endpoint"), Some("anthropic/main"));
    assert_eq!(header(&response, "x-sluicegate-attempts"), Some("1"));
    assert!(chat.received().is_empty());
}

#[actix_web::test]
async fn details_of_usage_that_are_all_zero_are_no_loss() {
    let empty = r#""prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"accepted_prediction_tokens":0}"#;
    let priced = r#""cost":0.5"#;
    for (details, dropped) in [(empty, None), (priced, Some("usage_detail"))] {
        let answer = CHAT_ANSWER.replace(r#""total_tokens":11"#, &format!(r#""total_tokens":11,{details}"#));
        let (worker, _provider) = with_chat([Script::json(200, &answer)]).await;
        let plain = r#"{"model":"local/m","max_tokens":64,"messages":[{"role":"user","content":"hello"}]}"#;
        let response = worker.post("/v1/messages", plain).send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(header(&response, "x-sluicegate-dropped"), dropped, "{details}");
    }
}

/// A stream of Messages that bills a search, which no other dialect counts.
fn searched() -> Script {
    [
        r#"{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":[],"usage":{"input_tokens":5,"output_tokens":1}}}"#,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi."}}"#,
        r#"{"type":"content_block_stop","index":0}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":2,"server_tool_use":{"web_search_requests":3}}}"#,
        r#"{"type":"message_stop"}"#,
    ]
    .into_iter()
    .fold(Script::events(), |script, data| {
        let kind: Value = serde_json::from_str(data).unwrap();
        script.then(format!("event: {}\ndata: {data}\n\n", kind["type"].as_str().unwrap()))
    })
    .end()
}

#[actix_web::test]
async fn what_a_streamed_answer_loses_is_told_at_its_end() {
    let comment = ": x-sluicegate-dropped usage_detail\n\n";
    let own = r#""sluicegate":{"dropped":"usage_detail"}"#;
    let hello = r#"[{"role":"user","content":"hello"}]"#;
    let contents = r#"{"contents":[{"role":"user","parts":[{"text":"hello"}]}]}"#.to_owned();
    let asks = r#""stream_options":{"include_usage":true}"#;
    let gemini = "/v1beta/models/lab/m:streamGenerateContent";
    let cases = [
        // Path, body, the last frame that must come behind the comment where there is one.
        (
            "/v1/chat/completions",
            format!(r#"{{"model":"lab/m","stream":true,{asks},"messages":{hello}}}"#),
            Some("data: [DONE]"),
        ),
        (
            "/v1/responses",
            format!(r#"{{"model":"lab/m","stream":true,"input":{hello}}}"#),
            Some("response.completed"),
        ),
        // Google's client for Python takes comments for JSON.
        (&format!("{gemini}?alt=sse"), contents.clone(), None),
        (gemini, contents, None),
    ];
    for (path, body, last) in cases {
        let provider = Provider::start([searched()]).await;
        let mut config = Config::new();
        config.connect("main", "anthropic", &provider.url());
        config.model("lab/m", "anthropic", "m", 1, 1);
        let worker = Worker::start(&config);
        let response = worker.post(path, body).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(header(&response, "x-sluicegate-dropped"), None, "{path}");
        let seen = response.text().await.unwrap();
        match (last, seen.split_once(comment)) {
            (Some(last), Some((_, end))) => assert!(end.contains(last), "{path}: {seen}"),
            (last, told) => assert!(last.is_none() && told.is_none(), "{path}: {seen}"),
        }
        assert_eq!(seen.matches(own).count(), 1, "{path}: {seen}");
        assert_eq!(
            worker.record().await.dropped.as_deref(),
            Some("usage_detail"),
            "{path}"
        );
    }
}

#[actix_web::test]
async fn what_a_caller_did_not_ask_for_is_no_loss() {
    let provider = Provider::start([searched()]).await;
    let mut config = Config::new();
    config.connect("main", "anthropic", &provider.url());
    config.model("lab/m", "anthropic", "m", 1, 1);
    let worker = Worker::start(&config);
    let body = r#"{"model":"lab/m","stream":true,"messages":[{"role":"user","content":"hello"}]}"#;
    let seen = worker.chat(body).await.text().await.unwrap();
    assert!(
        seen.ends_with("data: [DONE]\n\n") && !seen.contains("dropped"),
        "{seen}"
    );
    assert_eq!(worker.record().await.dropped, None);
}

#[actix_web::test]
async fn the_record_has_what_request_and_answer_lost() {
    let priced = CHAT_ANSWER.replace(r#""total_tokens":11"#, r#""total_tokens":11,"cost":1"#);
    let (worker, _provider) = with_chat([Script::json(200, &priced)]).await;
    let response = worker
        .post("/v1/messages", message("local/m", ""))
        .send()
        .await
        .unwrap();
    let told = header(&response, "x-sluicegate-dropped").map(str::to_owned);
    assert_eq!(
        told.as_deref(),
        Some("server_tool:web_search_20250305, usage_detail")
    );
    assert_eq!(worker.record().await.dropped, told);
}
