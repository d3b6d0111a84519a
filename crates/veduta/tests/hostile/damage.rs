//! What may be done to what stands under a name. The tests of the tool do it too.

use crate::random::Random;
use rustix::fs::{CWD, FileType, mknodat};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

/// The name that is damaged.
pub(crate) const NAME: &str = "victim";
/// Of a section of this name.
pub(crate) const SIZE: u64 = 4096;

/// Where docs/format.md puts the parts of an entry.
mod header {
    pub(super) const VERSION: u64 = 8;
    pub(super) const WORD: u64 = 16;
    pub(super) const LOCATION: u64 = 28;
    pub(super) const NAME_BYTES: u64 = 36;
    pub(super) const PATH_BYTES: u64 = 40;
    pub(super) const SIZE: u64 = 48;
    pub(super) const DEVICE: u64 = 72;
    pub(super) const INODE: u64 = 80;
    pub(super) const SLOTS: u64 = 88;
    pub(super) const NAME: u64 = 256;
}

/// What stands outside of the namespace, and is to stay as it is.
pub(crate) struct Canary(tempfile::TempDir);

impl Canary {
    /// In an empty directory, on the file system of the namespace.
    pub(crate) fn new(directory: tempfile::TempDir) -> Canary {
        let canary = Canary(directory);
        fs::write(canary.path("file"), vec![7; 3 * SIZE as usize]).unwrap();
        fs::set_permissions(canary.path("file"), PermissionsExt::from_mode(0o640)).unwrap();
        fs::write(canary.path("link"), "VEDUTA, but only so it seems").unwrap();
        fs::create_dir(canary.path("empty")).unwrap();
        fs::create_dir(canary.path("object")).unwrap();
        canary
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    /// All that could be changed from outside.
    pub(crate) fn state(&self) -> BTreeMap<PathBuf, (u32, u32, u64, Vec<u8>)> {
        let mut state = BTreeMap::new();
        let mut left = vec![self.0.path().to_owned()];
        while let Some(path) = left.pop() {
            let stat = fs::symlink_metadata(&path).unwrap();
            if stat.is_dir() {
                left.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            }
            // An entry that was moved or linked here is still that of its object: it may become dead, but not go.
            let is_ours = path.file_name().is_some_and(|name| name == "e");
            // How many links a directory has says what is in it.
            let content = if stat.is_file() && !is_ours { fs::read(&path).unwrap() } else { Vec::new() };
            let links = if is_ours { 1 } else { stat.nlink() };
            state.insert(path, (stat.mode(), stat.uid(), links, content));
        }
        state
    }
}

/// One name in a namespace, and what may be done to it.
pub(crate) struct Victim<'a> {
    pub(crate) namespace: &'a Path,
    pub(crate) canary: &'a Canary,
}

impl Victim<'_> {
    pub(crate) fn directory(&self) -> PathBuf {
        self.namespace.join(NAME)
    }

    pub(crate) fn entry(&self) -> PathBuf {
        self.directory().join("e")
    }

    fn file(&self) -> File {
        File::options().read(true).write(true).open(self.entry()).unwrap()
    }

    fn write(&self, at: u64, bytes: &[u8]) {
        self.file().write_all_at(bytes, at).unwrap();
    }

    /// Puts something else in the entry's place.
    fn replace(&self, make: impl FnOnce(&Path)) {
        fs::remove_file(self.entry()).unwrap();
        make(&self.entry());
    }

    /// Puts something else in the place of the directory.
    fn replace_all(&self, make: impl FnOnce(&Path)) {
        fs::rename(self.directory(), self.canary.path("object/was")).unwrap();
        make(&self.directory());
    }

    /// Has the entry say that the bytes are in some file.
    fn lead_to(&self, path: &Path) {
        let stat = fs::metadata(path).unwrap();
        self.write(header::LOCATION, &3_u32.to_ne_bytes());
        self.write(header::PATH_BYTES, &(path.as_os_str().len() as u32).to_ne_bytes());
        self.write(header::DEVICE, &stat.dev().to_ne_bytes());
        self.write(header::INODE, &stat.ino().to_ne_bytes());
        self.write(header::NAME + NAME.len() as u64, path.as_os_str().as_encoded_bytes());
    }
}

fn fifo(path: &Path) {
    mknodat(CWD, path, FileType::Fifo, 0o600.into(), 0).unwrap();
}

pub(crate) fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

/// What is done, and whether it takes root.
pub(crate) type Damage = (&'static str, bool, fn(&Victim<'_>));

