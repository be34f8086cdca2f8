//! What a provider billed, line by line, and how it compares with what was recorded. Pure.

use std::collections::BTreeMap;

use sluicegate_contracts::money::NanoUsd;
use time::Date;
use time::macros::format_description;

use crate::error::FieldError;

/// Most lines of an invoice.
pub const MAX_LINES: usize = 10_000;
/// Longest name of a model, in bytes.
const LONGEST_MODEL: usize = 256;
/// Findings shown of one upload.
const MAX_FINDINGS: usize = 20;
/// The columns of a file, in any order; others are passed over.
const COLUMNS: [&str; 3] = ["date", "model", "amount"];

/// What was billed for a model on a day (UTC).
pub type Lines = BTreeMap<(Date, String), NanoUsd>;

/// One line as it was written.
#[derive(Debug, Clone, Copy)]
pub struct Written<'a> {
    /// `YYYY-MM-DD`; a time after it is passed over.
    pub date: &'a str,
    /// The provider's name of the model.
    pub model: &'a str,
    /// A decimal amount in dollars, below zero for a credit note.
    pub amount: &'a str,
}

/// Adds up written lines by day and model. `pointer` names a line of the upload.
///
/// # Errors
/// What is wrong with the first of them.
pub fn lines<'a>(
    written: impl IntoIterator<Item = Written<'a>>,
    pointer: impl Fn(usize, &str) -> String,
) -> Result<Lines, Vec<FieldError>> {
    let (mut lines, mut findings) = (Lines::new(), Vec::new());
    for (place, one) in written.into_iter().enumerate() {
        if place >= MAX_LINES {
            let detail = format!("An invoice has at most {MAX_LINES} lines.");
            return Err(vec![FieldError::new(pointer(place, ""), "too_many", detail)]);
        }
        match line(one) {
            Ok((day, amount)) => {
                let sum = lines.entry((day, one.model.to_owned())).or_default();
                // Each amount is far below the range of the sum.
                match sum
                    .checked_add(amount)
                    .filter(|sum| sum.nanos().abs() <= NanoUsd::MAX.nanos())
                {
                    Some(added) => *sum = added,
                    None => findings.push(FieldError::new(
                        pointer(place, "amount"),
                        "out_of_range",
                        "Too much.",
                    )),
                }
            }
            Err((field, detail)) => findings.push(FieldError::new(pointer(place, field), "invalid", detail)),
        }
        if findings.len() >= MAX_FINDINGS {
            break;
        }
    }
    if lines.is_empty() && findings.is_empty() {
        findings.push(FieldError::new(
            pointer(0, ""),
            "missing",
            "The invoice has no lines.",
        ));
    }
    if findings.is_empty() {
        Ok(lines)
    } else {
        Err(findings)
    }
}

fn line(written: Written<'_>) -> Result<(Date, NanoUsd), (&'static str, &'static str)> {
    let day = written.date.get(..10).unwrap_or(written.date);
    let day = Date::parse(day, format_description!("[year]-[month]-[day]"));
    let day = day.map_err(|_| ("date", "Not a day as YYYY-MM-DD."))?;
    let is_name = !written.model.is_empty()
        && written.model.len() <= LONGEST_MODEL
        && !written.model.chars().any(char::is_control);
    if !is_name {
        return Err(("model", "Not the name of a model."));
    }
    let amount = written.amount.trim().trim_start_matches('$');
    let amount = rounded(amount).ok_or(("amount", "Not a decimal amount in US dollars."))?;
    Ok((day, amount))
}

/// Providers state more decimals than we count; what is beyond them is cut off.
fn rounded(text: &str) -> Option<NanoUsd> {
    let is_plain = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b'-');
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fraction = fraction.get(..fraction.len().min(9))?;
    let text = if fraction.is_empty() {
        whole.to_owned()
    } else {
        format!("{whole}.{fraction}")
    };
    is_plain.then(|| text.parse().ok())?
}

