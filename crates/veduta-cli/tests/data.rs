//! `veduta write` and `veduta read`: bytes in and out, at offsets, on pipes and on a terminal.

mod common;

use common::Place;
use std::io::Read;
use std::process::Stdio;

#[test]
fn what_is_written_is_read() {
    let place = Place::new();
    let _held = place.hold(["Frames", "--size", "200MiB"]);
    let written = place.run_with(["write", "Frames"], b"hello");
    assert_eq!((written.code, written.stdout.as_str()), (Some(0), ""));
    assert!(written.stderr.contains("wrote 5 B"), "{written:?}");
    assert_eq!(place.run(["read", "Frames", "--len", "6"]).stdout, "hello\0");

    // Across the border between two views.
    let bytes: Vec<u8> = (0..100_000).map(|index| (index % 251) as u8).collect();
    let at = ((64 << 20) - 50_000).to_string();
    assert_eq!(place.run_with(["write", "Frames", "--at", &at, "-q"], &bytes).stderr, "");
    let read = place.run(["read", "Frames", "--at", &at, "--len", "100000"]);
    assert!(read.bytes == bytes);
    assert_eq!(place.run(["read", "Frames"]).bytes.len(), 200 << 20);
}

#[test]
fn the_end_is_exact() {
    let place = Place::new();
    let _held = place.hold(["Frames", "--size", "1001"]);
    assert_eq!(place.run(["read", "Frames"]).bytes.len(), 1001);
    assert_eq!(place.run(["read", "Frames", "--at", "1001"]).bytes.len(), 0);
    assert_eq!(place.run(["read", "Frames", "--at", "1002"]).code, Some(2));
    assert_eq!(place.run(["read", "Frames", "--at", "1K", "--len", "1"]).code, Some(2));
    assert_eq!(place.run(["read", "Frames", "--at", "1", "--len", "0xffffffffffffffff"]).code, Some(2));

    assert_eq!(place.run_with(["write", "Frames", "--at", "0x3e4"], b"12345").code, Some(0));
    let longer = place.run_with(["write", "Frames", "--at", "996"], b"abcdefgh");
    assert_eq!(longer.code, Some(2));
    assert!(longer.stderr.contains("the first 5 bytes were written"), "{longer:?}");
    assert_eq!(place.run(["read", "Frames", "--at", "990"]).stdout, "\0\0\0\0\0\0abcde");
    assert_eq!(place.run_with(["write", "Frames", "--at", "1001"], b"").code, Some(0));
    assert_eq!(place.run_with(["write", "Frames", "--at", "1001"], b"x").code, Some(2));
}

#[test]
fn absent_is_the_expected_no() {
    let place = Place::new();
    for verb in ["read", "write", "show"] {
        let ran = place.run([verb, "Nobody"]);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""), "{verb}: {ran:?}");
        assert!(ran.stderr.contains(r#""Local\Nobody": no such object (ERROR_FILE_NOT_FOUND, 2"#), "{ran:?}");
        assert!(ran.stderr.contains("hint"), "{ran:?}");
    }
}

// Row: terminals and devices
#[cfg(target_os = "linux")]
#[test]
fn hex_on_a_terminal_only() {
    let place = Place::new();
    let _held = place.hold(["Frames", "--size", "8K"]);
    place.run_with(["write", "Frames"], b"Hello\x1b[31m");
    assert!(place.run(["read", "Frames"]).stdout.starts_with("Hello\x1b[31m\0"));

    let (status, seen) = place.run_on_terminal(["read", "Frames"]);
    assert_eq!(status.code(), Some(0));
    assert!(seen.starts_with("00000000  48 65 6c 6c 6f 1b 5b 33  31 6d 00"), "{seen}");
    assert!(seen.contains("Hello.[31m......\r\n"), "{seen}");
    assert!(!seen.contains('\x1b'), "{seen}");
    assert!(seen.contains("*\r\n00001000\r\n") && seen.contains("4 KiB more"), "{seen}");

    let hex = place.run(["read", "Frames", "--hex", "--at", "2", "--len", "3"]);
    assert_eq!(hex.stdout.lines().next().unwrap().split("  ").next(), Some("00000002"));
    assert!(hex.stdout.contains("6c 6c 6f") && hex.stdout.ends_with("00000005\n"), "{hex:?}");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let place = Place::new();
    let _held = place.hold(["Frames", "--size", "64MiB"]);
    for args in [&["read", "Frames"][..], &["read", "Frames", "--hex", "--len", "1M"]] {
        place.run_with(["write", "Frames"], &vec![7; 1 << 20]);
        let mut child = place
            .command()
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut some = [0; 10];
        let mut stdout = child.stdout.take().unwrap();
        stdout.read_exact(&mut some).unwrap();
        drop(stdout);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    }
}
