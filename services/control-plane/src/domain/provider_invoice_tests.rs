use proptest::prelude::*;
use time::macros::date;

use super::*;

fn read(rows: &[(&str, &str, &str)]) -> Result<Lines, Vec<String>> {
    let written = rows
        .iter()
        .map(|(date, model, amount)| Written { date, model, amount });
    let pointer = |place: usize, field: &str| format!("/lines/{place}/{field}");
    lines(written, pointer).map_err(|findings| findings.into_iter().map(|one| one.pointer).collect())
}

fn nanos(nanos: i64) -> NanoUsd {
    NanoUsd::from_nanos(nanos)
}

#[test]
fn lines_of_a_day_and_model_add_up() {
    let lines = read(&[
        ("2026-11-03", "gpt-4o", "1.25"),
        ("2026-11-03T10:00:00Z", "gpt-4o", "$0.75"),
        ("2026-11-04", "gpt-4o", "-0.1234567891234"),
    ]);
    let expected = Lines::from([
        ((date!(2026 - 11 - 03), "gpt-4o".to_owned()), nanos(2_000_000_000)),
        ((date!(2026 - 11 - 04), "gpt-4o".to_owned()), nanos(-123_456_789)),
    ]);
    assert_eq!(lines, Ok(expected));
}

#[test]
fn every_line_that_cannot_be_read_is_named() {
    let findings = read(&[
        ("3.11.2026", "gpt-4o", "1"),
        ("2026-11-03", "", "1"),
        ("2026-11-03", "gpt-4o", "1e3"),
        ("2026-11-03", "gpt-4o", ""),
        ("2026-11-03", "gpt-4o", "9999999999"),
    ]);
    let expected = [
        "/lines/0/date",
        "/lines/1/model",
        "/lines/2/amount",
        "/lines/3/amount",
        "/lines/4/amount",
    ];
    assert_eq!(findings, Err(expected.map(str::to_owned).to_vec()));
    assert_eq!(read(&[]), Err(vec!["/lines/0/".to_owned()]));
}

#[test]
fn a_file_is_read_by_its_header() {
    let text = "\u{feff}Model,ignored,Date,Amount\r\n\"gpt, \"\"4o\"\"\",x,2026-11-03,1.5\r\n\r\ngpt-4o,y,2026-11-04,2";
    let rows = csv(text).unwrap();
    let row = |date: &str, model: &str, amount: &str| [date, model, amount].map(str::to_owned);
    assert_eq!(
        rows,
        [
            row("2026-11-03", "gpt, \"4o\"", "1.5"),
            row("2026-11-04", "gpt-4o", "2")
        ]
    );
    for bad in [
        "",
        "date,model\n",
        "date,model,amount\n2026-11-03,x",
        "date,model,amount\n\"x",
    ] {
        assert!(csv(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn a_date_at_the_end_of_a_name_is_passed_over() {
    for (dated, plain) in [
        ("gpt-4o-2024-08-06", "gpt-4o"),
        ("claude-sonnet-4-20250514", "claude-sonnet-4"),
        ("claude-sonnet-4@20250514", "claude-sonnet-4"),
        ("gpt-4o", "gpt-4o"),
        ("model-12345678", "model-12345678"),
        ("2024-08-06", "2024-08-06"),
        ("ü-20250514", "ü"),
    ] {
        assert_eq!(undated(dated), plain, "{dated}");
    }
}

#[test]
fn what_only_one_side_has_stands_beside_nothing() {
    let day = date!(2026 - 11 - 03);
    let recorded = Recorded {
        attempts: 3,
        cost: nanos(7),
        unsure: nanos(2),
    };
    let compared = compare(
        [
            ((day, "a-20250101".to_owned()), nanos(5)),
            ((day, "a".to_owned()), nanos(5)),
        ],
        [
            ((day, "a".to_owned()), recorded),
            ((day, "b".to_owned()), recorded),
        ],
    );
    let rows: Vec<_> = compared
        .iter()
        .map(|row| (row.model.as_str(), row.invoiced.nanos(), row.difference().nanos()))
        .collect();
    assert_eq!(rows, [("a", 10, 3), ("b", 0, -7)]);
}

proptest! {
    #[test]
    fn no_file_breaks_the_reader(text in "(date,model,amount\n)?[\"a,\r\n0-9.$-]{0,200}|\\PC{0,100}") {
        if let Ok(rows) = csv(&text) {
            let written = rows.iter().map(|[date, model, amount]| Written { date, model, amount });
            let _ = lines(written, |place, field| format!("{place}{field}"));
        }
    }
}
