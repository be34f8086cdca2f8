//! What a call is priced by: the classes its provider told, and the version of the price in force.

use sluicegate_contracts::config::{Fees, PriceCard, Rates};
use sluicegate_contracts::money::{NanoUsd, PicoUsd};
use sluicegate_contracts::time::UnixMillis;
use sluicegate_contracts::usage::{AttemptRecord, Evidence};

use crate::support::{Config, Provider, Script, Worker};

/// 1,000 tokens of prompt: 100 plain, 200 read from cache, 300 written for five minutes and 400 for an hour.
const ANSWER: &str = r#"{"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":[{"type":"text","text":"Found."}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":100,"cache_read_input_tokens":200,"cache_creation_input_tokens":700,"cache_creation":{"ephemeral_5m_input_tokens":300,"ephemeral_1h_input_tokens":400},"output_tokens":10,"server_tool_use":{"web_search_requests":2}}}"#;

fn claude(version: u32) -> PriceCard {
    let picos = PicoUsd::from_picos;
    PriceCard {
        version,
        rates: Rates {
            input: picos(3_000_000),
            output: picos(15_000_000),
            cache_read: Some(picos(300_000)),
            cache_write: Some(picos(3_750_000)),
            cache_write_1h: Some(picos(6_000_000)),
            ..Rates::default()
        },
        fees: Fees {
            search: picos(10_000_000_000),
            ..Fees::default()
        },
        ..PriceCard::default()
    }
}

const BODY: &str =
    r#"{"model":"anthropic/claude-x","max_tokens":64,"messages":[{"role":"user","content":"Search."}]}"#;

/// The attempt of an answered call to a model with these versions of its price.
async fn attempt(versions: Vec<PriceCard>) -> AttemptRecord {
    attempt_at(Script::json(200, ANSWER), versions, BODY.to_owned()).await
}

async fn attempt_at(script: Script, versions: Vec<PriceCard>, body: String) -> AttemptRecord {
    let provider = Provider::start([script]).await;
    let mut config = Config::new();
    config.connect("main", "anthropic", &provider.url());
    config.priced("anthropic/claude-x", "anthropic", "claude-x", versions);
    let worker = Worker::start(&config);
    worker.post("/v1/messages", body).send().await.unwrap();
    let mut record = worker.record().await;
    let priced = record.attempts.iter().filter_map(|attempt| attempt.cost);
    assert_eq!(record.cost.unwrap_or_default(), priced.sum());
    record.attempts.remove(0)
}

#[actix_web::test]
async fn an_hour_of_cache_and_searches_have_prices_of_their_own() {
    let attempt = attempt(vec![claude(1)]).await;
    let tokens = attempt.tokens;
    assert_eq!(
        (tokens.input, tokens.cache_write, tokens.cache_write_1h),
        (1_000, 700, 400)
    );
    assert_eq!(tokens.searches, 2);
    let input = 100 * 3_000 + 200 * 300 + 300 * 3_750 + 400 * 6_000;
    let expected = input + 10 * 15_000 + 2 * 10_000_000;
    assert_eq!(attempt.cost, Some(NanoUsd::from_nanos(expected)));
    assert_eq!(
        (attempt.evidence, attempt.price_version),
        (Evidence::Reported, Some(1))
    );
}

#[actix_web::test]
async fn the_version_in_force_prices_the_call_and_is_noted() {
    let in_force = PriceCard {
        valid_from: Some(UnixMillis::new(1)),
        ..claude(7)
    };
    let to_come = PriceCard {
        rates: Rates::default(),
        valid_from: Some(UnixMillis::new(i64::MAX)),
        ..claude(8)
    };
    let attempt = attempt(vec![claude(6), to_come, in_force]).await;
    assert_eq!(attempt.price_version, Some(7));
    assert!(attempt.cost > Some(NanoUsd::from_nanos(20_000_000)));
}

#[actix_web::test]
async fn a_price_that_has_ended_is_no_price() {
    let over = PriceCard {
        valid_until: Some(UnixMillis::new(1)),
        ..claude(6)
    };
    let attempt = attempt(vec![over]).await;
    assert_eq!((attempt.cost, attempt.price_version), (None, None));
    assert_eq!(attempt.evidence, Evidence::Reported);
}

#[actix_web::test]
async fn an_unknown_outcome_costs_the_bound_with_every_search_that_was_allowed() {
    let lost = |body: String| attempt_at(Script::raw(""), vec![claude(1)], body);
    let plain = lost(BODY.to_owned()).await;
    assert_eq!(
        (plain.evidence, plain.price_version),
        (Evidence::Uncertain, Some(1))
    );
    let tool = r#","tools":[{"type":"web_search_20250305","name":"web_search","max_uses":3}]}"#;
    let body = BODY.strip_suffix('}').unwrap().to_owned() + tool;
    let more_bytes = i64::try_from(body.len() - BODY.len()).unwrap();
    let searching = lost(body).await;
    // The dearest class is an hour of cache, at 6,000 nano-USD; a search brings 20,000 tokens, and costs a cent.
    let more = searching.cost.unwrap().nanos() - plain.cost.unwrap().nanos();
    assert_eq!(more, (3 * 20_000 + more_bytes) * 6_000 + 3 * 10_000_000);
}
