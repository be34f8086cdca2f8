//! The canonical form: what a request, an answer and a stream of one *mean*, in no dialect's words.
//! Every dialect decodes into it and encodes from it; no dialect knows another.
//!
//! Three kinds of things sit side by side in each node and must stay apart. *Meaning*: the named
//! fields, which every encoder handles (they take nodes apart without `..`, so that a new field
//! does not compile until every dialect has said what it does with it). *Form*: a [`Form`] note of
//! the dialect of origin to itself about which of several equal spellings was used. *Extra*: what
//! the dialect of origin could not read, kept as text. Form and extra count only when encoding to
//! the dialect of origin again; towards another, extra is a loss and is reported as one.
//!
//! Everything borrows from the document it was decoded from.

mod collect;
mod content;
mod event;
mod extra;
mod message;
mod owned;
mod request;
mod response;
mod tools;
mod turns;
mod usage_detail;

pub use collect::{CollectFault, Collector};
pub use content::{
    Arguments, CacheMark, CacheStyle, CallKind, Citation, Issuer, Item, Media, MediaKind, Opaque, OpaqueRole,
    Part, PartBody, Reasoning, Source, Text, ToolCall, ToolResult,
};
pub use event::{Delta, StreamEnd, StreamEvent, StreamFault, StreamStart};
pub use extra::{Extra, Form};
pub use message::{Message, Role};
pub use request::{
    LogprobsConfig, ReasoningConfig, Request, ResponseFormat, ResponseShape, Sampling, StreamConfig,
};
pub use response::{Candidate, Finish, FinishReason, Logprobs, Response, TokenLogprob, Usage};
pub use tools::{CustomTool, FunctionTool, ProviderTool, Tool, ToolBody, ToolChoice, ToolMode};
pub use turns::{Turn, turns};
