//! The spool under kills, cuts and full disks: nothing is lost, nothing is counted twice, positions have no holes.

use std::collections::BTreeMap;
use std::fs;

use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::usage::{Evidence, Outcome};
use sluicegate_service_runtime::ids;

use super::fixtures::{data_directory, intent, record, request};
use super::segment::{Frame, Frames};
use super::*;

fn open(data: &Path, limits: SpoolLimits) -> Spool {
    Spool::open(data, limits, ids::fresh).unwrap()
}

/// Every record of an epoch in file order; checks that positions count on without holes from the first one.
fn records(directory: &SpoolDirectory, epoch: u32) -> Vec<UsageRecord> {
    let mut records = Vec::new();
    let segments = directory.segments(epoch).unwrap();
    let mut next = segments.first().map_or(1, |segment| segment.first_seq);
    for segment in segments {
        let bytes = fs::read(&segment.path).unwrap();
        for frame in Frames::new(&bytes) {
            if let Frame::Record { seq, body, .. } = frame {
                let record: UsageRecord = serde_json::from_slice(body).unwrap();
                assert_eq!((seq, record.origin.seq), (next, next));
                next += 1;
                records.push(record);
            }
        }
    }
    records
}

fn outcomes(records: &[UsageRecord]) -> BTreeMap<RequestId, Outcome> {
    let outcomes: BTreeMap<_, _> = records
        .iter()
        .map(|record| (record.request, record.outcome))
        .collect();
    assert_eq!(outcomes.len(), records.len(), "a request has two records");
    outcomes
}

/// Served: 1 and 3. Open: 2 with two attempts, 4. Refused without an attempt: 5.
fn history(recorder: &Recorder) {
    recorder.begin_attempt(&intent(1, 1)).unwrap();
    recorder.begin_attempt(&intent(2, 1)).unwrap();
    recorder.finish(record(1)).unwrap();
    recorder.begin_attempt(&intent(3, 1)).unwrap();
    recorder.begin_attempt(&intent(2, 2)).unwrap();
    recorder.finish(record(5)).unwrap();
    recorder.finish(record(3)).unwrap();
    recorder.begin_attempt(&intent(4, 1)).unwrap();
}

#[test]
fn what_a_killed_worker_had_in_flight_becomes_interrupted_records() {
    let data = data_directory();
    history(&open(data.path(), SpoolLimits::default()).recorder());
    let spool = open(data.path(), SpoolLimits::default());
    let records = records(&spool.directory, 1);
    let expected = [
        (request(1), Outcome::Served),
        (request(2), Outcome::Interrupted),
        (request(3), Outcome::Served),
        (request(4), Outcome::Interrupted),
        (request(5), Outcome::Served),
    ];
    assert_eq!(outcomes(&records), BTreeMap::from(expected));
    let two = records
        .iter()
        .find(|record| record.request == request(2))
        .unwrap();
    assert_eq!((two.attempts.len(), two.cost), (2, Some(NanoUsd::from_nanos(20))));
    assert!(
        two.attempts
            .iter()
            .all(|attempt| attempt.evidence == Evidence::Uncertain)
    );
    assert_eq!(
        spool.sealed,
        [recovery::Sealed {
            epoch: 1,
            last_seq: 5,
            interrupted: 2
        }]
    );
}

/// Cuts the file of a killed worker at every byte, recovers, cuts what recovery wrote at every byte, recovers again.
#[test]
fn a_kill_at_any_byte_also_during_recovery_leads_to_one_record_per_request() {
    let data = data_directory();
    let spool = open(data.path(), SpoolLimits::default());
    history(&spool.recorder());
    let bytes = fs::read(&spool.directory.segments(1).unwrap()[0].path).unwrap();
    let mut epoch = 1000;
    let mut recovered = |content: &[u8]| {
        epoch += 1;
        drop(spool.directory.create_segment(epoch, 1, 1).unwrap());
        let path = spool.directory.segments(epoch).unwrap()[0].path.clone();
        fs::write(&path, content).unwrap();
        let sealed = recovery::seal(&spool.directory, epoch).unwrap();
        let again = recovery::seal(&spool.directory, epoch).unwrap();
        assert_eq!((again.last_seq, again.interrupted), (sealed.last_seq, 0));
        let records = records(&spool.directory, epoch);
        assert_eq!(records.len() as u64, sealed.last_seq);
        let content = fs::read(&path).unwrap();
        spool.directory.remove_epoch(epoch).unwrap();
        (outcomes(&records), content)
    };
    for cut in 0..=bytes.len() {
        let mut expected = BTreeMap::new();
        for frame in Frames::new(&bytes[..cut]) {
            match frame {
                Frame::Intent { request, .. } => expected.insert(request, Outcome::Interrupted),
                Frame::Record { request, .. } => expected.insert(request, Outcome::Served),
                Frame::Seal { .. } => None,
            };
        }
        assert_eq!(recovered(&bytes[..cut]).0, expected, "cut at {cut}");
    }
    let (whole, written) = recovered(&bytes);
    assert!(written.len() > bytes.len());
    for cut in bytes.len()..written.len() {
        assert_eq!(recovered(&written[..cut]).0, whole, "cut at {cut}");
    }
}

