//! Entries with a few bytes changed, and names of any characters: what a fuzzer tries, in every run of the tests.
//! `VEDUTA_MUTATE_SECONDS` says for how long.

use crate::damage::Canary;
use crate::mutator::seconds;
use crate::patience::within;
use crate::random::Random;
use crate::scratch::{Private, child, directory};
use std::collections::HashMap;
use std::fs;
use std::time::{Duration, Instant};
use veduta::{Code, Event, Section, Semaphore, SweepMode, ViewAccess, Waitable};

const NAME: &str = "seed";

fn random() -> Random {
    let seed = std::env::var("VEDUTA_MUTATE_SEED")
        .map_or(u64::from(std::process::id()), |text| text.parse().unwrap());
    println!("VEDUTA_MUTATE_SEED={seed}");
    Random(seed)
}

/// Well-formed entries, of several kinds, that nobody holds.
fn seeds(canary: &Canary) -> Vec<Vec<u8>> {
    let private = Private::new();
    let namespace = private.namespace();
    let read = || fs::read(private.path().join(NAME).join("e")).unwrap();
    let mut seeds = Vec::new();
    let section = Section::options().size(5000).namespace(namespace).create_new(NAME).unwrap();
    seeds.push(read());
    drop(section);
    let file = fs::File::open(canary.path("file")).unwrap();
    let protection = veduta::Protection::ReadOnly;
    let section =
        Section::options().file(&file).protection(protection).namespace(namespace).create_new(NAME).unwrap();
    seeds.push(read());
    drop(section);
    let event = Event::options().namespace(namespace).create_new(NAME).unwrap();
    seeds.push(read());
    drop(event);
    let semaphore = Semaphore::options().maximum(3).namespace(namespace).create_new(NAME).unwrap();
    seeds.push(read());
    drop(semaphore);
    seeds
}

#[test]
fn entries_with_changed_bytes_are_survived() {
    let mut mutated = child::play("mutated::role_entries", &[]);
    assert_eq!(mutated.hear(), "alive");
    assert!(mutated.until_ended().success());
}

#[test]
#[ignore = "a role: uses entries with changed bytes"]
fn role_entries() {
    let (mut random, canary) = (random(), Canary::new(directory()));
    let (seeds, before) = (seeds(&canary), canary.state());
    let until = Instant::now() + Duration::from_secs(seconds());
    let mut tried = 0;
    while Instant::now() < until {
        let mut entry = seeds[random.index(seeds.len())].clone();
        for _ in 0..=random.index(4) {
            let at = match random.index(4) {
                0 => random.index(entry.len()),
                1 => 256 + random.index(40),
                _ => random.index(160) & !3,
            };
            let bytes = random.word().to_ne_bytes();
            let len = bytes.len().min(entry.len() - at);
            entry[at..at + len].copy_from_slice(&bytes[..len]);
        }
        if random.index(8) == 0 {
            entry.truncate(random.index(entry.len()));
        }
        let private = Private::new();
        fs::create_dir(private.path().join(NAME)).unwrap();
        fs::write(private.path().join(NAME).join("e"), &entry).unwrap();
        let held = random.index(2) == 0;
        // With the locks of a holder, an opener goes on to the bytes.
        let lock =
            fs::File::options().read(true).write(true).open(private.path().join(NAME).join("e")).unwrap();
        if held {
            hold(&lock);
        }
        within(Duration::ZERO, "use a changed entry", || {
            let namespace = private.namespace();
            let _ = namespace.objects();
            let _ = namespace.object(NAME);
            if let Ok(section) = Section::options().namespace(namespace).open(NAME)
                && section.len() < 1 << 20
                && let Ok(view) = section.map(ViewAccess::Read)
            {
                let _ = view.read_at(0, &mut [0; 64]);
            }
            if let Ok(event) = Event::options().namespace(namespace).open(NAME) {
                let _ = (event.state(), event.set(), event.wait(Duration::ZERO));
            }
            let _ = namespace.sweep(SweepMode::DryRun);
            let _ = namespace.sweep(SweepMode::Remove);
            let created = Semaphore::options().namespace(namespace).create(NAME);
            // What another version wrote is left alone.
            let expected = matches!(&created, Err(error) if error.code() == Code::REVISION_MISMATCH);
            assert!(
                held || expected || created.is_ok(),
                "what nobody holds is swept: {created:?}, {:?}",
                &entry
            );
        });
        tried += 1;
    }
    assert_eq!(canary.state(), before, "nothing outside is touched");
    println!("{tried} entries");
    child::say("alive");
}

/// The two locks of docs/format.md.
fn hold(entry: &fs::File) {
    rustix::fs::flock(entry, rustix::fs::FlockOperation::NonBlockingLockShared).unwrap();
    let lock = libc::flock {
        l_type: libc::F_RDLCK as i16,
        l_whence: libc::SEEK_SET as i16,
        l_start: 0,
        l_len: 1,
        l_pid: 0,
    };
    // SAFETY: the descriptor is open, and `lock` outlives the call.
    let status =
        unsafe { libc::fcntl(std::os::fd::AsRawFd::as_raw_fd(entry), libc::F_OFD_SETLK, &raw const lock) };
    assert_eq!(status, 0);
}

/// Each name has a file of its own, right in the directory; and the file says the name.
#[test]
fn names_of_anything_stay_apart_and_inside() {
    let (mut random, private) = (random(), Private::new());
    let namespace = private.namespace();
    let pieces = [
        "a",
        "A",
        ".",
        "..",
        "/",
        "../",
        "%",
        "%%",
        "%2F",
        "\u{0}",
        "\\",
        "é",
        "\u{202E}",
        "\u{1F600}",
        "\n",
        " ",
        "e",
        "~",
    ];
    let mut seen: HashMap<String, String> = HashMap::new();
    let until = Instant::now() + Duration::from_secs(seconds().min(20));
    while Instant::now() < until {
        let long = if random.index(4) == 0 { 300 } else { 6 };
        let name: String = (0..=random.index(long)).map(|_| pieces[random.index(pieces.len())]).collect();
        match Event::options().namespace(namespace).create(&name) {
            Ok((event, _)) => {
                let names: Vec<_> =
                    fs::read_dir(private.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
                let [file] = &names[..] else { panic!("{name:?} is {names:?}") };
                let file = file.to_str().unwrap().to_owned();
                assert!(file.len() <= 255 && !file.starts_with('.'), "{name:?} is {file:?}");
                assert_eq!(namespace.object(&name).unwrap().name, name);
                let other = seen.entry(file.clone()).or_insert_with(|| name.clone());
                assert_eq!(*other, name, "both are {file:?}");
                drop(event);
                assert_eq!(fs::read_dir(private.path()).unwrap().count(), 0);
            }
            Err(error) => {
                let refused = [Code::INVALID_NAME, Code::PATH_NOT_FOUND, Code::BAD_PATHNAME];
                assert!(refused.contains(&error.code()), "{name:?}: {error}");
                assert!(name.contains(['\\', '\0']), "{name:?}: {error}");
            }
        }
    }
}
