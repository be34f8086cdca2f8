//! The HTTP client towards providers: one per server thread, so that its pool needs no lock shared between cores.
//!
//! Must stay true: redirects are not followed, no proxy is taken from the environment, and every socket went through
//! [`super::resolver`].

use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::{ClientConfig, RootCertStore};

use super::resolver::GuardedConnector;
use sluicegate_contracts::address::AddressPolicy;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const POOL_IDLE: Duration = Duration::from_secs(55);
const TCP_KEEP_ALIVE: Duration = Duration::from_secs(30);
/// Largest head of an answer, in bytes.
const MAX_ANSWER_HEAD: usize = 64 * 1024;

/// What all clients of a process share: trust anchors and the address policy.
#[derive(Debug, Clone)]
pub struct ClientFactory {
    tls: Arc<ClientConfig>,
    addresses: AddressPolicy,
}

impl ClientFactory {
    /// Loads the platform's trust anchors. Without any, servers over TLS cannot be reached, which is no reason not to
    /// start: the built-in echo and local servers need none.
    ///
    /// # Errors
    /// When the TLS implementation refuses its own defaults.
    pub fn new(addresses: AddressPolicy) -> io::Result<Self> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let versions = || {
            ClientConfig::builder_with_provider(Arc::clone(&provider))
                .with_safe_default_protocol_versions()
                .map_err(io::Error::other)
        };
        let anchored = match versions()?.with_native_roots() {
            Ok(anchored) => anchored,
            Err(error) => {
                tracing::warn!(
                    target: "sluicegate",
                    %error,
                    "no trust anchors: install ca-certificates to reach providers over TLS"
                );
                versions()?.with_root_certificates(RootCertStore::empty())
            }
        };
        Ok(Self {
            tls: Arc::new(anchored.with_no_client_auth()),
            addresses,
        })
    }

    fn connector(&self) -> GuardedConnector {
        GuardedConnector::new(self.addresses.clone(), |tcp| {
            tcp.set_nodelay(true);
            tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
            tcp.set_keepalive(Some(TCP_KEEP_ALIVE));
        })
    }

    /// A client with a pool of its own, for one thread.
    #[must_use]
    pub fn client(&self) -> Client {
        let tcp = self.connector();
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(self.tls.as_ref().clone())
            .https_or_http()
            .enable_all_versions()
            .wrap_connector(tcp);
        let http = legacy::Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(POOL_IDLE)
            .http1_max_buf_size(MAX_ANSWER_HEAD)
            .http2_max_header_list_size(MAX_ANSWER_HEAD as u32)
            .http2_adaptive_window(true)
            .build(connector);
        Client(Rc::new(http))
    }
}

/// A client towards providers. Clones share one pool; it stays on its thread.
#[derive(Debug, Clone)]
pub struct Client(Rc<legacy::Client<HttpsConnector<GuardedConnector>, Full<Bytes>>>);

impl Client {
    /// Sends a request and waits for the head of the answer.
    pub(super) async fn send(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, legacy::Error> {
        self.0.request(request).await
    }
}

#[cfg(test)]
mod tests {
    use tower_service::Service;

    use super::*;

    #[actix_web::test]
    async fn sockets_to_providers_send_at_once() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let uri = format!("http://{}/", listener.local_addr().unwrap())
            .parse()
            .unwrap();
        let allowed = AddressPolicy::new(vec!["127.0.0.0/8".parse().unwrap()]);
        let socket = ClientFactory::new(allowed)
            .unwrap()
            .connector()
            .call(uri)
            .await
            .unwrap();
        assert!(socket.inner().nodelay().unwrap());
    }
}
