//! Properties of the price arithmetic, checked against an independent model.

#[cfg(test)]
mod properties;
