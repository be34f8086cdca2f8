//! What the decision engine promises: properties over random inputs, and cases worth reading.

#[cfg(test)]
mod allocations;
#[cfg(test)]
mod capabilities;
#[cfg(test)]
mod constraints;
#[cfg(test)]
mod experiments;
#[cfg(test)]
mod facts;
#[cfg(test)]
mod health;
#[cfg(test)]
mod live;
#[cfg(test)]
mod peers;
mod plans;
mod preferences;
#[cfg(test)]
mod proof;
#[cfg(test)]
mod retries;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod selection;
#[cfg(test)]
mod support;
#[cfg(test)]
mod vitals;