/// Reads comma-separated values (RFC 4180) with a header, and gives the cells of the three columns.
///
/// # Errors
/// What is wrong with the file.
pub fn csv(text: &str) -> Result<Vec<[String; 3]>, FieldError> {
    let bad = |detail: &str| FieldError::new("", "invalid_csv", detail);
    let mut rows = records(text.trim_start_matches('\u{feff}'));
    let header = rows
        .next()
        .ok_or_else(|| bad("The file is empty."))?
        .map_err(bad)?;
    let place = |name: &str| {
        let found = header
            .iter()
            .position(|cell| cell.trim().eq_ignore_ascii_case(name));
        found.ok_or_else(|| bad(&format!("The header has no column `{name}`.")))
    };
    let places = [place(COLUMNS[0])?, place(COLUMNS[1])?, place(COLUMNS[2])?];
    let mut read = Vec::new();
    for row in rows {
        let row = row.map_err(bad)?;
        if row.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if read.len() >= MAX_LINES {
            return Err(bad("The file has more than 10000 lines."));
        }
        let cell = |place: usize| row.get(place).map(|cell| cell.trim().to_owned());
        match (cell(places[0]), cell(places[1]), cell(places[2])) {
            (Some(date), Some(model), Some(amount)) => read.push([date, model, amount]),
            _ => {
                let detail = format!("Row {} has too few columns.", read.len() + 2);
                return Err(bad(&detail));
            }
        }
    }
    Ok(read)
}

/// The records of a file, one after the other.
fn records(text: &str) -> impl Iterator<Item = Result<Vec<String>, &'static str>> {
    let mut rest = text.chars().peekable();
    std::iter::from_fn(move || {
        rest.peek()?;
        let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
        loop {
            match rest.next() {
                Some('"') if quoted && rest.peek() == Some(&'"') => {
                    rest.next();
                    cell.push('"');
                }
                Some('"') if quoted => quoted = false,
                Some('"') if cell.is_empty() => quoted = true,
                Some(letter) if quoted => cell.push(letter),
                Some(',') => cells.push(std::mem::take(&mut cell)),
                Some('\r') if rest.peek() == Some(&'\n') => {}
                None if quoted => return Some(Err("A quotation is not closed.")),
                Some('\n') | None => {
                    cells.push(cell);
                    return Some(Ok(cells));
                }
                Some(letter) => cell.push(letter),
            }
        }
    })
}

/// What was recorded of a model on a day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recorded {
    /// Attempts that cost something.
    pub attempts: i64,
    /// Their cost.
    pub cost: NanoUsd,
    /// The part of it that does not rest on the provider's own counts.
    pub unsure: NanoUsd,
}

/// One day and model: what was billed beside what was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// The day (UTC).
    pub day: Date,
    /// The model, without the date that some providers append.
    pub model: String,
    /// What the provider billed.
    pub invoiced: NanoUsd,
    /// What was recorded.
    pub recorded: Recorded,
}

impl Compared {
    /// How much more was billed than recorded.
    #[must_use]
    pub const fn difference(&self) -> NanoUsd {
        NanoUsd::from_nanos(self.invoiced.nanos().saturating_sub(self.recorded.cost.nanos()))
    }
}

/// The name of a model without a date at its end: providers bill `gpt-4o-2024-08-06` for calls to `gpt-4o`.
#[must_use]
pub fn undated(model: &str) -> &str {
    let is_date = |tail: &str| {
        let digits: String = tail.chars().filter(|letter| *letter != '-').collect();
        let shape = matches!(tail.len(), 8) || (tail.len() == 10 && tail.matches('-').count() == 2);
        shape && digits.len() == 8 && digits.starts_with("20") && digits.bytes().all(|b| b.is_ascii_digit())
    };
    for length in [10, 8] {
        let Some(cut) = model.len().checked_sub(length).filter(|cut| *cut > 1) else {
            continue;
        };
        if let (Some(head), Some(tail)) = (model.get(..cut), model.get(cut..))
            && let Some(head) = head.strip_suffix('-').or_else(|| head.strip_suffix('@'))
            && is_date(tail)
        {
            return head;
        }
    }
    model
}

/// Billed and recorded side by side, by day and model.
#[must_use]
pub fn compare(
    invoiced: impl IntoIterator<Item = ((Date, String), NanoUsd)>,
    recorded: impl IntoIterator<Item = ((Date, String), Recorded)>,
) -> Vec<Compared> {
    let mut both: BTreeMap<(Date, String), (NanoUsd, Recorded)> = BTreeMap::new();
    for ((day, model), amount) in invoiced {
        let (sum, _) = both.entry((day, undated(&model).to_owned())).or_default();
        *sum = [*sum, amount].into_iter().sum();
    }
    for ((day, model), more) in recorded {
        let (_, sum) = both.entry((day, undated(&model).to_owned())).or_default();
        sum.attempts += more.attempts;
        sum.cost = [sum.cost, more.cost].into_iter().sum();
        sum.unsure = [sum.unsure, more.unsure].into_iter().sum();
    }
    let rows = both
        .into_iter()
        .map(|((day, model), (invoiced, recorded))| Compared {
            day,
            model,
            invoiced,
            recorded,
        });
    rows.collect()
}

#[cfg(test)]
#[path = "provider_invoice_tests.rs"]
mod tests;
