//! RLIMIT_FSIZE, which holds for sections of memory too, and whose signal would end the process.

use crate::confined::{self, Belongings, expect, root, under};
use crate::operations::{self, Stage};
use rustix::process::Resource;
use std::fs::File;
use veduta::{Code, Commit, Error, Namespace, Section, ViewAccess};

const LIMIT: u64 = 1 << 20;
const MORE: u64 = 3 << 20;

#[test]
fn a_limit_on_files_is_told_and_ends_nobody() {
    confined::play("file_size::role_creator");
}

fn expect_limit(error: &Error, code: Code) {
    expect(error, code, &["RLIMIT_FSIZE", "1.0 MiB", "3.0 MiB", "ulimit -f"]);
}

#[test]
#[ignore = "a role: may only make small files"]
fn role_creator() {
    let path = root().join("file");
    let file = File::options().read(true).write(true).create_new(true).open(&path).unwrap();
    file.set_len(100).unwrap();
    let private = root().join("private");
    std::fs::create_dir(&private).unwrap();
    let private = Namespace::at(private).unwrap();
    drop((
        Section::options().size(1).create(r"Local\warm"),
        Section::options().size(1).create(r"Global\warm"),
    ));
    let before = Belongings::now();
    for commit in [Commit::Checked, Commit::Now, Commit::Reserve] {
        let mut options = Section::options();
        options.size(MORE).commit(commit);
        under(Resource::Fsize, LIMIT, || {
            expect_limit(&options.create_unnamed().unwrap_err(), Code::COMMITMENT_LIMIT);
            for name in [r"Local\long", r"Global\long"] {
                expect_limit(&options.create(name).unwrap_err(), Code::COMMITMENT_LIMIT);
            }
            let error = options.clone().namespace(&private).create("long").unwrap_err();
            expect_limit(&error, Code::COMMITMENT_LIMIT);
            let error = options.clone().file(&file).create_unnamed().unwrap_err();
            expect_limit(&error, Code::DISK_FULL);
        });
        assert_eq!(Belongings::now(), before, "{commit:?}");
        options.create_unnamed().unwrap();
    }
    Section::options().size(MORE).file(&file).create_unnamed().unwrap();
    assert_eq!(path.metadata().unwrap().len(), MORE);
}

/// What is there already is used and given up as without a limit, even by who may write no file at all.
#[test]
fn who_may_make_no_file_can_use_what_is_there() {
    confined::play("file_size::role_without_files");
}

#[test]
#[ignore = "a role: may make no files"]
fn role_without_files() {
    let stage = Stage::new();
    let mut succeeded = Vec::new();
    for operation in operations::all() {
        // What is made once, at the first time.
        drop((operation.run)(&stage));
        let before = Belongings::now();
        let result = under(Resource::Fsize, 0, || match (operation.run)(&stage) {
            // Closing the last handle writes, too.
            Ok(gift) => {
                drop(gift);
                Ok(())
            }
            Err(error) => Err(error),
        });
        match result {
            Ok(()) => succeeded.push(operation.what),
            Err(error) => expect(&error, Code::COMMITMENT_LIMIT, &["RLIMIT_FSIZE", "0 bytes"]),
        }
        assert_eq!(Belongings::now(), before, "{}", operation.what);
    }
    let use_what_is_there = [
        "create of a file",
        "open Local",
        "open Local to read",
        "open Global to read",
        "open private to read",
        "open of a file to read",
        "map",
        "map a copy",
        "commit pages",
        "duplicate",
        "duplicate to read",
        "open mutex",
        "duplicate mutex",
        "list",
        "sweep",
        "wait for any",
        "lock",
    ];
    for what in use_what_is_there {
        assert!(succeeded.contains(&what), "{what}, of {succeeded:?}");
    }
    assert!(!succeeded.contains(&"create unnamed"));
    // The last handle, closed by who may not write.
    let before = Belongings::now();
    let last = Section::options().size(1).create_new(r"Global\last").unwrap();
    under(Resource::Fsize, 0, || drop(last));
    assert_eq!(Belongings::now(), before);
}

#[test]
fn a_view_is_written_to_a_file_up_to_the_limit() {
    confined::play("file_size::role_writer");
}

#[test]
#[ignore = "a role: writes a view to a file"]
fn role_writer() {
    let section = Section::options().size(MORE).create_unnamed().unwrap();
    let view = section.map(ViewAccess::Read).unwrap();
    let file = File::options().read(true).write(true).create_new(true).open(root().join("copy")).unwrap();
    under(Resource::Fsize, LIMIT, || {
        assert_eq!(view.write_to(0..view.len(), &file, 0).unwrap(), LIMIT as usize, "what fits");
        let error = view.write_to(0..view.len(), &file, LIMIT).unwrap_err();
        expect(&error, Code::DISK_FULL, &["RLIMIT_FSIZE", "1.0 MiB", "ulimit -f"]);
    });
    assert_eq!(file.metadata().unwrap().len(), LIMIT);
    assert_eq!(view.write_to(0..view.len(), &file, LIMIT).unwrap(), MORE as usize);
}
