//! The upstream world of a scenario: what arrives, and how endpoints answer.

pub mod arrivals;
pub mod endpoint;
pub mod params;

pub use arrivals::{Request, arrivals};
pub use endpoint::Endpoint;
pub use params::Params;
