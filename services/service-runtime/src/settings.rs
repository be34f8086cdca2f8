//! Process settings in three layers: defaults embedded in the binary, an optional TOML file, environment variables.
//!
//! Later layers win. A key that no settings struct knows is an error that names it, so a typing mistake never passes
//! silently; settings structs therefore carry `#[serde(deny_unknown_fields)]`. Errors never quote a value, because
//! any value may be a secret.

use std::path::{Path, PathBuf};

use figment::error::Kind;
use figment::providers::{Format, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};
use serde::de::DeserializeOwned;

/// Environment variables with this prefix are settings; `__` separates levels (`SLUICEGATE_HTTP__PORT` is `http.port`).
pub const ENV_PREFIX: &str = "SLUICEGATE_";

/// Names under the prefix that are not settings: the settings file itself, and everything of the test harness.
const NOT_SETTINGS: [&str; 2] = ["CONFIG", "TEST_"];

/// Why the settings cannot be used. Shown to the operator as it is.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The settings file cannot be read.
    #[error("cannot read the settings file {path}: {reason}")]
    File {
        /// The file that was asked for.
        path: PathBuf,
        /// What the system said.
        reason: std::io::ErrorKind,
    },
    /// A layer is not TOML.
    #[error("{origin} is not valid TOML: {place}")]
    Syntax {
        /// Which layer.
        origin: String,
        /// Line and column.
        place: String,
    },
    /// A key nobody reads.
    #[error("unknown setting `{key}` in {origin}")]
    Unknown {
        /// Dotted path of the key.
        key: String,
        /// Which layer set it.
        origin: String,
    },
    /// A key without a default that no layer sets.
    #[error("setting `{0}` is missing")]
    Missing(String),
    /// A key with a value of the wrong shape.
    #[error("setting `{key}` in {origin} is invalid: {problem}")]
    Invalid {
        /// Dotted path of the key.
        key: String,
        /// Which layer set it.
        origin: String,
        /// What was expected.
        problem: String,
    },
}

/// Loads settings from `defaults` (TOML), then `file`, then this process's environment.
///
/// # Errors
/// [`SettingsError`], which names the key and the layer.
pub fn load<T: DeserializeOwned>(defaults: &str, file: Option<&Path>) -> Result<T, SettingsError> {
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    load_from(defaults, file, environment)
}

/// As [`load`], with the environment as an argument.
///
/// # Errors
/// [`SettingsError`], which names the key and the layer.
pub fn load_from<T: DeserializeOwned>(
    defaults: &str,
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<T, SettingsError> {
    let mut layers = Figment::from(Layer::toml("the built-in defaults".to_owned(), defaults)?);
    if let Some(path) = file {
        let text = std::fs::read_to_string(path).map_err(|error| SettingsError::File {
            path: path.to_owned(),
            reason: error.kind(),
        })?;
        layers = layers.merge(Layer::toml(
            format!("the settings file {}", path.display()),
            &text,
        )?);
    }
    for (name, value) in environment {
        if let Some(layer) = Layer::variable(&name, &value) {
            layers = layers.merge(layer);
        }
    }
    layers.extract_lossy().map_err(described)
}

/// One layer, named so that errors can say where a value came from.
struct Layer {
    origin: String,
    values: Dict,
}

impl Layer {
    fn toml(origin: String, text: &str) -> Result<Self, SettingsError> {
        match Toml::from_str::<Dict>(text) {
            Ok(values) => Ok(Self { origin, values }),
            // Only the first line tells the place; the others quote the text.
            Err(error) => Err(SettingsError::Syntax {
                origin,
                place: error.to_string().lines().next().unwrap_or_default().to_owned(),
            }),
        }
    }

    /// `None` when the variable is not a setting, or empty: compose files pass unset variables on as empty ones.
    fn variable(name: &str, value: &str) -> Option<Self> {
        let key = name.strip_prefix(ENV_PREFIX)?;
        if value.is_empty() || key == NOT_SETTINGS[0] || key.starts_with(NOT_SETTINGS[1]) {
            return None;
        }
        let path = key.to_ascii_lowercase().replace("__", ".");
        // Scalars stay text here and become numbers only where a number is wanted: a key of digits is still a text.
        let value = if value.starts_with(['[', '{']) {
            value.parse().unwrap_or_else(|_| Value::from(value))
        } else {
            Value::from(value)
        };
        Some(Self {
            origin: format!("the environment variable {name}"),
            values: figment::util::nest(&path, value).into_dict()?,
        })
    }
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.origin.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Profile::Default.collect(self.values.clone()))
    }
}

