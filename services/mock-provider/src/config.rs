//! What a mock provider is started with. Read from a JSON file by the binary, built in code by tests.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde::Deserialize;

use crate::behaviour::Script;
use crate::pricing::PriceTable;

/// Everything that is set before the start; the script can be changed later.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Address to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Threads that answer requests.
    pub workers: usize,
    /// Keys that are accepted, shown in each provider's way; of signed requests, ids of keys. None
    /// means that no key is asked for.
    pub keys: Vec<String>,
    /// Models that exist; none means that every name is answered.
    pub models: Vec<String>,
    /// What tokens cost.
    pub prices: PriceTable,
    /// How calls go.
    pub script: Script,
    /// Where chance comes from: equal seeds and equal calls give equal answers and faults.
    pub seed: u64,
    /// What is kept of calls.
    pub ledger: LedgerKind,
}

/// What is kept of calls.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LedgerKind {
    /// Sums only, for benches.
    Totals,
    /// Every entry, in memory.
    Memory,
    /// Every entry, in memory and appended to this file, which is read back at the next start.
    File(PathBuf),
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            workers: 1,
            keys: Vec::new(),
            models: Vec::new(),
            prices: PriceTable::default(),
            script: Script::default(),
            seed: 0,
            ledger: LedgerKind::Memory,
        }
    }
}
