//! Who takes part: the program in C, twice, and the same in Rust.

use std::hint::black_box;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};
use veduta::{Event, Mutex, Section, SectionAccess, ViewAccess, Waitable, Waited};

pub(crate) trait Contestant {
    /// Does it so often; says how long all of it took.
    fn turn(&mut self, what: &str, count: u64) -> Duration;
}

/// What was built of turns.c.
pub(crate) struct Built {
    pub(crate) native: PathBuf,
    /// The same with the library in it, as Rust programs have it.
    pub(crate) linked: PathBuf,
    pub(crate) windows: Option<PathBuf>,
    pub(crate) prefix: PathBuf,
    /// Why there is nothing for Windows.
    pub(crate) why_not: String,
}

fn crate_root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn build() -> Built {
    let source = crate_root().join("benches/wine/turns.c");
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-wine");
    let prefix = out.join("installed");
    std::fs::create_dir_all(&out).expect("a directory to build in");
    // As it is installed, which is not how Cargo builds it for tests.
    run(Command::new(crate_root().join("packaging/install"))
        .arg("--prefix")
        .arg(&prefix)
        .env("CARGO_TARGET_DIR", out.join("target")));
    let compile = |program: &str, library: &[&str]| {
        let program = out.join(program);
        let mut command = Command::new("gcc");
        command.args(["-O2", "-fshort-wchar", "-I"]).arg(prefix.join("include/veduta-win32")).arg(&source);
        run(command.arg("-L").arg(prefix.join("lib")).args(library).arg("-o").arg(&program));
        program
    };
    let rpath = format!("-Wl,-rpath,{}", prefix.join("lib").display());
    let native = compile("turns", &["-lveduta_win32", &rpath]);
    let linked = compile("turns-linked", &["-l:libveduta_win32.a", "-lpthread", "-lm", "-ldl"]);
    let windows = out.join("turns.exe");
    let prefix = out.join("wine");
    let mut why_not = String::new();
    let built = ["x86_64-w64-mingw32-gcc", "wine"].iter().all(|program| {
        let there =
            Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        let there = there.is_ok_and(|status| status.success());
        if !there {
            why_not = format!("{program} is not installed");
        }
        there
    });
    if built {
        run(Command::new("x86_64-w64-mingw32-gcc").arg("-O2").arg(&source).arg("-o").arg(&windows));
        // The first program in a new prefix waits until that is set up.
        run(under_wine(&prefix).args(["cmd", "/c", "exit"]).stdout(Stdio::null()).stderr(Stdio::null()));
    }
    Built { native, linked, windows: built.then_some(windows), prefix, why_not }
}

fn run(command: &mut Command) {
    let status = command.status().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(status.success(), "{command:?}: {status}");
}

fn under_wine(prefix: &Path) -> Command {
    let mut command = Command::new("wine");
    command.env("WINEPREFIX", prefix).env("WINEDEBUG", "-all").env("WINEDLLOVERRIDES", "mscoree,mshtml=");
    command
}

/// A program that takes its turns when it is asked.
pub(crate) struct Program {
    child: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Program {
    /// Under Wine, if a prefix is given.
    pub(crate) fn start(program: &Path, prefix: Option<&PathBuf>) -> Program {
        let mut command = match prefix {
            None => Command::new(program),
            Some(prefix) => {
                let mut command = under_wine(prefix);
                command.arg(program);
                command
            }
        };
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let questions = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().expect("it is piped"));
        Program { child, questions, answers }
    }
}

impl Contestant for Program {
    fn turn(&mut self, what: &str, count: u64) -> Duration {
        let questions = self.questions.as_mut().expect("it is piped");
        writeln!(questions, "{what} {count}").expect("the program listens");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("the program answers");
        let nanoseconds = line.trim().parse().unwrap_or_else(|_| panic!("{what}: no time in {line:?}"));
        Duration::from_nanos(nanoseconds)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.questions = None;
        let ended = self.child.wait();
        assert!(ended.is_ok_and(|status| status.success()), "the program ends well");
    }
}

/// The same with the library below.
pub(crate) struct Rust {
    base: String,
    section: Section,
    mutex: Mutex,
    ping: Event,
    pong: Event,
    partner: Option<Child>,
}

/// For a partner that has died. Nothing comes near it.
const LONG: Duration = Duration::from_secs(60);

impl Rust {
    pub(crate) fn new() -> Rust {
        let base = format!(r"Local\bench rust {}", std::process::id());
        let event = |of| Event::options().create_new(&format!("{base} {of}")).expect("an event");
        Rust {
            section: Section::options()
                .size(65536)
                .create_new(&format!("{base} section"))
                .expect("a section"),
            mutex: Mutex::options().create_new(&format!("{base} mutex")).expect("a mutex"),
            ping: event("ping"),
            pong: event("pong"),
            partner: None,
            base,
        }
    }

    fn open(&self) {
        self.open_by_name("section");
    }

    fn reach(&self) {
        self.open_by_name("theirs");
    }

    fn open_by_name(&self, of: &str) {
        let name = format!("{} {of}", self.base);
        let mut options = Section::options();
        drop(black_box(options.access(SectionAccess::all()).open(&name).expect("a section")));
    }

    fn map(&self) {
        drop(black_box(self.section.map(ViewAccess::Write).expect("a view")));
    }

    fn lock(&self) {
        self.mutex.lock().expect("a mutex").unlock().expect("it is ours");
    }

    fn rally(&self) {
        self.ping.set().expect("an event");
        assert_eq!(self.pong.wait(LONG).expect("an event"), Waited::Signaled(0));
    }
}

impl Contestant for Rust {
    fn turn(&mut self, what: &str, count: u64) -> Duration {
        if matches!(what, "rally" | "reach") && self.partner.is_none() {
            let myself = std::env::current_exe().expect("a path");
            let partner = Command::new(myself).args(["answer", &self.base]).spawn().expect("a partner");
            self.partner = Some(partner);
            self.rally();
        }
        let turn = match what {
            "open" => Rust::open,
            "reach" => Rust::reach,
            "map" => Rust::map,
            "lock" => Rust::lock,
            _ => Rust::rally,
        };
        let begun = Instant::now();
        (0..count).for_each(|_| turn(self));
        begun.elapsed()
    }
}

impl Drop for Rust {
    fn drop(&mut self) {
        if let Some(partner) = &mut self.partner {
            let _gone = partner.kill();
            let _ended = partner.wait();
        }
    }
}

/// The partner of the ping-pong. It holds a section that nobody else has open.
pub(crate) fn answer(base: &str) {
    let theirs = Section::options().size(65536).create_new(&format!("{base} theirs"));
    let _held = theirs.expect("a section");
    let event = |of| Event::options().open(&format!("{base} {of}")).expect("an event");
    let (ping, pong) = (event("ping"), event("pong"));
    while ping.wait(LONG).expect("an event") == Waited::Signaled(0) {
        pong.set().expect("an event");
    }
}
