//! Conditions over generated sources: nothing panics, and what is evaluated agrees with a naive reading of the same tree.

use proptest::prelude::*;
use sluicegate_contracts::config::Operation;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_routing::rules::{Condition, Modalities, Observed, Readings, Signals};

/// What is known of a generated request.
#[derive(Debug, Clone)]
struct Request {
    input: u64,
    output: Option<u64>,
    stream: bool,
    schema: Option<bool>,
    user: Option<String>,
    tags: Vec<String>,
}

impl Request {
    fn judge(&self, condition: &Condition) -> bool {
        condition.holds(&Observed {
            input_tokens: self.input,
            max_output_tokens: self.output,
            stream: self.stream,
            operation: Operation::ChatCompletions,
            language: "",
            dialect: "openai_chat",
            model: "m",
            modalities: Modalities::default(),
            tools: None,
            json_schema: self.schema,
            reasoning: None,
            headers: &[],
            metadata: &[],
            user: self.user.as_deref(),
            session: None,
            tags: &self.tags,
            key: "k",
            now: UnixMillis::new(0),
            signals: &Signals::default(),
            readings: Readings::NONE,
        })
    }
}

fn request() -> impl Strategy<Value = Request> {
    let word = || prop::sample::select(vec!["a", "ab", "b"]).prop_map(str::to_owned);
    let (input, output) = (0..4_u64, prop::option::of(0..4_u64));
    let labels = (prop::option::of(word()), prop::collection::vec(word(), 0..3));
    (input, output, any::<bool>(), any::<Option<bool>>(), labels).prop_map(
        |(input, output, stream, schema, (user, tags))| Request {
            input,
            output,
            stream,
            schema,
            user,
            tags,
        },
    )
}

#[derive(Debug, Clone)]
enum Number {
    Constant(u8),
    Input,
    Output,
    Calculated(char, Box<[Number; 2]>),
    If(Box<(Truth, [Number; 2])>),
}

