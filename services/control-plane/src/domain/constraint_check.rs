//! What is wrong with constraints before they are put in force: names that mean nothing, and lists that leave nothing, alone
//! or together with the levels above. Pure; called for every level that states constraints.

use sluicegate_contracts::config::{
    Choice, Constraints, Level, Place, ProviderId, Quantization, pattern_covers,
};

use super::model_pattern;
use super::provider_settings::SettingName;
use super::providers;
use crate::error::FieldError;

/// Most entries of one list.
const MAX_ENTRIES: usize = 64;
/// Longest name of a license or a certificate, in bytes.
const MAX_NAME: usize = 64;
/// A hundred years.
const MAX_DAYS: u32 = 36_500;
/// What the gateway itself answers.
const BUILT_IN: &str = "sluicegate";

/// Everything that is wrong with `constraints`, which stand at the JSON pointer `at`.
#[must_use]
pub fn findings(constraints: &Constraints, at: &str) -> Vec<FieldError> {
    let mut found = Findings {
        at,
        findings: Vec::new(),
    };
    found.list("processing", constraints.processing.as_deref());
    found.list("operator_home", constraints.operator_home.as_deref());
    found.list("author_home", constraints.author_home.as_deref());
    found.list("licenses", constraints.licenses.as_deref());
    if !constraints.unknown_quantization {
        found.list("quantizations", constraints.quantizations.as_deref());
    }
    if constraints.max_retention_days.is_some_and(|days| days > MAX_DAYS) {
        let detail = "At most 36500 days.";
        found.push("max_retention_days", "out_of_range", detail);
    }
    found.names("licenses", constraints.licenses.as_deref().unwrap_or_default());
    found.names("certifications", &constraints.certifications);
    found.choice("providers", &constraints.providers, provider_fault, names_all_of);
    found.choice("models", &constraints.models, model_fault, pattern_covers);
    found.findings
}

/// Where `own` and the constraints of a level above leave nothing together: nothing could ever serve.
#[must_use]
pub fn conflicts(own: &Constraints, at: &str, above: &[(Level, &Constraints)]) -> Vec<FieldError> {
    let mut found = Findings {
        at,
        findings: Vec::new(),
    };
    for (level, wide) in above {
        let level = *level;
        found.disjoint(
            "processing",
            level,
            &own.processing,
            &wide.processing,
            Place::covers,
        );
        found.disjoint(
            "operator_home",
            level,
            &own.operator_home,
            &wide.operator_home,
            Place::covers,
        );
        found.disjoint(
            "author_home",
            level,
            &own.author_home,
            &wide.author_home,
            Place::covers,
        );
        if !(own.unknown_quantization && wide.unknown_quantization) {
            let names = Quantization::names;
            found.disjoint(
                "quantizations",
                level,
                &own.quantizations,
                &wide.quantizations,
                names,
            );
        }
        let same = |one: &String, other: &String| one.eq_ignore_ascii_case(other);
        found.disjoint_by("licenses", level, &own.licenses, &wide.licenses, same);
        let covers = |one: &String, other: &String| names_all_of(one, other);
        found.disjoint_by(
            "providers/only",
            level,
            &own.providers.only,
            &wide.providers.only,
            covers,
        );
        let covers = |one: &String, other: &String| pattern_covers(one, other);
        found.disjoint_by("models/only", level, &own.models.only, &wide.models.only, covers);
    }
    found.findings
}

struct Findings<'a> {
    at: &'a str,
    findings: Vec<FieldError>,
}

