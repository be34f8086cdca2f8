//! One binary for every proof over the assembled system.

// The attribute tells the lints that unwrapping is fine in functions that tests share.
#[cfg(test)]
mod budgets;
#[cfg(test)]
mod clients;
#[cfg(test)]
mod derived_keys;
#[cfg(test)]
mod explanations;
#[cfg(test)]
mod first_token;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod outage;
#[cfg(test)]
mod propagation;
#[cfg(test)]
mod rollouts;
#[cfg(test)]
mod session_caps;
#[cfg(test)]
mod storm;
#[cfg(test)]
mod structure;
