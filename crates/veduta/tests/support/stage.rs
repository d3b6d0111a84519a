//! The other side of an [`Actor`](super::Actor): a process that obeys.

use super::reply::{Description, Incarnation, Refusal};
use super::sync;
use super::system::{self, Line, Post};
use super::world::{CONNECT, START, role_command};
use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::env;
use std::fs::File;
use std::hash::BuildHasher;
use std::io::{BufRead, BufReader, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use veduta::os::InheritExt;
use veduta::{
    Commit, Disposition, Namespace, Pages, Protection, Result, Section, SectionAccess, SweepMode, View,
    ViewAccess,
};

const PAGE: u64 = 4096;

#[test]
#[ignore = "a role: tests start it in processes of their own"]
fn actor() {
    if let Ok(starter) = env::var(START) {
        Stage::on(system::line_to_starter(&starter)).obey();
    } else if let Ok(meeting) = env::var(CONNECT) {
        let mut stage = Stage::on(system::report_to(&meeting));
        stage.say("ok\t");
        stage.obey();
    }
}

/// What an actor has.
pub struct Stage {
    line: BufReader<Line>,
    handles: HashMap<String, Vec<Section>>,
    views: HashMap<String, Vec<View>>,
    pub(super) objects: HashMap<String, sync::Object>,
    pub(super) post: Post,
}

/// What an actor does when it is told a word, given the words behind it.
pub type Verb = fn(&mut Stage, &[&str]) -> Result<String>;

/// All that an actor can do, besides what it can do on one system only.
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
    ("child", child),
    ("make-inheritable", |stage, words| {
        let section = stage.take(words[0]).into_inheritable()?;
        let numbers = section.inherited_numbers().expect("it is inheritable");
        stage.keep(words[0], section);
        Ok(numbers)
    }),
    ("inherit", inherit),
];

pub(super) fn done() -> Result<String> {
    Ok(String::new())
}

pub(super) fn number(word: &str) -> u64 {
    word.parse().expect("a number was meant")
}

impl Stage {
    fn on(line: Line) -> Stage {
        Stage {
            line: BufReader::new(line),
            handles: HashMap::new(),
            views: HashMap::new(),
            objects: HashMap::new(),
            post: Post::default(),
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
            let (_, verb) = VERBS
                .iter()
                .chain(system::VERBS.iter().copied().flatten())
                .find(|(word, _)| *word == words[0])
                .expect("the word is a verb");
            match verb(&mut self, &words[1..]) {
                Ok(answer) => self.say(&format!("ok\t{answer}")),
                Err(error) => self.say(&Refusal::encode(&error)),
            }
        }
    }

    /// Goes on with another line.
    pub(super) fn speak_on(&mut self, line: Line) {
        self.line = BufReader::new(line);
    }

    fn say(&mut self, answer: &str) {
        writeln!(self.line.get_mut(), "{answer}").expect("the test listens");
    }

    fn keep(&mut self, name: &str, section: Section) {
        self.handles.entry(name.to_owned()).or_default().push(section);
    }

    pub(super) fn take(&mut self, name: &str) -> Section {
        self.handles.get_mut(name).and_then(Vec::pop).expect("it has a handle")
    }

    /// Its latest handle to a name.
    pub fn handle(&self, name: &str) -> &Section {
        self.handles.get(name).and_then(|handles| handles.last()).expect("it has a handle")
    }

    /// Keeps a handle that came from elsewhere under a name; says which incarnation it shows.
    pub(super) fn adopt(&mut self, name: &str, section: Section) -> Result<String> {
        let incarnation = incarnation(&section)?;
        self.keep(name, section);
        Ok(incarnation.0.to_string())
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
    stage.adopt(words[0], section)
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

#[allow(clippy::zombie_processes, reason = "the test watches it, and an actor does not live long")]
fn child(_: &mut Stage, words: &[&str]) -> Result<String> {
    let mut command = role_command("support::stage::actor");
    command.env_remove("VEDUTA_STEP").env(CONNECT, words[0]);
    command.spawn().expect("this program can be started again");
    done()
}

fn inherit(stage: &mut Stage, words: &[&str]) -> Result<String> {
    #[allow(unsafe_code, reason = "only the caller knows whose descriptors these are")]
    // SAFETY: the numbers are the parent's, which started this process; nothing else here has looked at them.
    let section = unsafe { Section::from_inherited(words[1]) }?;
    stage.adopt(words[0], section)
}
