//! Gemini's generateContent, streamed as events and as an array, its counts, its embeddings and its lists.

use serde_json::{Value, json};
use sluicegate_contracts::usage::Outcome;

use super::{CHAT_ANSWER, CHAT_HEL, chat_stream, events, header, with_chat};
use crate::support::config::credential;
use crate::support::{Config, Provider, Script, Worker};

const BODY: &str = r#"{"systemInstruction":{"parts":[{"text":"Be brief."}]},"contents":[{"role":"user","parts":[{"text":"hello there"}]}],"generationConfig":{"maxOutputTokens":64}}"#;

fn path(model: &str, method: &str) -> String {
    format!("/v1beta/models/{model}:{method}")
}

async fn ask(worker: &Worker, path: &str, body: &str) -> Value {
    let response = worker.post(path, body).send().await.unwrap();
    assert_eq!(response.status(), 200, "{path}");
    response.json().await.unwrap()
}

#[actix_web::test]
async fn the_echo_generates_content() {
    let worker = Worker::start(&Config::new());
    for path in [
        "/v1beta/models/sluicegate/echo:generateContent",
        "/v1beta/models/sluicegate%2Fecho:generateContent",
        "/v1/models/sluicegate/echo:generateContent",
        "/gemini/v1beta/models/sluicegate/echo:generateContent?alt=json",
    ] {
        let answer = ask(&worker, path, BODY).await;
        let candidate = &answer["candidates"][0];
        assert_eq!(
            candidate["content"]["parts"][0]["text"], "You said: hello there",
            "{path}"
        );
        assert_eq!(candidate["finishReason"], "STOP");
        assert_eq!(answer["usageMetadata"]["promptTokenCount"], 4);
    }
    let record = worker.first_records(4).await.remove(0);
    assert_eq!(
        (record.outcome, record.model_requested.as_str()),
        (Outcome::Served, "sluicegate/echo")
    );
}

#[actix_web::test]
async fn a_chat_provider_generates_content_whole_and_streamed() {
    let (worker, provider) = with_chat([Script::json(200, CHAT_ANSWER), chat_stream(), chat_stream()]).await;
    let answer = ask(&worker, &path("local/m", "generateContent"), BODY).await;
    assert_eq!(
        answer["candidates"][0]["content"]["parts"],
        json!([{"text": "Hi."}])
    );
    let sent: Value = serde_json::from_str(&provider.received()[0].body).unwrap();
    assert_eq!(
        (&sent["model"], &sent["messages"][1]["content"]),
        (&json!("m"), &json!("hello there"))
    );

    let said = |chunks: &[Value]| -> String {
        let parts = chunks
            .iter()
            .flat_map(|it| it["candidates"][0]["content"]["parts"].as_array().cloned());
        parts
            .flatten()
            .filter_map(|part| part["text"].as_str().map(str::to_owned))
            .collect()
    };
    let streamed = worker
        .post(
            &format!("{}?alt=sse", path("local/m", "streamGenerateContent")),
            BODY,
        )
        .send()
        .await
        .unwrap();
    assert!(
        header(&streamed, "content-type")
            .unwrap()
            .starts_with("text/event-stream")
    );
    let chunks: Vec<Value> = events(&streamed.text().await.unwrap())
        .into_iter()
        .map(|(_, it)| it)
        .collect();
    assert_eq!(said(&chunks), "Hello");
    let last = chunks.last().unwrap();
    assert_eq!(last["candidates"][0]["finishReason"], "STOP");
    assert_eq!(last["usageMetadata"]["candidatesTokenCount"], 2);

    let array = worker
        .post(&path("local/m", "streamGenerateContent"), BODY)
        .send()
        .await
        .unwrap();
    assert_eq!(header(&array, "content-type"), Some("application/json"));
    let elements: Vec<Value> = array.json().await.unwrap();
    assert_eq!(said(&elements), "Hello");
    assert_eq!(elements.len(), chunks.len());
    let sent: Value = serde_json::from_str(&provider.received()[2].body).unwrap();
    assert_eq!(
        (&sent["stream"], &sent["stream_options"]["include_usage"]),
        (&json!(true), &json!(true))
    );
}

