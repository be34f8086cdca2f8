//! Server-sent events framing, both ways. The stream readers of the dialects parse with it, the
//! encoders and keep-alive timers write with it.

mod outgoing;
mod parser;
mod writer;

pub(crate) use outgoing::Outgoing;
pub use parser::{Frame, FrameTooLarge, Parser};
pub use writer::{KEEP_ALIVE, write_comment, write_event};
