//! One HTTP/1.1 connection, read as cheaply as can be: status, body bytes as they come, whether the
//! connection may be used again.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(super) struct Connection {
    socket: TcpStream,
    buffer: Vec<u8>,
}

pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) reusable: bool,
}

#[derive(Clone, Copy)]
enum Body {
    Length(usize),
    Chunked(Chunk),
    UntilClose,
}

/// Where a chunked body stands.
#[derive(Clone, Copy)]
enum Chunk {
    Size,
    Data(usize),
    /// The line end behind the data.
    DataEnd(usize),
    Trailer,
    End,
}

fn broken(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

impl Connection {
    pub(super) async fn open(address: SocketAddr) -> io::Result<Self> {
        let socket = TcpStream::connect(address).await?;
        socket.set_nodelay(true)?;
        Ok(Self {
            socket,
            buffer: Vec::with_capacity(64 * 1024),
        })
    }

    async fn fill(&mut self) -> io::Result<usize> {
        self.buffer.reserve(16 * 1024);
        self.socket.read_buf(&mut self.buffer).await
    }

    /// Sends a request and reads its answer; `on_body` gets the body in pieces.
    pub(super) async fn call(&mut self, request: &[u8], mut on_body: impl FnMut(&[u8])) -> io::Result<Reply> {
        self.buffer.clear();
        self.socket.write_all(request).await?;
        let head_end = loop {
            if let Some(at) = find(&self.buffer, b"\r\n\r\n") {
                break at;
            }
            if self.fill().await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        };
        let (status, mut body, mut reusable) = head(&self.buffer[..head_end])?;
        self.buffer.drain(..head_end + 4);
        while !consume(&mut self.buffer, &mut body, &mut on_body)? {
            if self.fill().await? == 0 {
                if matches!(body, Body::UntilClose) {
                    reusable = false;
                    break;
                }
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(Reply { status, reusable })
    }
}

fn find(buffer: &[u8], needle: &[u8]) -> Option<usize> {
    buffer.windows(needle.len()).position(|window| window == needle)
}

/// Reads the status line and the headers that frame the body.
fn head(bytes: &[u8]) -> io::Result<(u16, Body, bool)> {
    let text = std::str::from_utf8(bytes).map_err(|_| broken("a head that is not text"))?;
    let mut lines = text.split("\r\n");
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .and_then(|code| code.parse().ok());
    let status = status.ok_or_else(|| broken("no status"))?;
    let (mut body, mut reusable) = (Body::UntilClose, true);
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        let value = value.trim();
        if name.eq_ignore_ascii_case("content-length") {
            body = Body::Length(value.parse().map_err(|_| broken("a bad content-length"))?);
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            body = Body::Chunked(Chunk::Size);
        } else if name.eq_ignore_ascii_case("connection") {
            reusable = !value.eq_ignore_ascii_case("close");
        }
    }
    Ok((status, body, reusable))
}

/// Hands on what the buffer holds of the body; says whether the body is whole.
fn consume(buffer: &mut Vec<u8>, body: &mut Body, on_body: &mut impl FnMut(&[u8])) -> io::Result<bool> {
    match body {
        Body::Length(left) => {
            let take = buffer.len().min(*left);
            on_body(&buffer[..take]);
            *left -= take;
            buffer.clear();
            Ok(*left == 0)
        }
        Body::UntilClose => {
            on_body(buffer);
            buffer.clear();
            Ok(false)
        }
        Body::Chunked(chunk) => {
            let mut at = 0;
            while let Some((next, used)) = step(*chunk, &buffer[at..], on_body)? {
                *chunk = next;
                at += used;
            }
            buffer.drain(..at);
            Ok(matches!(chunk, Chunk::End))
        }
    }
}

/// One step through a chunked body: the next state and the bytes it used, or `None` when more bytes
/// are needed or the end is reached.
fn step(chunk: Chunk, bytes: &[u8], on_body: &mut impl FnMut(&[u8])) -> io::Result<Option<(Chunk, usize)>> {
    let line = || bytes.iter().position(|b| *b == b'\n');
    Ok(match chunk {
        Chunk::Size => match line() {
            None => None,
            Some(end) => {
                let text = std::str::from_utf8(&bytes[..end]).map_err(|_| broken("a bad chunk size"))?;
                let digits = text.trim_end().split(';').next().unwrap_or_default();
                let size = usize::from_str_radix(digits, 16).map_err(|_| broken("a bad chunk size"))?;
                Some((
                    if size == 0 {
                        Chunk::Trailer
                    } else {
                        Chunk::Data(size)
                    },
                    end + 1,
                ))
            }
        },
        Chunk::Data(_) | Chunk::DataEnd(_) if bytes.is_empty() => None,
        Chunk::Data(left) => {
            let take = left.min(bytes.len());
            on_body(&bytes[..take]);
            Some((
                if take == left {
                    Chunk::DataEnd(2)
                } else {
                    Chunk::Data(left - take)
                },
                take,
            ))
        }
        Chunk::DataEnd(left) => {
            let take = left.min(bytes.len());
            Some((
                if take == left {
                    Chunk::Size
                } else {
                    Chunk::DataEnd(left - take)
                },
                take,
            ))
        }
        Chunk::Trailer => line().map(|end| (if end <= 1 { Chunk::End } else { Chunk::Trailer }, end + 1)),
        Chunk::End => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunked_bodies_read_the_same_however_they_are_split() {
        let wire = b"5\r\nhello\r\n1;x=y\r\n,\r\n6\r\n world\r\n0\r\nx: y\r\n\r\n";
        for piece in 1..=wire.len() {
            let (mut buffer, mut body, mut text) = (Vec::new(), Body::Chunked(Chunk::Size), Vec::new());
            let mut whole = false;
            for part in wire.chunks(piece) {
                assert!(!whole);
                buffer.extend_from_slice(part);
                whole = consume(&mut buffer, &mut body, &mut |bytes| text.extend_from_slice(bytes)).unwrap();
            }
            assert_eq!(
                (text.as_slice(), whole, buffer.len()),
                (&b"hello, world"[..], true, 0),
                "pieces of {piece}"
            );
        }
    }

    #[test]
    fn heads_tell_status_and_framing() {
        let (status, body, reusable) =
            head(b"HTTP/1.1 429 Too Many\r\nContent-Length: 12\r\nConnection: close").unwrap();
        assert!(status == 429 && matches!(body, Body::Length(12)) && !reusable);
        assert!(head(b"garbage").is_err());
    }
}
