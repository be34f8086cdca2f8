//! One binary for every proof over the assembled system.

// The attribute tells the lints that unwrapping is fine in functions that tests share.
#[cfg(test)]
mod structure;
