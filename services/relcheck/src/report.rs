//! Lines for people: progress with the time since the start, and the verdict. Kept in a file, too.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Instant;

static BEGUN: OnceLock<Instant> = OnceLock::new();
static FILE: Mutex<Option<File>> = Mutex::new(None);

/// Keeps every further line in `folder/relcheck.log`, too.
pub(crate) fn keep_in(folder: &Path) -> std::io::Result<()> {
    let path = folder.join("relcheck.log");
    let file = OpenOptions::new().create(true).append(true).open(path)?;
    *FILE.lock().unwrap_or_else(PoisonError::into_inner) = Some(file);
    Ok(())
}

/// Shows one line with the time since the start.
pub(crate) fn say(line: impl AsRef<str>) {
    let since = BEGUN.get_or_init(Instant::now).elapsed();
    put(&format!("[{:7.2}] {}", since.as_secs_f64(), line.as_ref()));
}

/// Shows one line as it is.
pub(crate) fn put(line: &str) {
    // A reader that has gone is no reason to stop.
    let _ = writeln!(std::io::stdout(), "{line}");
    if let Some(file) = FILE.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
        let _ = writeln!(file, "{line}");
    }
}
