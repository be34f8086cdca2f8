//! What requests get that ask for more than words, and what orders in a prompt do.

use serde_json::{Value, json};
use sluicegate_mock_provider::{Fault, MockHandle, Outcome};

use crate::client::{billed, chunks, complete, post, start, text_of};

fn ask(prompt: &str, more: Value) -> Value {
    let mut body = json!({"model": "m", "messages": [{"role": "user", "content": prompt}]});
    let members = body.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    body
}

async fn streamed(mock: &MockHandle, mut body: Value) -> (Vec<Value>, bool) {
    body["stream"] = true.into();
    body["stream_options"] = json!({"include_usage": true});
    let response = post(mock, "/v1/chat/completions", &body).await;
    chunks(&response.text().await.unwrap())
}

fn tools() -> Value {
    let tool = |name: &str, property: &str| {
        let parameters = json!({"type": "object", "properties": {property: {"type": "string"}}});
        json!({"type": "function", "function": {"name": name, "parameters": parameters}})
    };
    json!({"tools": [tool("weather", "city"), tool("time", "zone")]})
}

#[tokio::test]
async fn parallel_calls_come_whole_and_in_pieces() {
    let mock = start();
    let whole = complete(&mock, &ask("[[call=2]]", tools())).await;
    let calls = &whole["choices"][0]["message"]["tool_calls"];
    assert_eq!(calls[0]["function"]["arguments"], r#"{"city":"city-1"}"#);
    assert_eq!(calls[1]["function"]["name"], "time");
    assert_ne!(calls[0]["id"], calls[1]["id"]);
    assert_eq!(whole["choices"][0]["finish_reason"], "tool_calls");

    let (stream, done) = streamed(&mock, ask("[[call=2]]", tools())).await;
    let pieces = stream
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["delta"]["tool_calls"].get(0));
    let mut arguments = [String::new(), String::new()];
    let mut count = 0;
    for piece in pieces {
        let index = usize::try_from(piece["index"].as_u64().unwrap()).unwrap();
        arguments[index].push_str(piece["function"]["arguments"].as_str().unwrap());
        count += 1;
    }
    assert_eq!(arguments, [r#"{"city":"city-1"}"#, r#"{"zone":"zone-2"}"#]);
    assert!(done && count > 4, "{count} pieces");
    assert_eq!(stream.last().unwrap()["usage"], whole["usage"]);
}

#[tokio::test]
async fn results_of_tools_come_back_in_the_answer() {
    let mock = start();
    let first = complete(&mock, &ask("[[call=2]]", tools())).await;
    let calls = &first["choices"][0]["message"]["tool_calls"];
    let turn = |second: &Value| {
        let result = |id: &Value, text: &str| json!({"role": "tool", "tool_call_id": id, "content": text});
        let mut body = ask("[[call=2]]", tools());
        let messages = body["messages"].as_array_mut().unwrap();
        messages.push(first["choices"][0]["message"].clone());
        messages.push(result(&calls[0]["id"], "7 degrees"));
        messages.push(result(second, "noon"));
        body
    };
    let answer = complete(&mock, &turn(&calls[1]["id"])).await;
    let message = &answer["choices"][0]["message"];
    assert_eq!(message["content"], "The tools say: 7 degrees | noon");
    let foreign = post(&mock, "/v1/chat/completions", &turn(&"call_other".into())).await;
    assert_eq!(foreign.status(), 400);
}

#[tokio::test]
async fn schemas_reasoning_and_images_are_answered() {
    let mock = start();
    let schema =
        json!({"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}});
    let format = json!({"type": "json_schema", "json_schema": {"name": "person", "schema": schema}});
    let answer = complete(&mock, &ask("Who?", json!({ "response_format": format }))).await;
    let text = answer["choices"][0]["message"]["content"].as_str().unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(text).unwrap(),
        json!({"name": "name-1", "age": 1})
    );

    let wish = ask("[[say=The old mill.]]", json!({"reasoning_effort": "high"}));
    let whole = complete(&mock, &wish).await;
    let message = &whole["choices"][0]["message"];
    let reasoning = message["reasoning_content"].as_str().unwrap();
    let (stream, _) = streamed(&mock, wish).await;
    let thought: String = stream
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["delta"]["reasoning_content"].as_str())
        .collect();
    assert_eq!(
        (thought.as_str(), text_of(&stream).as_str()),
        (reasoning, "The old mill.")
    );
    let words = reasoning.split(' ').count();
    let usage = &stream.last().unwrap()["usage"];
    assert_eq!(usage, &whole["usage"]);
    assert_eq!(usage["completion_tokens_details"]["reasoning_tokens"], words);
    assert_eq!(usage["completion_tokens"], words + 3);

    let url = "data:image/png;base64,AAAA";
    let parts = json!([{"type": "text", "text": "[[repeat=images]]"}, {"type": "image_url", "image_url": {"url": url}}]);
    let body = json!({"model": "m", "messages": [{"role": "user", "content": parts}]});
    let answer = complete(&mock, &body).await;
    let text = &answer["choices"][0]["message"]["content"];
    assert_eq!(text, "image/png 8943628b9f33b719");
}

#[tokio::test]
async fn prompts_order_failures_and_leave_a_tag() {
    let mock = start();
    let send = async |prompt: &str| {
        let response = post(&mock, "/v1/chat/completions", &ask(prompt, json!({}))).await;
        (
            response.status().as_u16(),
            response.json::<Value>().await.unwrap(),
        )
    };
    let (status, body) = send("[[fail=context]] [[tag=long]]").await;
    assert_eq!(
        (status, &body["error"]["code"]),
        (400, &"context_length_exceeded".into())
    );
    let (status, _) = send("[[fail=429]]").await;
    assert_eq!(status, 429);
    assert_eq!(send("[[tag=fine]]").await.0, 200);
    let entries = billed(&mock, 3).await;
    let tags: Vec<_> = entries.iter().map(|entry| entry.tag.as_deref()).collect();
    assert_eq!(tags, [Some("long"), None, Some("fine")]);
    assert_eq!(
        (entries[0].outcome, entries[0].fault.as_ref()),
        (Outcome::Refused, Some(&Fault::ContextLength))
    );
}

#[tokio::test]
async fn a_dripping_answer_ends_when_the_client_leaves() {
    let mock = start();
    let body = ask("[[drip]] [[tag=left]]", json!({"stream": true}));
    let mut response = post(&mock, "/v1/chat/completions", &body).await;
    response.chunk().await.unwrap().unwrap();
    drop(response);
    let entries = billed(&mock, 1).await;
    assert_eq!(
        (entries[0].outcome, entries[0].tag.as_deref()),
        (Outcome::ClientLeft, Some("left"))
    );
}
