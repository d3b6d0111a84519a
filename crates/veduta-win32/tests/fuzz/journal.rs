//! The last calls of each thread, in a file that outlives the process.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;

const LINE: usize = 400;

pub struct Journal {
    file: File,
    next: u64,
    /// So many lines are kept.
    lines: u64,
}

impl Journal {
    pub fn create(directory: &Path, thread: usize) -> Journal {
        let file = File::create(directory.join(format!("journal-{thread}"))).expect("a journal");
        Journal { file, next: 0, lines: crate::number("VEDUTA_FUZZ_LINES").unwrap_or(24) }
    }

    pub fn write(&mut self, line: &str) {
        let mut bytes = format!("{:>8} {line}", self.next).into_bytes();
        bytes.resize(LINE - 1, b' ');
        bytes.push(b'\n');
        let _full = self.file.write_all_at(&bytes, self.next % self.lines * LINE as u64);
        self.next += 1;
    }
}

/// What all threads did last.
pub fn read(directory: &Path) -> String {
    let mut told = String::new();
    for thread in 0..64 {
        let Ok(text) = fs::read(directory.join(format!("journal-{thread}"))) else { break };
        let text = String::from_utf8_lossy(&text).into_owned();
        let mut lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        lines.sort_unstable();
        told += &format!("thread {thread}:\n{}\n", lines.join("\n"));
    }
    told
}
