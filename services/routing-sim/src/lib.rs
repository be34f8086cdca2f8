//! The scenarios of endpoint selection, run in virtual time: the engine of `sluicegate-routing` beside the policies of
//! its peers and a clairvoyant oracle, on the same arrivals with the same luck.
//!
//! | module | what is there |
//! |---|---|
//! | [`scenario`] | the file format |
//! | [`draws`] | its randomness, bit for bit |
//! | [`world`] | arrivals and endpoints |
//! | [`mod@simulation`] | the loop of events |
//! | [`policy`] | who decides: [`policy::engine`] is the adapter to our engine |
//! | [`metrics`], [`report`] | what a run is judged by, and the tables of it |

pub mod draws;
pub mod metrics;
pub mod policy;
pub mod report;
pub mod scenario;
pub mod simulation;
pub mod world;
