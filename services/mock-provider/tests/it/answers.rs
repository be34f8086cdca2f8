//! What calls that go well are answered.

use serde_json::{Value, json};
use sluicegate_mock_provider::behaviour::{StreamUsage, ToolCallScript};
use sluicegate_mock_provider::{Behaviour, Config, MockProvider, Outcome};

use crate::client::{PRICE, billed, chat, chunks, complete, config, http, post, start, text_of};

#[tokio::test]
async fn whole_and_streamed_answers_are_the_same_and_are_booked() {
    let mock = start();
    let behaviour = Behaviour {
        output_tokens: Some(9),
        cached_tokens: 4,
        reasoning_tokens: 3,
        ..Behaviour::default()
    };
    mock.set_behaviour("m", behaviour);
    let whole = complete(&mock, &chat("m", json!({}))).await;
    let asked = json!({"stream": true, "stream_options": {"include_usage": true}});
    let response = post(&mock, "/v1/chat/completions", &chat("m", asked)).await;
    assert!(
        response.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/event-stream")
    );
    let (stream, done) = chunks(&response.text().await.unwrap());
    let content = whole["choices"][0]["message"]["content"].as_str().unwrap();
    assert_eq!((text_of(&stream).as_str(), done), (content, true));
    assert_eq!(content.split(' ').count(), 9);
    assert_eq!(stream.last().unwrap()["usage"], whole["usage"]);
    assert_eq!(whole["usage"]["completion_tokens"], 12);

    let entries = billed(&mock, 2).await;
    for (entry, id) in entries.iter().zip([&whole["id"], &stream[0]["id"]]) {
        assert_eq!(
            (entry.call_id.as_str(), entry.outcome),
            (id.as_str().unwrap(), Outcome::Completed)
        );
        assert_eq!(
            (
                entry.cached_input_tokens,
                entry.output_tokens,
                entry.reasoning_tokens
            ),
            (4, 12, 3)
        );
        assert_eq!(whole["usage"]["prompt_tokens"], entry.input_tokens);
        assert_eq!(
            entry.cost_nano_usd,
            PRICE.cost_nano_usd(entry.input_tokens, 4, 12)
        );
    }
    mock.stop().await;
}

#[tokio::test]
async fn usage_in_streams_is_told_only_when_asked() {
    let mock = start();
    let response = post(&mock, "/v1/chat/completions", &chat("m", json!({"stream": true}))).await;
    let (stream, done) = chunks(&response.text().await.unwrap());
    assert!(done && stream.iter().all(|c| c.get("usage").is_none()));
    let always = Behaviour {
        stream_usage: StreamUsage::Always,
        ..Behaviour::default()
    };
    mock.set_behaviour("m", always);
    let response = post(&mock, "/v1/chat/completions", &chat("m", json!({"stream": true}))).await;
    let (stream, _) = chunks(&response.text().await.unwrap());
    assert!(stream.last().unwrap()["usage"].is_object());
}

