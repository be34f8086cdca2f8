//! Refusals in each provider's own words: what the gateway's reader makes of them, and what a caller
//! is told of waiting.

use serde_json::Value;
use sluicegate_mock_provider::{Config, MockProvider, Outcome};
use sluicegate_protocols::bedrock_converse;
use sluicegate_protocols::dialect::Dialect;
use sluicegate_protocols::failure::FailureClass;
use sluicegate_protocols::provider_error::ProviderError;

use super::{WAYS, Way, ask, ask_with_tools, go_on, way};
use crate::client::{billed, config, http, start};

struct Refused {
    status: u16,
    error: ProviderError,
    retry_after: Option<String>,
}

async fn read(way: &Way, answer: reqwest::Response) -> Refused {
    let header = |name: &str| {
        let value = answer.headers().get(name)?;
        Some(value.to_str().unwrap().to_owned())
    };
    let (kind, retry_after) = (header("x-amzn-errortype"), header("retry-after"));
    let status = answer.status().as_u16();
    let body = answer.bytes().await.unwrap();
    let error = if way.dialect == Dialect::BedrockConverse {
        bedrock_converse::error::read(kind.as_deref(), &body)
    } else {
        ProviderError::parse(&body)
    };
    Refused {
        status,
        error,
        retry_after,
    }
}

#[tokio::test]
async fn ordered_failures_are_told_in_the_providers_words() {
    let mock = start();
    let orders = [
        ("401", FailureClass::Authentication),
        ("403", FailureClass::Permission),
        ("404", FailureClass::NotFound),
        ("429", FailureClass::RateLimited),
        ("500", FailureClass::Upstream),
        ("503", FailureClass::Unavailable),
        ("context", FailureClass::ContextTooLong),
    ];
    let mut count = 0;
    for way in WAYS {
        for (order, class) in orders {
            for streams in [false, true] {
                let request = ask(&format!("[[fail={order}]]"));
                let refused = read(way, way.send(&mock, &request, streams).await).await;
                let name = format!("{} {order}: {:?}", way.name, refused.error);
                assert_eq!(refused.status, order.parse().unwrap_or(400), "{name}");
                assert!(!refused.error.message.is_empty(), "{name}");
                let found = refused.error.class(refused.status);
                // Their words for it say what both are.
                let busy = class == FailureClass::Unavailable && found == FailureClass::Overloaded;
                assert!(found == class || busy, "{name} is {found:?}");
                count += 1;
                let entry = billed(&mock, count).await.pop().unwrap();
                assert_eq!(
                    (entry.outcome, entry.cost_nano_usd),
                    (Outcome::Refused, 0),
                    "{name}"
                );
            }
        }
    }
}

#[tokio::test]
async fn waiting_times_are_told_where_the_provider_tells_them() {
    let mock = start();
    for way in WAYS {
        let refused = read(way, way.send(&mock, &ask("[[fail=429]]"), false).await).await;
        let in_header = refused.retry_after.as_deref();
        let in_body = refused.error.retry_after.map(|wait| wait.as_secs());
        let expected = match way.name {
            "gemini" | "vertex gemini" | "vertex claude" => (None, Some(1)),
            "bedrock" => (None, None),
            _ => (Some("1"), None),
        };
        assert_eq!((in_header, in_body), expected, "{}", way.name);
    }
    let overloaded = read(
        way("anthropic"),
        way("anthropic").send(&mock, &ask("[[fail=529]]"), true).await,
    )
    .await;
    assert_eq!(
        (overloaded.status, overloaded.error.kind.as_deref()),
        (529, Some("overloaded_error"))
    );
}

#[tokio::test]
async fn keys_and_models_are_looked_at() {
    let strict = |keys: &[&str], models: &[&str]| {
        let owned = |list: &[&str]| list.iter().map(|it| (*it).to_owned()).collect();
        MockProvider::start(Config {
            keys: owned(keys),
            models: owned(models),
            ..config()
        })
        .unwrap()
    };
    let open = strict(&["key", "AKIDEXAMPLE"], &["m"]);
    let closed = strict(&["other"], &["m"]);
    let empty = strict(&["key", "AKIDEXAMPLE"], &["n"]);
    for way in WAYS {
        assert_eq!(
            way.send(&open, &ask("hello"), false).await.status(),
            200,
            "{}",
            way.name
        );
        let refused = read(way, way.send(&closed, &ask("hello"), false).await).await;
        let found = refused.error.class(refused.status);
        // Google and xAI take a bad key for a bad argument, AWS for a lack of permission.
        let expected = match way.name {
            "gemini" | "xai" => (400, FailureClass::Authentication),
            "bedrock" => (403, FailureClass::Permission),
            _ => (401, FailureClass::Authentication),
        };
        assert_eq!(
            (refused.status, found),
            expected,
            "{}: {:?}",
            way.name,
            refused.error
        );
        let refused = read(way, way.send(&empty, &ask("hello"), true).await).await;
        let status = if way.name == "bedrock" { 400 } else { 404 };
        assert_eq!(refused.status, status, "{}", way.name);
    }
    assert!(closed.entries().is_empty() && closed.totals().refused == WAYS.len() as u64);
}

#[tokio::test]
async fn what_a_provider_insists_on_is_insisted_on() {
    let mock = start();
    let url = |path: &str| format!("{}{path}", mock.base_url());
    let body = r#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"x"}]}"#;
    let bare = |path: &str| http().post(url(path)).body(body).send();
    let said = |answer: reqwest::Response| async move {
        let status = answer.status().as_u16();
        (status, answer.json::<Value>().await.unwrap())
    };
    let (status, error) = said(bare("/v1/messages").await.unwrap()).await;
    assert_eq!(
        (status, &error["error"]["message"]),
        (400, &"anthropic-version: header is required".into())
    );
    let unsigned = bare("/model/m/converse").await.unwrap();
    assert_eq!(unsigned.status(), 403);
    let unversioned = bare("/openai/deployments/m/chat/completions").await.unwrap();
    assert_eq!(unversioned.status(), 404);
    let claude = "/v1/projects/p/locations/l/publishers/anthropic/models/m:rawPredict";
    let (status, error) = said(bare(claude).await.unwrap()).await;
    assert_eq!(
        (status, &error["error"]["message"]),
        (400, &"anthropic_version: Field required".into())
    );
    for way in WAYS {
        let answer = way
            .raw(&mock, b"{\"model\":".to_vec(), false)
            .send()
            .await
            .unwrap();
        let status = match way.name {
            "deepseek" | "together" | "huggingface" => 422,
            _ => 400,
        };
        assert_eq!(answer.status(), status, "{}", way.name);
    }
}

#[tokio::test]
async fn results_have_to_belong_to_calls() {
    let mock = start();
    for way in WAYS {
        let request = ask_with_tools("[[call=2]]");
        let first = way.whole(&mock, &request).await;
        let one = go_on(request.clone(), &first, &["7 degrees"]);
        assert_eq!(way.send(&mock, &one, false).await.status(), 400, "{}", way.name);
        let mut orphans = go_on(request, &first, &["7 degrees", "noon"]);
        orphans.messages.remove(1);
        let answer = way.send(&mock, &orphans, false).await;
        assert_eq!(answer.status(), 400, "{}", way.name);
    }
}
