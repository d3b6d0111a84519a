//! What the fuzzers of fuzz/ call, and nobody else: whatever somebody wrote into an entry or chose as a name, no more is believed
//! than docs/format.md allows. Each fails by a panic.

use super::directory::FileName;
use super::record::{FileId, Location, NewRecord, PAGE, RawRecord, Slot, word};
use crate::{Kind, ObjectName, Protection, Result, Scope};
use rustix::fd::AsFd;
use rustix::fs::MemfdFlags;
use std::fs::File;
use std::os::unix::fs::FileExt;

/// What is believed of an entry's file is what an entry may say, and is read as it was when it is written again.
pub fn entry(file: &[u8]) {
    let Ok(raw) = read(file) else { return };
    let Ok(record) = raw.validate() else { return };
    assert!(word::is_valid(record.word), "{record:?}");
    assert!(matches!(record.page_shift, 0 | 16..=36), "{record:?}");
    assert!(record.size <= crate::section::MAX_SIZE, "{record:?}");
    let Ok(name) = record.name(Scope::Private) else { return };
    stands_inside(&name);

    let path = record.path();
    let new = NewRecord {
        name: &name,
        kind: record.kind,
        location: record.location,
        protection: record.protection,
        page_shift: record.page_shift,
        transparent: record.transparent,
        size: record.size,
        bytes: record.bytes,
        slot: record.slots[0],
        detail: record.detail,
        path: path.as_deref(),
    };
    let page = new.to_bytes();
    assert_eq!(page.len() as u64, record.header_bytes);
    let again = read(&page).expect("what is written can be read");
    let mut again = again.validate().expect("what is written is well-formed");
    // An object begins alive and now, with one holder.
    assert_eq!(again.word, word::LIVE);
    (again.word, again.created) = (record.word, record.created);
    again.slots[1..].copy_from_slice(&record.slots[1..]);
    assert_eq!(again, record);
}

/// A name is refused if it breaks a rule, and otherwise has a file of its own, right in the directory; and its entry says the name.
pub fn name(text: &str) {
    let plain = [r"Local\", r"Global\"].iter().find_map(|prefix| text.strip_prefix(prefix)).unwrap_or(text);
    for (plain, name) in [(plain, ObjectName::parse(text)), (text, ObjectName::parse_private(text))] {
        let units = plain.encode_utf16().count();
        let is_valid = (1..=32_767).contains(&units) && !plain.contains(['\\', '\0']);
        assert_eq!(name.is_ok(), is_valid, "{text:?}");
        let Ok(name) = name else { continue };
        assert_eq!(name.as_str(), plain);
        if name.scope() != Scope::Private {
            assert_eq!(ObjectName::parse(&name.to_string()).expect("it is read as it is shown"), name);
        }
        stands_inside(&name);

        let new = NewRecord {
            name: &name,
            kind: Kind::Event,
            location: Location::Entry,
            protection: Protection::ReadWrite,
            page_shift: 0,
            transparent: false,
            size: PAGE as u64,
            bytes: FileId { device: 0, inode: 0 },
            slot: Slot { pid: 1, descriptor: 2, pid_namespace: 3 },
            detail: 0,
            path: None,
        };
        let raw = read(&new.to_bytes()).expect("what is written can be read");
        let record = raw.validate().expect("what is written is well-formed");
        assert!(record.is_of(&name), "{name:?}: {record:?}");
        assert_eq!(record.file_name(name.scope()).ok(), Some(FileName::of(&name)));
    }
}

/// A header out of a file like an entry's.
fn read(bytes: &[u8]) -> Result<RawRecord> {
    let memory = rustix::fs::memfd_create("veduta fuzzing", MemfdFlags::CLOEXEC).expect("memory is there");
    let file = File::from(memory);
    file.write_all_at(bytes, 0).expect("memory is there");
    RawRecord::read(file.as_fd())
}

/// Two names share no file: from each the name can be told, or it is the name's SHA-256.
fn stands_inside(name: &ObjectName) {
    let file = FileName::of(name);
    let (directory, entry) = (file.directory(), file.entry());
    assert_eq!(entry.to_bytes(), [directory, b"/e"].concat());
    assert!((1..=255).contains(&directory.len()), "{name:?}: {file}");
    assert!(directory[0] != b'.' && !file.is_temporary(), "{name:?}: {file}");
    assert!(!directory.contains(&b'/'), "{name:?}: {file}");
    match directory.strip_prefix(b"%%") {
        Some(hash) => {
            assert_eq!(hash.len(), 64, "{name:?}: {file}");
            assert!(hash.iter().all(|digit| b"0123456789ABCDEF".contains(digit)), "{name:?}: {file}");
        }
        None => assert_eq!(decoded(directory), name.as_str().as_bytes(), "{file}"),
    }
}

fn decoded(file: &[u8]) -> Vec<u8> {
    let mut pieces = std::str::from_utf8(file).expect("file names are ASCII").split('%');
    let mut name = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        let (digits, plain) = piece.split_at(2);
        name.push(u8::from_str_radix(digits, 16).expect("two digits"));
        name.extend(plain.as_bytes());
    }
    name
}

/// What the fuzzers begin with, and what comes of it without them.
#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Entries that `veduta hold` made, without the zeros behind them; the timer is the event with another kind.
    fn seeds() -> Vec<Vec<u8>> {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/entry");
        let files = std::fs::read_dir(directory).expect("it is a directory");
        files.map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
    }

    #[test]
    fn the_seeds_are_entries_of_every_kind() {
        let mut kinds: Vec<_> = seeds()
            .iter()
            .map(|seed| read(seed).unwrap().validate().expect("made by this version").kind.to_raw())
            .collect();
        kinds.sort_unstable();
        kinds.dedup();
        assert_eq!(kinds, [1, 2, 3, 4, 5]);
    }

    proptest! {
        // What fails is printed small; nothing need be kept.
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn entries_of_changed_bytes(
            seed in prop::sample::select(seeds()),
            changes in prop::collection::vec((any::<prop::sample::Index>(), word()), 0..4),
            cut in prop::option::weighted(0.1, any::<prop::sample::Index>()),
        ) {
            let mut file = seed;
            for (place, word) in changes {
                // Fields stand at multiples of four.
                let at = place.index(file.len() / 4) * 4;
                file[at..at + 4].copy_from_slice(&word.to_ne_bytes());
            }
            file.truncate(cut.map_or(file.len(), |cut| cut.index(file.len())));
            entry(&file);
        }

        #[test]
        fn names_of_anything(
            text in prop_oneof![any::<String>(), r"(Local\\|Global\\)?[./%\\\x00a-eA-E0é😀]{0,100}"],
        ) {
            name(&text);
        }
    }

    /// What a field may hold, more often than not.
    fn word() -> impl Strategy<Value = u32> {
        prop_oneof![4 => 0..40_u32, 1 => Just(u32::MAX), 1 => Just(4096), 2 => any::<u32>()]
    }
}
