//! Processes work with a few names while another scribbles over what stands under them. `VEDUTA_MUTATE_SECONDS` says for how long.

use crate::damage::Canary;
use crate::patience::within;
use crate::random::Random;
use crate::scratch::thread::is_root;
use crate::scratch::{Private, child, directory};
use rustix::fs::{CWD, FileType, mknodat};
use std::fs::{self, File};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use veduta::{
    Disposition, Event, Mutex, Namespace, Reset, Result, Section, Semaphore, SweepMode, Timer, ViewAccess,
    Waitable, wait_all, wait_any,
};

const NAMES: [&str; 4] = ["a", "b", "c", "d"];
const WORKERS: u64 = 4;
/// In a page.
const WORDS: usize = 1024;
const BRIEF: Duration = Duration::from_millis(3);

pub(crate) fn seconds() -> u64 {
    std::env::var("VEDUTA_MUTATE_SECONDS")
        .map_or(3, |text| text.parse().expect("VEDUTA_MUTATE_SECONDS is a number"))
}

#[test]
fn workers_survive_a_mutator() {
    let (private, canary) = (Private::new(), Canary::new(directory()));
    let before = canary.state();
    let seed = std::env::var("VEDUTA_MUTATE_SEED")
        .map_or(u64::from(std::process::id()), |text| text.parse().unwrap());
    eprintln!("VEDUTA_MUTATE_SEED={seed}");
    let start = |role: &str, number: u64| {
        let variables = [
            ("NAMESPACE", private.path().to_str().unwrap()),
            ("CANARY", canary.path("").to_str().unwrap()),
            ("SEED", &(seed + number).to_string()),
        ]
        .map(|(name, value)| (name, value.to_owned()));
        let variables = variables.each_ref().map(|(name, value)| (*name, &**value));
        child::play(&format!("mutator::role_{role}"), &variables)
    };
    let workers: Vec<_> = (1..=WORKERS).map(|number| start("work", number)).collect();
    let mut mutator = start("mutate", 0);
    let done: u64 = workers
        .into_iter()
        .map(|mut worker| {
            let done = worker.hear();
            assert!(worker.until_ended().success(), "a worker died");
            done.parse::<u64>().unwrap()
        })
        .sum();
    let mutations = mutator.hear();
    assert!(mutator.until_ended().success());
    eprintln!("{done} operations under {mutations} mutations in {} s", seconds());
    assert!(done > 0, "somebody got something done");

    // All handles are gone. What the mutator left is swept, or told, and is in nobody's way.
    let namespace = private.namespace();
    let sweep = within(Duration::ZERO, "sweep", || namespace.sweep(SweepMode::Remove)).unwrap();
    let again = namespace.sweep(SweepMode::Remove).unwrap();
    assert!(again.removed.is_empty(), "one sweep takes all that goes: {sweep:?}, {again:?}");
    for name in ["fresh", "fresher"] {
        let (section, made) = Section::options().size(10).namespace(namespace).create(name).unwrap();
        assert_eq!(made, Disposition::Created);
        section.map(ViewAccess::Write).unwrap().write_at(0, b"alive").unwrap();
        Section::options().namespace(namespace).open(name).unwrap();
    }
    // With the hard links that the mutator made.
    drop(private);
    let after = canary.state();
    // Path by path: the contents are long.
    let changed: Vec<_> =
        before.keys().chain(after.keys()).filter(|path| before.get(*path) != after.get(*path)).collect();
    assert!(changed.is_empty(), "nothing outside is touched: {changed:?}; VEDUTA_MUTATE_SEED={seed}");
}

fn place() -> PathBuf {
    std::env::var_os("NAMESPACE").unwrap().into()
}

fn seed() -> Random {
    Random(std::env::var("SEED").unwrap().parse().unwrap())
}

/// What a worker keeps for a while.
enum Kept {
    Section(Section),
    Event(Event),
    Mutex(Mutex),
    Semaphore(Semaphore),
    Timer(Timer),
}

