//! The first minutes of a stranger: sign up, make a key, connect a provider, call a model, see the bill. Through one
//! process and through two workers, with the provider's ledger as the judge of every token and nano-dollar.

use std::time::Duration;

use serde_json::json;

use crate::harness::eventually;
use crate::harness::inference::{App, Call, Manner};
use crate::harness::mock::{CHAT, EMBEDDING, Mock, assert_as_billed};
use crate::harness::rest::{Tenant, nanos};
use crate::harness::stack::Stack;
use crate::harness::standalone::Standalone;

/// How soon a request has to be seen.
const SEEN_WITHIN: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread")]
async fn standalone_shows_each_call_with_the_provider_s_own_figures() {
    let standalone = Standalone::start().await;
    let mock = Mock::start(standalone.folder(), json!({})).await;
    prove(&standalone.dashboard, &[&standalone.inference], &mock).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_show_each_call_with_the_provider_s_own_figures() {
    let stack = Stack::start(json!({})).await;
    let [first, second] = stack.inference();
    prove(&stack.control_plane.url, &[&first, &second], &stack.mock).await;
}

async fn prove(dashboard: &str, endpoints: &[&String], mock: &Mock) {
    let tenant = Tenant::sign_up(dashboard).await;
    let key = tenant.create_key("first").await;
    tenant.connect(mock).await;
    let app = App::new(&key.secret);
    let mut slowest = Duration::ZERO;
    for endpoint in endpoints {
        for manner in [Manner::Whole, Manner::Streamed, Manner::StreamedWithoutUsage] {
            let call = app.chat(endpoint, "sluicegate/echo", manner, "hello there").await;
            assert_eq!(call.text, "You said: hello there");
            slowest = slowest.max(seen(&tenant, mock, &call, manner, false).await);
            let call = app.chat(endpoint, CHAT, manner, "Name three rivers.").await;
            assert!(!call.text.is_empty());
            slowest = slowest.max(seen(&tenant, mock, &call, manner, true).await);
        }
        let call = app.embed(endpoint, EMBEDDING, "Elbe Oder Rhine").await;
        slowest = slowest.max(seen(&tenant, mock, &call, Manner::Whole, true).await);
    }
    assert_eq!(mock.entries().len(), 4 * endpoints.len());
    println!("slowest from the end of an answer to its row: {slowest:?}");
}

/// Waits for the row of a call and holds it against the answer and the ledger.
async fn seen(tenant: &Tenant, mock: &Mock, call: &Call, manner: Manner, billed: bool) -> Duration {
    let id = call.answered();
    let mut row = None;
    let took = eventually("the row of a request", SEEN_WITHIN, async || {
        row = tenant.request(id).await;
        row.is_some()
    })
    .await;
    let row = row.unwrap();
    assert_eq!(row["outcome"], "served", "{row}");
    assert_eq!(row["stream"], manner != Manner::Whole);
    let tokens = (
        row["tokens"]["input"].as_u64().unwrap(),
        row["tokens"]["output"].as_u64().unwrap(),
    );
    assert_eq!(call.told.is_some(), manner != Manner::StreamedWithoutUsage);
    if let Some(told) = call.told {
        assert_eq!(tokens, told, "{row}");
    }
    // A stream whose caller did not ask for usage has no place for the cost.
    let told_cost = nanos(&row["cost"]).filter(|_| manner != Manner::StreamedWithoutUsage);
    assert_eq!(call.told_cost, told_cost, "{row}");
    let ledger = mock.by_request();
    let Some(entries) = ledger.get(id) else {
        assert!(!billed, "{id} is not in the ledger");
        assert_eq!(nanos(&row["cost"]), Some(0), "{row}");
        return took;
    };
    let [entry] = &entries[..] else {
        panic!("{id} was billed {} times", entries.len());
    };
    assert_as_billed(&row, entry);
    took
}
