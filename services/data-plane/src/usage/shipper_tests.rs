//! The shipper against the queue in memory, with a small ingester in the test that knows the truth.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use proptest::prelude::*;
use sluicegate_backplane::Watermark;
use sluicegate_contracts::ids::RequestId;
use sluicegate_contracts::usage::UsageRecord;
use sluicegate_service_runtime::clock::ManualClock;
use sluicegate_service_runtime::health::{Health, State};
use sluicegate_service_runtime::ids;

use super::super::fixtures::{data_directory, intent, record, request};
use super::super::{Spool, SpoolLimits};
use super::*;

/// Stores each request once and keeps the contiguous watermark per epoch.
#[derive(Default)]
struct Ingester {
    stored: BTreeMap<u32, BTreeMap<u64, RequestId>>,
}

impl Ingester {
    async fn ingest(&mut self, queue: &UsageQueue, max: usize) -> usize {
        let deliveries = queue.read("test", max, Duration::ZERO).await.unwrap();
        let mut worker = None;
        for delivery in &deliveries {
            let entry = delivery.entry.clone().unwrap();
            let record: UsageRecord = serde_json::from_slice(&entry.body).unwrap();
            assert_eq!(
                (record.origin, record.organization),
                (entry.origin, entry.organization)
            );
            let of_epoch = self.stored.entry(entry.origin.epoch).or_default();
            let known = of_epoch.insert(entry.origin.seq, record.request);
            assert!(
                known.is_none_or(|known| known == record.request),
                "a position was given out twice"
            );
            worker = Some(entry.origin.worker);
        }
        if let Some(worker) = worker {
            let watermarks = self.stored.iter().map(|(epoch, stored)| {
                let contiguous = stored.keys().zip(1..).take_while(|(seq, n)| *seq == n).count();
                Watermark {
                    worker,
                    epoch: *epoch,
                    seq: contiguous as u64,
                }
            });
            queue
                .publish_watermarks(&watermarks.collect::<Vec<_>>())
                .await
                .unwrap();
        }
        let ids: Vec<_> = deliveries.into_iter().map(|delivery| delivery.id).collect();
        queue.ack(&ids).await.unwrap();
        ids.len()
    }

    fn requests(&self) -> Vec<RequestId> {
        self.stored
            .values()
            .flat_map(|of_epoch| of_epoch.values().copied())
            .collect()
    }
}

struct Worker {
    spool: Spool,
    shipper: Shipper,
    hand: ManualClock,
    health: Health,
}

fn start(data: &Path, queue: &UsageQueue) -> Worker {
    let limits = SpoolLimits {
        segment_bytes: 3000,
        ..SpoolLimits::default()
    };
    let spool = Spool::open(data, limits, ids::fresh).unwrap();
    let (clock, hand) = Clock::manual(0);
    let health = Health::new();
    let check = health.register("usage");
    let shipper = Shipper::new(&spool, queue.clone(), clock, check, &Registry::new()).unwrap();
    Worker {
        spool,
        shipper,
        hand,
        health,
    }
}

impl Worker {
    fn serve(&self, requests: std::ops::Range<u64>) {
        for n in requests {
            self.spool.recorder().begin_attempt(&intent(n, 1)).unwrap();
            self.spool.recorder().finish(record(n)).unwrap();
        }
        self.spool.journal.sync().unwrap();
    }

    async fn ship(&mut self) -> Pass {
        loop {
            self.hand.advance(ASK_EVERY);
            match self.shipper.pass().await {
                Pass::Shipped => {}
                done @ (Pass::Idle | Pass::Failed) => return done,
            }
        }
    }

    /// Ships and ingests until nothing moves.
    async fn settle(&mut self, queue: &UsageQueue, ingester: &mut Ingester) {
        loop {
            let shipped = self.ship().await;
            if ingester.ingest(queue, 1000).await == 0 && shipped == Pass::Idle {
                self.ship().await;
                return;
            }
        }
    }
}

