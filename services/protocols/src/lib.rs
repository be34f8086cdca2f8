//! Wire formats of inference traffic, read and written without IO, clock or randomness.
//!
//! Traffic takes one of two paths. Same dialect in and out passes through: `passthrough` changes
//! the bytes that must change and leaves every other byte, unknown fields included, as the caller
//! sent it; the views in each dialect's folder read what a gateway must know. Everything else goes
//! through the hub: [`dialect`] decodes into the [`canonical`] form and encodes from it, never from
//! one dialect to another, and what the target cannot say is in a [`lossy::LossReport`]. Either way,
//! [`relay`] carries the answer back. The data plane, the mock provider and the built-in echo
//! provider are the callers.
//!
//! Two rules hold everywhere. Input is hostile: nothing here panics, recurses without a bound or
//! buffers without one. Text of prompts and answers is never part of an error this crate makes;
//! text a *provider* put into its error is kept apart in [`provider_error::ProviderError`].
//!
//! # Adding a dialect
//!
//! 1. A folder like `anthropic_messages`, with the same files: `request` (the view of the passthrough;
//!    a dialect of providers alone has none), `error` (`ErrorBody`, with `From<&Failure>`), and `codec`.
//!    Answers that pass through need no views of their own: [`relay`] watches them with the codec's
//!    decoders. (Chat Completions, which most traffic is, have `response` and `stream` besides, which
//!    do less work.)
//!    - `decode_request(body, depth) -> Result<Request, DecodeError>`: strict. A modelled member of
//!      the wrong type is an error with its place; an unknown one goes to the node's `extra`, and so
//!      does a modelled one that is null. Build on [`json::Cursor`]; call `count_node` for every
//!      node built; keep JSON that is not ours to read as [`json::RawJson`].
//!    - `encode_request(&Request, &RequestTarget) -> Encoded`: take every canonical struct apart
//!      without `..`. With `origin` this dialect and not `meaning_only`, form and extra are written
//!      back; otherwise every extra that says something is noted as lost. Use
//!      [`canonical::turns`] to merge neighbors and [`tool_ids::ToolIds`] for ids.
//!    - `decode_response(body)` and `encode_response(&Response, &AnswerTarget) -> Encoded`: the
//!      same for answers, read leniently. Derive `FinishReason::ToolUse` from the presence of a
//!      call. Convert usage to the containment rules of [`TokenCounts`] and keep the report as
//!      `native`.
//!    - `StreamDecoder` with `new()`, `frame(event, data, sink)` and `end(sink)`: the order of
//!      events is written at [`canonical::StreamEvent`]. Keep no text. A part that is `Opaque` is
//!      whole when it starts. `end` gives `Complete` only when the provider has said all.
//!    - `StreamEncoder` with `new(&AnswerTarget)`, `event(&event, out)`, `fail(&failure, out)` and
//!      `losses()`: owns the ordering rules of the dialect. One part is open at a time already. Where
//!      parts are blocks that come one after the other, `block_stream` does all but the spelling.
//!    - `form`: the notes on spelling, numbers of the dialect's own.
//! 2. A row in the table of `dialect`, with how streams are framed ([`sse`], [`event_stream`]), and,
//!    when callers speak it, a function in `passthrough`, a variant of `Api` in the data plane and its
//!    path; the compiler lists the rest.
//! 3. Tests: recordings into `tests/golden/<dialect>` with their sources in the NOTICE; a row in
//!    `CASES` of `tests/it/recorded.rs` and in `ENDPOINTS` of `tests/it/streams.rs`. The property
//!    tests cover every dialect in [`Dialect::ALL`] by themselves. One unit test per habit of the
//!    dialect's servers in `codec/tests`. A row in `SHAPES` of `benches/hostile.rs` and in `PLACES` of
//!    `tests/it/malformed.rs`: bad input is refused within 50 ms and with its place.
//!
//! A new canonical field is added only when two dialects have it; it then fails to compile until
//! every encoder has said what it does with it.

pub mod anthropic_messages;
pub mod bedrock_converse;
mod block_stream;
mod call_input;
pub mod canonical;
mod closing_frame;
pub mod cohere_chat;
pub mod completions;
pub mod dialect;
pub mod embeddings;
pub mod error;
pub mod event_stream;
pub mod failure;
pub mod gemini;
pub mod json;
pub mod lossy;
pub mod models_list;
pub mod openai_chat;
pub mod openai_responses;
pub mod passthrough;
pub mod provider_error;
mod reading;
pub mod relay;
mod request_fields;
pub mod rerank;
pub mod sse;
pub mod target;
pub mod tokens;
pub mod tool_ids;
pub mod user_text;

pub use dialect::Dialect;
pub use error::{DecodeError, Fault};
pub use tokens::TokenCounts;
