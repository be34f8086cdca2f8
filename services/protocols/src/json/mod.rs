//! Reading and writing JSON by hand where a tree would cost too much: a validating cursor over
//! borrowed bytes, the depth check, and string escaping. The dialect folders call these.

mod cursor;
mod depth;
mod scan;
mod string;

pub use cursor::{Cursor, Kind, Span};
pub use depth::{DEFAULT_DEPTH, MAX_DEPTH, check};
pub use string::{JsonStr, write_string};
