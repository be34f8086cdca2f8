//! The bodies of the fuzz targets on the golden recordings and on a few thousand mutations of them,
//! the same in every run. Where the fuzzer found something, the input goes into `FOUND`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use serde_json::Value;

use crate::targets::TARGETS;

/// Mutations of the seeds per target.
const MUTATIONS: usize = 2_000;
/// Larger recordings teach nothing more and take long.
const LARGEST_SEED: usize = 6 * 1024;

/// What the fuzzer found, by target.
const FOUND: &[(&str, &[u8])] = &[];

/// Pieces that mean something to some reader.
const WORDS: &[&[u8]] = &[
    b"null",
    b"true",
    b"\"\"",
    b"[]",
    b"{}",
    b"-1",
    b"1e400",
    b"0.0",
    b"18446744073709551616",
    b"\"\\ud800\"",
    b"\"\\u0000\"",
    b"\"text\"",
    b"\"type\":",
    b"\"role\":",
    b"\"content\":",
    b"\"index\":1,",
    b",",
    b":",
    b"[",
    b"]",
    b"{",
    b"}",
    b"\"",
    b"\\",
    b"\n\n",
    b"\r",
    b"data: ",
    b"event: error\n",
    b"data: [DONE]\n\n",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\xe2\x80\xa8",
];

/// Requests, answers and streams of the golden recordings.
fn seeds() -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let folders = std::fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = folders
        .filter(|path| path.is_dir())
        .flat_map(|folder| std::fs::read_dir(folder).unwrap())
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut seeds = Vec::new();
    for file in files {
        let recording: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        for body in ["/request/body", "/response/body"] {
            seeds.extend(
                recording
                    .pointer(body)
                    .filter(|b| b.is_object())
                    .map(|b| b.to_string().into_bytes()),
            );
        }
        seeds.extend(
            recording["response"]["text"]
                .as_str()
                .map(|text| text.as_bytes().to_vec()),
        );
    }
    seeds.retain(|seed| seed.len() <= LARGEST_SEED);
    assert!(seeds.len() > 50, "only {} seeds", seeds.len());
    seeds
}

/// Numbers that look random and are the same in every run.
struct Draw(u64);

impl Draw {
    /// A number below `limit`, or 0.
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(0x1405_7b7e_f767_814f);
        (self.0 >> 33) as usize % limit.max(1)
    }
}

/// The seed with a few changes.
fn mutated(seeds: &[Vec<u8>], draw: &mut Draw) -> Vec<u8> {
    let mut bytes = seeds[draw.below(seeds.len())].clone();
    for _ in 0..1 + draw.below(4) {
        let at = draw.below(bytes.len());
        let end = (at + 1 + draw.below(40)).min(bytes.len());
        match draw.below(7) {
            0 => bytes[at] = bytes[at].wrapping_add(1 << draw.below(8)),
            1 => drop(bytes.splice(at..at, WORDS[draw.below(WORDS.len())].iter().copied())),
            2 => drop(bytes.drain(at..end)),
            3 => bytes.truncate(at),
            4 => {
                let piece = bytes[at..end].to_vec();
                let to = draw.below(bytes.len());
                bytes.splice(to..to, piece);
            }
            5 => {
                let other = &seeds[draw.below(seeds.len())];
                let from = draw.below(other.len());
                let piece = &other[from..(from + 1 + draw.below(200)).min(other.len())];
                bytes.splice(at..end, piece.iter().copied());
            }
            _ => change_value(&mut bytes, draw),
        }
        if bytes.is_empty() {
            bytes.push(b'{');
        }
    }
    bytes
}

/// Puts another value behind some colon, which leaves the document well-formed.
fn change_value(bytes: &mut Vec<u8>, draw: &mut Draw) {
    let colons: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] == b':').collect();
    let Some(colon) = colons.get(draw.below(colons.len())) else {
        return;
    };
    let rest = &bytes[colon + 1..];
    let mut values = serde_json::Deserializer::from_slice(rest).into_iter::<Value>();
    if let Some(Ok(_)) = values.next() {
        let end = colon + 1 + values.byte_offset();
        bytes.splice(colon + 1..end, WORDS[draw.below(11)].iter().copied());
    }
}

/// Runs a target and gives what it says when it does not hold.
fn broken(target: fn(&[u8]), bytes: &[u8]) -> Option<String> {
    let failure = catch_unwind(AssertUnwindSafe(|| target(bytes))).err()?;
    let said = failure.downcast_ref::<String>().map(String::as_str);
    let said = said
        .or_else(|| failure.downcast_ref::<&str>().copied())
        .unwrap_or_default();
    let bytes = String::from_utf8_lossy(bytes);
    Some(format!("{said:.1000}\n    {bytes:?}"))
}

fn hold(name: &str) {
    let (_, target) = TARGETS.iter().find(|(known, _)| *known == name).unwrap();
    let seeds = seeds();
    let mut draw = Draw(1);
    let found = FOUND
        .iter()
        .filter(|(target, _)| *target == name)
        .map(|(_, bytes)| bytes.to_vec());
    let inputs = found
        .chain(seeds.iter().cloned())
        .chain((0..MUTATIONS).map(|_| mutated(&seeds, &mut draw)));
    let failures: Vec<_> = inputs
        .filter_map(|bytes| broken(*target, &bytes))
        .take(10)
        .collect();
    assert!(
        failures.is_empty(),
        "{name} does not hold:\n{}",
        failures.join("\n")
    );
}

macro_rules! holds {
    ($($name:ident)+) => {
        $(
            #[test]
            fn $name() {
                hold(stringify!($name));
            }
        )+

        #[test]
        fn every_target_is_held_and_has_its_file() {
            let here = [$(stringify!($name)),+];
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/fuzz_targets");
            let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
            let mut files: Vec<_> = files.map(|f| f.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
            files.sort();
            assert_eq!(TARGETS.iter().map(|(name, _)| *name).collect::<Vec<_>>(), here);
            assert_eq!(files, here);
        }
    };
}

holds!(convert decode_request decode_response embeddings event_stream json passthrough provider_error sse_parser stream);