#[test]
#[ignore = "a role: works with names for a while"]
fn role_work() {
    let mut random = seed();
    let namespace = Namespace::at(place()).unwrap();
    let (until, mut done, mut kept) = (Instant::now() + Duration::from_secs(seconds()), 0_u64, Vec::new());
    while Instant::now() < until {
        let name = NAMES[random.index(NAMES.len())];
        if kept.len() > 6 || random.index(8) == 0 && !kept.is_empty() {
            let some = kept.swap_remove(random.index(kept.len()));
            within(Duration::ZERO, "close", || drop(some));
        }
        let outcome = match random.index(12) {
            0 => within(Duration::ZERO, "list", || namespace.objects().map(drop)),
            1 => within(Duration::ZERO, "find", || namespace.object(name).map(drop)),
            2 => within(Duration::ZERO, "sweep", || namespace.sweep(SweepMode::Remove).map(drop)),
            3..=6 => within(Duration::ZERO, "create or open", || {
                obtain(name, &namespace, &mut random).map(|made| kept.push(made))
            }),
            _ if kept.is_empty() => continue,
            7 => within(10 * BRIEF, "wait for several", || several(&kept, &mut random)),
            _ => {
                let one = &kept[random.index(kept.len())];
                within(10 * BRIEF, "use", || one.act(&mut random))
            }
        };
        done += u64::from(outcome.is_ok());
    }
    within(Duration::ZERO, "close all", || drop(kept));
    child::say(done);
}

fn obtain(name: &str, namespace: &Namespace, random: &mut Random) -> Result<Kept> {
    let opens = random.index(2) == 0;
    Ok(match random.index(5) {
        0 => {
            let mut options = Section::options();
            options.size(8192).namespace(namespace);
            Kept::Section(if opens { options.open(name)? } else { options.create(name)?.0 })
        }
        1 => {
            let mut options = Event::options();
            options.namespace(namespace).reset([Reset::Auto, Reset::Manual][random.index(2)]);
            Kept::Event(if opens { options.open(name)? } else { options.create(name)?.0 })
        }
        2 => {
            let mut options = Mutex::options();
            options.namespace(namespace);
            Kept::Mutex(if opens { options.open(name)? } else { options.create(name)?.0 })
        }
        3 => {
            let mut options = Semaphore::options();
            options.namespace(namespace).count(1).maximum(5);
            Kept::Semaphore(if opens { options.open(name)? } else { options.create(name)?.0 })
        }
        _ => {
            let mut options = Timer::options();
            options.namespace(namespace);
            Kept::Timer(if opens { options.open(name)? } else { options.create(name)?.0 })
        }
    })
}

impl Kept {
    fn waitable(&self) -> Option<&dyn Waitable> {
        match self {
            Kept::Section(_) => None,
            Kept::Event(event) => Some(event),
            Kept::Mutex(mutex) => Some(mutex),
            Kept::Semaphore(semaphore) => Some(semaphore),
            Kept::Timer(timer) => Some(timer),
        }
    }

    fn act(&self, random: &mut Random) -> Result<()> {
        if let Some(waitable) = self.waitable()
            && random.index(3) == 0
        {
            return wait_any(&[waitable], BRIEF).map(drop);
        }
        match (self, random.index(4)) {
            (Kept::Section(section), _) => {
                let view = section.map(ViewAccess::Write)?;
                view.write_at(0, &[1; 100])?;
                view.fill(4000..5000, 2)?;
                view.read_at(4096, &mut [0; 4096])
            }
            (Kept::Event(event), 0) => event.set(),
            (Kept::Event(event), 1) => event.pulse(),
            (Kept::Event(event), 2) => event.reset(),
            (Kept::Event(event), _) => event.state().map(drop),
            (Kept::Mutex(mutex), 0) => mutex.release(),
            (Kept::Mutex(mutex), 1) => mutex.lock_timeout(BRIEF).map(std::mem::forget),
            (Kept::Mutex(mutex), 2) => mutex.lock_timeout(BRIEF).map(drop),
            (Kept::Mutex(mutex), _) => mutex.state().map(drop),
            (Kept::Semaphore(semaphore), 0) => semaphore.state().map(drop),
            (Kept::Semaphore(semaphore), _) => semaphore.release(1).map(drop),
            (Kept::Timer(timer), 0) => timer.cancel(),
            (Kept::Timer(timer), 1) => timer.set(BRIEF, Some(BRIEF)),
            (Kept::Timer(timer), _) => timer.set(Duration::ZERO, None),
        }
    }
}

fn several(kept: &[Kept], random: &mut Random) -> Result<()> {
    let objects: Vec<_> = kept.iter().filter_map(Kept::waitable).collect();
    match random.index(2) {
        0 => wait_any(&objects, BRIEF).map(drop),
        _ => wait_all(&objects, BRIEF).map(drop),
    }
}

