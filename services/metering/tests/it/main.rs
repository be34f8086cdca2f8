//! Laws of the arithmetic, checked over random inputs against independent models.

#[cfg(test)]
mod bound;
#[cfg(test)]
mod bucket;
#[cfg(test)]
mod cards;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod price;
