//! Somebody who uses the REST API.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::mock::{CREDENTIAL, Mock};

/// A person with an organization and a project of their own.
#[derive(Debug, Clone)]
pub(crate) struct Tenant {
    http: reqwest::Client,
    base: String,
    token: String,
    organization: String,
    project: String,
}

/// An inference key.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) secret: String,
}

impl Tenant {
    /// Signs up.
    pub(crate) async fn sign_up(dashboard: &str) -> Self {
        let mut tenant = Self {
            http: super::http_client(),
            base: format!("{dashboard}/api/v1"),
            token: String::new(),
            organization: String::new(),
            project: String::new(),
        };
        let body = json!({ "email": "ada@example.com", "password": "correct horse battery", "name": "Ada" });
        let session = tenant.call(Method::POST, "/auth/sign-up", Some(&body), 201).await;
        session["access_token"]
            .as_str()
            .unwrap()
            .clone_into(&mut tenant.token);
        let me = tenant.call(Method::GET, "/me", None, 200).await;
        let organization = &me["memberships"][0]["organization"]["id"];
        organization
            .as_str()
            .unwrap()
            .clone_into(&mut tenant.organization);
        let project = &me["memberships"][0]["projects"][0]["id"];
        project.as_str().unwrap().clone_into(&mut tenant.project);
        tenant
    }

    /// Creates a key and waits until the live workers know it.
    pub(crate) async fn create_key(&self, name: &str) -> Key {
        self.make_key("/keys", &json!({ "name": name })).await
    }

    /// Derives a key and waits until the live workers know it.
    pub(crate) async fn derive_key(&self, parent: &Key, body: &Value) -> Key {
        self.make_key(&format!("/keys/{}/derive", parent.id), body).await
    }

    /// Creates a management key that acts as a developer; its secret.
    pub(crate) async fn create_management_key(&self) -> String {
        let path = format!("/organizations/{}/management-keys", self.organization);
        let body = json!({ "name": "program", "role": "developer" });
        let made = self.call(Method::POST, &path, Some(&body), 201).await;
        made["secret"].as_str().unwrap().to_owned()
    }

    async fn make_key(&self, rest: &str, body: &Value) -> Key {
        let path = format!("{rest}?wait=applied");
        let key = self.write(Method::POST, &path, Some(body), 201).await;
        let text = |name: &str| {
            key[name]
                .as_str()
                .unwrap_or_else(|| panic!("no {name}"))
                .to_owned()
        };
        Key {
            id: text("id"),
            secret: text("secret"),
        }
    }

    /// Switches a key off and waits until the live workers know.
    pub(crate) async fn disable_key(&self, key: &Key) {
        let path = format!("/keys/{}/disable?wait=applied", key.id);
        self.write(Method::POST, &path, None, 200).await;
    }

    /// Revokes a key; does not wait for workers.
    pub(crate) async fn revoke_key(&self, key: &Key) {
        self.write(Method::DELETE, &format!("/keys/{}", key.id), None, 204)
            .await;
    }

    /// Makes a hard budget over everything, for a day, and waits until the live workers keep it. Gives its path.
    pub(crate) async fn create_budget(&self, name: &str, limit: &str) -> String {
        self.create_budget_over(name, limit, json!({})).await
    }

    /// The same, over a part of the calls.
    pub(crate) async fn create_budget_over(&self, name: &str, limit: &str, scope: Value) -> String {
        let body = json!({ "name": name, "limit": { "amount": limit }, "interval": "day", "scope": scope });
        let path = format!("/organizations/{}/budgets", self.organization);
        let made = self
            .call(Method::POST, &format!("{path}?wait=applied"), Some(&body), 201)
            .await;
        format!("{path}/{}", made["id"].as_str().unwrap())
    }

    /// Makes a limit of requests a minute over everything and waits until the live workers keep it.
    pub(crate) async fn limit_requests(&self, amount: u64, burst: u64) {
        let body = json!({ "metric": "requests", "amount": amount, "burst": burst });
        let path = format!("/organizations/{}/limits?wait=applied", self.organization);
        self.call(Method::POST, &path, Some(&body), 201).await;
    }

