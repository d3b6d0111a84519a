//! Where a scenario plays: on one system, with the programs built for it, in an empty directory. What is said is written down.

use crate::build::{self, Program, Target, Text, WrittenFor, scratch};
use crate::running::{Running, Said};
use crate::skipped;
use crate::support::installed;
use crate::wine::Wine;
use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

pub(crate) struct Stage {
    pub(crate) system: String,
    wine: Option<Wine>,
    built: BTreeMap<&'static str, PathBuf>,
    directory: PathBuf,
    transcript: Vec<String>,
}

const SYSTEMS: [(Target, Text); 5] = [
    (Target::Linux("gcc"), Text::Wide),
    (Target::Linux("gcc"), Text::Narrow),
    (Target::Linux("clang"), Text::Wide),
    (Target::Windows, Text::Wide),
    (Target::Windows, Text::Narrow),
];

const WINE_TRIES: u32 = 3;

/// Plays the scenario on all systems: what is said must be the same.
pub(crate) fn everywhere(title: &str, programs: &[Program], scenario: fn(&mut Stage)) {
    let both = programs.iter().any(|program| program.written_for == WrittenFor::Both);
    let mut first: Option<(String, String)> = None;
    'systems: for (target, text) in SYSTEMS {
        if !both && text == Text::Narrow {
            continue;
        }
        if target == Target::Windows {
            // Wine itself crashes at times while several programs start: such a run is no answer.
            for _ in 1..WINE_TRIES {
                let play = || play(title, programs, target, text, scenario);
                match (&first, catch_unwind(AssertUnwindSafe(play))) {
                    (Some((_, expected)), Ok(Some((_, said)))) if *expected == said => continue 'systems,
                    (_, Ok(None)) => continue 'systems,
                    _ => {}
                }
            }
        }
        let Some((system, said)) = play(title, programs, target, text, scenario) else { continue };
        match &first {
            None => first = Some((system, said)),
            Some((other, expected)) => assert_eq!(expected, &said, "left: {other}; right: {system}"),
        }
    }
}

/// Plays the scenario on one system: its name, and what was said. None if the system is not there.
fn play(
    title: &str,
    programs: &[Program],
    target: Target,
    text: Text,
    scenario: fn(&mut Stage),
) -> Option<(String, String)> {
    let mut stage = Stage::new(title, programs, target, text)?;
    scenario(&mut stage);
    let _ = fs::remove_dir_all(&stage.directory);
    Some((stage.system, stage.transcript.join("\n")))
}

impl Stage {
    fn new(title: &str, programs: &[Program], target: Target, text: Text) -> Option<Stage> {
        let wine = match target {
            Target::Linux(compiler) if !installed(compiler) => {
                skipped(&format!("{compiler} is not installed"));
                return None;
            }
            Target::Linux(_) => None,
            Target::Windows => match Wine::new() {
                Ok(wine) => Some(wine),
                Err(why) => {
                    skipped(&why);
                    return None;
                }
            },
        };
        let system = target.name(text);
        let built = programs.iter().map(|program| (program.name, build::built(program, target, text)));
        let built = built.collect();
        let directory = scratch().join("files").join(title).join(&system);
        let _ = fs::remove_dir_all(&directory);
        fs::create_dir_all(&directory).expect("there is a place for it");
        Some(Stage { system, wine, built, directory, transcript: Vec::new() })
    }

    /// The directory that programs run in.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).expect("the file can be written");
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{}: {name}: {error}", self.system))
    }

    /// A name for objects that nobody else uses.
    pub(crate) fn unique(&self) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        format!("test-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
    }

    pub(crate) fn start(&self, program: &str, arguments: &[&str]) -> Running {
        let built: &Path = &self.built[program];
        let mut command = match &self.wine {
            None => Command::new(built),
            Some(wine) => {
                let mut command = wine.command();
                command.arg(built);
                command
            }
        };
        command.args(arguments).current_dir(&self.directory);
        command.env_remove("VEDUTA_DIAGNOSE").env_remove("VEDUTA_DRIVES");
        Running::start(command)
    }

    /// Waits for the end, and writes down what was said. The exit code must be this one.
    #[track_caller]
    pub(crate) fn finish(&mut self, running: Running, code: i32) -> Said {
        let said = running.finish();
        assert_eq!(said.code, Some(code), "{}: {said:?}", self.system);
        self.transcript.push(format!("exit code {code}"));
        self.transcript.extend(said.output.iter().map(|line| plain(line)));
        self.transcript.extend(
            said.errors
                .iter()
                .filter(|line| !line.starts_with("wine: "))
                .map(|line| format!("error: {}", plain(line))),
        );
        said
    }

    /// Runs a program to its end; the exit code must be this one.
    #[track_caller]
    pub(crate) fn run(&mut self, program: &str, arguments: &[&str], code: i32) -> Said {
        let running = self.start(program, arguments);
        self.transcript.push(program.to_owned());
        self.finish(running, code)
    }
}

/// A line without what may differ: the time, and the system's words for an error.
fn plain(line: &str) -> String {
    if let Some((before, after)) = line.split_once(": error ")
        && let Some((number, _)) = after.split_once(':')
    {
        return format!("{before}: error {number}");
    }
    match line.strip_suffix(" ms").and_then(|line| line.rsplit_once(' ')) {
        Some((before, _)) => format!("{before} (some) ms"),
        None => line.to_owned(),
    }
}

/// Bytes without a pattern, always the same.
pub(crate) fn noise(count: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut bytes = Vec::with_capacity(count + 8);
    while bytes.len() < count {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend(state.to_le_bytes());
    }
    bytes.truncate(count);
    bytes
}
