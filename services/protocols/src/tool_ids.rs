//! Ids of tool calls. Providers disagree on what an id may look like, and Gemini has none, so ids
//! are neither passed on blindly nor made up at random: `ToolIds` maps those that a provider would
//! refuse to ones it takes, the same for the same id in every request, and back within one; pairs
//! results with calls where a dialect leaves that to names and order; and [`mint`] makes an id for
//! a call that came without.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};

/// What a provider takes for an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdRule {
    /// Anything that is not empty, up to so many bytes.
    UpTo(usize),
    /// ASCII letters, digits, `_` and `-`, up to so many (Anthropic).
    WordUpTo(usize),
    /// Exactly so many ASCII letters and digits (Mistral: 9).
    Exactly(usize),
}

impl IdRule {
    /// OpenAI's.
    pub const OPENAI: Self = Self::UpTo(64);
    /// Anthropic's.
    pub const ANTHROPIC: Self = Self::WordUpTo(64);
    /// Mistral's.
    pub const MISTRAL: Self = Self::Exactly(9);

    /// Whether a provider with this rule takes `id`.
    pub fn admits(self, id: &str) -> bool {
        let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        match self {
            Self::UpTo(max) => !id.is_empty() && id.len() <= max,
            Self::WordUpTo(max) => !id.is_empty() && id.len() <= max && id.bytes().all(word),
            Self::Exactly(length) => id.len() == length && id.bytes().all(|b| b.is_ascii_alphanumeric()),
        }
    }

    fn length(self) -> usize {
        match self {
            Self::UpTo(max) | Self::WordUpTo(max) => max.min(24),
            Self::Exactly(length) => length,
        }
    }
}

/// The mapping of one request.
#[derive(Debug, Clone)]
pub struct ToolIds {
    rule: IdRule,
    sent: HashMap<String, String>,
    given: HashMap<String, String>,
    /// Minted ids of calls whose results have not come yet, by name of the tool.
    waiting: HashMap<String, VecDeque<String>>,
    names: HashMap<String, String>,
    minted: u32,
}

impl ToolIds {
    /// An empty mapping.
    pub fn new(rule: IdRule) -> Self {
        Self {
            rule,
            sent: HashMap::new(),
            given: HashMap::new(),
            waiting: HashMap::new(),
            names: HashMap::new(),
            minted: 0,
        }
    }

    /// The id to send for a call of `name` in the history, minted where it has none. Calls and
    /// results are to be asked for in the order of the conversation.
    pub fn call<'a>(&mut self, id: Option<&'a str>, name: &str) -> Cow<'a, str> {
        let Some(id) = id.filter(|id| !id.is_empty()) else {
            let minted = mint(name, self.minted);
            self.minted += 1;
            let sent = self.send(&minted).into_owned();
            self.waiting
                .entry(name.to_owned())
                .or_default()
                .push_back(sent.clone());
            return Cow::Owned(sent);
        };
        self.names.insert(id.to_owned(), name.to_owned());
        self.send(id)
    }

    /// The id to send for a result: that of the call it names, or of the first call of its tool
    /// that still waits for one.
    pub fn result<'a>(&mut self, id: Option<&'a str>, name: Option<&str>) -> Cow<'a, str> {
        if let Some(id) = id.filter(|id| !id.is_empty()) {
            return self.send(id);
        }
        let waiting = self.waiting.get_mut(name.unwrap_or_default());
        if let Some(sent) = waiting.and_then(VecDeque::pop_front) {
            return Cow::Owned(sent);
        }
        let stray = mint("stray", self.minted);
        self.minted += 1;
        Cow::Owned(self.send(&stray).into_owned())
    }

    /// The tool that the call with this id called, for dialects whose results repeat the name.
    pub fn name_of(&self, id: &str) -> Option<&str> {
        self.names.get(id).map(String::as_str)
    }

    /// The id to send for `id`: itself where the rule admits it, otherwise one derived from it,
    /// which is the same in every request unless two ids of one request collide.
    pub fn send<'a>(&mut self, id: &'a str) -> Cow<'a, str> {
        if self.rule.admits(id) && !self.given.contains_key(id) {
            return Cow::Borrowed(id);
        }
        if let Some(sent) = self.sent.get(id) {
            return Cow::Owned(sent.clone());
        }
        let derived = (0u32..)
            .map(|attempt| digest(&[id.as_bytes(), &attempt.to_le_bytes()], self.rule.length()))
            .find(|derived| !self.given.contains_key(derived))
            .unwrap_or_default();
        self.sent.insert(id.to_owned(), derived.clone());
        self.given.insert(derived.clone(), id.to_owned());
        Cow::Owned(derived)
    }

    /// The caller's id for one that a provider refers to.
    pub fn receive<'a>(&'a self, id: &'a str) -> &'a str {
        self.given.get(id).map_or(id, String::as_str)
    }
}