    /// What everybody has left of the only limit; `None` while the store of limits is away.
    pub(crate) async fn left_of_limit(&self) -> Option<u64> {
        let url = format!("{}/organizations/{}/limit-usage", self.base, self.organization);
        let answer = self.http.get(url).bearer_auth(&self.token).send().await.unwrap();
        if answer.status().as_u16() == 503 {
            return None;
        }
        let shown: Value = answer.json().await.unwrap();
        Some(shown["data"][0]["remaining"].as_u64().unwrap())
    }

    /// The window of a budget that runs.
    pub(crate) async fn current_window(&self, budget: &str) -> Value {
        let windows = self
            .call(Method::GET, &format!("{budget}/windows"), None, 200)
            .await;
        windows["data"][0].clone()
    }

    /// Connects the mock provider under the name and the catalog prices of OpenAI.
    pub(crate) async fn connect(&self, mock: &Mock) {
        let body = json!({
            "slug": "openai", "provider": "openai", "base_url": mock.url, "credential": CREDENTIAL,
        });
        self.write(Method::POST, "/connections?wait=applied", Some(&body), 201)
            .await;
    }

    /// Publishes a route to one model of the connection, under a name of its own without a slash.
    pub(crate) async fn publish(&self, name: &str, model: &str) {
        let body = json!({
            "slug": name, "aliases": [name], "strategy": "ordered",
            "targets": [{ "model": format!("openai/{model}"), "connection": "openai" }],
            "retry": { "max_attempts": 1, "attempt_timeout_ms": 60_000 },
        });
        self.write(Method::POST, "/routes?wait=applied", Some(&body), 201)
            .await;
    }

    /// Rolls a new version of a route out, as the plan says, and waits until the live workers know.
    pub(crate) async fn roll_out(&self, route: &str, document: &Value, plan: &Value) {
        let draft = format!("/routes/{route}/draft");
        self.write(Method::PUT, &draft, Some(document), 200).await;
        let body = json!({ "message": "Try it.", "rollout": plan });
        let path = format!("{draft}/publish?wait=applied");
        self.write(Method::POST, &path, Some(&body), 200).await;
    }

    /// How the rollout of a route stands.
    pub(crate) async fn rollout(&self, route: &str) -> Value {
        self.write(Method::GET, &format!("/routes/{route}/rollout"), None, 200)
            .await
    }

    /// Makes something of the project, as its REST path and body say, and waits until the live workers know it.
    pub(crate) async fn make(&self, rest: &str, body: &Value) -> Value {
        let path = format!("{rest}?wait=applied");
        self.write(Method::POST, &path, Some(body), 201).await
    }

    /// Where a request would go that nobody has made.
    pub(crate) async fn explain(&self, described: &Value) -> Value {
        self.write(Method::POST, "/explanations", Some(described), 200)
            .await
    }

    /// The row of a request, when it is there already.
    pub(crate) async fn request(&self, id: &str) -> Option<Value> {
        let url = format!("{}/projects/{}/requests/{id}", self.base, self.project);
        let answer = self.http.get(url).bearer_auth(&self.token).send().await.unwrap();
        match answer.status().as_u16() {
            404 => None,
            status => {
                let text = answer.text().await.unwrap();
                assert_eq!(status, 200, "{text}");
                Some(serde_json::from_str(&text).unwrap())
            }
        }
    }

    async fn write(&self, method: Method, rest: &str, body: Option<&Value>, expected: u16) -> Value {
        let path = format!("/projects/{}{rest}", self.project);
        self.call(method, &path, body, expected).await
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>, expected: u16) -> Value {
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.base))
            // Nobody else changes anything here.
            .header("if-match", "*")
            .timeout(Duration::from_secs(20));
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        assert_eq!(status, expected, "{path}: {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }
}

/// Nano-dollars of an amount as the API tells it: a decimal with nine decimals.
pub(crate) fn nanos(money: &Value) -> Option<u64> {
    let amount = money["amount"].as_str()?;
    assert_eq!(money["currency"], "USD");
    super::inference::nanos(amount)
}