#[tokio::test]
async fn records_arrive_in_order_and_stored_segments_go() {
    let (data, queue, mut ingester) = (data_directory(), UsageQueue::memory(10_000), Ingester::default());
    let mut worker = start(data.path(), &queue);
    worker.spool.recorder().begin_attempt(&intent(1000, 1)).unwrap();
    worker.serve(1..40);
    assert!(worker.shipper.backlog.unacknowledged() == 39);
    worker.settle(&queue, &mut ingester).await;
    assert_eq!(ingester.requests(), (1..40).map(request).collect::<Vec<_>>());
    assert_eq!(worker.shipper.backlog.unacknowledged(), 0);
    let left = worker.spool.directory.segments(1).unwrap();
    assert_eq!(left.len(), 1);
    assert!(left[0].number > 5);
    let on_disk: u64 = left.iter().map(|segment| segment.length).sum();
    assert_eq!(worker.spool.journal.bytes(), on_disk);
    // The request that is still open was carried over: a kill now still accounts for it.
    drop(worker);
    let mut worker = start(data.path(), &queue);
    worker.settle(&queue, &mut ingester).await;
    assert_eq!(ingester.stored[&1][&40], request(1000));
    assert_eq!(worker.spool.directory.older_epochs().unwrap(), Vec::<u32>::new());
}

#[tokio::test]
async fn what_was_not_made_durable_is_not_shipped() {
    let (data, queue) = (data_directory(), UsageQueue::memory(100));
    let mut worker = start(data.path(), &queue);
    worker.spool.recorder().finish(record(1)).unwrap();
    assert_eq!(worker.shipper.pass().await, Pass::Idle);
    worker.spool.journal.sync().unwrap();
    assert_eq!(worker.shipper.pass().await, Pass::Shipped);
}

