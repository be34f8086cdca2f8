//! What every usage queue promises, run against both.

use std::time::Duration;

use sluicegate_backplane::{BackplaneError, UsageQueue, Watermark};

use crate::services;
use crate::support::{entries, entry, prefix, read_all, seqs, worker};

const NOT_LONG: Duration = Duration::from_millis(50);

#[tokio::test(flavor = "multi_thread")]
async fn memory_keeps_the_contract() {
    holds(UsageQueue::memory).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_keeps_the_contract() {
    let server = services::redis().await;
    holds(|cap| UsageQueue::redis(&server.url(), &prefix(), cap).unwrap()).await;
}

async fn holds(queue: impl Fn(u64) -> UsageQueue) {
    entries_come_whole_and_in_order(queue(1_000)).await;
    nothing_is_handed_out_twice_while_it_is_fresh(queue(1_000)).await;
    what_is_not_acknowledged_comes_back_and_counts(queue(1_000)).await;
    a_reader_wakes_when_something_is_appended(queue(1_000)).await;
    a_full_queue_refuses_and_frees_up_by_acknowledgement(queue(10)).await;
    acknowledging_out_of_order_drops_nothing_else(queue(1_000)).await;
    watermarks_never_fall(queue(1_000)).await;
    a_closed_queue_says_so(queue(1_000)).await;
}

async fn entries_come_whole_and_in_order(queue: UsageQueue) {
    let worker = worker();
    queue.append(&[]).await.unwrap();
    queue.append(&entries(worker, 1..=300)).await.unwrap();
    let deliveries = read_all(&queue, "a", 300).await;
    for (delivery, seq) in deliveries.iter().zip(1..=300) {
        assert_eq!(delivery.entry, Ok(entry(worker, seq)));
        assert_eq!(delivery.deliveries, 1);
    }
}

async fn nothing_is_handed_out_twice_while_it_is_fresh(queue: UsageQueue) {
    queue.append(&entries(worker(), 1..=4)).await.unwrap();
    assert_eq!(seqs(&queue.read("a", 2, NOT_LONG).await.unwrap()), [1, 2]);
    assert_eq!(seqs(&queue.read("b", 9, NOT_LONG).await.unwrap()), [3, 4]);
    assert_eq!(queue.read("a", 9, NOT_LONG).await.unwrap(), []);
    assert_eq!(queue.reclaim("b", 9, Duration::from_secs(600)).await.unwrap(), []);
}

async fn what_is_not_acknowledged_comes_back_and_counts(queue: UsageQueue) {
    assert_eq!(queue.reclaim("a", 9, Duration::ZERO).await.unwrap(), []);
    queue.append(&entries(worker(), 1..=5)).await.unwrap();
    let first = queue.read("a", 3, NOT_LONG).await.unwrap();
    queue.ack(&[first[1].id.clone()]).await.unwrap();
    for deliveries in 2..=4 {
        let again = queue.reclaim("b", 9, Duration::ZERO).await.unwrap();
        assert_eq!(seqs(&again), [1, 3]);
        assert!(again.iter().all(|one| one.deliveries == deliveries));
    }
    assert_eq!(seqs(&queue.reclaim("b", 1, Duration::ZERO).await.unwrap()), [1]);
    let depth = queue.depth().await.unwrap();
    assert_eq!((depth.entries >= 4, depth.pending), (true, 2));
    assert_eq!(seqs(&queue.read("b", 9, NOT_LONG).await.unwrap()), [4, 5]);
}

async fn a_reader_wakes_when_something_is_appended(queue: UsageQueue) {
    let reading = queue.read("a", 9, Duration::from_secs(30));
    let appending = async {
        tokio::task::yield_now().await;
        queue.append(&entries(worker(), [1])).await.unwrap();
    };
    let started = std::time::Instant::now();
    let (read, ()) = tokio::join!(reading, appending);
    assert_eq!(seqs(&read.unwrap()), [1]);
    assert!(started.elapsed() < Duration::from_secs(20));
}

async fn a_full_queue_refuses_and_frees_up_by_acknowledgement(queue: UsageQueue) {
    let worker = worker();
    queue.append(&entries(worker, 1..=8)).await.unwrap();
    let refused = queue.append(&entries(worker, 9..=11)).await;
    assert!(
        matches!(refused, Err(BackplaneError::Backpressure { depth: 8, cap: 10 })),
        "{refused:?}"
    );
    let deliveries = read_all(&queue, "a", 8).await;
    let depth = queue.depth().await.unwrap();
    assert_eq!((depth.entries, depth.pending), (8, 8));
    assert!(depth.oldest.is_some());
    let ids: Vec<_> = deliveries.into_iter().map(|one| one.id).collect();
    queue.ack(&ids).await.unwrap();
    queue.ack(&ids).await.unwrap();
    let depth = queue.depth().await.unwrap();
    assert_eq!((depth.entries, depth.pending, depth.oldest), (0, 0, None));
    queue.append(&entries(worker, 9..=18)).await.unwrap();
    assert_eq!(
        seqs(&read_all(&queue, "a", 10).await),
        (9..=18).collect::<Vec<_>>()
    );
}

async fn acknowledging_out_of_order_drops_nothing_else(queue: UsageQueue) {
    queue.append(&entries(worker(), 1..=6)).await.unwrap();
    let given = queue.read("a", 4, NOT_LONG).await.unwrap();
    // The newest first: what lies before it is still owed, what lies behind it was never handed out.
    queue
        .ack(&[given[3].id.clone(), given[2].id.clone()])
        .await
        .unwrap();
    assert_eq!(
        seqs(&queue.reclaim("b", 9, Duration::ZERO).await.unwrap()),
        [1, 2]
    );
    queue
        .ack(&[given[0].id.clone(), given[1].id.clone()])
        .await
        .unwrap();
    assert_eq!(queue.depth().await.unwrap().entries, 2);
    assert_eq!(seqs(&queue.read("b", 9, NOT_LONG).await.unwrap()), [5, 6]);
}

async fn watermarks_never_fall(queue: UsageQueue) {
    let (one, other) = (worker(), worker());
    let mark = |worker, epoch, seq| Watermark { worker, epoch, seq };
    assert_eq!(queue.watermarks(one).await.unwrap(), []);
    let published = [mark(one, 1, 10), mark(other, 1, 99), mark(one, 2, 5)];
    queue.publish_watermarks(&published).await.unwrap();
    queue
        .publish_watermarks(&[mark(one, 1, 7), mark(one, 2, 9_007_199_254_740_991)])
        .await
        .unwrap();
    queue.publish_watermarks(&[]).await.unwrap();
    let expected = [mark(one, 1, 10), mark(one, 2, 9_007_199_254_740_991)];
    assert_eq!(queue.watermarks(one).await.unwrap(), expected);
    assert_eq!(queue.watermarks(other).await.unwrap(), [mark(other, 1, 99)]);
}

async fn a_closed_queue_says_so(queue: UsageQueue) {
    queue.append(&entries(worker(), [1])).await.unwrap();
    queue.clone().close().await;
    assert!(matches!(
        queue.append(&entries(worker(), [2])).await,
        Err(BackplaneError::Closed)
    ));
    assert!(matches!(
        queue.read("a", 1, NOT_LONG).await,
        Err(BackplaneError::Closed)
    ));
    assert!(matches!(queue.depth().await, Err(BackplaneError::Closed)));
}
