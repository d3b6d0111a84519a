//! Running the programs, and reading what they say.

use crate::build;
use crate::support::{self, CROSS_COMPILER};
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// How long a fact may take before its program is taken to hang. The longest waits of the programs are shorter.
const WATCHDOG: Duration = Duration::from_secs(60);

/// What of the disk the programs take at most: the file of BIG-01 has 5 GiB.
const ROOM: u64 = 6 << 30;

/// Where the programs run.
pub(crate) trait System {
    fn name(&self) -> &'static str;

    /// Compiles a program for the system.
    fn build(&self, program: &str) -> Result<PathBuf, String>;

    /// Starts what was compiled, with a path as its first argument.
    fn command(&self, built: &Path, directory: &Path) -> Command;
}

/// Linux, with the library.
pub(crate) struct Native {
    compiler: String,
}

impl Native {
    /// Or what the machine lacks.
    pub(crate) fn new() -> Result<Self, String> {
        let compiler = std::env::var("VEDUTA_CC").unwrap_or_else(|_| "gcc".to_owned());
        if !support::installed(&compiler) {
            return Err(format!("{compiler} is not installed"));
        }
        let scratch = build::scratch();
        fs::create_dir_all(&scratch).expect("it can be made");
        let disk = rustix::fs::statvfs(&scratch).expect("it is there");
        let free = disk.f_bavail * disk.f_frsize;
        if free < ROOM {
            let (needed, scratch) = (ROOM >> 30, scratch.display());
            return Err(format!(
                "it takes {needed} GiB of the disk of {scratch}, and {} are free",
                free >> 30
            ));
        }
        Ok(Self { compiler })
    }
}

impl System for Native {
    fn name(&self) -> &'static str {
        "here"
    }

    fn build(&self, program: &str) -> Result<PathBuf, String> {
        build::for_linux(&self.compiler, program)
    }

    fn command(&self, built: &Path, directory: &Path) -> Command {
        let mut command = Command::new(built);
        command.arg(directory.display().to_string().replace('/', "\\"));
        command
    }
}

/// Wine, with settings of its own and one server for all programs.
pub(crate) struct Wine {
    prefix: PathBuf,
}

impl Wine {
    pub(crate) fn new() -> Result<Self, String> {
        for program in ["wine", CROSS_COMPILER] {
            if !support::installed(program) {
                return Err(format!("{program} is not installed"));
            }
        }
        let prefix = build::scratch().join("wine");
        let _ = fs::remove_dir_all(&prefix);
        fs::create_dir_all(&prefix).expect("it can be made");
        let wine = Self { prefix };
        let settled = wine.start("wineboot").arg("--init").status().expect("wineboot starts");
        assert!(settled.success(), "wineboot makes {}", wine.prefix.display());
        // Stays, so that programs need not wait for one to start.
        wine.start("wineserver").arg("--persistent").status().expect("wineserver starts");
        Ok(wine)
    }

    /// A program of Wine, without what would talk to a user.
    fn start(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env("WINEPREFIX", &self.prefix)
            .env("WINEDEBUG", "-all")
            .env("WINEDLLOVERRIDES", "mscoree,mshtml,winedbg.exe=")
            .env_remove("DISPLAY")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }
}

impl Drop for Wine {
    fn drop(&mut self) {
        let _ = self.start("wineserver").arg("--kill").status();
    }
}

impl System for Wine {
    fn name(&self) -> &'static str {
        "Wine"
    }

    fn build(&self, program: &str) -> Result<PathBuf, String> {
        build::for_windows(CROSS_COMPILER, program)
    }

    fn command(&self, built: &Path, directory: &Path) -> Command {
        let mut command = self.start("wine");
        command.arg(built).arg(format!("Z:{}", directory.display().to_string().replace('/', "\\")));
        command
    }
}

/// Runs a program: the id and the answer of each of its facts. Whatever goes wrong is an answer too, so that the other
/// facts are still observed.
pub(crate) fn observe(system: &dyn System, program: &str) -> Vec<(String, String)> {
    let built = match system.build(program) {
        Ok(built) => built,
        Err(why) => return vec![(format!("{program}.c"), why)],
    };
    let directory = build::scratch().join("files").join(system.name()).join(program);
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).expect("it can be made");
    let mut lines: Vec<String> = Vec::new();
    loop {
        let mut command = system.command(&built, &directory);
        command.arg(lines.len().to_string());
        let (more, end) = listen(command);
        let began = !more.is_empty();
        lines.extend(more);
        match end {
            End::Well => break,
            // The line that was begun is the fact at which it ended: go on behind it.
            End::Badly(how) if began => lines.last_mut().expect("some were added").push_str(&how),
            End::Badly(how) => {
                lines.push(format!("{program}.c{how}"));
                break;
            }
        }
    }
    let _ = fs::remove_dir_all(&directory);
    lines
        .iter()
        .map(|line| {
            let (id, answer) = line.split_once(' ').unwrap_or((line, ""));
            (id.to_owned(), answer.trim_end_matches([',', ':', ' ']).to_owned())
        })
        .collect()
}

enum End {
    Well,
    /// In the middle of a line, with this to add to it.
    Badly(String),
}

/// Reads a program's lines until it ends or hangs.
fn listen(mut command: Command) -> (Vec<String>, End) {
    // In a group of its own, so that it can be ended together with its children.
    let mut child = command
        .process_group(0)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let mut output = BufReader::new(child.stdout.take().expect("it is a pipe"));
    let (sender, receiver) = channel();
    // Ends with the pipe.
    thread::spawn(move || {
        loop {
            let mut line = Vec::new();
            match output.read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => break,
                Ok(_) => {
                    if sender.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                        break;
                    }
                }
            }
        }
    });
    let mut lines: Vec<String> = Vec::new();
    let mut hangs = false;
    loop {
        match receiver.recv_timeout(WATCHDOG) {
            Ok(line) => lines.push(line),
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) if hangs => break,
            Err(RecvTimeoutError::Timeout) => {
                hangs = true;
                let _ = Command::new("kill").args(["-9", "--", &format!("-{}", child.id())]).status();
            }
        }
    }
    let status = child.wait().expect("it is a child");
    let whole = lines.last().is_none_or(|line| line.ends_with('\n'));
    let lines = lines.iter().map(|line| line.trim_end().to_owned()).collect();
    let end = match (hangs, status.success() && whole) {
        (true, _) => End::Badly(" [hangs]".to_owned()),
        (false, true) => End::Well,
        (false, false) => End::Badly(format!(" [ends: {status}]")),
    };
    (lines, end)
}