#[test]
#[ignore = "a role: scribbles over names for a while"]
fn role_mutate() {
    let mut random = seed();
    let (namespace, canary) = (place(), PathBuf::from(std::env::var_os("CANARY").unwrap()));
    let until = Instant::now() + Duration::from_secs(seconds());
    let mut mutations = 0_u64;
    while Instant::now() < until {
        let directory = namespace.join(NAMES[random.index(NAMES.len())]);
        // What fails was in the way of a worker, or of itself.
        mutations += u64::from(mutate(&directory, &namespace, &canary, &mut random).is_ok());
        // Without rest nothing would ever be whole enough to be damaged.
        std::thread::sleep(Duration::from_micros(random.index(300) as u64));
    }
    child::say(mutations);
}

fn mutate(directory: &Path, namespace: &Path, canary: &Path, random: &mut Random) -> std::io::Result<()> {
    // What the mutator does, it does inside: links are for the others to follow.
    if directory.is_symlink() {
        return fs::remove_file(directory);
    }
    let entry = directory.join("e");
    let open = || {
        File::options().read(true).write(true).custom_flags(libc::O_NONBLOCK | libc::O_NOFOLLOW).open(&entry)
    };
    // A hard link to the canary is not to be written to by the mutator itself.
    let open = || {
        open().and_then(|file| {
            if file.metadata()?.nlink() == 1 { Ok(file) } else { Err(std::io::ErrorKind::Other.into()) }
        })
    };
    let replaced = |make: &dyn Fn(&Path) -> std::io::Result<()>| {
        fs::remove_file(&entry).or_else(|_| fs::remove_dir(&entry))?;
        make(&entry)
    };
    match random.index(100) {
        // A word of the page behind the header, or of the header.
        0..45 => open()?.write_all_at(&random.word().to_ne_bytes(), 4 * place_of_word(random) as u64),
        45..60 => scribble(&open()?, random),
        60..64 => open()?.write_all_at(&random.bytes(4096), 4096),
        64..66 => open()?.write_all_at(&vec![0; 8192], 0),
        66..68 => open()?.write_all_at(&random.bytes(300), random.index(8192) as u64),
        68..72 => open()?.set_len(random.index(9000) as u64),
        72..74 => open()?.set_len([0, 1, 4096, 8192, 1 << 20][random.index(5)]),
        74..76 => replaced(&|path| mknodat(CWD, path, FileType::Fifo, 0o600.into(), 0).map_err(Into::into)),
        76..78 => replaced(&|path| symlink(canary.join("file"), path)),
        78..80 => replaced(&|path| fs::hard_link(canary.join("link"), path)),
        80..82 => replaced(&|path| fs::create_dir(path)),
        82..84 => fs::remove_file(&entry),
        84..86 => open()?.set_permissions(fs::Permissions::from_mode(random.word() & 0o7777)),
        86..87 if is_root() => fchown(open()?, Some(65_534), None),
        87..90 => fs::rename(directory, namespace.join(NAMES[random.index(NAMES.len())])),
        90..91 => fs::rename(directory, namespace.join(".0123456789abcdef")),
        91..93 => {
            let other = namespace.join(NAMES[random.index(NAMES.len())]);
            if other.is_symlink() { fs::remove_file(other) } else { fs::rename(&entry, other.join("e")) }
        }
        93..94 => symlink(canary.join("object"), directory),
        94..95 => fs::write(directory.join("f"), "in the way"),
        // So that it comes to something new.
        _ => fs::remove_file(directory).or_else(|_| fs::remove_dir_all(directory)),
    }
}

/// Which word of an entry of two pages is written: those that the protocols use, more often than not.
fn place_of_word(random: &mut Random) -> usize {
    match random.index(8) {
        0 => random.index(64),
        1 => random.index(2 * WORDS),
        2 => WORDS + 1018,
        3 => WORDS + 16 + random.index(10),
        _ => WORDS + random.index(10),
    }
}

/// Writes many words through a mapping: between any two instructions of the others, and without the locks of `write`.
fn scribble(file: &File, random: &mut Random) -> std::io::Result<()> {
    let bytes = 8 * WORDS;
    // Nobody else cuts entries off: the pages stay there.
    if file.metadata()?.len() < bytes as u64 {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    // SAFETY: the pages are used through atomics only.
    let pages = unsafe { memmap2::MmapOptions::new().len(bytes).map_mut(file) }?;
    // SAFETY: two pages are 2048 aligned words, mapped until the end of this function.
    let words = unsafe { std::slice::from_raw_parts(pages.as_ptr().cast::<AtomicU32>(), 2 * WORDS) };
    (0..200).for_each(|_| words[place_of_word(random)].store(random.word(), Ordering::Relaxed));
    Ok(())
}
