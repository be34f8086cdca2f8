//! A checked condition, and what it says of a request. Evaluating it allocates nothing and always ends: there are no loops,
//! and a tree is as deep as its source was allowed to be.
//!
//! What is not known is not known: a comparison with it is neither true nor false, `&&` and `||` decide by their other side
//! where that is enough, and `!` of it is not known either. A condition holds when it is true.

use regex::Regex;
use sluicegate_contracts::config::SignalValue;

use super::clock::Zone;
use super::facts::{Amount, Flag, Group, Label, Map, Observed};
use super::readings::Question;

/// True, false, or not known.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Truth {
    Constant(bool),
    Flag(Flag),
    Signal(Box<str>, bool),
    /// What was found of an endpoint or a budget, or a value while that is not known.
    Reading(Box<Question>, bool),
    Not(Box<Self>),
    All(Box<[Self]>),
    Any(Box<[Self]>),
    /// Whether both are the same.
    Same(Box<[Self; 2]>),
    Numbers(Order, Box<[Number; 2]>),
    Texts(Order, Box<[Text; 2]>),
    NumberIn(Number, Box<[f64]>),
    TextIn(Text, Box<[Box<str>]>),
    TextInGroup(Text, Group),
    Part(Part, Box<[Text; 2]>),
    Matches(Text, Pattern),
    /// Whether something is known at all.
    Known(Known),
    If(Box<[Self; 3]>),
}

/// How two values stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Order {
    pub(super) fn holds<T: PartialOrd>(self, left: T, right: T) -> bool {
        match self {
            Self::Equal => left == right,
            Self::Unequal => left != right,
            Self::Less => left < right,
            Self::LessOrEqual => left <= right,
            Self::Greater => left > right,
            Self::GreaterOrEqual => left >= right,
        }
    }
}

/// Where a text may stand in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Beginning,
    End,
    Anywhere,
}

/// What may or may not be there.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Known {
    Flag(Flag),
    Amount(Amount),
    Label(Label),
    Entry(Map, Box<str>),
}

/// A regular expression that was compiled within bounds.
#[derive(Debug, Clone)]
pub(super) struct Pattern(pub(super) Regex);

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

/// A number, or not known.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Number {
    Constant(f64),
    Amount(Amount),
    Signal(Box<str>, f64),
    Reading(Box<Question>, f64),
    Hour(Zone),
    Minute(Zone),
    LettersOf(Text),
    CountOf(Group),
    EntriesOf(Map),
    Negative(Box<Self>),
    Calculated(Calculation, Box<[Self; 2]>),
    If(Box<(Truth, [Self; 2])>),
}

/// What is done with two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Calculation {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Calculation {
    /// The result; not known where there is none.
    pub(super) fn of(self, left: f64, right: f64) -> Option<f64> {
        let result = match self {
            Self::Add => left + right,
            Self::Subtract => left - right,
            Self::Multiply => left * right,
            Self::Divide => left / right,
            Self::Remainder => left % right,
        };
        result.is_finite().then_some(result)
    }
}

/// A text, or not known.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Text {
    Constant(Box<str>),
    Label(Label),
    Entry(Map, Box<str>),
    Signal(Box<str>, Box<str>),
    Weekday(Zone),
    If(Box<(Truth, [Self; 2])>),
}

impl Truth {
    /// `None`: it cannot be told.
    pub(super) fn of(&self, observed: &Observed<'_>) -> Option<bool> {
        match self {
            Self::Constant(value) => Some(*value),
            Self::Flag(flag) => flag.of(observed),
            Self::Signal(name, stale) => match observed.signals.fresh(name, observed.now) {
                Some(SignalValue::Flag(value)) => Some(*value),
                Some(SignalValue::Number(_) | SignalValue::Text(_)) | None => Some(*stale),
            },
            Self::Reading(question, unknown) => Some(observed.readings.flag(question).unwrap_or(*unknown)),
            Self::Not(inner) => inner.of(observed).map(|value| !value),
            Self::All(parts) => decided(parts, false, observed),
            Self::Any(parts) => decided(parts, true, observed),
            Self::Same(both) => {
                let [left, right] = &**both;
                Some(left.of(observed)? == right.of(observed)?)
            }
            Self::Numbers(order, both) => {
                let [left, right] = &**both;
                Some(order.holds(left.of(observed)?, right.of(observed)?))
            }
            Self::Texts(order, both) => {
                let [left, right] = &**both;
                Some(order.holds(left.of(observed)?, right.of(observed)?))
            }
            Self::NumberIn(number, list) => {
                let number = number.of(observed)?;
                Some(list.iter().any(|it| Order::Equal.holds(*it, number)))
            }
            Self::TextIn(text, list) => {
                let text = text.of(observed)?;
                Some(list.iter().any(|it| **it == *text))
            }
            Self::TextInGroup(text, group) => Some(group.has(observed, text.of(observed)?)),
            Self::Part(part, both) => {
                let [whole, wanted] = &**both;
                let (whole, wanted) = (whole.of(observed)?, wanted.of(observed)?);
                Some(match part {
                    Part::Beginning => whole.starts_with(wanted),
                    Part::End => whole.ends_with(wanted),
                    Part::Anywhere => whole.contains(wanted),
                })
            }
            Self::Matches(text, pattern) => Some(pattern.0.is_match(text.of(observed)?)),
            Self::Known(known) => Some(known.of(observed)),
            Self::If(parts) => {
                let [when, then, otherwise] = &**parts;
                chosen(when, then, otherwise, observed)?.of(observed)
            }
        }
    }
}

