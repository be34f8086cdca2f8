//! How each kind of account is called: address, and where the credential stands.

use sluicegate_contracts::config::ProviderSettings;

use crate::support::config::credential;
use crate::support::{Config, Provider, Script, Worker, chat};

const AWS_SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const AWS_KEYS: &str = r#"{"access_key_id":"AKIAIOSFODNN7EXAMPLE","secret_access_key":"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY","session_token":"IQoJb3JpZ2luX2VjEXAMPLE"}"#;
const MODEL: &str = "vendor/model";

fn region() -> ProviderSettings {
    ProviderSettings {
        region: Some("eu-west-1".to_owned()),
        ..ProviderSettings::default()
    }
}

/// The head of the call that a chat through such an account makes, in lower case, and what the caller got.
async fn called(
    provider: &str,
    upstream_model: &str,
    secret: &str,
    settings: ProviderSettings,
    answer: Script,
) -> (String, String) {
    let server = Provider::start([answer]).await;
    let mut config = Config::new();
    config.connect_as("a", provider, &server.url(), secret, settings);
    config.model(MODEL, provider, upstream_model, 1, 1);
    let worker = Worker::start(&config);
    let told = worker.chat(chat(MODEL, false)).await.text().await.unwrap();
    let received = server.received();
    (received[0].head.to_ascii_lowercase(), told)
}

fn refusal() -> Script {
    Script::json(400, r#"{"error":{"message":"no"}}"#)
}

#[actix_web::test]
async fn a_key_stands_where_the_provider_wants_it() {
    let plain = ProviderSettings::default;
    let renamed = ProviderSettings {
        api_version: Some("2024-10-21".to_owned()),
        deployments: [("m".to_owned(), "mine".to_owned())].into(),
        ..plain()
    };
    let owned = ProviderSettings {
        organization: Some("org-1".to_owned()),
        project: Some("proj_1".to_owned()),
        ..plain()
    };
    let secret = credential("a");
    let bearer = format!("authorization: bearer {secret}");
    let cases: [(&str, ProviderSettings, &str, Vec<String>); 8] = [
        (
            "mistral",
            plain(),
            "post /v1/chat/completions ",
            vec![bearer.clone()],
        ),
        (
            "openai",
            owned,
            "post /v1/chat/completions ",
            vec![
                bearer.clone(),
                "openai-organization: org-1".into(),
                "openai-project: proj_1".into(),
            ],
        ),
        (
            "azure",
            renamed,
            "post /openai/deployments/mine/chat/completions?api-version=2024-10-21 ",
            vec![format!("api-key: {secret}")],
        ),
        (
            "azure",
            plain(),
            "post /openai/v1/chat/completions ",
            vec![format!("api-key: {secret}")],
        ),
        (
            "anthropic",
            plain(),
            "post /v1/messages ",
            vec![
                format!("x-api-key: {secret}"),
                "anthropic-version: 2023-06-01".into(),
            ],
        ),
        (
            "google",
            plain(),
            "post /v1/models/m:generatecontent ",
            vec![format!("x-goog-api-key: {secret}")],
        ),
        ("cohere", plain(), "post /v2/chat ", vec![bearer.clone()]),
        (
            "amazon-bedrock",
            region(),
            "post /v1/openai/v1/chat/completions ",
            vec![bearer],
        ),
    ];
    for (provider, settings, start, lines) in cases {
        let model = if provider == "amazon-bedrock" {
            "openai.gpt-oss-20b-1:0"
        } else {
            "m"
        };
        let (head, _) = called(provider, model, &secret, settings, refusal()).await;
        assert!(head.starts_with(start), "{provider}: {head}");
        for line in lines {
            assert!(head.contains(&line), "{provider}: {line} in {head}");
        }
        assert_eq!(head.matches(&secret).count(), 1, "{provider}: {head}");
    }
}

#[actix_web::test]
async fn aws_keys_sign_and_stay_here() {
    let (head, _) = called(
        "amazon-bedrock",
        "amazon.nova-lite-v1:0",
        AWS_KEYS,
        region(),
        refusal(),
    )
    .await;
    assert!(
        head.starts_with("post /v1/model/amazon.nova-lite-v1%3a0/converse "),
        "{head}"
    );
    let authorization = head
        .lines()
        .find(|line| line.starts_with("authorization: "))
        .unwrap();
    let scope = "aws4-hmac-sha256 credential=akiaiosfodnn7example/";
    assert!(authorization.contains(scope), "{authorization}");
    assert!(
        authorization.contains("/eu-west-1/bedrock/aws4_request, "),
        "{authorization}"
    );
    assert!(
        authorization.contains("signedheaders=content-type;host;x-amz-date;x-amz-security-token, signature="),
        "{authorization}"
    );
    assert!(head.contains("x-amz-security-token: iqojb3jpz2lux2vjexample"));
    assert!(!head.contains(&AWS_SECRET.to_ascii_lowercase()));
}

#[actix_web::test]
async fn an_answer_that_quotes_a_part_of_aws_keys_is_not_shown() {
    for part in [
        AWS_SECRET,
        &AWS_SECRET.replace('/', "\\/"),
        "IQoJb3JpZ2luX2VjEXAMPLE",
        "AKIAIOSFODNN7EXAMPLE",
    ] {
        let said = Script::json(400, &format!(r#"{{"message":"bad: {part}"}}"#));
        let (_, told) = called(
            "amazon-bedrock",
            "openai.gpt-oss-20b-1:0",
            AWS_KEYS,
            region(),
            said,
        )
        .await;
        assert!(!told.contains("bad: "), "{told}");
    }
}
