//! Small disks of a test's own.

use crate::scratch::thread::{with_mount, with_tmpfs};
use crate::scratch::{PAGE, directory, skipped};
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;

pub(crate) struct Disk {
    directory: tempfile::TempDir,
}

impl Disk {
    /// Runs a test with an ext4 on a loop device that has one file, of which nothing was read yet.
    pub(crate) fn ext4(name: &str, bytes: &[u8], test: impl FnOnce(&Disk) + Send) {
        let disk = Disk::new();
        fs::write(disk.path().join(name), bytes).unwrap();
        File::create(disk.image()).unwrap().set_len(16 << 20).unwrap();
        let made = Command::new("mkfs.ext4")
            .args(["-q", "-m0", "-b4096", "-O^has_journal", "-d"])
            .args([disk.path(), disk.image()])
            .status();
        match made {
            Ok(status) if status.success() => {
                with_mount(&disk.path(), "ext4", "loop", &disk.image(), || test(&disk));
            }
            result => skipped(format!("mkfs.ext4 does not run here: {result:?}")),
        }
    }

    /// Runs a test with a tmpfs of 1 MiB.
    pub(crate) fn tmpfs(test: impl FnOnce(&Disk) + Send) {
        let disk = Disk::new();
        with_tmpfs(&disk.path(), 1 << 20, || test(&disk));
    }

    fn new() -> Disk {
        let disk = Disk { directory: directory() };
        fs::create_dir(disk.path()).unwrap();
        disk
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("disk")
    }

    fn image(&self) -> PathBuf {
        self.directory.path().join("image")
    }

    /// Has the device fail for all bytes of the file that it began with from `offset` on: what is behind it is cut off. Gives the file.
    pub(crate) fn fail_behind(&self, name: &str, offset: usize) -> PathBuf {
        let block = |offset: usize| -> u64 {
            let question = format!("bmap /{name} {}", offset / PAGE);
            let output = Command::new("debugfs").args(["-R", &question]).arg(self.image()).output();
            let answer = String::from_utf8(output.expect("it comes with mkfs.ext4").stdout).unwrap();
            answer.trim().parse().unwrap_or_else(|_| panic!("{question}: {answer}"))
        };
        assert!(block(offset - PAGE) < block(offset), "the file lies on the disk in order");
        let image = File::options().write(true).open(self.image()).unwrap();
        image.set_len(block(offset) * PAGE as u64).unwrap();
        self.path().join(name)
    }
}
