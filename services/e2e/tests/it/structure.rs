//! The rules of docs/architecture.md that a compiler cannot hold, as tests over this repository.
//! Run by every test run; a failure names the file, the rule and the way out. The rules themselves are pure
//! functions in the two modules below, each with tests that prove it can fail.

mod crate_rules;
mod source_rules;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate_rules::Package;
use source_rules::Rule;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

/// Every Rust file below `services/` as (path from the repository root, text).
fn sources() -> Vec<(String, String)> {
    let root = repository();
    let mut pending = vec![root.join("services")];
    let mut found = Vec::new();
    while let Some(folder) = pending.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                pending.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path
                    .strip_prefix(&root)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .replace('\\', "/");
                found.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    assert!(
        found.len() > 20,
        "the walk found only {} files: is it looking at the repository?",
        found.len()
    );
    found
}

fn packages() -> Vec<Package> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--no-deps",
            "--locked",
            "--offline",
        ])
        .current_dir(repository())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    crate_rules::parse(&output.stdout)
}

fn hold(rule: Rule) {
    let broken: Vec<String> = sources()
        .iter()
        .flat_map(|(path, text)| {
            rule(path, text)
                .into_iter()
                .map(move |what| format!("{path}: {what}"))
        })
        .collect();
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

fn hold_for_crates(rule: fn(&Package) -> Vec<String>) {
    let packages = packages();
    assert!(
        packages.len() >= 12,
        "cargo metadata shows only {} crates",
        packages.len()
    );
    let broken: Vec<String> = packages.iter().flat_map(rule).collect();
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

#[test]
fn crates_depend_only_on_the_layers_below() {
    hold_for_crates(crate_rules::edges);
}

#[test]
fn pure_crates_depend_only_on_crates_without_io() {
    hold_for_crates(crate_rules::purity);
}

#[test]
fn no_crate_has_cargo_features() {
    hold_for_crates(crate_rules::features);
}

#[test]
fn every_crate_uses_the_workspace_lints() {
    let broken: Vec<String> = packages()
        .iter()
        .filter_map(|package| {
            crate_rules::lints(package, &std::fs::read_to_string(&package.manifest).unwrap())
        })
        .collect();
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

#[test]
fn pure_crates_read_no_clock_and_draw_no_randomness() {
    hold(source_rules::purity);
}

#[test]
fn sql_stands_only_in_the_store() {
    hold(source_rules::sql);
}

#[test]
fn brokers_are_named_only_in_the_backplane() {
    hold(source_rules::brokers);
}

#[test]
fn connections_to_providers_are_opened_only_in_upstream() {
    hold(source_rules::upstream);
}

#[test]
fn every_file_says_what_lives_there() {
    hold(source_rules::module_doc);
}

#[test]
fn no_module_is_a_grab_bag() {
    hold(source_rules::grab_bag);
}

#[test]
fn no_code_depends_on_a_feature() {
    hold(source_rules::conditional_features);
}

/// Sizes are guidance, not a gate: the report is for reading (`--no-capture` shows it).
#[test]
fn file_sizes_are_reported() {
    let mut sizes: Vec<(usize, String)> = sources()
        .into_iter()
        .map(|(path, text)| (text.lines().count(), path))
        .collect();
    sizes.sort();
    let at = |share: usize| sizes[(sizes.len() - 1) * share / 100].0;
    println!(
        "{} Rust files: median {} lines, p90 {}, largest:",
        sizes.len(),
        at(50),
        at(90)
    );
    for (lines, path) in sizes.iter().rev().take(5) {
        println!("{lines:>6} {path}");
    }
}
