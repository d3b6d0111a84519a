//! The other side of an [`Actor`](super::Actor): a process that obeys.

use super::reply::{Description, Incarnation, Refusal};
use super::world::{address, role_command};
use super::{cell, sync};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags,
};
use rustix::process::{DumpableBehavior, Signal, set_dumpable_behavior, set_parent_process_death_signal};
use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::env;
use std::fs::File;
use std::hash::BuildHasher;
use std::io::{BufRead, BufReader, IoSlice, IoSliceMut, Write, stdin};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixStream};
use std::sync::atomic::{AtomicU64, Ordering};
use veduta::os::InheritExt;
use veduta::os::unix::{HandleExt, MAX_DESCRIPTORS};
use veduta::{
    Commit, Disposition, Namespace, Pages, Protection, Result, Section, SectionAccess, SweepMode, View,
    ViewAccess,
};

/// Set for an actor that finds its test on standard input.
pub const START_ON_STDIN: &str = "VEDUTA_TEST_ACTOR";
/// Where an actor reports that another actor started.
pub const CONNECT: &str = "VEDUTA_TEST_CONNECT";

const PAGE: u64 = 4096;

#[test]
#[ignore = "a role: tests start it in processes of their own"]
fn actor() {
    if env::var_os(START_ON_STDIN).is_some() {
        let line = stdin().as_fd().try_clone_to_owned().expect("a descriptor is left");
        // So that a stopped one does not outlive a test that was killed itself.
        set_parent_process_death_signal(Some(Signal::KILL)).expect("every process may");
        Stage::on(line.into()).obey();
    } else if let Ok(meeting) = env::var(CONNECT) {
        let mut stage = Stage::on(report_to(&meeting));
        stage.say("ok\t");
        stage.obey();
    }
}

/// What an actor has.
pub struct Stage {
    line: BufReader<UnixStream>,
    handles: HashMap<String, Vec<Section>>,
    views: HashMap<String, Vec<View>>,
    pub(super) objects: HashMap<String, sync::Object>,
    mailbox: Option<UnixDatagram>,
    /// Descriptors that it only keeps open.
    exposed: Vec<OwnedFd>,
}

/// What an actor does when it is told a word, given the words behind it.
pub type Verb = fn(&mut Stage, &[&str]) -> Result<String>;

/// All that an actor can do.
const VERBS: &[(&str, Verb)] = &[
    ("create", create),
    ("open", open),
    ("open-all-the-time", |_, words| {
        let name = words[0].to_owned();
        // Ends with the process.
        std::thread::spawn(move || while Section::options().open(&name).is_ok() {});
        done()
    }),
    ("duplicate", duplicate),
    ("close", |stage, words| {
        drop(stage.take(words[0]));
        done()
    }),
    ("let-go", |stage, _| {
        stage.let_go();
        done()
    }),
    ("leave", |stage, _| {
        stage.let_go();
        std::process::exit(0)
    }),
    ("map", |stage, words| {
        let access = match words[1] {
            "r" => ViewAccess::Read,
            "rw" => ViewAccess::Write,
            "rx" => ViewAccess::ExecuteRead,
            other => panic!("r, rw or rx, not {other}"),
        };
        let view = stage.handle(words[0]).map(access)?;
        stage.views.entry(words[0].to_owned()).or_default().push(view);
        done()
    }),
    ("unmap", |stage, words| {
        stage.views.get_mut(words[0]).and_then(Vec::pop).expect("it has a view");
        done()
    }),
    ("peek", |stage, words| {
        let offset = number(words[1]) as usize;
        let value = match stage.view(words[0]) {
            Some(view) => view.load::<u64>(offset, Ordering::SeqCst)?,
            None => stage.handle(words[0]).map(ViewAccess::Read)?.load(offset, Ordering::SeqCst)?,
        };
        Ok(value.to_string())
    }),
    ("poke", |stage, words| {
        let (offset, value) = (number(words[1]) as usize, number(words[2]));
        match stage.view(words[0]) {
            Some(view) => view.store(offset, value, Ordering::SeqCst)?,
            None => stage.handle(words[0]).map(ViewAccess::Write)?.store(offset, value, Ordering::SeqCst)?,
        }
        done()
    }),
    ("touch", |stage, words| {
        let view = stage.handle(words[0]).map(ViewAccess::Write)?;
        view.fill(size_of::<u64>()..view.len(), 0xA5)?;
        done()
    }),
    ("list", list),
    ("sweep", sweep),
    ("describe", |_, words| {
        let (namespace, name) = namespace_of(words[0])?;
        Ok(Description::encode(&namespace.object(name)?))
    }),
    ("sync", sync::create),
    ("wait-any", sync::any),
    ("wait-all", sync::all),
    ("signal", sync::signal),
    ("reset", sync::reset),
    ("pulse", sync::pulse),
    ("forget", sync::forget),
    ("fork", fork),
    ("child", child),
    ("make-inheritable", |stage, words| {
        let section = stage.take(words[0]).into_inheritable()?;
        let numbers = section.inherited_numbers().expect("it is inheritable");
        stage.keep(words[0], section);
        Ok(numbers)
    }),
    ("expose", expose),
    ("inherit", inherit),
    ("mailbox", |stage, words| {
        stage.mailbox = Some(UnixDatagram::bind_addr(&address(words[0])).expect("the address is free"));
        done()
    }),
    ("send", send),
    ("receive", receive),
    ("become", cell::become_user),
    ("hide", |_, _| {
        set_dumpable_behavior(DumpableBehavior::NotDumpable).expect("every process may");
        done()
    }),
    ("find-ways-to-write", cell::find_ways_to_write),
    ("vandalize", cell::vandalize),
    ("enter-cell", cell::enter),
    ("enter-pid-namespace", cell::enter_pid_namespace),
];