/// An id for call number `position` of the answer `seed` (its id, or anything else that tells it
/// from other answers of the conversation). The same every time.
pub fn mint(seed: &str, position: u32) -> String {
    format!(
        "call_{}",
        digest(&[seed.as_bytes(), b"#", &position.to_le_bytes()], 20)
    )
}

/// Letters and digits that depend on all of `pieces`: FNV-1a, drawn out to the length asked for.
/// Not a secret and not collision-proof; users check for collisions.
fn digest(pieces: &[&[u8]], length: usize) -> String {
    const LETTERS: &[u8; 62] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let mut state = 0xcbf2_9ce4_8422_2325_u64;
    let mut mix = |byte: u8| {
        state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        state
    };
    for byte in pieces.iter().flat_map(|piece| piece.iter()) {
        mix(*byte);
    }
    (0..length)
        .map(|at| {
            let drawn = mix((at % 251) as u8);
            char::from(LETTERS[((drawn ^ (drawn >> 29)) % 62) as usize])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ids_that_fit_stay_and_others_are_the_same_in_every_request() {
        let mut ids = ToolIds::new(IdRule::MISTRAL);
        assert_eq!(ids.send("abcDEF123"), "abcDEF123");
        let long = ids.send("call_x7rn5sl5").into_owned();
        assert!(IdRule::MISTRAL.admits(&long));
        assert_eq!(ToolIds::new(IdRule::MISTRAL).send("call_x7rn5sl5"), long);
        assert_eq!(ids.receive(&long), "call_x7rn5sl5");
        assert_eq!(ids.receive("unknown"), "unknown");
        assert!(!IdRule::ANTHROPIC.admits("call:1"));
        assert!(!IdRule::OPENAI.admits(""));
    }

    #[test]
    fn minted_ids_differ_by_answer_and_place() {
        let ids = [mint("r1", 0), mint("r1", 1), mint("r2", 0)];
        assert_eq!(ids[0], mint("r1", 0));
        assert!(ids[0] != ids[1] && ids[0] != ids[2] && ids[1] != ids[2]);
        assert!(
            ids.iter()
                .all(|id| IdRule::ANTHROPIC.admits(id) && IdRule::OPENAI.admits(id))
        );
    }

    #[test]
    fn calls_without_ids_are_paired_by_name_and_order() {
        let mut ids = ToolIds::new(IdRule::OPENAI);
        let calls = [ids.call(None, "f"), ids.call(Some(""), "g"), ids.call(None, "f")].map(Cow::into_owned);
        assert_eq!(ids.result(None, Some("f")), calls[0]);
        assert_eq!(ids.result(None, Some("f")), calls[2]);
        assert_eq!(ids.result(Some(""), Some("g")), calls[1]);
        let stray = ids.result(None, Some("g")).into_owned();
        assert!(!calls.contains(&stray));
        assert_eq!(ids.call(Some("a"), "h"), "a");
        assert_eq!(ids.name_of("a"), Some("h"));
    }

    proptest! {
        #[test]
        fn the_mapping_is_reversible(ids in proptest::collection::hash_set("\\PC{0,30}", 0..20), rule in 0usize..3) {
            let rule = [IdRule::OPENAI, IdRule::ANTHROPIC, IdRule::MISTRAL][rule];
            let mut mapping = ToolIds::new(rule);
            let sent: Vec<_> = ids.iter().map(|id| mapping.send(id).into_owned()).collect();
            for (id, sent) in ids.iter().zip(&sent) {
                prop_assert!(rule.admits(sent));
                prop_assert_eq!(mapping.receive(sent), id);
            }
        }
    }
}
