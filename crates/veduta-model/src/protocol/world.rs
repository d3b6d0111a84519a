//! What the processes share: the entries, the directories that hold them, and what the kernel does with both.

/// How many processes a scenario has.
pub const PROCESSES: usize = 3;

/// Entries and directories that can exist at once: each process makes one at a time, may refer to another that it
/// opened, and one more can lie about from a process that is dead.
const SLOTS: usize = 8;

/// Which entry; a slot is used again only when nothing refers to its entry any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct EntryId(pub(super) u8);

/// Which directory; slots as for [`EntryId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct DirectoryId(pub(super) u8);

/// What makes one attempt to kill an entry different from every other.
///
/// Real tags are never used twice. Tags are only ever compared, so the model may take the smallest one that no word
/// and no process remembers: that is the same system with its tags renamed, and it has finitely many states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Tag(pub(super) u8);

/// The word in an entry's header on which all processes agree or disagree by compare-and-swap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Word {
    /// Made, and not yet in doubt.
    Live,
    /// Somebody doubts that the entry is held and is about to find out.
    Dying(Tag),
    /// Found without holders. Final.
    Dead,
}

/// A presence lock. Nobody ever waits for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Lock {
    Free,
    /// What a holder has, and an opener on its way.
    Shared,
    /// What a prober has for a while: the proof that nobody has a share.
    Exclusive,
}

/// An open file description of an entry, with what the kernel ties to it or to its process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Description {
    /// The entry that it is open on.
    pub(super) entry: EntryId,
    pub(super) lock: Lock,
    /// Whether its process has what proves life to an opener: the memfd, or the bytes lock.
    pub(super) bytes: bool,
}

impl Description {
    /// Just opened.
    pub(super) fn fresh(entry: EntryId) -> Self {
        Self { entry, lock: Lock::Free, bytes: false }
    }

    /// That of a holder.
    pub(super) fn held(entry: EntryId) -> Self {
        Self { entry, lock: Lock::Shared, bytes: true }
    }

    /// Whether others could notice when it is closed.
    pub(super) fn matters(&self) -> bool {
        self.lock != Lock::Free || self.bytes
    }
}

/// The one name that everybody fights for, or the temporary name of one directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Path {
    /// The name, X.
    Name,
    /// The temporary name under which this directory was made. Nobody else ever gets the same one.
    Temporary(DirectoryId),
}

/// What leads to a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Place {
    Temporary,
    Published,
    /// Nothing: it was removed, or replaced while empty. Only descriptors lead to it.
    Nowhere,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Directory {
    pub(super) place: Place,
    pub(super) entry: Option<EntryId>,
}

/// One name's corner of the file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub(super) struct Files {
    /// The words of the entries; an entry is nothing else here.
    words: [Option<Word>; SLOTS],
    directories: [Option<Directory>; SLOTS],
}

impl Files {
    /// Makes a nameless entry.
    pub(super) fn make_entry(&mut self) -> EntryId {
        let slot = self.words.iter().position(Option::is_none).expect("SLOTS is enough");
        self.words[slot] = Some(Word::Live);
        EntryId(slot as u8)
    }

    pub(super) fn word(&self, entry: EntryId) -> Word {
        self.words[usize::from(entry.0)].expect("what is referred to exists")
    }

    pub(super) fn store(&mut self, entry: EntryId, word: Word) {
        self.words[usize::from(entry.0)] = Some(word);
    }

    /// Compare-and-swap: the word that was found, as an error, when it is not `from`.
    pub(super) fn exchange(&mut self, entry: EntryId, from: Word, to: Word) -> Result<(), Word> {
        let found = self.word(entry);
        if found != from {
            return Err(found);
        }
        self.store(entry, to);
        Ok(())
    }

    /// The entries that exist, as a set of bits.
    pub(super) fn entries(&self) -> u8 {
        (0..SLOTS).fold(0, |set, slot| set | u8::from(self.words[slot].is_some()) << slot)
    }

    pub(super) fn words(&self) -> impl Iterator<Item = Word> {
        self.words.iter().copied().flatten()
    }

    /// `mkdir` under a temporary name.
    pub(super) fn make_directory(&mut self) -> DirectoryId {
        let slot = self.directories.iter().position(Option::is_none).expect("SLOTS is enough");
        self.directories[slot] = Some(Directory { place: Place::Temporary, entry: None });
        DirectoryId(slot as u8)
    }

    /// The directory behind a descriptor: it may have lost its name since.
    pub(super) fn directory(&mut self, directory: DirectoryId) -> &mut Directory {
        self.directories[usize::from(directory.0)].as_mut().expect("what is referred to exists")
    }

    /// The directory that a path leads to now.
    pub(super) fn resolve(&self, path: Path) -> Option<DirectoryId> {
        match path {
            Path::Name => self.named(Place::Published).next(),
            Path::Temporary(id) => self.named(Place::Temporary).find(|&found| found == id),
        }
    }

    /// The entry that a path leads to now.
    pub(super) fn lookup(&self, path: Path) -> Option<EntryId> {
        self.resolve(path).and_then(|id| self.directories[usize::from(id.0)]?.entry)
    }

    /// Every path that leads somewhere now.
    pub(super) fn paths(&self) -> impl Iterator<Item = Path> {
        let name = self.named(Place::Published).map(|_| Path::Name);
        name.chain(self.named(Place::Temporary).map(Path::Temporary))
    }

    fn named(&self, place: Place) -> impl Iterator<Item = DirectoryId> {
        let directories = self.directories.iter().enumerate();
        directories
            .filter(move |(_, directory)| directory.is_some_and(|directory| directory.place == place))
            .map(|(slot, _)| DirectoryId(slot as u8))
    }

    /// `rmdir`: only takes an empty one.
    pub(super) fn remove_directory(&mut self, path: Path) {
        if let Some(id) = self.resolve(path)
            && self.directory(id).entry.is_none()
        {
            self.directory(id).place = Place::Nowhere;
        }
    }

    /// What no step of the protocol does: makes the directory that a path leads to empty, whoever holds its entry.
    pub(super) fn clear(&mut self, path: Path) {
        if let Some(id) = self.resolve(path) {
            self.directory(id).entry = None;
        }
    }

    /// `rename` to the name: goes over an empty directory, and fails over one that is not.
    pub(super) fn publish(&mut self, directory: DirectoryId) -> bool {
        if self.lookup(Path::Name).is_some() {
            return false;
        }
        self.remove_directory(Path::Name);
        self.directory(directory).place = Place::Published;
        true
    }

    /// Frees the slots of what no name and no process leads to: `entries` and `directories` say what processes have.
    pub(super) fn forget(
        &mut self,
        entries: impl Fn(EntryId) -> bool,
        directories: impl Fn(DirectoryId) -> bool,
    ) {
        for (slot, directory) in self.directories.iter_mut().enumerate() {
            if directory.is_some_and(|it| it.place == Place::Nowhere) && !directories(DirectoryId(slot as u8))
            {
                *directory = None;
            }
        }
        for slot in 0..SLOTS {
            let entry = EntryId(slot as u8);
            let linked = self.directories.iter().flatten().any(|it| it.entry == Some(entry));
            if !linked && !entries(entry) {
                self.words[slot] = None;
            }
        }
    }
}
