//! What is not an answer of a model: lists, counts, vectors, rankings, text completions, tokens of
//! service accounts, and Gemini's other way of streaming.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use sluicegate_mock_provider::{Config, MockHandle, MockProvider};
use sluicegate_protocols::embeddings::openai::EncodingFormat;
use sluicegate_protocols::embeddings::vendor::{self, Family};

use super::{SIGV4, ask, way};
use crate::client::{billed, chunks, config, http, start};

fn post(mock: &MockHandle, path: &str, body: &Value) -> RequestBuilder {
    http().post(format!("{}{path}", mock.base_url())).json(body)
}

async fn read(call: RequestBuilder) -> Value {
    let answer = call.send().await.unwrap();
    let status = answer.status();
    let text = answer.text().await.unwrap();
    assert_eq!(status, 200, "{text}");
    serde_json::from_str(&text).unwrap()
}

#[tokio::test]
async fn models_are_listed_in_every_form() {
    let mock = start();
    mock.set_behaviour("m", sluicegate_mock_provider::Behaviour::default());
    let get = |path: &str| http().get(format!("{}{path}", mock.base_url()));
    let lists = [
        ("/v1/models", "/data/0/id", "m"),
        ("/openai/v1/models", "/data/0/id", "m"),
        ("/v1beta/models", "/models/0/name", "models/m"),
        ("/v1beta/models/m", "/name", "models/m"),
        (
            "/v1beta1/publishers/google/models",
            "/publisherModels/0/name",
            "publishers/google/models/m",
        ),
        ("/foundation-models", "/modelSummaries/0/modelId", "m"),
    ];
    for (path, place, name) in lists {
        let call = get(path)
            .header("authorization", SIGV4)
            .header("x-amz-date", "20260101T000000Z");
        let document = read(call).await;
        assert_eq!(document.pointer(place), Some(&name.into()), "{path} {document}");
    }
    let unknown = get("/v1beta/models/none").send().await.unwrap();
    assert_eq!(unknown.status(), 404);
}

