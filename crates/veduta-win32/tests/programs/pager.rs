//! `pager`: a view that slides through a file of 5 GiB.

use crate::build::{Program, WrittenFor};
use crate::stage::{Stage, everywhere};
use std::fs;
use std::os::unix::fs::{FileExt, MetadataExt};

const PAGER: Program =
    Program { name: "pager", sources: &["pager/pager.c"], written_for: WrittenFor::Narrow };

const GIB: u64 = 1 << 30;

#[test]
fn pager_works_beyond_4_gib() {
    everywhere("pager", &[PAGER], |stage| {
        stage.run("pager", &["make", "big", "5"], 0);
        let file = fs::metadata(stage.path("big")).expect("it is there");
        assert_eq!(file.size(), 5 * GIB, "{}", stage.system);
        assert!(file.blocks() * 512 < GIB / 10, "{}: it has holes", stage.system);
        stage.run("pager", &["make", "big", "5"], 1);

        // In parts: all of it would be read from the disk's holes, page by page.
        let found = |from: &str, to: &str, said: &[&str], stage: &mut Stage| {
            let code = if said.is_empty() { 3 } else { 0 };
            let output = stage.run("pager", &["find", "big", "<pattern>", from, to], code).output;
            let (_, places) = output.split_last().expect("the count is the last line");
            assert_eq!(places, said, "{}: {from} to {to}", stage.system);
        };
        found("0", "0x1100000", &["0x000000000", "0x000003039", "0x000FFFFFC"], stage);
        found("1", "0x1000000", &["0x000003039"], stage);
        found("0xFE000000", "0x101000000", &["0x0FFFFFFFB", "0x100010000"], stage);
        found("0x13F000001", "0xFFFFFFFFF", &["0x13FFFFFF7"], stage);
        found("0x80000000", "0x81000000", &[], stage);

        stage.run("pager", &["edit", "big", "0x123456789", "hello there"], 0);
        // Over the place where one view ends and the next begins, and at the very end.
        stage.run("pager", &["edit", "big", "16777210", "over the end"], 0);
        stage.run("pager", &["edit", "big", "0x13FFFFFFD", "end"], 0);
        stage.run("pager", &["edit", "big", "0x13FFFFFFE", "end"], 1);
        stage.run("pager", &["edit", "big", "0x140000000", "end"], 1);
        let file = fs::File::open(stage.path("big")).expect("it is there");
        assert_eq!(file.metadata().expect("it has").size(), 5 * GIB);
        let read = |offset: u64, count: usize| {
            let mut bytes = vec![0; count];
            file.read_exact_at(&mut bytes, offset).expect("it is that long");
            bytes
        };
        assert_eq!(read(0x1_2345_6788, 13), b"\0hello there\0", "{}", stage.system);
        assert_eq!(read(16_777_210, 12), b"over the end", "{}", stage.system);
        assert_eq!(read(5 * GIB - 9, 9), b"<patteend", "{}", stage.system);

        // What was written by others is seen.
        let file = fs::File::options().write(true).open(stage.path("big")).expect("it is there");
        file.write_all_at(b"written by Rust", 4 * GIB + 100).expect("it can be written");
        stage.run("pager", &["show", "big", "0x100000060", "32"], 0);
        stage.run("pager", &["show", "big", "0x123456780", "35"], 0);
        stage.run("pager", &["show", "big", "0x13FFFFFF0", "35"], 0);
        let said = stage.run("pager", &["map", "big", "0x123456780"], 0);
        assert_eq!(said.output.iter().filter(|line| line.contains("PAGE_READONLY")).count(), 1);
        stage.run("pager", &["map", "big", "0x13FFFFFFF"], 0);
    });
}

#[test]
fn pager_refuses_as_on_windows() {
    everywhere("pager-refuses", &[PAGER], |stage| {
        stage.run("pager", &[], 2);
        stage.run("pager", &["find", "missing", "x"], 1);
        // Nothing can be mapped of an empty file.
        stage.write("empty", b"");
        stage.run("pager", &["show", "empty", "0"], 1);
        stage.write("small", b"a small file");
        stage.run("pager", &["find", "small", "all"], 0);
        stage.run("pager", &["find", "small", "a small file, but longer"], 3);
        stage.run("pager", &["show", "small", "2"], 0);
        stage.run("pager", &["show", "small", "12"], 1);
    });
}
