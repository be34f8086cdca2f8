//! `/metrics` of both planes in one process, read as strictly as OpenMetrics is written.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use sluicegate_standalone::{Addresses, Standalone};

use crate::folder::{open_folder, options};

/// One `# TYPE`, with the samples below it.
#[derive(Debug, Default)]
struct Family {
    kind: String,
    helped: bool,
    /// Value by sample: name and labels as written.
    samples: BTreeMap<(String, String), f64>,
}

/// Reads an exposition.
///
/// # Errors
/// The first line that OpenMetrics does not allow where it stands.
fn parse(text: &str) -> Result<BTreeMap<String, Family>, String> {
    let body = text
        .strip_suffix("# EOF\n")
        .ok_or("the end mark is missing or not last")?;
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let mut open = String::new();
    for line in body.lines() {
        let refused = |why: &str| Err(format!("{why}: {line}"));
        let Some(comment) = line.strip_prefix("# ") else {
            let Some(family) = families.get_mut(&open) else {
                return refused("a sample before any family");
            };
            let Some((name, labels, value)) = sample(line) else {
                return refused("not a sample");
            };
            let suffix = name.strip_prefix(open.as_str());
            if !suffix.is_some_and(|suffix| suffixes(&family.kind).contains(&suffix)) {
                return refused("a sample of another family or kind");
            }
            if family.samples.insert((name, labels), value).is_some() {
                return refused("a sample for the second time");
            }
            continue;
        };
        let mut words = comment.splitn(3, ' ');
        let (Some(keyword), Some(name), Some(rest)) = (words.next(), words.next(), words.next()) else {
            return refused("not a comment OpenMetrics knows");
        };
        if name != open {
            if families.contains_key(name) {
                return refused("a family for the second time");
            }
            open = name.to_owned();
        }
        let family = families.entry(open.clone()).or_default();
        if !family.samples.is_empty() {
            return refused("a family for the second time");
        }
        match keyword {
            "HELP" if !family.helped => family.helped = true,
            "TYPE" if family.kind.is_empty() && !suffixes(rest).is_empty() => family.kind = rest.to_owned(),
            "UNIT" if name.ends_with(&format!("_{rest}")) => {}
            _ => return refused("not a comment OpenMetrics allows here"),
        }
    }
    Ok(families)
}

fn suffixes(kind: &str) -> &'static [&'static str] {
    match kind {
        "counter" => &["_total", "_created"],
        "gauge" | "unknown" => &[""],
        "histogram" => &["_bucket", "_sum", "_count", "_created"],
        "info" => &["_info"],
        _ => &[],
    }
}

/// `name{label="value",…} 1.5`
fn sample(line: &str) -> Option<(String, String, f64)> {
    let (series, value) = line.rsplit_once(' ')?;
    let (name, labels) = match series.split_once('{') {
        Some((name, rest)) => (name, rest.strip_suffix('}')?),
        None => (series, ""),
    };
    let word = |text: &str| {
        let mut letters = text.chars();
        letters
            .next()
            .is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
            && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
    };
    let mut names = BTreeSet::new();
    let mut rest = labels;
    while !rest.is_empty() {
        let (label, after) = rest.split_once("=\"")?;
        let (text, after) = after.split_once('"')?;
        // No label of ours needs an escape.
        if !word(label) || !names.insert(label) || text.contains(['\\', '\n']) {
            return None;
        }
        rest = match after.strip_prefix(',') {
            Some(more) if !more.is_empty() => more,
            Some(_) => return None,
            None if after.is_empty() => after,
            None => return None,
        };
    }
    let value = value.parse::<f64>().ok()?;
    word(name).then(|| (name.to_owned(), labels.to_owned(), value))
}

/// Buckets grow, and the last is the count.
fn is_cumulative(name: &str, family: &Family) -> bool {
    let without_bound = |labels: &str| {
        labels
            .split(',')
            .filter(|label| !label.starts_with("le="))
            .collect::<Vec<_>>()
            .join(",")
    };
    let bound = |labels: &str| {
        let label = labels.split(',').find_map(|label| label.strip_prefix("le=\""))?;
        label.trim_end_matches('"').parse::<f64>().ok()
    };
    let counts = family
        .samples
        .iter()
        .filter(|((series, _), _)| *series == format!("{name}_count"));
    counts.into_iter().all(|((_, labels), count)| {
        let mut buckets: Vec<_> = family
            .samples
            .iter()
            .filter(|((series, of), _)| *series == format!("{name}_bucket") && without_bound(of) == *labels)
            .map(|((_, of), value)| (bound(of).unwrap(), *value))
            .collect();
        buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
        buckets.windows(2).all(|pair| pair[0].1 <= pair[1].1)
            && buckets
                .last()
                .is_some_and(|last| last.0.is_infinite() && last.1 == *count)
    })
}

