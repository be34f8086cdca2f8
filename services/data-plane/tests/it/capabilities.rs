//! What a model can do: requests that need it go where it is not known to be missing, and listings say what is known.

use serde_json::{Value, json};
use sluicegate_contracts::config::{Facts, RetryPolicy};

use crate::support::{Config, Provider, Script, Worker, error_of};

const ANSWER: &str = r#"{"id":"c1","object":"chat.completion","created":7,"model":"m-1","choices":[{"index":0,"message":{"role":"assistant","content":"Hi."},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}"#;

/// A model that can do all of it, or nothing.
fn known(can: bool) -> Facts {
    Facts {
        tools: Some(can),
        json_schema: Some(can),
        reasoning: Some(can),
        ..Facts::UNKNOWN
    }
}

/// What each capability is needed for in each dialect: path, members, and the code against a model that lacks it.
fn needy() -> Vec<(&'static str, Value, &'static str)> {
    let schema = json!({"type": "object"});
    let function = json!({"name": "f", "parameters": schema});
    let (chat, responses, messages) = ("/v1/chat/completions", "/v1/responses", "/v1/messages");
    let generate = "/v1beta/models/local/m:generateContent";
    vec![
        (
            chat,
            json!({"tools": [{"type": "function", "function": function}]}),
            "tools_unsupported",
        ),
        (
            chat,
            json!({"response_format": {"type": "json_schema", "json_schema": {"name": "s", "schema": schema}}}),
            "schema_unsupported",
        ),
        (chat, json!({"reasoning_effort": "high"}), "reasoning_unsupported"),
        (
            responses,
            json!({"tools": [{"type": "function", "name": "f", "parameters": schema}]}),
            "tools_unsupported",
        ),
        (
            responses,
            json!({"text": {"format": {"type": "json_schema", "name": "s", "schema": schema}}}),
            "schema_unsupported",
        ),
        (
            responses,
            json!({"reasoning": {"effort": "low"}}),
            "reasoning_unsupported",
        ),
        (
            messages,
            json!({"tools": [{"name": "f", "input_schema": schema}]}),
            "tools_unsupported",
        ),
        (
            messages,
            json!({"thinking": {"type": "enabled", "budget_tokens": 1024}}),
            "reasoning_unsupported",
        ),
        (
            generate,
            json!({"tools": [{"functionDeclarations": [function]}]}),
            "tools_unsupported",
        ),
        (
            generate,
            json!({"generationConfig": {"responseMimeType": "application/json", "responseSchema": {"type": "OBJECT"}}}),
            "schema_unsupported",
        ),
        (
            generate,
            json!({"generationConfig": {"responseMimeType": "application/json", "responseJsonSchema": schema}}),
            "schema_unsupported",
        ),
        (
            generate,
            json!({"generationConfig": {"thinkingConfig": {"thinkingBudget": 1024}}}),
            "reasoning_unsupported",
        ),
    ]
}

/// A request for `model` with these members besides.
fn asking(path: &str, model: &str, members: &Value) -> String {
    let mut body = match path {
        "/v1/responses" => json!({"model": model, "input": "hello"}),
        path if path.contains("generateContent") => {
            json!({"contents": [{"role": "user", "parts": [{"text": "hello"}]}]})
        }
        _ => json!({"model": model, "max_tokens": 4096, "messages": [{"role": "user", "content": "hello"}]}),
    };
    for (name, value) in members.as_object().unwrap() {
        body[name] = value.clone();
    }
    body.to_string()
}

/// A worker whose model `local/m` is known for `facts`.
async fn knowing(facts: Facts) -> (Worker, Provider) {
    let provider = Provider::start(std::iter::repeat_n(Script::json(200, ANSWER), 16)).await;
    let mut config = Config::new();
    config.compatible("local", &provider.url());
    config.model("local/m", "openai-compatible", "m", 1, 1);
    config.known_for(facts);
    (Worker::start(&config), provider)
}

#[actix_web::test]
async fn what_a_model_is_known_to_lack_it_is_not_asked_for() {
    let (worker, provider) = knowing(known(false)).await;
    let mut thoughtless = 0;
    for (path, members, code) in needy() {
        let response = worker
            .post(path, asking(path, "local/m", &members))
            .send()
            .await
            .unwrap();
        let status = response.status();
        let told = response.text().await.unwrap();
        if code == "reasoning_unsupported" {
            assert_eq!(status, 200, "an answer without thinking is an answer: {told}");
            thoughtless += 1;
        } else {
            assert!(status == 404 && told.contains(code), "{path} {members}: {told}");
        }
    }
    assert_eq!(provider.received().len(), thoughtless);
    let plain = asking(
        "/v1/chat/completions",
        "local/m",
        &json!({"tools": [], "reasoning_effort": "none"}),
    );
    assert_eq!(
        worker.chat(plain).await.status(),
        200,
        "nothing in particular is asked of it"
    );
}

