//! `veduta cp`: whole or not at all.

#[path = "../common/mod.rs"]
mod common;
// Row: copies
#[cfg(target_os = "linux")]
mod linux;

use common::{Place, names_in};
use std::fs::{self, File};
use std::time::{Duration, UNIX_EPOCH};

/// Bytes that differ from page to page.
fn bytes(len: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..=u8::MAX).cycle().take(len.min(251)).collect();
    while bytes.len() < len {
        bytes.extend_from_within(..bytes.len().min(len - bytes.len()));
    }
    for (index, page) in bytes.chunks_mut(4096).enumerate() {
        page[0] = index as u8;
        page[page.len() - 1] = (index >> 8) as u8;
    }
    bytes
}

#[test]
fn bytes_arrive() {
    let place = Place::new();
    for len in [1, 4095, 4096, 4097, 3 << 20, (65 << 20) + 13] {
        let source = bytes(len);
        place.file("source", &source);
        let ran = place.run(["cp", "source", "copy"]);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""), "{ran:?}");
        assert!(ran.stderr.starts_with("copied ") && ran.stderr.contains("/s,"), "{ran:?}");
        assert!(fs::read(place.files().join("copy")).unwrap() == source, "{len}");
        assert_eq!(place.file_names(), ["copy", "source"]);
    }
    assert_eq!(place.run(["cp", "-q", "source", "copy"]).stderr, "");
    assert_eq!(place.run(["cp", "--sync", "source", "synced"]).code, Some(0));
}

#[test]
fn an_empty_file_is_a_file() {
    let place = Place::new();
    place.file("source", "");
    place.file("copy", "was not empty");
    assert_eq!(place.run(["cp", "source", "copy"]).code, Some(0));
    assert_eq!(fs::metadata(place.files().join("copy")).unwrap().len(), 0);
}

