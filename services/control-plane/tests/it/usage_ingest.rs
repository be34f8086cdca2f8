//! Usage records reach Postgres exactly once in effect, whatever is repeated, reordered, broken or killed.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use sluicegate_backplane::{UsageQueue, Watermark};
use sluicegate_contracts::ids::{ApiKeyId, ProjectId, RequestId};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::tokens::TokenUsage;
use sluicegate_contracts::usage::{Outcome, UsageRecord};
use sluicegate_control_plane::background::driver::Task;
use sluicegate_control_plane::background::metrics::BackgroundMetrics;
use sluicegate_control_plane::background::usage_ingester::UsageIngester;
use sluicegate_control_plane::background::usage_watch::UsageWatch;
use sqlx::PgPool;
use time::{OffsetDateTime, Time};
use uuid::Uuid;

use crate::support::TestApp;
use crate::support::app::START_MILLIS;
use crate::support::usage::{Writer, entries, entry, id_at};

const AT_ONCE: Duration = Duration::ZERO;

fn ingester(app: &TestApp, queue: &UsageQueue) -> UsageIngester {
    UsageIngester::new(app.state.clone(), queue.clone(), BackgroundMetrics::default())
}

/// Passes until the queue is empty.
async fn drain(app: &TestApp, queue: &UsageQueue) {
    let mut ingester = ingester(app, queue);
    while queue.depth().await.unwrap().entries > 0 {
        ingester.pass().await.unwrap();
    }
}

const ROWS: &str = "select count(*) from requests";
const COST: &str = "select coalesce(sum(cost_nanos), 0)::bigint from requests";
const ROLLED_REQUESTS: &str = "select coalesce(sum(requests), 0)::bigint from usage_hourly";
const ROLLED_COST: &str = "select coalesce(sum(cost_nanos), 0)::bigint from usage_hourly";
const DEAD: &str = "select count(*) from usage_dead_letters";

async fn assert_stored(app: &TestApp, requests: i64) {
    assert_eq!(app.number(ROWS).await, requests);
    assert_eq!(app.number(ROLLED_REQUESTS).await, requests);
    assert_eq!(app.number(COST).await, requests * 412);
    assert_eq!(app.number(ROLLED_COST).await, requests * 412);
}

