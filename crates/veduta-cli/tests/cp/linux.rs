//! What copies keep and meet on Linux: holes, modes, links, devices, other file systems; and what a stopped one leaves.

#[path = "../../../veduta/tests/scratch/skip.rs"]
mod skip;

use super::common::{NOTHING, Place, Signal, names_in, send};
use super::{are_refused, bytes};
use skip::skipped;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, UNIX_EPOCH};

const MIB: u64 = 1 << 20;

#[test]
fn a_file_is_not_copied_onto_itself_by_a_link() {
    let place = Place::new();
    let source = place.file("source", "precious");
    symlink("source", place.files().join("soft")).unwrap();
    let pairs = [("source", "soft"), ("soft", "source"), ("soft", "soft")];
    are_refused(&place, &pairs, "it is the same file");
    assert_eq!(fs::read_to_string(source).unwrap(), "precious");
    assert_eq!(place.file_names(), ["soft", "source"]);
}

#[test]
fn only_regular_files_are_copied() {
    let place = Place::new();
    place.file("source", "x");
    assert!(Command::new("mkfifo").arg(place.files().join("pipe")).status().unwrap().success());
    symlink("nowhere", place.files().join("dangling")).unwrap();
    let pairs = [
        ("pipe", "copy"),
        ("/dev/zero", "copy"),
        ("/proc/self/status", "copy"),
        ("source", "pipe"),
        ("source", "/dev/null"),
        ("source", "dangling"),
    ];
    are_refused(&place, &pairs, "error");
    assert_eq!(place.file_names(), ["dangling", "pipe", "source"]);
}

#[test]
fn a_symbolic_link_means_what_it_points_to() {
    let place = Place::new();
    place.file("source", "new");
    place.file("target", "old");
    symlink("target", place.files().join("link")).unwrap();
    assert_eq!(place.run(["cp", "source", "link"]).code, Some(0));
    assert_eq!(fs::read_to_string(place.files().join("target")).unwrap(), "new");
    assert!(fs::symlink_metadata(place.files().join("link")).unwrap().is_symlink());
    assert_eq!(place.file_names(), ["link", "source", "target"]);
}

