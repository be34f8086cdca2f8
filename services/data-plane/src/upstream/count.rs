//! Asks a provider how many tokens a request has. No model runs and nothing is billed, so that no intent is on file.

use bytes::Bytes;
use serde_json::Value;

use super::account::Account;
use super::exchange::{Outbound, post};
use super::provider::{Ask, Counter, Spoken};
use super::{Call, Client, Reply, SendFailure, Upstream};

/// The counter of an account, for one model and dialect.
#[derive(Debug, Clone, Copy)]
pub struct TokenCounter<'a> {
    account: &'a Account,
    spoken: &'static Spoken,
    counter: &'static Counter,
}

impl<'a> Upstream<'a> {
    /// Who counts the tokens of requests in `dialect` for `model`; `None` when the provider does not.
    #[must_use]
    pub fn counter(&self, model: &str, dialect: sluicegate_protocols::Dialect) -> Option<TokenCounter<'a>> {
        let Self::Account(account) = self else {
            return None;
        };
        let spoken = account.provider.spoken(model, dialect);
        let counter = spoken.counter.as_ref().filter(|_| spoken.dialect == dialect)?;
        Some(TokenCounter {
            account,
            spoken,
            counter,
        })
    }
}

impl TokenCounter<'_> {
    /// Asks about the request of `call`, and waits for the head of the answer, without a time limit of its own.
    ///
    /// # Errors
    /// [`SendFailure`] when no head came back.
    pub async fn ask(&self, client: &Client, call: Call<'_>) -> Result<Reply, SendFailure> {
        let account = self.account;
        let ask = Ask {
            base: &account.base,
            settings: &account.settings,
            model: (account.provider.model)(&account.settings, call.model),
            stream: false,
        };
        let address = (self.counter.address)(&ask).ok_or(SendFailure::Invalid)?;
        let body: Bytes = (self.counter.question)(call.body, &ask).ok_or(SendFailure::Invalid)?;
        let outbound = Outbound {
            address,
            body,
            accept: None,
            passed: call.passed,
            headers: self.spoken.headers,
            request: call.request,
            now_millis: call.now_millis,
        };
        post(client, account, outbound).await
    }

    /// The number in an answer; `None` when there is none.
    #[must_use]
    pub fn read(&self, answer: &[u8]) -> Option<u64> {
        let document: Value = serde_json::from_slice(answer).ok()?;
        document[self.counter.tokens].as_u64()
    }
}
