//! From a tree of words to a checked condition: every name is known, every part has the type that its place wants.

use super::clock::{WEEKDAYS, Zone};
use super::expression::{Calculation, Number, Order, Text, Truth};
use super::facts::{CATALOG, Fact, Group, Map, ROUTING_HEADERS, fact, is_readable_header};
use super::mistake::{Code, Fault};
use super::near::nearest;
use super::readings::Measure;
use super::syntax::{Ast, Node};

/// A part of a condition with its type.
#[derive(Debug)]
pub(super) enum Typed {
    Truth(Truth),
    Number(Number),
    Text(Text),
    Group(Group),
    Map(Map),
    Numbers(Box<[f64]>),
    Texts(Box<[Box<str>]>),
}

impl Typed {
    /// Its type in words.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Truth(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::Group(_) | Self::Texts(_) => "a list of texts",
            Self::Map(_) => "texts by name",
            Self::Numbers(_) => "a list of numbers",
        }
    }
}

pub(super) fn type_fault(at: usize, sentence: String) -> Fault {
    Fault::new(at, Code::Type, sentence)
}

/// The part as something that is true or false.
pub(super) fn truth(ast: &Ast) -> Result<Truth, Fault> {
    let part = typed(ast)?;
    if let Typed::Truth(truth) = part {
        return Ok(truth);
    }
    let sentence = format!(
        "This must be true or false, and is {}. Compare it with something.",
        part.kind()
    );
    Err(type_fault(ast.at, sentence))
}

pub(super) fn text(ast: &Ast) -> Result<Text, Fault> {
    let part = typed(ast)?;
    if let Typed::Text(text) = part {
        return Ok(text);
    }
    let sentence = format!("This must be a text, and is {}.", part.kind());
    Err(type_fault(ast.at, sentence))
}

fn number(ast: &Ast) -> Result<Number, Fault> {
    let part = typed(ast)?;
    if let Typed::Number(number) = part {
        return Ok(number);
    }
    let sentence = format!("This must be a number, and is {}.", part.kind());
    Err(type_fault(ast.at, sentence))
}

/// A text that is written out.
pub(super) fn literal(ast: &Ast, what: &str) -> Result<Box<str>, Fault> {
    if let Node::Text(text) = &ast.node {
        return Ok(text.clone());
    }
    let sentence = format!("{what} must be written out as a text.");
    Err(type_fault(ast.at, sentence))
}

pub(super) fn typed(ast: &Ast) -> Result<Typed, Fault> {
    Ok(match &ast.node {
        Node::Bool(value) => Typed::Truth(Truth::Constant(*value)),
        Node::Number(value) => Typed::Number(Number::Constant(*value)),
        Node::Text(value) => Typed::Text(Text::Constant(value.clone())),
        Node::Name(_) | Node::Member(..) => named(ast)?,
        Node::Entry(map, key) => entry(map, key)?,
        Node::List(parts) => list(ast.at, parts)?,
        Node::Call {
            receiver,
            name,
            arguments,
        } => super::call::call(ast.at, receiver.as_deref(), name, arguments)?,
        Node::Not(inner) => Typed::Truth(Truth::Not(Box::new(truth(inner)?))),
        Node::Negative(inner) => {
            let inner = number(inner)?;
            Typed::Number(if let Number::Constant(value) = inner {
                Number::Constant(-value)
            } else {
                Number::Negative(Box::new(inner))
            })
        }
        Node::All(parts) => Typed::Truth(Truth::All(parts.iter().map(truth).collect::<Result<_, _>>()?)),
        Node::Any(parts) => Typed::Truth(Truth::Any(parts.iter().map(truth).collect::<Result<_, _>>()?)),
        Node::Binary(sign, both) => {
            let [left, right] = &**both;
            binary(ast.at, sign, left, right)?
        }
        Node::If(parts) => {
            let [when, then, otherwise] = &**parts;
            choice(ast.at, truth(when)?, typed(then)?, typed(otherwise)?)?
        }
    })
}

/// The path of names that a part spells, if it spells one.
pub(super) fn path(ast: &Ast) -> Option<String> {
    if let Node::Name(name) = &ast.node {
        return Some(name.to_string());
    }
    let Node::Member(inner, name) = &ast.node else {
        return None;
    };
    path(inner).map(|path| format!("{path}.{name}"))
}

fn named(ast: &Ast) -> Result<Typed, Fault> {
    let path = path(ast).ok_or_else(|| type_fault(ast.at, "This has no members.".to_owned()))?;
    if let Some(fact) = fact(&path) {
        return Ok(of_fact(fact));
    }
    // `request.metadata.tier` means `request.metadata["tier"]`.
    if let Node::Member(inner, name) = &ast.node
        && let Some(Fact::Map(map)) = self::path(inner).as_deref().and_then(fact)
    {
        return Ok(Typed::Text(Text::Entry(map, readable(ast.at, map, name)?)));
    }
    Err(unknown_fact(ast.at, &path))
}

