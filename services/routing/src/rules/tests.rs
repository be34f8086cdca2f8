//! Conditions as authors write them: what they say of requests, and what is said of their mistakes.

use sluicegate_contracts::config::{Operation, Signal, SignalValue};
use sluicegate_contracts::time::UnixMillis;
use uuid::Uuid;

use super::{Condition, Modalities, Observed, Readings, Signals};

/// Friday 2026-11-27, 15:30 UTC.
const NOW: UnixMillis = UnixMillis::new(1_795_793_400_000);

fn texts(entries: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = entries
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    owned.collect()
}

fn signal(name: &str, value: SignalValue, good_for: i64) -> Signal {
    Signal {
        id: Uuid::nil().into(),
        organization: Uuid::nil().into(),
        project: Uuid::nil().into(),
        name: name.to_owned(),
        value,
        good_until: NOW.offset(good_for),
    }
}

/// A request with tools, an image and a tier, of nobody.
fn holds(source: &str) -> bool {
    let condition = Condition::read(source).unwrap_or_else(|mistake| panic!("{source}: {mistake}"));
    let (headers, metadata) = (texts(&[("x-route-lane", "fast")]), texts(&[("tier", "pro")]));
    let tags = ["batch".to_owned(), "eu".to_owned()];
    let signals = [
        signal("load", SignalValue::Number(0.9), 1),
        signal("old", SignalValue::Number(0.9), 0),
        signal("mode", SignalValue::Text("save".to_owned()), 1),
        signal("freeze", SignalValue::Flag(true), 1),
    ];
    condition.holds(&Observed {
        input_tokens: 2_000,
        max_output_tokens: None,
        stream: true,
        operation: Operation::ChatCompletions,
        language: "",
        dialect: "openai_chat",
        model: "route/support",
        modalities: Modalities {
            image: true,
            ..Modalities::default()
        },
        tools: Some(2),
        json_schema: Some(false),
        reasoning: None,
        headers: &headers,
        metadata: &metadata,
        user: None,
        session: Some("s-1"),
        tags: &tags,
        key: "key_1",
        now: NOW,
        signals: &signals.iter().collect::<Signals>(),
        readings: Readings::NONE,
    })
}

#[test]
fn conditions_say_what_they_mean() {
    for source in [
        "request.tools > 0 && request.metadata[\"tier\"] == \"pro\" && request.input_tokens < 3000",
        "request.input_tokens + 48 == 2048 && request.input_tokens / 3 > 666 && -request.tools < -1",
        "1 + 2 * 3 == 7 && (1 + 2) * 3 == 9 && 7 % 4 - 3 == 0 && 10 - 4 - 3 == 3",
        "true || false && false",
        "!false && !!request.stream && request.stream != request.json_schema",
        "request.stream ? request.tools == 2 : false",
        "(request.stream ? request.model : \"x\").startsWith(\"route/\")",
        "request.model.endsWith('port') && request.model.contains('sup') && !request.model.contains('x')",
        "request.model.matches(r\"^route/[a-z]+$\") && !request.model.matches(\"^support\")",
        "request.operation == \"chat_completions\" && request.dialect in ['openai_chat', 'gemini']",
        "request.tools in [1, 2] && !(request.tools in []) && !(request.tools in [3])",
        "\"eu\" in request.tags && !(\"us\" in request.tags) && size(request.tags) == 2",
        "\"image\" in request.modalities && request.modalities.size() == 1",
        "request.headers[\"X-Route-Lane\"] == \"fast\" && request.metadata.tier.size() == 3",
        "has(request.session) && !has(request.user) && has(request.metadata.tier) && !has(request.metadata.x)",
        "\"tier\" in request.metadata && !(\"x\" in request.metadata)",
        "time.hour == 15 && time.minute == 30 && time.weekday in ['fri', 'sat']",
        "time.hour(\"Asia/Tokyo\") == 0 && time.weekday(\"Asia/Tokyo\") == 'sat'",
        "signal(\"load\", 0.0) > 0.8 && signal(\"mode\", \"\") == \"save\" && signal(\"freeze\", false)",
        "signal(\"old\", 0.1) == 0.1 && signal(\"none\", 0.2) == 0.2 && signal(\"mode\", 7) == 7",
        "'b' > 'a' // a comment\n && \"\\u00e4\" == 'ä'",
    ] {
        assert!(holds(source), "{source}");
    }
}

#[test]
fn what_is_not_known_is_neither_true_nor_false() {
    for source in [
        "request.user == \"ann\"",
        "request.user != \"ann\"",
        "!(request.user == \"ann\")",
        "request.max_output_tokens > 5 || request.max_output_tokens <= 5",
        "request.reasoning",
        "!request.reasoning",
        "request.reasoning == request.reasoning",
        "request.reasoning ? true : true",
        "request.metadata.gone in [\"a\"] || !(request.metadata.gone in [\"a\"])",
        "request.tools / 0 > 1 || request.tools / 0 <= 1",
        "request.user.startsWith(\"a\") && true",
    ] {
        assert!(!holds(source), "{source}");
    }
    for source in [
        "request.user == \"ann\" || request.stream",
        "request.stream || request.user == \"ann\"",
        "!(request.reasoning && false)",
        "!has(request.reasoning)",
    ] {
        assert!(holds(source), "{source}");
    }
}

