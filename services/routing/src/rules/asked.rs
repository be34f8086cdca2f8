//! Which facts a condition reads: so that whoever replays it knows whether they are at hand.

use std::collections::BTreeSet;

use super::expression::{Known, Number, Text, Truth};
use super::facts::{Amount, CATALOG, Fact, Flag, Group, Label, Map};
use super::readings::Question;

/// Stands for all signals.
pub const SIGNALS: &str = "signal";

/// Names of facts, as conditions write them.
pub type Asked = BTreeSet<&'static str>;

fn note(asked: &mut Asked, fact: Fact) {
    let found = CATALOG.iter().find(|(_, known)| *known == fact);
    asked.extend(found.map(|(name, _)| *name));
}

pub(super) fn of_truth(truth: &Truth, asked: &mut Asked) {
    match truth {
        Truth::Constant(_) => {}
        Truth::Flag(flag) => of_flag(*flag, asked),
        Truth::Signal(..) => {
            asked.insert(SIGNALS);
        }
        Truth::Reading(question, _) => {
            asked.insert(question.measure.name());
        }
        Truth::Not(inner) => of_truth(inner, asked),
        Truth::All(parts) | Truth::Any(parts) => parts.iter().for_each(|it| of_truth(it, asked)),
        Truth::Same(both) => both.iter().for_each(|it| of_truth(it, asked)),
        Truth::Numbers(_, both) => both.iter().for_each(|it| of_number(it, asked)),
        Truth::Texts(_, both) | Truth::Part(_, both) => both.iter().for_each(|it| of_text(it, asked)),
        Truth::NumberIn(number, _) => of_number(number, asked),
        Truth::TextIn(text, _) | Truth::Matches(text, _) => of_text(text, asked),
        Truth::TextInGroup(text, group) => {
            of_text(text, asked);
            of_group(*group, asked);
        }
        Truth::Known(known) => match known {
            Known::Flag(flag) => of_flag(*flag, asked),
            Known::Amount(amount) => of_amount(*amount, asked),
            Known::Label(label) => of_label(*label, asked),
            Known::Entry(map, _) => of_map(*map, asked),
        },
        Truth::If(parts) => parts.iter().for_each(|it| of_truth(it, asked)),
    }
}

fn of_number(number: &Number, asked: &mut Asked) {
    match number {
        Number::Constant(_) => {}
        Number::Amount(amount) => of_amount(*amount, asked),
        Number::Signal(..) => {
            asked.insert(SIGNALS);
        }
        Number::Reading(question, _) => {
            asked.insert(question.measure.name());
        }
        Number::Hour(_) => note(asked, Fact::Hour),
        Number::Minute(_) => note(asked, Fact::Minute),
        Number::LettersOf(text) => of_text(text, asked),
        Number::CountOf(group) => of_group(*group, asked),
        Number::EntriesOf(map) => of_map(*map, asked),
        Number::Negative(inner) => of_number(inner, asked),
        Number::Calculated(_, both) => both.iter().for_each(|it| of_number(it, asked)),
        Number::If(parts) => {
            let (when, both) = &**parts;
            of_truth(when, asked);
            both.iter().for_each(|it| of_number(it, asked));
        }
    }
}

fn of_text(text: &Text, asked: &mut Asked) {
    match text {
        Text::Constant(_) => {}
        Text::Label(label) => of_label(*label, asked),
        Text::Entry(map, _) => of_map(*map, asked),
        Text::Signal(..) => {
            asked.insert(SIGNALS);
        }
        Text::Weekday(_) => note(asked, Fact::Weekday),
        Text::If(parts) => {
            let (when, both) = &**parts;
            of_truth(when, asked);
            both.iter().for_each(|it| of_text(it, asked));
        }
    }
}

fn of_flag(flag: Flag, asked: &mut Asked) {
    note(asked, Fact::Flag(flag));
}

fn of_amount(amount: Amount, asked: &mut Asked) {
    note(asked, Fact::Amount(amount));
}

fn of_label(label: Label, asked: &mut Asked) {
    note(asked, Fact::Label(label));
}

fn of_group(group: Group, asked: &mut Asked) {
    note(asked, Fact::Group(group));
}

fn of_map(map: Map, asked: &mut Asked) {
    note(asked, Fact::Map(map));
}

/// Gathers what is asked of endpoints and budgets.
pub(super) fn questions_of<'c>(truth: &'c Truth, questions: &mut BTreeSet<&'c Question>) {
    match truth {
        Truth::Reading(question, _) => {
            questions.insert(question);
        }
        Truth::Constant(_) | Truth::Flag(_) | Truth::Signal(..) | Truth::Known(_) => {}
        Truth::Not(inner) => questions_of(inner, questions),
        Truth::All(parts) | Truth::Any(parts) => parts.iter().for_each(|it| questions_of(it, questions)),
        Truth::Same(both) => both.iter().for_each(|it| questions_of(it, questions)),
        Truth::If(parts) => parts.iter().for_each(|it| questions_of(it, questions)),
        Truth::Numbers(_, both) => both.iter().for_each(|it| questions_of_number(it, questions)),
        Truth::NumberIn(number, _) => questions_of_number(number, questions),
        Truth::Texts(_, both) | Truth::Part(_, both) => {
            both.iter().for_each(|it| questions_of_text(it, questions));
        }
        Truth::TextIn(text, _) | Truth::TextInGroup(text, _) | Truth::Matches(text, _) => {
            questions_of_text(text, questions);
        }
    }
}

fn questions_of_number<'c>(number: &'c Number, questions: &mut BTreeSet<&'c Question>) {
    match number {
        Number::Reading(question, _) => {
            questions.insert(question);
        }
        Number::Constant(_)
        | Number::Amount(_)
        | Number::Signal(..)
        | Number::Hour(_)
        | Number::Minute(_)
        | Number::CountOf(_)
        | Number::EntriesOf(_) => {}
        Number::LettersOf(text) => questions_of_text(text, questions),
        Number::Negative(inner) => questions_of_number(inner, questions),
        Number::Calculated(_, both) => both.iter().for_each(|it| questions_of_number(it, questions)),
        Number::If(parts) => {
            let (when, both) = &**parts;
            questions_of(when, questions);
            both.iter().for_each(|it| questions_of_number(it, questions));
        }
    }
}

/// A choice between texts may depend on a question.
fn questions_of_text<'c>(text: &'c Text, questions: &mut BTreeSet<&'c Question>) {
    match text {
        Text::Constant(_) | Text::Label(_) | Text::Entry(..) | Text::Signal(..) | Text::Weekday(_) => {}
        Text::If(parts) => {
            let (when, both) = &**parts;
            questions_of(when, questions);
            both.iter().for_each(|it| questions_of_text(it, questions));
        }
    }
}
