//! What servers differ in that speak Chat Completions, as far as it can be seen from outside: places of usage and
//! reasoning, refusals, shapes of errors. What they share with all formats is proved for all formats.

use serde_json::{Value, json};
use sluicegate_mock_provider::MockHandle;

use crate::client::{http, start};

async fn call(mock: &MockHandle, flavor: &str, more: Value) -> (u16, String) {
    let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "[[say=one two three]]"}]});
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    let url = format!("http://{}/{flavor}/v1/chat/completions", mock.address());
    let answer = http()
        .post(url)
        .bearer_auth("key")
        .json(&body)
        .send()
        .await
        .unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// The chunks of a stream that is asked for reasoning and usage.
async fn chunks(mock: &MockHandle, flavor: &str) -> Vec<Value> {
    let more = json!({"stream": true, "stream_options": {"include_usage": true}, "reasoning_effort": "low"});
    let (status, text) = call(mock, flavor, more).await;
    assert_eq!(status, 200, "{flavor}: {text}");
    let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
    let told: Vec<&str> = data.collect();
    assert_eq!(told.last(), Some(&"[DONE]"), "{flavor}");
    let documents = told[..told.len() - 1].iter();
    documents.map(|it| serde_json::from_str(it).unwrap()).collect()
}

#[tokio::test]
async fn usage_and_reasoning_stand_where_each_server_puts_them() {
    let mock = start();
    // Chunks with usage, whether the last of them has no choices, the member that reasoning is in.
    for (flavor, told, alone, member) in [
        ("groq", Some(1), false, Some("reasoning")),
        ("deepseek", Some(1), false, Some("reasoning_content")),
        ("xai", Some(1), true, Some("reasoning_content")),
        ("together", Some(1), false, Some("reasoning")),
        ("fireworks", Some(1), false, Some("reasoning_content")),
        ("perplexity", None, false, None),
        ("openrouter", Some(1), false, Some("reasoning")),
        ("huggingface", Some(1), true, Some("reasoning_content")),
        ("ollama", Some(1), true, Some("reasoning")),
        ("vllm", Some(1), true, Some("reasoning")),
        ("llama-cpp", Some(1), true, Some("reasoning_content")),
    ] {
        let chunks = chunks(&mock, flavor).await;
        let usages: Vec<&Value> = chunks.iter().filter(|it| it["usage"].is_object()).collect();
        assert_eq!(usages.len(), told.unwrap_or(chunks.len()), "{flavor}");
        let choices = usages.last().unwrap()["choices"].as_array().unwrap();
        assert_eq!(choices.is_empty(), alone, "{flavor}");
        for name in ["reasoning", "reasoning_content"] {
            let shown = chunks
                .iter()
                .any(|it| it["choices"][0]["delta"][name].is_string());
            assert_eq!(shown, member == Some(name), "{flavor} {name}");
        }
    }
}

#[tokio::test]
async fn each_server_refuses_what_it_does_not_take() {
    let mock = start();
    let back = json!([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b", "reasoning_content": "c"}]);
    let developer = json!([{"role": "developer", "content": "a"}, {"role": "user", "content": "b"}]);
    let tools = json!([{"type": "function", "function": {"name": "f"}}]);
    for (flavor, more, status, said) in [
        (
            "groq",
            json!({"messages": back}),
            400,
            "property 'reasoning_content' is unsupported",
        ),
        (
            "deepseek",
            json!({"messages": developer}),
            422,
            "unknown variant `developer`",
        ),
        (
            "fireworks",
            json!({"store": false}),
            400,
            "Extra inputs are not permitted",
        ),
        (
            "perplexity",
            json!({"tools": tools}),
            400,
            "Tool calling is not supported",
        ),
        ("ollama", json!({"store": false}), 200, "one two three"),
    ] {
        let (found, text) = call(&mock, flavor, more).await;
        assert!(found == status && text.contains(said), "{flavor}: {found} {text}");
    }
}

#[tokio::test]
async fn errors_have_the_shape_of_their_server() {
    let mock = start();
    let order = json!({"messages": [{"role": "user", "content": "[[fail=429]]"}]});
    let message = "Rate limit reached. Please try again later.";
    for (flavor, at) in [
        ("xai", "/error"),
        ("huggingface", "/error"),
        ("groq", "/error/message"),
        ("openrouter", "/error/message"),
        ("llama-cpp", "/error/message"),
    ] {
        let (status, text) = call(&mock, flavor, order.clone()).await;
        let document: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            (status, document.pointer(at)),
            (429, Some(&json!(message))),
            "{flavor}"
        );
    }
    let (status, _) = call(&mock, "nobody", json!({})).await;
    assert_eq!(status, 404);
}