#[tokio::test]
async fn a_clean_end_seals_and_needs_no_recovery() {
    let data = data_directory();
    let spool = open(data.path(), SpoolLimits::default());
    let recorder = spool.recorder();
    recorder.begin_attempt(&intent(1, 1)).unwrap();
    recorder.finish(record(1)).unwrap();
    recorder.close().await.unwrap();
    assert!(matches!(recorder.finish(record(2)), Err(SpoolError::Sealed)));
    drop((spool, recorder));
    let spool = open(data.path(), SpoolLimits::default());
    assert_eq!(
        spool.sealed,
        [recovery::Sealed {
            epoch: 1,
            last_seq: 1,
            interrupted: 0
        }]
    );
    drop(spool);
    // A life without a record leaves nothing behind.
    assert_eq!(
        open(data.path(), SpoolLimits::default())
            .directory
            .older_epochs()
            .unwrap(),
        [1]
    );
}

#[test]
fn a_full_spool_refuses_attempts_but_takes_records() {
    let data = data_directory();
    let recorder = open(
        data.path(),
        SpoolLimits {
            max_bytes: 1,
            ..SpoolLimits::default()
        },
    )
    .recorder();
    recorder.begin_attempt(&intent(1, 1)).unwrap();
    assert!(matches!(
        recorder.begin_attempt(&intent(2, 1)),
        Err(SpoolError::Full)
    ));
    recorder.finish(record(1)).unwrap();
}

#[test]
fn writers_on_many_threads_leave_no_hole() {
    let data = data_directory();
    let spool = open(
        data.path(),
        SpoolLimits {
            segment_bytes: 4096,
            ..SpoolLimits::default()
        },
    );
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let recorder = spool.recorder();
            scope.spawn(move || {
                for n in 0..50 {
                    recorder.begin_attempt(&intent(thread * 100 + n, 1)).unwrap();
                    recorder.finish(record(thread * 100 + n)).unwrap();
                }
            });
        }
    });
    assert!(spool.directory.segments(1).unwrap().len() > 10);
    assert_eq!(outcomes(&records(&spool.directory, 1)).len(), 200);
}

#[test]
fn of_an_attempt_that_may_cost_more_than_its_intent_said_the_last_word_counts() {
    let data = data_directory();
    let spool = open(data.path(), SpoolLimits::default());
    let recorder = spool.recorder();
    recorder.begin_attempt(&intent(1, 1)).unwrap();
    recorder.begin_attempt(&intent(1, 2)).unwrap();
    for more in [30, 50] {
        let renewed = Intent {
            cost_bound: Some(NanoUsd::from_nanos(more)),
            ..intent(1, 2)
        };
        recorder.renew_attempt(&renewed).unwrap();
    }
    spool.journal.carry_over(1).unwrap();
    drop((recorder, spool));
    let spool = open(data.path(), SpoolLimits::default());
    let records = records(&spool.directory, 1);
    let costs: Vec<_> = records[0].attempts.iter().map(|attempt| attempt.cost).collect();
    let (first, second) = (NanoUsd::from_nanos(10), NanoUsd::from_nanos(50));
    assert_eq!((records.len(), costs), (1, vec![Some(first), Some(second)]));
    assert_eq!(records[0].cost, Some(NanoUsd::from_nanos(60)));
}

#[test]
fn of_two_attempts_under_way_each_keeps_its_own_intent_when_old_files_go() {
    let data = data_directory();
    // Every frame begins a file of its own.
    let limits = SpoolLimits {
        segment_bytes: 1,
        ..SpoolLimits::default()
    };
    let spool = open(data.path(), limits);
    let recorder = spool.recorder();
    recorder.begin_attempt(&intent(1, 1)).unwrap();
    recorder.begin_attempt(&intent(1, 2)).unwrap();
    let renewed = Intent {
        cost_bound: Some(NanoUsd::from_nanos(30)),
        ..intent(1, 1)
    };
    recorder.renew_attempt(&renewed).unwrap();
    let old = spool.directory.segments(1).unwrap();
    spool.journal.carry_over(old.last().unwrap().number).unwrap();
    for segment in old {
        std::fs::remove_file(segment.path).unwrap();
    }
    drop((recorder, spool));
    let spool = open(data.path(), SpoolLimits::default());
    let records = records(&spool.directory, 1);
    let mut costs: Vec<_> = records[0].attempts.iter().map(|attempt| attempt.cost).collect();
    costs.sort_unstable();
    let (second, first) = (NanoUsd::from_nanos(10), NanoUsd::from_nanos(30));
    assert_eq!(costs, [Some(second), Some(first)]);
}

#[test]
fn an_intent_from_before_the_payer_was_noted_is_read() {
    let mut old = serde_json::to_value(intent(1, 1)).unwrap();
    assert!(old.as_object_mut().unwrap().remove("credit").is_some());
    assert_eq!(serde_json::from_value::<Intent<'_>>(old).unwrap(), intent(1, 1));
}
