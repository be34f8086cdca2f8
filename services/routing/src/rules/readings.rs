//! What conditions ask of endpoints and budgets, and what was found: read once for a request, before the first condition is
//! evaluated. So all rules of a route see the same, and whoever has the readings can decide again.

use std::fmt;

/// Most such questions in one condition.
pub(super) const MAX_QUESTIONS: usize = 4;
/// Longest name of what is asked about.
const MAX_NAME: usize = 256;

/// What is asked. The names are those that conditions write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    /// Share of the calls of the last seconds that were served.
    SuccessRate,
    /// Milliseconds within which 95 of 100 streams bring something.
    FirstToken,
    /// Share of the provider's tighter rate limit that is left.
    Headroom,
    /// Whether one of the endpoints takes a call now: its breaker is not open, and its rate is not used up.
    Available,
    /// Share of a budget's limit that is not spent.
    BudgetLeft,
}

impl Measure {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::SuccessRate,
        Self::FirstToken,
        Self::Headroom,
        Self::Available,
        Self::BudgetLeft,
    ];

    /// The function that asks for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SuccessRate => "health.success_rate",
            Self::FirstToken => "health.first_token_p95_ms",
            Self::Headroom => "health.headroom",
            Self::Available => "health.available",
            Self::BudgetLeft => "budget.remaining_ratio",
        }
    }

    /// The measure that a function asks for.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }

    /// Whether it is true or false, and not a number.
    pub(super) const fn is_flag(self) -> bool {
        match self {
            Self::Available => true,
            Self::SuccessRate | Self::FirstToken | Self::Headroom | Self::BudgetLeft => false,
        }
    }

    /// The largest number it can be; the smallest is 0.
    pub(super) const fn most(self) -> f64 {
        match self {
            Self::FirstToken => f64::INFINITY,
            Self::SuccessRate | Self::Headroom | Self::Available | Self::BudgetLeft => 1.0,
        }
    }

    /// How it is written.
    pub(super) const fn usage(self) -> &'static str {
        match self {
            Self::SuccessRate => "health.success_rate(\"openai/gpt-4o\", 1.0)",
            Self::FirstToken => "health.first_token_p95_ms(\"openai/gpt-4o\", 500)",
            Self::Headroom => "health.headroom(\"openai/gpt-4o\", 1.0)",
            Self::Available => "health.available(\"openai/gpt-4o\", true)",
            Self::BudgetLeft => "budget.remaining_ratio(\"team\", 1.0)",
        }
    }
}

/// One thing that a condition asks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Question {
    /// What.
    pub measure: Measure,
    /// Of what: a model as targets name it, a provider, or a budget.
    pub of: Box<str>,
    /// The slug of the only account that counts.
    pub over: Option<Box<str>>,
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({:?}", self.measure.name(), self.of)?;
        if let Some(over) = &self.over {
            write!(f, ", {over:?}")?;
        }
        f.write_str(")")
    }
}

/// Whether something can be asked about by this name.
pub(super) fn is_name(name: &str) -> bool {
    (1..=MAX_NAME).contains(&name.len()) && !name.contains(char::is_control)
}

/// What was found, in thousandths, which is exact enough to decide by and exact to write down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading(i64);

impl Reading {
    /// A number, to the next thousandth.
    #[must_use]
    pub fn number(value: f64) -> Self {
        Self((value * 1e3).round() as i64)
    }

    /// True or false.
    #[must_use]
    pub const fn flag(value: bool) -> Self {
        Self(if value { 1_000 } else { 0 })
    }

    /// As it was written down.
    #[must_use]
    pub const fn of_thousandths(thousandths: i64) -> Self {
        Self(thousandths)
    }

    /// To be written down.
    #[must_use]
    pub const fn thousandths(self) -> i64 {
        self.0
    }

    fn as_number(self) -> f64 {
        self.0 as f64 / 1e3
    }

    const fn as_flag(self) -> bool {
        self.0 != 0
    }
}

/// All that was asked for a request, each with what was found; `None`: it is not known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Readings(Vec<(Question, Option<Reading>)>);

impl Readings {
    /// Of nothing.
    pub const NONE: &'static Self = &Self(Vec::new());

    /// Question by question.
    pub fn iter(&self) -> impl Iterator<Item = (&Question, Option<Reading>)> {
        self.0.iter().map(|(question, found)| (question, *found))
    }

    /// Whether this was asked, whatever was found.
    #[must_use]
    pub fn answers(&self, question: &Question) -> bool {
        self.0.iter().any(|(known, _)| known == question)
    }

    fn of(&self, question: &Question) -> Option<Reading> {
        let found = self.0.iter().find(|(known, _)| known == question);
        found.and_then(|(_, found)| *found)
    }

    pub(super) fn number(&self, question: &Question) -> Option<f64> {
        self.of(question).map(Reading::as_number)
    }

    pub(super) fn flag(&self, question: &Question) -> Option<bool> {
        self.of(question).map(Reading::as_flag)
    }
}

impl FromIterator<(Question, Option<Reading>)> for Readings {
    fn from_iter<I: IntoIterator<Item = (Question, Option<Reading>)>>(readings: I) -> Self {
        Self(readings.into_iter().collect())
    }
}
