//! Which endpoint has which conversation in its prompt cache: bounded, and without a list to clean up.
//!
//! A table of sets of four places of 16 bytes. A conversation lives in one set; the oldest of its set makes room. A
//! million conversations at twice the places take 32 MB.

use super::moment::Moment;

const WAYS: usize = 4;

#[derive(Debug, Clone, Copy, Default)]
struct Place {
    key: u64,
    tokens: u32,
    /// Seconds of the clock, from 1; 0: empty.
    at: u32,
}

/// Conversations and where they are warm.
#[derive(Debug, Clone)]
pub struct Sessions {
    sets: Vec<[Place; WAYS]>,
}

const fn mix(session: u64, endpoint: u64) -> u64 {
    let mut z = session ^ endpoint.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn second(now: Moment) -> u32 {
    u32::try_from(now.micros() / 1_000_000 + 1).unwrap_or(u32::MAX)
}

impl Sessions {
    /// Room for so many conversations, one place each.
    #[must_use]
    pub fn with_room_for(conversations: usize) -> Self {
        let sets = conversations.div_ceil(WAYS).max(1);
        Self {
            sets: vec![[Place::default(); WAYS]; sets],
        }
    }

    fn set(&self, key: u64) -> usize {
        ((u128::from(key) * self.sets.len() as u128) >> 64) as usize
    }

    /// The endpoint has just read `tokens` of the conversation. Both are named by hashes of the caller's.
    pub fn remember(&mut self, now: Moment, session: u64, endpoint: u64, tokens: u32) {
        let key = mix(session, endpoint);
        let set = self.set(key);
        let Some(places) = self.sets.get_mut(set) else {
            return;
        };
        let mut chosen = 0;
        for (number, place) in places.iter().enumerate() {
            if place.at > 0 && place.key == key {
                chosen = number;
                break;
            }
            if place.at < places[chosen].at {
                chosen = number;
            }
        }
        places[chosen] = Place {
            key,
            tokens,
            at: second(now),
        };
    }

    /// Tokens of the conversation that the endpoint still has, when it keeps them for `keeps` seconds.
    #[must_use]
    pub fn warm(&self, now: Moment, session: u64, endpoint: u64, keeps: f64) -> u32 {
        let key = mix(session, endpoint);
        let places = self.sets.get(self.set(key));
        let found = places.and_then(|places| places.iter().find(|it| it.at > 0 && it.key == key));
        let fresh = |place: &&Place| f64::from(second(now).saturating_sub(place.at)) < keeps;
        found.filter(fresh).map_or(0, |place| place.tokens)
    }

    /// Bytes it takes.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.sets.len() * size_of::<[Place; WAYS]>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn second(at: u64) -> Moment {
        Moment::from_micros(at * 1_000_000)
    }

    #[test]
    fn a_conversation_is_warm_where_it_was_and_only_for_a_time() {
        let mut sessions = Sessions::with_room_for(16);
        sessions.remember(second(10), 1, 7, 500);
        sessions.remember(second(20), 1, 7, 900);
        sessions.remember(second(20), 1, 8, 400);
        assert_eq!(sessions.warm(second(21), 1, 7, 300.0), 900);
        assert_eq!(sessions.warm(second(21), 1, 8, 300.0), 400);
        assert_eq!(sessions.warm(second(21), 1, 9, 300.0), 0, "another endpoint");
        assert_eq!(sessions.warm(second(21), 2, 7, 300.0), 0, "another conversation");
        assert_eq!(sessions.warm(second(320), 1, 7, 300.0), 0, "too long ago");
    }

    #[test]
    fn the_oldest_makes_room_and_a_million_fit_in_200_megabytes() {
        let mut sessions = Sessions::with_room_for(1_000);
        for session in 0..100_000 {
            sessions.remember(second(session), session, 1, 1);
        }
        let kept = |range: std::ops::Range<u64>| {
            range
                .filter(|it| sessions.warm(second(100_000), *it, 1, 1e9) > 0)
                .count()
        };
        assert!(kept(99_800..100_000) > 180, "{}", kept(99_800..100_000));
        assert_eq!(kept(0..90_000), 0);

        let mut sessions = Sessions::with_room_for(2_000_000);
        (0..1_000_000).for_each(|it| sessions.remember(second(it / 1_000), it, it % 12, 1));
        let found = (0..1_000_000)
            .filter(|it| sessions.warm(second(1_000), *it, it % 12, 1e9) > 0)
            .count();
        assert!(found > 940_000, "{found}");
        assert!(sessions.bytes() <= 200_000_000, "{}", sessions.bytes());
    }
}
