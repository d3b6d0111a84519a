//! Every kind of damage to what stands under a name, and every operation that meets it: the outcome of each is in
//! `outcomes.txt`, one line for each damage, kind of object, and whether somebody holds it.

use crate::patience::within;
use crate::random::Random;
use crate::scratch::thread::is_root;
use crate::scratch::{Private, child, skipped};
use rustix::fs::{CWD, FileType, mknodat};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;
use veduta::{
    Code, Disposition, Event, Namespace, Result, Section, SweepMode, ViewAccess, Waitable, wait_all,
};

const NAME: &str = "victim";
const SIZE: u64 = 4096;

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
    pub(crate) fn new() -> Canary {
        let canary = Canary(crate::scratch::directory());
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
struct Victim<'a> {
    namespace: &'a Path,
    canary: &'a Canary,
}

impl Victim<'_> {
    fn directory(&self) -> PathBuf {
        self.namespace.join(NAME)
    }

    fn entry(&self) -> PathBuf {
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

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

/// What is done, and whether it takes root.
type Damage = (&'static str, bool, fn(&Victim<'_>));

const DAMAGES: &[Damage] = &[
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

#[derive(Clone, Copy)]
enum Kind {
    Section,
    Event,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Kind::Section => "section",
            Kind::Event => "event",
        }
    }

    fn open(self, namespace: &Namespace) -> Result<()> {
        match self {
            Kind::Section => {
                let section = Section::options().namespace(namespace).open(NAME)?;
                section.map(ViewAccess::Read)?.read_at(0, &mut [0; 8])
            }
            Kind::Event => {
                let event = Event::options().namespace(namespace).open(NAME)?;
                event.set()?;
                event.wait(Duration::from_millis(1)).map(drop)
            }
        }
    }

    fn create(self, namespace: &Namespace) -> Result<Disposition> {
        Ok(match self {
            Kind::Section => Section::options().size(SIZE).namespace(namespace).create(NAME)?.1,
            Kind::Event => Event::options().namespace(namespace).create(NAME)?.1,
        })
    }
}

fn outcome<T>(result: Result<T>, good: impl FnOnce(T) -> String) -> String {
    match result {
        Ok(value) => good(value),
        Err(error) => match error.code() {
            Code::FILE_NOT_FOUND => "absent".to_owned(),
            Code::INVALID_DATA => "malformed".to_owned(),
            Code::REVISION_MISMATCH => "revision".to_owned(),
            Code::ACCESS_DENIED => "denied".to_owned(),
            Code::PATH_NOT_FOUND => "no path".to_owned(),
            Code::SWAPERROR => "bytes gone".to_owned(),
            code => code.to_string(),
        },
    }
}

type Act = fn(&Namespace, Kind) -> String;

const ACTS: &[(&str, Act)] = &[
    ("open", |namespace, kind| outcome(kind.open(namespace), |()| "ok".to_owned())),
    ("create", |namespace, kind| {
        outcome(kind.create(namespace), |disposition| format!("{disposition:?}").to_lowercase())
    }),
    ("find", |namespace, _| outcome(namespace.object(NAME), |_| "ok".to_owned())),
    ("list", |namespace, _| {
        outcome(namespace.objects(), |listing| {
            let counts = (listing.objects.len(), listing.stale.len(), listing.problems.len());
            match counts {
                (1, 0, 0) => "live".to_owned(),
                (0, 1, 0) => "stale".to_owned(),
                (0, 0, 1) => "problem".to_owned(),
                (0, 0, 0) => "nothing".to_owned(),
                counts => format!("{counts:?}"),
            }
        })
    }),
    ("dry run", |namespace, _| sweep(namespace, SweepMode::DryRun)),
    ("sweep", |namespace, _| sweep(namespace, SweepMode::Remove)),
];

fn sweep(namespace: &Namespace, mode: SweepMode) -> String {
    outcome(namespace.sweep(mode), |sweep| match (sweep.removed.len(), sweep.problems.len()) {
        (0, 0) => "nothing".to_owned(),
        (1, 0) => "removed".to_owned(),
        (0, 1) => "problem".to_owned(),
        counts => format!("{counts:?}"),
    })
}

