//! Comparisons that cannot hold together, such as `request.input_tokens > 5 && request.input_tokens < 3`: so that a rule
//! whose condition contradicts itself is found before it is published. Cautious: what is not seen through contradicts nothing.

use super::expression::{Number, Order, Text, Truth};

/// Most comparisons of a chain that are looked at, each with each.
const MOST: usize = 64;

/// Whether no request can make all of `parts` true.
pub(super) fn contradict(parts: &[Truth]) -> bool {
    let mut spans: Vec<(&Number, Span)> = Vec::new();
    let mut texts: Vec<(&Text, Vec<&str>)> = Vec::new();
    for part in parts.iter().take(MOST) {
        if let Some((number, span)) = Span::of(part) {
            let known = spans.iter_mut().find(|(other, _)| *other == number);
            let narrowed = match known {
                Some((_, known)) => {
                    *known = known.and(span);
                    *known
                }
                None => {
                    spans.push((number, span));
                    span
                }
            };
            if narrowed.is_empty() {
                return true;
            }
        }
        if let Some((text, values)) = values(part) {
            let known = texts.iter_mut().find(|(other, _)| *other == text);
            let left = match known {
                Some((_, known)) => {
                    known.retain(|it| values.contains(it));
                    known.len()
                }
                None => {
                    let left = values.len();
                    texts.push((text, values));
                    left
                }
            };
            if left == 0 {
                return true;
            }
        }
    }
    false
}

/// Between which values a comparison wants a number.
#[derive(Debug, Clone, Copy)]
struct Span {
    low: f64,
    high: f64,
    /// Whether the ends themselves are wanted.
    with_low: bool,
    with_high: bool,
}

impl Span {
    fn of(part: &Truth) -> Option<(&Number, Self)> {
        let Truth::Numbers(order, both) = part else {
            return None;
        };
        match &**both {
            [Number::Constant(_), Number::Constant(_)] => None,
            [number, Number::Constant(bound)] => Some((number, Self::against(*order, *bound)?)),
            [Number::Constant(bound), number] => Some((number, Self::against(turned(*order), *bound)?)),
            [_, _] => None,
        }
    }

    const fn against(order: Order, bound: f64) -> Option<Self> {
        let (low, high, with_low, with_high) = match order {
            Order::Equal => (bound, bound, true, true),
            Order::Unequal => return None,
            Order::Less => (f64::NEG_INFINITY, bound, true, false),
            Order::LessOrEqual => (f64::NEG_INFINITY, bound, true, true),
            Order::Greater => (bound, f64::INFINITY, false, true),
            Order::GreaterOrEqual => (bound, f64::INFINITY, true, true),
        };
        Some(Self {
            low,
            high,
            with_low,
            with_high,
        })
    }

    fn and(self, other: Self) -> Self {
        let (low, with_low) = if self.low == other.low {
            (self.low, self.with_low && other.with_low)
        } else if self.low > other.low {
            (self.low, self.with_low)
        } else {
            (other.low, other.with_low)
        };
        let (high, with_high) = if self.high == other.high {
            (self.high, self.with_high && other.with_high)
        } else if self.high < other.high {
            (self.high, self.with_high)
        } else {
            (other.high, other.with_high)
        };
        Self {
            low,
            high,
            with_low,
            with_high,
        }
    }

    fn is_empty(self) -> bool {
        self.low > self.high || (self.low == self.high && !(self.with_low && self.with_high))
    }
}

/// The same comparison with its sides exchanged.
const fn turned(order: Order) -> Order {
    match order {
        Order::Equal => Order::Equal,
        Order::Unequal => Order::Unequal,
        Order::Less => Order::Greater,
        Order::LessOrEqual => Order::GreaterOrEqual,
        Order::Greater => Order::Less,
        Order::GreaterOrEqual => Order::LessOrEqual,
    }
}

/// The values one of which a text must have.
fn values(part: &Truth) -> Option<(&Text, Vec<&str>)> {
    match part {
        Truth::Texts(Order::Equal, both) => match &**both {
            [Text::Constant(_), Text::Constant(_)] => None,
            [text, Text::Constant(value)] | [Text::Constant(value), text] => Some((text, vec![value])),
            [_, _] => None,
        },
        Truth::TextIn(text, list) => Some((text, list.iter().map(|it| &**it).collect())),
        Truth::Constant(_)
        | Truth::Flag(_)
        | Truth::Signal(..)
        | Truth::Reading(..)
        | Truth::Not(_)
        | Truth::All(_)
        | Truth::Any(_)
        | Truth::Same(_)
        | Truth::Numbers(..)
        | Truth::Texts(..)
        | Truth::NumberIn(..)
        | Truth::TextInGroup(..)
        | Truth::Part(..)
        | Truth::Matches(..)
        | Truth::Known(_)
        | Truth::If(_) => None,
    }
}