impl Findings<'_> {
    fn push(&mut self, member: &str, code: &'static str, detail: impl Into<String>) {
        let pointer = format!("{}/{member}", self.at);
        self.findings.push(FieldError::new(pointer, code, detail));
    }

    /// A list of what is allowed.
    fn list<T>(&mut self, member: &str, list: Option<&[T]>) {
        let Some(list) = list else { return };
        if list.is_empty() {
            let detail = "An empty list lets nothing serve: name what may, or leave the list out.";
            self.push(member, "nothing_left", detail);
        }
        self.size(member, list);
    }

    fn size<T>(&mut self, member: &str, list: &[T]) {
        if list.len() > MAX_ENTRIES {
            self.push(member, "too_many", "At most 64 entries are accepted.");
        }
    }

    fn names(&mut self, member: &str, list: &[String]) {
        self.size(member, list);
        for (index, name) in list.iter().enumerate() {
            let fits = (1..=MAX_NAME).contains(&name.len())
                && name.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
            if !fits {
                let detail = "Use 1 to 64 visible ASCII characters.";
                self.push(&format!("{member}/{index}"), "invalid", detail);
            }
        }
    }

    fn choice(
        &mut self,
        member: &str,
        choice: &Choice,
        fault: fn(&str) -> Option<(&'static str, String)>,
        covers: impl Fn(&str, &str) -> bool,
    ) {
        self.list(&format!("{member}/only"), choice.only.as_deref());
        self.size(&format!("{member}/ignore"), &choice.ignore);
        let only = choice.only.as_deref().unwrap_or_default();
        for (list, names) in [("only", only), ("ignore", &*choice.ignore)] {
            for (index, name) in names.iter().enumerate() {
                if let Some((code, detail)) = fault(name) {
                    self.push(&format!("{member}/{list}/{index}"), code, detail);
                }
            }
        }
        let is_vetoed = |name: &String| choice.ignore.iter().any(|veto| covers(veto, name));
        if !only.is_empty() && only.iter().all(is_vetoed) {
            let detail = "Everything in `only` is in `ignore` too: nothing could serve.";
            self.push(&format!("{member}/ignore"), "contradiction", detail);
        }
    }

    fn disjoint<T: Copy>(
        &mut self,
        member: &str,
        level: Level,
        own: &Option<Vec<T>>,
        wide: &Option<Vec<T>>,
        covers: fn(T, T) -> bool,
    ) {
        self.disjoint_by(member, level, own, wide, |one, other| covers(*one, *other));
    }

    fn disjoint_by<T>(
        &mut self,
        member: &str,
        level: Level,
        own: &Option<Vec<T>>,
        wide: &Option<Vec<T>>,
        covers: impl Fn(&T, &T) -> bool,
    ) {
        let (Some(own), Some(wide)) = (own, wide) else {
            return;
        };
        let meets = |one: &T| wide.iter().any(|other| covers(one, other) || covers(other, one));
        if !own.iter().any(meets) {
            let detail = format!(
                "None of these is among those that the {} allows: nothing could serve. A lower level can only tighten.",
                level.as_str()
            );
            self.push(member, "contradiction", detail);
        }
    }
}

/// Whether one name of a provider means everything that another means: `google-vertex` every region of it.
fn names_all_of(wide: &str, narrow: &str) -> bool {
    let base = |name: &str| {
        name.split_once('/')
            .map_or(name, |(base, _)| base)
            .to_ascii_lowercase()
    };
    wide.eq_ignore_ascii_case(narrow) || (!wide.contains('/') && wide.eq_ignore_ascii_case(&base(narrow)))
}

fn provider_fault(name: &str) -> Option<(&'static str, String)> {
    let (base, region) = match name.split_once('/') {
        Some((base, region)) => (base, Some(region)),
        None => (name, None),
    };
    if base.eq_ignore_ascii_case(BUILT_IN) && region.is_none() {
        return None;
    }
    let Ok(provider) = base.to_ascii_lowercase().parse::<ProviderId>() else {
        let known: Vec<&str> = ProviderId::ALL.iter().map(|id| id.as_str()).collect();
        let detail = format!(
            "There is no provider of this id; known are {} and {BUILT_IN}.",
            known.join(", ")
        );
        return Some(("unknown_provider", detail));
    };
    let region = region?;
    let has_regions = providers::find(provider.as_str()).is_some_and(|provider| {
        let mut settings = provider.settings.iter();
        settings.any(|setting| setting.name == SettingName::Region)
    });
    if !has_regions {
        Some((
            "no_regions",
            format!("Connections to {provider} have no region to tell apart."),
        ))
    } else if region.is_empty()
        || !region
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    {
        let detail = "A region follows the slash, such as google-vertex/europe-west4.";
        Some(("invalid", detail.to_owned()))
    } else {
        None
    }
}

