//! Programs of C, with the shared library and with the static one: the main thread is theirs, which in tests of Rust is the harness'.

use super::sys::*;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The libraries, which Cargo builds beside the tests.
fn libraries() -> Vec<PathBuf> {
    let test = std::env::current_exe().expect("it runs");
    let directory = test.parent().expect("it is in one");
    let there = ["libveduta_win32.so", "libveduta_win32.a"].map(|name| directory.join(name));
    there.into_iter().filter(|library| library.exists()).collect()
}

/// The program, linked with a library; `None` if there is no compiler.
fn program(source: &str, library: &Path) -> Option<PathBuf> {
    let crate_ = Path::new(env!("CARGO_MANIFEST_DIR"));
    let extension = library.extension().expect("it has one").to_str().expect("text");
    let program =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{source}-{extension}-{}", std::process::id()));
    let mut command = Command::new("gcc");
    command.args(["-Wall", "-Wextra", "-Werror", "-I"]).arg(crate_.join("include"));
    command.arg(crate_.join("tests/c").join(source).with_extension("c")).arg("-o").arg(&program).arg(library);
    if extension == "so" {
        let directory = library.parent().expect("it is in one");
        let link = library.with_file_name("libveduta_win32.so.0");
        // Another test may be making it, too.
        let made = std::os::unix::fs::symlink("libveduta_win32.so", &link);
        assert!(made.is_ok() || link.exists());
        command.arg(format!("-Wl,-rpath,{}", directory.display()));
    } else {
        command.args(["-lpthread", "-ldl", "-lm"]);
    }
    let Ok(compiled) = command.output() else {
        assert!(std::env::var_os("VEDUTA_SKIP_NOTHING").is_none(), "gcc is not installed");
        println!("not tried: gcc is not installed");
        return None;
    };
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    Some(program)
}

#[test]
fn ends_are_what_they_are_on_windows() {
    for library in libraries() {
        let Some(program) = program("process_ends", &library) else { return };
        let ends = [
            ("return", 0xC0FF_EE77),
            ("main thread leaves", 0x0BAD_CAFE),
            ("only thread leaves", 0x3344_5566),
            ("pthread_exit", 0x1234),
            ("pthread", 0xABCD),
            ("ExitProcess", 7),
        ];
        for (how, code) in ends {
            let line = format!("\"{}\" \"{how}\"", program.display());
            let child = Start { line: Some(&line), ..Start::default() }.start().expect("it runs");
            wait(child.process);
            assert_eq!(process_code(child.process), code, "{how}, {}", library.display());
            close_all([child.process, child.thread]);
        }
        let said = Command::new(&program).arg("ExitProcess").output().expect("it runs").stdout;
        assert_eq!(String::from_utf8_lossy(&said), "buffered handler\n");
        std::fs::remove_file(program).expect("it is there");
    }
}
