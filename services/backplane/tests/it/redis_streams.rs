//! The usage queue when consumers crash, Redis dies, or somebody empties it.

use std::time::Duration;

use sluicegate_backplane::{BackplaneError, MalformedEntry, UsageQueue, Watermark};

use crate::services::{self, PrivateRedis};
use crate::support::{entries, prefix, read_all, retry, seqs, worker};

const NOT_LONG: Duration = Duration::from_millis(50);

#[tokio::test(flavor = "multi_thread")]
async fn what_a_crashed_consumer_held_is_reclaimed_by_another() {
    let server = services::redis().await;
    let (url, prefix) = (server.url(), prefix());
    let producer = UsageQueue::redis(&url, &prefix, 10_000).unwrap();
    producer.append(&entries(worker(), 1..=700)).await.unwrap();

    let crashed = UsageQueue::redis(&url, &prefix, 10_000).unwrap();
    let held = read_all(&crashed, "crashed", 600).await;
    crashed
        .ack(&held[..50].iter().map(|one| one.id.clone()).collect::<Vec<_>>())
        .await
        .unwrap();
    drop(crashed);

    let survivor = UsageQueue::redis(&url, &prefix, 10_000).unwrap();
    let mut seen = Vec::new();
    loop {
        let some = survivor.reclaim("survivor", 200, Duration::ZERO).await.unwrap();
        if some.is_empty() {
            break;
        }
        assert!(some.iter().all(|one| one.deliveries == 2));
        seen.extend(seqs(&some));
        survivor
            .ack(&some.into_iter().map(|one| one.id).collect::<Vec<_>>())
            .await
            .unwrap();
    }
    assert_eq!(seen, (51..=600).collect::<Vec<_>>());
    assert_eq!(
        seqs(&read_all(&survivor, "survivor", 100).await),
        (601..=700).collect::<Vec<_>>()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn killing_redis_loses_nothing_that_was_taken_over() {
    let mut server = PrivateRedis::start().await;
    let queue = UsageQueue::redis(&server.url(), &prefix(), 10_000).unwrap();
    let worker = worker();
    queue.append(&entries(worker, 1..=500)).await.unwrap();
    let given = read_all(&queue, "a", 200).await;
    queue
        .ack(&given[..100].iter().map(|one| one.id.clone()).collect::<Vec<_>>())
        .await
        .unwrap();
    queue
        .publish_watermarks(&[Watermark {
            worker,
            epoch: 3,
            seq: 100,
        }])
        .await
        .unwrap();

    server.kill();
    let refused = queue.append(&entries(worker, 501..=501)).await;
    assert!(
        matches!(refused, Err(BackplaneError::Unavailable { .. })),
        "{refused:?}"
    );
    assert!(queue.read("a", 1, NOT_LONG).await.is_err());

    server.restart().await;
    retry(async || queue.append(&entries(worker, 501..=600)).await).await;
    assert_eq!(
        seqs(&read_all(&queue, "a", 400).await),
        (201..=600).collect::<Vec<_>>()
    );
    let owed = queue.reclaim("a", 1_000, Duration::ZERO).await.unwrap();
    assert_eq!(seqs(&owed), (101..=600).collect::<Vec<_>>());
    let kept = queue.watermarks(worker).await.unwrap();
    assert_eq!(
        kept,
        [Watermark {
            worker,
            epoch: 3,
            seq: 100
        }]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flush_heals_by_itself_even_under_a_waiting_reader() {
    let server = PrivateRedis::start().await;
    let queue = UsageQueue::redis(&server.url(), &prefix(), 10_000).unwrap();
    let worker = worker();
    queue.append(&entries(worker, 1..=3)).await.unwrap();
    let given = read_all(&queue, "a", 3).await;

    let waiting = queue.read("a", 10, Duration::from_millis(600));
    let flushing = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        flush(&server.url()).await;
    };
    let (waited, ()) = tokio::join!(waiting, flushing);
    assert_eq!(waited.unwrap(), []);

    // The acknowledgement of what was flushed away means nothing now, and must not harm what came after.
    queue.append(&entries(worker, 1..=5)).await.unwrap();
    queue
        .ack(&given.into_iter().map(|one| one.id).collect::<Vec<_>>())
        .await
        .unwrap();
    assert_eq!(seqs(&read_all(&queue, "a", 5).await), [1, 2, 3, 4, 5]);

    flush(&server.url()).await;
    assert_eq!(
        queue.depth().await.unwrap(),
        sluicegate_backplane::Depth::default()
    );
    assert_eq!(queue.reclaim("a", 10, Duration::ZERO).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_is_not_ours_is_named_and_can_be_acknowledged() {
    let server = services::redis().await;
    let prefix = prefix();
    let queue = UsageQueue::redis(&server.url(), &prefix, 10_000).unwrap();
    queue.append(&entries(worker(), [1])).await.unwrap();
    let mut connection = connect(&server.url()).await;
    let mut foreign = redis::cmd("XADD");
    foreign
        .arg(format!("{prefix}:usage"))
        .arg("*")
        .arg("hello")
        .arg("world");
    let _: String = foreign.query_async(&mut connection).await.unwrap();

    let deliveries = read_all(&queue, "a", 2).await;
    assert_eq!(deliveries[1].entry, Err(MalformedEntry { field: "w" }));
    queue
        .ack(&deliveries.into_iter().map(|one| one.id).collect::<Vec<_>>())
        .await
        .unwrap();
    assert_eq!(queue.depth().await.unwrap().entries, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_at_its_memory_limit_is_backpressure() {
    let server = PrivateRedis::start().await;
    let queue = UsageQueue::redis(&server.url(), &prefix(), 10_000).unwrap();
    let mut connection = connect(&server.url()).await;
    let mut limit = redis::cmd("CONFIG");
    limit.arg("SET").arg("maxmemory").arg(1);
    let _: String = limit.query_async(&mut connection).await.unwrap();
    let refused = queue.append(&entries(worker(), 1..=3)).await;
    assert!(
        matches!(refused, Err(BackplaneError::Backpressure { .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_server_that_is_away_answers_in_time_and_quotes_no_password() {
    let queue = UsageQueue::redis("redis://:secret@127.0.0.1:1/0", "test", 10).unwrap();
    for _ in 0..3 {
        let error = queue.append(&entries(worker(), [1])).await.unwrap_err();
        assert!(matches!(error, BackplaneError::Unavailable { .. }));
        assert!(!format!("{error} {error:?}").contains("secret"));
    }
    assert!(matches!(
        UsageQueue::redis("amqp://host", "test", 1).unwrap_err(),
        BackplaneError::Address { scheme: "redis" }
    ));
}

async fn connect(url: &str) -> redis::aio::MultiplexedConnection {
    let client = redis::Client::open(url).unwrap();
    client.get_multiplexed_async_connection().await.unwrap()
}

async fn flush(url: &str) {
    let _: String = redis::cmd("FLUSHALL")
        .query_async(&mut connect(url).await)
        .await
        .unwrap();
}