/// Sends one request and reads the whole answer: its head, and its body.
fn ask(address: SocketAddr, method: &str, path: &str, token: &str, body: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

/// From sign-up to a served call, so that every family has something to show: a family without samples hides.
fn serve_a_call(addresses: Addresses) {
    let rest = |path: &str, token: &str, body: &str| -> serde_json::Value {
        let method = if body.is_empty() { "GET" } else { "POST" };
        let (head, answer) = ask(
            addresses.dashboard,
            method,
            &format!("/api/v1{path}"),
            token,
            body,
        );
        assert!(head.contains(" 20"), "{head} {answer}");
        serde_json::from_str(&answer).unwrap()
    };
    let account = r#"{"email":"ada@example.com","password":"correct horse battery","name":"Ada"}"#;
    let session = rest("/auth/sign-up", "", account);
    let token = session["access_token"].as_str().unwrap();
    let me = rest("/me", token, "");
    let project = me["memberships"][0]["projects"][0]["id"].as_str().unwrap();
    let key = rest(
        &format!("/projects/{project}/keys?wait=applied"),
        token,
        r#"{"name":"k"}"#,
    );
    let chat = r#"{"model":"sluicegate/echo","messages":[{"role":"user","content":"hello"}]}"#;
    let secret = key["secret"].as_str().unwrap();
    let (head, answer) = ask(addresses.inference, "POST", "/v1/chat/completions", secret, chat);
    assert!(head.contains(" 200"), "{head} {answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn both_planes_show_each_metric_once() {
    let folder = open_folder();
    let standalone = Standalone::start(&options(folder.path()), |_| ()).await.unwrap();
    let addresses = standalone.addresses();
    let answer = tokio::task::spawn_blocking(move || {
        serve_a_call(addresses);
        ask(addresses.admin, "GET", "/metrics", "", "")
    });
    let (head, text) = answer.await.unwrap();
    standalone.stop().await.unwrap();

    assert!(
        head.contains("application/openmetrics-text; version=1.0.0"),
        "{head}"
    );
    let families = parse(&text).unwrap();
    for (name, family) in &families {
        assert!(family.helped && !family.kind.is_empty(), "{name} says too little");
        assert!(name.starts_with("sluicegate_"), "{name}");
        if family.kind == "histogram" {
            assert!(is_cumulative(name, family), "{name}: {family:?}");
        }
    }
    // One of each plane, and one they share with what both counted.
    for name in [
        "sluicegate_config_events_published",
        "sluicegate_inference_requests",
    ] {
        assert!(
            families.contains_key(name),
            "{name} is not in {:?}",
            families.keys()
        );
    }
    let counted = |operation: &str| {
        let samples = &families["sluicegate_http_requests"].samples;
        let mut of = samples
            .iter()
            .filter(|((_, labels), _)| labels.contains(operation));
        of.any(|(_, value)| *value >= 1.0)
    };
    assert!(counted("/api/v1/me") && counted("/v1/chat/completions"));
}

#[test]
fn the_parser_refuses_what_openmetrics_does_not_allow() {
    let family = "# HELP a_b Help.\n# TYPE a_b counter\na_b_total{x=\"1\"} 2\n";
    let whole = |text: &str| format!("{text}# EOF\n");
    assert_eq!(parse(&whole(family)).unwrap()["a_b"].samples.len(), 1);
    for wrong in [
        family.to_owned(),
        whole(&format!("{family}{family}")),
        whole(&format!("{family}# TYPE c gauge\nc 1\n{family}")),
        whole(&format!("{family}a_b_total{{x=\"1\"}} 3\n")),
        whole(&format!("{family}# HELP a_b Help.\n")),
        whole(&format!("{family}\n")),
        whole("a_b_total 1\n"),
        whole("# TYPE a_b counter\na_b 1\n"),
        whole("# TYPE a_b counter\na_c_total 1\n"),
        whole("# TYPE a_b rate\n"),
        whole("# TYPE a_b gauge\na_b{x=1} 1\n"),
        whole("# TYPE a_b gauge\na_b{x=\"1\",x=\"1\"} 1\n"),
        whole("# TYPE a_b gauge\na_b one\n"),
    ] {
        assert!(parse(&wrong).is_err(), "{wrong}");
    }
}
