//! Laws of the arithmetic, checked over random inputs against independent models.

#[cfg(test)]
mod bound;
#[cfg(test)]
mod cards;
#[cfg(test)]
mod price;