pub(super) fn done() -> Result<String> {
    Ok(String::new())
}

pub(super) fn number(word: &str) -> u64 {
    word.parse().expect("a number was meant")
}

impl Stage {
    fn on(line: UnixStream) -> Stage {
        Stage {
            line: BufReader::new(line),
            handles: HashMap::new(),
            views: HashMap::new(),
            objects: HashMap::new(),
            mailbox: None,
            exposed: Vec::new(),
        }
    }

    fn obey(mut self) {
        loop {
            let mut told = String::new();
            // The test is over, or gone. Handles are left to the kernel, as by any program that ends.
            if self.line.read_line(&mut told).expect("a socket can be read") == 0 {
                std::process::exit(0);
            }
            let words: Vec<_> = told.trim_end_matches('\n').split('\t').collect();
            let (_, verb) = VERBS.iter().find(|(word, _)| *word == words[0]).expect("the word is a verb");
            match verb(&mut self, &words[1..]) {
                Ok(answer) => self.say(&format!("ok\t{answer}")),
                Err(error) => self.say(&Refusal::encode(&error)),
            }
        }
    }

    fn say(&mut self, answer: &str) {
        writeln!(self.line.get_mut(), "{answer}").expect("the test listens");
    }

    fn keep(&mut self, name: &str, section: Section) {
        self.handles.entry(name.to_owned()).or_default().push(section);
    }

    fn take(&mut self, name: &str) -> Section {
        self.handles.get_mut(name).and_then(Vec::pop).expect("it has a handle")
    }

    /// Its latest handle to a name.
    pub fn handle(&self, name: &str) -> &Section {
        self.handles.get(name).and_then(|handles| handles.last()).expect("it has a handle")
    }

    fn view(&self, name: &str) -> Option<&View> {
        self.views.get(name).and_then(|views| views.last())
    }

    fn let_go(&mut self) {
        self.handles.clear();
        self.views.clear();
        self.objects.clear();
    }
}

