//! What the scenarios prove: that this is the world they were written for, and that the engine does well in it.

#[cfg(test)]
mod engine;
#[cfg(test)]
mod published;
#[cfg(test)]
mod trouble;
