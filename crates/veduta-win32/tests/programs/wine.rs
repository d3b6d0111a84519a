//! Wine, with settings of its own and one server for all tests here.

use crate::build::{CROSS_COMPILER, installed, scratch};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// While there is one, Wine's server runs.
pub(crate) struct Wine(());

#[derive(Default)]
struct State {
    /// Whether the settings are made.
    settled: bool,
    users: usize,
}

static STATE: Mutex<State> = Mutex::new(State { settled: false, users: 0 });

fn prefix() -> PathBuf {
    scratch().join("wine")
}

impl Wine {
    /// `Err` has what is missing.
    pub(crate) fn new() -> Result<Wine, String> {
        for program in ["wine", CROSS_COMPILER] {
            if !installed(program) {
                return Err(format!("{program} is not installed"));
            }
        }
        let mut state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
        if !state.settled {
            let _ = fs::remove_dir_all(prefix());
            fs::create_dir_all(prefix()).expect("the settings have a place");
            let done = silent("wineboot").arg("--init").status().expect("wineboot starts");
            assert!(done.success(), "wineboot makes the settings");
            state.settled = true;
        }
        if state.users == 0 {
            // Otherwise it would come and go with the programs. It fails if one runs already, which is as good.
            let _ = silent("wineserver").arg("--persistent").status();
            // The first program starts Wine's services, which keep what they inherit: not the pipes of a program that is tested.
            let _ = silent("wine").args(["cmd", "/c", "exit"]).status();
        }
        state.users += 1;
        Ok(Wine(()))
    }

    pub(crate) fn command(&self) -> Command {
        command("wine")
    }
}

impl Drop for Wine {
    fn drop(&mut self) {
        let mut state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
        state.users -= 1;
        if state.users == 0 {
            let _ = silent("wineserver").arg("--kill").status();
            let _ = silent("wineserver").arg("--wait").status();
        }
    }
}

/// A program of Wine, without what would talk to a user.
fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env("WINEPREFIX", prefix()).env("WINEDEBUG", "-all").env_remove("DISPLAY");
    // File names are UTF-8, and arguments.
    command.env("WINEDLLOVERRIDES", "mscoree,mshtml,winedbg.exe=").env("LC_ALL", "C.UTF-8");
    command
}

fn silent(program: &str) -> Command {
    let mut command = command(program);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}