fn model_fault(pattern: &str) -> Option<(&'static str, String)> {
    let detail = "Use a model name without spaces, or its beginning followed by *.";
    (!model_pattern::is_pattern(pattern)).then(|| ("invalid_model", detail.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Constraints {
        serde_json::from_str(json).unwrap()
    }

    fn found(json: &str) -> Vec<(String, &'static str)> {
        let findings = findings(&read(json), "/constraints");
        findings.into_iter().map(|it| (it.pointer, it.code)).collect()
    }

    #[test]
    fn what_can_be_satisfied_is_accepted() {
        for good in [
            "{}",
            r#"{"processing":["EU"],"max_retention_days":0,"no_training":true,"certifications":["soc2"]}"#,
            r#"{"providers":{"only":["openai","Google-Vertex/europe-west4","sluicegate"],"ignore":["google-vertex/us-east5"]}}"#,
            r#"{"models":{"only":["openai/*"],"ignore":["openai/gpt-4o"]},"quantizations":[],"unknown_quantization":true}"#,
            r#"{"providers":{"only":["openai","groq"],"ignore":["groq"]}}"#,
        ] {
            assert_eq!(found(good), [], "{good}");
        }
    }

    #[test]
    fn what_means_nothing_or_leaves_nothing_is_named() {
        for (bad, pointer, code) in [
            (r#"{"processing":[]}"#, "/processing", "nothing_left"),
            (r#"{"quantizations":[]}"#, "/quantizations", "nothing_left"),
            (
                r#"{"max_retention_days":40000}"#,
                "/max_retention_days",
                "out_of_range",
            ),
            (r#"{"licenses":["MIT",""]}"#, "/licenses/1", "invalid"),
            (r#"{"certifications":["soc\n2"]}"#, "/certifications/0", "invalid"),
            (
                r#"{"providers":{"ignore":["opnai"]}}"#,
                "/providers/ignore/0",
                "unknown_provider",
            ),
            (
                r#"{"providers":{"only":["openai/us"]}}"#,
                "/providers/only/0",
                "no_regions",
            ),
            (
                r#"{"providers":{"only":["google-vertex/"]}}"#,
                "/providers/only/0",
                "invalid",
            ),
            (r#"{"providers":{"only":[]}}"#, "/providers/only", "nothing_left"),
            (
                r#"{"providers":{"only":["google-vertex/us-east5","openai"],"ignore":["OpenAI","google-vertex"]}}"#,
                "/providers/ignore",
                "contradiction",
            ),
            (
                r#"{"models":{"only":["openai/gpt-4o"],"ignore":["openai/*"]}}"#,
                "/models/ignore",
                "contradiction",
            ),
            (
                r#"{"models":{"only":["a b"]}}"#,
                "/models/only/0",
                "invalid_model",
            ),
        ] {
            assert_eq!(found(bad), [(format!("/constraints{pointer}"), code)], "{bad}");
        }
        let known = &findings(&read(r#"{"providers":{"ignore":["opnai"]}}"#), "")[0].detail;
        assert!(
            known.starts_with("There is no provider") && known.contains("openai"),
            "{known}"
        );
    }

    #[test]
    fn levels_that_leave_nothing_together_are_told_apart_from_those_that_tighten() {
        let above = read(
            r#"{"processing":["EU"],"licenses":["MIT"],"quantizations":["fp8"],
                "providers":{"only":["google-vertex","openai"]},"models":{"only":["openai/*"]}}"#,
        );
        let conflicts = |own: &str| {
            let found = conflicts(&read(own), "", &[(Level::Project, &above)]);
            found.into_iter().map(|it| it.pointer).collect::<Vec<_>>()
        };
        for tighter in [
            "{}",
            r#"{"processing":["DE","US"],"licenses":["mit"],"quantizations":["mxfp8"]}"#,
            r#"{"providers":{"only":["google-vertex/us-east5"]},"models":{"only":["openai/gpt-*","x"]}}"#,
            r#"{"models":{"only":["*"]},"max_retention_days":0}"#,
        ] {
            assert!(conflicts(tighter).is_empty(), "{tighter}");
        }
        for (empty, pointer) in [
            (r#"{"processing":["US","CH"]}"#, "/processing"),
            (r#"{"licenses":["Apache-2.0"]}"#, "/licenses"),
            (r#"{"quantizations":["int4"]}"#, "/quantizations"),
            (r#"{"providers":{"only":["groq"]}}"#, "/providers/only"),
            (r#"{"models":{"only":["meta/*"]}}"#, "/models/only"),
        ] {
            assert_eq!(conflicts(empty), [pointer], "{empty}");
        }
    }
}
