//! What keeps users, containers and small mounts apart, and what they share nevertheless.
//!
//! Most of it takes root: without it these tests say that they were skipped.
// Row: users and mounts
#![cfg(target_os = "linux")]

mod support;

use std::fs;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt, chown, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use support::{Actor, World, expect_refusal, lacks_privileges, skipped};
use tempfile::TempDir;
use veduta::{Code, Disposition, Namespace};

const MIB: u64 = 1 << 20;
/// Two users without privileges.
const OWNER: u32 = 65_533;
const STRANGER: u32 = 65_534;

/// A world for a test that takes root; `None`, said aloud, without.
fn roots_world() -> Option<World> {
    match lacks_privileges() {
        None => Some(World::new()),
        Some(why) => {
            skipped(why);
            None
        }
    }
}

fn user(world: &World, uid: u32) -> Actor {
    let mut actor = world.actor();
    actor.become_user(uid);
    actor
}

fn size(bytes: u64) -> String {
    format!("size={bytes}")
}

/// The directory that stands for a name.
fn directory_of(world: &World, namespace: &str, name: &str) -> PathBuf {
    world.root().join(namespace).join(name)
}

#[test]
fn a_small_dev_shm_is_no_limit() {
    let Some(world) = roots_world() else { return };
    let mut alice = world.actor_with(&[("VEDUTA_ROOT", "/dev/shm")]);
    alice.enter_cell(Path::new("/dev/shm"), "tmpfs", "size=1m");
    let mut bob = world.child(&mut alice);
    let name = r"Local\Larger than dev shm";
    let (_, incarnation) = alice.create_with(name, &[&size(256 * MIB)]).unwrap();
    assert_eq!(bob.open(name), Ok(incarnation));
    alice.touch(name);
    bob.touch(name);
    let last = 256 * MIB as usize - 8;
    bob.poke(name, last, 77).unwrap();
    assert_eq!(alice.peek(name, last), Ok(77));
    // Where the limit counts it is kept when a section is created, not when it is touched.
    let text =
        expect_refusal(alice.create_with(r"Global\Too large", &[&size(2 * MIB)]), Code::COMMITMENT_LIMIT);
    assert!(text.contains("2.0 MiB needed"), "{text}");
    alice.create_with(r"Global\Fits", &[&size(MIB / 2)]).unwrap();
    alice.touch(r"Global\Fits");
}

#[test]
fn a_local_name_is_its_users_alone() {
    let Some(world) = roots_world() else { return };
    let (mut owner, mut stranger) = (user(&world, OWNER), user(&world, STRANGER));
    let incarnation = owner.create_new(r"Local\Mine");
    expect_refusal(stranger.open(r"Local\Mine"), Code::FILE_NOT_FOUND);
    assert_ne!(stranger.create_new(r"Local\Mine"), incarnation, "it is another object");

    let inside = format!("{}/veduta-{OWNER}/Mine", world.root().display());
    for outcome in [stranger.open(&inside).map(drop), stranger.create(&inside).map(drop)] {
        expect_refusal(outcome, Code::ACCESS_DENIED);
    }
    for verb in ["list", "sweep", "describe"] {
        expect_refusal(stranger.answer(&[verb, &inside]), Code::ACCESS_DENIED);
    }
    assert_eq!(stranger.vandalize(&directory_of(&world, &format!("veduta-{OWNER}"), "Mine")), "");
    assert_eq!(owner.sees(r"Local\Mine"), incarnation);
    assert_eq!(owner.open(r"Local\Mine"), Ok(incarnation));
}

