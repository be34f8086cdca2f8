//! The listening side: how sockets, heads and idle connections are treated. Called by start-up.

use std::any::Any;
use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::{Extensions, Server};
use actix_web::web::ServiceConfig;
use actix_web::{App, HttpServer, rt};
use sluicegate_service_runtime::http_span::HttpSpan;
use socket2::SockRef;

use super::routes;
use crate::pipeline::Gateway;
use crate::state::WorkerState;

/// How long a head may take to arrive.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// How long an idle connection is kept; longer than the load balancers in front usually keep theirs.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// How long bytes may lie unread at the other end before the connection counts as dead.
const WRITE_TIMEOUT: Duration = Duration::from_secs(60);

/// A server on `listener` with `threads` threads; it runs once awaited. Stopping it gracefully waits up to `drain` for
/// open answers.
///
/// # Errors
/// When the listener cannot be taken over.
pub fn serve(
    listener: TcpListener,
    state: Arc<WorkerState>,
    span: HttpSpan,
    threads: usize,
    drain: Duration,
) -> io::Result<Server> {
    let routes = move || routes(Gateway::new(Arc::clone(&state)));
    let serving = Serving { threads, drain };
    listen(listener, span, serving, routes, prepare_socket)
}

/// How much a server takes on.
#[derive(Clone, Copy)]
struct Serving {
    threads: usize,
    drain: Duration,
}

fn listen<R: FnOnce(&mut ServiceConfig)>(
    listener: TcpListener,
    span: HttpSpan,
    serving: Serving,
    routes: impl Fn() -> R + Clone + Send + 'static,
    prepare_socket: impl Fn(&dyn Any, &mut Extensions) + Send + Sync + 'static,
) -> io::Result<Server> {
    let server = HttpServer::new(move || App::new().wrap(span.clone()).configure(routes()))
        .workers(serving.threads)
        .disable_signals()
        .shutdown_timeout(serving.drain.as_secs())
        // Without this a small write waits for the acknowledgement of the one before: 40 ms on the first byte.
        .tcp_nodelay(true)
        // A caller that closes its side is gone: that cancels the provider's work at once.
        .h1_allow_half_closed(false)
        .client_request_timeout(HEAD_TIMEOUT)
        .keep_alive(KEEP_ALIVE)
        .on_connect(prepare_socket)
        .listen(listener)?;
    Ok(server.run())
}

/// A reader that takes nothing would hold a stream, and the provider's work behind it, for good.
fn prepare_socket(socket: &dyn Any, _: &mut Extensions) {
    if let Some(socket) = socket.downcast_ref::<rt::net::TcpStream>()
        && let Err(error) = SockRef::from(socket).set_tcp_user_timeout(Some(WRITE_TIMEOUT))
    {
        tracing::debug!(target: "sluicegate", %error, "no write time-out on an accepted socket");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use sluicegate_service_runtime::clock::Clock;
    use sluicegate_service_runtime::metrics::Registry;

    use super::*;

    /// Asks the socket itself: a time measured on a busy machine proves nothing.
    #[actix_web::test]
    async fn accepted_sockets_send_at_once_and_give_up_on_dead_readers() {
        let (tell, told) = mpsc::channel();
        let note = move |socket: &dyn Any, extensions: &mut Extensions| {
            prepare_socket(socket, extensions);
            let socket = socket.downcast_ref::<rt::net::TcpStream>().unwrap();
            let timeout = SockRef::from(socket).tcp_user_timeout().unwrap();
            tell.send((socket.nodelay().unwrap(), timeout)).unwrap();
        };
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let span = HttpSpan::new(&Registry::new(), Clock::system(), |id| id.to_string());
        let serving = Serving {
            threads: 1,
            drain: Duration::from_secs(1),
        };
        let server = listen(listener, span, serving, || |_: &mut ServiceConfig| (), note).unwrap();
        let handle = server.handle();
        rt::spawn(server);
        let _socket = rt::net::TcpStream::connect(address).await.unwrap();
        let settings = rt::task::spawn_blocking(move || told.recv().unwrap())
            .await
            .unwrap();
        assert_eq!(settings, (true, Some(WRITE_TIMEOUT)));
        handle.stop(false).await;
    }
}
