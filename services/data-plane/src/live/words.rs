//! The text in which a worker tells others what it saw of the endpoints of one tenant. It is read from a store that anybody
//! may have written to.

use serde::{Deserialize, Serialize};
use sluicegate_contracts::ids::ConnectionId;
use sluicegate_routing::health::Summary;

/// Most endpoints in one text, and the longest name of a model in it: both together stay within what the store takes.
pub(super) const MOST_ENDPOINTS: usize = 32;
const LONGEST_NAME: usize = 256;

/// All that one worker has to say of a tenant's endpoints: what it leaves out, it knows nothing of.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Words {
    /// Grows with each text of the worker's epoch.
    pub(super) round: u64,
    pub(super) endpoints: Vec<Word>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Word {
    pub(super) connection: ConnectionId,
    /// As the provider names it.
    pub(super) model: String,
    pub(super) seen: Summary,
}

impl Word {
    /// Whether it can be counted.
    pub(super) fn is_sane(&self) -> bool {
        can_be_told(&self.model) && self.seen.is_sane()
    }
}

/// Whether others would read of a model with this name.
pub(super) fn can_be_told(model: &str) -> bool {
    (1..=LONGEST_NAME).contains(&model.len()) && !model.contains(char::is_control)
}

impl Words {
    /// `None` when it is no such text.
    pub(super) fn read(text: &[u8]) -> Option<Self> {
        let words: Self = serde_json::from_slice(text).ok()?;
        (words.endpoints.len() <= MOST_ENDPOINTS).then_some(words)
    }

    /// The text.
    pub(super) fn write(&self) -> Option<Vec<u8>> {
        serde_json::to_vec(self).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sluicegate_backplane::sightings::MAX_BODY;
    use sluicegate_routing::health::summary::{LimitsTold, Sums, Times};
    use sluicegate_routing::health::{Allotment, Limits};
    use uuid::Uuid;

    use super::*;

    /// Numbers that take as many letters as a number can.
    fn longest() -> Summary {
        let sums = Sums {
            weight: 1.234_567_9e-5,
            sum: -1.234_567_9e-6,
            squares: 1.234_567_9e-5,
        };
        let times = Times {
            first: sums,
            usual: sums,
            busy: 1.234_567_9e-5,
            speed: sums,
        };
        let allotment = Some(Allotment {
            most: 1.234_567_890_123_456_7e-7,
            left: 1.234_567_890_123_456_7e-7,
            per_second: 1.234_567_890_123_456_7e-7,
        });
        Summary {
            streamed: times,
            whole: times,
            good: 1.234_567_9e-5,
            bad: 1.234_567_9e-5,
            in_flight: 1_000_000,
            cooling: 1.234_567_9e-5,
            broken: 1.234_567_9e-5,
            idle: Some(1.234_567_9e-5),
            limits: Some(LimitsTold {
                age: 1.234_567_9e-5,
                limits: Limits {
                    requests: allotment,
                    tokens: allotment,
                },
            }),
        }
    }

    #[test]
    fn the_longest_text_is_one_that_the_store_takes() {
        let word = || Word {
            connection: ConnectionId::from(Uuid::max()),
            model: "\"".repeat(LONGEST_NAME),
            seen: longest(),
        };
        let words = Words {
            round: u64::MAX,
            endpoints: (0..MOST_ENDPOINTS).map(|_| word()).collect(),
        };
        let text = words.write().unwrap();
        assert!(text.len() <= MAX_BODY, "{} of {MAX_BODY}", text.len());
        let read = Words::read(&text).unwrap();
        assert!(read.endpoints.iter().all(Word::is_sane));
        assert_eq!(read.endpoints.len(), MOST_ENDPOINTS);
    }

    #[test]
    fn what_says_too_much_or_nothing_is_no_text() {
        let word = r#"{"connection":"con_00000000000000000000000001","model":"m","seen":{}}"#;
        let text = |count| format!(r#"{{"round":1,"endpoints":[{}]}}"#, vec![word; count].join(","));
        assert!(Words::read(text(MOST_ENDPOINTS).as_bytes()).is_some());
        assert!(Words::read(text(MOST_ENDPOINTS + 1).as_bytes()).is_none());
        assert!(Words::read(b"null").is_none());
        assert!(!can_be_told("") && !can_be_told("a\nb") && !can_be_told(&"m".repeat(LONGEST_NAME + 1)));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in prop::collection::vec(any::<u8>(), 0..200), json in "[\\[\\]{}:,\"a-z0-9e+-]{0,100}") {
            let _ = Words::read(&text);
            let _ = Words::read(json.as_bytes());
        }
    }
}
