//! What a condition can come to at all, whatever is asked: so that a rule that never applies is found before it is
//! published. Cautious: what is not seen through counts as possible.

use super::contradiction::contradict;
use super::expression::{Calculation, Number, Order, Text, Truth};

/// Which outcomes there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Possible {
    pub(super) yes: bool,
    pub(super) no: bool,
    pub(super) unknown: bool,
}

impl Possible {
    const ANYTHING: Self = Self {
        yes: true,
        no: true,
        unknown: true,
    };

    const fn only(value: bool) -> Self {
        Self {
            yes: value,
            no: !value,
            unknown: false,
        }
    }

    const fn either(unknown: bool) -> Self {
        Self {
            yes: true,
            no: true,
            unknown,
        }
    }

    pub(super) fn of(truth: &Truth) -> Self {
        match truth {
            Truth::Constant(value) => Self::only(*value),
            Truth::Flag(flag) => Self::either(!flag.is_always_known()),
            Truth::Signal(..) | Truth::Reading(..) | Truth::Known(_) => Self::either(false),
            Truth::Not(inner) => {
                let inner = Self::of(inner);
                Self {
                    yes: inner.no,
                    no: inner.yes,
                    unknown: inner.unknown,
                }
            }
            Truth::All(parts) => Self::of_all(parts),
            Truth::Any(parts) => {
                let parts = parts.iter().map(Self::of);
                parts.fold(Self::only(false), |any, part| Self {
                    yes: any.yes || part.yes,
                    no: any.no && part.no,
                    unknown: any.unknown || part.unknown,
                })
            }
            Truth::Same(both) => {
                let [left, right] = &**both;
                let (left, right) = (Self::of(left), Self::of(right));
                Self {
                    yes: (left.yes && right.yes) || (left.no && right.no),
                    no: (left.yes && right.no) || (left.no && right.yes),
                    unknown: left.unknown || right.unknown,
                }
            }
            Truth::Numbers(order, both) => {
                let [left, right] = &**both;
                Self::of_numbers(*order, Range::of(left), Range::of(right))
            }
            Truth::Texts(order, both) => match &**both {
                [Text::Constant(left), Text::Constant(right)] => Self::only(order.holds(left, right)),
                [left, right] => Self::either(may_lack(left) || may_lack(right)),
            },
            Truth::NumberIn(number, list) => {
                let number = Range::of(number);
                let fits = list.iter().any(|it| number.low <= *it && *it <= number.high);
                Self {
                    yes: fits,
                    no: true,
                    unknown: number.unknown,
                }
            }
            Truth::TextIn(Text::Constant(text), list) => Self::only(list.contains(text)),
            Truth::TextIn(text, list) => Self {
                yes: !list.is_empty(),
                no: true,
                unknown: may_lack(text),
            },
            Truth::TextInGroup(text, _) | Truth::Matches(text, _) => Self::either(may_lack(text)),
            Truth::Part(..) => Self::ANYTHING,
            Truth::If(parts) => {
                let [when, then, otherwise] = &**parts;
                let when = Self::of(when);
                let none = Self {
                    yes: false,
                    no: false,
                    unknown: false,
                };
                let then = if when.yes { Self::of(then) } else { none };
                let otherwise = if when.no { Self::of(otherwise) } else { none };
                Self {
                    yes: then.yes || otherwise.yes,
                    no: then.no || otherwise.no,
                    unknown: when.unknown || then.unknown || otherwise.unknown,
                }
            }
        }
    }

    fn of_all(parts: &[Truth]) -> Self {
        let each = parts.iter().map(Self::of);
        let all = each.fold(Self::only(true), |all, part| Self {
            yes: all.yes && part.yes,
            no: all.no || part.no,
            unknown: all.unknown || part.unknown,
        });
        Self {
            yes: all.yes && !contradict(parts),
            ..all
        }
    }

    fn of_numbers(order: Order, left: Range, right: Range) -> Self {
        let below = left.low < right.high;
        let above = left.high > right.low;
        let touches = left.low <= right.high && right.low <= left.high;
        let is_one = left.low == left.high && right.low == right.high && left.low == right.low;
        let (yes, no) = match order {
            Order::Equal => (touches, !is_one),
            Order::Unequal => (!is_one, touches),
            Order::Less => (below, left.high >= right.low),
            Order::LessOrEqual => (left.low <= right.high, above),
            Order::Greater => (above, left.low <= right.high),
            Order::GreaterOrEqual => (left.high >= right.low, below),
        };
        Self {
            yes,
            no,
            unknown: left.unknown || right.unknown,
        }
    }
}

/// Between which values a number lies, where it is known.
#[derive(Debug, Clone, Copy)]
struct Range {
    low: f64,
    high: f64,
    unknown: bool,
}

impl Range {
    const fn new(low: f64, high: f64, unknown: bool) -> Self {
        Self { low, high, unknown }
    }

    fn of(number: &Number) -> Self {
        match number {
            Number::Constant(value) => Self::new(*value, *value, false),
            Number::Amount(amount) => Self::new(0.0, f64::INFINITY, !amount.is_always_known()),
            Number::Signal(..) => Self::new(f64::NEG_INFINITY, f64::INFINITY, false),
            Number::Reading(question, _) => Self::new(0.0, question.measure.most(), false),
            Number::Hour(_) => Self::new(0.0, 23.0, true),
            Number::Minute(_) => Self::new(0.0, 59.0, true),
            Number::LettersOf(text) => Self::new(0.0, f64::INFINITY, may_lack(text)),
            Number::CountOf(_) | Number::EntriesOf(_) => Self::new(0.0, f64::INFINITY, false),
            Number::Negative(inner) => {
                let inner = Self::of(inner);
                Self::new(-inner.high, -inner.low, inner.unknown)
            }
            Number::Calculated(calculation, both) => {
                let [left, right] = &**both;
                if let (Number::Constant(left), Number::Constant(right)) = (left, right)
                    && let Some(value) = calculation.of(*left, *right)
                {
                    return Self::new(value, value, false);
                }
                let (left, right) = (Self::of(left), Self::of(right));
                match calculation {
                    Calculation::Add => Self::new(left.low + right.low, left.high + right.high, true),
                    Calculation::Subtract => Self::new(left.low - right.high, left.high - right.low, true),
                    Calculation::Multiply | Calculation::Divide | Calculation::Remainder => {
                        Self::new(f64::NEG_INFINITY, f64::INFINITY, true)
                    }
                }
            }
            Number::If(parts) => {
                let (_, [then, otherwise]) = &**parts;
                let (then, otherwise) = (Self::of(then), Self::of(otherwise));
                Self::new(then.low.min(otherwise.low), then.high.max(otherwise.high), true)
            }
        }
    }
}

/// Whether a text may not be known.
const fn may_lack(text: &Text) -> bool {
    match text {
        Text::Constant(_) | Text::Signal(..) => false,
        Text::Label(label) => !label.is_always_known(),
        Text::Entry(..) | Text::Weekday(_) | Text::If(_) => true,
    }
}
