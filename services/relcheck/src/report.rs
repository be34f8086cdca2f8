//! Lines for people: progress with the time since the start, and the verdict. Kept in a file, too.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

static BEGUN: Mutex<Option<Instant>> = Mutex::new(None);
static FILE: Mutex<Option<File>> = Mutex::new(None);

/// A run begins: every further line is kept in its folder, too.
pub(crate) fn begin(folder: &Path) -> std::io::Result<()> {
    *BEGUN.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    let path = folder.join("relcheck.log");
    let file = OpenOptions::new().create(true).append(true).open(path)?;
    *FILE.lock().unwrap_or_else(PoisonError::into_inner) = Some(file);
    Ok(())
}

/// Shows one line with the time since the run began.
pub(crate) fn say(line: impl AsRef<str>) {
    let begun = *BEGUN.lock().unwrap_or_else(PoisonError::into_inner);
    let since = begun.map(|begun| begun.elapsed()).unwrap_or_default();
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
