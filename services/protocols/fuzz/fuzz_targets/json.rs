//! Runs `json` on what the fuzzer makes up.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sluicegate_protocols_fuzz::json(bytes));