#[tokio::test]
async fn more_text_counts_for_more_tokens() {
    let mock = start();
    let message = |text: &str| json!([{"role": "user", "content": text}]);
    let contents = |text: &str| json!([{"role": "user", "parts": [{"text": text}]}]);
    let claude = "/v1/projects/p/locations/l/publishers/anthropic/models/count-tokens:rawPredict";
    type Body<'a> = &'a dyn Fn(&str) -> Value;
    let counts: [(&str, &str, Body<'_>); 7] = [
        (
            "/v1/messages/count_tokens",
            "input_tokens",
            &|text| json!({"model": "m", "messages": message(text)}),
        ),
        (
            "/anthropic/v1/messages/count_tokens",
            "input_tokens",
            &|text| json!({"model": "m", "messages": message(text)}),
        ),
        (
            claude,
            "input_tokens",
            &|text| json!({"model": "m", "messages": message(text)}),
        ),
        (
            "/v1beta/models/m:countTokens",
            "totalTokens",
            &|text| json!({"contents": contents(text)}),
        ),
        (
            "/v1/projects/p/locations/l/publishers/google/models/m:countTokens",
            "totalTokens",
            &|text| json!({"contents": contents(text)}),
        ),
        (
            "/v1/responses/input_tokens",
            "input_tokens",
            &|text| json!({"model": "m", "input": text}),
        ),
        (
            "/model/m/count-tokens",
            "inputTokens",
            &|text| json!({"input": {"converse": {"messages": [{"role": "user", "content": [{"text": text}]}]}}}),
        ),
    ];
    for (path, member, body) in counts {
        let mut told = Vec::new();
        for text in ["short", "a text that is somewhat longer than the other"] {
            let mut call = post(&mock, path, &body(text)).header("anthropic-version", "2023-06-01");
            if path.starts_with("/model") {
                call = call
                    .header("authorization", SIGV4)
                    .header("x-amz-date", "20260101T000000Z");
            }
            told.push(read(call).await[member].as_u64().unwrap());
        }
        assert!(told[0] > 0 && told[1] > told[0], "{path} {told:?}");
    }
    assert!(mock.entries().is_empty(), "counting is free");
}

#[tokio::test]
async fn vectors_come_in_every_form() {
    let mock = start();
    let content = |text: &str| json!({"content": {"parts": [{"text": text}]}, "outputDimensionality": 8});
    let request = |text: &str| {
        let mut request = content(text);
        request["model"] = "models/e".into();
        request
    };
    let one = read(post(&mock, "/v1beta/models/e:embedContent", &content("x"))).await;
    assert_eq!(one["embedding"]["values"].as_array().map(Vec::len), Some(8));
    let batch = json!({"requests": [request("x"), request("y")]});
    let two = read(post(&mock, "/v1beta/models/e:batchEmbedContents", &batch)).await;
    assert_eq!(two["embeddings"][1]["values"].as_array().map(Vec::len), Some(8));
    let asked = json!({"model": "e", "texts": ["x", "y"], "input_type": "search_query", "output_dimension": 8,
        "embedding_types": ["float"]});
    let cohere = read(post(&mock, "/v2/embed", &asked)).await;
    assert_eq!(cohere["embeddings"]["float"][1].as_array().map(Vec::len), Some(8));
    let azure = json!({"input": ["x", "y"], "dimensions": 8});
    let azure = read(post(
        &mock,
        "/openai/deployments/e/embeddings?api-version=1",
        &azure,
    ))
    .await;
    assert_eq!(azure["data"][1]["embedding"].as_array().map(Vec::len), Some(8));
    let entries = billed(&mock, 4).await;
    assert!(
        entries
            .iter()
            .all(|it| it.endpoint == "embeddings" && it.model == "e")
    );
    assert_eq!(
        cohere["meta"]["billed_units"]["input_tokens"],
        entries[2].input_tokens
    );
}

/// Asked for as a gateway asks, and told so that it understands.
#[tokio::test]
async fn vectors_come_in_the_forms_of_vendors() {
    let mock = start();
    let vertex = "/v1/projects/p/locations/l/publishers/google/models";
    let models = [
        ("/model", "amazon.titan-embed-text-v2:0", "/invoke", 1),
        ("/model", "amazon.nova-2-multimodal-embeddings-v1:0", "/invoke", 1),
        ("/model", "cohere.embed-v4:0", "/invoke", 2),
        (vertex, "text-embedding-005", ":predict", 2),
        (vertex, "gemini-embedding-001", ":predict", 1),
    ];
    for (number, (before, model, after, texts)) in models.into_iter().enumerate() {
        let family = Family::of_model(model).unwrap_or(Family::of_vertex(model));
        let asked = json!({"model": model, "input": ["x", "y"], "dimensions": 8}).to_string();
        let calls = vendor::from_openai(asked.as_bytes(), 64, family).unwrap();
        assert_eq!(calls.bodies.len() * texts, 2, "{model}");
        let key = if before == vertex { "Bearer key" } else { SIGV4 };
        let call = http()
            .post(format!("{}{before}/{model}{after}", mock.base_url()))
            .header("authorization", key)
            .header("x-amz-date", "20260101T000000Z")
            .body(calls.bodies[0].clone());
        let answer = call.send().await.unwrap();
        assert_eq!(answer.status(), 200, "{model}");
        let header = answer.headers().get("x-amzn-bedrock-input-token-count").cloned();
        let body = answer.bytes().await.unwrap();
        let told = vendor::to_openai(&[&body], model, EncodingFormat::Float, 0).unwrap();
        let document: Value = serde_json::from_slice(&told.body).unwrap();
        let vectors = document["data"].as_array().unwrap();
        assert_eq!(vectors.len(), texts, "{model}");
        assert_eq!(
            vectors[0]["embedding"].as_array().map(Vec::len),
            Some(8),
            "{model}"
        );
        let entry = &billed(&mock, number + 1).await[number];
        let counted = header.map(|it| it.to_str().unwrap().parse().unwrap());
        assert_eq!(entry.model, model);
        assert_eq!(told.tokens.or(counted), Some(entry.input_tokens), "{model}");
    }
    let chat = post(&mock, "/model/m/invoke", &json!({"prompt": "x"}))
        .header("authorization", SIGV4)
        .header("x-amz-date", "20260101T000000Z");
    assert_eq!(chat.send().await.unwrap().status(), 400, "no model of vectors");
}

#[tokio::test]
async fn documents_are_ranked() {
    let mock = start();
    let body = |query: &str| json!({"model": "r", "query": query, "documents": ["a", "b", "c"], "top_n": 2});
    let ranked = read(post(&mock, "/v2/rerank", &body("which"))).await;
    let results = ranked["results"].as_array().unwrap();
    assert_eq!(results.len(), 2);
    assert!(results[0]["relevance_score"].as_f64() >= results[1]["relevance_score"].as_f64());
    assert_eq!(ranked["meta"]["billed_units"]["search_units"], 1);
    assert_eq!(
        read(post(&mock, "/v2/rerank", &body("which"))).await["results"],
        ranked["results"]
    );
    let refused = post(&mock, "/v2/rerank", &body("[[fail=429]]"))
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), 429);
    assert_eq!(billed(&mock, 3).await[0].endpoint, "rerank");
}

