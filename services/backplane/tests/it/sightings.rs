//! What every store of what workers saw promises, run against both; what becomes of it when the server is killed, and what
//! somebody else wrote into it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use redis::AsyncCommands;
use sluicegate_backplane::sightings::{Cursor, KEPT, MAX_BODY, Posting, Reading};
use sluicegate_backplane::{BackplaneError, Sightings};
use sluicegate_contracts::ids::OrganizationId;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_metering::escrow::Epoch;
use uuid::Uuid;

use crate::services::{self, PrivateRedis};
use crate::support::{prefix, retry, worker};

#[tokio::test(flavor = "multi_thread")]
async fn memory_keeps_the_contract() {
    holds(Sightings::memory).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_keeps_the_contract() {
    let server = services::redis().await;
    holds(|| Sightings::redis(&server.url(), &prefix()).unwrap()).await;
}

async fn holds(sightings: impl Fn() -> Sightings) {
    others_read_what_one_says_and_only_once(sightings()).await;
    the_latest_word_takes_the_place_of_the_one_before(sightings()).await;
    tenants_workers_and_their_epochs_are_apart(sightings()).await;
    many_words_come_in_pages(sightings()).await;
    what_is_too_large_is_not_said(sightings()).await;
    a_closed_store_says_so(sightings()).await;
}

fn epoch() -> Epoch {
    Epoch {
        worker: worker(),
        number: 7,
    }
}

fn tenant() -> OrganizationId {
    OrganizationId::from(Uuid::now_v7())
}

fn posting(organization: OrganizationId, body: &str) -> Posting {
    Posting {
        organization,
        body: Bytes::copy_from_slice(body.as_bytes()),
    }
}

/// Who said what about whom, in a fixed order.
fn words(reading: &Reading) -> Vec<(OrganizationId, Epoch, String)> {
    let text = |body: &Bytes| String::from_utf8(body.to_vec()).unwrap();
    let mut words: Vec<_> = reading
        .sightings
        .iter()
        .map(|it| (it.organization, it.worker, text(&it.body)))
        .collect();
    words.sort();
    words
}

async fn others_read_what_one_says_and_only_once(sightings: Sightings) {
    let (organization, one, two) = (tenant(), epoch(), epoch());
    sightings.post(one, &[]).await.unwrap();
    let empty = sightings.read(two, Cursor::default()).await.unwrap();
    assert_eq!(empty, Reading::default());
    sightings
        .post(one, &[posting(organization, "well")])
        .await
        .unwrap();
    let reading = sightings.read(two, empty.next).await.unwrap();
    assert_eq!(words(&reading), [(organization, one, "well".to_owned())]);
    assert!(reading.sightings[0].age < Duration::from_secs(30), "{reading:?}");
    let again = sightings.read(two, reading.next).await.unwrap();
    assert_eq!((words(&again), again.next), (Vec::new(), reading.next));
    let own = sightings.read(one, Cursor::default()).await.unwrap();
    assert_eq!(
        (words(&own), own.next),
        (Vec::new(), reading.next),
        "its own is no news"
    );
    let late = sightings.read(epoch(), Cursor::default()).await.unwrap();
    assert_eq!(words(&late).len(), 1, "who begins reads what is there");
}

async fn the_latest_word_takes_the_place_of_the_one_before(sightings: Sightings) {
    let (organization, one) = (tenant(), epoch());
    for body in ["first", "second", "third"] {
        sightings.post(one, &[posting(organization, body)]).await.unwrap();
    }
    let reading = sightings.read(epoch(), Cursor::default()).await.unwrap();
    assert_eq!(words(&reading), [(organization, one, "third".to_owned())]);
}

async fn tenants_workers_and_their_epochs_are_apart(sightings: Sightings) {
    let (organizations, one) = ([tenant(), tenant()], epoch());
    let next = Epoch { number: 8, ..one };
    let both = organizations.map(|it| posting(it, "both"));
    sightings.post(one, &both).await.unwrap();
    sightings
        .post(next, &[posting(organizations[0], "again")])
        .await
        .unwrap();
    let reading = sightings.read(epoch(), Cursor::default()).await.unwrap();
    let mut expected = vec![
        (organizations[0], one, "both".to_owned()),
        (organizations[1], one, "both".to_owned()),
        (organizations[0], next, "again".to_owned()),
    ];
    expected.sort();
    assert_eq!(words(&reading), expected);
    let of_next = sightings.read(next, Cursor::default()).await.unwrap();
    assert_eq!(
        words(&of_next).len(),
        2,
        "a worker that started anew hears what it said before"
    );
}

async fn many_words_come_in_pages(sightings: Sightings) {
    let postings: Vec<Posting> = (0..1_200).map(|_| posting(tenant(), "well")).collect();
    sightings.post(epoch(), &postings).await.unwrap();
    let (reader, mut cursor, mut read) = (epoch(), Cursor::default(), Vec::new());
    loop {
        let page = sightings.read(reader, cursor).await.unwrap();
        if page.sightings.is_empty() {
            break;
        }
        assert!(page.sightings.len() <= 512, "bounded");
        read.extend(words(&page).into_iter().map(|it| it.0));
        cursor = page.next;
    }
    let mut expected: Vec<OrganizationId> = postings.iter().map(|it| it.organization).collect();
    expected.sort();
    read.sort();
    assert_eq!(read, expected, "each once");
}

async fn what_is_too_large_is_not_said(sightings: Sightings) {
    let (organization, one) = (tenant(), epoch());
    let postings = [
        posting(tenant(), &"x".repeat(MAX_BODY + 1)),
        posting(organization, &"x".repeat(MAX_BODY)),
    ];
    sightings.post(one, &postings).await.unwrap();
    let reading = sightings.read(epoch(), Cursor::default()).await.unwrap();
    assert_eq!(words(&reading), [(organization, one, "x".repeat(MAX_BODY))]);
    assert_eq!(reading.malformed, 0);
}

async fn a_closed_store_says_so(sightings: Sightings) {
    sightings.close().await;
    let said = sightings.post(epoch(), &[posting(tenant(), "well")]).await;
    assert!(matches!(said, Err(BackplaneError::Closed)), "{said:?}");
    let read = sightings.read(epoch(), Cursor::default()).await;
    assert!(matches!(read, Err(BackplaneError::Closed)), "{read:?}");
}

#[tokio::test]
async fn what_is_not_said_again_is_forgotten() {
    let millis = Arc::new(AtomicI64::new(1_700_000_000_000));
    let clock = Arc::clone(&millis);
    let sightings = Sightings::memory_by(Arc::new(move || UnixMillis::new(clock.load(Ordering::Relaxed))));
    sightings
        .post(epoch(), &[posting(tenant(), "well")])
        .await
        .unwrap();
    let after = async |wait: Duration| {
        millis.fetch_add(i64::try_from(wait.as_millis()).unwrap(), Ordering::Relaxed);
        sightings
            .read(epoch(), Cursor::default())
            .await
            .unwrap()
            .sightings
    };
    let aged = after(Duration::from_secs(59)).await;
    assert_eq!(aged[0].age, Duration::from_secs(59));
    assert_eq!(after(KEPT).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_end_by_themselves_and_are_filed_under_their_tenant() {
    let server = services::redis().await;
    let (prefix, organization, one) = (prefix(), tenant(), epoch());
    let sightings = Sightings::redis(&server.url(), &prefix).unwrap();
    sightings
        .post(one, &[posting(organization, "well")])
        .await
        .unwrap();
    let client = redis::Client::open(server.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let text = format!("{prefix}:sightings:{{{organization}}}:{one}");
    for key in [text, format!("{prefix}:sightings:new")] {
        let left: i64 = connection.pttl(&key).await.unwrap();
        assert!((1..=60_000).contains(&left), "{key} {left}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_else_wrote_is_counted_and_left_out() {
    let server = services::redis().await;
    let (prefix, organization, one) = (prefix(), tenant(), epoch());
    let sightings = Sightings::redis(&server.url(), &prefix).unwrap();
    let client = redis::Client::open(server.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let news = format!("{prefix}:sightings:new");
    let (large, wrong, gone) = (epoch(), epoch(), epoch());
    let key = |worker: Epoch| format!("{prefix}:sightings:{{{organization}}}:{worker}");
    let _: () = connection
        .set(key(large), "x".repeat(4 * MAX_BODY))
        .await
        .unwrap();
    let _: () = connection.lpush(key(wrong), "x").await.unwrap();
    let about = organization.to_string();
    for worker in [large, wrong, gone].map(|it| it.to_string()) {
        let fields = [("o", &about), ("w", &worker)];
        let _: String = connection.xadd(&news, "*", &fields).await.unwrap();
    }
    for fields in [
        [("o", "org_x"), ("w", "wrk_x:1")],
        [("a", "b"), ("c", "d")],
        [("o", about.as_str()), ("w", "no epoch")],
    ] {
        let _: String = connection.xadd(&news, "*", &fields).await.unwrap();
    }
    sightings
        .post(one, &[posting(organization, "well")])
        .await
        .unwrap();
    let reading = sightings.read(epoch(), Cursor::default()).await.unwrap();
    assert_eq!(words(&reading), [(organization, one, "well".to_owned())]);
    assert_eq!(
        reading.malformed, 5,
        "too large, no text, three that name nobody; what is gone is no fault"
    );
    let after = sightings.read(epoch(), reading.next).await.unwrap();
    assert_eq!(after.malformed, 0, "each is looked at once");
    let _: () = connection.del(&news).await.unwrap();
    let far = "99999999999999-0";
    let _: String = connection.xadd(&news, far, &[("o", "x")]).await.unwrap();
    let reading = sightings.read(epoch(), Cursor::default()).await.unwrap();
    sightings
        .post(one, &[posting(organization, "well")])
        .await
        .unwrap();
    let next = sightings.read(epoch(), reading.next).await.unwrap();
    let reading = if next.sightings.is_empty() {
        sightings.read(epoch(), next.next).await.unwrap()
    } else {
        next
    };
    assert_eq!(
        words(&reading).len(),
        1,
        "a number of the far future does not deafen"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_killed_is_given_up_soon_and_found_again() {
    let mut server = PrivateRedis::start_with_snapshots().await;
    let sightings = Sightings::redis(&server.url(), &prefix()).unwrap();
    let (organization, one, two) = (tenant(), epoch(), epoch());
    let said = [posting(organization, "well")];
    sightings.post(one, &said).await.unwrap();
    let read = sightings.read(two, Cursor::default()).await.unwrap();
    server.kill();
    let began = Instant::now();
    assert!(sightings.post(one, &said).await.is_err());
    assert!(sightings.read(two, read.next).await.is_err());
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    server.restart().await;
    retry(async || sightings.post(one, &said).await).await;
    let after = retry(async || sightings.read(two, read.next).await).await;
    assert_eq!(words(&after), [(organization, one, "well".to_owned())]);
}
