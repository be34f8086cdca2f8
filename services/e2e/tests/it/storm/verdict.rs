//! Holds the books against each other: `books` reads them, `rules` judges requests and calls, `attempts` judges each
//! upstream try against the provider's entry for it, `summary` tells the run in numbers.
//!
//! Must stay true: each rule can fail, and `tests` has a case that makes it.

mod attempts;
mod books;
mod rules;
mod summary;
mod tests;

use std::time::Duration;

pub(super) use books::Books;

/// Words of an answer of [`super::load::LONG`]. At 4 ms a word, more than twice as long as a call that was given up may
/// run on.
pub(super) const LONG_WORDS: u64 = 3_000;
/// How long after its caller hung up a call may run on at the provider. Prompt is a few milliseconds; the rest is for
/// a machine that is busy with other things.
const CANCELLED_WITHIN: Duration = Duration::from_secs(5);
/// How long callers may feel a worker's death after it is ready again: their broken connections.
const AFTERMATH: Duration = Duration::from_secs(1);
/// Attempts that a model name without a route is given.
const MOST_ATTEMPTS: usize = 3;
/// Codes of answers given before the caller is known, so that there is nobody to record them for.
const UNRECORDED: [&str; 2] = ["not_ready", "invalid_api_key"];
