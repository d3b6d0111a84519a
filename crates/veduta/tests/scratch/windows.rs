//! What tests take of Windows.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

/// An empty directory.
pub fn directory() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("veduta-test-").tempdir().expect("a directory can be made")
}

/// Ends the process, and the test with it, if this value lives for minutes: for what would wait for ever if it were wrong.
pub struct Watchdog(Sender<()>);

impl Watchdog {
    pub fn new() -> Watchdog {
        let (alive, watched) = channel::<()>();
        // There is no alarm. The thread ends when the value does, because the channel closes.
        thread::spawn(move || {
            if watched.recv_timeout(Duration::from_secs(120)) == Err(RecvTimeoutError::Timeout) {
                eprintln!("a test hangs");
                std::process::abort();
            }
        });
        Watchdog(alive)
    }
}
