use super::*;

/// What is read, with the worst of what is dropped.
fn read(
    provider: Option<&str>,
    models: Option<&str>,
) -> Result<(Steering, Option<Severity>), Option<String>> {
    let bytes = |text: &str| Bytes::copy_from_slice(text.as_bytes());
    let mut losses = LossReport::default();
    let read = Steering::read(provider.map(bytes), models.map(bytes), None, &mut losses);
    read.map(|steering| (steering, losses.worst()))
        .map_err(|error| error.param)
}

fn asked(provider: &str) -> Steering {
    read(Some(provider), None).unwrap().0
}

#[test]
fn demands_become_constraints() {
    let asked = asked(
        r#"{"only":["openai"],"ignore":["azure"],"data_collection":"deny","enforce_distillable_text":true,
            "quantizations":["fp8","unknown"],
            "max_price":{"prompt":1,"completion":"2.5","request":0.01,"image":"0","audio":3}}"#,
    );
    let expected = Constraints {
        max_retention_days: Some(0),
        no_training: true,
        distillable: true,
        quantizations: Some(vec![Quantization::Fp8]),
        unknown_quantization: true,
        providers: Choice {
            only: Some(vec!["openai".to_owned()]),
            ignore: vec!["azure".to_owned()],
        },
        max_price: PriceCeiling {
            input: Some(PicoUsd::from_picos(1_000_000)),
            output: Some(PicoUsd::from_picos(2_500_000)),
            request: Some(PicoUsd::from_picos(10_000_000_000)),
            image: Some(PicoUsd::from_picos(0)),
            audio: Some(PicoUsd::from_picos(3_000_000)),
        },
        ..Constraints::default()
    };
    assert_eq!(asked.constraints, expected);
    assert_eq!(asked.preferences, Preferences::NONE);
    assert!(!asked.insists);
}

#[test]
fn a_demand_that_is_not_made_demands_nothing() {
    for nothing in [
        "null",
        "{}",
        r#"{"zdr":false,"data_collection":"allow","order":null,"only":null}"#,
    ] {
        let asked = asked(nothing);
        assert!(asked.constraints.are_none(), "{nothing}");
        assert_eq!(asked.preferences, Preferences::NONE, "{nothing}");
    }
    assert_eq!(asked(r#"{"zdr":true}"#).constraints.max_retention_days, Some(0));
}

#[test]
fn wishes_become_preferences_and_those_not_acted_on_are_told() {
    let wishes = r#"{"order":["a","b"],"allow_fallbacks":false,"require_parameters":true,
        "sort":{"by":"price","partition":"none"}}"#;
    let (asked, dropped) = read(Some(wishes), None).unwrap();
    let expected = Preferences {
        order: vec!["a".to_owned(), "b".to_owned()],
        no_fallbacks: true,
        sort: Some(Sort::Price),
        across_targets: true,
        ..Preferences::NONE
    };
    assert_eq!(
        (asked.preferences, asked.insists, dropped),
        (expected, true, None)
    );
    let (asked, dropped) = read(Some(r#"{"sort":"exacto"}"#), None).unwrap();
    let expected = (Preferences::NONE, Some(Severity::Hint));
    assert_eq!((asked.preferences, dropped), expected);
}

#[test]
fn the_newer_word_for_the_order_of_models_goes_before_the_older_one() {
    for (older, newer, across) in [
        (Some(Fallbacks::Sorted), "{}", true),
        (Some(Fallbacks::InOrder), r#"{"sort":{"partition":"none"}}"#, true),
        (
            Some(Fallbacks::Sorted),
            r#"{"sort":{"partition":"model"}}"#,
            false,
        ),
        (None, "{}", false),
    ] {
        let newer = Bytes::copy_from_slice(newer.as_bytes());
        let read = Steering::read(Some(newer), None, older, &mut LossReport::default());
        assert_eq!(read.unwrap().preferences.across_targets, across);
    }
}

#[test]
fn what_is_measured_can_be_wished_for() {
    let wishes = asked(
        r#"{"sort":{"by":"throughput"},"preferred_min_throughput":50,
            "preferred_max_latency":{"p90":3,"p99":8.5}}"#,
    );
    let expected = Preferences {
        sort: Some(Sort::Throughput),
        min_throughput: Percentiles {
            p50: Some(50.0),
            ..Percentiles::NONE
        },
        max_latency: Percentiles {
            p90: Some(3.0),
            p99: Some(8.5),
            ..Percentiles::NONE
        },
        ..Preferences::NONE
    };
    assert_eq!(wishes.preferences, expected);
    assert_eq!(
        asked(r#"{"sort":"latency"}"#).preferences.sort,
        Some(Sort::Latency)
    );
    let nothing = r#"{"preferred_min_throughput":null,"preferred_max_latency":{}}"#;
    assert_eq!(asked(nothing).preferences, Preferences::NONE);
}

#[test]
fn what_cannot_be_read_is_refused_with_its_place() {
    for (provider, at) in [
        (r#"{"onyl":["openai"]}"#, "provider.onyl"),
        (&format!(r#"{{"{}":1}}"#, "x".repeat(65)), "provider"),
        (r#"{"only":"openai"}"#, "provider.only"),
        (r#"{"order":["openai",1]}"#, "provider.order[1]"),
        (r#"{"allow_fallbacks":"no"}"#, "provider.allow_fallbacks"),
        (r#"{"sort":"speed"}"#, "provider.sort"),
        (r#"{"sort":{"by":"speed"}}"#, "provider.sort"),
        (r#"{"data_collection":"never"}"#, "provider.data_collection"),
        (r#"{"quantizations":["fp7"]}"#, "provider.quantizations"),
        (r#"{"max_price":{"prompt":-1}}"#, "provider.max_price.prompt"),
        (
            r#"{"max_price":{"completion":"cheap"}}"#,
            "provider.max_price.completion",
        ),
        (r#"{"max_price":{"audio":"loud"}}"#, "provider.max_price.audio"),
        (r#"{"max_price":{"video":1}}"#, "provider.max_price.video"),
        (r#"{"max_price":{"image":[1]}}"#, "provider.max_price.image"),
        ("[]", "provider"),
        (r#"[["openai"]]"#, "provider"),
        (r#"{"max_price":[1]}"#, "provider.max_price"),
        (r#"{"sort":["price"]}"#, "provider.sort"),
        (
            r#"{"preferred_max_latency":[1]}"#,
            "provider.preferred_max_latency",
        ),
        (
            r#"{"preferred_max_latency":{"p95":1}}"#,
            "provider.preferred_max_latency",
        ),
        (
            r#"{"preferred_min_throughput":"fast"}"#,
            "provider.preferred_min_throughput",
        ),
    ] {
        assert_eq!(
            read(Some(provider), None).unwrap_err().as_deref(),
            Some(at),
            "{provider}"
        );
    }
    for (models, at) in [
        (r#""a""#, "models"),
        (r#"[""]"#, "models"),
        ("[1]", "models[0]"),
        (r#"["a\u0000"]"#, "models"),
    ] {
        assert_eq!(
            read(None, Some(models)).unwrap_err().as_deref(),
            Some(at),
            "{models}"
        );
    }
    assert_eq!(read(None, Some(r#"["a","b"]"#)).unwrap().0.models, ["a", "b"]);
    assert!(read(None, Some("null")).unwrap().0.models.is_empty());
}
