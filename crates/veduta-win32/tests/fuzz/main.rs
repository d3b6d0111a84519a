//! Calls of all functions in random order with random arguments, most of them bad: no crash, no hang, no leak, and errors as documented.
//!
//! `VEDUTA_FUZZ_SEED` and `VEDUTA_FUZZ_CALLS` say what is run; the seed of a failure is in its message. `VEDUTA_FUZZ_SECONDS` is another
//! limit. It all happens in a child process, for a crash or a hang to be told with the calls that came before. With the sanitizer:
//!
//! ```sh
//! RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=address VEDUTA_FUZZ_SECONDS=25 cargo test -p veduta-win32 --test fuzz \
//!     --target x86_64-unknown-linux-gnu --target-dir target/asan
//! ```

#![allow(
    clashing_extern_declarations,
    reason = "all functions are called by their address, as if they were alike"
)]
#![allow(unreachable_pub, reason = "modules of one test")]
#![allow(unsafe_code, reason = "the functions under test are C's")]

mod argument;
mod block;
mod function;
mod journal;
mod random;
mod registry;
mod regressions;
mod scenario;
mod world;

// Only linking it brings the functions in.
use veduta_win32 as _;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use world::{Shared, World};

const SEED: &str = "VEDUTA_FUZZ_SEED";
const CALLS: &str = "VEDUTA_FUZZ_CALLS";
const SECONDS: &str = "VEDUTA_FUZZ_SECONDS";
/// After so many calls one must have succeeded.
const ENOUGH: u64 = 500;
/// After so many calls of all, each function was called.
const ALL_ARE_CALLED: u64 = 25_000;
/// There is never anything to cancel: what is read and written is done when the call returns.
const NEVER: &[&str] = &["CancelIoEx"];
const ROOT: &str = "VEDUTA_FUZZ_ROOT";
const THREADS: &str = "VEDUTA_FUZZ_THREADS";

/// Without progress for so long, the child hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// No child runs longer than half of that.
const CHILDREN_END: Duration = Duration::from_secs(10);

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

#[test]
fn one_thread() {
    fuzz("one", 1);
}

#[test]
fn four_threads() {
    fuzz("four", 4);
}

