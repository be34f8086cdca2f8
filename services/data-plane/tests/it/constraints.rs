//! Constraints of the organization, the project and the key hold for the first choice, the fallback and the retry, and no
//! level below loosens them.

use serde_json::{Value, json};
use sluicegate_contracts::config::{
    About, BudgetScope, Choice, Constraints, Facts, OnExceed, RetryPolicy, StatedFacts,
};

use crate::support::{Config, Provider, Script, Worker};

const ANSWER: &str = r#"{"id":"c","choices":[{"index":0,"message":{"content":"ok"}}],"usage":{"prompt_tokens":1,"completion_tokens":1}}"#;

/// Who states a constraint.
#[derive(Debug, Clone, Copy)]
enum By {
    Organization,
    Project,
    Key,
    /// A key that the calling key derives from.
    Parent,
}

const ALL: [By; 4] = [By::Organization, By::Project, By::Key, By::Parent];

impl By {
    fn state(self, config: &mut Config, constraints: Constraints) {
        match self {
            Self::Organization => config.organization.constraints = constraints,
            Self::Project => config.project.constraints = constraints,
            Self::Key => config.api_key.constraints = constraints,
            Self::Parent => config.derive_from(constraints),
        }
    }

    /// What a refusal calls it.
    const fn words(self) -> &'static str {
        match self {
            Self::Organization => "a constraint of the organization",
            Self::Project => "a constraint of the project",
            Self::Key | Self::Parent => "a constraint of the key",
        }
    }
}

fn names(list: &[&str]) -> Vec<String> {
    list.iter().map(|&it| it.to_owned()).collect()
}

fn without(provider: &str) -> Constraints {
    Constraints {
        providers: Choice {
            only: None,
            ignore: names(&[provider]),
        },
        ..Constraints::NONE
    }
}

fn only(provider: &str) -> Constraints {
    Constraints {
        providers: Choice {
            only: Some(names(&[provider])),
            ignore: Vec::new(),
        },
        ..Constraints::NONE
    }
}

fn asking(model: &str, extra: Value) -> String {
    let mut body = json!({"model": model, "messages": [{"role": "user", "content": "hello"}]});
    if let (Value::Object(body), Value::Object(extra)) = (&mut body, extra) {
        body.extend(extra);
    }
    body.to_string()
}

/// One model at two providers, of which `openai` comes first.
struct Two {
    config: Config,
    openai: Provider,
    groq: Provider,
}

async fn two(openai: Script, groq: Script) -> Two {
    let many = |script: Script| std::iter::repeat_n(script, 4);
    let (openai, groq) = (
        Provider::start(many(openai)).await,
        Provider::start(many(groq)).await,
    );
    let mut config = Config::new();
    config.connect("main", "openai", &openai.url());
    config.connect("other", "groq", &groq.url());
    config.model("meta/llama", "openai", "llama", 1, 1);
    config.model("meta/llama", "groq", "llama", 1, 1);
    config.route("support", &["meta/llama"], RetryPolicy::default());
    Two { config, openai, groq }
}

/// Status, code and place of a refusal, and its sentence.
async fn refusal(response: reqwest::Response) -> (u16, Value, Value, String) {
    let status = response.status().as_u16();
    let error = response.json::<Value>().await.unwrap()["error"].take();
    let message = error["message"].as_str().unwrap_or_default().to_owned();
    (status, error["code"].clone(), error["param"].clone(), message)
}

fn answers() -> Script {
    Script::json(200, ANSWER)
}

fn fails() -> Script {
    Script::json(500, "{}")
}

#[actix_web::test]
async fn each_level_takes_the_first_choice_away() {
    for by in ALL {
        let mut two = two(answers(), answers()).await;
        by.state(&mut two.config, without("openai"));
        let worker = Worker::start(&two.config);
        for model in ["meta/llama", "route/support"] {
            let response = worker.chat(asking(model, json!({}))).await;
            assert_eq!(response.status(), 200, "{by:?}");
            assert_eq!(
                response.headers()["x-sluicegate-endpoint"],
                "groq/other",
                "{by:?}"
            );
        }
        assert!(two.openai.received().is_empty(), "{by:?}");
    }
}

#[actix_web::test]
async fn each_level_holds_for_fallbacks_and_retries() {
    for by in ALL {
        let mut two = two(fails(), answers()).await;
        by.state(&mut two.config, without("groq"));
        let worker = Worker::start(&two.config);
        let response = worker.chat(asking("route/support", json!({}))).await;
        assert!(response.status().is_server_error(), "{by:?}");
        let sent = two.openai.received().len();
        assert!(sent > 1, "{by:?}: it is tried again where it may be served");
        assert!(two.groq.received().is_empty(), "{by:?}");
    }
}

