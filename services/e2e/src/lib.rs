//! Nothing to call: this crate is the proof over the assembled system, in `tests/it` and `conformance`.
