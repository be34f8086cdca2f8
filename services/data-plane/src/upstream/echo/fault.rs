//! The suffixes of `sluicegate/echo` and what each lets go wrong.

/// Provider id of the built-in echo, and the prefix of its model names.
pub const PROVIDER: &str = "sluicegate";

/// Model names worth offering to a caller who mistyped one.
pub const EXAMPLES: [&str; 9] = [
    "sluicegate/echo",
    "sluicegate/echo:429",
    "sluicegate/echo:500",
    "sluicegate/echo:timeout",
    "sluicegate/echo:cut",
    "sluicegate/echo:slow",
    "sluicegate/echo:stall",
    "sluicegate/echo:malformed",
    "sluicegate/echo:error",
];

const NAME: &str = "sluicegate/echo";

/// What goes wrong with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// An error status from 400 to 599.
    Status(u16),
    /// No answer ever.
    Timeout,
    /// A late and slow answer.
    Slow,
    /// The connection breaks in the middle.
    Cut,
    /// Silence in the middle.
    Stall,
    /// Broken JSON in the middle.
    Malformed,
    /// An error in the middle.
    Error,
}

impl Fault {
    /// What the model name asks for; `None` when echo has no such model.
    #[must_use]
    pub fn of_model(model: &str) -> Option<Self> {
        let rest = model.strip_prefix(NAME)?;
        if rest.is_empty() {
            return Some(Self::None);
        }
        match rest.strip_prefix(':')? {
            "timeout" => Some(Self::Timeout),
            "slow" => Some(Self::Slow),
            "cut" => Some(Self::Cut),
            "stall" => Some(Self::Stall),
            "malformed" => Some(Self::Malformed),
            "error" => Some(Self::Error),
            number => {
                let status = number.parse().ok().filter(|_| number.len() == 3)?;
                (400..=599).contains(&status).then_some(Self::Status(status))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_is_a_model_and_nothing_near_is() {
        for example in EXAMPLES {
            assert!(Fault::of_model(example).is_some(), "{example}");
        }
        for other in [
            "sluicegate/echos",
            "sluicegate/echo:",
            "sluicegate/echo:200",
            "sluicegate/echo:+42",
            "echo",
        ] {
            assert_eq!(Fault::of_model(other), None, "{other}");
        }
    }
}
