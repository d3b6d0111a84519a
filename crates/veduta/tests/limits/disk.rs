//! File systems without room: of names, of the bytes beside them, and of users' files.

use crate::confined::{self, Belongings, expect, root};
use crate::scratch::thread::{with_mount, with_tmpfs};
use crate::scratch::{fill, skipped, unfill};
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;
use veduta::{Code, Commit, Event, Namespace, Section};

const ALL: [Commit; 3] = [Commit::Checked, Commit::Now, Commit::Reserve];

#[test]
fn a_full_namespace_is_told_and_nothing_is_left_behind() {
    confined::play("disk::role_full_namespace");
}

#[test]
#[ignore = "a role: has a full mount"]
fn role_full_namespace() {
    let root = root();
    with_tmpfs(&root, 1 << 20, || {
        drop((
            Section::options().size(1).create(r"Local\warm"),
            Section::options().size(1).create(r"Global\warm"),
        ));
        let held = Section::options().size(1).create_new(r"Local\held").unwrap();
        let filling = fill(&root);
        let before = Belongings::now();
        let words = ["needed", "0 bytes free", root.to_str().unwrap(), "1.0 MiB"];
        for commit in ALL {
            let mut options = Section::options();
            options.size(100).commit(commit);
            for name in [r"Local\new", r"Global\new"] {
                expect(&options.create(name).unwrap_err(), Code::COMMITMENT_LIMIT, &words);
            }
            // What needs no room there is not concerned.
            options.create_unnamed().unwrap();
            assert_eq!(Belongings::now(), before, "{commit:?}");
        }
        let error = Event::options().create_new(r"Local\event").unwrap_err();
        expect(&error, Code::COMMITMENT_LIMIT, &words);
        drop(Section::options().open(r"Local\held").unwrap());
        assert_eq!(Belongings::now(), before);
        assert_eq!(Namespace::local().unwrap().objects().unwrap().objects.len(), 1);
        drop(held);
        unfill(&filling);
        for commit in ALL {
            Section::options().size(100).commit(commit).create_new(r"Global\new").unwrap();
        }
        Event::options().create_new(r"Local\event").unwrap();
    });
}

#[test]
fn a_namespace_without_inodes_is_told_and_nothing_is_left_behind() {
    confined::play("disk::role_without_inodes");
}

#[test]
#[ignore = "a role: has a mount for few files"]
fn role_without_inodes() {
    with_mount(&root(), "tmpfs", "size=1m,nr_inodes=16", Path::new("tmpfs"), || {
        drop((
            Section::options().size(1).create(r"Local\warm"),
            Section::options().size(1).create(r"Global\warm"),
        ));
        let mut fillings: Vec<_> = (0..)
            .map(|index| root().join(format!("filling {index}")))
            .map_while(|path| File::create(&path).ok().map(|_| path))
            .collect();
        // An entry is a file in a directory: two. With one, it is taken back.
        for free in 0..2 {
            let before = Belongings::now();
            for name in [r"Local\new", r"Global\new"] {
                let error = Section::options().size(100).create(name).unwrap_err();
                expect(
                    &error,
                    Code::COMMITMENT_LIMIT,
                    &["2 files needed for a name", "0 of 16 left", "nr_inodes", root().to_str().unwrap()],
                );
                assert_eq!(Belongings::now(), before, "{free} free");
            }
            fs::remove_file(fillings.pop().unwrap()).unwrap();
        }
        Section::options().size(100).create_new(r"Local\new").unwrap();
        Section::options().size(100).create_new(r"Global\new").unwrap();
    });
}

#[test]
fn a_file_on_a_full_disk_keeps_its_length() {
    confined::play("disk::role_full_disk");
}

#[test]
#[ignore = "a role: has small disks"]
fn role_full_disk() {
    let mount = root().join("disk");
    fs::create_dir(&mount).unwrap();
    with_tmpfs(&mount, 2 << 20, || file_on_full_disk(&mount));
    let image = root().join("image");
    File::create(&image).unwrap().set_len(4 << 20).unwrap();
    let made = std::process::Command::new("mkfs.ext4").arg("-q").arg(&image).status();
    match made {
        Ok(status) if status.success() => {
            with_mount(&mount, "ext4", "loop", &image, || file_on_full_disk(&mount));
        }
        result => skipped(format!("mkfs.ext4 does not run here: {result:?}")),
    }
}

fn file_on_full_disk(mount: &Path) {
    let path = mount.join("file");
    let file = File::options().read(true).write(true).create_new(true).open(&path).unwrap();
    file.write_at(&[7; 100], 0).unwrap();
    drop(Section::options().size(1).create(r"Local\warm"));
    let filling = fill(mount);
    let before = Belongings::now();
    for commit in [Commit::Checked, Commit::Now] {
        let mut options = Section::options();
        options.size(1 << 20).file(&file).commit(commit);
        for result in [options.create_unnamed(), options.create_new(r"Local\of file")] {
            expect(
                &result.unwrap_err(),
                Code::DISK_FULL,
                &["1023.9 KiB needed", "0 bytes free", mount.to_str().unwrap()],
            );
            assert_eq!(Belongings::now(), before, "{commit:?}");
        }
    }
    unfill(&filling);
    drop(Section::options().size(1 << 20).file(&file).create_unnamed().unwrap());
    assert_eq!((file.metadata().unwrap().len(), fs::read(&path).unwrap()[99]), (1 << 20, 7));
}
