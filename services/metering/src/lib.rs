//! How much: applies price cards to token counts, bounds what a call can cost, limits how much may come at a time, and
//! keeps the books. No IO, no clock, no randomness.
//!
//! All arithmetic is integer: prices in pico-USD per token, sums in `i128` pico-USD, and one rounding, upwards, to
//! nano-USD at the very end. `routing` says where a request goes; this crate says how much it costs.
//!
//! | module | answers |
//! |---|---|
//! | [`price`] | what did these tokens cost, by which version of the price |
//! | [`price::ending`] | what of that is owed, by how the attempt ended |
//! | [`bound`] | what can a call of this size cost at most, and how long an answer can so much money pay |
//! | [`escrow`] | may this call spend that much of budgets that many workers share |
//! | [`period`] | when do the periods of a budget begin and end |
//! | [`bucket`] | may so many more requests or tokens come now, and if not, when |
//! | [`ledger`] | what prepaid credit there is, where it went, and whether the books balance |

pub mod bound;
pub mod bucket;
pub mod escrow;
pub mod ledger;
pub mod period;
pub mod price;

pub use bound::{CallSize, OutputCap, Prompt, Quote, Span, Unbounded};
pub use price::ending::{Ending, Opening, Settled, settle};
pub use price::{Priced, Terms};
