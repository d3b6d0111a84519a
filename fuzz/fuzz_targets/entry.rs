//! Any bytes where an entry should be.
#![no_main]

libfuzzer_sys::fuzz_target!(|file: &[u8]| veduta::fuzzing::entry(file));
