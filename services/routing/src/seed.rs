//! The deterministic generator behind every random choice: a plan can be replayed from its request id for good.
//!
//! SplitMix64 (Steele, Lea, Flood 2014), written out because its sequence must never change under a stored decision.

/// Source of a request's random choices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seed(u64);

impl Seed {
    /// From the bits of a request id, both halves counted: the upper one is mostly time.
    #[must_use]
    pub const fn from_id(bits: u128) -> Self {
        let (high, low) = (bits >> 64, bits & 0xffff_ffff_ffff_ffff);
        #[expect(clippy::cast_possible_truncation, reason = "each half has 64 bits")]
        Self(mix(high as u64) ^ low as u64)
    }

    /// From a name (FNV-1a over its bytes).
    #[must_use]
    pub fn from_text(name: &str) -> Self {
        let folded = name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(mix(folded))
    }

    /// Of this and another, so that both count.
    #[must_use]
    pub const fn joined(self, other: Self) -> Self {
        self.branch(other.0)
    }

    /// Another seed for another use, so that two uses do not share their draws.
    #[must_use]
    pub const fn branch(self, label: u64) -> Self {
        Self(mix(self.0 ^ mix(label.wrapping_add(GAMMA))))
    }

    /// A generator that starts here.
    #[must_use]
    pub const fn generator(self) -> Generator {
        Generator(self.0)
    }
}

const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A stream of numbers.
#[derive(Debug, Clone)]
pub struct Generator(u64);

impl Generator {
    /// The next 64 bits.
    pub const fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GAMMA);
        mix(self.0)
    }

    /// A number in `0..bound`; 0 when `bound` is 0. Biased by less than bound / 2⁶⁴.
    pub fn below(&mut self, bound: u64) -> u64 {
        let scaled = (u128::from(self.draw()) * u128::from(bound)) >> 64;
        u64::try_from(scaled).unwrap_or(0)
    }

    /// A number in `0.0..1.0`.
    pub fn unit(&mut self) -> f64 {
        (self.draw() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_is_the_published_one() {
        let mut generator = Seed(1_234_567).generator();
        let drawn = [generator.draw(), generator.draw(), generator.draw()];
        assert_eq!(
            drawn,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn branches_differ_from_each_other_and_from_the_trunk() {
        let seed = Seed::from_id(7);
        assert_ne!(seed.branch(0), seed.branch(1));
        assert_ne!(seed.branch(0), seed);
    }
}
