//! Signatures of reasoning: made here, known again here. One holds the hash of what it was made for
//! and a hash over that with the seed, in hex, which every dialect takes for base64.

use crate::text::{hash, mix};

/// Tells signatures of this provider from others at a glance, as providers' own do.
const PREFIX: &str = "EuMock0a";

/// A signature of `text`.
pub(crate) fn sign(seed: u64, text: &str) -> String {
    let subject = hash(text.as_bytes());
    format!("{PREFIX}{subject:016x}{:016x}", proof(seed, subject))
}

/// Whether it is a signature of ours, of whatever text.
pub(crate) fn is_ours(seed: u64, signature: &str) -> bool {
    subject(seed, signature).is_some()
}

/// Whether it is our signature of that text.
pub(crate) fn is_of(seed: u64, signature: &str, text: &str) -> bool {
    subject(seed, signature) == Some(hash(text.as_bytes()))
}

fn subject(seed: u64, signature: &str) -> Option<u64> {
    let digits = signature.strip_prefix(PREFIX)?;
    let subject = u64::from_str_radix(digits.get(..16)?, 16).ok()?;
    let given = u64::from_str_radix(digits.get(16..)?, 16).ok()?;
    (digits.len() == 32 && given == proof(seed, subject)).then_some(subject)
}

fn proof(seed: u64, subject: u64) -> u64 {
    mix(mix(seed, 0x5ea1), subject)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_comes_back_as_it_was_is_known() {
        let signature = sign(7, "thought");
        assert!(is_ours(7, &signature) && is_of(7, &signature, "thought"));
        assert!(!is_of(7, &signature, "other") && !is_ours(8, &signature));
        assert_eq!(signature.len() % 4, 0, "base64 has no rest");
        for at in 0..signature.len() {
            let mut changed = signature.clone().into_bytes();
            changed[at] = if changed[at] == b'0' { b'1' } else { b'0' };
            assert!(!is_ours(7, &String::from_utf8(changed).unwrap()), "{at}");
        }
        for wrong in [
            "",
            PREFIX,
            &signature[..signature.len() - 1],
            &format!("{signature}0"),
        ] {
            assert!(!is_ours(7, wrong), "{wrong}");
        }
    }
}