/// A chain that is `by` as soon as one of its parts is, whatever of the others is not known.
fn decided(parts: &[Truth], by: bool, observed: &Observed<'_>) -> Option<bool> {
    let mut unknown = false;
    for part in parts {
        match part.of(observed) {
            Some(value) if value == by => return Some(by),
            Some(_) => {}
            None => unknown = true,
        }
    }
    (!unknown).then_some(!by)
}

fn chosen<'e, T>(when: &Truth, then: &'e T, otherwise: &'e T, observed: &Observed<'_>) -> Option<&'e T> {
    Some(if when.of(observed)? { then } else { otherwise })
}

impl Known {
    fn of(&self, observed: &Observed<'_>) -> bool {
        match self {
            Self::Flag(flag) => flag.of(observed).is_some(),
            Self::Amount(amount) => amount.of(observed).is_some(),
            Self::Label(label) => label.of(observed).is_some(),
            Self::Entry(map, name) => map.entry(observed, name).is_some(),
        }
    }
}

impl Number {
    pub(super) fn of(&self, observed: &Observed<'_>) -> Option<f64> {
        match self {
            Self::Constant(value) => Some(*value),
            Self::Amount(amount) => amount.of(observed),
            Self::Signal(name, stale) => match observed.signals.fresh(name, observed.now) {
                Some(SignalValue::Number(value)) => Some(*value),
                Some(SignalValue::Flag(_) | SignalValue::Text(_)) | None => Some(*stale),
            },
            Self::Reading(question, unknown) => Some(observed.readings.number(question).unwrap_or(*unknown)),
            Self::Hour(zone) => zone.hour(observed.now),
            Self::Minute(zone) => zone.minute(observed.now),
            Self::LettersOf(text) => Some(count(text.of(observed)?.chars().count())),
            Self::CountOf(group) => Some(count(group.count(observed))),
            Self::EntriesOf(map) => Some(count(map.of(observed).len())),
            Self::Negative(inner) => inner.of(observed).map(|value| -value),
            Self::Calculated(calculation, both) => {
                let [left, right] = &**both;
                calculation.of(left.of(observed)?, right.of(observed)?)
            }
            Self::If(parts) => {
                let (when, [then, otherwise]) = &**parts;
                chosen(when, then, otherwise, observed)?.of(observed)
            }
        }
    }
}

/// Exact up to `u32::MAX`, more than any of the lists and texts of a request can hold.
fn count(items: usize) -> f64 {
    f64::from(u32::try_from(items).unwrap_or(u32::MAX))
}

impl Text {
    pub(super) fn of<'a>(&'a self, observed: &Observed<'a>) -> Option<&'a str> {
        match self {
            Self::Constant(text) => Some(text),
            Self::Label(label) => label.of(observed),
            Self::Entry(map, name) => map.entry(observed, name),
            Self::Signal(name, stale) => match observed.signals.fresh(name, observed.now) {
                Some(SignalValue::Text(value)) => Some(value),
                Some(SignalValue::Flag(_) | SignalValue::Number(_)) | None => Some(stale),
            },
            Self::Weekday(zone) => zone.weekday(observed.now),
            Self::If(parts) => {
                let (when, [then, otherwise]) = &**parts;
                chosen(when, then, otherwise, observed)?.of(observed)
            }
        }
    }
}
