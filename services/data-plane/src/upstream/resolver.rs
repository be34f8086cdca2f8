//! Names and literals to addresses that may be dialled. The only way from a base URL to a socket.
//!
//! Must stay true: the addresses handed on are the ones connected to; nothing resolves a second time behind this.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;

use sluicegate_contracts::address::{AddressPolicy, Transport};

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type BoxFuture<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

/// Every address behind a base URL is one this deployment does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the address of this connection is not allowed by the operator of this gateway")]
pub struct AddressNotAllowed;

/// Resolves names and drops what the policy does not permit.
#[derive(Debug, Clone)]
pub(super) struct GuardedResolver {
    names: GaiResolver,
    policy: Arc<AddressPolicy>,
    transport: Transport,
}

impl Service<Name> for GuardedResolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = BoxError;
    type Future = BoxFuture<Self::Response, BoxError>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.names.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let (policy, transport) = (Arc::clone(&self.policy), self.transport);
        let resolved = self.names.call(name);
        Box::pin(async move {
            let permitted: Vec<SocketAddr> = resolved
                .await?
                .filter(|address| policy.permits(address.ip(), transport))
                .collect();
            if permitted.is_empty() {
                return Err(AddressNotAllowed.into());
            }
            Ok(permitted.into_iter())
        })
    }
}

/// Opens TCP connections to permitted addresses only. Literal addresses skip every resolver, so they are checked here.
#[derive(Debug, Clone)]
pub(super) struct GuardedConnector {
    policy: Arc<AddressPolicy>,
    tls: HttpConnector<GuardedResolver>,
    plain: HttpConnector<GuardedResolver>,
}

impl GuardedConnector {
    pub(super) fn new(
        policy: AddressPolicy,
        configure: impl Fn(&mut HttpConnector<GuardedResolver>),
    ) -> Self {
        let policy = Arc::new(policy);
        let connector = |transport| {
            let names = GaiResolver::new();
            let resolver = GuardedResolver {
                names,
                policy: Arc::clone(&policy),
                transport,
            };
            let mut connector = HttpConnector::new_with_resolver(resolver);
            // TLS is put around this connector, so it sees `https` too.
            connector.enforce_http(false);
            configure(&mut connector);
            connector
        };
        Self {
            tls: connector(Transport::Tls),
            plain: connector(Transport::Plain),
            policy,
        }
    }
}

impl Service<Uri> for GuardedConnector {
    type Response = TokioIo<TcpStream>;
    type Error = BoxError;
    type Future = BoxFuture<Self::Response, BoxError>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        match self.tls.poll_ready(cx) {
            Poll::Ready(Ok(())) => self.plain.poll_ready(cx).map_err(Into::into),
            Poll::Ready(Err(error)) => Poll::Ready(Err(error.into())),
            Poll::Pending => Poll::Pending,
        }
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let (transport, connector) = match uri.scheme_str() {
            Some("https") => (Transport::Tls, &mut self.tls),
            _ => (Transport::Plain, &mut self.plain),
        };
        if let Some(literal) = literal(&uri)
            && !self.policy.permits(literal, transport)
        {
            return Box::pin(async { Err(AddressNotAllowed.into()) });
        }
        let connecting = connector.call(uri);
        Box::pin(async move { connecting.await.map_err(Into::into) })
    }
}

fn literal(uri: &Uri) -> Option<IpAddr> {
    let host = uri.host()?;
    host.strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host)
        .parse()
        .ok()
}
