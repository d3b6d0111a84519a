//! How long an operation may take, whatever is done to what it works on.

use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How much longer than its time-out an operation may take. On an idle machine nothing comes near 5 s; a busy one may let a thread
/// stand for as long.
pub(crate) const GRACE: Duration = Duration::from_secs(60);

/// What each thread of this process is doing, and until when.
static DOING: Mutex<Vec<(u64, Instant, &'static str)>> = Mutex::new(Vec::new());

fn doing() -> MutexGuard<'static, Vec<(u64, Instant, &'static str)>> {
    DOING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Does something that may take `timeout` and [`GRACE`]. If it takes longer, the process says what it was, and ends.
pub(crate) fn within<R>(timeout: Duration, what: &'static str, job: impl FnOnce() -> R) -> R {
    static WATCH: std::sync::Once = std::sync::Once::new();
    static NUMBER: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    WATCH.call_once(|| drop(std::thread::spawn(watch)));
    let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    doing().push((number, Instant::now() + timeout + GRACE, what));
    let result = job();
    doing().retain(|(other, ..)| *other != number);
    result
}

fn watch() {
    loop {
        std::thread::sleep(Duration::from_millis(100));
        let now = Instant::now();
        if let Some((_, _, what)) = doing().iter().find(|(_, until, _)| *until < now) {
            // Past the harness, which would keep it to itself.
            let line = format!("this does not end: {what}\n");
            std::io::stderr().write_all(line.as_bytes()).expect("stderr is open");
            std::process::abort();
        }
    }
}
