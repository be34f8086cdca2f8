//! A few commands for the Redis server under test, by its own connection: to make it forget, and to give it back what
//! it knew some time ago.

use anyhow::{Context, bail};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// A connection to the server.
#[derive(Debug)]
pub(crate) struct Resp {
    stream: BufReader<TcpStream>,
}

/// Everything the server knew at some time: key, rest of its life in milliseconds, serialized value.
#[derive(Debug)]
pub(crate) struct Dump(Vec<(Vec<u8>, i64, Vec<u8>)>);

#[derive(Debug, PartialEq, Eq)]
enum Reply {
    Number(i64),
    /// `None` for what does not exist.
    Bytes(Option<Vec<u8>>),
    List(usize),
}

impl Resp {
    /// Connects to `redis://:PASSWORD@HOST:PORT/0`.
    pub(crate) async fn connect(url: &str) -> anyhow::Result<Self> {
        let rest = url
            .strip_prefix("redis://:")
            .context("redis://:PASSWORD@HOST:PORT/0")?;
        let (password, address) = rest.split_once('@').context("the address follows an @")?;
        let address = address.split('/').next().unwrap_or(address);
        let stream = TcpStream::connect(address).await?;
        let mut connection = Self {
            stream: BufReader::new(stream),
        };
        connection.call(&[b"AUTH", password.as_bytes()]).await?;
        Ok(connection)
    }

    /// Makes the server forget everything.
    pub(crate) async fn flush(&mut self) -> anyhow::Result<()> {
        self.call(&[b"FLUSHALL"]).await.map(drop)
    }

    /// Reads everything.
    pub(crate) async fn dump(&mut self) -> anyhow::Result<Dump> {
        let Reply::List(count) = self.call(&[b"KEYS", b"*"]).await? else {
            bail!("KEYS answers with a list");
        };
        let mut keys = Vec::with_capacity(count);
        for _ in 0..count {
            if let Reply::Bytes(Some(key)) = self.reply().await? {
                keys.push(key);
            }
        }
        let mut dump = Vec::with_capacity(keys.len());
        for key in keys {
            let life = self.call(&[b"PTTL", &key]).await?;
            let value = self.call(&[b"DUMP", &key]).await?;
            // It may have gone meanwhile.
            if let (Reply::Number(life), Reply::Bytes(Some(value))) = (life, value) {
                dump.push((key, life.max(0), value));
            }
        }
        Ok(Dump(dump))
    }

    /// Makes the server know exactly what is in `dump`.
    pub(crate) async fn restore(&mut self, dump: &Dump) -> anyhow::Result<()> {
        self.flush().await?;
        for (key, life, value) in &dump.0 {
            self.call(&[b"RESTORE", key, life.to_string().as_bytes(), value])
                .await?;
        }
        Ok(())
    }

    async fn call(&mut self, words: &[&[u8]]) -> anyhow::Result<Reply> {
        let mut message = format!("*{}\r\n", words.len()).into_bytes();
        for word in words {
            message.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
            message.extend_from_slice(word);
            message.extend_from_slice(b"\r\n");
        }
        self.stream.write_all(&message).await?;
        self.reply().await
    }

    async fn reply(&mut self) -> anyhow::Result<Reply> {
        let mut line = String::new();
        self.stream.read_line(&mut line).await?;
        let (kind, rest) = line
            .trim_end()
            .split_at_checked(1)
            .context("the connection ended")?;
        match kind {
            "+" => Ok(Reply::Bytes(Some(rest.as_bytes().to_vec()))),
            ":" => Ok(Reply::Number(rest.parse()?)),
            "*" => Ok(Reply::List(rest.parse()?)),
            "$" => self.bytes(rest.parse()?).await,
            _ => bail!("the server refuses: {rest}"),
        }
    }

    async fn bytes(&mut self, length: i64) -> anyhow::Result<Reply> {
        let Ok(length) = usize::try_from(length) else {
            return Ok(Reply::Bytes(None));
        };
        let mut bytes = vec![0; length + 2];
        self.stream.read_exact(&mut bytes).await?;
        bytes.truncate(length);
        Ok(Reply::Bytes(Some(bytes)))
    }
}