#[actix_web::test]
async fn a_cut_stream_ends_in_an_error_in_both_framings() {
    for method in ["streamGenerateContent?alt=sse", "streamGenerateContent"] {
        let (worker, _provider) = with_chat([Script::events().then(CHAT_HEL).cut()]).await;
        let text = worker
            .post(&path("local/m", method), BODY)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap();
        assert!(!text.contains("finishReason"), "{text}");
        let last = if method.contains("sse") {
            events(&text).pop().unwrap().1
        } else {
            serde_json::from_str::<Vec<Value>>(&text).unwrap().pop().unwrap()
        };
        assert_eq!(last["error"]["status"], "INTERNAL", "{text}");
        assert_eq!(worker.record().await.outcome, Outcome::Cut);
    }
}

#[actix_web::test]
async fn a_function_is_called() {
    let worker = Worker::start(&Config::new());
    let body = r#"{"contents":[{"role":"user","parts":[{"text":"Berlin"}]}],"tools":[{"functionDeclarations":[{"name":"get_weather","parameters":{"type":"OBJECT","properties":{"city":{"type":"STRING"}},"required":["city"]}}]}],"toolConfig":{"functionCallingConfig":{"mode":"ANY"}}}"#;
    let answer = ask(&worker, &path("sluicegate/echo", "generateContent"), body).await;
    let call = &answer["candidates"][0]["content"]["parts"][0]["functionCall"];
    assert_eq!(
        (&call["name"], &call["args"]),
        (&json!("get_weather"), &json!({"city": "Berlin"}))
    );
}

#[actix_web::test]
async fn errors_are_googles_in_status_and_words() {
    let worker = Worker::start(&Config::new());
    for (model, status, word) in [
        ("sluicegate/echo:429", 429, "RESOURCE_EXHAUSTED"),
        ("sluicegate/echo:400", 400, "INVALID_ARGUMENT"),
        ("sluicegate/echo:500", 500, "INTERNAL"),
        ("no/such", 404, "NOT_FOUND"),
    ] {
        let response = worker
            .post(&path(model, "generateContent"), BODY)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), status, "{model}");
        let answer: Value = response.json().await.unwrap();
        assert_eq!(
            (&answer["error"]["status"], &answer["error"]["code"]),
            (&json!(word), &json!(status)),
            "{model}"
        );
    }
    let response = worker.post(&path("m", "predict"), BODY).send().await.unwrap();
    assert_eq!(response.status(), 404);
    let response = worker
        .post(
            &path("sluicegate/echo", "generateContent"),
            r#"{"contents":[{"parts":7}]}"#,
        )
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 400);
    let answer: Value = response.json().await.unwrap();
    assert!(
        answer["error"]["message"]
            .as_str()
            .unwrap()
            .contains("/contents/0/parts"),
        "{answer}"
    );
}

#[actix_web::test]
async fn a_key_comes_as_googles_clients_send_it() {
    let worker = Worker::start(&Config::new());
    let plain = path("sluicegate/echo", "generateContent");
    let send = |path: String, key: Option<String>| {
        let request = worker
            .anonymous("POST", &path)
            .header("content-type", "application/json")
            .body(BODY);
        match key {
            Some(key) => request.header("x-goog-api-key", key),
            None => request,
        }
        .send()
    };
    let keyed = format!("{plain}?key={}", worker.key());
    assert_eq!(send(keyed, None).await.unwrap().status(), 200);
    assert_eq!(
        send(plain.clone(), Some(worker.key().to_owned()))
            .await
            .unwrap()
            .status(),
        200
    );
    for (path, key) in [
        (plain.clone(), None),
        (format!("{plain}?key=nonsense"), None),
        (plain.clone(), Some("AIzaNonsense".to_owned())),
    ] {
        let response = send(path, key).await.unwrap();
        assert_eq!(response.status(), 400);
        let text = response.text().await.unwrap();
        assert!(
            text.contains("API_KEY_INVALID") && !text.contains("onsense"),
            "{text}"
        );
    }
}

