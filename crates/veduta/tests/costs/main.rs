//! What operations cost: the system calls of each, and its instructions outside the kernel. Both are the same each time, where seconds are not;
//! docs/performance.md says what they are to be.
//!
//! Only what is optimised counts: `cargo test -p veduta --release --test costs`. Without that the standard library asks the kernel whether
//! descriptors are open. Both are those of one architecture, too.
// Row: costs
#![cfg(target_os = "linux")]
#![cfg(target_arch = "x86_64")]

mod calls;
mod document;
mod instructions;
mod operations;
#[path = "../scratch/mod.rs"]
mod scratch;

use document::Document;
use scratch::child::play;
use scratch::skipped;
use std::io::Write;
use std::path::Path;

/// One instruction more, or fewer, in so many is no news: what creates a name formats a random number.
const TOLERANCE: u64 = 33;

/// Has something counted where names are its own, and another process holds some.
fn in_company<T>(count: impl FnOnce(&Path) -> T) -> T {
    let root = scratch::directory();
    let root = root.path();
    let mut holder = play("operations::role_hold", &[("VEDUTA_ROOT", &root.to_string_lossy())]);
    assert_eq!(holder.hear(), "held");
    count(root)
}

#[test]
#[cfg_attr(debug_assertions, ignore = "counts optimised code")]
fn each_operation_makes_the_system_calls_of_the_document() {
    let document = Document::read();
    let seen = match in_company(calls::trace) {
        Ok(seen) => seen,
        Err(why) => return skipped(why),
    };
    document.expect_names(seen.iter().map(|(name, _)| name));
    let pairs = document.operations.iter().zip(&seen);
    let wrong: Vec<_> = pairs.filter_map(|(operation, (_, calls))| operation.compare_calls(calls)).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
#[cfg_attr(debug_assertions, ignore = "counts optimised code")]
fn no_operation_takes_more_instructions_than_the_document_says() {
    let document = Document::read();
    let counts = match in_company(instructions::count) {
        Ok(counts) => counts,
        Err(why) => return skipped(why),
    };
    document.expect_names(counts.iter().map(|(name, _)| name));
    let (mut more, mut fewer) = (Vec::new(), Vec::new());
    for (operation, (_, now)) in document.operations.iter().zip(counts) {
        let Some(before) = operation.instructions else { continue };
        let tolerated = before.div_ceil(TOLERANCE);
        let row = || format!("{before} before:\n{}", operation.row_with_instructions(now));
        if now > before + tolerated {
            more.push(row());
        } else if now + tolerated < before {
            fewer.push(row());
        }
    }
    if !fewer.is_empty() {
        // Past the harness, which hides the output of tests that pass. In one piece: tests run side by side.
        let note = format!("fewer instructions; let docs/performance.md say so:\n{}\n", fewer.join("\n"));
        std::io::stderr().write_all(note.as_bytes()).expect("stderr is open");
    }
    assert!(
        more.is_empty(),
        "more instructions than docs/performance.md says; if not for a newer compiler or C library, why?\n{}",
        more.join("\n")
    );
}