#[actix_web::test]
async fn what_nobody_knows_is_tried_unless_every_parameter_is_required() {
    let (worker, provider) = knowing(Facts::UNKNOWN).await;
    let mut tried = 0;
    for (path, members, code) in needy() {
        let plain = asking(path, "local/m", &members);
        assert_eq!(
            worker.post(path, plain).send().await.unwrap().status(),
            200,
            "{path} {members}"
        );
        tried += 1;
        let mut requiring = members.clone();
        requiring["sluicegate"] = json!({"require_parameters": true});
        let response = worker
            .post(path, asking(path, "local/m", &requiring))
            .send()
            .await
            .unwrap();
        let status = response.status();
        let told = response.text().await.unwrap();
        assert!(status == 404 && told.contains(code), "{path} {members}: {told}");
    }
    assert_eq!(provider.received().len(), tried);
    let (worker, _provider) = knowing(known(true)).await;
    for (path, mut members, _) in needy() {
        if path == "/v1/chat/completions" {
            members["provider"] = json!({"require_parameters": true});
            let asked = asking(path, "local/m", &members);
            assert_eq!(worker.chat(asked).await.status(), 200, "{members}");
        }
    }
}

#[actix_web::test]
async fn a_route_passes_over_a_target_that_cannot() {
    let (weak, able) = (
        Provider::start([]).await,
        Provider::start([Script::json(200, ANSWER)]).await,
    );
    let mut config = Config::new();
    config.connect("weak", "openai", &weak.url());
    config.connect("able", "groq", &able.url());
    config.model("meta/weak", "openai", "weak", 1, 1);
    config.known_for(known(false));
    config.model("meta/able", "groq", "able", 1, 1);
    config.known_for(known(true));
    config.route("both", &["meta/weak", "meta/able"], RetryPolicy::default());
    let worker = Worker::start(&config);
    let (path, members, _) = &needy()[0];
    let response = worker.chat(asking(path, "route/both", members)).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["x-sluicegate-endpoint"], "groq/able");
    assert!(weak.received().is_empty());
    let record = worker.first_records(1).await.remove(0);
    let decision = serde_json::to_value(&record.decision).unwrap();
    let rejected: Vec<_> = decision["candidates"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|it| it["rejected"].as_str())
        .collect();
    assert_eq!(rejected, ["tools_unsupported"]);
}

#[actix_web::test]
async fn a_refusal_says_what_is_missing_and_is_the_callers_to_mend() {
    let (worker, _provider) = knowing(known(false)).await;
    let (path, members, _) = &needy()[0];
    let (status, _, code, ..) = error_of(worker.chat(asking(path, "local/m", members)).await).await;
    assert_eq!((status, code.as_str()), (404, "constraint_filtered"));
}

/// What a worker lists.
async fn listed(worker: &Worker) -> Value {
    let answer = worker.get("/api/v1/models").send().await.unwrap();
    answer.json().await.unwrap()
}

fn told(list: &Value, id: &str) -> Value {
    let mut models = list["data"].as_array().unwrap().iter();
    models.find(|it| it["id"] == id).unwrap()["supported_parameters"].clone()
}

#[actix_web::test]
async fn a_route_takes_what_a_target_of_any_of_its_rules_takes() {
    let mut config = Config::new();
    let only = |fact: fn(&mut Facts)| {
        let mut facts = known(false);
        fact(&mut facts);
        facts
    };
    for (slug, model, facts) in [
        ("a", "openai/tools", only(|it| it.tools = Some(true))),
        ("b", "openai/schemas", only(|it| it.json_schema = Some(true))),
        ("c", "openai/neither", known(false)),
    ] {
        config.connect(slug, "openai", "http://127.0.0.1:9/v1");
        config.model(model, "openai", slug, 1, 1);
        config.known_for(facts);
    }
    let rule = |models: &[&str], when| Config::rule(models, when, RetryPolicy::default());
    let rules = vec![
        rule(&["openai/tools", "openai/neither"], Some("request.tools > 0")),
        rule(&["openai/schemas"], None),
    ];
    config.ruled("able", rules);
    config.route("unable", &["openai/neither"], RetryPolicy::default());
    config.route("nowhere", &["openai/unlisted"], RetryPolicy::default());
    let list = listed(&Worker::start(&config)).await;
    let all = json!([
        "parallel_tool_calls",
        "response_format",
        "structured_outputs",
        "tool_choice",
        "tools",
    ]);
    assert_eq!(told(&list, "route/able"), all);
    assert_eq!(told(&list, "able-alias"), all, "by whatever name");
    for id in ["route/unable", "route/nowhere"] {
        assert_eq!(told(&list, id), json!([]), "{id}");
    }
}

#[actix_web::test]
async fn a_listing_tells_the_parameters_that_model_and_dialect_are_known_to_take() {
    let mut config = Config::new();
    for (slug, provider, model, facts) in [
        ("a", "openai", "openai/able", known(true)),
        ("b", "cohere", "cohere/able", known(true)),
        ("c", "groq", "meta/unable", known(false)),
        ("d", "mistral", "mistralai/unknown", Facts::UNKNOWN),
    ] {
        config.connect(slug, provider, "http://127.0.0.1:9/v1");
        config.model(model, provider, "m", 1, 1);
        config.known_for(facts);
    }
    let list = listed(&Worker::start(&config)).await;
    let told = |id: &str| told(&list, id);
    let all = [
        "parallel_tool_calls",
        "reasoning",
        "response_format",
        "structured_outputs",
        "tool_choice",
        "tools",
    ];
    assert_eq!(told("openai/able"), json!(all));
    assert_eq!(
        told("cohere/able"),
        json!(["response_format", "structured_outputs", "tool_choice", "tools"]),
        "Cohere is told how much to think in tokens, and has no word for one call at a time"
    );
    assert_eq!(
        (told("meta/unable"), told("mistralai/unknown")),
        (json!([]), json!([]))
    );
}