const fn of_fact(fact: Fact) -> Typed {
    match fact {
        Fact::Flag(flag) => Typed::Truth(Truth::Flag(flag)),
        Fact::Amount(amount) => Typed::Number(Number::Amount(amount)),
        Fact::Label(label) => Typed::Text(Text::Label(label)),
        Fact::Group(group) => Typed::Group(group),
        Fact::Map(map) => Typed::Map(map),
        Fact::Hour => Typed::Number(Number::Hour(Zone::UTC)),
        Fact::Minute => Typed::Number(Number::Minute(Zone::UTC)),
        Fact::Weekday => Typed::Text(Text::Weekday(Zone::UTC)),
    }
}

fn unknown_fact(at: usize, path: &str) -> Fault {
    if let Some(measure) = Measure::named(path) {
        return type_fault(at, super::call::explained(measure));
    }
    let measures = || Measure::ALL.into_iter().map(Measure::name);
    let names = || CATALOG.iter().map(|(name, _)| *name).chain(measures());
    let group = format!("{path}.");
    let sentence = if names().any(|name| name.starts_with(&group)) {
        let members = names().filter(|name| name.starts_with(&group));
        let members: Vec<&str> = members.collect();
        format!(
            "{path} is a group of facts. Name one of them: {}.",
            members.join(", ")
        )
    } else {
        // A word that stands in a longer name was more likely meant than another word; a word alone may lack its group.
        let alone = || names().find(|name| name.rsplit('.').next() == Some(path));
        let near = nearest_member(path).or_else(|| nearest(path, names()));
        match near.or_else(alone) {
            Some(near) => format!("There is no fact {path}. Did you mean {near}?"),
            None => format!("There is no fact {path}."),
        }
    };
    Fault::new(at, Code::UnknownFact, sentence)
}

/// A fact of the same group with a word in common: `request.tokens` may mean `request.input_tokens`.
fn nearest_member(path: &str) -> Option<&'static str> {
    let (group, word) = path.rsplit_once('.')?;
    let mut in_group = CATALOG.iter().filter_map(|(name, _)| {
        let (of, rest) = name.rsplit_once('.')?;
        (of == group).then_some((*name, rest))
    });
    in_group
        .find(|(_, known)| {
            let mut words = known.split('_');
            words.any(|it| nearest(word, [it]).is_some())
        })
        .map(|(name, _)| name)
}

fn entry(map: &Ast, key: &Ast) -> Result<Typed, Fault> {
    let part = typed(map)?;
    if let Typed::Map(of) = part {
        let name = literal(key, "The name of an entry")?;
        return Ok(Typed::Text(Text::Entry(of, readable(key.at, of, &name)?)));
    }
    let sentence = format!("Only texts by name have entries, and this is {}.", part.kind());
    Err(type_fault(map.at, sentence))
}

/// The name of an entry that conditions may read.
fn readable(at: usize, map: Map, name: &str) -> Result<Box<str>, Fault> {
    match map {
        Map::Metadata => Ok(name.into()),
        Map::Headers => {
            let lower = name.to_ascii_lowercase();
            if is_readable_header(&lower) {
                return Ok(lower.into());
            }
            let sentence = format!(
                "Conditions cannot read the header {lower}. They can read {} and every header that begins with {ROUTING_HEADERS}.",
                super::facts::HEADERS.join(", ")
            );
            Err(Fault::new(at, Code::UnknownFact, sentence))
        }
    }
}

fn list(at: usize, parts: &[Ast]) -> Result<Typed, Fault> {
    let mut numbers = Vec::new();
    let mut texts = Vec::new();
    for part in parts {
        let value = typed(part)?;
        if let Typed::Number(Number::Constant(value)) = value {
            numbers.push(value);
        } else if let Typed::Text(Text::Constant(value)) = value {
            texts.push(value);
        } else {
            let sentence = "A list holds numbers or texts that are written out.".to_owned();
            return Err(type_fault(part.at, sentence));
        }
    }
    match (numbers.is_empty(), texts.is_empty()) {
        (false, false) => Err(type_fault(
            at,
            "A list holds numbers or texts, not both.".to_owned(),
        )),
        (false, true) => Ok(Typed::Numbers(numbers.into())),
        (true, _) => Ok(Typed::Texts(texts.into())),
    }
}

