//! What the script makes go wrong, as the client sees it and as it is billed.

use futures_util::StreamExt;
use serde_json::{Value, json};
use sluicegate_mock_provider::pace::{Latency, RateLimit};
use sluicegate_mock_provider::{Behaviour, Fault, MockHandle, Outcome, Rule, When};

use crate::client::{billed, chat, chunks, complete, http, post, start};

const PATH: &str = "/v1/chat/completions";

async fn stream_text(mock: &MockHandle, model: &str) -> (String, bool) {
    let response = post(mock, PATH, &chat(model, json!({"stream": true}))).await;
    let mut body = response.bytes_stream();
    let mut text = Vec::new();
    while let Some(read) = body.next().await {
        match read {
            Ok(bytes) => text.extend_from_slice(&bytes),
            Err(_) => return (String::from_utf8(text).unwrap(), true),
        }
    }
    (String::from_utf8(text).unwrap(), false)
}

fn faulty(mock: &MockHandle, fault: Fault) {
    let rule = Rule {
        when: When::Always,
        fault,
    };
    mock.set_behaviour(
        "m",
        Behaviour {
            output_tokens: Some(10),
            faults: vec![rule],
            ..Behaviour::default()
        },
    );
}

#[tokio::test]
async fn the_first_calls_can_be_refused_and_cost_nothing() {
    let mock = start();
    let busy = Fault::Status {
        code: 429,
        retry_after_s: Some(2),
    };
    mock.set_behaviour("m", Behaviour::with_fault(When::First(2), busy));
    for _ in 0..2 {
        let response = post(&mock, PATH, &chat("m", json!({}))).await;
        assert_eq!(
            (response.status().as_u16(), &response.headers()["retry-after"]),
            (429, &"2".parse().unwrap())
        );
        assert_eq!(
            response.json::<Value>().await.unwrap()["error"]["code"],
            "rate_limit_exceeded"
        );
    }
    complete(&mock, &chat("m", json!({}))).await;
    let totals = mock.totals();
    assert_eq!((totals.requests, totals.refused, totals.billed), (3, 2, 1));
    let entries = billed(&mock, 3).await;
    let outcomes: Vec<Outcome> = entries.iter().map(|e| e.outcome).collect();
    assert_eq!(outcomes, [Outcome::Refused, Outcome::Refused, Outcome::Completed]);
    assert!(matches!(entries[0].fault, Some(Fault::Status { code: 429, .. })));
    assert_eq!((entries[0].input_tokens, entries[0].cost_nano_usd), (0, 0));
    assert_eq!(entries[2].fault, None);
}

#[tokio::test]
async fn a_cut_stream_breaks_off_and_bills_what_was_sent() {
    let mock = start();
    faulty(&mock, Fault::CutChunks(4));
    let (text, broke) = stream_text(&mock, "m").await;
    assert!(broke);
    // The role and three words.
    assert_eq!(chunks(&text).0.len(), 4);
    let entry = &billed(&mock, 1).await[0];
    assert_eq!((entry.outcome, entry.output_tokens), (Outcome::Cut, 3));

    faulty(&mock, Fault::CutBytes(300));
    let (text, broke) = stream_text(&mock, "m").await;
    assert_eq!((text.len(), broke), (300, true));
    assert_eq!(billed(&mock, 2).await[1].outcome, Outcome::Cut);
}

#[tokio::test]
async fn a_cut_whole_answer_is_short_of_its_length() {
    let mock = start();
    faulty(&mock, Fault::CutBytes(40));
    let response = post(&mock, PATH, &chat("m", json!({}))).await;
    assert_eq!(response.status(), 200);
    assert!(response.bytes().await.is_err());
    let entry = &billed(&mock, 1).await[0];
    assert_eq!((entry.outcome, entry.output_tokens), (Outcome::Cut, 0));
}

#[tokio::test]
async fn a_client_that_leaves_is_billed_for_what_was_sent() {
    let mock = start();
    faulty(
        &mock,
        Fault::Stall {
            after_chunks: Some(3),
        },
    );
    let response = post(&mock, PATH, &chat("m", json!({"stream": true}))).await;
    let mut body = response.bytes_stream();
    let mut seen = 0;
    while seen < 3 {
        let read = body.next().await.unwrap().unwrap();
        seen += String::from_utf8_lossy(&read).matches("data: ").count();
    }
    assert!(mock.entries().is_empty(), "the call is still open");
    drop(body);
    let entry = &billed(&mock, 1).await[0];
    assert_eq!((entry.outcome, entry.output_tokens), (Outcome::ClientLeft, 2));
    assert!(entry.input_tokens > 0 && entry.cost_nano_usd > 0);
}

