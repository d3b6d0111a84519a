//! `workers`: threads, a queue, timers and APCs over one mapping.

use crate::build::{Program, WrittenFor};
use crate::stage::{everywhere, noise};

const WORKERS: Program =
    Program { name: "workers", sources: &["workers/workers.cpp"], written_for: WrittenFor::Both };

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc: u32, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| crc >> 1 ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 })
    })
}

#[test]
fn workers_sum_as_on_windows() {
    assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    everywhere("workers", &[WORKERS], |stage| {
        let bytes = noise(300_000);
        stage.write("file", &bytes);
        let chunks = bytes.chunks(16 * 1024).enumerate();
        let expected: Vec<_> =
            chunks.map(|(index, chunk)| format!("chunk {index}: {:08X}", crc32(chunk))).collect();
        for threads in ["/threads:1", "/threads:4", "/threads:20"] {
            let said = stage.run("workers", &["file", "/chunk:16", threads, "/delay:30"], 0);
            let sums = said.output.iter().filter(|line| line.starts_with("chunk "));
            assert!(sums.eq(&expected), "{}: {said:?}", stage.system);
            let last = format!("{0} of {0} chunks, 300000 bytes", expected.len());
            assert_eq!(said.output.last(), Some(&last), "{}", stage.system);
        }
    });
}

#[test]
fn workers_stop_in_the_middle() {
    everywhere("workers-stop", &[WORKERS], |stage| {
        stage.write("file", &noise(4_000_000));
        stage.run("workers", &["file", "/chunk:1", "/stop:3"], 3);
    });
}

#[test]
fn workers_refuse_as_on_windows() {
    everywhere("workers-refuse", &[WORKERS], |stage| {
        stage.run("workers", &[], 2);
        stage.run("workers", &["file", "/threads:64"], 2);
        stage.run("workers", &["missing"], 1);
        stage.write("empty", b"");
        stage.run("workers", &["empty"], 1);
    });
}
