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

    use actix_web::test::{TestRequest, call_service, init_service, read_body};
    use actix_web::{App, HttpResponse, web};
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;
    use crate::clock::Clock;
    use crate::http_span::HttpSpan;
    use crate::metrics::Registry;

    #[test]
    fn without_an_endpoint_nothing_is_exported() {
        assert!(
            exporter(&OtelSettings::default(), "sluicegate-test")
                .unwrap()
                .is_none()
        );
    }

    /// One request as a collector gets it: head and body.
    fn collect(collector: &TcpListener) -> (String, Vec<u8>) {
        let (mut stream, _) = collector.accept().unwrap();
        let (mut request, mut piece) = (Vec::new(), [0; 4_096]);
        let head_end = loop {
            let length = stream.read(&mut piece).unwrap();
            assert_ne!(length, 0, "the request ended in its head");
            request.extend_from_slice(&piece[..length]);
            if let Some(end) = request.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break end + 4;
            }
        };
        let head = String::from_utf8(request[..head_end].to_vec())
            .unwrap()
            .to_lowercase();
        let announced = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let mut body = request.split_off(head_end);
        let there = body.len();
        body.resize(announced.unwrap().parse().unwrap(), 0);
        stream.read_exact(&mut body[there..]).unwrap();
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            .unwrap();
        (head, body)
    }

    /// A request through the middleware of every server, under a caller's trace, over the wire to a collector.
    #[actix_web::test]
    async fn the_span_of_a_request_reaches_the_collector_under_its_callers_trace() {
        crate::tls::install_crypto_provider();
        let collector = TcpListener::bind("127.0.0.1:0").unwrap();
        let settings = OtelSettings {
            endpoint: Some(format!("http://{}/", collector.local_addr().unwrap())),
            sample_ratio: 0.0,
        };
        let received = std::thread::spawn(move || collect(&collector));
        let exporter = exporter(&settings, "sluicegate-test").unwrap().unwrap();
        let subscriber = tracing_subscriber::registry().with(exporter.layer());
        let guard = tracing::subscriber::set_default(subscriber);
        let span = HttpSpan::new(&Registry::new(), Clock::system(), |id| format!("req_{id}"));
        let app = App::new()
            .wrap(span)
            .route("/v1/things/{id}", web::get().to(HttpResponse::Ok));
        let app = init_service(app).await;
        let request = |traceparent: String| {
            TestRequest::get()
                .uri("/v1/things/7")
                .insert_header(("traceparent", traceparent))
                .to_request()
        };
        // A caller that does not record its trace, then one that does: its decision counts, not the ratio.
        for (trace, flags) in [("5bd66ef5095369c7b0d1f8f4bd33716a", "00"), (TRACE, "01")] {
            let response = call_service(&app, request(format!("00-{trace}-{CALLER}-{flags}"))).await;
            read_body(response).await;
        }
        drop(guard);
        tokio::task::spawn_blocking(move || exporter.shutdown())
            .await
            .unwrap();
        let (head, body) = received.join().unwrap();
        assert!(head.starts_with("post /v1/traces http/1.1\r\n"), "{head}");
        assert!(head.contains("content-type: application/x-protobuf"), "{head}");
        for part in [
            b"sluicegate-test".to_vec(),
            b"/v1/things/{id}".to_vec(),
            bytes(TRACE),
            bytes(CALLER),
        ] {
            assert!(holds(&body, &part), "{part:?} is not in what was exported");
        }
        assert!(!holds(&body, &bytes("5bd66ef5095369c7b0d1f8f4bd33716a")));
    }

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    const CALLER: &str = "b7ad6b7169203331";

    fn holds(body: &[u8], part: &[u8]) -> bool {
        body.windows(part.len()).any(|window| window == part)
    }

    fn bytes(hex: &str) -> Vec<u8> {
        let digit = |index: usize| u8::from_str_radix(&hex[index..index + 2], 16).unwrap();
        (0..hex.len()).step_by(2).map(digit).collect()
    }
}