/// Runs the role in a child, and tells of its end.
fn fuzz(name: &str, threads: usize) {
    let seed = number(SEED).unwrap_or_else(|| {
        std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(1, |now| now.as_millis() as u64)
    });
    let root = std::env::temp_dir().join(format!("veduta-fuzz-{}-{name}", std::process::id()));
    for part in ["work/d0", "work/d1", "names", "tmp"] {
        fs::create_dir_all(root.join(part)).expect("a directory");
    }
    let output = |name: &str| fs::File::create(root.join(name)).expect("a file");
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command
        .args(["--exact", "role", "--ignored", "--nocapture"])
        .env(SEED, seed.to_string())
        .env(ROOT, &root)
        .env(THREADS, threads.to_string())
        .env("VEDUTA_ROOT", root.join("names"))
        .env("TMPDIR", root.join("tmp"))
        .env(
            "ASAN_OPTIONS",
            format!(
                "allocator_may_return_null=1:detect_leaks=1:handle_sigbus=0:log_path={}/asan",
                root.display()
            ),
        )
        .env("LSAN_OPTIONS", "use_unaligned=0")
        .env_remove("VEDUTA_DIAGNOSE")
        .current_dir(root.join("work"))
        .stdin(Stdio::null())
        .stdout(output("stdout"))
        .stderr(output("stderr"))
        // Signals of a terminal are the parent's business.
        .process_group(0);
    let mut child = command.spawn().expect("a child");
    let mut seen = (String::new(), Instant::now());
    let status = loop {
        if let Some(status) = child.try_wait().expect("the child's status") {
            break Some(status);
        }
        let told = journal::read(&root);
        if told != seen.0 {
            seen = (told, Instant::now());
        } else if seen.1.elapsed() > PATIENCE {
            if let Some(seconds) = number("VEDUTA_FUZZ_LINGER") {
                eprintln!("process {} hangs", child.id());
                std::thread::sleep(Duration::from_secs(seconds));
            }
            child.kill().expect("the child is there");
            child.wait().expect("the child's status");
            break None;
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    let text = |name: &Path| String::from_utf8_lossy(&fs::read(name).unwrap_or_default()).into_owned();
    let told = text(&root.join("told"));
    if status.is_some_and(|status| status.success()) {
        println!("{told}");
        let left = names_left(&root, threads > 1);
        assert!(left.is_empty(), "names are left: {left:?}; {SEED}={seed} (see {})", root.display());
        fs::remove_dir_all(&root).expect("the directory was ours");
        return;
    }
    let mut report = match status {
        None => format!("it hangs: no call for {PATIENCE:?}\n"),
        Some(status) => format!("{status}, signal {:?}\n", status.signal()),
    };
    report += &text(&root.join("failure"));
    report += &format!("\n{told}\n{}", journal::read(&root));
    for entry in fs::read_dir(&root).expect("the directory").flatten() {
        if entry.file_name().to_string_lossy().starts_with("asan") {
            report += &text(&entry.path());
        }
    }
    // What OutputDebugString said is there too.
    let errors = fs::read(root.join("stderr")).unwrap_or_default();
    report += &String::from_utf8_lossy(&errors[errors.len().saturating_sub(8000)..]);
    let _kept_for_who_looks = fs::write(root.join("report"), &report);
    panic!("{SEED}={seed} with {threads} threads: {report}\n(see {})", root.display());
}

/// The names that are left. What a child was given, or had for a moment while it was started, stays until that child ends and somebody
/// comes by.
fn names_left(root: &Path, had_children: bool) -> Vec<std::ffi::OsString> {
    let begun = Instant::now();
    loop {
        let mut left = Vec::new();
        for scope in fs::read_dir(root.join("names")).expect("the names") {
            let scope = scope.expect("a directory").path();
            if had_children {
                let namespace = veduta::Namespace::at(&scope).expect("a namespace");
                namespace.sweep(veduta::SweepMode::Remove).expect("the directory can be read");
            }
            let entries = fs::read_dir(scope).expect("a directory");
            left.extend(entries.map(|entry| entry.expect("an entry").file_name()));
        }
        if left.is_empty() || !had_children || begun.elapsed() > CHILDREN_END {
            return left;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// What the process holds: descriptors, mappings, threads.
fn held() -> (Vec<String>, Vec<String>, usize) {
    let mut descriptors: Vec<String> = fs::read_dir("/proc/self/fd")
        .expect("descriptors")
        .flatten()
        .filter_map(|entry| fs::read_link(entry.path()).ok())
        .map(|target| target.to_string_lossy().into_owned())
        .collect();
    descriptors.sort();
    let maps = fs::read_to_string("/proc/self/maps").expect("mappings");
    let maps = maps.lines().map(|line| line.splitn(6, ' ').nth(5).unwrap_or("").trim().to_owned());
    // Anonymous memory is the allocator's, or the sanitizer's, for the most part: the leak checker looks at that.
    let maps = maps.filter(|name| name.starts_with('/')).collect();
    (descriptors, maps, fs::read_dir("/proc/self/task").expect("threads").count())
}

/// So many more descriptors or mappings may be kept: what is made once, and seldom. What leaks leaks more.
const KEPT: usize = 8;

#[test]
#[ignore = "run by the tests"]
fn role() {
    let Some(root) = std::env::var_os(ROOT).map(PathBuf::from) else { return };
    let seed = number(SEED).expect("a seed");
    let threads = number(THREADS).expect("a number of threads") as usize;
    // A few seconds.
    let calls = number(CALLS).unwrap_or(if number(SECONDS).is_some() { u64::MAX } else { 20_000 });
    let deadline = number(SECONDS).map(|seconds| Instant::now() + Duration::from_secs(seconds));
    // No disk is filled, and nobody waits for a copy of a terabyte.
    let limit = libc::rlimit { rlim_cur: 64 << 20, rlim_max: 64 << 20 };
    // SAFETY: the limit outlives the call.
    unsafe { libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limit) };
    // SAFETY: no handler is involved.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
    let shared = Shared::new(root.clone(), threads);
    let began = Instant::now();
    let round = |seed: u64, calls: u64, deadline: Option<Instant>| {
        std::thread::scope(|scope| {
            for thread in 0..threads {
                let shared = &shared;
                scope.spawn(move || {
                    let mut world = World::new(shared, seed, thread);
                    let mut made = 0;
                    while made < calls / threads as u64
                        && deadline.is_none_or(|deadline| Instant::now() < deadline)
                    {
                        made += 1;
                        if world.random.percent(4) {
                            scenario::run(&mut world);
                        } else {
                            world.step();
                        }
                    }
                    world.end();
                });
            }
        });
        World::new(&shared, seed, threads).close_all();
    };
    // What is made once and kept, such as helper threads, is made before the first look. Most of it.
    round(seed ^ 1, calls.min(10_000), None);
    let before = held();
    round(seed, calls, deadline);
    let mut after = held();
    // Threads that have just ended, and helpers that still clear away.
    for _ in 0..200 {
        if after.0.len() <= before.0.len() && after.1.len() <= before.1.len() && after.2 <= before.2 {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
        after = held();
    }
    let told = tell(&shared, began.elapsed());
    fs::write(root.join("told"), &told).expect("a file");
    let mut wrong = shared.wrong();
    let more = |before: &[String], after: &[String]| {
        let mut more = after.to_vec();
        for name in before {
            if let Some(index) = more.iter().position(|other| other == name) {
                more.swap_remove(index);
            }
        }
        more
    };
    let mut world = World::new(&shared, seed, threads + 1);
    let mut open = world.left_open();
    // Threads of _beginthread close their handles themselves.
    for _ in 0..50 {
        if open.is_empty() {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
        open = world.left_open();
    }
    if !open.is_empty() {
        wrong.push(format!("handles are open: {open:#x?}"));
    }
    if after.0.len() > before.0.len() + KEPT {
        wrong.push(format!("descriptors are left: {:?}", more(&before.0, &after.0)));
    }
    if after.1.len() > before.1.len() + KEPT {
        wrong.push(format!("mappings are left: {:?}", more(&before.1, &after.1)));
    }
    if after.2 > before.2 {
        wrong.push(format!("threads are left: {} were {}", after.2, before.2));
    }
    for (name, calls, successes) in shared.coverage() {
        if calls == 0 && shared.calls() >= ALL_ARE_CALLED {
            wrong.push(format!("{name} was not called"));
        } else if successes == 0 && calls >= ENOUGH && !NEVER.contains(&name) {
            wrong.push(format!("{name} never succeeded"));
        }
    }
    // Standard error may have been closed by a call.
    fs::write(root.join("failure"), wrong.join("\n")).expect("a file");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn tell(shared: &Shared, took: Duration) -> String {
    let mut told = format!("{} calls in {:.1} s\n", shared.calls(), took.as_secs_f64());
    for (name, calls, successes) in shared.coverage() {
        told += &format!("{name:<56} {calls:>7} calls {successes:>7} succeeded\n");
    }
    told
}

/// Every exported function is in a table.
#[test]
fn tables_have_all_functions() {
    let mut directories = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut exported = BTreeSet::new();
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                directories.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).expect("a text");
            for part in text.split("\nexport! {\n").skip(1) {
                let part = part.split("\n}\n").next().expect("a first part");
                let functions = part.lines().filter_map(|line| line.strip_prefix("    fn "));
                exported.extend(functions.map(|line| line.split('(').next().expect("a name").to_owned()));
            }
        }
    }
    assert!(exported.len() > 300);
    let known = function::FUNCTIONS.iter().chain(function::IN_ORDER).map(|function| function.name.to_owned());
    let known: BTreeSet<String> = known.chain(function::ENDS.iter().map(|&name| name.to_owned())).collect();
    let missing: Vec<_> = exported.difference(&known).collect();
    assert!(missing.is_empty(), "no table has {missing:?}");
}