#[actix_web::test]
async fn a_refusal_names_the_level_that_forbids() {
    for by in ALL {
        let mut two = two(answers(), answers()).await;
        by.state(
            &mut two.config,
            Constraints {
                no_training: true,
                ..Constraints::NONE
            },
        );
        let worker = Worker::start(&two.config);
        let response = worker.chat(asking("meta/llama", json!({}))).await;
        let (status, code, param, message) = refusal(response).await;
        assert_eq!((status, code), (404, json!("constraint_filtered")), "{by:?}");
        assert_eq!(param, Value::Null, "{by:?}: nothing in the request is at fault");
        assert!(
            message.contains("training_excluded") && message.contains(by.words()),
            "{message}"
        );
        assert!(
            two.openai.received().is_empty() && two.groq.received().is_empty(),
            "{by:?}"
        );
    }
}

#[actix_web::test]
async fn no_level_below_loosens_a_constraint() {
    let mut two = two(answers(), answers()).await;
    two.config.organization.constraints = only("groq");
    two.config.project.constraints = Constraints {
        providers: Choice {
            only: Some(names(&["openai", "groq"])),
            ignore: Vec::new(),
        },
        ..Constraints::NONE
    };
    two.config.api_key.constraints = without("azure");
    let worker = Worker::start(&two.config);
    let asked = |provider: Value| asking("meta/llama", json!({"provider": provider}));
    let wider = worker
        .chat(asked(json!({"only": ["openai", "groq"], "order": ["openai"]})))
        .await;
    assert_eq!(wider.headers()["x-sluicegate-endpoint"], "groq/other");
    let (status, _, param, message) = refusal(worker.chat(asked(json!({"only": ["openai"]}))).await).await;
    assert_eq!((status, param), (404, json!("provider")));
    assert!(message.contains("a constraint of the organization"), "{message}");
    assert!(two.openai.received().is_empty());
}

#[actix_web::test]
async fn a_derived_key_is_bound_by_every_key_above_it() {
    let mut two = two(answers(), answers()).await;
    two.config.derive_from(without("openai"));
    two.config.api_key.constraints = without("groq");
    let worker = Worker::start(&two.config);
    let (status, _, _, message) = refusal(worker.chat(asking("meta/llama", json!({}))).await).await;
    assert_eq!(status, 404, "{message}");
    assert!(two.openai.received().is_empty() && two.groq.received().is_empty());
}

fn private() -> Constraints {
    Constraints {
        no_training: true,
        max_retention_days: Some(0),
        ..Constraints::NONE
    }
}

/// That a provider keeps nothing and trains on nothing.
fn keeps_nothing(provider: &str) -> StatedFacts {
    StatedFacts {
        about: About {
            provider: Some(provider.to_owned()),
            ..About::default()
        },
        facts: Facts {
            retention_days: Some(0),
            trains: Some(false),
            ..Facts::UNKNOWN
        },
    }
}

#[actix_web::test]
async fn what_an_organization_states_of_its_accounts_satisfies_constraints() {
    let mut two = two(answers(), answers()).await;
    two.config.project.constraints = private();
    two.config.organization.facts = vec![keeps_nothing("groq")];
    let worker = Worker::start(&two.config);
    let asked = asking("meta/llama", json!({"provider": {"zdr": true}}));
    let response = worker.chat(asked).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["x-sluicegate-endpoint"], "groq/other");
    assert!(two.openai.received().is_empty(), "nothing is known of it");
}

#[actix_web::test]
async fn of_an_account_that_is_resold_its_owner_states_the_facts() {
    let provider = Provider::start(std::iter::repeat_n(answers(), 4)).await;
    for (owner_says, status) in [(true, 200), (false, 404)] {
        let mut config = Config::new();
        config.resold("host", "groq", &provider.url(), 0);
        config.model("meta/llama", "groq", "llama", 1, 1);
        config.credit(1_000_000_000);
        config.project.constraints = private();
        let says = vec![keeps_nothing("groq")];
        if owner_says {
            config.host_states(says);
        } else {
            config.organization.facts = says;
        }
        let worker = Worker::start(&config);
        worker.open_budgets(config.organization.id).await;
        let response = worker.chat(asking("meta/llama", json!({"max_tokens": 5}))).await;
        assert_eq!(response.status(), status, "the owner says so: {owner_says}");
    }
}

#[actix_web::test]
async fn a_constraint_holds_for_the_route_that_a_budget_switches_to() {
    let mut two = two(answers(), answers()).await;
    two.config
        .model("openai/dear", "openai", "dear", 1_000_000, 2_000_000);
    two.config.model("meta/cheap", "groq", "cheap", 1_000, 2_000);
    let frugal = two
        .config
        .route("frugal", &["meta/cheap"], RetryPolicy::default());
    two.config.budget("small", 150_000, BudgetScope::default());
    two.config.on_exceed(OnExceed::Route(frugal));
    two.config.project.constraints = without("groq");
    let worker = Worker::start(&two.config);
    worker.open_budgets(two.config.organization.id).await;
    let refused = worker
        .chat(asking("openai/dear", json!({"max_tokens": 100})))
        .await;
    assert_eq!(refused.status(), 402);
    assert!(two.groq.received().is_empty());
}
