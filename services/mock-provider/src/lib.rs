//! A provider that answers as OpenAI does and does what it is told: a script per model sets speed,
//! size and faults. Tests and the demo start it as a library, benches and the distributed run as a
//! binary. Its ledger says what it billed, computed without any code of the gateway's metering, so
//! that the two can be held against each other.
//!
//! A request's way: `server` routes it, `openai_chat` or `embeddings` reads it, `behaviour` decides
//! what befalls it, `text` makes the answer, `stream` paces it, `ledger` books it. `control` is the
//! same reach for tests in other languages, over HTTP under `/__mock/`.
//!
//! What a request asks for beyond words (calls of tools, an answer that follows a schema, reasoning)
//! and orders in its prompt are read by `asked` and decided by `answer`, in no format. `plan` adds
//! what the script of the model says, `respond` lets it happen, and a `format` writes it.
//!
//! # Adding a format
//!
//! 1. A reader in `asked` that gives an `Asked`, and says which rules a conversation broke.
//! 2. A module like `openai_chat`: a handler that makes a `Plan`, and an `impl Format`.
//! 3. Its paths in `server`, the header of its keys in `server::admit`, and tests like those of
//!    `tests/it/scripted.rs`: the conformance suite relies on the same answers in every format.

pub mod behaviour;
pub mod config;
pub mod ledger;
pub mod load;
pub mod pricing;

mod answer;
mod asked;
mod control;
mod embeddings;
mod fit;
mod format;
mod models;
mod openai_chat;
mod plan;
mod refusal;
mod respond;
mod server;
mod state;
mod stream;
mod text;

pub use behaviour::{Behaviour, Fault, Rule, Script, When};
pub use config::{Config, LedgerKind};
pub use ledger::{Entry, Outcome, Totals};
pub use server::{MockHandle, MockProvider, StartError};
