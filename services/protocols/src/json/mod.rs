//! Reading and writing JSON by hand where a tree would cost too much: a validating cursor over
//! borrowed bytes, the depth check, checked JSON kept as text, and a writer. The dialect folders
//! call these.

mod cursor;
mod depth;
mod raw;
mod scan;
mod skip;
mod string;
mod value;
mod writer;

pub use cursor::{Cursor, MAX_NODES};
pub use depth::{DEFAULT_DEPTH, MAX_DEPTH, check};
pub use raw::{Number, RawJson};
pub use string::{JsonStr, write_string};
pub use value::{Kind, Span};
pub use writer::{Array, Object, write_number, write_raw};