#[tokio::test]
async fn a_queue_that_forgot_everything_gets_it_again() {
    let (data, queue, mut ingester) = (data_directory(), UsageQueue::memory(10_000), Ingester::default());
    let mut worker = start(data.path(), &queue);
    worker.serve(1..10);
    worker.ship().await;
    ingester.ingest(&queue, 4).await;
    let lost = queue.read("lost", 100, Duration::ZERO).await.unwrap();
    queue
        .ack(&lost.into_iter().map(|delivery| delivery.id).collect::<Vec<_>>())
        .await
        .unwrap();
    worker.hand.advance(STALE_AFTER / 2);
    worker.ship().await;
    assert_eq!(ingester.ingest(&queue, 100).await, 0);
    worker.hand.advance(STALE_AFTER);
    worker.settle(&queue, &mut ingester).await;
    assert_eq!(ingester.requests(), (1..10).map(request).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_outage_costs_delay_only_and_says_so() {
    let (data, mut ingester) = (data_directory(), Ingester::default());
    let (gone, queue) = (UsageQueue::memory(100), UsageQueue::memory(100));
    let mut worker = start(data.path(), &gone);
    worker.serve(1..5);
    worker.ship().await;
    gone.close().await;
    worker.serve(5..9);
    assert_eq!(worker.ship().await, Pass::Failed);
    assert_eq!(worker.health.report().checks["usage"].state, State::Degraded);
    worker.shipper.queue = queue.clone();
    worker.settle(&queue, &mut ingester).await;
    assert_eq!(ingester.requests(), (1..9).map(request).collect::<Vec<_>>());
    assert_eq!(worker.health.report().checks["usage"].state, State::Ok);
}

#[tokio::test]
async fn a_queue_at_its_cap_is_not_sent_anything_twice() {
    let (data, queue, mut ingester) = (data_directory(), UsageQueue::memory(3), Ingester::default());
    let mut worker = start(data.path(), &queue);
    worker.serve(1..4);
    worker.ship().await;
    worker.serve(4..6);
    assert_eq!(worker.ship().await, Pass::Failed);
    assert_eq!(queue.depth().await.unwrap().entries, 3);
    worker.settle(&queue, &mut ingester).await;
    assert_eq!(ingester.requests(), (1..6).map(request).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn run_ships_what_is_left_when_told_to_stop() {
    let (data, queue, mut ingester) = (data_directory(), UsageQueue::memory(100), Ingester::default());
    let worker = start(data.path(), &queue);
    worker.serve(1..4);
    let stop = CancellationToken::new();
    stop.cancel();
    worker.shipper.run(stop).await;
    ingester.ingest(&queue, 100).await;
    assert_eq!(ingester.requests(), (1..4).map(request).collect::<Vec<_>>());
}

#[derive(Debug, Clone)]
enum Step {
    Begin,
    Finish,
    Sync,
    Ship,
    Ingest(usize),
    LoseQueue,
    Wait,
    Kill,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => Just(Step::Begin),
        6 => Just(Step::Finish),
        3 => Just(Step::Sync),
        3 => Just(Step::Ship),
        3 => (1_usize..6).prop_map(Step::Ingest),
        1 => Just(Step::LoseQueue),
        1 => Just(Step::Wait),
        1 => Just(Step::Kill),
    ]
}

/// Whatever happens in whatever order, at the end every request that began is stored exactly once and no epoch has a
/// hole.
async fn survives(steps: Vec<Step>) {
    let (data, queue, mut ingester) = (data_directory(), UsageQueue::memory(8), Ingester::default());
    let mut worker = start(data.path(), &queue);
    let (mut begun, mut open) = (0, Vec::new());
    for step in steps {
        match step {
            Step::Begin => {
                begun += 1;
                open.push(begun);
                worker.spool.recorder().begin_attempt(&intent(begun, 1)).unwrap();
            }
            Step::Finish if open.is_empty() => {}
            Step::Finish => worker.spool.recorder().finish(record(open.remove(0))).unwrap(),
            Step::Sync => worker.spool.journal.sync().unwrap(),
            Step::Ship => {
                worker.ship().await;
            }
            Step::Ingest(max) => {
                ingester.ingest(&queue, max).await;
            }
            Step::LoseQueue => {
                let lost = queue.read("lost", 1000, Duration::ZERO).await.unwrap();
                queue
                    .ack(&lost.into_iter().map(|delivery| delivery.id).collect::<Vec<_>>())
                    .await
                    .unwrap();
            }
            Step::Wait => worker.hand.advance(STALE_AFTER),
            Step::Kill => {
                drop(worker);
                worker = start(data.path(), &queue);
                open.clear();
            }
        }
    }
    drop(worker);
    let mut worker = start(data.path(), &queue);
    for _ in 0..4 {
        worker.hand.advance(STALE_AFTER);
        worker.settle(&queue, &mut ingester).await;
    }
    let requests = ingester.requests();
    assert_eq!(requests.len() as u64, begun);
    assert_eq!(
        requests.into_iter().collect::<BTreeSet<_>>(),
        (1..=begun).map(request).collect()
    );
    for stored in ingester.stored.values() {
        assert!(stored.keys().zip(1..).all(|(seq, n)| *seq == n));
    }
    assert_eq!(worker.spool.directory.older_epochs().unwrap(), Vec::<u32>::new());
    assert_eq!(worker.shipper.backlog.unacknowledged(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn nothing_is_lost_or_stored_twice(steps in proptest::collection::vec(step(), 0..80)) {
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(survives(steps));
    }
}

#[tokio::test]
async fn epochs_are_settled_in_order_and_the_own_one_once_it_is_sealed_and_stored() {
    let data = data_directory();
    let queue = UsageQueue::memory(1_000);
    let mut ingester = Ingester::default();
    let first = start(data.path(), &queue);
    first.serve(1..4);
    drop(first);

    let mut second = start(data.path(), &queue);
    let settled = second.shipper.stored();
    assert_eq!(
        settled.borrow().epochs_below,
        1,
        "nothing of the first epoch is known to be stored"
    );
    second.serve(4..6);
    assert_eq!(second.ship().await, Pass::Idle);
    assert_eq!(settled.borrow().epochs_below, 1);
    while ingester.ingest(&queue, 10).await > 0 {}
    second.ship().await;
    assert_eq!(settled.borrow().epochs_below, 2, "the own epoch may still grow");

    second.serve(6..7);
    second.spool.recorder().close().await.unwrap();
    second.ship().await;
    assert_eq!(settled.borrow().epochs_below, 2, "one record is not stored");
    while ingester.ingest(&queue, 10).await > 0 {}
    second.ship().await;
    assert_eq!(settled.borrow().epochs_below, 3);
}
