//! The functions of conditions.

use regex::RegexBuilder;

use super::check::{Typed, literal, path, text, type_fault, typed};
use super::clock::Zone;
use super::expression::{Known, Number, Part, Pattern, Text, Truth};
use super::facts::Fact;
use super::mistake::{Code, Fault};
use super::near::nearest;
use super::readings::{Measure, Question, is_name};
use super::syntax::{Ast, Node};

/// Longest regular expression, in bytes, and most memory that its program may take.
const MAX_PATTERN: usize = 256;
const PATTERN_MEMORY: usize = 1 << 17;
/// Longest name of a signal.
const MAX_SIGNAL_NAME: usize = 64;

const FUNCTIONS: [&str; 10] = [
    "has",
    "size",
    "signal",
    "startsWith",
    "endsWith",
    "contains",
    "matches",
    "time.hour",
    "time.minute",
    "time.weekday",
];

pub(super) fn call(at: usize, receiver: Option<&Ast>, name: &str, arguments: &[Ast]) -> Result<Typed, Fault> {
    if let Some(Node::Name(group)) = receiver.map(|it| &it.node) {
        match &**group {
            "time" => return in_zone(at, name, arguments),
            "health" | "budget" => return reading(at, &format!("{group}.{name}"), arguments),
            _ => {}
        }
    }
    match (receiver, name, arguments) {
        (None, "has", [of]) => known(of),
        (None, "size", [of]) | (Some(of), "size", []) => size(of),
        (None, "signal", [name, stale]) => signal(name, stale),
        (None, "signal", _) => {
            let sentence = "Write signal(\"name\", value), with the value that counts while the signal is stale or was never \
                            sent.";
            Err(type_fault(at, sentence.to_owned()))
        }
        (Some(of), "startsWith", [wanted]) => part(Part::Beginning, of, wanted),
        (Some(of), "endsWith", [wanted]) => part(Part::End, of, wanted),
        (Some(of), "contains", [wanted]) => part(Part::Anywhere, of, wanted),
        (Some(of), "matches", [pattern]) => matches(of, pattern),
        _ => Err(unknown(at, name)),
    }
}

fn unknown(at: usize, name: &str) -> Fault {
    let sentence = match (FUNCTIONS.contains(&name), nearest(name, FUNCTIONS)) {
        (true, _) => match name {
            "has" => "Write has(request.metadata.tier), with one fact.".to_owned(),
            "size" => "Write size(request.tags), with one text or list.".to_owned(),
            _ => format!("Write {name} behind a text, with one text: request.model.{name}(\"...\")."),
        },
        (false, Some(near)) => format!("There is no function {name}. Did you mean {near}?"),
        (false, None) => format!("There is no function {name}. There are {}.", FUNCTIONS.join(", ")),
    };
    Fault::new(at, Code::UnknownFunction, sentence)
}

fn in_zone(at: usize, name: &str, arguments: &[Ast]) -> Result<Typed, Fault> {
    let zone = match arguments {
        [zone] => {
            let name = literal(zone, "The name of a time zone")?;
            Zone::named(&name).ok_or_else(|| {
                let sentence =
                    format!("There is no time zone {name:?}. Use a name such as \"Europe/Berlin\".");
                type_fault(zone.at, sentence)
            })?
        }
        _ => {
            let sentence = format!("Write time.{name}, or time.{name}(\"Europe/Berlin\") for a time zone.");
            return Err(type_fault(at, sentence));
        }
    };
    match name {
        "hour" => Ok(Typed::Number(Number::Hour(zone))),
        "minute" => Ok(Typed::Number(Number::Minute(zone))),
        "weekday" => Ok(Typed::Text(Text::Weekday(zone))),
        _ => Err(unknown(at, &format!("time.{name}"))),
    }
}

fn known(of: &Ast) -> Result<Typed, Fault> {
    let part = typed(of)?;
    let known = if let Typed::Truth(Truth::Flag(flag)) = part {
        Known::Flag(flag)
    } else if let Typed::Number(Number::Amount(amount)) = part {
        Known::Amount(amount)
    } else if let Typed::Text(Text::Label(label)) = part {
        Known::Label(label)
    } else if let Typed::Text(Text::Entry(map, name)) = part {
        Known::Entry(map, name)
    } else {
        let sentence = "has() takes one fact that may be absent, such as request.metadata.tier.";
        return Err(type_fault(of.at, sentence.to_owned()));
    };
    Ok(Typed::Truth(Truth::Known(known)))
}

fn size(of: &Ast) -> Result<Typed, Fault> {
    let count = |items: usize| Number::Constant(super::facts::number(items as u64));
    Ok(Typed::Number(match typed(of)? {
        Typed::Text(text) => Number::LettersOf(text),
        Typed::Group(group) => Number::CountOf(group),
        Typed::Map(map) => Number::EntriesOf(map),
        Typed::Numbers(list) => count(list.len()),
        Typed::Texts(list) => count(list.len()),
        Typed::Number(_)
            if matches!(
                path(of).as_deref().and_then(super::facts::fact),
                Some(Fact::Amount(_))
            ) =>
        {
            let sentence = "This is a number already: compare it without size().";
            return Err(type_fault(of.at, sentence.to_owned()));
        }
        other @ (Typed::Truth(_) | Typed::Number(_)) => {
            let sentence = format!("Texts and lists have a size, and this is {}.", other.kind());
            return Err(type_fault(of.at, sentence));
        }
    }))
}