/// Place, code and sentence of the mistake in a source.
fn mistake(source: &str) -> ((usize, usize), &'static str, String) {
    let mistake = Condition::read(source).unwrap_err();
    (
        (mistake.line, mistake.column),
        mistake.code.as_str(),
        mistake.sentence,
    )
}

#[test]
fn a_misspelled_name_is_told_with_what_was_meant() {
    for (source, place, code, sentence) in [
        (
            "request.stream &&\n  request.tokns > 5",
            (2, 3),
            "cel_unknown_fact",
            "There is no fact request.tokns. Did you mean request.input_tokens?",
        ),
        (
            "request.modle == \"x\"",
            (1, 1),
            "cel_unknown_fact",
            "There is no fact request.modle. Did you mean request.model?",
        ),
        (
            "user == \"x\"",
            (1, 1),
            "cel_unknown_fact",
            "There is no fact user. Did you mean request.user?",
        ),
        (
            "weather == 1",
            (1, 1),
            "cel_unknown_fact",
            "There is no fact weather.",
        ),
        (
            "key == \"key_1\"",
            (1, 1),
            "cel_unknown_fact",
            "key is a group of facts. Name one of them: key.id.",
        ),
        (
            "request.model.beginsWith(\"a\")",
            (1, 1),
            "cel_unknown_function",
            "There is no function beginsWith. There are has, size, signal, startsWith, endsWith, contains, matches, time.hour, time.minute, time.weekday.",
        ),
        (
            "request.model.startWith(\"a\")",
            (1, 1),
            "cel_unknown_function",
            "There is no function startWith. Did you mean startsWith?",
        ),
        (
            "time.weekday == \"sunday\"",
            (1, 17),
            "cel_never_holds",
            "This is never \"sunday\". It is one of mon, tue, wed, thu, fri, sat, sun.",
        ),
        (
            "request.headers.cookie == \"\"",
            (1, 1),
            "cel_unknown_fact",
            "Conditions cannot read the header cookie. They can read accept-language, anthropic-beta, origin, referer, user-agent, x-title and every header that begins with x-route-.",
        ),
    ] {
        assert_eq!(mistake(source), (place, code, sentence.to_owned()), "{source}");
    }
}

#[test]
fn parts_that_do_not_fit_are_told_where_they_are() {
    for (source, place, code, sentence) in [
        (
            "request.tools",
            (1, 1),
            "cel_type_error",
            "This must be true or false, and is a number. Compare it with something.",
        ),
        (
            "request.tools == \"2\"",
            (1, 1),
            "cel_type_error",
            "a number and a text cannot be compared by ==.",
        ),
        (
            "request.stream < true",
            (1, 1),
            "cel_type_error",
            "true or false and true or false cannot be compared by <.",
        ),
        (
            "signal(\"load\") > 1",
            (1, 1),
            "cel_type_error",
            "Write signal(\"name\", value), with the value that counts while the signal is stale or was never sent.",
        ),
        (
            "time.hour(\"Berlin\") == 1",
            (1, 11),
            "cel_type_error",
            "There is no time zone \"Berlin\". Use a name such as \"Europe/Berlin\".",
        ),
    ] {
        assert_eq!(mistake(source), (place, code, sentence.to_owned()), "{source}");
    }
}

#[test]
fn what_is_no_expression_is_told_where_it_stops_being_one() {
    for (source, place, code, sentence) in [
        (
            "request.stream = true",
            (1, 16),
            "cel_syntax_error",
            "'=' means nothing here; compare with ==.",
        ),
        (
            "request.stream &&",
            (1, 18),
            "cel_syntax_error",
            "A value was expected here, not the end.",
        ),
        (
            "(request.stream",
            (1, 16),
            "cel_syntax_error",
            "\")\" was expected here, not the end.",
        ),
        (
            "request.stream request.stream",
            (1, 16),
            "cel_syntax_error",
            "An operator, or the end, was expected here, not \"request\".",
        ),
        (
            "request.model.matches(\"(\")",
            (1, 23),
            "cel_syntax_error",
            "This is no regular expression: unclosed group.",
        ),
        (
            "",
            (1, 1),
            "cel_syntax_error",
            "A value was expected here, not the end.",
        ),
    ] {
        assert_eq!(mistake(source), (place, code, sentence.to_owned()), "{source}");
    }
}