#[derive(Debug, Clone)]
enum Truth {
    Constant(bool),
    Stream,
    Schema,
    HasUser,
    Not(Box<Truth>),
    All(Vec<Truth>),
    Any(Vec<Truth>),
    Same(Box<[Truth; 2]>),
    Compared(&'static str, Box<[Number; 2]>),
    Among(Number, Vec<u8>),
    UserIs(String),
    UserBegins(String),
    Tagged(String),
}

fn number(depth: u32) -> BoxedStrategy<Number> {
    let leaf = prop_oneof![
        (0..4_u8).prop_map(Number::Constant),
        Just(Number::Input),
        Just(Number::Output)
    ];
    if depth == 0 {
        return leaf.boxed();
    }
    let sign = prop::sample::select(vec!['+', '-', '*', '/', '%']);
    prop_oneof![
        2 => leaf,
        1 => (sign, number(depth - 1), number(depth - 1))
            .prop_map(|(sign, left, right)| Number::Calculated(sign, Box::new([left, right]))),
        1 => (truth(depth - 1), number(depth - 1), number(depth - 1))
            .prop_map(|(when, left, right)| Number::If(Box::new((when, [left, right])))),
    ]
    .boxed()
}

fn truth(depth: u32) -> BoxedStrategy<Truth> {
    let word = || prop::sample::select(vec!["a", "ab", "b"]).prop_map(str::to_owned);
    let leaf = prop_oneof![
        any::<bool>().prop_map(Truth::Constant),
        Just(Truth::Stream),
        Just(Truth::Schema),
        Just(Truth::HasUser),
        word().prop_map(Truth::UserIs),
        word().prop_map(Truth::UserBegins),
        word().prop_map(Truth::Tagged),
    ];
    if depth == 0 {
        return leaf.boxed();
    }
    let sign = prop::sample::select(vec!["==", "!=", "<", "<=", ">", ">="]);
    let some = || prop::collection::vec(truth(depth - 1), 2..4);
    prop_oneof![
        2 => leaf,
        1 => truth(depth - 1).prop_map(|inner| Truth::Not(Box::new(inner))),
        1 => some().prop_map(Truth::All),
        1 => some().prop_map(Truth::Any),
        1 => (truth(depth - 1), truth(depth - 1)).prop_map(|(one, other)| Truth::Same(Box::new([one, other]))),
        2 => (sign, number(depth - 1), number(depth - 1))
            .prop_map(|(sign, left, right)| Truth::Compared(sign, Box::new([left, right]))),
        1 => (number(depth - 1), prop::collection::vec(0..4_u8, 1..3)).prop_map(|(it, list)| Truth::Among(it, list)),
    ]
    .boxed()
}

impl Number {
    fn written(&self) -> String {
        match self {
            Self::Constant(value) => value.to_string(),
            Self::Input => "request.input_tokens".to_owned(),
            Self::Output => "request.max_output_tokens".to_owned(),
            Self::Calculated(sign, both) => format!("({} {sign} {})", both[0].written(), both[1].written()),
            Self::If(parts) => {
                let (when, [then, otherwise]) = &**parts;
                format!(
                    "({} ? {} : {})",
                    when.written(),
                    then.written(),
                    otherwise.written()
                )
            }
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    fn naive(&self, request: &Request) -> Option<f64> {
        match self {
            Self::Constant(value) => Some(f64::from(*value)),
            Self::Input => Some(request.input as f64),
            Self::Output => request.output.map(|tokens| tokens as f64),
            Self::Calculated(sign, both) => {
                let (left, right) = (both[0].naive(request)?, both[1].naive(request)?);
                let value = match sign {
                    '+' => left + right,
                    '-' => left - right,
                    '*' => left * right,
                    '/' => left / right,
                    _ => left % right,
                };
                value.is_finite().then_some(value)
            }
            Self::If(parts) => {
                let (when, [then, otherwise]) = &**parts;
                if when.naive(request)? {
                    then.naive(request)
                } else {
                    otherwise.naive(request)
                }
            }
        }
    }
}

impl Truth {
    fn written(&self) -> String {
        let joined = |parts: &[Self], sign: &str| {
            let parts: Vec<_> = parts.iter().map(Self::written).collect();
            format!("({})", parts.join(sign))
        };
        match self {
            Self::Constant(value) => value.to_string(),
            Self::Stream => "request.stream".to_owned(),
            Self::Schema => "request.json_schema".to_owned(),
            Self::HasUser => "has(request.user)".to_owned(),
            Self::Not(inner) => format!("!{}", inner.written()),
            Self::All(parts) => joined(parts, " && "),
            Self::Any(parts) => joined(parts, " || "),
            Self::Same(both) => joined(&**both, " == "),
            Self::Compared(sign, both) => format!("({} {sign} {})", both[0].written(), both[1].written()),
            Self::Among(it, list) => format!("({} in {list:?})", it.written()),
            Self::UserIs(user) => format!("(request.user == {user:?})"),
            Self::UserBegins(with) => format!("request.user.startsWith({with:?})"),
            Self::Tagged(tag) => format!("({tag:?} in request.tags)"),
        }
    }

    /// By the table of three-valued logic: the least of `&&`, the most of `||`, with "not known" between.
    fn naive(&self, request: &Request) -> Option<bool> {
        let rank = |it: Option<bool>| match it {
            Some(false) => 0,
            None => 1,
            Some(true) => 2,
        };
        let ranks = |parts: &[Self]| {
            let ranks = parts
                .iter()
                .map(|part| (rank(part.naive(request)), part.naive(request)));
            ranks.collect::<Vec<_>>()
        };
        match self {
            Self::Constant(value) => Some(*value),
            Self::Stream => Some(request.stream),
            Self::Schema => request.schema,
            Self::HasUser => Some(request.user.is_some()),
            Self::Not(inner) => inner.naive(request).map(|value| !value),
            Self::All(parts) => ranks(parts).into_iter().min_by_key(|(rank, _)| *rank).unwrap().1,
            Self::Any(parts) => ranks(parts).into_iter().max_by_key(|(rank, _)| *rank).unwrap().1,
            Self::Same(both) => Some(both[0].naive(request)? == both[1].naive(request)?),
            Self::Compared(sign, both) => {
                let (left, right) = (both[0].naive(request)?, both[1].naive(request)?);
                Some(match *sign {
                    "==" => left == right,
                    "!=" => left != right,
                    "<" => left < right,
                    "<=" => left <= right,
                    ">" => left > right,
                    _ => left >= right,
                })
            }
            Self::Among(it, list) => {
                let it = it.naive(request)?;
                Some(list.iter().any(|value| f64::from(*value) == it))
            }
            Self::UserIs(user) => request.user.as_ref().map(|it| it == user),
            Self::UserBegins(with) => request.user.as_ref().map(|it| it.starts_with(with.as_str())),
            Self::Tagged(tag) => Some(request.tags.contains(tag)),
        }
    }
}

/// Sources that look like conditions, and some that hardly do.
fn source() -> impl Strategy<Value = String> {
    let words = vec![
        "request",
        "key",
        "time",
        "input_tokens",
        "user",
        "tags",
        "metadata",
        "hour",
        "size",
        "has",
        "signal",
        "matches",
        "startsWith",
        "true",
        "false",
        "in",
        "(",
        ")",
        "[",
        "]",
        ".",
        ",",
        "?",
        ":",
        "&&",
        "||",
        "!",
        "==",
        "!=",
        "<",
        ">=",
        "+",
        "-",
        "*",
        "/",
        "%",
        "1",
        "2.5",
        "1e9",
        "\"a\"",
        "'\\u00e4'",
        "r\"(\"",
        "\"UTC\"",
        "request.user",
        "request.stream",
        "request.metadata[\"a\"]",
        "//",
        "\n",
        "{",
        "ä",
        "=",
        "\\",
        "\"",
    ];
    let joined = prop::collection::vec(prop::sample::select(words), 0..40)
        .prop_flat_map(|words| prop_oneof![Just(words.concat()), Just(words.join(" "))]);
    prop_oneof![4 => joined, 1 => ".{0,80}"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn no_source_panics(source in source(), request in request()) {
        match Condition::read(&source) {
            Ok(condition) => {
                let holds = request.judge(&condition);
                prop_assert!(!(holds && condition.never_holds()));
                prop_assert!(holds || !condition.always_holds());
            }
            Err(mistake) => {
                prop_assert!(mistake.line >= 1 && mistake.line <= source.matches('\n').count() + 1);
                prop_assert!(mistake.column >= 1 && !mistake.sentence.is_empty());
            }
        }
    }

    #[test]
    fn a_condition_says_what_a_naive_reading_says(truth in truth(4), request in request()) {
        let Ok(condition) = Condition::read(&truth.written()) else {
            // Only its size may stand against it.
            prop_assert_eq!(Condition::read(&truth.written()).unwrap_err().code.as_str(), "cel_too_large");
            return Ok(());
        };
        let naive = truth.naive(&request);
        prop_assert_eq!(request.judge(&condition), naive == Some(true), "{}", truth.written());
        prop_assert!(!(condition.never_holds() && naive == Some(true)), "{}", truth.written());
        prop_assert!(!condition.always_holds() || naive == Some(true), "{}", truth.written());
    }
}
