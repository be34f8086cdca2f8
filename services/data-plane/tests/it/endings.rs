//! The table of endings in docs/billing.md, row by row on a worker that calls over the host's account: what the record
//! says, what budgets count and what prepaid credit pays. Three rows are not here. Credit is held whole, so that no stream over
//! it is `Stopped`; `metered.rs` stops one over a connection of the caller's. `Superseded` takes
//! a second attempt (`hedging.rs`). `Interrupted` has no worker to ask: its record is made of intents (`usage/tests.rs`),
//! and `relcheck` kills workers for it.

use futures_util::StreamExt;
use sluicegate_contracts::config::{BudgetScope, RetryPolicy};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::usage::Evidence;
use sluicegate_data_plane::pipeline::Limits;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

use crate::support::{Config, Provider, Script, Worker, eventually};

/// A fifth is added to 1,000 and 2,000 nano-USD a token.
const FIFTH: u32 = 200_000;
const INPUT: i64 = 1_200;
const OUTPUT: i64 = 2_400;
const MUCH: i64 = 1_000_000_000;
const ONE: &str = "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hello\"}}]}\n\n";
const USAGE: &str =
    "data: {\"id\":\"c\",\"choices\":[],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":20}}\n\n";
/// What `USAGE` costs.
const TOLD: i64 = 10 * INPUT + 20 * OUTPUT;
/// How long a case waits that is about waiting.
const SHORT_MS: u64 = 300;
const LONG_MS: u64 = 60_000;

/// What the caller does.
#[derive(Debug, Clone, Copy)]
enum Caller {
    Reads,
    HangsUpBeforeOutput,
    HangsUpAfterOutput,
}

/// One way for a call to end.
struct Case {
    /// The row of the table.
    ending: &'static str,
    /// Whether the provider tells its counts.
    is_told: bool,
    stream: bool,
    caller: Caller,
    /// `None`: nobody is there.
    script: Option<Script>,
}

fn case(ending: &'static str, is_told: bool, stream: bool, script: Script) -> Case {
    Case {
        ending,
        is_told,
        stream,
        caller: Caller::Reads,
        script: Some(script),
    }
}

fn answer(text: &str, usage: &str) -> Script {
    Script::json(
        200,
        &format!(
            r#"{{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{{"index":0,"message":{{"role":"assistant","content":"{text}"}},"finish_reason":"stop"}}]{usage}}}"#
        ),
    )
}

fn cases() -> Vec<Case> {
    let counts = r#","usage":{"prompt_tokens":10,"completion_tokens":20,"total_tokens":30}"#;
    let nothing = r#","usage":{"prompt_tokens":50,"completion_tokens":0,"total_tokens":50}"#;
    let refusal = r#"{"error":{"message":"no","type":"x"}}"#;
    let begun = || Script::events().then(ONE);
    vec![
        Case {
            script: None,
            ..case("NotSent", false, false, Script::default())
        },
        case("Refused", false, false, Script::json(400, refusal)),
        case("Failed", false, false, Script::json(500, refusal)),
        case("Answered", true, false, answer("Hello", counts)),
        case("Answered", false, false, answer("Hello", "")),
        case("Empty", true, false, answer("", nothing)),
        case("Empty", false, false, answer("", "")),
        case("Cut", true, true, begun().then(USAGE).cut()),
        case("Cut", false, true, begun().cut()),
        case("CutBeforeOutput", false, true, Script::default().cut()),
        case("Unreadable", false, false, Script::json(200, "nonsense")),
        case("TimedOut", false, true, begun().hang()),
        case("TimedOutBeforeOutput", false, false, Script::default().hang()),
        Case {
            caller: Caller::HangsUpAfterOutput,
            ..case("ClientGone", false, true, begun().hang())
        },
        Case {
            caller: Caller::HangsUpBeforeOutput,
            ..case("ClientGoneBeforeOutput", false, false, Script::default().hang())
        },
    ]
}

/// The rows of the table: the ending, its cost when told and untold, and its charge.
fn table() -> Vec<[&'static str; 4]> {
    let document = include_str!("../../../../docs/billing.md");
    let rows = document.lines().filter(|line| line.starts_with("| `"));
    rows.filter_map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [ending, _, told, untold, charge] = cells[..] else {
            return None;
        };
        Some([ending.trim_matches('`'), told, untold, charge])
    })
    .collect()
}

