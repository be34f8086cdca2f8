//! Laws of the arithmetic, checked over random inputs against independent models, and protocols explored to the end.

#[cfg(test)]
mod bound;
#[cfg(test)]
mod bucket;
#[cfg(test)]
mod cards;
#[cfg(test)]
mod fleet;
#[cfg(test)]
mod history;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod models;
#[cfg(test)]
mod price;
#[cfg(test)]
mod shares;