#[test]
fn a_global_name_is_whose_its_mode_says() {
    let Some(world) = roots_world() else { return };
    for (mode, reads, writes) in [("600", false, false), ("644", true, false), ("666", true, true)] {
        let (mut owner, mut stranger) = (user(&world, OWNER), user(&world, STRANGER));
        let name = format!(r"Global\Mode {mode}");
        let (_, incarnation) = owner.create_with(&name, &[&format!("mode={mode}")]).unwrap();
        let file_name = format!("Mode%20{mode}");
        for (access, allowed) in [("r", reads), ("rw", writes)] {
            match stranger.open_for(&name, access) {
                outcome if !allowed => drop(expect_refusal(outcome, Code::ACCESS_DENIED)),
                outcome => assert_eq!(outcome, Ok(incarnation)),
            }
        }
        match stranger.create(&name) {
            outcome if !writes => drop(expect_refusal(outcome, Code::ACCESS_DENIED)),
            outcome => assert_eq!(outcome, Ok((Disposition::Opened, incarnation))),
        }
        stranger.let_go();
        stranger.sweep(&name);
        let may = stranger.vandalize(&directory_of(&world, "veduta-global", &file_name));
        let expected = match mode {
            "600" => "",
            "644" => "look inside",
            _ => "look inside\twrite to entry",
        };
        assert_eq!(may, expected, "with mode {mode}");
        assert_eq!(owner.open(&name), Ok(incarnation), "the stranger could not harm it");
        owner.kill();
        user(&world, OWNER).create_new(&name);
    }
}

#[test]
fn every_open_is_checked_even_of_what_is_open_already() {
    let Some(world) = roots_world() else { return };
    let (mut owner, mut stranger) = (user(&world, OWNER), user(&world, STRANGER));
    for (what, part) in [("directory", ""), ("entry", "e")] {
        let name = format!(r"Global\Closed by its {what}");
        let (_, incarnation) = owner.create_with(&name, &["mode=666"]).unwrap();
        let file_name = format!("Closed%20by%20its%20{what}");
        let path = directory_of(&world, "veduta-global", &file_name).join(part);
        let mode = fs::metadata(&path).unwrap().permissions();
        assert_eq!(stranger.open(&name), Ok(incarnation));
        assert_eq!(stranger.open(&name), Ok(incarnation));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        expect_refusal(stranger.open(&name), Code::ACCESS_DENIED);
        assert_eq!(owner.open(&name), Ok(incarnation));
        if what == "entry" {
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
            expect_refusal(stranger.open(&name), Code::ACCESS_DENIED);
            assert_eq!(stranger.open_for(&name, "r"), Ok(incarnation));
        }
        fs::set_permissions(&path, mode).unwrap();
        assert_eq!(stranger.open(&name), Ok(incarnation));
        stranger.let_go();
        owner.let_go();
    }
    // Whoever becomes another user may open what that one may.
    let name = r"Global\Opened before";
    let mut changing = world.actor();
    let (_, incarnation) = changing.create_with(name, &[]).unwrap();
    assert_eq!(changing.open(name), Ok(incarnation));
    changing.become_user(STRANGER);
    expect_refusal(changing.open(name), Code::ACCESS_DENIED);
}

#[test]
fn a_dead_global_name_is_its_owners_to_remove() {
    let Some(world) = roots_world() else { return };
    let name = r"Global\Left behind";
    let mut owner = user(&world, OWNER);
    owner.create_with(name, &["mode=666"]).unwrap();
    owner.kill();
    let mut stranger = user(&world, STRANGER);
    expect_refusal(stranger.open(name), Code::FILE_NOT_FOUND);
    let text = expect_refusal(stranger.create(name), Code::ACCESS_DENIED);
    assert!(text.contains("another user"), "it says why: {text}");
    user(&world, OWNER).sweep(name);
    stranger.create_new(name);
}

#[test]
fn a_handle_that_only_reads_leads_to_nothing_that_writes() {
    let Some(world) = roots_world() else { return };
    let (mut owner, mut stranger) = (user(&world, OWNER), user(&world, STRANGER));
    let name = r"Global\To be read";
    owner.create_with(name, &["mode=644"]).unwrap();
    stranger.open_for(name, "r").unwrap();
    assert_eq!(stranger.ways_to_write(name), "");
}

