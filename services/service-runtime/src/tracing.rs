//! The log subscriber of every process: JSON or human-readable lines on standard error, plus span export when set up.
//!
//! Other people's crates never log below INFO, whatever the filter says: at DEBUG and TRACE HTTP and broker clients
//! print headers and bodies, which hold credentials and prompts.

use std::io::IsTerminal;

use serde::Deserialize;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::{EnvFilter, FilterExt, filter_fn};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::otel::Exporter;

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// One JSON object per line, for collectors.
    Json,
    /// For a person at a terminal.
    Pretty,
}

/// The `[log]` table of a process's settings.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogSettings {
    /// How lines look.
    pub format: LogFormat,
    /// Levels per module, for example `info,sluicegate_data_plane=debug`.
    pub filter: String,
}

/// Why logging could not start.
#[derive(Debug, thiserror::Error)]
pub enum TracingError {
    /// The filter text does not parse.
    #[error("the log filter is invalid: {0}")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// A subscriber is already in place.
    #[error("logging was already started")]
    AlreadyStarted,
}

/// Installs the process-wide subscriber. Called once, from `main`.
///
/// # Errors
/// [`TracingError`] when the filter is invalid or a subscriber is already there.
pub fn init(settings: &LogSettings, exporter: Option<&Exporter>) -> Result<(), TracingError> {
    let filter = EnvFilter::try_new(&settings.filter)?.and(filter_fn(may_log));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match settings.format {
        LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).boxed(),
        LogFormat::Pretty => lines.with_ansi(std::io::stderr().is_terminal()).boxed(),
    };
    let spans = exporter.map(|exporter| exporter.layer().with_filter(filter_fn(is_ours)));
    tracing_subscriber::registry()
        .with(lines.with_filter(filter))
        .with(spans)
        .try_init()
        .map_err(|_| TracingError::AlreadyStarted)
}

fn may_log(metadata: &Metadata<'_>) -> bool {
    is_ours(metadata) || *metadata.level() <= Level::INFO
}

fn is_ours(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with("sluicegate")
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn foreign_crates_stay_at_info_even_when_asked_for_more() {
        let lines = Lines::default();
        let writer = lines.clone();
        let filter = EnvFilter::try_new("trace").unwrap().and(filter_fn(may_log));
        let layer = tracing_subscriber::fmt::layer()
            .with_writer(move || writer.clone())
            .with_filter(filter);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            tracing::trace!(target: "h2::codec", "authorization: canary");
            tracing::info!(target: "h2::codec", "connected");
            tracing::trace!(target: "sluicegate_data_plane::snapshot", "applied");
        });
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert!(
            !text.contains("canary") && text.contains("connected") && text.contains("applied"),
            "{text}"
        );
    }
}
