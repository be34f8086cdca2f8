//! Statements of credit: the month they cover, and their form as comma-separated values.

use sluicegate_contracts::money::NanoUsd;
use time::{Date, Month, OffsetDateTime, Time};

/// A calendar month in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BillingMonth {
    year: i32,
    month: Month,
}

impl BillingMonth {
    /// Reads `YYYY-MM`, from 2000 to 2999.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('-')?;
        let is_digits = |text: &str, length| text.len() == length && text.bytes().all(|b| b.is_ascii_digit());
        if !is_digits(year, 4) || !is_digits(month, 2) {
            return None;
        }
        let year: i32 = year.parse().ok().filter(|year| (2000..3000).contains(year))?;
        let month = Month::try_from(month.parse::<u8>().ok()?).ok()?;
        Some(Self { year, month })
    }

    /// The month that holds an instant.
    #[must_use]
    pub fn of(at: OffsetDateTime) -> Self {
        let at = at.to_offset(time::UtcOffset::UTC);
        Self {
            year: at.year(),
            month: at.month(),
        }
    }

    /// Its first instant, and the first one of the month after it.
    #[must_use]
    pub fn bounds(self) -> Option<(OffsetDateTime, OffsetDateTime)> {
        let next = self.month.next();
        let year = self.year + i32::from(next == Month::January);
        Some((first(self.year, self.month)?, first(year, next)?))
    }
}

impl std::fmt::Display for BillingMonth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}", self.year, u8::from(self.month))
    }
}

fn first(year: i32, month: Month) -> Option<OffsetDateTime> {
    let date = Date::from_calendar_date(year, month, 1).ok()?;
    Some(date.with_time(Time::MIDNIGHT).assume_utc())
}

/// One line of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line<'a> {
    /// What kind of line: `opening`, a type of transfer, `usage`, `closing`.
    pub kind: &'a str,
    /// The project, for usage.
    pub project: String,
    /// The model, for usage.
    pub model: &'a str,
    /// How many transfers or requests.
    pub count: Option<i64>,
    /// The amount.
    pub amount: NanoUsd,
}

/// The lines with a header, as RFC 4180 has it.
#[must_use]
pub fn csv(period: BillingMonth, lines: &[Line<'_>]) -> String {
    let mut text = String::from("period,line,project,model,count,amount,currency\r\n");
    for line in lines {
        let count = line.count.map_or_else(String::new, |count| count.to_string());
        let amount = line.amount.to_string();
        let period = period.to_string();
        let cells = [
            &period,
            line.kind,
            &line.project,
            line.model,
            &count,
            &amount,
            "USD",
        ];
        let row: Vec<String> = cells.map(cell).into();
        text.push_str(&row.join(","));
        text.push_str("\r\n");
    }
    text
}

/// A cell, quoted where it must be. A text that a spreadsheet would take for a formula is made plain.
fn cell(text: &str) -> String {
    let is_number = text.parse::<f64>().is_ok();
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']) && !is_number;
    let text = if is_formula {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if text.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_month_has_bounds_and_odd_texts_are_none() {
        let december = BillingMonth::parse("2026-12").unwrap();
        assert_eq!(
            december.bounds(),
            Some((datetime!(2026-12-01 0:00 UTC), datetime!(2027-01-01 0:00 UTC)))
        );
        assert_eq!(BillingMonth::of(datetime!(2027-01-01 0:30 +1)), december);
        assert_eq!(december.to_string(), "2026-12");
        for odd in [
            "",
            "2026",
            "2026-13",
            "2026-00",
            "26-12",
            "2026-1",
            "+026-12",
            "9999-01",
            "2026-12-01",
        ] {
            assert_eq!(BillingMonth::parse(odd), None, "{odd}");
        }
    }

    #[test]
    fn cells_are_quoted_and_never_formulas() {
        let line = |model| Line {
            kind: "usage",
            project: "prj_1".to_owned(),
            model,
            count: Some(2),
            amount: NanoUsd::from_nanos(-5),
        };
        let period = BillingMonth::parse("2026-11").unwrap();
        let text = csv(period, &[line("a\"b,c"), line("=1+1")]);
        let expected = "period,line,project,model,count,amount,currency\r\n\
            2026-11,usage,prj_1,\"a\"\"b,c\",2,-0.000000005,USD\r\n\
            2026-11,usage,prj_1,'=1+1,2,-0.000000005,USD\r\n";
        assert_eq!(text, expected);
    }
}
