//! Secrets in settings: written as the value itself, or as a reference to a file or an environment variable.
//!
//! Neither Debug nor any error of this module shows a value.

use std::fmt;
use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};

/// A secret setting: the text itself, `file:<path>` or `env:<NAME>`. Read by [`SecretSetting::resolve`] at start-up.
#[derive(Clone)]
pub struct SecretSetting(Source);

#[derive(Clone)]
enum Source {
    Value(SecretString),
    File(PathBuf),
    Environment(String),
}

/// Why a secret could not be read. Names the place, never the content.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The referenced file cannot be read.
    #[error("cannot read the secret file {path}: {reason}")]
    File {
        /// The file named by the setting.
        path: PathBuf,
        /// What the system said.
        reason: std::io::ErrorKind,
    },
    /// The referenced variable is not set, or not text.
    #[error("the environment variable {0} that holds the secret is not set")]
    Environment(String),
    /// There is a place, but nothing in it.
    #[error("the secret is empty")]
    Empty,
}

impl SecretSetting {
    /// Wraps a value that is already at hand (tests, generated secrets).
    #[must_use]
    pub fn from_value(value: SecretString) -> Self {
        Self(Source::Value(value))
    }

    /// The secret itself, without the line end a file usually has.
    ///
    /// # Errors
    /// [`SecretError`] when the file or variable cannot be read, or when there is nothing in it.
    pub fn resolve(&self) -> Result<SecretString, SecretError> {
        let text = match &self.0 {
            Source::Value(value) => value.clone(),
            Source::File(path) => {
                let content = std::fs::read_to_string(path).map_err(|error| SecretError::File {
                    path: path.clone(),
                    reason: error.kind(),
                })?;
                SecretString::from(content.trim_end_matches(['\r', '\n']).to_owned())
            }
            Source::Environment(name) => {
                SecretString::from(std::env::var(name).map_err(|_| SecretError::Environment(name.clone()))?)
            }
        };
        if text.expose_secret().is_empty() {
            return Err(SecretError::Empty);
        }
        Ok(text)
    }
}

impl fmt::Debug for SecretSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::Value(_) => f.write_str("SecretSetting(..)"),
            Source::File(path) => write!(f, "SecretSetting(file:{})", path.display()),
            Source::Environment(name) => write!(f, "SecretSetting(env:{name})"),
        }
    }
}

impl<'de> Deserialize<'de> for SecretSetting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(Self(if let Some(path) = text.strip_prefix("file:") {
            Source::File(PathBuf::from(path))
        } else if let Some(name) = text.strip_prefix("env:") {
            Source::Environment(name.to_owned())
        } else {
            Source::Value(SecretString::from(text))
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> SecretSetting {
        serde_json::from_value(serde_json::Value::from(text)).unwrap()
    }

    #[test]
    fn a_value_is_taken_as_it_is_and_never_shown() {
        let secret = parsed("hunter2");
        assert_eq!(secret.resolve().unwrap().expose_secret(), "hunter2");
        assert!(!format!("{secret:?}").contains("hunter2"));
    }

    #[test]
    fn a_file_loses_only_its_line_end() {
        let path = std::env::temp_dir().join(format!("sluicegate-secret-{}", std::process::id()));
        std::fs::write(&path, " hunter2 \n").unwrap();
        let secret = parsed(&format!("file:{}", path.display()));
        assert_eq!(secret.resolve().unwrap().expose_secret(), " hunter2 ");
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(secret.resolve(), Err(SecretError::File { .. })));
    }

    #[test]
    fn a_missing_variable_is_named() {
        let error = parsed("env:SLUICEGATE_TEST_NOT_SET").resolve().unwrap_err();
        assert!(error.to_string().contains("SLUICEGATE_TEST_NOT_SET"));
        assert!(matches!(parsed("").resolve(), Err(SecretError::Empty)));
    }
}
