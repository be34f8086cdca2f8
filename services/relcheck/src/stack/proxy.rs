//! A TCP proxy that passes bytes on, late, not at all, or breaks: what a network does to the way between two parts.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::schedule::Trouble;

const PIECE: usize = 16 * 1024;

/// A way to `target` through a free port. Ends with its owner.
#[derive(Debug)]
pub(crate) struct Proxy {
    address: SocketAddr,
    trouble: watch::Sender<Option<Trouble>>,
    _accepting: JoinSet<()>,
}

impl Proxy {
    /// Opens the way.
    pub(crate) async fn open(target: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (trouble, state) = watch::channel(None);
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, target, state));
        Ok(Self {
            address,
            trouble,
            _accepting: accepting,
        })
    }

    /// Where it begins.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Troubles the way, or clears it.
    pub(crate) fn set(&self, trouble: Option<Trouble>) {
        self.trouble.send_replace(trouble);
    }
}

async fn accept(listener: TcpListener, target: SocketAddr, state: watch::Receiver<Option<Trouble>>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Ok((near, _)) = listener.accept() => {
                connections.spawn(carry(near, target, state.clone()));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn carry(near: TcpStream, target: SocketAddr, mut state: watch::Receiver<Option<Trouble>>) {
    // Dropping a connection is all the news its other end gets.
    if !clear(&mut state).await {
        return;
    }
    let Ok(far) = TcpStream::connect(target).await else {
        return;
    };
    let _ = (near.set_nodelay(true), far.set_nodelay(true));
    let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
    tokio::join!(
        pass(near_in, far_out, state.clone()),
        pass(far_in, near_out, state.clone())
    );
}

/// Waits until bytes may pass; false when the way is cut.
async fn clear(state: &mut watch::Receiver<Option<Trouble>>) -> bool {
    loop {
        let trouble = *state.borrow_and_update();
        match trouble {
            None => return true,
            Some(Trouble::Delay(by)) => {
                sleep(by).await;
                return true;
            }
            Some(Trouble::Stall) => {}
            Some(Trouble::Cut) => return false,
        }
        if state.changed().await.is_err() {
            return false;
        }
    }
}

async fn cut(state: &mut watch::Receiver<Option<Trouble>>) {
    // The owner gone is the end of the way as well.
    let _ = state.wait_for(|trouble| *trouble == Some(Trouble::Cut)).await;
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut state: watch::Receiver<Option<Trouble>>) {
    let mut piece = vec![0; PIECE];
    let mut until_cut = state.clone();
    loop {
        let read = tokio::select! {
            read = from.read(&mut piece) => read,
            () = cut(&mut until_cut) => return,
        };
        let Ok(count) = read else { return };
        if !clear(&mut state).await {
            return;
        }
        let passed = match piece.get(..count) {
            None | Some([]) => {
                let _ = to.shutdown().await;
                return;
            }
            Some(bytes) => to.write_all(bytes).await,
        };
        if passed.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use tokio::time::timeout;

    use super::*;

    const SOON: Duration = Duration::from_secs(10);

    /// Answers each byte with the same byte.
    async fn echo() -> (JoinSet<()>, Proxy) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let proxy = Proxy::open(listener.local_addr().unwrap()).await.unwrap();
        let mut server = JoinSet::new();
        server.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(async move {
                    let (mut from, mut to) = stream.into_split();
                    let _ = tokio::io::copy(&mut from, &mut to).await;
                });
            }
        });
        (server, proxy)
    }

    async fn ask(stream: &mut TcpStream) -> io::Result<u8> {
        stream.write_all(b"a").await?;
        timeout(SOON, stream.read_u8()).await.unwrap()
    }

    #[tokio::test]
    async fn bytes_pass_and_come_late() {
        let (_server, proxy) = echo().await;
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(ask(&mut stream).await.unwrap(), b'a');
        let late = Duration::from_millis(150);
        proxy.set(Some(Trouble::Delay(late)));
        let begun = Instant::now();
        assert_eq!(ask(&mut stream).await.unwrap(), b'a');
        assert!(begun.elapsed() >= 2 * late, "there and back");
    }

    #[tokio::test]
    async fn silence_ends_without_a_byte_lost() {
        let (_server, proxy) = echo().await;
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        proxy.set(Some(Trouble::Stall));
        stream.write_all(b"a").await.unwrap();
        // New connections are taken and hear nothing either.
        let mut second = TcpStream::connect(proxy.address()).await.unwrap();
        second.write_all(b"b").await.unwrap();
        let moment = Duration::from_millis(100);
        assert!(timeout(moment, stream.read_u8()).await.is_err());
        assert!(timeout(moment, second.read_u8()).await.is_err());
        proxy.set(None);
        assert_eq!(timeout(SOON, stream.read_u8()).await.unwrap().unwrap(), b'a');
        assert_eq!(timeout(SOON, second.read_u8()).await.unwrap().unwrap(), b'b');
    }

    #[tokio::test]
    async fn a_cut_breaks_what_is_there_and_what_comes_until_it_is_cleared() {
        let (_server, proxy) = echo().await;
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(ask(&mut stream).await.unwrap(), b'a');
        proxy.set(Some(Trouble::Cut));
        assert!(timeout(SOON, stream.read_u8()).await.unwrap().is_err());
        let mut second = TcpStream::connect(proxy.address()).await.unwrap();
        assert!(timeout(SOON, second.read_u8()).await.unwrap().is_err());
        proxy.set(None);
        let mut third = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(ask(&mut third).await.unwrap(), b'a');
    }

    #[tokio::test]
    async fn a_dead_server_is_a_broken_connection() {
        let (server, proxy) = echo().await;
        drop(server);
        let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
        assert!(timeout(SOON, stream.read_u8()).await.unwrap().is_err());
    }
}