fn signal(name: &Ast, stale: &Ast) -> Result<Typed, Fault> {
    let signal = literal(name, "The name of a signal")?;
    if !is_signal_name(&signal) {
        let sentence = "A signal's name has 1 to 64 letters, digits, dots, dashes and underscores.";
        return Err(type_fault(name.at, sentence.to_owned()));
    }
    let part = typed(stale)?;
    if let Typed::Truth(Truth::Constant(value)) = part {
        return Ok(Typed::Truth(Truth::Signal(signal, value)));
    }
    if let Typed::Number(Number::Constant(value)) = part {
        return Ok(Typed::Number(Number::Signal(signal, value)));
    }
    if let Typed::Text(Text::Constant(value)) = part {
        return Ok(Typed::Text(Text::Signal(signal, value)));
    }
    let sentence = "The value for a stale signal must be written out: a number, a text, true or false.";
    Err(type_fault(stale.at, sentence.to_owned()))
}

/// What was found of an endpoint or a budget. The condition says what counts while that is not known.
fn reading(at: usize, name: &str, arguments: &[Ast]) -> Result<Typed, Fault> {
    let Some(measure) = Measure::named(name) else {
        let names = || Measure::ALL.map(Measure::name);
        let sentence = match nearest(name, names()) {
            Some(near) => format!("There is no function {name}. Did you mean {near}?"),
            None => format!("There is no function {name}. There are {}.", names().join(", ")),
        };
        return Err(Fault::new(at, Code::UnknownFunction, sentence));
    };
    let (of, over, unknown) = match (measure, arguments) {
        (_, [of, unknown]) => (of, None, unknown),
        (Measure::BudgetLeft, _) => return Err(type_fault(at, explained(measure))),
        (_, [of, over, unknown]) => (of, Some(over), unknown),
        (_, _) => return Err(type_fault(at, explained(measure))),
    };
    let named = |ast: &Ast, what: &str| {
        let name = literal(ast, what)?;
        let fault = || {
            type_fault(
                ast.at,
                format!("{what} has 1 to 256 bytes, without control characters."),
            )
        };
        if is_name(&name) { Ok(name) } else { Err(fault()) }
    };
    let question = Box::new(Question {
        measure,
        of: named(of, "The name of what is asked about")?,
        over: over.map(|it| named(it, "The slug of the account")).transpose()?,
    });
    let part = typed(unknown)?;
    match (measure.is_flag(), part) {
        (true, Typed::Truth(Truth::Constant(value))) => Ok(Typed::Truth(Truth::Reading(question, value))),
        (false, Typed::Number(Number::Constant(value))) if (0.0..=measure.most()).contains(&value) => {
            Ok(Typed::Number(Number::Reading(question, value)))
        }
        (_, _) => Err(type_fault(unknown.at, valued(measure))),
    }
}

/// How to ask for a measure.
pub(super) fn explained(measure: Measure) -> String {
    format!(
        "Write {}, with the value that counts while it is not known.",
        measure.usage()
    )
}

fn valued(measure: Measure) -> String {
    let kind = if measure.is_flag() {
        "true or false"
    } else if measure.most().is_finite() {
        "a number from 0 to 1"
    } else {
        "a number from 0 on"
    };
    format!("The value for a state that is not known must be written out: {kind}.")
}

/// Whether a signal can have this name.
#[must_use]
pub fn is_signal_name(name: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    (1..=MAX_SIGNAL_NAME).contains(&name.len()) && name.bytes().all(is_letter)
}

fn part(part: Part, of: &Ast, wanted: &Ast) -> Result<Typed, Fault> {
    let both = Box::new([text(of)?, text(wanted)?]);
    Ok(Typed::Truth(Truth::Part(part, both)))
}

fn matches(of: &Ast, pattern: &Ast) -> Result<Typed, Fault> {
    let of = text(of)?;
    let written = literal(pattern, "A regular expression")?;
    if written.len() > MAX_PATTERN {
        let sentence = format!("A regular expression has at most {MAX_PATTERN} bytes.");
        return Err(Fault::new(pattern.at, Code::TooLarge, sentence));
    }
    let compiled = RegexBuilder::new(&written)
        .size_limit(PATTERN_MEMORY)
        .dfa_size_limit(PATTERN_MEMORY)
        .nest_limit(32)
        .build();
    match compiled {
        Ok(regex) => Ok(Typed::Truth(Truth::Matches(of, Pattern(regex)))),
        Err(regex::Error::CompiledTooBig(_)) => {
            let sentence = "This regular expression is too large to run for every request.";
            Err(Fault::new(pattern.at, Code::TooLarge, sentence.to_owned()))
        }
        Err(error) => {
            // The last line of the message says what is wrong; those before it draw where.
            let message = error.to_string();
            let reason = message.lines().last().unwrap_or_default();
            let reason = reason.strip_prefix("error: ").unwrap_or(reason).trim();
            let sentence = format!("This is no regular expression: {reason}.");
            Err(Fault::new(pattern.at, Code::Syntax, sentence))
        }
    }
}
