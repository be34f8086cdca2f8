//! Whether what a row is about serves, in words. A word that is not known does not serve.

use sluicegate_contracts::config::Status;

pub(super) const fn word(status: Status) -> &'static str {
    match status {
        Status::Active => "active",
        Status::Disabled => "disabled",
    }
}

pub(super) fn of(word: &str) -> Status {
    if word == "active" {
        Status::Active
    } else {
        Status::Disabled
    }
}
