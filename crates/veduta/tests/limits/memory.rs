//! Memory: of cgroups, as containers have them, and of the machine.

use crate::confined::{self, Belongings, expect, root, under};
use crate::scratch::skipped;
use crate::scratch::{thread, unique};
use rustix::process::Resource;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use veduta::{Code, Commit, Error, Namespace, Section, ViewAccess};

/// A cgroup of this test, removed with this value.
pub(crate) struct Group(PathBuf);

impl Group {
    /// A group with a limit, which versions 1 and 2 call so.
    pub(crate) fn new(controller: &str, file_1: &str, file_2: &str, limit: u64) -> io::Result<Group> {
        // Version 1 has a tree for each controller, version 2 one for everything.
        let (tree, file) = match Path::new("/sys/fs/cgroup").join(controller) {
            old if old.is_dir() => (old, file_1),
            _ => (PathBuf::from("/sys/fs/cgroup"), file_2),
        };
        Group::in_tree(&tree, file, limit)
    }

    fn in_tree(tree: &Path, file: &str, limit: u64) -> io::Result<Group> {
        let group = Group(tree.join(format!("veduta-test-{}", unique())));
        fs::create_dir(&group.0)?;
        fs::write(group.0.join(file), limit.to_string())?;
        Ok(group)
    }

    pub(crate) fn of_memory(limit: u64) -> io::Result<Group> {
        Group::new("memory", "memory.limit_in_bytes", "memory.max", limit)
    }

    pub(crate) fn path(&self) -> &str {
        self.0.to_str().expect("groups have plain names")
    }

    /// Puts this process into a group.
    pub(crate) fn enter(path: &str) {
        fs::write(Path::new(path).join("cgroup.procs"), std::process::id().to_string()).unwrap();
    }

    /// Where this process is.
    pub(crate) fn of_this_process(controller: &str) -> String {
        let groups = fs::read_to_string("/proc/self/cgroup").unwrap();
        let mut paths = groups.lines().filter_map(|line| {
            let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
            let tree = match controllers {
                "" => PathBuf::from("/sys/fs/cgroup"),
                one if one == controller => Path::new("/sys/fs/cgroup").join(one),
                _ => return None,
            };
            Some(tree.join(path.trim_start_matches('/')).to_str()?.to_owned())
        });
        paths.next().expect("every process is in a group")
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // A group that was refused half made is of no use to remove either.
        let _ = fs::remove_dir(&self.0);
    }
}

const MIB: u64 = 1 << 20;

#[test]
fn a_cgroup_that_leaves_too_little_is_told() {
    match Group::of_memory(64 * MIB) {
        Ok(group) => confined::play_with("memory::role_member", &[("GROUP", group.path())]),
        Err(error) => skipped(format!("no memory cgroup can be made here: {error}")),
    }
}

/// A group above counts, too.
#[test]
fn a_cgroup_above_that_leaves_too_little_is_told() {
    let groups = Group::of_memory(64 * MIB).and_then(|outer| {
        let (file, limit) = match outer.0.join("memory.max").exists() {
            true => ("memory.max", 1 << 30),
            false => ("memory.limit_in_bytes", 1 << 30),
        };
        Ok((Group::in_tree(&outer.0, file, limit)?, outer))
    });
    match groups {
        Ok((inner, outer)) => {
            let variables = [("GROUP", outer.path()), ("MEMBER_OF", inner.path())];
            confined::play_with("memory::role_member", &variables);
        }
        Err(error) => skipped(format!("no memory cgroups can be made here: {error}")),
    }
}

fn expect_commitment_limit(error: &Error, words: &[&str]) {
    expect(error, Code::COMMITMENT_LIMIT, &[words, &["needed, ", " available ", "Commit::Reserve"]].concat());
}