#[test]
fn into_a_directory() {
    let place = Place::new();
    place.file("source", "x");
    fs::create_dir(place.files().join("there")).unwrap();
    for destination in ["there", "there/", "there/."] {
        assert_eq!(place.run(["cp", "source", destination]).code, Some(0), "{destination}");
        assert_eq!(names_in(&place.files().join("there")), ["source"]);
        fs::remove_file(place.files().join("there/source")).unwrap();
    }
    assert_eq!(place.run(["cp", "source", "absent/copy"]).code, Some(2));
    let ran = place.run(["cp", "source", "absent/"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("no such directory"), "{ran:?}");
    assert_eq!(place.file_names(), ["source", "there"]);
}

/// Each of these copies fails, saying so, and makes nothing.
fn are_refused(place: &Place, pairs: &[(&str, &str)], says: &str) {
    for (from, to) in pairs {
        let ran = place.run(["cp", from, to]);
        assert_eq!(ran.code, Some(2), "{from} {to}: {ran:?}");
        assert!(ran.stderr.contains(says), "{from} {to}: {ran:?}");
        assert!(!place.files().join("copy").exists(), "{from} {to}");
    }
}

#[test]
fn a_file_is_not_copied_onto_itself() {
    let place = Place::new();
    let source = place.file("source", "precious");
    fs::hard_link(&source, place.files().join("hard")).unwrap();
    let pairs = [
        ("source", "source"),
        ("source", "./source"),
        ("source", "."),
        ("source", "hard"),
        ("hard", "source"),
    ];
    are_refused(&place, &pairs, "it is the same file");
    assert_eq!(fs::read_to_string(source).unwrap(), "precious");
    assert_eq!(place.file_names(), ["hard", "source"]);
}

#[test]
fn only_files_are_copied_and_only_to_files() {
    let place = Place::new();
    place.file("source", "x");
    fs::create_dir(place.files().join("directory")).unwrap();
    let pairs = [
        ("directory", "copy"),
        ("absent", "copy"),
        ("source", "source/"),
        ("source", "source/copy"),
        ("source", ""),
        ("", "copy"),
    ];
    are_refused(&place, &pairs, "error");
    assert_eq!(place.file_names(), ["directory", "source"]);
}

#[test]
fn times_are_kept_when_asked() {
    let place = Place::new();
    let path = place.file("source", "x");
    // As exact as every file system is.
    let time = UNIX_EPOCH + Duration::from_secs(1_234_567_890);
    let source = File::options().write(true).open(&path).unwrap();
    source.set_times(fs::FileTimes::new().set_accessed(time).set_modified(time)).unwrap();
    assert_eq!(place.run(["cp", "-p", "source", "kept"]).code, Some(0));
    assert_eq!(place.run(["cp", "source", "plain"]).code, Some(0));
    let modified = |name| fs::metadata(place.files().join(name)).unwrap().modified().unwrap();
    assert_eq!(modified("kept"), time);
    assert!(modified("plain") > time);
}

#[test]
fn a_replaced_file_is_another_one() {
    let place = Place::new();
    place.file("source", "new");
    let copy = place.file("copy", "old");
    fs::hard_link(&copy, place.files().join("other")).unwrap();
    assert_eq!(place.run(["cp", "source", "copy"]).code, Some(0));
    assert_eq!(fs::read_to_string(&copy).unwrap(), "new");
    assert_eq!(fs::read_to_string(place.files().join("other")).unwrap(), "old");
    assert_eq!(place.file_names(), ["copy", "other", "source"]);
}

// Row: copies
#[cfg(windows)]
#[test]
fn what_is_read_only_stays() {
    let place = Place::new();
    place.file("source", "new");
    let copy = place.file("copy", "old");
    let mut permissions = fs::metadata(&copy).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&copy, permissions.clone()).unwrap();
    let ran = place.run(["cp", "source", "copy"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.stderr.contains("(os error 5)") && ran.stderr.contains("write-protected"), "{ran:?}");
    assert_eq!(fs::read_to_string(&copy).unwrap(), "old");

    // And is so in a copy that keeps what it can.
    assert_eq!(place.run(["cp", "-p", "copy", "kept"]).code, Some(0));
    let kept = place.files().join("kept");
    assert!(fs::metadata(&kept).unwrap().permissions().readonly());
    #[expect(clippy::permissions_set_readonly_false, reason = "what it says of others is of other systems")]
    permissions.set_readonly(false);
    for path in [copy, kept] {
        fs::set_permissions(path, permissions.clone()).unwrap();
    }
}

// Row: copies
#[cfg(windows)]
#[test]
fn blocks_are_not_shared() {
    let place = Place::new();
    place.file("source", "x");
    let ran = place.run(["cp", "--reflink=always", "source", "copy"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.stderr.contains("(os error 50)"), "{ran:?}");
    assert_eq!(place.file_names(), ["source"]);
}

/// Whether the file that a copy has begun is marked: nobody opens it any more, or, where Wine lets everybody, it has bytes. Before, for an instant, it
/// stays if the process ends.
// Row: copies
#[cfg(windows)]
fn goes_with_its_process(place: &Place) -> bool {
    let is_marked = |name: &String| match fs::File::open(place.files().join(name)) {
        Ok(file) => file.metadata().unwrap().len() > 0,
        Err(error) => error.raw_os_error() == Some(5),
    };
    place.file_names().iter().filter(|name| name.starts_with(".veduta-cp.")).any(is_marked)
}

/// On Linux the copy is stopped in the midst of it, see `linux`.
// Row: copies
#[cfg(windows)]
#[test]
fn a_copy_that_is_broken_off_leaves_nothing() {
    use common::{Signal, ended_by, send};

    let place = Place::new();
    place.file("source", bytes(256 << 20));
    for signal in [Signal::TERM, Signal::KILL] {
        let broken_off = || {
            let mut copy = place
                .command()
                .args(["cp", "source", "copy"])
                .stderr(std::process::Stdio::piped())
                .spawn()
                .unwrap();
            while !goes_with_its_process(&place) && copy.try_wait().unwrap().is_none() {}
            send(&copy, signal);
            ended_by(copy.wait().unwrap(), signal)
        };
        while !broken_off() {
            // It was too fast for us.
            fs::remove_file(place.files().join("copy")).unwrap();
        }
        assert_eq!(place.file_names(), ["source"], "{signal:?}");
    }
}
