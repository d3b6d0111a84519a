//! `veduta cp` against coreutils `cp`: a cached file of 1 GiB, the same source, the same destination filesystem.
//!
//! Prints the best and the median of some runs each, taken in turn, and their ratio. `VEDUTA_BENCH_DIR` says where.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, io};

const RUNS: usize = 9;
const SIZE: usize = 1 << 30;

fn main() -> io::Result<()> {
    // `cargo test --all-targets` runs benches without this argument, to see whether they build.
    if !env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let parent = env::var_os("VEDUTA_BENCH_DIR").map_or_else(env::temp_dir, Into::into);
    let directory = tempfile::TempDir::with_prefix_in("veduta-bench.", parent)?;
    let [source, copy] = ["source", "copy"].map(|name| directory.path().join(name));
    fs::write(&source, noise(SIZE))?;
    // Write-back of the source would disturb the first runs.
    fs::File::open(&source)?.sync_all()?;

    let tools = [("veduta cp", env!("CARGO_BIN_EXE_veduta"), &["cp"][..]), ("cp", "cp", &[])];
    let mut times = [Vec::new(), Vec::new()];
    for run in 0..=RUNS {
        for (times, (_, program, args)) in times.iter_mut().zip(tools) {
            let time = timed(program, args, &source, &copy)?;
            // The first run warms up.
            if run > 0 {
                times.push(time);
            }
        }
    }
    let [ours, theirs] = times.map(|mut times| {
        times.sort();
        (times[0], times[times.len() / 2])
    });
    println!("cp of a cached 1 GiB file in {}, {RUNS} runs each", directory.path().display());
    for ((name, ..), (best, median)) in tools.iter().zip([ours, theirs]) {
        println!("  {name:<10} best {:.3} s  median {:.3} s", best.as_secs_f64(), median.as_secs_f64());
    }
    let ratio = |ours: Duration, theirs: Duration| ours.as_secs_f64() / theirs.as_secs_f64();
    println!(
        "  ratio      best {:.2}     median {:.2}     (wanted: at most 1.00)",
        ratio(ours.0, theirs.0),
        ratio(ours.1, theirs.1)
    );
    Ok(())
}

fn timed(program: &str, args: &[&str], source: &Path, copy: &Path) -> io::Result<Duration> {
    if copy.exists() {
        fs::remove_file(copy)?;
    }
    let start = Instant::now();
    let status = Command::new(program).args(args).arg(source).arg(copy).stderr(Stdio::null()).status()?;
    let time = start.elapsed();
    match status.success() {
        true => Ok(time),
        false => Err(io::Error::other(format!("{program} failed: {status}"))),
    }
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
