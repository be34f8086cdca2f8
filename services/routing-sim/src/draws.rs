//! The randomness of scenario format 1: every draw is a pure function of (seed, request, endpoint, attempt, stream).
//!
//! Must stay true, bit for bit: two policies that send a request to the same endpoint as its n-th try there meet the
//! same luck, here and in every other program that reads the format.

use std::f64::consts::PI;

/// The finalizer of SplitMix64 with its increment.
#[must_use]
pub const fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// A hash as a number in (0, 1).
fn unit(hash: u64) -> f64 {
    ((hash >> 11) as f64 + 0.5) / 9_007_199_254_740_992.0
}

/// The endpoint under which the draws of arrivals are filed.
pub(crate) const ARRIVALS: u64 = 999;

/// What the draws of one attempt, or of one arrival, depend on.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// The seed of the run.
    pub seed: u64,
    /// Number of the request.
    pub request: u64,
    /// Number of the endpoint.
    pub endpoint: u64,
    /// How often this request was sent to this endpoint before.
    pub attempt: u64,
}

impl Key {
    /// Uniform in (0, 1).
    #[must_use]
    pub fn uniform(&self, stream: u64) -> f64 {
        let mixed = mix(mix(mix(mix(self.seed) ^ self.request) ^ self.endpoint) ^ self.attempt);
        unit(mix(mixed ^ stream))
    }

    /// Standard normal, by Box and Muller over `stream` and the one after it.
    #[must_use]
    pub fn normal(&self, stream: u64) -> f64 {
        (-2.0 * self.uniform(stream).ln()).sqrt() * (2.0 * PI * self.uniform(stream + 1)).cos()
    }
}

/// The randomness of a policy itself.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Starts from a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(mix(seed ^ 0xab_cdef))
    }

    /// The next 64 bits.
    pub const fn draw(&mut self) -> u64 {
        self.0 = mix(self.0);
        self.0
    }

    /// Uniform in (0, 1).
    pub fn uniform(&mut self) -> f64 {
        unit(self.draw())
    }

    /// A position in `0..count`.
    pub fn below(&mut self, count: usize) -> usize {
        (self.uniform() * count as f64) as usize
    }

    /// Standard normal.
    pub fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (2.0 * PI * self.uniform()).cos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers of another program that reads the format.
    #[test]
    fn draws_are_those_of_the_format() {
        let key = Key {
            seed: 1,
            request: 2,
            endpoint: 3,
            attempt: 0,
        };
        assert_eq!(mix(1), MIXED);
        assert_eq!(key.uniform(10).to_bits(), UNIFORM.to_bits());
        assert!((key.normal(13) - NORMAL).abs() < 1e-12);
        assert_eq!(Dice::new(1_000).draw(), ROLLED);
    }

    const MIXED: u64 = 10_451_216_379_200_822_465;
    const UNIFORM: f64 = 0.1102264575703164;
    const NORMAL: f64 = 0.8754516458496927;
    const ROLLED: u64 = 2_799_593_418_642_146_705;
}
