//! Properties of the price arithmetic, checked against an independent model.

mod properties;