#[actix_web::test]
async fn tokens_are_counted() {
    let worker = Worker::start(&Config::new());
    let inner = r#"{"contents":[{"role":"user","parts":[{"text":"hello"}]}]}"#;
    let wrapped = format!(r#"{{"generateContentRequest":{inner}}}"#);
    for body in [inner, &wrapped] {
        let answer = ask(&worker, &path("sluicegate/echo", "countTokens"), body).await;
        assert_eq!(answer, json!({"totalTokens": 3 + 4 + 5}));
    }
}

#[actix_web::test]
async fn texts_become_vectors() {
    let worker = Worker::start(&Config::new());
    let one = ask(
        &worker,
        &path("sluicegate/echo", "embedContent"),
        r#"{"content":{"parts":[{"text":"a"}]},"outputDimensionality":8}"#,
    )
    .await;
    let values = one["embedding"]["values"].as_array().unwrap();
    assert_eq!(values.len(), 8);
    let response = worker
        .post(
            &path("sluicegate/echo", "batchEmbedContents"),
            r#"{"requests":[{"model":"models/x","content":{"parts":[{"text":"a"}]},"taskType":"CLUSTERING","outputDimensionality":8},{"content":{"parts":[{"text":"b"}]}}]}"#,
        )
        .send()
        .await
        .unwrap();
    assert_eq!(
        header(&response, "x-sluicegate-dropped"),
        Some("unknown_field:taskType")
    );
    let several: Value = response.json().await.unwrap();
    assert_eq!(several["embeddings"].as_array().unwrap().len(), 2);
    assert_eq!(&several["embeddings"][0]["values"], &one["embedding"]["values"]);
    let record = worker.first_records(2).await.remove(1);
    assert_eq!(
        (record.operation.as_str(), record.tokens.input),
        ("embeddings", 2)
    );
}

#[actix_web::test]
async fn models_are_listed() {
    let worker = Worker::start(&Config::new());
    for prefix in ["/v1beta", "/gemini/v1beta"] {
        let list: Value = worker
            .get(&format!("{prefix}/models?pageSize=50"))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        assert_eq!(list["models"][0]["name"], "models/sluicegate/echo");
        let methods = list["models"][0]["supportedGenerationMethods"]
            .as_array()
            .unwrap();
        assert!(methods.contains(&json!("generateContent")));
        let one: Value = worker
            .get(&format!("{prefix}/models/sluicegate/echo"))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        assert_eq!(one, list["models"][0]);
    }
    let response = worker.get("/v1beta/models/no/such").send().await.unwrap();
    assert_eq!(response.status(), 404);
    assert_eq!(
        response.json::<Value>().await.unwrap()["error"]["status"],
        "NOT_FOUND"
    );
}

const ANSWER: &str = r#"{"candidates":[{"content":{"role":"model","parts":[{"text":"h\u00e9"}]},"finishReason":"STOP","x":1.50}],"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":2,"totalTokenCount":7}}"#;
const CHUNKS: [&str; 2] = [
    "data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"Hel\"}]}}]}\r\n\r\n",
    "data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"lo\"}]},\"finishReason\":\"STOP\"}],\"usageMetadata\":{\"promptTokenCount\":5,\"candidatesTokenCount\":2}}\r\n\r\n",
];

#[actix_web::test]
async fn a_provider_of_gemini_gets_and_gives_every_byte() {
    let stream = || {
        CHUNKS
            .iter()
            .fold(Script::events(), |script, chunk| script.then(chunk))
            .end()
    };
    let provider = Provider::start([Script::json(200, ANSWER), stream(), stream()]).await;
    let mut config = Config::new();
    config.connect("main", "google", &provider.url());
    config.model("google/gemini-x", "google", "gemini-x-1", 1_000_000, 2_000_000);
    let worker = Worker::start(&config);

    let answer = worker
        .post(&path("google/gemini-x", "generateContent"), BODY)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.text().await.unwrap(), ANSWER);
    let received = &provider.received()[0];
    assert_eq!(received.body, BODY);
    let head = received.head.to_ascii_lowercase();
    assert!(head.contains("/models/gemini-x-1:generatecontent "), "{head}");
    assert!(head.contains(&format!("x-goog-api-key: {}", credential("main"))));

    let sse = format!("{}?alt=sse", path("google/gemini-x", "streamGenerateContent"));
    let text = worker
        .post(&sse, BODY)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert_eq!(text, CHUNKS.concat());
    let array: Vec<Value> = worker
        .post(&path("google/gemini-x", "streamGenerateContent"), BODY)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(array.len(), 2);
    let records = worker.first_records(3).await;
    for record in records {
        assert_eq!(
            (record.outcome, record.tokens.input, record.tokens.output),
            (Outcome::Served, 5, 2)
        );
    }
}
