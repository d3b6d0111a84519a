//! The headers compile as C and as C++, with the compilers and options that people use.

use crate::support::{CROSS_COMPILER, crate_root, installed, link};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a program prints. It must succeed.
pub(crate) fn output(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{said}\n{text}", output.status);
    text
}

fn is_there(program: &str) -> bool {
    let there = installed(program);
    let must = std::env::var_os("VEDUTA_SKIP_NOTHING").is_some();
    assert!(there || !must, "{program} is not installed");
    if !there {
        println!("not tried with {program}: it is not installed");
    }
    there
}

fn source(name: &str) -> PathBuf {
    crate_root().join("tests/c").join(name)
}

/// Every combination of text and character sizes.
const TEXT: [&[&str]; 4] =
    [&[], &["-fshort-wchar"], &["-DUNICODE", "-D_UNICODE"], &["-fshort-wchar", "-DUNICODE", "-D_UNICODE"]];

const STRICT: [&str; 5] = ["-Wall", "-Wextra", "-pedantic", "-Werror", "-fsyntax-only"];

fn compiles(compiler: &str, languages: &[&str], name: &str) {
    if !is_there(compiler) {
        return;
    }
    for language in languages {
        for text in TEXT {
            // C99 has no literals of 16-bit characters: wide text then takes -fshort-wchar.
            if *language == "c99" && text == ["-DUNICODE", "-D_UNICODE"] {
                continue;
            }
            let mut command = Command::new(compiler);
            command.arg(format!("-std={language}")).args(STRICT).args(text);
            output(command.arg("-I").arg(crate_root().join("include")).arg(source(name)));
        }
    }
}

#[test]
fn as_c_with_gcc() {
    compiles("gcc", &["c99", "c17", "gnu17"], "header_compile.c");
}

#[test]
fn as_c_with_clang() {
    compiles("clang", &["c99", "c17", "gnu17"], "header_compile.c");
}

#[test]
fn as_cpp_with_gcc() {
    compiles("g++", &["c++11", "c++17", "c++20"], "header_compile.cpp");
}

#[test]
fn as_cpp_with_clang() {
    compiles("clang++", &["c++11", "c++17", "c++20"], "header_compile.cpp");
}

/// What holds with these headers and with mingw's is Windows'.
fn holds_for_both(name: &str) {
    let native = |compiler: &str| {
        let mut command = Command::new(compiler);
        command.args(["-fshort-wchar", "-Werror", "-fsyntax-only", "-I"]).arg(crate_root().join("include"));
        output(command.arg(source(name)));
    };
    native("gcc");
    if is_there("clang") {
        native("clang");
    }
    if is_there(CROSS_COMPILER) {
        output(Command::new(CROSS_COMPILER).args(["-Werror", "-fsyntax-only"]).arg(source(name)));
    }
}

#[test]
fn layouts_are_those_of_windows() {
    holds_for_both("header_layout.c");
}

#[test]
fn constants_are_those_of_windows() {
    holds_for_both("header_constants.c");
}

/// Compiles, runs, and gives what the program says.
fn run(compiler: &str, options: &[&str], name: &str, arguments: &[&str]) {
    if !is_there(compiler) {
        return;
    }
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!(
        "{name} {compiler} {}",
        options.join(" ").replace(|character: char| !character.is_alphanumeric(), "_")
    ));
    let mut command = Command::new(compiler);
    command.args(options).args(["-Wall", "-Wextra", "-Werror", "-fshort-wchar", "-I"]);
    command.arg(crate_root().join("include")).arg(source(name)).arg("-o").arg(&program);
    link(&mut command, &Path::new(env!("CARGO_TARGET_TMPDIR")).join("header"));
    output(&mut command);
    output(Command::new(&program).args(arguments));
}

#[test]
fn text_functions_do_what_they_say() {
    for compiler in ["gcc", "clang"] {
        for options in [&["-std=gnu17"][..], &["-std=gnu17", "-O2", "-DUNICODE", "-D_UNICODE"]] {
            run(compiler, options, "header_text.c", &["one", "zwei \u{e4}"]);
        }
    }
}

#[test]
fn strings_of_cpp_have_16_bits() {
    for compiler in ["g++", "clang++"] {
        for options in [&["-std=c++17"][..], &["-std=c++11", "-O2"]] {
            run(compiler, options, "header_wstring.cpp", &[]);
        }
    }
    run("g++", &["-std=c++17", "-fsanitize=address"], "header_wstring.cpp", &[]);
}