pub(crate) const DAMAGES: &[Damage] = &[
    ("nothing", false, |_| {}),
    ("cut off to nothing", false, |it| it.file().set_len(0).unwrap()),
    ("cut off in the header", false, |it| it.file().set_len(100).unwrap()),
    ("cut off in the name", false, |it| it.file().set_len(header::NAME + 2).unwrap()),
    ("cut off behind the header", false, |it| it.file().set_len(4096).unwrap()),
    ("made longer", false, |it| it.file().set_len(1 << 30).unwrap()),
    ("zeroed", false, |it| it.write(0, &[0; 8192])),
    ("random", false, |it| it.write(0, &Random(1).bytes(8192))),
    ("of a future version", false, |it| it.write(header::VERSION, &99_u32.to_ne_bytes())),
    ("marked dead", false, |it| it.write(header::WORD, &2_u64.to_ne_bytes())),
    ("marked dying", false, |it| it.write(header::WORD, &7_u64.to_ne_bytes())),
    ("with a size beyond its end", false, |it| it.write(header::SIZE, &(1_u64 << 40).to_ne_bytes())),
    ("with a path of 4 GiB", false, |it| {
        it.file().set_len(5 << 30).unwrap();
        it.write(header::PATH_BYTES, &u32::MAX.to_ne_bytes());
    }),
    ("with a name that climbs", false, |it| {
        it.write(header::NAME_BYTES, &12_u32.to_ne_bytes());
        it.write(header::NAME, b"../../object");
    }),
    ("with another's name", false, |it| it.write(header::NAME, b"viktor")),
    ("with the path of a file elsewhere", false, |it| it.lead_to(&it.canary.path("file"))),
    ("with the path of a FIFO", false, |it| {
        fifo(&it.canary.path("fifo"));
        it.lead_to(&it.canary.path("fifo"));
        it.write(header::SIZE, &0_u64.to_ne_bytes());
    }),
    ("with the path of a directory", false, |it| it.lead_to(&it.canary.path("empty"))),
    ("with a FIFO of this process as its bytes", false, |it| {
        fifo(&it.canary.path("fifo"));
        let file = rustix::fs::open(it.canary.path("fifo"), rustix::fs::OFlags::RDWR, 0.into()).unwrap();
        let stat = rustix::fs::fstat(&file).unwrap();
        let namespace = fs::metadata("/proc/self/ns/pid").unwrap().ino();
        it.write(header::LOCATION, &1_u32.to_ne_bytes());
        it.write(header::SIZE, &0_u64.to_ne_bytes());
        it.write(header::DEVICE, &stat.st_dev.to_ne_bytes());
        it.write(header::INODE, &stat.st_ino.to_ne_bytes());
        it.write(header::SLOTS, &std::process::id().to_ne_bytes());
        it.write(header::SLOTS + 4, &file.as_raw_fd().to_ne_bytes());
        it.write(header::SLOTS + 8, &namespace.to_ne_bytes());
        // For as long as the test runs: it is what an opener is to be led to.
        std::mem::forget(file);
    }),
    ("a FIFO", false, |it| it.replace(fifo)),
    ("a socket", false, |it| it.replace(|path| drop(std::os::unix::net::UnixListener::bind(path).unwrap()))),
    ("a directory", false, |it| it.replace(|path| fs::create_dir(path).unwrap())),
    ("a loose link", false, |it| it.replace(|path| symlink("nowhere", path).unwrap())),
    ("a link to a file elsewhere", false, |it| {
        it.replace(|path| symlink(it.canary.path("file"), path).unwrap())
    }),
    ("a hard link to a file elsewhere", false, |it| {
        it.replace(|path| fs::hard_link(it.canary.path("file"), path).unwrap());
    }),
    ("a hard link to itself elsewhere", false, |it| {
        fs::hard_link(it.entry(), it.canary.path("object/e")).unwrap();
    }),
    ("a device", true, |it| {
        it.replace(|path| {
            mknodat(CWD, path, FileType::CharacterDevice, 0o666.into(), rustix::fs::makedev(1, 5)).unwrap();
        });
    }),
    ("of another user", true, |it| chown(it.entry(), Some(65_534), Some(65_534)).unwrap()),
    ("for nobody", false, |it| mode(&it.entry(), 0)),
    ("to be read only", false, |it| mode(&it.entry(), 0o444)),
    ("for everybody, and with a sticky bit", false, |it| mode(&it.entry(), 0o7777)),
    ("removed", false, |it| fs::remove_file(it.entry()).unwrap()),
    ("renamed", false, |it| fs::rename(it.entry(), it.directory().join("f")).unwrap()),
    ("not alone", false, |it| fs::write(it.directory().join("f"), "somebody's").unwrap()),
    ("its directory is a file", false, |it| it.replace_all(|path| fs::write(path, "somebody's").unwrap())),
    ("its directory is a FIFO", false, |it| it.replace_all(fifo)),
    ("its directory is a link to itself elsewhere", false, |it| {
        it.replace_all(|path| symlink(it.canary.path("object/was"), path).unwrap());
    }),
    ("its directory is a link to an empty one", false, |it| {
        it.replace_all(|path| symlink(it.canary.path("empty"), path).unwrap());
    }),
    ("its directory is empty", false, |it| it.replace_all(|path| fs::create_dir(path).unwrap())),
    ("its directory is gone", false, |it| it.replace_all(|_| {})),
    ("its directory is for nobody", false, |it| mode(&it.directory(), 0)),
    ("its directory has another name", false, |it| {
        fs::rename(it.directory(), it.namespace.join("other")).unwrap();
    }),
];