#[tokio::test]
async fn texts_are_completed_whole_and_in_pieces() {
    let mock = start();
    for path in [
        "/v1/completions",
        "/openai/deployments/m/completions?api-version=1",
    ] {
        let whole = read(post(
            &mock,
            path,
            &json!({"model": "m", "prompt": "[[say=one two]]"}),
        ))
        .await;
        assert_eq!(whole["choices"][0]["text"], "one two");
        assert_eq!(
            (&whole["object"], &whole["usage"]["completion_tokens"]),
            (&"text_completion".into(), &2.into())
        );
        let asked = json!({"model": "m", "prompt": "[[say=one two]]", "stream": true,
            "stream_options": {"include_usage": true}});
        let text = post(&mock, path, &asked)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap();
        let (chunks, done) = chunks(&text);
        let said: String = chunks
            .iter()
            .filter_map(|it| it["choices"][0]["text"].as_str())
            .collect();
        assert_eq!((said.as_str(), done), ("one two", true));
        assert_eq!(chunks.last().unwrap()["usage"], whole["usage"]);
    }
    let entries = billed(&mock, 4).await;
    assert!(
        entries
            .iter()
            .all(|it| it.endpoint == "completions" && it.output_tokens == 2)
    );
}

#[tokio::test]
async fn gemini_streams_an_array_unless_asked_for_events() {
    let mock = start();
    let body = json!({"contents": [{"role": "user", "parts": [{"text": "[[say=one two]]"}]}]});
    let document = read(post(&mock, "/v1beta/models/m:streamGenerateContent", &body)).await;
    let chunks = document.as_array().unwrap();
    let text = chunks
        .iter()
        .filter_map(|it| it["candidates"][0]["content"]["parts"][0]["text"].as_str());
    assert_eq!(text.collect::<String>(), "one two");
    assert_eq!(chunks.last().unwrap()["candidates"][0]["finishReason"], "STOP");
}

#[tokio::test]
async fn service_accounts_get_tokens_that_vertex_takes() {
    let mock = MockProvider::start(Config {
        keys: vec!["key".into()],
        ..config()
    })
    .unwrap();
    let now = std::time::SystemTime::now();
    let now = now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let head = json!({"alg": "RS256", "typ": "JWT", "kid": "k"}).to_string();
    let claims = json!({"iss": "a@p.iam.gserviceaccount.com", "aud": "https://oauth2.googleapis.com/token",
        "scope": "https://www.googleapis.com/auth/cloud-platform", "iat": now, "exp": now + 3600});
    let assertion = format!(
        "{}.{}.{}",
        part(head.as_bytes()),
        part(claims.to_string().as_bytes()),
        part(&[1; 256])
    );
    let form =
        format!("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={assertion}");
    let call = http()
        .post(format!("{}/token", mock.base_url()))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form);
    let token = read(call).await;
    assert_eq!(
        (&token["token_type"], &token["expires_in"]),
        (&"Bearer".into(), &3599.into())
    );
    let bearer = format!("Bearer {}", token["access_token"].as_str().unwrap());
    let call = |path: &str, bearer: &str| {
        let body = json!({"contents": [{"role": "user", "parts": [{"text": "hello"}]}]});
        post(&mock, path, &body).header("authorization", bearer.to_owned())
    };
    let path = "/v1/projects/p/locations/l/publishers/google/models/m:generateContent";
    assert_eq!(call(path, &bearer).send().await.unwrap().status(), 200);
    assert_eq!(
        call(path, "Bearer ya29.other").send().await.unwrap().status(),
        401
    );
    let elsewhere = way("openai")
        .call(&mock, &ask("hello"), false)
        .header("authorization", bearer);
    assert_eq!(
        elsewhere.send().await.unwrap().status(),
        200,
        "the first key counts"
    );
    let refused = http()
        .post(format!("{}/token", mock.base_url()))
        .body("grant_type=password");
    assert_eq!(refused.send().await.unwrap().status(), 400);
}