#[tokio::test]
async fn a_whole_answer_hangs_in_its_middle() {
    let mock = start();
    let stall = Fault::Stall {
        after_chunks: Some(1),
    };
    faulty(&mock, stall.clone());
    let response = post(&mock, PATH, &chat("m", json!({}))).await;
    let whole = response.content_length().unwrap();
    let mut body = response.bytes_stream();
    let mut seen = 0;
    while seen < whole / 2 {
        seen += body.next().await.unwrap().unwrap().len() as u64;
    }
    assert!(mock.entries().is_empty(), "the call is still open");
    drop(body);
    let entry = &billed(&mock, 1).await[0];
    assert_eq!((entry.outcome, entry.output_tokens), (Outcome::ClientLeft, 0));
    assert_eq!(entry.fault, Some(stall));
}

#[tokio::test]
async fn a_client_that_leaves_before_the_head_is_billed_for_its_input() {
    let mock = start();
    faulty(&mock, Fault::Stall { after_chunks: None });
    for stream in [false, true] {
        let body = chat("m", json!({"stream": stream}));
        let call = http()
            .post(format!("{}{PATH}", mock.base_url()))
            .json(&body)
            .send();
        let arrived = async {
            while mock.totals().requests < 1 + u64::from(stream) {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            _ = call => panic!("a stalled call answered"),
            () = arrived => {}
        }
    }
    let entries = billed(&mock, 2).await;
    assert!(
        entries
            .iter()
            .all(|e| e.outcome == Outcome::ClientLeft && e.output_tokens == 0 && e.cost_nano_usd > 0)
    );
}

#[tokio::test]
async fn malformed_chunks_and_error_events_come_where_the_script_says() {
    let mock = start();
    faulty(&mock, Fault::MalformedChunk(2));
    let (text, broke) = stream_text(&mock, "m").await;
    let bad = text.split("\n\n").nth(2).unwrap().strip_prefix("data: ").unwrap();
    assert!(!broke && serde_json::from_str::<Value>(bad).is_err());

    faulty(&mock, Fault::ErrorEvent(2));
    let (text, broke) = stream_text(&mock, "m").await;
    let (chunks, done) = chunks(&text);
    assert_eq!(
        (chunks.len(), chunks[2]["error"]["type"].as_str(), broke, done),
        (3, Some("server_error"), false, false)
    );
    let entry = &billed(&mock, 2).await[1];
    assert_eq!((entry.outcome, entry.output_tokens), (Outcome::Failed, 1));
}

#[tokio::test]
async fn huge_answers_are_as_large_as_asked() {
    let mock = start();
    faulty(&mock, Fault::HugeBody(3_000_000));
    let answer = complete(&mock, &chat("m", json!({}))).await;
    assert!(answer["choices"][0]["message"]["content"].as_str().unwrap().len() >= 3_000_000);
}

#[tokio::test]
async fn answers_take_the_time_the_script_says() {
    let mock = start();
    let slow = Behaviour {
        header_delay_ms: 20,
        first_token_ms: 20,
        chunk_interval_ms: 10,
        output_tokens: Some(5),
        ..Behaviour::default()
    };
    mock.set_behaviour("m", slow);
    let started = std::time::Instant::now();
    let (_, broke) = stream_text(&mock, "m").await;
    // Two waits of 20 ms, then six gaps of 10 ms between seven chunks.
    assert!(
        !broke && started.elapsed().as_millis() >= 100,
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test]
async fn each_call_takes_a_time_of_its_own() {
    let mock = start();
    let latency = Latency {
        median_ms: 30,
        spread_percent: 0,
    };
    let slow = Behaviour {
        latency: Some(latency),
        ..Behaviour::default()
    };
    mock.set_behaviour("m", slow);
    let started = std::time::Instant::now();
    complete(&mock, &chat("m", json!({}))).await;
    assert!(started.elapsed().as_millis() >= 30, "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_limit_is_told_and_kept_when_another_model_changes() {
    let mock = start();
    let rate_limit = RateLimit {
        requests_per_minute: 1,
        burst: 2,
    };
    let limited = Behaviour {
        rate_limit: Some(rate_limit),
        ..Behaviour::default()
    };
    mock.set_behaviour("m", limited);
    let mut told = Vec::new();
    for _ in 0..2 {
        let response = post(&mock, PATH, &chat("m", json!({}))).await;
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        let (limit, left) = ("x-ratelimit-limit-requests", "x-ratelimit-remaining-requests");
        told.push((header(limit), header(left)));
        mock.set_behaviour("other", Behaviour::default());
    }
    let expected = |left: &str| ("2".to_owned(), left.to_owned());
    assert_eq!(told, [expected("1"), expected("0")]);
    let refused = post(&mock, PATH, &chat("m", json!({}))).await;
    let seconds: u64 = refused.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(refused.status().as_u16(), 429);
    assert!((30..=60).contains(&seconds), "{seconds}");
}