fn watermark(writer: &Writer, seq: u64) -> Watermark {
    Watermark {
        worker: writer.worker,
        epoch: 1,
        seq,
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn repeats_and_disorder_change_nothing(pool: PgPool) {
    let app = TestApp::start(&pool);
    let writer = Writer::of(&app.sign_up("Ada").await);
    let mut shuffled = writer.records((1..=700).rev());
    shuffled.extend(writer.records(300..=400));
    app.queue.append(&entries(&shuffled)).await.unwrap();
    drain(&app, &app.queue).await;
    assert_stored(&app, 700).await;
    assert_eq!(
        app.queue.watermarks(writer.worker).await.unwrap(),
        [watermark(&writer, 700)]
    );

    app.queue
        .append(&entries(&writer.records(1..=700)))
        .await
        .unwrap();
    drain(&app, &app.queue).await;
    assert_stored(&app, 700).await;
    assert_eq!(app.number(DEAD).await, 0);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_crash_between_commit_and_acknowledgement_repeats_work_only(pool: PgPool) {
    let app = TestApp::start(&pool);
    let writer = Writer::of(&app.sign_up("Ada").await);
    app.queue.append(&entries(&writer.records(1..=50))).await.unwrap();

    let deliveries = app.queue.read("ingester", 100, AT_ONCE).await.unwrap();
    let committed = ingester(&app, &app.queue).store(&deliveries).await.unwrap();
    assert_eq!((committed.inserted, committed.repeated), (50, 0));
    // Killed here: neither acknowledged nor any watermark published.
    drop(committed);
    assert_eq!(app.queue.watermarks(writer.worker).await.unwrap(), []);

    let mut successor = ingester(&app, &app.queue);
    let again = app.queue.reclaim("ingester", 100, AT_ONCE).await.unwrap();
    assert_eq!(again.len(), 50);
    let stored = successor.store(&again).await.unwrap();
    assert_eq!((stored.inserted, stored.repeated), (0, 50));
    successor.settle(stored).await.unwrap();
    assert_stored(&app, 50).await;
    assert_eq!(app.queue.depth().await.unwrap().entries, 0);
    assert_eq!(
        app.queue.watermarks(writer.worker).await.unwrap(),
        [watermark(&writer, 50)]
    );
}

#[sqlx::test(migrations = "../../migrations")]
async fn ingesters_side_by_side_share_the_work_without_counting_twice(pool: PgPool) {
    let app = TestApp::start(&pool);
    let writer = Writer::of(&app.sign_up("Ada").await);
    // Two queues with the same records in different order: every row is fought over.
    let (forward, backward) = (UsageQueue::memory(10_000), UsageQueue::memory(10_000));
    forward.append(&entries(&writer.records(1..=600))).await.unwrap();
    backward
        .append(&entries(&writer.records((1..=600).rev())))
        .await
        .unwrap();
    let work = async |queue: &UsageQueue| {
        let mut ingester = ingester(&app, queue);
        loop {
            let batch = queue.read("ingester", 37, AT_ONCE).await.unwrap();
            if batch.is_empty() {
                break;
            }
            let stored = ingester.store(&batch).await.unwrap();
            ingester.settle(stored).await.unwrap();
        }
    };
    tokio::join!(work(&forward), work(&backward));
    assert_stored(&app, 600).await;
    let contiguous = "select contiguous from usage_progress";
    assert_eq!(app.number(contiguous).await, 600);
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_can_never_be_stored_is_set_aside_and_counted(pool: PgPool) {
    let app = TestApp::start(&pool);
    let writer = Writer::of(&app.sign_up("Ada").await);
    let stranger = Writer::of(&app.sign_up("Bob").await);
    let mut broken = entry(&writer.record(2));
    broken.body = "{\"request\":".into();
    let mut mislabeled = entry(&writer.record(3));
    mislabeled.body = entry(&writer.record(40)).body;
    let mut foreign = writer.record(5);
    foreign.project = stranger.project;
    let mut homeless = writer.record(6);
    homeless.project = ProjectId::from(Uuid::now_v7());
    let mut ancient = writer.record(7);
    ancient.request = RequestId::from(id_at(START_MILLIS - 40 * 24 * 3_600_000, 1));
    let mut timeless = writer.record(8);
    timeless.request = RequestId::from(Uuid::from_u128(8));
    let mut all = vec![
        entry(&writer.record(1)),
        broken,
        mislabeled,
        entry(&writer.record(4)),
    ];
    all.extend(entries(&[foreign, homeless, ancient, timeless, writer.record(9)]));
    app.queue.append(&all).await.unwrap();
    drain(&app, &app.queue).await;

    assert_stored(&app, 3).await;
    assert_eq!(app.number(DEAD).await, 6);
    assert_eq!(
        app.queue.watermarks(writer.worker).await.unwrap(),
        [watermark(&writer, 9)]
    );
    let reasons: Vec<String> = sqlx::query_scalar("select reason from usage_dead_letters order by seq")
        .fetch_all(&app.judge)
        .await
        .unwrap();
    assert_eq!(reasons[0], "unreadable at line 1 column 11");
    assert_eq!(reasons[2..4], ["unknown project", "unknown project"]);
    // The body is kept for the operator, and shipping it again adds nothing.
    app.queue.append(&all).await.unwrap();
    drain(&app, &app.queue).await;
    assert_eq!(app.number(DEAD).await, 6);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_record_the_database_refuses_holds_up_nobody_and_ends_as_a_dead_letter(pool: PgPool) {
    let app = TestApp::start(&pool);
    let writer = Writer::of(&app.sign_up("Ada").await);
    let mut records = writer.records(1..=9);
    // Each fits a column, their sum does not: whichever comes second is refused.
    for record in &mut records[3..5] {
        record.tokens = TokenUsage {
            input: i64::MAX.unsigned_abs() - 100,
            ..TokenUsage::default()
        };
    }
    app.queue.append(&entries(&records)).await.unwrap();
    let mut ingester = ingester(&app, &app.queue);
    let batch = app.queue.read("ingester", 100, AT_ONCE).await.unwrap();
    ingester.take(batch).await.unwrap();
    assert_stored(&app, 8).await;
    for _ in 0..4 {
        let again = app.queue.reclaim("ingester", 100, AT_ONCE).await.unwrap();
        assert_eq!(again.len(), 1);
        ingester.take(again).await.unwrap();
        assert_eq!(app.number(DEAD).await, 0);
    }
    let last = app.queue.reclaim("ingester", 100, AT_ONCE).await.unwrap();
    assert_eq!(last[0].deliveries, 6);
    ingester.take(last).await.unwrap();
    assert_eq!(
        (app.number(DEAD).await, app.queue.depth().await.unwrap().entries),
        (1, 0)
    );
    assert_eq!(
        app.queue.watermarks(writer.worker).await.unwrap(),
        [watermark(&writer, 9)]
    );
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_hole_in_the_records_is_told_after_a_minute(pool: PgPool) {
    let app = TestApp::start(&pool);
    let writer = Writer::of(&app.sign_up("Ada").await);
    let metrics = BackgroundMetrics::default();
    let mut watch = UsageWatch::new(app.state.clone(), app.queue.clone(), metrics.clone());
    app.queue
        .append(&entries(&writer.records([1, 2, 4, 5])))
        .await
        .unwrap();
    drain(&app, &app.queue).await;
    watch.pass().await.unwrap();
    assert_eq!(metrics.usage_gaps.get(), 0);
    assert_eq!(
        app.queue.watermarks(writer.worker).await.unwrap(),
        [watermark(&writer, 2)]
    );
    app.advance(Duration::from_secs(61));
    watch.pass().await.unwrap();
    assert_eq!(metrics.usage_gaps.get(), 1);
    app.queue.append(&entries(&writer.records([3]))).await.unwrap();
    drain(&app, &app.queue).await;
    watch.pass().await.unwrap();
    assert_eq!(metrics.usage_gaps.get(), 0);
    assert_eq!(
        app.queue.watermarks(writer.worker).await.unwrap(),
        [watermark(&writer, 5)]
    );
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_queue_that_lost_its_watermarks_gets_them_back(pool: PgPool) {
    let app = TestApp::start(&pool);
    let writer = Writer::of(&app.sign_up("Ada").await);
    app.queue.append(&entries(&writer.records(1..=3))).await.unwrap();
    drain(&app, &app.queue).await;
    let emptied = UsageQueue::memory(10);
    UsageWatch::new(app.state.clone(), emptied.clone(), BackgroundMetrics::default())
        .pass()
        .await
        .unwrap();
    assert_eq!(
        emptied.watermarks(writer.worker).await.unwrap(),
        [watermark(&writer, 3)]
    );
}

type Cell = (OffsetDateTime, String, Uuid);
type Sums = (i64, i64, i64, i64, i64);

/// What a random request varies in, as far as rollups care.
fn variation() -> impl Strategy<Value = (u8, u8, u8, u32, u32, Option<u32>)> {
    (
        0_u8..4,
        0_u8..3,
        0_u8..6,
        any::<u32>(),
        any::<u32>(),
        proptest::option::of(any::<u32>()),
    )
}

fn vary(
    mut record: UsageRecord,
    keys: &[ApiKeyId],
    varied: (u8, u8, u8, u32, u32, Option<u32>),
) -> UsageRecord {
    const OUTCOMES: [Outcome; 6] = [
        Outcome::Served,
        Outcome::Refused,
        Outcome::Failed,
        Outcome::Cut,
        Outcome::ClientGone,
        Outcome::Interrupted,
    ];
    let (model, key, outcome, input, output, cost) = varied;
    record.model_served = (model > 0).then(|| format!("vendor/model-{model}"));
    record.api_key = keys[usize::from(key)];
    record.outcome = OUTCOMES[usize::from(outcome)];
    record.tokens = TokenUsage {
        input: input.into(),
        output: output.into(),
        ..TokenUsage::default()
    };
    record.cost = cost.map(|cost| NanoUsd::from_nanos(cost.into()));
    // Spread over hours and over midnight, as ids and times of real requests are.
    let at = START_MILLIS - 7_200_000 + i64::try_from(record.origin.seq).unwrap() * 97_003;
    record.request = RequestId::from(id_at(at, record.origin.seq));
    record.started_at = sluicegate_contracts::time::UnixMillis::new(at);
    record
}

fn fold(records: &[UsageRecord]) -> BTreeMap<Cell, Sums> {
    let mut cells: BTreeMap<Cell, Sums> = BTreeMap::new();
    for record in records {
        let at = OffsetDateTime::from_unix_timestamp(record.started_at.get() / 1_000).unwrap();
        let hour = at.replace_time(Time::from_hms(at.hour(), 0, 0).unwrap());
        let model = record.model_served.clone().unwrap_or_default();
        let cell = cells.entry((hour, model, record.api_key.as_uuid())).or_default();
        let failed = !matches!(record.outcome, Outcome::Served | Outcome::ClientGone);
        cell.0 += 1;
        cell.1 += i64::from(failed);
        cell.2 += record.tokens.input.cast_signed();
        cell.3 += record.tokens.output.cast_signed();
        cell.4 += record.cost.map_or(0, NanoUsd::nanos);
    }
    cells
}

#[sqlx::test(migrations = "../../migrations")]
async fn rollups_are_the_fold_of_the_records(pool: PgPool) {
    let app = TestApp::start(&pool);
    let writer = Writer::of(&app.sign_up("Ada").await);
    let keys = [writer.key, Uuid::now_v7().into(), Uuid::now_v7().into()];
    let mut runner = TestRunner::deterministic();
    let draws = proptest::collection::vec(variation(), 150)
        .new_tree(&mut runner)
        .unwrap()
        .current();
    let records: Vec<_> = (1..)
        .zip(draws)
        .map(|(seq, varied)| vary(writer.record(seq), &keys, varied))
        .collect();
    // Batches of random length, each delivered again with what came just before it.
    let lengths = proptest::collection::vec(1_usize..20, 40)
        .new_tree(&mut runner)
        .unwrap()
        .current();
    let mut from = 0;
    for length in lengths {
        let to = (from + length).min(records.len());
        let batch = &records[from.saturating_sub(5)..to];
        app.queue.append(&entries(batch)).await.unwrap();
        let deliveries = app.queue.read("ingester", 100, AT_ONCE).await.unwrap();
        let mut ingester = ingester(&app, &app.queue);
        let stored = ingester.store(&deliveries).await.unwrap();
        ingester.settle(stored).await.unwrap();
        from = to;
    }
    assert_eq!(from, records.len(), "the drawn lengths cover every record");
    type Row = (OffsetDateTime, String, Uuid, i64, i64, i64, i64, i64);
    let rows: Vec<Row> = sqlx::query_as(
        "select hour, model, api_key_id, requests, errors, input_tokens, output_tokens, cost_nanos from usage_hourly",
    )
    .fetch_all(&app.judge)
    .await
    .unwrap();
    let rolled: BTreeMap<Cell, Sums> = rows
        .into_iter()
        .map(|(hour, model, key, a, b, c, d, e)| ((hour, model, key), (a, b, c, d, e)))
        .collect();
    assert_eq!(rolled, fold(&records));
}