#[test]
fn a_sent_handle_that_only_reads_leads_to_nothing_that_writes() {
    let Some(world) = roots_world() else { return };
    let (mut owner, mut stranger) = (user(&world, OWNER), user(&world, STRANGER));
    let name = r"Local\To be read elsewhere";
    let incarnation = owner.create_new(name);
    owner.duplicate(name, "r").unwrap();
    assert_eq!(owner.send(name, &mut stranger), Ok(incarnation));
    assert_eq!(stranger.ways_to_write(name), "");
    stranger.close(name);
    assert_eq!(owner.open(name), Ok(incarnation));
}

#[test]
fn nobody_can_answer_in_anothers_name() {
    let Some(world) = roots_world() else { return };
    let home = world.root().join(format!("veduta-{STRANGER}"));
    let name = r"Local\Whose";
    let refused = |what: &str| {
        let text = expect_refusal(user(&world, STRANGER).create(name), Code::ACCESS_DENIED);
        assert!(text.contains(&home.display().to_string()), "{what}: {text}");
    };

    fs::create_dir(&home).unwrap();
    chown(&home, Some(OWNER), Some(OWNER)).unwrap();
    fs::set_permissions(&home, fs::Permissions::from_mode(0o777)).unwrap();
    refused("another user made it first");

    chown(&home, Some(STRANGER), Some(STRANGER)).unwrap();
    refused("anybody may enter it");

    fs::set_permissions(&home, fs::Permissions::from_mode(0o700)).unwrap();
    user(&world, STRANGER).create_new(name);

    fs::remove_dir_all(&home).unwrap();
    let elsewhere = world.root().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    chown(&elsewhere, Some(STRANGER), Some(STRANGER)).unwrap();
    fs::set_permissions(&elsewhere, fs::Permissions::from_mode(0o700)).unwrap();
    symlink(&elsewhere, &home).unwrap();
    let outcome = user(&world, STRANGER).create(name);
    assert!(outcome.is_err(), "links are not followed: {outcome:?}");
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);

    let global = world.root().join("veduta-global");
    fs::set_permissions(&global, fs::Permissions::from_mode(0o777)).unwrap();
    expect_refusal(user(&world, STRANGER).create(r"Global\Whose"), Code::ACCESS_DENIED);
}

#[test]
fn the_directory_of_global_names_is_roots_or_ones_own() {
    let Some(world) = roots_world() else { return };
    let (name, global) = (r"Global\Whose", world.root().join("veduta-global"));
    // A machine on which root made nothing: the first user's is as good, for that user.
    fs::remove_dir(&global).unwrap();
    let mut first = user(&world, OWNER);
    first.create_new(name);
    let made = fs::metadata(&global).unwrap();
    assert_eq!((made.uid(), made.mode() & 0o7777), (OWNER, 0o1777));

    // It is sticky, but its owner may rename and remove what others make there.
    let mend = format!("chown root:root {0} && chmod 1777 {0}", global.display());
    for mut victim in [user(&world, STRANGER), world.actor()] {
        for outcome in [victim.create(name).map(drop), victim.open(name).map(drop)] {
            let text = expect_refusal(outcome, Code::ACCESS_DENIED);
            assert!(text.contains(&format!("belongs to user {OWNER}")) && text.contains(&mend), "{text}");
        }
    }

    // Done as the error says, it is everybody's, and nobody has to start anew.
    assert!(Command::new("sh").args(["-c", &mend]).status().unwrap().success());
    user(&world, STRANGER).create_new(r"Global\Another");
    world.actor().create_new(r"Global\Third");
    first.close(name);
    first.create_new(name);
}

#[test]
#[ignore = "a role: says with whose rights it runs, and where that user's names are"]
fn role_say_where() {
    let user = rustix::process::geteuid().as_raw();
    println!("here: {user} {}", Namespace::local().unwrap().path().display());
}

