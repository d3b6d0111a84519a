//! Any text as a name.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| veduta::fuzzing::name(text));