/// Does one thing with one victim, and says what came of it: for who does it, and for who holds it, if anybody does.
fn try_one(damage: &Damage, kind: Kind, holder: Option<&mut child::Actor>, act: Act) -> (String, String) {
    let (private, canary) = (Private::new(), Canary::new());
    let path = private.path().to_str().unwrap();
    let victim = Victim { namespace: private.path(), canary: &canary };
    let mut holder = match holder {
        Some(holder) => {
            holder.tell(&format!("hold {} {path}", kind.word()));
            assert_eq!(holder.hear(), "held");
            Some(holder)
        }
        None => {
            // As a killed process leaves it: a copy that nobody holds.
            let elsewhere = Private::new();
            let namespace = elsewhere.namespace();
            let held = match kind {
                Kind::Section => {
                    (Some(Section::options().size(SIZE).namespace(namespace).create_new(NAME).unwrap()), None)
                }
                Kind::Event => (None, Some(Event::options().namespace(namespace).create_new(NAME).unwrap())),
            };
            fs::create_dir(victim.directory()).unwrap();
            fs::copy(elsewhere.path().join(NAME).join("e"), victim.entry()).unwrap();
            drop(held);
            None
        }
    };
    damage.2(&victim);
    let before = canary.state();
    let label = format!("{}: {}", damage.0, kind.word()).leak();
    let done = within(Duration::ZERO, label, || act(private.namespace(), kind));
    let mut held = String::new();
    if let Some(holder) = &mut holder {
        for word in ["use", "close"] {
            holder.tell(word);
            let _ = write!(held, "{word} {}, ", holder.hear());
        }
    }
    assert_eq!(canary.state(), before, "{label}: {done}: nothing outside is touched");
    mode_back(&victim);
    (done, held)
}

/// Lets the test remove what it made.
fn mode_back(victim: &Victim<'_>) {
    if victim.directory().is_dir() && !victim.directory().is_symlink() {
        mode(&victim.directory(), 0o700);
    }
}

/// Without the right to override modes: root is an owner like any other then.
fn without_override(test: impl FnOnce() + Send) {
    use rustix::thread::{CapabilitySet, capabilities, set_capabilities};
    let ended = std::thread::scope(|scope| {
        scope
            .spawn(|| {
                let mut mine = capabilities(None).unwrap();
                mine.effective.remove(CapabilitySet::DAC_OVERRIDE | CapabilitySet::DAC_READ_SEARCH);
                set_capabilities(None, mine).unwrap();
                test();
            })
            .join()
    });
    if let Err(panic) = ended {
        std::panic::resume_unwind(panic);
    }
}

#[test]
fn each_damage_has_its_outcome_for_each_operation() {
    if !is_root() {
        skipped("only root can give a file away, or make a device");
    }
    let expected = include_str!("outcomes.txt");
    without_override(|| {
        let mut holder = child::play("files::role_hold", &[]);
        let mut wrong = String::new();
        for damage in DAMAGES.iter().filter(|(_, takes_root, _)| !takes_root || is_root()) {
            for kind in [Kind::Section, Kind::Event] {
                for held in [false, true] {
                    let mut line =
                        format!("{} | {} | {} |", damage.0, kind.word(), if held { "held" } else { "stale" });
                    let mut holders = Vec::new();
                    for (what, act) in ACTS {
                        let (done, left) = try_one(damage, kind, held.then_some(&mut holder), *act);
                        let _ = write!(line, " {what} {done},");
                        if !holders.contains(&left) {
                            holders.push(left);
                        }
                    }
                    let line = format!(
                        "{} | {}",
                        line.trim_end_matches(','),
                        holders.join("or ").trim_end_matches(", ")
                    );
                    let line = line.trim_end_matches(" | ");
                    if !expected.lines().any(|one| one == line) {
                        let _ = writeln!(wrong, "{line}");
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "outcomes.txt does not say so:\n{wrong}");
    });
}

#[test]
#[ignore = "a role: holds objects, uses them, and lets go of them"]
fn role_hold() {
    without_override(|| {
        loop {
            let line = child::listen();
            let Some(("hold", rest)) = line.split_once(' ') else { break };
            let (kind, path) = rest.split_once(' ').unwrap();
            let namespace = Namespace::at(path).unwrap();
            match kind {
                "section" => {
                    let section =
                        Section::options().size(SIZE).namespace(&namespace).create_new(NAME).unwrap();
                    let view = section.map(ViewAccess::Write).unwrap();
                    serve(|| {
                        view.fill(0..SIZE as usize, 1)?;
                        section.map(ViewAccess::Read)?.read_at(0, &mut [0; 16])
                    });
                    drop(view);
                    within(Duration::ZERO, "close", || drop(section));
                }
                _ => {
                    let event = Event::options().namespace(&namespace).create_new(NAME).unwrap();
                    let other = Event::options().create_unnamed().unwrap();
                    serve(|| {
                        let brief = Duration::from_millis(1);
                        event.set()?;
                        let _ = event.wait(brief)?;
                        let _ = wait_all(&[&event, &other], brief)?;
                        event.pulse()?;
                        event.reset()?;
                        event.state().map(drop)
                    });
                    within(Duration::ZERO, "close", || drop(event));
                }
            }
            child::say("ok");
        }
    });
}

/// Uses what is held when told to, and says how it went.
fn serve(r#use: impl Fn() -> Result<()>) {
    child::say("held");
    assert_eq!(child::listen(), "use");
    child::say(within(Duration::from_millis(2), "use", || outcome(r#use(), |()| "ok".to_owned())));
    assert_eq!(child::listen(), "close");
}
