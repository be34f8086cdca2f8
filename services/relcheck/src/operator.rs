//! Whoever runs the deployment: offers an account at the provider to everybody, and gives credit for it.

use std::time::Duration;

use anyhow::{Context, ensure};
use reqwest::Method;
use serde_json::{Value, json};
use sluicegate_contracts::ids::{BudgetId, OrganizationId};

use crate::evidence::credit_account;
use crate::stack::Stack;
use crate::tenant::{amount, http_client};

/// How long workers may take to be told of new credit, when nothing is struck.
const TOLD_WITHIN: Duration = Duration::from_secs(30);

/// See the module.
#[derive(Debug)]
pub(crate) struct Operator<'s> {
    stack: &'s Stack,
    http: reqwest::Client,
}

impl<'s> Operator<'s> {
    pub(crate) fn of(stack: &'s Stack) -> anyhow::Result<Self> {
        Ok(Self {
            stack,
            http: http_client()?,
        })
    }

    /// Offers a connection to everybody at the provider's own price, so that costs stay what the provider bills.
    pub(crate) async fn resell(&self, connection: &str) -> anyhow::Result<()> {
        let path = format!("/operator/resold-connections/{connection}");
        self.call(Method::PUT, &path, &json!({ "margin_ppm": 0 })).await
    }

    /// Gives credit and waits until it is for workers to spend; the account that they spend it from.
    pub(crate) async fn give(&self, to: OrganizationId, nanos: u64) -> anyhow::Result<BudgetId> {
        let path = format!("/operator/organizations/{to}/credits");
        let body = json!({ "kind": "payment", "amount": { "amount": amount(nanos) } });
        self.call(Method::POST, &path, &body).await?;
        credit_account(self.stack.database_url(), to, TOLD_WITHIN).await
    }

    async fn call(&self, method: Method, path: &str, body: &Value) -> anyhow::Result<()> {
        let url = format!("{}/api/v1{path}", self.stack.dashboard);
        let request = self
            .http
            .request(method, url)
            .bearer_auth(&self.stack.operator_token);
        let answer = request
            .header("idempotency-key", format!("{:032x}", rand::random::<u128>()))
            .json(body)
            .send()
            .await
            .context("the operator's call")?;
        let status = answer.status();
        let text = answer.text().await?;
        ensure!(status.is_success(), "{path}: {status} {text}");
        Ok(())
    }
}
