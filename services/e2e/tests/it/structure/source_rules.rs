//! Rules over the text of one source file. Pure: called by `structure.rs` for every file, and by the tests below with
//! files that break them. A rule looks at code that ships: comments and test modules are passed over.

use super::crate_rules::PURE;

/// What is wrong with the file at `path` (from the repository root); empty when nothing is.
pub(super) type Rule = fn(path: &str, text: &str) -> Vec<String>;

/// Code with its line number, without comments and without what follows `#[cfg(test)]`.
fn shipped<'a>(path: &str, text: &'a str) -> Vec<(usize, &'a str)> {
    if is_test(path) {
        return Vec::new();
    }
    text.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.trim()))
        .take_while(|(_, line)| *line != "#[cfg(test)]")
        .filter(|(_, line)| !line.starts_with("//"))
        .collect()
}

/// Whole files of tests: integration tests, and the unit tests beside a module (`tests.rs`, `apply_tests.rs`).
fn is_test(path: &str) -> bool {
    path.contains("/tests/") || path.ends_with("tests.rs") || path.starts_with("services/e2e/")
}

fn mentions(path: &str, text: &str, words: &[&str], advice: &str) -> Vec<String> {
    let found = shipped(path, text).into_iter().filter_map(|(number, line)| {
        words
            .iter()
            .find(|word| line.contains(**word))
            .map(|word| format!("line {number} has `{word}`: {advice}"))
    });
    found.collect()
}

fn is_below(path: &str, rooms: &[&str]) -> bool {
    rooms.iter().any(|room| path.starts_with(room))
}

const OUTSIDE_WORLD: [&str; 13] = [
    "SystemTime::now",
    "Instant::now",
    "now_utc(",
    "now_local(",
    "now_v7(",
    "new_v4(",
    "rand::",
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::thread",
    "tokio::",
];

/// Time, seeds and entropy are arguments of the pure crates.
pub(super) fn purity(path: &str, text: &str) -> Vec<String> {
    let pure = PURE
        .iter()
        .any(|name| path.starts_with(&format!("services/{name}/src/")));
    if !pure {
        return Vec::new();
    }
    mentions(
        path,
        text,
        &OUTSIDE_WORLD,
        "this crate is pure; take the value as an argument",
    )
}

const SQL: [&str; 8] = [
    "sqlx::query",
    "query!(",
    "query_as!(",
    "query_scalar!(",
    "QueryBuilder",
    "\"SELECT ",
    "\"INSERT INTO ",
    "\"DELETE FROM ",
];

/// The store is the only room with SQL in it. Beside it, only the transaction of the use cases and the conversion of
/// errors may name the database driver.
pub(super) fn sql(path: &str, text: &str) -> Vec<String> {
    let plane = "services/control-plane/src/";
    // The auditor reads past the product, with a connection of its own.
    let auditor = "services/relcheck/src/evidence.rs";
    if is_below(
        path,
        &[&format!("{plane}store/"), &format!("{plane}store.rs"), auditor],
    ) {
        return Vec::new();
    }
    let mut found = mentions(path, text, &SQL, "SQL lives in services/control-plane/src/store");
    if found.is_empty() && !is_below(path, &[&format!("{plane}app/tx.rs"), &format!("{plane}error.rs")]) {
        let advice = "only the store, app/tx.rs and error.rs of the control plane know the driver";
        found = mentions(path, text, &["sqlx::"], advice);
    }
    found
}

/// Only the backplane knows which broker it is.
pub(super) fn brokers(path: &str, text: &str) -> Vec<String> {
    if is_below(path, &["services/backplane/"]) {
        return Vec::new();
    }
    mentions(
        path,
        text,
        &["lapin::", "redis::"],
        "brokers live in services/backplane",
    )
}

/// One small module dials providers, so that one place guards against forged addresses and can be replaced. Our own
/// endpoints (snapshot pull, account API), the dashboard's connection test, and tenants' webhooks have clients of their own.
pub(super) fn upstream(path: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    if !is_below(path, &["services/data-plane/src/upstream"]) {
        let clients = ["hyper::client", "hyper_util::client", "hyper_rustls::", "awc::"];
        found.extend(mentions(
            path,
            text,
            &clients,
            "providers are called from services/data-plane/src/upstream",
        ));
    }
    let connection_test = path.starts_with("services/control-plane/src/") && path.contains("connection");
    let callers = [
        "services/data-plane/src/snapshot",
        "services/data-plane/src/account.rs",
        "services/control-plane/src/outbound.rs",
        "services/relcheck/",
    ];
    if !connection_test && !is_below(path, &callers) {
        found.extend(mentions(
            path,
            text,
            &["reqwest::"],
            "only snapshot pull, account API, connection test, webhooks and the fault harness use reqwest",
        ));
    }
    found
}

/// The first line of a file says what lives there. Unit tests beside a module are about that module: their name says it.
pub(super) fn module_doc(path: &str, text: &str) -> Vec<String> {
    if path.contains("/src/") && path.ends_with("tests.rs") {
        return Vec::new();
    }
    let says = text
        .strip_prefix("//! ")
        .is_some_and(|rest| rest.lines().next().is_some_and(|line| line.len() > 5));
    if says {
        Vec::new()
    } else {
        vec!["starts without a `//!` line that says what lives here".to_owned()]
    }
}

const GRAB_BAGS: [&str; 6] = ["util", "utils", "helper", "helpers", "common", "misc"];

