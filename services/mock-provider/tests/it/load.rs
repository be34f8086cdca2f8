//! The load generator against a mock provider.

use std::time::Duration;

use sluicegate_mock_provider::load::{LoadError, Mode, Target, run};
use sluicegate_mock_provider::{Behaviour, Fault, MockHandle, When};

use crate::client::start;

fn target(mock: &MockHandle) -> Target {
    let url = format!("{}/v1/chat/completions", mock.base_url());
    Target {
        url,
        key: "k".into(),
        model: "m".into(),
        headers: Vec::new(),
    }
}

const LIMIT: Duration = Duration::from_secs(20);

#[test]
fn closed_and_open_loads_count_what_the_provider_served() {
    let mock = start();
    let duration = Duration::from_millis(300);
    let closed = run(
        &target(&mock),
        Mode::Closed {
            connections: 4,
            warm_up: Duration::ZERO,
            duration,
        },
        LIMIT,
    )
    .unwrap();
    assert_eq!(
        (closed.errors, closed.bad_status.len(), closed.ok),
        (0, 0, mock.totals().billed)
    );
    assert!(closed.ok > 0 && closed.latency_us.p50 > 0);
    let before = mock.totals().billed;
    let open = run(
        &target(&mock),
        Mode::Open {
            rate: 100,
            warm_up: Duration::ZERO,
            duration,
        },
        LIMIT,
    )
    .unwrap();
    assert_eq!((open.ok, open.errors), (30, 0));
    assert_eq!(mock.totals().billed - before, 30);
}

#[test]
fn streams_are_timed_by_their_stamps() {
    let mock = start();
    mock.set_behaviour(
        "m",
        Behaviour {
            stamp_chunks: true,
            output_tokens: Some(20),
            ..Behaviour::default()
        },
    );
    let mode = Mode::Stream {
        streams: 5,
        repeats: 2,
        stagger: Duration::ZERO,
    };
    let report = run(&target(&mock), mode, LIMIT).unwrap();
    assert_eq!((report.ok, report.errors, report.chunks), (10, 0, 200));
    assert_eq!((report.first_chunk_us.count, report.transit_us.count), (10, 200));
    assert!(report.transit_us.max < 10_000_000);
}

#[test]
fn failures_are_counted_by_kind() {
    let mock = start();
    mock.set_behaviour(
        "m",
        Behaviour::with_fault(
            When::Always,
            Fault::Status {
                code: 503,
                retry_after_s: None,
            },
        ),
    );
    let mode = Mode::Open {
        rate: 100,
        warm_up: Duration::ZERO,
        duration: Duration::from_millis(100),
    };
    let report = run(&target(&mock), mode, LIMIT).unwrap();
    assert_eq!((report.ok, report.bad_status.get(&503)), (0, Some(&10)));
    mock.set_behaviour("m", Behaviour::with_fault(When::Always, Fault::CutChunks(2)));
    let mode = Mode::Stream {
        streams: 3,
        repeats: 1,
        stagger: Duration::ZERO,
    };
    assert_eq!(run(&target(&mock), mode, LIMIT).unwrap().errors, 3);
}

#[test]
fn only_this_machine_is_loaded() {
    let elsewhere = |url: &str| {
        let target = Target {
            url: url.into(),
            key: String::new(),
            model: String::new(),
            headers: Vec::new(),
        };
        run(
            &target,
            Mode::Stream {
                streams: 1,
                repeats: 1,
                stagger: Duration::ZERO,
            },
            LIMIT,
        )
    };
    assert!(matches!(
        elsewhere("http://192.0.2.1:80/v1"),
        Err(LoadError::NotLoopback(_))
    ));
    assert!(matches!(
        elsewhere("https://127.0.0.1:80/v1"),
        Err(LoadError::Url(_))
    ));
}
