//! What conditions ask of endpoints and budgets, and what is said of mistakes in it.

use sluicegate_contracts::config::Operation;
use sluicegate_contracts::time::UnixMillis;

use super::{Condition, Measure, Modalities, Observed, Question, Reading, Signals};

/// Whether a condition holds for a request of nobody in particular, for which endpoints and budgets were looked at.
fn holds_seeing(source: &str) -> bool {
    let condition = Condition::read(source).unwrap_or_else(|mistake| panic!("{source}: {mistake}"));
    let question = |measure, of: &str, over: Option<&str>| Question {
        measure,
        of: of.into(),
        over: over.map(Into::into),
    };
    let readings = [
        (
            question(Measure::SuccessRate, "a/b", None),
            Some(Reading::number(0.75)),
        ),
        (
            question(Measure::SuccessRate, "a/b", Some("main")),
            Some(Reading::number(0.25)),
        ),
        (
            question(Measure::FirstToken, "a/b", None),
            Some(Reading::number(812.5)),
        ),
        (
            question(Measure::Available, "a/b", None),
            Some(Reading::flag(false)),
        ),
        (
            question(Measure::BudgetLeft, "team", None),
            Some(Reading::number(0.1)),
        ),
        (question(Measure::Headroom, "a/b", None), None),
    ];
    let signals = Signals::default();
    condition.holds(&Observed {
        input_tokens: 2_000,
        max_output_tokens: None,
        stream: true,
        operation: Operation::ChatCompletions,
        language: "",
        dialect: "openai_chat",
        model: "route/support",
        modalities: Modalities::default(),
        tools: Some(0),
        json_schema: None,
        reasoning: None,
        headers: &[],
        metadata: &[],
        user: None,
        session: None,
        tags: &[],
        key: "key_1",
        now: UnixMillis::new(0),
        signals: &signals,
        readings: &readings.into_iter().collect(),
    })
}

#[test]
fn conditions_ask_how_endpoints_fare_and_what_budgets_have_left() {
    for source in [
        r#"health.success_rate("a/b", 1.0) == 0.75"#,
        r#"health.success_rate("a/b", "main", 1.0) == 0.25"#,
        r#"health.first_token_p95_ms("a/b", 500) > 800 && !health.available("a/b", true)"#,
        r#"budget.remaining_ratio("team", 1.0) < 0.2"#,
        r#"health.headroom("a/b", 0.5) == 0.5"#,
        r#"health.success_rate("c/d", 0.0) == 0 && health.available("c/d", true)"#,
        r#"(health.available("c/d", false) ? "yes" : "no") == "no""#,
    ] {
        assert!(holds_seeing(source), "{source}");
    }
}

#[test]
fn what_is_asked_is_known_wherever_it_stands_in_a_condition() {
    let condition = Condition::read(
        r#"(health.available("a/b", true) ? "x" : request.model) in ["y"]
           || -health.headroom("p", 1.0) + 1 > 0 && !(budget.remaining_ratio("t", 0.5) in [1])
           || health.headroom("p", 0.2) > 0"#,
    );
    let condition = condition.unwrap();
    let asked: Vec<String> = condition.questions().iter().map(ToString::to_string).collect();
    let expected = [
        r#"health.headroom("p")"#,
        r#"health.available("a/b")"#,
        r#"budget.remaining_ratio("t")"#,
    ];
    assert_eq!(
        asked, expected,
        "each once, whatever counts while it is not known"
    );
    assert!(condition.asked().contains("health.available"));
}

#[test]
fn who_asks_says_what_counts_while_it_is_not_known() {
    for (source, sentence) in [
        (
            r#"health.success_rate("a/b") < 0.9"#,
            r#"Write health.success_rate("openai/gpt-4o", 1.0), with the value that counts while it is not known."#,
        ),
        (
            "health.available",
            r#"Write health.available("openai/gpt-4o", true), with the value that counts while it is not known."#,
        ),
        (
            r#"budget.remaining_ratio("a", "b", 1.0) < 0.9"#,
            r#"Write budget.remaining_ratio("team", 1.0), with the value that counts while it is not known."#,
        ),
        (
            r#"health.success_rate("a/b", 2) < 0.9"#,
            "The value for a state that is not known must be written out: a number from 0 to 1.",
        ),
        (
            r#"health.available("a/b", 1)"#,
            "The value for a state that is not known must be written out: true or false.",
        ),
        (
            r#"health.first_token_p95_ms("a/b", request.tools) > 1"#,
            "The value for a state that is not known must be written out: a number from 0 on.",
        ),
        (
            r#"health.sucess_rate("a/b", 1.0) < 0.9"#,
            "There is no function health.sucess_rate. Did you mean health.success_rate?",
        ),
        (
            r#"budget.remaining_ratoi < 1"#,
            "There is no fact budget.remaining_ratoi. Did you mean budget.remaining_ratio?",
        ),
        (
            r#"health.success_rate(request.model, 1.0) < 0.9"#,
            "The name of what is asked about must be written out as a text.",
        ),
        (
            "health == 1",
            "health is a group of facts. Name one of them: health.success_rate, health.first_token_p95_ms, \
             health.headroom, health.available.",
        ),
    ] {
        let mistake = Condition::read(source).unwrap_err();
        assert_eq!(mistake.sentence, sentence, "{source}");
    }
    let many = (0..5).map(|it| format!(r#"health.available("m/{it}", true)"#));
    let mistake = Condition::read(&many.collect::<Vec<_>>().join(" || ")).unwrap_err();
    assert_eq!(
        mistake.sentence,
        "A condition asks at most 4 different things of endpoints and budgets."
    );
}

#[test]
fn a_share_that_no_endpoint_can_have_never_holds() {
    let never = |source| Condition::read(source).unwrap().never_holds();
    assert!(never(r#"health.success_rate("a/b", 1.0) > 1"#));
    assert!(never(r#"budget.remaining_ratio("team", 0.5) < 0"#));
    assert!(never(
        r#"health.headroom("a/b", 1.0) > 0.5 && health.headroom("a/b", 1.0) < 0.4"#
    ));
    assert!(!never(r#"health.first_token_p95_ms("a/b", 500) > 60000"#));
}