fn choice(at: usize, when: Truth, then: Typed, otherwise: Typed) -> Result<Typed, Fault> {
    match (then, otherwise) {
        (Typed::Truth(then), Typed::Truth(otherwise)) => {
            Ok(Typed::Truth(Truth::If(Box::new([when, then, otherwise]))))
        }
        (Typed::Number(then), Typed::Number(otherwise)) => {
            Ok(Typed::Number(Number::If(Box::new((when, [then, otherwise])))))
        }
        (Typed::Text(then), Typed::Text(otherwise)) => {
            Ok(Typed::Text(Text::If(Box::new((when, [then, otherwise])))))
        }
        (then, otherwise) => {
            let sentence = format!(
                "Both sides of \":\" must be of one type that can be compared, and they are {} and {}.",
                then.kind(),
                otherwise.kind()
            );
            Err(type_fault(at, sentence))
        }
    }
}

fn binary(at: usize, sign: &str, left: &Ast, right: &Ast) -> Result<Typed, Fault> {
    let calculation = match sign {
        "+" => Some(Calculation::Add),
        "-" => Some(Calculation::Subtract),
        "*" => Some(Calculation::Multiply),
        "/" => Some(Calculation::Divide),
        "%" => Some(Calculation::Remainder),
        _ => None,
    };
    if let Some(calculation) = calculation {
        let both = Box::new([number(left)?, number(right)?]);
        return Ok(Typed::Number(Number::Calculated(calculation, both)));
    }
    let order = match sign {
        "==" => Order::Equal,
        "!=" => Order::Unequal,
        "<" => Order::Less,
        "<=" => Order::LessOrEqual,
        ">" => Order::Greater,
        ">=" => Order::GreaterOrEqual,
        _ => return contained(left, right).map(Typed::Truth),
    };
    let compared = match (typed(left)?, typed(right)?) {
        (Typed::Number(one), Typed::Number(other)) => Truth::Numbers(order, Box::new([one, other])),
        (Typed::Text(one), Typed::Text(other)) => {
            for (value, of, at) in [(&one, &other, left.at), (&other, &one, right.at)] {
                if let Text::Constant(value) = value {
                    may_be(at, value, values_of(of))?;
                }
            }
            Truth::Texts(order, Box::new([one, other]))
        }
        (Typed::Truth(one), Typed::Truth(other)) if order == Order::Equal => {
            Truth::Same(Box::new([one, other]))
        }
        (Typed::Truth(one), Typed::Truth(other)) if order == Order::Unequal => {
            Truth::Not(Box::new(Truth::Same(Box::new([one, other]))))
        }
        (one, other) => {
            let sentence = format!(
                "{} and {} cannot be compared by {sign}.",
                one.kind(),
                other.kind()
            );
            return Err(type_fault(at, sentence));
        }
    };
    Ok(Typed::Truth(compared))
}

/// `in`.
fn contained(left: &Ast, right: &Ast) -> Result<Truth, Fault> {
    let (value, list) = (typed(left)?, typed(right)?);
    match (value, list) {
        (Typed::Number(number), Typed::Numbers(list)) => Ok(Truth::NumberIn(number, list)),
        (Typed::Text(text), Typed::Texts(list)) => {
            list.iter()
                .try_for_each(|value| may_be(right.at, value, values_of(&text)))?;
            Ok(Truth::TextIn(text, list))
        }
        (Typed::Text(text), Typed::Group(group)) => {
            if let Text::Constant(value) = &text {
                may_be(left.at, value, group.values())?;
            }
            Ok(Truth::TextInGroup(text, group))
        }
        (Typed::Text(Text::Constant(name)), Typed::Map(map)) => {
            let name = readable(left.at, map, &name)?;
            Ok(Truth::Known(super::expression::Known::Entry(map, name)))
        }
        (Typed::Number(_), Typed::Texts(list)) if list.is_empty() => Ok(Truth::Constant(false)),
        (value, list) => {
            let sentence = format!("{} cannot be in {}.", value.kind(), list.kind());
            Err(type_fault(left.at, sentence))
        }
    }
}

/// Every value of a text, where there are few.
const fn values_of(text: &Text) -> Option<&'static [&'static str]> {
    match text {
        Text::Label(label) => label.values(),
        Text::Weekday(_) => Some(&WEEKDAYS),
        Text::Constant(_) | Text::Entry(..) | Text::Signal(..) | Text::If(_) => None,
    }
}

/// Refuses to compare with what is never there.
fn may_be(at: usize, value: &str, values: Option<&[&str]>) -> Result<(), Fault> {
    match values {
        Some(values) if !values.contains(&value) => {
            let listed: Vec<&str> = values.iter().copied().filter(|it| !it.is_empty()).collect();
            let sentence = format!("This is never {value:?}. It is one of {}.", listed.join(", "));
            Err(Fault::new(at, Code::NeverHolds, sentence))
        }
        Some(_) | None => Ok(()),
    }
}