#[tokio::test]
async fn limits_tools_and_several_answers_are_honored() {
    let mock = start();
    mock.set_behaviour(
        "long",
        Behaviour {
            output_tokens: Some(50),
            ..Behaviour::default()
        },
    );
    let cut = complete(&mock, &chat("long", json!({"max_tokens": 5}))).await;
    assert_eq!(
        (
            &cut["choices"][0]["finish_reason"],
            &cut["usage"]["completion_tokens"]
        ),
        (&"length".into(), &5.into())
    );
    let two = complete(&mock, &chat("long", json!({"n": 2}))).await;
    assert_eq!(
        (
            two["choices"].as_array().unwrap().len(),
            &two["usage"]["completion_tokens"]
        ),
        (2, &100.into())
    );

    let call = ToolCallScript {
        name: "weather".into(),
        arguments: "{\"city\":\"Oslo\"}".into(),
    };
    mock.set_behaviour(
        "tools",
        Behaviour {
            tool_call: Some(call),
            ..Behaviour::default()
        },
    );
    let tools = json!({"tools": [{"type": "function", "function": {"name": "weather"}}]});
    let answer = complete(&mock, &chat("tools", tools.clone())).await;
    let message = &answer["choices"][0]["message"];
    assert_eq!(
        message["tool_calls"][0]["function"]["arguments"],
        "{\"city\":\"Oslo\"}"
    );
    assert_eq!(
        (&message["content"], &answer["choices"][0]["finish_reason"]),
        (&Value::Null, &"tool_calls".into())
    );
    let mut streamed = tools;
    streamed["stream"] = true.into();
    let response = post(&mock, "/v1/chat/completions", &chat("tools", streamed)).await;
    let (stream, _) = chunks(&response.text().await.unwrap());
    assert_eq!(
        stream[1]["choices"][0]["delta"]["tool_calls"][0]["function"]["name"],
        "weather"
    );
    let plain = complete(&mock, &chat("tools", json!({}))).await;
    assert_eq!(plain["choices"][0]["finish_reason"], "stop");
}

#[tokio::test]
async fn embeddings_come_in_both_encodings() {
    let mock = start();
    mock.set_behaviour(
        "e",
        Behaviour {
            embedding_dimensions: 8,
            ..Behaviour::default()
        },
    );
    let floats = post(
        &mock,
        "/v1/embeddings",
        &json!({"model": "e", "input": ["one", "two words"]}),
    )
    .await;
    let floats: Value = floats.json().await.unwrap();
    assert_eq!(floats["data"].as_array().unwrap().len(), 2);
    assert_eq!(floats["data"][1]["embedding"].as_array().unwrap().len(), 8);
    let packed = json!({"model": "e", "input": "x", "encoding_format": "base64", "dimensions": 3});
    let packed: Value = post(&mock, "/v1/embeddings", &packed).await.json().await.unwrap();
    assert_eq!(packed["data"][0]["embedding"].as_str().unwrap().len(), 16);
    let entries = billed(&mock, 2).await;
    assert_eq!(
        (entries[0].endpoint.as_str(), entries[0].output_tokens),
        ("embeddings", 0)
    );
    assert_eq!(floats["usage"]["prompt_tokens"], entries[0].input_tokens);
}

#[tokio::test]
async fn wrong_requests_are_refused_as_openai_would() {
    let limits = Config {
        keys: vec!["sk-1".into()],
        models: vec!["m".into()],
        ..config()
    };
    let mock = MockProvider::start(limits).unwrap();
    let url = format!("{}/v1/chat/completions", mock.base_url());
    let send = |key: &'static str, body: String| http().post(&url).bearer_auth(key).body(body).send();
    let good = chat("m", json!({})).to_string();
    let cases = [
        ("sk-2", good.clone(), 401, "invalid_api_key"),
        (
            "sk-1",
            chat("other", json!({})).to_string(),
            404,
            "model_not_found",
        ),
        ("sk-1", "{\"model\":\"m\"".into(), 400, ""),
        ("sk-1", chat("m", json!({"stream": "yes"})).to_string(), 400, ""),
    ];
    for (key, body, status, code) in cases {
        let response = send(key, body.clone()).await.unwrap();
        assert_eq!(response.status(), status, "{body}");
        let error: Value = response.json().await.unwrap();
        assert_eq!(error["error"]["code"].as_str().unwrap_or(""), code, "{error}");
    }
    assert_eq!(send("sk-1", good).await.unwrap().status(), 200);
    let list = http()
        .get(format!("{}/v1/models", mock.base_url()))
        .bearer_auth("sk-1")
        .send()
        .await
        .unwrap();
    assert_eq!(list.json::<Value>().await.unwrap()["data"][0]["id"], "m");
    let totals = mock.totals();
    assert_eq!((totals.requests, totals.refused, totals.billed), (5, 4, 1));
}
