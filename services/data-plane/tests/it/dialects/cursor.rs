//! Chat Completions as Cursor calls it: bodies of Responses on its path, answered as chat.

use serde_json::{Value, json};

use super::{chat_stream, events, header, with_chat};
use crate::support::{Config, Provider, Script, Worker, error_of};

const PATH: &str = "/cursor/v1/chat/completions";

fn responses_body(model: &str, stream: bool, options: &str) -> String {
    format!(
        r#"{{{options}"model":"{model}","input":[{{"role":"system","content":"Be brief."}},{{"role":"user","content":[{{"type":"input_text","text":"Berlin"}}]}}],"tools":[{{"type":"function","name":"edit_file","parameters":{{"type":"object","properties":{{"path":{{"type":"string"}}}},"required":["path"]}}}}],"store":false,"stream":{stream}}}"#
    )
}

#[actix_web::test]
async fn openais_paths_are_under_the_prefix() {
    let worker = Worker::start(&Config::new());
    for (path, body, object) in [
        (
            PATH,
            r#"{"model":"sluicegate/echo","messages":[{"role":"user","content":"a"}]}"#,
            "chat.completion",
        ),
        (
            "/cursor/v1/responses",
            r#"{"model":"sluicegate/echo","input":"a"}"#,
            "response",
        ),
    ] {
        let response = worker.post(path, body).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        let answer: Value = response.json().await.unwrap();
        assert_eq!(answer["object"], object);
    }
    assert_eq!(
        worker.get("/cursor/v1/models").send().await.unwrap().status(),
        200
    );
}

#[actix_web::test]
async fn a_body_of_responses_is_answered_as_chat_whole_and_streamed() {
    let (worker, provider) = with_chat([chat_stream()]).await;
    let body = responses_body("sluicegate/echo", false, "");
    let answer: Value = worker
        .post(PATH, body)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(answer["object"], "chat.completion", "{answer}");
    assert!(
        answer["id"]
            .as_str()
            .is_some_and(|id| id.starts_with("chatcmpl-"))
    );
    assert_eq!(answer["choices"][0]["message"]["role"], "assistant");

    for (options, told) in [("", false), (r#""stream_options":{"include_usage":true},"#, true)] {
        let response = worker
            .post(PATH, responses_body("local/m", true, options))
            .send()
            .await
            .unwrap();
        assert_eq!(header(&response, "x-sluicegate-dropped"), None);
        let text = response.text().await.unwrap();
        assert!(text.ends_with("data: [DONE]\n\n"), "{text}");
        assert_eq!(text.contains("\"usage\":{"), told, "{text}");
        let events = events(&text);
        let said: String = events
            .iter()
            .filter_map(|(_, it)| it["choices"][0]["delta"]["content"].as_str())
            .collect();
        assert_eq!(said, "Hello");
        assert!(
            events.iter().all(
                |(name, it)| name.is_empty() && (it.is_null() || it["object"] == "chat.completion.chunk")
            )
        );
    }
    let sent: Value = serde_json::from_str(&provider.received()[0].body).unwrap();
    assert_eq!(
        sent["messages"][0],
        json!({"role": "system", "content": "Be brief."})
    );
    assert_eq!(sent["tools"][0]["function"]["name"], "edit_file");
}

#[actix_web::test]
async fn a_provider_of_responses_gets_it_as_it_came_and_is_heard_as_chat() {
    let whole = r#"{"id":"resp_1","object":"response","status":"completed","model":"m","output":[{"type":"message","id":"msg_1","role":"assistant","status":"completed","content":[{"type":"output_text","text":"hi","annotations":[]}]}],"usage":{"input_tokens":5,"output_tokens":2,"total_tokens":7}}"#;
    let provider = Provider::start([Script::json(200, whole)]).await;
    let mut config = Config::new();
    config.connect("main", "openai", &provider.url());
    config.model("openai/gpt-4o-mini", "openai", "gpt-4o-mini", 1, 1);
    let worker = Worker::start(&config);
    let options = r#""stream_options":{"include_usage":true},"#;
    let body = responses_body("openai/gpt-4o-mini", false, options);
    let answer: Value = worker
        .post(PATH, body.clone())
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(answer["choices"][0]["message"]["content"], "hi", "{answer}");
    assert_eq!(answer["usage"]["prompt_tokens"], 5);
    let received = &provider.received()[0];
    assert!(
        received.head.starts_with("POST /v1/responses "),
        "{}",
        received.head
    );
    // An option of chat, which OpenAI refuses in Responses.
    let expected = body
        .replace(options, "")
        .replace("openai/gpt-4o-mini", "gpt-4o-mini");
    assert_eq!(received.body, expected);
}

#[actix_web::test]
async fn elsewhere_and_with_neither_it_is_refused_as_ever() {
    let worker = Worker::start(&Config::new());
    for (path, body) in [
        (
            "/v1/chat/completions",
            r#"{"model":"sluicegate/echo","input":"a"}"#,
        ),
        (PATH, r#"{"model":"sluicegate/echo"}"#),
    ] {
        let refused = error_of(worker.post(path, body).send().await.unwrap()).await;
        assert_eq!(
            (refused.0, refused.3.as_deref()),
            (400, Some("messages")),
            "{path}"
        );
    }
    for body in [
        r#"{"model":"sluicegate/echo","input":"a","stream_options":{"include_usage":7}}"#,
        r#"{"model":"sluicegate/echo","input":"a","stream_options":{},"stream_options":{}}"#,
    ] {
        let refused = error_of(worker.post(PATH, body).send().await.unwrap()).await;
        assert_eq!(refused.0, 400, "{body}");
    }
}
