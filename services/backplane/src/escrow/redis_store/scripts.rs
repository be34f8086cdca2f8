//! The Redis scripts of the escrow: run by digest, sent whole when the server has not seen them.

use std::fmt::Display;
use std::sync::LazyLock;

use redis::{Cmd, Pipeline, Script, pipe};
use sluicegate_metering::escrow::Refusal;

use super::numbers::{packed, unpacked};
use crate::error::BackplaneError;
use crate::escrow::EscrowError;
use crate::redis_link::{LinkError, RedisLink};

/// How the keys of an organization are laid out. What was written in another layout counts as forgotten.
const LAYOUT: u8 = 2;

/// One operation on the accounts of an organization.
pub(super) struct StoreScript {
    operation: &'static str,
    text: &'static str,
    digest: String,
}

macro_rules! scripts {
    ($($name:ident = $file:literal, $operation:literal;)*) => {$(
        pub(super) static $name: LazyLock<StoreScript> = LazyLock::new(|| StoreScript::new($operation, include_str!($file)));
    )*};
}

scripts! {
    RECONCILE = "reconcile.lua", "reconciling claims";
    REGISTER = "register.lua", "registering an epoch";
    FENCE = "fence.lua", "beginning a generation";
    LOAD = "load.lua", "loading accounts";
    OPEN = "open.lua", "opening a generation";
    CLOSE = "close.lua", "closing an epoch";
    READ = "read.lua", "reading accounts";
}

/// Keys and arguments; the name of the server's run is put before the arguments.
#[derive(Default)]
pub(super) struct Input {
    keys: Vec<String>,
    arguments: Vec<Vec<u8>>,
}

impl Input {
    pub(super) fn key(&mut self, key: String) {
        self.keys.push(key);
    }

    pub(super) fn argument(&mut self, argument: impl Display) {
        self.bytes(argument.to_string().into_bytes());
    }

    pub(super) fn numbers(&mut self, numbers: &[i64]) {
        self.bytes(packed(numbers));
    }

    pub(super) fn bytes(&mut self, argument: Vec<u8>) {
        self.arguments.push(argument);
    }
}

impl StoreScript {
    fn new(operation: &'static str, text: &'static str) -> Self {
        Self {
            operation,
            text,
            digest: Script::new(text).get_hash().to_owned(),
        }
    }

    /// Runs it; the rows of numbers that it answers after `ok`.
    pub(super) async fn run(&self, link: &RedisLink, input: &Input) -> Result<Vec<Vec<u8>>, EscrowError> {
        let by_digest = |run: &str| command("EVALSHA", &self.digest, input, run);
        let whole = |run: &str| command("EVAL", self.text, input, run);
        let outcome = match link.run_knowing(self.operation, by_digest).await {
            Err(error) if error.has_code("NOSCRIPT") => link.run_knowing(self.operation, whole).await,
            outcome => outcome,
        };
        let (answer,): (Vec<Vec<u8>>,) =
            outcome.map_err(|error: LinkError| error.into_backplane(self.operation))?;
        let mut answer = answer.into_iter();
        match answer.next().as_deref() {
            Some(b"ok") => Ok(answer.collect()),
            Some(b"forgotten") => Err(Refusal::Forgotten.into()),
            Some(b"closed") => Err(Refusal::Closed.into()),
            Some(b"stale") => Err(Refusal::Stale.into()),
            Some(b"generation") => {
                let [number] = self.row(answer.next().as_deref())?;
                Err(Refusal::Generation(number.unsigned_abs()).into())
            }
            Some(_) | None => Err(self.malformed().into()),
        }
    }

    /// A row of an answer.
    pub(super) fn row<const N: usize>(&self, bytes: Option<&[u8]>) -> Result<[i64; N], BackplaneError> {
        bytes.and_then(unpacked).ok_or_else(|| self.malformed())
    }

    pub(super) fn malformed(&self) -> BackplaneError {
        BackplaneError::unavailable(self.operation, "the answer of the script cannot be read")
    }
}

fn command(verb: &str, script: &str, input: &Input, run: &str) -> Pipeline {
    let mut command = Cmd::new();
    command.arg(verb).arg(script).arg(input.keys.len());
    command.arg(&input.keys).arg(format!("{run}:{LAYOUT}"));
    command.arg(&input.arguments);
    let mut pipeline = pipe();
    pipeline.add_command(command);
    pipeline
}
