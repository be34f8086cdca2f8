//! Anthropic Messages: what a gateway reads of a request, and the error envelope. On the fast path
//! unknown fields are never touched; `codec` is the other path, to and from the canonical form. It
//! also reads the streams that pass through, whose events say more than one frame can tell.

pub mod codec;
pub mod error;
pub mod request;

mod usage;

pub use request::MessagesRequestView;