/// A module is named by what it is about.
pub(super) fn grab_bag(path: &str, _text: &str) -> Vec<String> {
    let parts = path.trim_end_matches(".rs").split('/');
    parts
        .filter(|part| GRAB_BAGS.contains(part))
        .map(|part| format!("a module called `{part}` attracts everything: name it by what it is about"))
        .collect()
}

/// Nothing is compiled in or out.
pub(super) fn conditional_features(path: &str, text: &str) -> Vec<String> {
    mentions(
        path,
        text,
        &["feature = \""],
        "variation is a value or another crate, never a cargo feature",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUTING: &str = "services/routing/src/plan.rs";
    const APP: &str = "services/control-plane/src/app/keys.rs";

    fn breaks(rule: Rule, path: &str, text: &str) {
        assert_eq!(
            rule(path, text).len(),
            1,
            "{path} should break the rule with: {text}"
        );
    }

    fn keeps(rule: Rule, path: &str, text: &str) {
        assert_eq!(
            rule(path, text),
            Vec::<String>::new(),
            "{path} should keep the rule with: {text}"
        );
    }

    #[test]
    fn a_pure_crate_must_not_look_outside() {
        breaks(purity, ROUTING, "let now = std::time::SystemTime::now();");
        breaks(purity, ROUTING, "use std::fs::File;");
        breaks(purity, "services/contracts/src/ids.rs", "Uuid::now_v7()");
        keeps(
            purity,
            "services/service-runtime/src/clock.rs",
            "SystemTime::now()",
        );
    }

    #[test]
    fn comments_and_tests_are_passed_over() {
        keeps(
            purity,
            ROUTING,
            "/// Never calls SystemTime::now().\nfn plan() {}",
        );
        keeps(
            purity,
            ROUTING,
            "fn plan() {}\n\n#[cfg(test)]\nmod tests { use std::fs; }",
        );
        keeps(purity, "services/routing/tests/it/main.rs", "use rand::rng;");
        breaks(purity, ROUTING, "use std::fs;\n\n#[cfg(test)]\nmod tests {}");
    }

    #[test]
    fn sql_outside_the_store_is_found() {
        breaks(sql, APP, "sqlx::query!(\"x\")");
        breaks(sql, "services/relcheck/src/runs/mod.rs", "sqlx::query(\"x\")");
        keeps(sql, "services/relcheck/src/evidence.rs", "sqlx::query(\"x\")");
        breaks(sql, APP, "run(\"SELECT id FROM keys\")");
        breaks(sql, APP, "use sqlx::PgPool;");
        breaks(sql, "services/control-plane/src/app/tx.rs", "sqlx::query(\"x\")");
        keeps(
            sql,
            "services/control-plane/src/app/tx.rs",
            "use sqlx::{Postgres, Transaction};",
        );
        keeps(
            sql,
            "services/control-plane/src/store/keys.rs",
            "sqlx::query!(\"SELECT 1\")",
        );
        keeps(
            sql,
            "services/control-plane/tests/it/keys.rs",
            "sqlx::query!(\"SELECT 1\")",
        );
    }

    #[test]
    fn a_broker_outside_the_backplane_is_found() {
        breaks(brokers, APP, "use lapin::Channel;");
        breaks(brokers, "services/data-plane/src/usage.rs", "use redis::Client;");
        keeps(
            brokers,
            "services/backplane/src/usage/redis.rs",
            "use redis::Client;",
        );
    }

    #[test]
    fn a_provider_call_outside_upstream_is_found() {
        breaks(
            upstream,
            "services/data-plane/src/pipeline/send.rs",
            "use hyper_util::client::legacy::Client;",
        );
        breaks(upstream, APP, "reqwest::get(url)");
        keeps(
            upstream,
            "services/data-plane/src/upstream/client.rs",
            "use hyper_util::client::legacy::Client;",
        );
        keeps(
            upstream,
            "services/data-plane/src/snapshot/pull.rs",
            "reqwest::Client::new()",
        );
        keeps(
            upstream,
            "services/control-plane/src/outbound.rs",
            "reqwest::Client::new()",
        );
        keeps(
            upstream,
            "services/relcheck/src/tenant.rs",
            "reqwest::Client::new()",
        );
        keeps(
            upstream,
            "services/control-plane/src/app/connection_test.rs",
            "reqwest::Client::new()",
        );
    }

    #[test]
    fn a_file_without_a_first_line_is_found() {
        breaks(module_doc, APP, "use std::fmt;");
        breaks(module_doc, APP, "//!\nuse std::fmt;");
        keeps(module_doc, APP, "//! Creates and rotates keys.\n");
        keeps(
            module_doc,
            "services/control-plane/src/app/keys/tests.rs",
            "use super::*;",
        );
        breaks(module_doc, "services/control-plane/tests/it/main.rs", "mod keys;");
    }

    #[test]
    fn a_grab_bag_is_found() {
        breaks(grab_bag, "services/routing/src/utils.rs", "");
        breaks(grab_bag, "services/routing/src/common/time.rs", "");
        keeps(grab_bag, ROUTING, "");
    }

    #[test]
    fn a_feature_gate_is_found() {
        breaks(conditional_features, ROUTING, "#[cfg(feature = \"fast\")]");
        keeps(conditional_features, ROUTING, "#[cfg(unix)]");
    }
}