/// The namespace that a name belongs to, and what the name is called there. A private name is the path of its namespace, a
/// slash, and the name.
pub(super) fn namespace_of(name: &str) -> Result<(Namespace, &str)> {
    match name.rsplit_once('/') {
        Some((directory, name)) => Ok((Namespace::at(directory)?, name)),
        None if name.starts_with(r"Global\") => Ok((Namespace::global()?, name)),
        None => Ok((Namespace::local()?, name)),
    }
}

/// Which incarnation a handle shows. A new one gets its number from whoever can write it first.
fn incarnation(section: &Section) -> Result<Incarnation> {
    if !section.access().contains(SectionAccess::WRITE) || !section.protection().writes_shared() {
        return Ok(Incarnation(section.map(ViewAccess::Read)?.load(0, Ordering::SeqCst)?));
    }
    let view = section.view().access(ViewAccess::Write).len(8).map()?;
    let number = view.atomic::<AtomicU64>(0)?;
    let mine = RandomState::new().hash_one(std::process::id()) | 1;
    let seen = number.compare_exchange(0, mine, Ordering::SeqCst, Ordering::SeqCst);
    Ok(Incarnation(seen.map_or_else(|theirs| theirs, |_| mine)))
}

pub fn decode_incarnation(answer: &str) -> Incarnation {
    Incarnation(number(answer))
}

pub fn decode_created(answer: &str) -> (Disposition, Incarnation) {
    match answer.split_once('\t').expect("an answer to create has two parts") {
        ("Created", number) => (Disposition::Created, decode_incarnation(number)),
        (_, number) => (Disposition::Opened, decode_incarnation(number)),
    }
}

fn create(stage: &mut Stage, words: &[&str]) -> Result<String> {
    let [name, settings @ ..] = words else { panic!("create what?") };
    let mut options = Section::options();
    let mut file = None;
    options.size(PAGE);
    for setting in settings {
        match setting.split_once('=').expect("settings are key=value") {
            ("size", bytes) => options.size(number(bytes)),
            ("mode", mode) => options.mode(u32::from_str_radix(mode, 8).expect("modes are octal")),
            ("commit", "now") => options.commit(Commit::Now),
            ("commit", "checked") => options.commit(Commit::Checked),
            ("pages", "huge") => options.pages(Pages::Huge),
            ("protection", "r") => options.protection(Protection::ReadOnly),
            ("protection", "rx") => options.protection(Protection::ExecuteRead),
            ("file", path) => {
                let mut how = File::options();
                how.read(true).write(true).create(true).truncate(false);
                file = Some(how.open(path).expect("this user may have the file"));
                &mut options
            }
            _ => panic!("no such setting: {setting}"),
        };
    }
    if let Some(file) = &file {
        options.file(file);
    }
    let (namespace, plain) = namespace_of(name)?;
    let (section, disposition) = match name.contains('/') {
        true => options.namespace(&namespace).create(plain)?,
        false => options.create(name)?,
    };
    let incarnation = incarnation(&section)?;
    stage.keep(name, section);
    Ok(format!("{disposition:?}\t{}", incarnation.0))
}

/// The rights that the word stands for.
fn access(word: &str) -> SectionAccess {
    match word {
        "r" => SectionAccess::READ,
        "rw" => SectionAccess::READ | SectionAccess::WRITE,
        _ => panic!("r or rw, not {word}"),
    }
}

fn open(stage: &mut Stage, words: &[&str]) -> Result<String> {
    let mut options = Section::options();
    options.access(access(words[1]));
    let (namespace, plain) = namespace_of(words[0])?;
    let section = match words[0].contains('/') {
        true => options.namespace(&namespace).open(plain)?,
        false => options.open(words[0])?,
    };
    let incarnation = incarnation(&section)?;
    stage.keep(words[0], section);
    Ok(incarnation.0.to_string())
}

fn duplicate(stage: &mut Stage, words: &[&str]) -> Result<String> {
    let duplicate = stage.handle(words[0]).try_clone_with(access(words[1]))?;
    stage.keep(words[0], duplicate);
    done()
}

fn list(_: &mut Stage, words: &[&str]) -> Result<String> {
    let listing = namespace_of(words[0])?.0.objects()?;
    let names = listing.objects.iter().map(|object| format!("+{}", object.name));
    let stale = listing.stale.iter().map(|name| format!("-{name}"));
    let problems =
        listing.problems.iter().map(|problem| format!("!{}: {}", problem.file_name, problem.error));
    Ok(names.chain(stale).chain(problems).collect::<Vec<_>>().join("\t"))
}

fn sweep(_: &mut Stage, words: &[&str]) -> Result<String> {
    let sweep = namespace_of(words[0])?.0.sweep(SweepMode::Remove)?;
    let removed = sweep.removed.iter().map(|swept| format!("+{}", swept.name));
    let problems = sweep.problems.iter().map(|problem| format!("!{}: {}", problem.file_name, problem.error));
    Ok(removed.chain(problems).collect::<Vec<_>>().join("\t"))
}

fn report_to(meeting: &str) -> UnixStream {
    let address = SocketAddr::from_abstract_name(meeting).expect("the name is short");
    UnixStream::connect_addr(&address).expect("the test listens")
}

/// Both processes answer: the parent its test, the child whoever meets it.
fn fork(stage: &mut Stage, words: &[&str]) -> Result<String> {
    if fork_process() {
        stage.line = BufReader::new(report_to(words[0]));
        // Standard input is the line to our parent's test, which waits for that to close.
        let nothing = File::open("/dev/null").expect("it is there");
        rustix::stdio::dup2_stdin(nothing).expect("standard input is open");
    }
    done()
}

#[allow(clippy::zombie_processes, reason = "the test watches it, and an actor does not live long")]
fn child(_: &mut Stage, words: &[&str]) -> Result<String> {
    let mut command = role_command("support::stage::actor");
    command.env_remove("VEDUTA_STEP").env(CONNECT, words[0]);
    command.spawn().expect("this program can be started again");
    done()
}

/// Whether this is the child.
#[allow(unsafe_code, reason = "the standard library does not fork")]
pub fn fork_process() -> bool {
    // SAFETY: the child has this thread only. The other one waits in the harness for this one and holds nothing that an
    // actor uses; malloc sees to itself.
    let pid = unsafe { libc::fork() };
    assert_ne!(pid, -1, "a process may fork");
    pid == 0
}

/// Takes its latest handle apart, and keeps the descriptors at numbers that no child has in use for anything else.
fn expose(stage: &mut Stage, words: &[&str]) -> Result<String> {
    let low = stage.take(words[0]).into_descriptors()?;
    let high = low.iter().map(|fd| rustix::io::fcntl_dupfd_cloexec(fd, 500).expect("descriptors are left"));
    stage.exposed = high.collect();
    let numbers: Vec<_> = stage.exposed.iter().map(|fd| fd.as_raw_fd().to_string()).collect();
    Ok(numbers.join(","))
}

fn inherit(stage: &mut Stage, words: &[&str]) -> Result<String> {
    #[allow(unsafe_code, reason = "only the caller knows whose descriptors these are")]
    // SAFETY: the numbers are the parent's, which started this process; nothing else here has looked at them.
    let section = unsafe { Section::from_inherited(words[1]) }?;
    let incarnation = incarnation(&section)?;
    stage.keep(words[0], section);
    Ok(incarnation.0.to_string())
}

fn send(stage: &mut Stage, words: &[&str]) -> Result<String> {
    let descriptors = stage.take(words[0]).into_descriptors()?;
    let borrowed: Vec<BorrowedFd<'_>> = descriptors.iter().map(OwnedFd::as_fd).collect();
    let socket = UnixDatagram::unbound().expect("a socket can be had");
    socket.connect_addr(&address(words[1])).expect("the mailbox is open");
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    assert!(control.push(SendAncillaryMessage::ScmRights(&borrowed)), "there is space for all");
    let sent = rustix::net::sendmsg(&socket, &[IoSlice::new(b"a handle")], &mut control, SendFlags::empty());
    sent.expect("the mailbox has room");
    done()
}

fn receive(stage: &mut Stage, words: &[&str]) -> Result<String> {
    let mailbox = stage.mailbox.take().expect("it has a mailbox");
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut text = [0; 16];
    rustix::net::recvmsg(&mailbox, &mut [IoSliceMut::new(&mut text)], &mut control, RecvFlags::empty())
        .expect("there is mail");
    let mut descriptors = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(received) = message {
            descriptors.extend(received);
        }
    }
    let section = Section::from_descriptors(descriptors)?;
    let incarnation = incarnation(&section)?;
    stage.keep(words[0], section);
    Ok(incarnation.0.to_string())
}
