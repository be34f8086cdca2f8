//! The W3C trace context header, parsed strictly: a malformed one is dropped, as the recommendation asks.

use std::fmt;

/// A valid `traceparent`: which trace a request belongs to and which span called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceParent {
    trace_id: u128,
    parent_id: u64,
    sampled: bool,
}

impl TraceParent {
    /// Reads `00-<32 hex>-<16 hex>-<2 hex>`. Later versions may carry more after a further dash.
    #[must_use]
    pub fn parse(header: &str) -> Option<Self> {
        let mut parts = header.split('-');
        let version = lower_hex(parts.next()?, 2)?;
        let trace_id = lower_hex(parts.next()?, 32)?;
        let parent_id = u64::try_from(lower_hex(parts.next()?, 16)?).ok()?;
        let flags = lower_hex(parts.next()?, 2)?;
        if version == 0xff || trace_id == 0 || parent_id == 0 || (version == 0 && parts.next().is_some()) {
            return None;
        }
        Some(Self {
            trace_id,
            parent_id,
            sampled: flags & 1 == 1,
        })
    }

    /// The trace's id as 128 bits; 32 lowercase hex characters on the wire.
    #[must_use]
    pub const fn trace_id(self) -> u128 {
        self.trace_id
    }

    /// The calling span's id.
    #[must_use]
    pub const fn parent_id(self) -> u64 {
        self.parent_id
    }

    /// Whether the caller records this trace.
    #[must_use]
    pub const fn sampled(self) -> bool {
        self.sampled
    }
}

/// The header text.
impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "00-{:032x}-{:016x}-{:02x}",
            self.trace_id,
            self.parent_id,
            u8::from(self.sampled)
        )
    }
}

fn lower_hex(text: &str, length: usize) -> Option<u128> {
    let valid = text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    valid.then(|| u128::from_str_radix(text, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALID: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_valid_header_round_trips() {
        let parent = TraceParent::parse(VALID).unwrap();
        assert!(parent.sampled());
        assert_eq!(parent.to_string(), VALID);
        assert!(TraceParent::parse(&VALID.replacen("00", "01", 1)).is_some());
    }

    #[test]
    fn malformed_headers_are_dropped() {
        for header in [
            "",
            "00",
            &VALID.to_uppercase(),
            &VALID.replacen("00", "ff", 1),
            &format!("{VALID}-more"),
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert_eq!(TraceParent::parse(header), None, "{header}");
        }
    }
}
