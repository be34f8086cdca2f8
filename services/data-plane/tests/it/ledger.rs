//! The worker's books against those of a provider that keeps its own.

use futures_util::future::join_all;
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::usage::{Evidence, Outcome};
use sluicegate_mock_provider::pricing::Price;
use sluicegate_mock_provider::{Behaviour, Config as MockConfig, Fault, MockProvider, When};

use crate::support::{Config, Worker, chat};

const CALLS: usize = 60;

#[actix_web::test]
async fn every_billed_call_has_one_record_and_the_sums_are_equal_to_the_nano() {
    let mut mock = MockConfig::default();
    mock.prices.default = Price {
        input_pico_usd: 150_001,
        cached_input_pico_usd: None,
        output_pico_usd: 600_007,
    };
    let mock = MockProvider::start(mock).unwrap();
    // Some calls are turned away; the gateway asks again.
    let refusal = Fault::Status {
        code: 503,
        retry_after_s: Some(0),
    };
    mock.set_behaviour("gpt-4o-mini", Behaviour::with_fault(When::First(20), refusal));
    let mut config = Config::new();
    config.connect("mock", "openai", &format!("{}/v1", mock.base_url()));
    config.model("openai/gpt-4o-mini", "openai", "gpt-4o-mini", 150_001, 600_007);
    let worker = Worker::start(&config);

    let calls = (0..CALLS).map(|call| worker.chat(chat("gpt-4o-mini", call % 2 == 0)));
    let statuses = join_all(calls.map(|call| async {
        let response = call.await;
        (response.status().as_u16(), response.text().await.unwrap())
    }))
    .await;
    let records = worker.first_records(CALLS).await;

    let served = statuses.iter().filter(|(status, _)| *status == 200).count();
    let totals = mock.totals();
    assert_eq!(
        records.iter().filter(|it| it.outcome == Outcome::Served).count(),
        served
    );
    assert_eq!(totals.billed as usize, served);
    let attempts = records.iter().flat_map(|it| &it.attempts);
    assert_eq!(attempts.clone().count() as u64, totals.requests);
    assert!(
        attempts
            .clone()
            .all(|it| matches!(it.evidence, Evidence::Reported | Evidence::NotBilled))
    );
    assert_eq!(
        records.iter().map(|it| it.tokens.input).sum::<u64>(),
        totals.input_tokens
    );
    assert_eq!(
        records.iter().map(|it| it.tokens.output).sum::<u64>(),
        totals.output_tokens
    );
    let cost: NanoUsd = records.iter().map(|it| it.cost.unwrap()).sum();
    assert_eq!(cost.nanos() as u64, totals.cost_nano_usd);
    assert!(served > CALLS / 2, "{served} of {CALLS}");

    let mut seqs: Vec<u64> = records.iter().map(|it| it.origin.seq).collect();
    seqs.sort_unstable();
    assert_eq!(seqs, (1..=CALLS as u64).collect::<Vec<_>>(), "without a gap");
    for entry in mock.entries() {
        let known = records
            .iter()
            .any(|it| Some(it.request.to_string()) == entry.request_id);
        assert!(known, "the provider can tell our request");
    }
    mock.stop().await;
}