#[test]
fn holes_stay_holes_and_data_stays_data() {
    let place = Place::new();
    let path = place.files().join("source");
    let source = File::create(&path).unwrap();
    // A hole, data, zeros that are data, a hole at the end that ends within a page.
    source.set_len(200 * MIB + 77).unwrap();
    source.write_all_at(&bytes(MIB as usize), 70 * MIB).unwrap();
    source.write_all_at(&vec![0; MIB as usize], 80 * MIB).unwrap();
    let ran = place.run(["cp", "source", "copy"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stderr.contains("of it holes"), "{ran:?}");

    let copy = place.files().join("copy");
    assert!(fs::read(&path).unwrap() == fs::read(&copy).unwrap());
    let [before, after] = [&path, &copy].map(|path| fs::metadata(path).unwrap());
    assert_eq!(after.len(), before.len());
    assert_eq!(after.blocks(), before.blocks());
    assert_eq!(after.blocks() * 512, 2 * MIB);

    // Nothing but a hole.
    File::create(&path).unwrap().set_len(100 * MIB).unwrap();
    assert_eq!(place.run(["cp", "source", "copy"]).code, Some(0));
    let after = fs::metadata(&copy).unwrap();
    assert_eq!((after.len(), after.blocks()), (100 * MIB, 0));
}

#[test]
fn mode_and_times_are_kept_when_asked() {
    let place = Place::new();
    let path = place.file("source", "x");
    let source = File::open(&path).unwrap();
    let time = UNIX_EPOCH + Duration::new(1_234_567_890, 123_456_789);
    source.set_times(fs::FileTimes::new().set_accessed(time).set_modified(time)).unwrap();
    source.set_permissions(Permissions::from_mode(0o4751)).unwrap();

    assert_eq!(place.run(["cp", "-p", "source", "kept"]).code, Some(0));
    let kept = fs::metadata(place.files().join("kept")).unwrap();
    assert_eq!(kept.mode() & 0o7777, 0o4751);
    assert_eq!(kept.modified().unwrap(), time);

    // Otherwise the umask applies, set-user-ID is dropped, and the time is now.
    let status = Command::new("sh")
        .args(["-c", r#"umask 027 && exec "$0" cp -q source plain"#, env!("CARGO_BIN_EXE_veduta")])
        .current_dir(place.files())
        .status()
        .unwrap();
    assert!(status.success());
    let plain = fs::metadata(place.files().join("plain")).unwrap();
    assert_eq!(plain.mode() & 0o7777, 0o750);
    assert!(plain.modified().unwrap() > time);
}

#[test]
fn a_replaced_file_keeps_its_permissions() {
    let place = Place::new();
    place.file("source", "new");
    let copy = place.file("copy", "old");
    fs::set_permissions(&copy, Permissions::from_mode(0o604)).unwrap();
    fs::hard_link(&copy, place.files().join("other")).unwrap();
    assert_eq!(place.run(["cp", "source", "copy"]).code, Some(0));
    assert_eq!(fs::read_to_string(&copy).unwrap(), "new");
    assert_eq!(fs::metadata(&copy).unwrap().mode() & 0o7777, 0o604);
    assert_eq!(fs::read_to_string(place.files().join("other")).unwrap(), "old");
    assert_eq!(place.file_names(), ["copy", "other", "source"]);
}

/// Runs `cp` as a user to whom permissions apply.
fn run_as_nobody(place: &Place, args: &[&str]) -> Option<std::process::Output> {
    let mut command = place.command();
    command.args(args);
    if rustix::process::geteuid().is_root() {
        let above = place.files().parent().unwrap().to_owned();
        fs::set_permissions(above, Permissions::from_mode(0o755)).unwrap();
        command.uid(65534).gid(65534);
    }
    match command.output() {
        Ok(output) => Some(output),
        Err(error) => {
            skipped(format!("another user cannot run the tool here: {error}"));
            None
        }
    }
}

#[test]
fn what_is_write_protected_stays() {
    let place = Place::new();
    place.file("source", "new");
    for directory in ["closed", "open"] {
        fs::create_dir(place.files().join(directory)).unwrap();
    }
    let old = place.file("open/copy", "old");
    fs::set_permissions(&old, Permissions::from_mode(0o444)).unwrap();
    for (directory, mode) in [("closed", 0o555), ("open", 0o777)] {
        fs::set_permissions(place.files().join(directory), Permissions::from_mode(mode)).unwrap();
    }
    for destination in ["closed", "open/copy"] {
        let Some(output) = run_as_nobody(&place, &["cp", "source", destination]) else { return };
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let words = String::from_utf8(output.stderr).unwrap();
        assert!(words.contains("Permission denied"), "{words}");
    }
    assert_eq!(names_in(&place.files().join("closed")), NOTHING);
    assert_eq!(names_in(&place.files().join("open")), ["copy"]);
    assert_eq!(fs::read_to_string(old).unwrap(), "old");
}

#[test]
fn a_full_disk_leaves_nothing() {
    let place = Place::new();
    place.file("source", bytes(3 << 20));
    fs::create_dir(place.files().join("small")).unwrap();
    let script =
        r#"mount -t tmpfs -o size=1m small small && { "$0" cp source small; echo "code $?"; ls -A small; }"#;
    let output = Command::new("unshare")
        .args(["-rm", "sh", "-c", script, env!("CARGO_BIN_EXE_veduta")])
        .current_dir(place.files())
        .output();
    match output {
        Ok(output) if String::from_utf8_lossy(&output.stdout).contains("code") => {
            assert_eq!(String::from_utf8_lossy(&output.stdout), "code 2\n");
            let words = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(words.contains("No space left on device"), "{words}");
        }
        other => skipped(format!("no mount namespace may be made here: {other:?}")),
    }
}

/// Starts a copy, and stops it when some but not all of it was written.
fn stopped_copy(place: &Place) -> Child {
    loop {
        let mut copy = place.command().args(["cp", "source", "copy"]).stderr(Stdio::piped()).spawn().unwrap();
        if stopped_amid(&mut copy) {
            return copy;
        }
        // It was too fast for us.
        send(&copy, Signal::CONT);
        copy.wait().unwrap();
        fs::remove_file(place.files().join("copy")).unwrap();
    }
}

fn stopped_amid(copy: &mut Child) -> bool {
    let pid = copy.id();
    while copy.try_wait().unwrap().is_none() {
        if written(pid) > 0 {
            send(copy, Signal::STOP);
            while !fs::read_to_string(format!("/proc/{pid}/stat")).unwrap().contains(") T ") {
                std::thread::yield_now();
            }
            return written(pid) < 500 * MIB;
        }
    }
    false
}

/// Bytes that the process wrote to the copy.
fn written(pid: u32) -> u64 {
    let io = fs::read_to_string(format!("/proc/{pid}/io")).unwrap_or_default();
    io.lines().find_map(|line| line.strip_prefix("wchar: ")?.parse().ok()).unwrap_or(0)
}

#[test]
fn a_copy_that_is_broken_off_leaves_nothing() {
    let place = Place::new();
    place.file("source", bytes(512 << 20));
    for (signal, number) in [(Signal::TERM, 15), (Signal::INT, 2), (Signal::KILL, 9)] {
        let mut copy = stopped_copy(&place);
        send(&copy, signal);
        send(&copy, Signal::CONT);
        assert_eq!(copy.wait().unwrap().signal(), Some(number));
        assert_eq!(place.file_names(), ["source"], "{signal:?}");
    }
}

#[test]
fn a_source_that_is_cut_off_is_an_error() {
    let place = Place::new();
    let path = place.file("source", bytes(512 << 20));
    let copy = stopped_copy(&place);
    File::options().write(true).open(&path).unwrap().set_len(4096).unwrap();
    send(&copy, Signal::CONT);
    let output = copy.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(words.contains("it became shorter while it was copied, and ends at byte 4096"), "{words}");
    assert_eq!(place.file_names(), ["source"]);
}

/// Runs a script that mounts a disk, with the tool as `$0`. What it says has `word` in it, if a disk may be mounted here.
fn with_disk(place: &Place, script: &str, word: &str) -> Option<Output> {
    let output = Command::new("unshare")
        .args(["-m", "sh", "-c", script, env!("CARGO_BIN_EXE_veduta")])
        .current_dir(place.files())
        .output();
    match output {
        Ok(output) if String::from_utf8_lossy(&output.stdout).contains(word) => Some(output),
        other => {
            skipped(format!("no disk may be mounted here: {other:?}"));
            None
        }
    }
}

#[test]
fn a_source_that_cannot_be_read_is_an_error() {
    let place = Place::new();
    fs::create_dir(place.files().join("disk")).unwrap();
    place.file("disk/source", bytes(4 << 20));
    // The loop device fails behind the end of its file, and that ends with the first half of the source.
    let script = r#"
        set -e
        truncate -s 16M image
        mkfs.ext4 -q -m0 -b4096 -O^has_journal -d disk image
        mount -o loop image disk
        half=$(debugfs -R "bmap /source 512" image 2>/dev/null)
        truncate -s $((half * 4096)) image
        rm image
        code=0; "$0" cp disk/source copy || code=$?
        echo "code $code"
    "#;
    let Some(output) = with_disk(&place, script, "code") else { return };
    assert_eq!(String::from_utf8_lossy(&output.stdout), "code 2\n");
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(words.contains("cannot read \"disk/source\" at byte 2097152: "), "{words}");
    assert_eq!(place.file_names(), ["disk"]);
}

#[test]
fn blocks_are_shared_where_the_filesystem_can() {
    let place = Place::new();
    fs::create_dir(place.files().join("disk")).unwrap();
    place.file("source", bytes(64 << 20));
    let script = r#"
        set -e
        truncate -s 256M image
        mkfs.btrfs -q image >/dev/null
        mount -o loop image disk
        rm image
        cp source disk/source
        cd disk
        sync -f .
        free() { stat -f -c %f .; }
        before=$(free)
        "$0" cp source shared
        "$0" cp --reflink=never source copied
        "$0" cp --reflink=always source always
        sync -f .
        cmp source shared; cmp source copied; cmp source always
        # One of the three has blocks of its own.
        echo "$(((before - $(free)) * $(stat -f -c %S .) >> 20)) MiB"
        echo "changed" | dd of=shared conv=notrunc status=none
        if ! cmp -s source shared && cmp source copied && cmp source always; then echo "the others are what they were"; fi
        "$0" cp --reflink=always source .. || echo "code $?"
    "#;
    let Some(output) = with_disk(&place, script, "MiB") else { return };
    let said = String::from_utf8(output.stdout).unwrap();
    let taken = said.split_once(" MiB").and_then(|(taken, _)| taken.parse().ok());
    let taken: u64 = taken.unwrap_or_else(|| panic!("{said}"));
    assert!((64..72).contains(&taken), "{taken} MiB for one copy of 64 MiB");
    assert!(said.contains("the others are what they were") && said.ends_with("code 2\n"), "{said}");
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(words.matches("by sharing its blocks, to").count(), 2, "{words}");
    assert!(words.contains("`--reflink=auto` copies where it cannot"), "{words}");
}

#[test]
fn progress_on_a_terminal_only() {
    let place = Place::new();
    place.file("source", bytes(256 << 20));
    let (status, seen) = place.run_on_terminal(["cp", "source", "copy"]);
    assert_eq!(status.code(), Some(0));
    assert!(seen.contains("left") && seen.contains("MiB/256.00 MiB"), "{seen}");
    assert!(seen.trim_end().lines().last().unwrap().contains("copied 256 MiB in "), "{seen}");
    assert!(!Path::new("copy").exists());
}
