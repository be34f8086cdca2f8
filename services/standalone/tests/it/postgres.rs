//! The private Postgres through the library: start, restart, crash of the server, users and closed folders.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use secrecy::ExposeSecret;
use sluicegate_standalone::{Progress, Standalone, StartError};
use sqlx::Connection;

use crate::folder::{ask, connect, is_alive, is_root, open_folder, options};

#[tokio::test]
async fn the_first_start_makes_a_database_that_answers() {
    let folder = open_folder();
    let mut seen = Vec::new();
    let standalone = Standalone::start(&options(folder.path()), |step| seen.push(step))
        .await
        .unwrap();
    assert_eq!(
        ask(&standalone.database_url(), "SELECT current_database()::text").await,
        "sluicegate"
    );
    assert_eq!(
        ask(&standalone.database_url(), "SHOW server_encoding").await,
        "UTF8"
    );
    assert_eq!(ask(&standalone.database_url(), "SHOW fsync").await, "on");
    assert!(matches!(
        seen[..],
        [
            Progress::DatabaseReady { .. },
            Progress::Migrated { .. },
            Progress::CatalogReady { added: 1.., .. }
        ]
    ));
    let process_id = standalone.postgres().process_id();
    standalone.stop().await.unwrap();
    assert!(!is_alive(process_id));
}

#[tokio::test]
async fn a_later_start_finds_the_data_and_the_password() {
    let folder = open_folder();
    let first = Standalone::start(&options(folder.path()), |_| {}).await.unwrap();
    let key = first.master_key().to_text();
    let mut connection = connect(&first.database_url()).await;
    sqlx::raw_sql("CREATE TABLE note (text text); INSERT INTO note VALUES ('kept')")
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    let url = first.database_url();
    first.stop().await.unwrap();

    let second = Standalone::start(&options(folder.path()), |_| {}).await.unwrap();
    assert_eq!(ask(&second.database_url(), "SELECT text FROM note").await, "kept");
    assert_eq!(second.master_key().to_text().expose_secret(), key.expose_secret());
    assert_eq!(
        second.database_url().expose_secret(),
        url.expose_secret(),
        "the port is kept when it is free"
    );
    second.stop().await.unwrap();
}

#[tokio::test]
async fn the_password_is_needed() {
    let folder = open_folder();
    let standalone = Standalone::start(&options(folder.path()), |_| {}).await.unwrap();
    let url = standalone.database_url();
    let (_, address) = url.expose_secret().split_once('@').unwrap();
    let stranger = sqlx::PgConnection::connect(&format!("postgres://sluicegate:guess@{address}")).await;
    assert!(stranger.is_err());
    standalone.stop().await.unwrap();
}

#[tokio::test]
async fn a_second_process_is_refused() {
    let folder = open_folder();
    let first = Standalone::start(&options(folder.path()), |_| {}).await.unwrap();
    let second = Standalone::start(&options(folder.path()), |_| {}).await;
    assert!(matches!(second, Err(StartError::Data(_))));
    assert_eq!(
        ask(&first.database_url(), "SELECT 'still here'").await,
        "still here"
    );
    first.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_that_dies_comes_back_on_the_same_port() {
    let folder = open_folder();
    let standalone = Standalone::start(&options(folder.path()), |_| {}).await.unwrap();
    let (url, process_id) = (standalone.database_url(), standalone.postgres().process_id());
    let drain = tokio_util::sync::CancellationToken::new();
    let asking = async {
        kill_process(Pid::from_raw(process_id).unwrap(), Signal::KILL).unwrap();
        let answer = async {
            loop {
                if let Ok(connection) = sqlx::PgConnection::connect(url.expose_secret()).await {
                    return connection;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let connection = tokio::time::timeout(Duration::from_secs(60), answer)
            .await
            .unwrap();
        drain.cancel();
        connection
    };
    let (stopped, _) = tokio::join!(standalone.run_until_stopped(drain.clone()), asking);
    stopped.unwrap();
}

#[tokio::test]
async fn root_hands_the_server_to_an_unprivileged_user() {
    if !is_root() {
        return;
    }
    let folder = open_folder();
    let standalone = Standalone::start(&options(folder.path()), |_| {}).await.unwrap();
    let process = format!("/proc/{}", standalone.postgres().process_id());
    assert_ne!(std::fs::metadata(process).unwrap().uid(), 0);
    assert_ne!(
        std::fs::metadata(folder.path().join("data/postgres"))
            .unwrap()
            .uid(),
        0
    );
    assert_eq!(
        std::fs::metadata(folder.path().join("data/master.key"))
            .unwrap()
            .uid(),
        0
    );
    standalone.stop().await.unwrap();
}

#[tokio::test]
async fn a_data_directory_closed_to_that_user_gets_its_database_elsewhere() {
    if !is_root() {
        return;
    }
    let folder = open_folder();
    let closed = folder.path().join("closed");
    std::fs::create_dir(&closed).unwrap();
    std::fs::set_permissions(&closed, PermissionsExt::from_mode(0o700)).unwrap();
    let mut options = options(folder.path());
    options.data_dir = closed.join("data");
    for _ in 0..2 {
        let standalone = Standalone::start(&options, |_| {}).await.unwrap();
        let place = ask(&standalone.database_url(), "SHOW data_directory").await;
        assert!(
            place.starts_with(folder.path().join("fallback").to_str().unwrap()),
            "{place}"
        );
        standalone.stop().await.unwrap();
    }
    sluicegate_standalone::postgres::remove(&options.data_dir)
        .await
        .unwrap();
    assert_eq!(
        std::fs::read_dir(folder.path().join("fallback")).unwrap().count(),
        0
    );
}

#[tokio::test]
async fn an_interrupted_creation_starts_over() {
    let folder = open_folder();
    let mut failing = options(folder.path());
    let programs = folder.path().join("programs");
    std::fs::create_dir(&programs).unwrap();
    for (name, text) in [
        ("initdb", "#!/bin/sh\necho interrupted\nexit 1\n"),
        ("postgres", "#!/bin/sh\necho 'postgres (PostgreSQL) 15.0'\n"),
    ] {
        std::fs::write(programs.join(name), text).unwrap();
        std::fs::set_permissions(programs.join(name), PermissionsExt::from_mode(0o755)).unwrap();
    }
    std::fs::set_permissions(&programs, PermissionsExt::from_mode(0o755)).unwrap();
    failing.postgres.bin = Some(programs);
    let error = Standalone::start(&failing, |_| {}).await.unwrap_err().to_string();
    assert!(error.contains("initdb failed: interrupted"), "{error}");

    let standalone = Standalone::start(&options(folder.path()), |_| {}).await.unwrap();
    assert_eq!(ask(&standalone.database_url(), "SELECT 'well'").await, "well");
    standalone.stop().await.unwrap();
}
