//! Copies of a file, by tools.

use crate::contest::{Bench, Contest};
use crate::peer::Peer;
use crate::results::Work;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

pub(crate) fn all(bench: &mut Bench) {
    let tool = bench.tool().to_owned();
    for (place, directory) in [("a disk", bench.disk().to_owned()), ("tmpfs", "/dev/shm".into())] {
        let title = if place == "tmpfs" {
            "copy a cached file of 1 GiB, on tmpfs"
        } else {
            "copy a cached file of 1 GiB, on a disk's filesystem"
        };
        copy(bench, &tool, Work::new("Copying files", title), &directory);
    }
}

fn copy(bench: &mut Bench, tool: &Path, work: Work, parent: &Path) {
    if !bench.wants(&work) {
        return;
    }
    let directory = tempfile::TempDir::with_prefix_in("veduta-bench.", parent).expect("a directory");
    let [source, target] = ["source", "target"].map(|name| directory.path().join(name));
    let len = bench.scaled(1 << 30, 1 << 20);
    fs::write(&source, noise(len as usize)).expect("room");
    // Write-back of the source would disturb the first turns.
    File::open(&source).and_then(|file| file.sync_all()).expect("the disk works");

    let timed = |mut command: Command| {
        let _was_there = fs::remove_file(&target);
        let start = Instant::now();
        let status = command.stderr(Stdio::null()).status().expect("the tool runs");
        let time = start.elapsed();
        assert!(status.success(), "{command:?}: {status}");
        // What one has left to be written is not to slow the next.
        File::open(&target).and_then(|file| file.sync_all()).expect("the disk works");
        time
    };
    let of_two = |program: &Path, verb: &[&str]| -> Duration {
        let mut command = Command::new(program);
        command.args(verb).arg(&source).arg(&target);
        timed(command)
    };
    let mut contest = Contest::new(work.bytes(len).note(
        "Bytes that no filesystem makes smaller. The target is removed before each turn, and nobody waits for the disk at the end. No tool shares blocks. Times of one tool differ by several times from round to round on this kind of machine, whose memory is another's until it is touched: no ratio here that is near 1 says anything.",
    ));
    contest
        .batch(Peer::Veduta, 1, || of_two(tool, &["--quiet", "cp", "--reflink=never"]))
        .batch(Peer::Cp, 1, || of_two(Path::new("cp"), &["--reflink=never"]))
        .batch(Peer::Dd, 1, || {
            let mut dd = Command::new("dd");
            dd.arg("bs=1M").arg(format!("if={}", source.display())).arg(format!("of={}", target.display()));
            timed(dd)
        })
        .batch(Peer::Cat, 1, || {
            let mut cat = Command::new("sh");
            timed({
                cat.args(["-c", "exec cat \"$0\" > \"$1\""]).arg(&source).arg(&target);
                cat
            })
        });
    bench.run(contest);
    assert_eq!(fs::metadata(&target).expect("a copy").len(), len, "the copy is whole");
}

/// Bytes that no filesystem makes smaller.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut bytes = Vec::with_capacity(len);
    while bytes.len() < len {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend(state.to_le_bytes());
    }
    bytes
}