#[test]
fn a_source_cannot_exhaust_its_reader() {
    let deep = |open: &str, close: &str| format!("{}true{}", open.repeat(400), close.repeat(400));
    for source in [
        deep("(", ")"),
        deep("!", ""),
        deep("(true ? ", " : true)"),
        deep("[", "]"),
        deep("size(", ")"),
        "-".repeat(1_000),
        format!("1{} == 1", "+1".repeat(400)),
        format!("{}true", " ".repeat(2_000)),
        format!("request{}", ".a".repeat(900)),
        "request.model.matches(\"((a{100}){100}){100}\")".to_owned(),
        format!("request.model.matches(\"{}\")", "a".repeat(300)),
        ["request.model.matches(\"a\")"; 5].join(" || "),
    ] {
        let mistake = Condition::read(&source).unwrap_err();
        assert_eq!(mistake.code.as_str(), "cel_too_large", "{source}");
    }
    // A long chain is as flat as a short one.
    assert!(Condition::read(&vec!["request.stream"; 100].join(" && ")).is_ok());
}

#[test]
fn what_can_never_hold_is_seen() {
    for source in [
        "false",
        "1 > 2",
        "request.stream && false",
        "request.input_tokens < 0",
        "size(request.tags) < 0",
        "time.hour == 24",
        "time.hour in [24, 25]",
        "request.user in []",
        "!(request.input_tokens >= 0)",
        "request.stream ? false : 'a' == 'b'",
        "request.tools + 1 < 1",
        "request.input_tokens > 5 && request.input_tokens < 3",
        "request.input_tokens >= 5 && request.stream && 5 > request.input_tokens",
        "request.tools == 1 && 2 == request.tools",
        "size(request.user) > 9 && size(request.user) <= 9",
        "request.model == \"a\" && request.model == \"b\"",
        "request.user in [\"a\", \"b\"] && \"c\" == request.user",
        "request.stream || true ? request.tools > 5 && request.tools < 3 : false",
    ] {
        assert!(Condition::read(source).unwrap().never_holds(), "{source}");
    }
    for source in [
        "request.input_tokens > 3 && request.input_tokens < 5",
        "request.input_tokens >= 5 && request.input_tokens <= 5",
        "request.input_tokens > 5 && request.tools < 3",
        "request.input_tokens > 5 || request.input_tokens < 3",
        "request.input_tokens != 5 && request.input_tokens >= 5",
        "request.model == \"a\" && request.user == \"b\"",
        "request.user in [\"a\", \"b\"] && request.user in [\"b\", \"c\"]",
        "request.user != \"a\" && request.user == \"a \"",
    ] {
        assert!(!Condition::read(source).unwrap().never_holds(), "{source}");
    }
    for source in [
        "true",
        "1 < 2",
        "request.input_tokens >= 0",
        "!(request.input_tokens < 0)",
        "!false || request.stream",
    ] {
        let condition = Condition::read(source).unwrap();
        assert!(condition.always_holds() && !condition.never_holds(), "{source}");
    }
    // It is not known of every request.
    for source in ["request.tools >= 0", "request.stream", "request.user == \"ann\""] {
        let condition = Condition::read(source).unwrap();
        assert!(!condition.always_holds() && !condition.never_holds(), "{source}");
    }
}

#[test]
fn what_a_condition_reads_is_known() {
    let asked = |source: &str| {
        Condition::read(source)
            .unwrap()
            .asked()
            .into_iter()
            .collect::<Vec<_>>()
    };
    assert_eq!(asked("true"), Vec::<&str>::new());
    assert_eq!(
        asked(
            "has(request.metadata.a) || (request.stream ? request.tools > 1 : signal(\"load\", 0.0) > 1.0)"
        ),
        ["request.metadata", "request.stream", "request.tools", "signal"]
    );
    assert_eq!(
        asked("\"a\" in request.tags && !(time.hour(\"UTC\") in [1]) && size(request.headers.origin) > 1"),
        ["request.headers", "request.tags", "time.hour"]
    );
    assert_eq!(
        asked(
            "request.user.startsWith(key.id) && time.weekday == \"mon\" && \"image\" in request.modalities"
        ),
        ["key.id", "request.modalities", "request.user", "time.weekday"]
    );
}

#[test]
fn two_conditions_are_the_same_whatever_their_spacing() {
    let read = |source| Condition::read(source).unwrap();
    assert_eq!(
        read("request.stream&&request.metadata.a=='b'"),
        read("(request.stream) && request.metadata[\"a\"] == \"b\"")
    );
    assert_ne!(read("request.tools > 1"), read("request.tools > 2"));
    assert_eq!(
        read("request.model.matches('a')"),
        read("request.model.matches(\"a\")")
    );
}

#[test]
fn a_signal_counts_until_the_very_moment_at_which_it_is_stale() {
    // `old` is good until now, `load` for a millisecond longer.
    assert!(holds(
        "signal(\"old\", 0.0) == 0.0 && signal(\"load\", 0.0) == 0.9"
    ));
}