fn described(error: figment::Error) -> SettingsError {
    let mut path = error.path.clone();
    let origin = error
        .metadata
        .as_ref()
        .map_or_else(|| "the settings".to_owned(), |metadata| metadata.name.to_string());
    let problem = match &error.kind {
        Kind::UnknownField(field, _) => {
            if path.last() != Some(field) {
                path.push(field.clone());
            }
            return SettingsError::Unknown {
                key: path.join("."),
                origin,
            };
        }
        Kind::MissingField(field) => {
            path.push(field.to_string());
            return SettingsError::Missing(path.join("."));
        }
        Kind::Message(message) => message.clone(),
        Kind::InvalidType(_, expected)
        | Kind::InvalidValue(_, expected)
        | Kind::InvalidLength(_, expected) => {
            format!("expected {expected}")
        }
        Kind::UnknownVariant(_, expected) => format!("expected one of {}", expected.join(", ")),
        Kind::DuplicateField(field) => format!("`{field}` is set twice"),
        Kind::ISizeOutOfRange(_) | Kind::USizeOutOfRange(_) => "the number is out of range".to_owned(),
        Kind::Unsupported(_) | Kind::UnsupportedKey(..) => "the value has an unsupported type".to_owned(),
    };
    SettingsError::Invalid {
        key: path.join("."),
        origin,
        problem,
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::secret::SecretSetting;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Settings {
        master_key: Option<SecretSetting>,
        hosts: Vec<String>,
        http: Http,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Http {
        port: u16,
        quiet: bool,
        name: String,
    }

    const DEFAULTS: &str = "hosts = []\n[http]\nport = 8080\nquiet = false\nname = \"worker\"\n";

    fn with(environment: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        let environment = environment
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        load_from(DEFAULTS, None, environment)
    }

    #[test]
    fn the_environment_wins_over_the_defaults() {
        let settings = with(&[
            ("SLUICEGATE_HTTP__PORT", "9000"),
            ("SLUICEGATE_HTTP__QUIET", "true"),
            ("SLUICEGATE_HOSTS", "[\"a\", \"b\"]"),
            ("SLUICEGATE_HTTP__NAME", ""),
            ("SLUICEGATE_CONFIG", "/etc/sluicegate.toml"),
            ("SLUICEGATE_TEST_DATABASE_URL", "postgres://localhost"),
            ("PATH", "/bin"),
        ])
        .unwrap();
        assert_eq!((settings.http.port, settings.http.quiet), (9000, true));
        assert_eq!((settings.hosts.len(), settings.http.name.as_str()), (2, "worker"));
    }

    #[test]
    fn digits_stay_text_where_text_is_wanted() {
        let settings = with(&[
            ("SLUICEGATE_HTTP__NAME", "007"),
            ("SLUICEGATE_MASTER_KEY", "00000000"),
        ])
        .unwrap();
        assert_eq!(settings.http.name, "007");
        assert!(settings.master_key.is_some());
    }

    #[test]
    fn an_unknown_key_is_named_with_its_place() {
        let error = with(&[("SLUICEGATE_HTTP__PROT", "9000")])
            .unwrap_err()
            .to_string();
        assert_eq!(
            error,
            "unknown setting `http.prot` in the environment variable SLUICEGATE_HTTP__PROT"
        );
        let error = with(&[("SLUICEGATE_DATABSE", "x")]).unwrap_err().to_string();
        assert!(error.starts_with("unknown setting `databse` in "), "{error}");
    }

    #[test]
    fn no_error_quotes_a_value() {
        let error = with(&[("SLUICEGATE_HTTP__PORT", "sk-secret")])
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("`http.port`") && !error.contains("sk-secret"),
            "{error}"
        );
        let path = std::env::temp_dir().join(format!("sluicegate-settings-{}", std::process::id()));
        std::fs::write(&path, "master_key = \"sk-secret\nx").unwrap();
        let error = load_from::<Settings>(DEFAULTS, Some(&path), [])
            .unwrap_err()
            .to_string();
        std::fs::remove_file(&path).unwrap();
        assert!(
            error.contains("line 1") && !error.contains("sk-secret"),
            "{error}"
        );
    }

    #[test]
    fn a_missing_file_or_key_is_an_error() {
        let missing = load_from::<Settings>(DEFAULTS, Some(Path::new("/nonexistent")), []);
        assert!(matches!(missing, Err(SettingsError::File { .. })));
        let missing = load_from::<Settings>("hosts = []", None, [])
            .unwrap_err()
            .to_string();
        assert_eq!(missing, "setting `http` is missing");
    }
}
