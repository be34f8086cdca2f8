//! A provider that answers as the real ones do, in every format the gateway speaks to them, and does
//! what it is told: a script per model sets speed, size and faults. Tests and the demo start it as a
//! library, benches and the distributed run as a binary. Its ledger says what it billed, computed
//! without any code of the gateway's metering, so that the two can be held against each other.
//!
//! A request's way: a file of `formats` takes it at its path and says what is the provider's own
//! (keys, words for errors, ids); `exchange` is the way of a call, the same in all formats. `asked`
//! reads what is wanted, `answer` decides what is said, `behaviour` what goes wrong, `plan` puts it
//! together, in no format. `events` makes canonical events of the plan, `encoded` has the codecs of
//! `protocols` write them; `stream` paces them, `ledger` books the call. `seal` makes signatures
//! of reasoning and knows them again, `token` gives tokens to service accounts, `trouble` is what can
//! be wrong with a call.
//!
//! Chat completions at `/v1` go past the canonical form: `openai_chat` reads and writes them faster,
//! because benches ask for them by the thousand. `control` is the same reach for tests in other
//! languages, over HTTP under `/__mock/`.
//!
//! # Adding a format
//!
//! A file in `formats`: a `Provider` with the key it is shown and its words for each `Trouble`, a
//! `Format` with its dialect and ids, and the paths. Then a row in `WAYS` of
//! `tests/it/formats/mod.rs`, which all tests of formats run over, and a line in `recorded`, which
//! holds its documents against recordings.

pub mod behaviour;
pub mod config;
pub mod ledger;
pub mod load;
pub mod pace;
pub mod pricing;

mod answer;
mod asked;
mod control;
mod embeddings;
mod encoded;
mod events;
mod exchange;
mod fit;
mod formats;
mod frames;
mod models;
mod openai_chat;
mod plan;
mod seal;
mod server;
mod state;
mod stream;
mod text;
mod token;
mod trouble;

pub use behaviour::{Behaviour, Fault, Rule, Script, When};
pub use config::{Config, LedgerKind};
pub use ledger::{Entry, Outcome, Totals};
pub use server::{MockHandle, MockProvider, StartError};