/// Calls, and does what the case's caller does.
async fn call(worker: &Worker, provider: Option<&Provider>, body: &str, caller: Caller) {
    match caller {
        Caller::Reads => drop(worker.chat(body).await.bytes().await),
        Caller::HangsUpAfterOutput => {
            let mut answer = worker.chat(body).await.bytes_stream();
            assert_eq!(answer.next().await.unwrap().unwrap(), ONE);
        }
        Caller::HangsUpBeforeOutput => {
            let mut socket = TcpStream::connect(worker.address).await.unwrap();
            let request = format!(
                "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: \
                 application/json\r\ncontent-length: {}\r\n\r\n{body}",
                worker.key(),
                body.len()
            );
            socket.write_all(request.as_bytes()).await.unwrap();
            let provider = provider.unwrap();
            eventually("the provider is asked", || {
                (!provider.received().is_empty()).then_some(())
            })
            .await;
        }
    }
}

/// An address where nobody listens.
async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}/v1", listener.local_addr().unwrap())
}

async fn holds(case: Case, row: [&str; 4]) {
    let [ending, told, untold, charged] = row;
    let provider = match case.script {
        Some(script) => Some(Provider::start([script]).await),
        None => None,
    };
    let url = match &provider {
        Some(provider) => provider.url(),
        None => nobody().await,
    };
    let mut config = Config::new();
    config.resold("house", "openai", &url, FIFTH);
    config.model("openai/m", "openai", "gpt-4o", 1_000_000, 2_000_000);
    let wait = |is_short| if is_short { SHORT_MS } else { LONG_MS };
    // One attempt has one ending.
    let once = RetryPolicy {
        max_attempts: 1,
        attempt_timeout_ms: wait(ending == "TimedOutBeforeOutput"),
        hedge: None,
    };
    config.route("once", &["openai/m"], once);
    let credit = config.credit(MUCH);
    let team = config.budget("team", MUCH, BudgetScope::default());
    let limits = Limits {
        idle_timeout_ms: wait(ending == "TimedOut"),
        ..Limits::default()
    };
    let worker = Worker::with(&config, limits, vec!["127.0.0.0/8"]);
    let organization = config.organization.id;
    worker.open_budgets(organization).await;
    let most = 20;
    let body = format!(
        r#"{{"model":"route/once","max_tokens":{most},"stream":{},"messages":[{{"role":"user","content":"Hello"}}]}}"#,
        case.stream
    );
    call(&worker, provider.as_ref(), &body, case.caller).await;
    let attempt = worker.record().await.attempts.remove(0);
    let tokens = i64::try_from(attempt.tokens.input).unwrap() * INPUT
        + i64::try_from(attempt.tokens.output).unwrap() * OUTPUT;
    let said = if case.is_told { told } else { untold };
    let (evidence, cost) = match said {
        "nothing" => (Evidence::NotBilled, 0),
        "what it told" if ending == "Empty" => (Evidence::Reported, 50 * INPUT),
        "what it told" => (Evidence::Reported, TOLD),
        "an estimate" => (Evidence::Estimated, tokens),
        // A token for each byte of the request and 64 around it.
        "its bound" => {
            let input = i64::try_from(body.len()).unwrap() + 64;
            (Evidence::Uncertain, input * INPUT + most * OUTPUT)
        }
        other => panic!("{other:?} is no cost"),
    };
    assert_eq!(
        (attempt.evidence, attempt.cost.map(NanoUsd::nanos)),
        (evidence, Some(cost)),
        "{ending}: {said}"
    );
    let charge = match charged {
        "nothing" => 0,
        "the cost" => cost,
        other => panic!("{other:?} is no charge"),
    };
    let paid = attempt
        .credit
        .map(|credit| (credit.account, credit.charge.nanos()));
    assert_eq!(paid, Some((credit.clone(), charge)), "{ending} charges {charged}");
    worker.settles_at(organization, &team, cost).await;
    worker.settles_at(organization, &credit, charge).await;
}

#[actix_web::test]
async fn each_ending_costs_a_customer_what_the_table_says() {
    let table = table();
    let mut left: Vec<&str> = table.iter().map(|[ending, ..]| *ending).collect();
    for case in cases() {
        let row = table.iter().find(|[ending, ..]| *ending == case.ending);
        let row = *row.unwrap_or_else(|| panic!("no row {}", case.ending));
        left.retain(|ending| *ending != case.ending);
        holds(case, row).await;
    }
    left.sort_unstable();
    assert_eq!(left, ["Interrupted", "Stopped", "Superseded"]);
}
