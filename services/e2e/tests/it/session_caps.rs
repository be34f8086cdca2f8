//! A cap that an agent gives its run: nobody made a budget, two workers serve the run at once, and the provider's own ledger
//! says that it cost no more.

use futures_util::future::join_all;
use serde_json::json;

use crate::harness::inference::{App, Seen};
use crate::harness::mock::{CHAT, Mock};
use crate::harness::rest::Tenant;
use crate::harness::stack::Stack;

/// Half of a thousandth of a dollar; the bound of one call is less than a tenth of it.
const CAP: (&str, u64) = ("0.0005", 500_000);

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_keep_the_cap_of_a_session() {
    let stack = Stack::start(json!({})).await;
    let [first, second] = stack.inference();
    let mock: &Mock = &stack.mock;
    let tenant = Tenant::sign_up(&stack.control_plane.url).await;
    let key = tenant.create_key("agent").await;
    tenant.connect(mock).await;
    let app = App::new(&key.secret);

    let (mut refused, mut others) = (0, Vec::new());
    for _ in 0..40 {
        let calls = (0..16).map(|n| {
            let endpoint = if n % 2 == 0 { &first } else { &second };
            app.chat_in_session(endpoint, CHAT, "Name rivers.", ("run", CAP.0))
        });
        for call in join_all(calls).await {
            match call.seen {
                Seen::Answered => {}
                Seen::Refused(402, code) if code == "budget_exceeded" => refused += 1,
                other @ (Seen::Refused(..) | Seen::ErrorEvent(_) | Seen::Broken(_) | Seen::HungUp(_)) => {
                    others.push(other);
                }
            }
        }
        if refused >= 16 {
            break;
        }
    }
    assert!(others.is_empty(), "{others:?}");
    assert!(refused >= 16, "the cap was never reached");
    let billed = || {
        mock.entries()
            .iter()
            .map(|entry| entry.cost_nano_usd)
            .sum::<u64>()
    };
    let spent = billed();
    assert!(spent <= CAP.1, "{spent} was spent of {}", CAP.1);
    assert!(
        spent >= CAP.1 * 8 / 10,
        "only {spent} of {} could be spent",
        CAP.1
    );

    let other = app
        .chat_in_session(&first, CHAT, "Name rivers.", ("another", CAP.0))
        .await;
    assert_eq!(other.seen, Seen::Answered, "another run has a cap of its own");
    assert!(billed() > spent);
}
