//! `ledger verify` finds the database of a data directory, whether or not it runs.

use secrecy::ExposeSecret;
use sluicegate_control_plane::app::verification::{Check, Report};
use sluicegate_standalone::Standalone;
use sluicegate_standalone::ledger::{VerifyOptions, verify};

use crate::folder::{connect, open_folder, options};

/// A roll-up of requests that never were.
const FORGED: &str = "insert into usage_hourly values
    (gen_random_uuid(), gen_random_uuid(), now(), 'm', gen_random_uuid(), 1, 0, 0, 0, 0, 0, 0, 5)";

fn finds_the_forged(report: &Report) -> bool {
    let forged = report
        .findings
        .iter()
        .any(|finding| finding.check == Check::Rollups && finding.says.contains("of the requests nothing"));
    forged && report.counts.len() == 1
}

#[tokio::test]
async fn the_books_are_read_running_and_stopped() {
    let folder = open_folder();
    let options = options(folder.path());
    let by_folder = VerifyOptions {
        database_url: None,
        data_dir: options.data_dir.clone(),
        postgres: options.postgres.clone(),
    };
    assert!(verify(&by_folder, |_| {}).await.is_err(), "there is nothing yet");
    assert!(!options.data_dir.exists(), "and nothing is made");

    let standalone = Standalone::start(&options, |_| {}).await.unwrap();
    let url = standalone.database_url();
    assert!(verify(&by_folder, |_| {}).await.unwrap().agrees());
    sqlx::raw_sql(FORGED)
        .execute(&mut connect(&url).await)
        .await
        .unwrap();
    assert!(finds_the_forged(&verify(&by_folder, |_| {}).await.unwrap()));
    let by_url = VerifyOptions {
        database_url: Some(url.expose_secret().to_owned()),
        data_dir: folder.path().join("elsewhere"),
        postgres: options.postgres.clone(),
    };
    assert!(finds_the_forged(&verify(&by_url, |_| {}).await.unwrap()));
    standalone.stop().await.unwrap();

    assert!(verify(&by_url, |_| {}).await.is_err(), "nothing listens any more");
    assert!(finds_the_forged(&verify(&by_folder, |_| {}).await.unwrap()));
    assert!(verify(&by_url, |_| {}).await.is_err(), "it was stopped again");
}