#[test]
#[ignore = "a role: creates sections in a cgroup"]
fn role_member() {
    let group = std::env::var("GROUP").unwrap();
    let outside = Group::of_this_process("memory");
    Group::enter(&std::env::var("MEMBER_OF").unwrap_or_else(|_| group.clone()));
    let words = ["128.0 MiB", "64.0 MiB", " MiB available", &group];
    drop((
        Section::options().size(1).create(r"Local\warm"),
        Section::options().size(1).create(r"Global\warm"),
    ));
    let reserved = Section::options().size(128 * MIB).commit(Commit::Reserve).create_unnamed().unwrap();
    let view = reserved.map(ViewAccess::Write).unwrap();
    let before = Belongings::now();
    let mut options = Section::options();
    options.size(128 * MIB);
    for commit in [Commit::Checked, Commit::Now] {
        options.commit(commit);
        for name in ["", r"Local\large", r"Global\large"] {
            expect_commitment_limit(&options.create(name).unwrap_err(), &words);
        }
        expect_commitment_limit(&Commit::check(128 * MIB).unwrap_err(), &words);
    }
    expect_commitment_limit(&view.commit(0..view.len()).unwrap_err(), &words);
    assert_eq!(view.committed(0).unwrap(), (false, view.len()), "no page was taken");
    assert_eq!(Belongings::now(), before);
    options.commit(Commit::Checked).size(32 * MIB).create_unnamed().unwrap();
    // Bytes of files that the kernel keeps in memory are no obstacle: it gives them up.
    let file = crate::scratch::file(48 * MIB);
    let copy = Section::options().file(&file).create_unnamed().unwrap();
    copy.map(ViewAccess::Write).unwrap().fill(0..48 << 20, 1).unwrap();
    file.sync_all().unwrap();
    for _ in 0..2 {
        // Read again, they count as active.
        copy.map(ViewAccess::Read).unwrap().advise(0..48 << 20, veduta::Advice::PopulateRead).unwrap();
        std::io::copy(&mut &file, &mut std::io::sink()).unwrap();
    }
    options.size(32 * MIB).create_unnamed().unwrap();
    // Who cannot ask how much there is promises nothing.
    under(Resource::Nofile, lowest_free() + 1, || {
        let error = options.size(128 * MIB).create_unnamed().unwrap_err();
        expect(&error, Code::TOO_MANY_OPEN_FILES, &["RLIMIT_NOFILE"]);
    });
    Group::enter(&outside);
    options.size(128 * MIB).create_unnamed().unwrap();
    view.commit(0..view.len()).unwrap();
}

fn lowest_free() -> u64 {
    use std::os::fd::AsRawFd;
    fs::File::open("/dev/null").unwrap().as_raw_fd() as u64
}

/// What the machine says, played by files that stand where the kernel's do: for this thread alone.
struct Machine<'a> {
    files: &'a Path,
}

impl Machine<'_> {
    /// Runs a test on a machine that has such files, by the paths that stand in for theirs.
    fn with(files: &[(&str, &str)], test: impl FnOnce(&Machine<'_>) + Send) {
        let directory = root().join("machine");
        fs::create_dir(&directory).unwrap();
        thread::with_tmpfs(&directory, MIB, || {
            let machine = Machine { files: &directory };
            for (path, text) in files {
                machine.say(path, text);
                machine.stand_in(path);
            }
            test(&machine);
        });
    }

    fn own(&self, path: &str) -> PathBuf {
        self.files.join(path.trim_start_matches('/'))
    }

    fn say(&self, path: &str, text: &str) {
        let own = self.own(path);
        fs::create_dir_all(own.parent().unwrap()).unwrap();
        fs::write(own, text).unwrap();
    }

    /// Mounts a file, or a tree of groups, over the kernel's.
    fn stand_in(&self, path: &str) {
        let over = if path.starts_with("/sys/fs/cgroup") { "/sys/fs/cgroup" } else { path };
        let status = std::process::Command::new("mount").arg("--bind").arg(self.own(over)).arg(over).status();
        assert!(status.unwrap().success(), "{over}");
    }
}

const PLENTY: &str = "MemTotal: 67108864 kB\nMemFree: 1 kB\nMemAvailable: 33554432 kB\nSwapFree: 0 kB\n";

fn own_groups() -> String {
    format!("/proc/{}/cgroup", std::process::id())
}

#[test]
fn version_2_groups_are_asked_for_memory_and_swap() {
    confined::play("memory::role_version_2");
}

