//! `filecopy`: two mappings of files, window by window.

use crate::build::{Program, WrittenFor};
use crate::stage::{Stage, everywhere, noise};
use std::fs;
use std::time::{Duration, SystemTime};

const FILECOPY: Program =
    Program { name: "filecopy", sources: &["filecopy/filecopy.c"], written_for: WrittenFor::Both };

const MIB: usize = 1024 * 1024;

fn written(stage: &Stage, name: &str) -> SystemTime {
    fs::metadata(stage.path(name)).and_then(|file| file.modified()).expect("it is there")
}

#[test]
fn filecopy_copies_as_on_windows() {
    everywhere("filecopy", &[FILECOPY], |stage| {
        // Shorter than a page, whole windows, one byte more, and with a remainder.
        for (name, size) in [("short", 5), ("even", 8 * MIB), ("odd", 8 * MIB + 1), ("long", 13_000_001)] {
            let bytes = noise(size);
            stage.write(name, &bytes);
            let copy = format!("{name}.copy");
            stage.run("filecopy", &["/v", name, &copy], 0);
            assert!(stage.read(&copy) == bytes, "{}: {name}", stage.system);
        }

        let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        let file = fs::File::options().write(true).open(stage.path("long")).expect("it is there");
        file.set_modified(long_ago).expect("times can be set");
        stage.run("filecopy", &["/V", "/Q", "/w:1", "long", "again.bin"], 0);
        assert_eq!(written(stage, "again.bin"), long_ago, "{}", stage.system);

        // Not over another file, unless it is said; then the old length is forgotten.
        stage.run("filecopy", &["short", "again.bin"], 3);
        assert_eq!(stage.read("again.bin").len(), 13_000_001);
        stage.run("filecopy", &["/y", "/v", "short", "again.bin"], 0);
        assert_eq!(stage.read("again.bin"), stage.read("short"));

        stage.write("empty", b"");
        stage.run("filecopy", &["/v", "empty", "empty.copy"], 0);
        assert_eq!(stage.read("empty.copy"), b"");

        stage.write("sub directory.txt", b"a name with a space");
        fs::create_dir(stage.path("sub")).expect("a directory");
        stage.run("filecopy", &["/v", ".\\sub directory.txt", "sub\\gr\u{fc}\u{df}e.txt"], 0);
        assert_eq!(stage.read("sub/gr\u{fc}\u{df}e.txt"), b"a name with a space");
    });
}

#[test]
fn filecopy_refuses_as_on_windows() {
    everywhere("filecopy-refuses", &[FILECOPY], |stage| {
        stage.run("filecopy", &[], 2);
        stage.run("filecopy", &["one"], 2);
        stage.run("filecopy", &["one", "two", "three"], 2);
        stage.run("filecopy", &["/w:0", "one", "two"], 2);

        stage.run("filecopy", &["missing", "copy"], 1);
        stage.run("filecopy", &["missing\\file", "copy"], 1);
        assert!(!stage.path("copy").exists());
        stage.write("one", b"one");
        stage.run("filecopy", &["one", "missing\\copy"], 1);
        stage.run("filecopy", &["/y", "one", "one"], 1);
        assert_eq!(stage.read("one"), b"one");
        fs::create_dir(stage.path("directory")).expect("a directory");
        stage.run("filecopy", &["directory", "copy"], 1);
    });
}
