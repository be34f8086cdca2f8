//! Where: decides which endpoints a request tries, in which order, and what happens after each try.
//!
//! No IO, no clock, no randomness: time and seed are arguments, so the same input always gives the same plan and a
//! decision can be explained or replayed later. Two verbs: [`plan()`] before the first attempt, [`judge`] after each.
//!
//! | module | answers |
//! |---|---|
//! | [`input`] | what a decision is made from |
//! | [`mod@plan`] | which candidates are tried, in order, and why the others are not |
//! | [`eligibility`] | can this candidate serve this request at all, and may it |
//! | [`capabilities`] | can a model do what a request needs of it |
//! | [`constraints`] | does an endpoint satisfy what is demanded of it |
//! | [`facts`] | what is known of a candidate, by whom |
//! | [`decided`] | how a decision is written down |
//! | [`proof`] | can any call reach what a claim forbids |
//! | [`preferences`] | in which order a caller would have the candidates of a target tried |
//! | [`strategy`] | in which order the route would have them tried; one file per kind |
//! | `outlook` | what is known at this moment of those that may serve |
//! | [`retry`] | what follows from the outcome of an attempt |
//! | [`experiment`] | which arm of an experiment a request is of |
//! | [`rollout`] | which of two versions of a route serves a request |
//! | [`rules`] | which rule of a route applies to a request |
//! | [`health`] | what is known of an endpoint from its calls |
//! | [`select`] | which endpoint is best for a call now, and why |
//! | [`backoff`], [`seed`] | how long to wait, and the deterministic generator behind it |

pub mod backoff;
pub mod capabilities;
pub mod constraints;
pub mod decided;
pub mod eligibility;
pub mod experiment;
pub mod facts;
pub mod health;
pub mod input;
mod outlook;
pub mod plan;
pub mod preferences;
pub mod proof;
mod regions;
pub mod retry;
pub mod rollout;
pub mod rules;
pub mod seed;
pub mod select;
mod site;
pub mod strategy;

pub use capabilities::Needs;
pub use constraints::Demand;
pub use decided::Decided;
pub use experiment::Turn;
pub use input::{
    Bounds, Candidate, Ceiling, Credential, Live, RequestFeatures, RoutingInput, Selection, Target, Unknown,
};
pub use plan::{Cause, NoRoute, Plan, PlannedAttempt, Rejection, RejectionCode, plan};
pub use preferences::{Percentiles, Preferences, Sort};
pub use retry::{Progress, StopReason, Verdict, judge};
pub use seed::Seed;
pub use site::Site;
pub use strategy::Score;
