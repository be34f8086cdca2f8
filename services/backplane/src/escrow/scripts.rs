//! The Redis scripts of the escrow: run by digest, sent whole when the server has not seen them.

use std::fmt::Display;
use std::sync::LazyLock;

use redis::{Cmd, Pipeline, Script, pipe};
use sluicegate_metering::escrow::Refusal;

use super::EscrowError;
use crate::error::BackplaneError;
use crate::redis_link::{LinkError, RedisLink};

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
    arguments: Vec<String>,
}

impl Input {
    pub(super) fn key(&mut self, key: String) {
        self.keys.push(key);
    }

    pub(super) fn argument(&mut self, argument: impl Display) {
        self.arguments.push(argument.to_string());
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

    /// Runs it; what it answers after `ok`.
    pub(super) async fn run(&self, link: &RedisLink, input: &Input) -> Result<Vec<String>, EscrowError> {
        let by_digest = |run: &str| command("EVALSHA", &self.digest, input, run);
        let whole = |run: &str| command("EVAL", self.text, input, run);
        let outcome = match link.run_knowing(self.operation, by_digest).await {
            Err(error) if error.has_code("NOSCRIPT") => link.run_knowing(self.operation, whole).await,
            outcome => outcome,
        };
        let (answer,): (Vec<String>,) =
            outcome.map_err(|error: LinkError| error.into_backplane(self.operation))?;
        let mut answer = answer.into_iter();
        match answer.next().as_deref() {
            Some("ok") => Ok(answer.collect()),
            Some("forgotten") => Err(Refusal::Forgotten.into()),
            Some("closed") => Err(Refusal::Closed.into()),
            Some("stale") => Err(Refusal::Stale.into()),
            Some("generation") => Err(Refusal::Generation(self.number(answer.next())?).into()),
            Some(_) | None => Err(self.malformed().into()),
        }
    }

    /// A number of an answer.
    pub(super) fn number<T: std::str::FromStr>(
        &self,
        text: Option<impl AsRef<str>>,
    ) -> Result<T, BackplaneError> {
        text.and_then(|text| text.as_ref().parse().ok())
            .ok_or_else(|| self.malformed())
    }

    pub(super) fn malformed(&self) -> BackplaneError {
        BackplaneError::unavailable(self.operation, "the answer of the script cannot be read")
    }
}

fn command(verb: &str, script: &str, input: &Input, run: &str) -> Pipeline {
    let mut command = Cmd::new();
    command.arg(verb).arg(script).arg(input.keys.len());
    command.arg(&input.keys).arg(run).arg(&input.arguments);
    let mut pipeline = pipe();
    pipeline.add_command(command);
    pipeline
}
