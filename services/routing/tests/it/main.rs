//! What the decision engine promises: properties over random inputs, and cases worth reading.

#[cfg(test)]
mod plans;
#[cfg(test)]
mod retries;
#[cfg(test)]
mod support;
