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
//! and orders in its prompt are read by `asked`, decided by `answer` in no format, and written by
//! the format the request came in.

pub mod behaviour;
pub mod config;
pub mod ledger;
pub mod load;
pub mod pricing;

mod answer;
mod asked;
mod control;
mod embeddings;
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