#[test]
#[ignore = "a role: sees groups of version 2"]
fn role_version_2() {
    let groups = own_groups();
    let files = [
        ("/proc/meminfo", PLENTY),
        (&groups, "0::/outer/inner\n"),
        ("/sys/fs/cgroup/outer/memory.max", "max\n"),
        ("/sys/fs/cgroup/outer/memory.current", "1048576\n"),
        ("/sys/fs/cgroup/outer/inner/memory.max", "67108864\n"),
        ("/sys/fs/cgroup/outer/inner/memory.current", "50331648\n"),
        (
            "/sys/fs/cgroup/outer/inner/memory.stat",
            "anon 1\ninactive_file 4194304\nactive_file 12582912\nslab_reclaimable 1048576\n",
        ),
    ];
    Machine::with(&files, |machine| {
        // 64 − 48 + 4 + 12 + 1
        Commit::check(33 * MIB).unwrap();
        let words = ["33.5 MiB", "33.0 MiB", "/sys/fs/cgroup/outer/inner", "64.0 MiB"];
        expect_commitment_limit(&Commit::check(33 * MIB + MIB / 2).unwrap_err(), &words);
        // Of the machine's swap, as much as the group may have.
        machine.say("/proc/meminfo", &PLENTY.replace("SwapFree: 0", "SwapFree: 102400"));
        machine.say("/sys/fs/cgroup/outer/inner/memory.swap.max", "33554432\n");
        machine.say("/sys/fs/cgroup/outer/inner/memory.swap.current", "16777216\n");
        Commit::check(49 * MIB).unwrap();
        expect_commitment_limit(&Commit::check(50 * MIB).unwrap_err(), &["49.0 MiB"]);
        machine.say("/sys/fs/cgroup/outer/inner/memory.swap.max", "max\n");
        Commit::check(133 * MIB).unwrap();
        expect_commitment_limit(&Commit::check(134 * MIB).unwrap_err(), &["133.0 MiB"]);
        // The group above.
        machine.say("/sys/fs/cgroup/outer/memory.max", "2097152\n");
        machine.say("/sys/fs/cgroup/outer/memory.swap.max", "0\n");
        expect_commitment_limit(
            &Commit::check(2 * MIB).unwrap_err(),
            &["1.0 MiB", "cgroup /sys/fs/cgroup/outer "],
        );
        // In no group.
        machine.say(&own_groups(), "0::/\n");
        Commit::check(1 << 30).unwrap();
    });
}

#[test]
fn version_1_groups_are_asked_for_memory_and_swap() {
    confined::play("memory::role_version_1");
}

#[test]
#[ignore = "a role: sees groups of version 1"]
fn role_version_1() {
    let groups = own_groups();
    let files = [
        ("/proc/meminfo", PLENTY),
        (&groups, "5:cpu,memory:/outer\n0::/\n"),
        ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"),
        ("/sys/fs/cgroup/memory/memory.usage_in_bytes", "1048576\n"),
        ("/sys/fs/cgroup/memory/outer/memory.limit_in_bytes", "67108864\n"),
        ("/sys/fs/cgroup/memory/outer/memory.usage_in_bytes", "50331648\n"),
        (
            "/sys/fs/cgroup/memory/outer/memory.stat",
            "inactive_file 1\ntotal_inactive_file 4194304\ntotal_active_file 12582912\n",
        ),
    ];
    Machine::with(&files, |machine| {
        // 64 − 48 + 4 + 12
        Commit::check(32 * MIB).unwrap();
        expect_commitment_limit(
            &Commit::check(33 * MIB).unwrap_err(),
            &["32.0 MiB", "/sys/fs/cgroup/memory/outer"],
        );
        // Version 1 limits memory and swap together.
        machine.say("/proc/meminfo", &PLENTY.replace("SwapFree: 0", "SwapFree: 102400"));
        Commit::check(132 * MIB).unwrap();
        machine.say("/sys/fs/cgroup/memory/outer/memory.memsw.limit_in_bytes", "83886080\n");
        machine.say("/sys/fs/cgroup/memory/outer/memory.memsw.usage_in_bytes", "50331648\n");
        Commit::check(48 * MIB).unwrap();
        expect_commitment_limit(&Commit::check(49 * MIB).unwrap_err(), &["48.0 MiB"]);
    });
}

#[test]
fn a_machine_that_promises_no_more_than_it_has_is_asked_for_that() {
    confined::play("memory::role_strict");
}

#[test]
#[ignore = "a role: sees a machine that does not overcommit"]
fn role_strict() {
    let groups = own_groups();
    let promised = format!("{PLENTY}CommitLimit: 1048576 kB\nCommitted_AS: 1032192 kB\n");
    let files = [
        ("/proc/meminfo", promised.as_str()),
        (&groups, "0::/\n"),
        ("/proc/sys/vm/overcommit_memory", "2\n"),
    ];
    Machine::with(&files, |machine| {
        Commit::check(16 * MIB).unwrap();
        let words = ["17.0 MiB", "16.0 MiB", "vm.overcommit_memory is 2", "CommitLimit"];
        expect_commitment_limit(&Commit::check(17 * MIB).unwrap_err(), &words);
        let refused = Section::options().size(17 * MIB).create_unnamed().unwrap_err();
        expect_commitment_limit(&refused, &words);
        for others in ["0\n", "1\n"] {
            machine.say("/proc/sys/vm/overcommit_memory", others);
            Commit::check(1 << 30).unwrap();
        }
        let refused = Commit::check(64 << 30).unwrap_err();
        expect_commitment_limit(&refused, &["64.0 GiB", "32.0 GiB", "on this machine"]);
    });
    drop(Namespace::local().unwrap());
}
