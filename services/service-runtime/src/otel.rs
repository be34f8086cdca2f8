//! Span export to an OpenTelemetry collector over HTTP. Nothing is exported, and no thread runs, unless an endpoint is
//! configured.

use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider};
use serde::Deserialize;
use tracing::Subscriber;
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::registry::LookupSpan;

use crate::build_info;

/// The `[otel]` table of a process's settings.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtelSettings {
    /// Base URL of the collector, for example `http://collector:4318`; absent: no export.
    pub endpoint: Option<String>,
    /// Share of traces started here that are recorded, 0 to 1. A caller's own decision is always followed.
    #[serde(default = "everything")]
    pub sample_ratio: f64,
}

const fn everything() -> f64 {
    1.0
}

/// Why export could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("cannot set up span export: {0}")]
pub struct OtelError(#[from] opentelemetry_otlp::ExporterBuildError);

/// A running exporter. Spans still buffered are sent by [`Exporter::shutdown`].
#[derive(Debug, Clone)]
pub struct Exporter {
    provider: SdkTracerProvider,
}

/// The exporter for `service` (`sluicegate-data-plane`), or `None` when no endpoint is configured.
///
/// # Errors
/// [`OtelError`] when the endpoint is not a URL.
pub fn exporter(settings: &OtelSettings, service: &'static str) -> Result<Option<Exporter>, OtelError> {
    let Some(endpoint) = &settings.endpoint else {
        return Ok(None);
    };
    let spans = SpanExporter::builder()
        .with_http()
        .with_endpoint(traces_url(endpoint))
        .build()?;
    let resource = Resource::builder()
        .with_service_name(service)
        .with_attribute(opentelemetry::KeyValue::new(
            "service.version",
            build_info::release(),
        ))
        .build();
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(spans)
        .with_resource(resource)
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(
            settings.sample_ratio,
        ))))
        .build();
    Ok(Some(Exporter { provider }))
}

impl Exporter {
    /// The subscriber layer that feeds this exporter.
    #[must_use]
    pub fn layer<S: Subscriber + for<'a> LookupSpan<'a>>(&self) -> OpenTelemetryLayer<S, SdkTracer> {
        tracing_opentelemetry::layer().with_tracer(self.provider.tracer("sluicegate"))
    }

    /// Sends what is still buffered. Blocks up to some seconds: call it from a blocking task.
    pub fn shutdown(&self) {
        if let Err(error) = self.provider.shutdown() {
            tracing::warn!(%error, "the last spans may not have been exported");
        }
    }
}

fn traces_url(endpoint: &str) -> String {
    let base = endpoint.trim_end_matches('/');
    if base.ends_with("/v1/traces") {
        base.to_owned()
    } else {
        format!("{base}/v1/traces")
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[test]
    fn without_an_endpoint_nothing_is_exported() {
        assert!(
            exporter(&OtelSettings::default(), "sluicegate-test")
                .unwrap()
                .is_none()
        );
    }

    #[test]
    fn spans_reach_the_collector() {
        crate::tls::install_crypto_provider();
        let collector = TcpListener::bind("127.0.0.1:0").unwrap();
        let settings = OtelSettings {
            endpoint: Some(format!("http://{}/", collector.local_addr().unwrap())),
            sample_ratio: 1.0,
        };
        let received = std::thread::spawn(move || {
            let (mut stream, _) = collector.accept().unwrap();
            let mut request = vec![0; 65536];
            let length = stream.read(&mut request).unwrap();
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                .unwrap();
            String::from_utf8_lossy(&request[..length]).into_owned()
        });
        let exporter = exporter(&settings, "sluicegate-test").unwrap().unwrap();
        let subscriber = tracing_subscriber::registry().with(exporter.layer());
        tracing::subscriber::with_default(subscriber, || tracing::info_span!("request").in_scope(|| ()));
        exporter.shutdown();
        let request = received.join().unwrap();
        assert!(request.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{request}");
    }
}