#[test]
fn a_setuid_program_does_not_heed_who_starts_it() {
    let Some(world) = roots_world() else { return };
    let programs = TempDir::new().unwrap();
    fs::set_permissions(programs.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let program = programs.path().join("program");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    chown(&program, Some(STRANGER), Some(STRANGER)).unwrap();
    let where_with = |mode| {
        fs::set_permissions(&program, fs::Permissions::from_mode(mode)).unwrap();
        let output = Command::new(&program)
            .args(["role_say_where", "--exact", "--ignored", "--nocapture"])
            .env("VEDUTA_ROOT", world.root())
            .current_dir("/")
            .uid(OWNER)
            .gid(OWNER)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{output:?}");
        text.lines().find_map(|line| line.split_once("here: ")).unwrap().1.to_owned()
    };
    assert_eq!(where_with(0o755), format!("{OWNER} {}/veduta-{OWNER}", world.root().display()));
    let answer = where_with(0o4755);
    if answer.starts_with(&OWNER.to_string()) {
        return skipped("setuid has no effect where the programs are (nosuid)");
    }
    let there = format!("/dev/shm/veduta-{STRANGER}");
    assert_eq!(answer, format!("{STRANGER} {there}"));
    // Unless somebody else uses it.
    let _ = fs::remove_dir(there);
}

#[test]
fn an_entry_cannot_point_to_a_file_of_the_victims() {
    let Some(world) = roots_world() else { return };
    let files = TempDir::new().unwrap();
    fs::set_permissions(files.path(), fs::Permissions::from_mode(0o777)).unwrap();
    // Paths of one length, so that one can take the other's place in the entry.
    let [bait, target] = ["bait.bin", "root.bin"].map(|file| files.path().join(file));
    fs::write(&target, [7; 4096]).unwrap();
    fs::set_permissions(&target, fs::Permissions::from_mode(0o600)).unwrap();

    let mut attacker = user(&world, OWNER);
    let name = r"Global\Trap";
    attacker.create_with(name, &[&format!("file={}", bait.display()), "mode=666"]).unwrap();
    // The attacker owns the entry and may write anything into it. Offsets as in docs/format.md.
    let entry = fs::OpenOptions::new().write(true).open(world.root().join("veduta-global/Trap/e")).unwrap();
    let target_inode = fs::metadata(&target).unwrap().ino();
    entry.write_all_at(&target_inode.to_ne_bytes(), 80).unwrap();
    entry.write_all_at(target.as_os_str().as_encoded_bytes(), 256 + "Trap".len() as u64).unwrap();

    let mut root = world.actor();
    for access in ["r", "rw"] {
        let text = expect_refusal(root.open_for(name, access), Code::ACCESS_DENIED);
        assert!(text.contains(&format!("user {OWNER} made the object")), "{text}");
    }
    expect_refusal(root.create(name), Code::ACCESS_DENIED);
    assert_eq!(fs::read(&target).unwrap(), [7; 4096]);
}

#[test]
fn what_is_no_entry_hurts_nobody() {
    let world = World::new();
    let mut actor = world.actor();
    let innocent = actor.create_new(r"Global\Innocent");
    let global = world.root().join("veduta-global");
    let secret = world.root().join("secret");
    fs::write(&secret, "secret").unwrap();
    type Make<'a> = &'a dyn Fn(&Path);
    let hostile: [(&str, Make<'_>); 8] = [
        ("a file", &|path| fs::write(path, "").unwrap()),
        ("a link to a file", &|path| symlink(&secret, path).unwrap()),
        ("a link to another name", &|path| symlink("Innocent", path).unwrap()),
        ("an entry that is a link", &|path| {
            fs::create_dir(path).unwrap();
            symlink(&secret, path.join("e")).unwrap();
        }),
        ("an entry that is a pipe", &|path| {
            fs::create_dir(path).unwrap();
            rustix::fs::mknodat(
                rustix::fs::CWD,
                path.join("e"),
                rustix::fs::FileType::Fifo,
                rustix::fs::Mode::from_raw_mode(0o666),
                0,
            )
            .unwrap();
        }),
        ("an entry that is a directory", &|path| fs::create_dir_all(path.join("e")).unwrap()),
        ("an entry that is too short", &|path| {
            fs::create_dir(path).unwrap();
            fs::write(path.join("e"), "VEDUTA").unwrap();
        }),
        ("something else instead of an entry", &|path| {
            fs::create_dir(path).unwrap();
            fs::write(path.join("f"), "").unwrap();
        }),
    ];
    for (index, (what, make)) in hostile.into_iter().enumerate() {
        make(&global.join(format!("Hostile{index}")));
        let name = format!(r"Global\Hostile{index}");
        // It is an error, soon, and one that says what to do, or it is as if nothing were there.
        let opened = actor.open(&name);
        assert!(opened.is_err(), "{what} was opened: {opened:?}");
        let listed = actor.list(&name);
        assert!(listed.has(r"Global\Innocent") && listed.names.len() == 1, "{what}: {listed:?}");
        if let Err(refusal) = actor.create(&name) {
            assert!(refusal.is(Code::INVALID_DATA) || refusal.is(Code::ACCESS_DENIED), "{what}: {refusal:?}");
        }
        actor.sweep(&name);
        assert_eq!(actor.open(r"Global\Innocent"), Ok(innocent), "after {what}");
        actor.close(r"Global\Innocent");
    }
    assert_eq!(fs::read_to_string(&secret).unwrap(), "secret");
}

#[test]
fn pid_namespaces_share_a_private_namespace() {
    let Some(world) = roots_world() else { return };
    let (mut first, mut second) = (container(&world), container(&world));
    let name = world.private("Shared by containers");
    let incarnation = first.inside.create_new(&name);
    assert_eq!(second.inside.open(&name), Ok(incarnation));
    second.inside.poke(&name, 8, 5).unwrap();
    assert_eq!(first.inside.peek(&name, 8), Ok(5));
    let mut outside = world.actor();
    assert_eq!(outside.open(&name), Ok(incarnation));
    outside.close(&name);
    first.inside.kill();
    assert_eq!(outside.open(&name), Ok(incarnation), "the second container holds it");
    outside.close(&name);
    second.inside.close(&name);
    expect_refusal(outside.open(&name), Code::FILE_NOT_FOUND);
}

#[test]
fn a_local_name_in_another_pid_namespace_is_never_not_found() {
    let Some(world) = roots_world() else { return };
    let (mut first, mut second) = (container(&world), container(&world));
    let name = r"Local\In a container";
    let incarnation = first.inside.create_new(name);
    assert_eq!(world.actor().open(name), Ok(incarnation), "from outside /proc shows the inside");
    assert_eq!(second.inside.open(name), Ok(incarnation), "this one has the host's /proc");
    second.inside.close(name);
    second.inside.enter_cell(Path::new("/proc"), "proc", "");
    for outcome in [second.inside.open(name).map(drop), second.inside.create(name).map(drop)] {
        let text = expect_refusal(outcome, Code::ACCESS_DENIED);
        assert!(text.contains("another pid namespace"), "it says why: {text}");
        assert!(text.contains("private namespace"), "and what to do: {text}");
    }
}

#[test]
fn nothing_is_executed_from_a_mount_that_forbids_it() {
    let Some(world) = roots_world() else { return };
    let mut actor = world.actor();
    let mount = world.root().join("private");
    actor.enter_cell(&mount, "tmpfs", "noexec,size=1m");
    let file = format!("file={}", mount.join("file").display());
    let text =
        expect_refusal(actor.create_with(r"Local\Of a file", &[&file, "protection=rx"]), Code::ACCESS_DENIED);
    assert!(text.contains("noexec"), "{text}");
    let name = world.private("In an entry");
    if actor.create_with(&name, &["protection=rx"]).is_ok() {
        let text = expect_refusal(actor.map(&name, "rx"), Code::ACCESS_DENIED);
        assert!(text.contains("noexec"), "{text}");
    }
}

#[test]
fn a_section_of_large_pages_takes_large_pages() {
    let Some(world) = roots_world() else { return };
    let Some(_reserved) = LargePages::reserve(4) else {
        return skipped("the machine has no large pages to reserve");
    };
    let mut actor = world.actor();
    let free = large_pages_free();
    let name = r"Local\Of large pages";
    let page = large_page_size();
    actor.create_with(name, &["pages=huge", &size(2 * page)]).unwrap();
    actor.touch(name);
    assert_eq!(large_pages_free(), free - 2);
    let mut other = world.actor();
    other.open(name).unwrap();
    other.poke(name, page as usize, 3).unwrap();
    assert_eq!(actor.peek(name, page as usize), Ok(3));
    let text = expect_refusal(
        other.create_with(r"Local\Of too many", &["pages=huge", &size(1024 * page)]),
        Code::NO_SYSTEM_RESOURCES,
    );
    assert!(text.contains("1024 large pages"), "{text}");
    actor.kill();
    other.kill();
    assert_eq!(large_pages_free(), free);
}

#[test]
fn a_cgroups_limit_is_kept_when_a_section_is_created() {
    let Some(world) = roots_world() else { return };
    let Some(cgroup) = Cgroup::with_limit(64 * MIB) else {
        return skipped("no memory cgroup can be made below /sys/fs/cgroup");
    };
    let mut actor = world.actor();
    cgroup.admit(&actor);
    for commit in ["commit=now", "commit=checked"] {
        let name = r"Local\More than the cgroup has";
        let text =
            expect_refusal(actor.create_with(name, &[commit, &size(128 * MIB)]), Code::COMMITMENT_LIMIT);
        assert!(text.contains("128.0 MiB needed") && text.contains("memory cgroup"), "{text}");
        actor.create_with(r"Local\Less", &[commit, &size(16 * MIB)]).unwrap();
        actor.touch(r"Local\Less");
        actor.close(r"Local\Less");
    }
    actor.kill();
}

/// A process that is the first of a pid namespace, and those that made it so.
struct Container {
    inside: Actor,
    _outside: [Actor; 2],
}

fn container(world: &World) -> Container {
    let mut host = world.actor();
    // Only a process with one thread may change its pid namespace: a forked one.
    let mut door = world.fork(&mut host);
    door.answer(&["enter-pid-namespace"]).unwrap();
    let inside = world.fork(&mut door);
    Container { inside, _outside: [door, host] }
}

const LARGE_PAGES: &str = "/proc/sys/vm/nr_hugepages";

/// Large pages that the machine has only for as long as this lives.
struct LargePages {
    before: u64,
}

impl LargePages {
    fn reserve(more: u64) -> Option<LargePages> {
        let before = fs::read_to_string(LARGE_PAGES).ok()?.trim().parse().ok()?;
        let reserved = LargePages { before };
        let free = large_pages_free();
        fs::write(LARGE_PAGES, (before + more).to_string()).ok()?;
        (large_pages_free() >= free + more).then_some(reserved)
    }
}

impl Drop for LargePages {
    fn drop(&mut self) {
        fs::write(LARGE_PAGES, self.before.to_string()).expect("it was written before");
    }
}

fn meminfo(key: &str) -> u64 {
    let meminfo = fs::read_to_string("/proc/meminfo").unwrap();
    let line = meminfo.lines().find_map(|line| line.strip_prefix(key)).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

fn large_pages_free() -> u64 {
    meminfo("HugePages_Free:")
}

fn large_page_size() -> u64 {
    meminfo("Hugepagesize:") << 10
}

/// A memory cgroup of our own, of either version.
struct Cgroup {
    path: PathBuf,
}

impl Cgroup {
    fn with_limit(bytes: u64) -> Option<Cgroup> {
        let group = format!("veduta-test-{}", std::process::id());
        for (root, limit) in
            [("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")]
        {
            let path = Path::new(root).join(&group);
            if !Path::new(root).join("cgroup.procs").exists() || fs::create_dir(&path).is_err() {
                continue;
            }
            let cgroup = Cgroup { path };
            if fs::write(cgroup.path.join(limit), bytes.to_string()).is_ok() {
                return Some(cgroup);
            }
        }
        None
    }

    fn admit(&self, actor: &Actor) {
        fs::write(self.path.join("cgroup.procs"), actor.pid().to_string()).expect("root may");
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        let removed = fs::remove_dir(&self.path);
        assert!(removed.is_ok() || std::thread::panicking(), "nobody is left in it: {removed:?}");
    }
}
