//! What `sluicegate ledger verify` prints.

use std::io::Write;

use sluicegate_control_plane::app::verification::{Check, Report, Step};

/// Tells on `out` how far it got, at most once per tenth of the way.
pub(crate) fn progress(mut out: impl Write) -> impl FnMut(Step) {
    let mut last = String::new();
    move |step| {
        let line = match step {
            Step::Requests(done, total) => {
                let tenths = done.saturating_mul(10).checked_div(total).unwrap_or(10);
                format!("reading requests: {}%", tenths.clamp(0, 10) * 10)
            }
            Step::Folds => "comparing roll-ups and budgets".to_owned(),
            Step::Books(done, total) => {
                let tenths = done.saturating_mul(10).checked_div(total).unwrap_or(10);
                format!("reading books: {}%", tenths.min(10) * 10)
            }
        };
        if line != last {
            // Whoever closed the terminal does not want to know.
            let _ = writeln!(out, "{line}");
            last = line;
        }
    }
}

/// Writes the report: a line for each check, then what does not agree.
pub(crate) fn write(report: &Report, out: &mut impl Write) -> std::io::Result<()> {
    writeln!(
        out,
        "{} requests, {} budget counters, {} books with {} entries",
        report.requests, report.counters, report.books, report.entries
    )?;
    for check in Check::ALL {
        match report.counts.get(&check) {
            None => writeln!(out, "ok  {}", check.as_str())?,
            Some(count) => writeln!(out, "!!  {}: {count} do not agree", check.as_str())?,
        }
    }
    for finding in &report.findings {
        writeln!(
            out,
            "    {}: {}: {}",
            finding.check.as_str(),
            finding.row,
            finding.says
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluicegate_control_plane::app::verification::Finding;

    #[test]
    fn a_tenth_is_told_once() {
        let mut told = Vec::new();
        {
            let mut tell = progress(&mut told);
            for done in [1, 2, 50, 51, 100] {
                tell(Step::Requests(done, 100));
            }
            tell(Step::Requests(0, 0));
            tell(Step::Folds);
            tell(Step::Books(0, 1));
        }
        let told = String::from_utf8(told).unwrap();
        let lines: Vec<&str> = told.lines().collect();
        assert_eq!(
            lines,
            [
                "reading requests: 0%",
                "reading requests: 50%",
                "reading requests: 100%",
                "comparing roll-ups and budgets",
                "reading books: 0%"
            ]
        );
    }

    #[test]
    fn findings_name_their_rows() {
        let mut report = Report::default();
        report.counts.insert(Check::Rollups, 3);
        report.findings.push(Finding {
            check: Check::Rollups,
            row: "usage_hourly x".to_owned(),
            says: "stored 1, of the requests 2".to_owned(),
        });
        let mut text = Vec::new();
        write(&report, &mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains("!!  roll-ups: 3 do not agree"), "{text}");
        assert!(
            text.contains("    roll-ups: usage_hourly x: stored 1, of the requests 2"),
            "{text}"
        );
        assert!(text.contains("ok  ledger"), "{text}");
    }
}
