//! Peers that are programs: built here, asked by lines.
//!
//! A program reads lines "WHAT COUNT", does WHAT so often, and answers with the nanoseconds that all of it took, or with "-" if it
//! does not know WHAT. "version 0" it answers with a line about itself.

use crate::peer::Peer;
use std::cell::RefCell;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

/// All programs that could be built, at work and waiting for questions.
pub(crate) struct Programs {
    /// Our command line tool.
    pub(crate) tool: PathBuf,
    running: Vec<(Peer, Program)>,
    missing: Vec<String>,
}

impl Programs {
    pub(crate) fn build() -> Programs {
        let out = root().join("bench/target/programs");
        std::fs::create_dir_all(&out).expect("a directory to build in");
        let mut programs = Programs { tool: tool(&out), running: Vec::new(), missing: Vec::new() };
        programs.start(Peer::Posix, posix(&out));
        programs.start(Peer::Boost, boost(&out));
        programs.start(Peer::Python, python());
        programs.start(Peer::Win32, win32(&out));
        programs.start(Peer::Wine, wine(&out));
        programs
    }

    fn start(&mut self, peer: Peer, command: Result<Command, String>) {
        match command.map(Program::start) {
            Ok(program) => self.running.push((peer, program)),
            Err(why) => self.missing.push(format!("{peer}: {why}")),
        }
    }

    /// Those that know how to do it.
    pub(crate) fn able(&self, what: &str) -> impl Iterator<Item = (Peer, &Program)> {
        let known = move |program: &Program| program.ask(what, 0) != "-";
        self.running.iter().filter(move |(_, program)| known(program)).map(|(peer, program)| (*peer, program))
    }

    pub(crate) fn versions(&self) -> Vec<(Peer, String)> {
        self.running.iter().map(|(peer, program)| (*peer, program.ask("version", 0))).collect()
    }

    /// Who is not here, and why.
    pub(crate) fn missing(&self) -> Vec<String> {
        self.missing.clone()
    }
}

/// One that takes its turns when it is asked.
pub(crate) struct Program {
    child: Child,
    line: RefCell<Line>,
}

struct Line {
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Program {
    fn start(mut command: Command) -> Program {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let answers = BufReader::new(child.stdout.take().expect("it is piped"));
        let line = RefCell::new(Line { questions: child.stdin.take(), answers });
        Program { child, line }
    }

    fn ask(&self, what: &str, count: u64) -> String {
        let mut line = self.line.borrow_mut();
        let questions = line.questions.as_mut().expect("it is piped");
        writeln!(questions, "{what} {count}").expect("the program listens");
        questions.flush().expect("the program listens");
        let mut answer = String::new();
        line.answers.read_line(&mut answer).expect("the program answers");
        assert!(!answer.is_empty(), "{what}: the program ended");
        answer.trim().to_owned()
    }

    /// How long it takes to do it so often.
    pub(crate) fn turn(&self, what: &str, count: u64) -> Duration {
        let answer = self.ask(what, count);
        Duration::from_nanos(answer.parse().unwrap_or_else(|_| panic!("{what}: no time in {answer:?}")))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.line.get_mut().questions = None;
        let ended = self.child.wait();
        if !std::thread::panicking() {
            assert!(ended.is_ok_and(|status| status.success()), "the program ends well");
        }
    }
}

fn source(name: &str) -> PathBuf {
    root().join("bench/programs").join(name)
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this crate is part of the project")
}

/// Where cargo builds for us. Not where this program is being built: its directory is locked meanwhile.
fn target(out: &Path) -> PathBuf {
    out.join("target")
}

fn tool(out: &Path) -> PathBuf {
    let mut cargo = Command::new("cargo");
    cargo
        .args(["build", "--release", "--locked", "--package", "veduta-cli", "--target-dir"])
        .arg(target(out));
    done(cargo.current_dir(root())).unwrap_or_else(|why| panic!("{why}"));
    target(out).join("release/veduta")
}

fn posix(out: &Path) -> Result<Command, String> {
    let program = out.join("posix");
    let mut gcc = Command::new("gcc");
    done(gcc.args(["-O2", "-pthread", "-o"]).arg(&program).arg(source("posix.c")).arg("-lrt"))?;
    Ok(Command::new(program))
}

fn boost(out: &Path) -> Result<Command, String> {
    let program = out.join("boost");
    let mut gxx = Command::new("g++");
    done(gxx.args(["-O2", "-pthread", "-o"]).arg(&program).arg(source("boost.cpp")).arg("-lrt"))?;
    Ok(Command::new(program))
}

fn python() -> Result<Command, String> {
    done(Command::new("python3").args(["-c", "import mmap, multiprocessing.shared_memory"]))?;
    let mut python = Command::new("python3");
    python.arg(source("peers.py"));
    Ok(python)
}

/// The C interface, as it is installed.
fn win32(out: &Path) -> Result<Command, String> {
    let prefix = out.join("installed");
    let install = root().join("crates/veduta-win32/packaging/install");
    done(Command::new(install).arg("--prefix").arg(&prefix).env("CARGO_TARGET_DIR", target(out)))?;
    let program = out.join("win32");
    let library = prefix.join("lib");
    let mut gcc = Command::new("gcc");
    gcc.args(["-O2", "-fshort-wchar", "-I"]).arg(prefix.join("include/veduta-win32")).arg(source("win32.c"));
    gcc.arg("-L").arg(&library).arg("-lveduta_win32").arg(format!("-Wl,-rpath,{}", library.display()));
    done(gcc.arg("-o").arg(&program))?;
    Ok(Command::new(program))
}

fn wine(out: &Path) -> Result<Command, String> {
    let program = out.join("win32.exe");
    done(Command::new("x86_64-w64-mingw32-gcc").arg("-O2").arg(source("win32.c")).arg("-o").arg(&program))?;
    let in_prefix = || {
        let mut wine = Command::new("wine");
        wine.env("WINEPREFIX", out.join("wine"))
            .env("WINEDEBUG", "-all")
            .env("WINEDLLOVERRIDES", "mscoree,mshtml=");
        wine
    };
    // The first program in a new prefix waits until that is set up.
    done(in_prefix().args(["cmd", "/c", "exit"]))?;
    let mut wine = in_prefix();
    wine.arg(program);
    Ok(wine)
}

/// Runs a program that makes something, to its good end.
fn done(command: &mut Command) -> Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("{program}: {error}"))?;
    match output.status.success() {
        true => Ok(()),
        false => {
            Err(format!("{program}: {}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim()))
        }
    }
}
