//! Which build is running: shown by `--version`, the start-up log line, metrics and heartbeats.

/// Release number of the workspace.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Commit it was built from; `unknown` unless `SLUICEGATE_COMMIT` was set during the build.
pub const COMMIT: &str = match option_env!("SLUICEGATE_COMMIT") {
    Some(commit) => commit,
    None => "unknown",
};

/// `0.1.0` or `0.1.0+1a2b3c4`.
#[must_use]
pub fn release() -> String {
    match COMMIT {
        "unknown" => VERSION.to_owned(),
        commit => format!("{VERSION}+{commit}"),
    }
}
