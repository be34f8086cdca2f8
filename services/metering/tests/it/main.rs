//! Properties of the arithmetic, checked against independent models, and protocols explored to the end.

#[cfg(test)]
mod models;
#[cfg(test)]
mod properties;
