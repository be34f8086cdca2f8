//! Organizations, projects, keys and budgets, made over REST as their owner would make them.

use std::time::Duration;

use anyhow::{Context, ensure};
use reqwest::Method;
use serde_json::{Value, json};
use sluicegate_contracts::ids::{BudgetId, OrganizationId};

use crate::stack::provider::CREDENTIAL;

/// A server gives up on a connection that brings no request for five seconds; a client has to do so before.
const IDLE: Duration = Duration::from_secs(3);

/// An HTTP client of its own: no connections shared with other clients.
pub(crate) fn http_client() -> anyhow::Result<reqwest::Client> {
    // The second and later calls find it installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder()
        .no_proxy()
        .connect_timeout(Duration::from_secs(5))
        .pool_idle_timeout(IDLE);
    Ok(client.build()?)
}

/// Somebody with an organization.
#[derive(Debug)]
pub(crate) struct Tenant {
    http: reqwest::Client,
    base: String,
    token: String,
    pub(crate) organization: OrganizationId,
    /// The project that came with it.
    pub(crate) project: String,
}

/// An inference key.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) secret: String,
}

impl Tenant {
    /// Signs up, with an organization of its own.
    pub(crate) async fn sign_up(dashboard: &str, name: &str) -> anyhow::Result<Self> {
        let mut tenant = Self {
            http: http_client()?,
            base: format!("{dashboard}/api/v1"),
            token: String::new(),
            organization: OrganizationId::from(uuid::Uuid::nil()),
            project: String::new(),
        };
        let body = json!({
            "email": format!("{name}@example.com"), "password": "correct horse battery", "name": name,
        });
        let session = tenant.call(Method::POST, "/auth/sign-up", Some(&body)).await?;
        tenant.token = text(&session["access_token"])?;
        let me = tenant.call(Method::GET, "/me", None).await?;
        let membership = &me["memberships"][0];
        tenant.organization = text(&membership["organization"]["id"])?.parse()?;
        tenant.project = text(&membership["projects"][0]["id"])?;
        Ok(tenant)
    }

    /// Makes another project.
    pub(crate) async fn create_project(&self, name: &str) -> anyhow::Result<String> {
        let body = json!({ "organization": self.organization, "name": name });
        let made = self.call(Method::POST, "/projects", Some(&body)).await?;
        text(&made["id"])
    }

    /// Makes a key and waits until the live workers know it.
    pub(crate) async fn create_key(&self, project: &str, name: &str) -> anyhow::Result<Key> {
        let path = format!("/projects/{project}/keys?wait=applied");
        let made = self
            .call(Method::POST, &path, Some(&json!({ "name": name })))
            .await?;
        Ok(Key {
            id: text(&made["id"])?,
            secret: text(&made["secret"])?,
        })
    }

    /// Makes a hard budget without periods, and waits until the live workers keep it.
    pub(crate) async fn create_budget(
        &self,
        name: &str,
        scope: &Value,
        limit_nanos: u64,
    ) -> anyhow::Result<BudgetId> {
        let body = json!({
            "name": name, "scope": scope, "limit": { "amount": amount(limit_nanos) }, "interval": "lifetime",
        });
        let path = format!("/organizations/{}/budgets?wait=applied", self.organization);
        let made = self.call(Method::POST, &path, Some(&body)).await?;
        Ok(text(&made["id"])?.parse()?)
    }

    /// Connects the mock provider to a project under the name and the catalog prices of OpenAI; the connection's id.
    pub(crate) async fn connect(&self, project: &str, provider_url: &str) -> anyhow::Result<String> {
        let body = json!({
            "slug": "openai", "provider": "openai", "base_url": provider_url, "credential": CREDENTIAL,
        });
        let path = format!("/projects/{project}/connections?wait=applied");
        let made = self.call(Method::POST, &path, Some(&body)).await?;
        text(&made["id"])
    }

    /// Connects the mock provider as a server of the tenant's own, which serves a model of any name.
    pub(crate) async fn connect_own_server(
        &self,
        project: &str,
        slug: &str,
        provider_url: &str,
    ) -> anyhow::Result<()> {
        let body = json!({
            "slug": slug, "provider": "openai-compatible", "base_url": provider_url, "credential": CREDENTIAL,
        });
        let path = format!("/projects/{project}/connections?wait=applied");
        self.call(Method::POST, &path, Some(&body)).await?;
        Ok(())
    }

    /// Publishes a route and waits until the live workers know it.
    pub(crate) async fn publish(&self, project: &str, route: &Value) -> anyhow::Result<()> {
        let path = format!("/projects/{project}/routes?wait=applied");
        self.call(Method::POST, &path, Some(route)).await?;
        Ok(())
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let request = self.http.request(method, format!("{}{path}", self.base));
        let mut request = request.timeout(Duration::from_secs(60));
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        ensure!(status.is_success(), "{path}: {status} {text}");
        Ok(serde_json::from_str(&text)?)
    }
}

/// Nano-dollars, as the REST API takes them.
pub(crate) fn amount(nanos: u64) -> String {
    format!("{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000)
}

fn text(value: &Value) -> anyhow::Result<String> {
    value
        .as_str()
        .map(str::to_owned)
        .context("the answer has the text that was looked for")
}
