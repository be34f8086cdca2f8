//! How much: applies price cards to token counts and bounds what a call can cost. No IO, no clock, no randomness.
//!
//! All arithmetic is integer: prices in pico-USD per token, sums in `i128` pico-USD, and one rounding, upwards, to
//! nano-USD at the very end. `routing` says where a request goes; this crate says how much it costs.
//!
//! | module | answers |
//! |---|---|
//! | [`price`] | what did these tokens cost by this price card |
//! | [`bound`] | what can a call of this size cost at most |
//! | [`escrow`] | may this call spend that much of budgets that many workers share |
//! | [`period`] | when do the periods of a budget begin and end |

pub mod bound;
pub mod escrow;
pub mod period;
pub mod price;

pub use bound::{CallSize, upper_bound};
pub use price::cost;
