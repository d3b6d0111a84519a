//! Habits that the compiler does not keep: where things may stand, and what must not be left behind.

use std::fs;
use std::path::{MAIN_SEPARATOR, Path, PathBuf};

/// The workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the crate is in a workspace")
}

/// The text files below a directory that belong to the project, with their paths from the root.
fn files(below: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut directories = vec![root().join(below)];
    while let Some(directory) = directories.pop() {
        for entry in
            fs::read_dir(&directory).expect("it is a directory").map(|entry| entry.expect("it can be read"))
        {
            let (path, name) = (entry.path(), entry.file_name());
            // A worktree of Git's has a file of that name.
            if name == ".git" {
                continue;
            }
            if path.is_dir() {
                directories.extend(Some(path).filter(|_| name != "target"));
            } else if let Ok(text) = fs::read_to_string(&path) {
                let path = path.strip_prefix(root()).expect("it is below").display().to_string();
                let path = path.replace(MAIN_SEPARATOR, "/");
                found.push((path, text));
            }
        }
    }
    assert!(!found.is_empty(), "{below} has files");
    found
}

/// Fails with the places where `wrong` says that a line of the files is wrong, given the lines before it too.
fn no_line(files: &[(String, String)], wrong: impl Fn(&str, &[&str]) -> bool) {
    let mut places = Vec::new();
    for (path, text) in files {
        let lines: Vec<_> = text.lines().collect();
        places.extend(
            (0..lines.len())
                .filter(|&i| wrong(lines[i], &lines[..i]))
                .map(|i| format!("{path}:{}: {}", i + 1, lines[i])),
        );
    }
    assert!(places.is_empty(), "\n{}", places.join("\n"));
}

fn sources() -> Vec<(String, String)> {
    files("crates").into_iter().filter(|(path, _)| path.ends_with(".rs")).collect()
}

/// The library's and the tool's sources above their systems.
fn portable() -> Vec<(String, String)> {
    let mut sources = [files("crates/veduta/src"), files("crates/veduta-cli/src")].concat();
    sources.retain(|(path, _)| !path.contains("/src/sys/") && !path.contains("/src/os/"));
    sources
}

/// Whether a line asks which system it is compiled for.
fn asks_for_system(line: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    let differs = ["target_os", "target_family", "unix", "windows"];
    code.contains("cfg") && differs.iter().any(|word| code.contains(word))
}

#[test]
fn systems_differ_in_sys_and_os_only() {
    no_line(&portable(), |line, _| asks_for_system(line));
}

/// The first cells of the table under a heading of docs/limits.md.
fn rows(heading: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join("docs/limits.md")).expect("it is there");
    let (_, section) = text.split_once(&format!("\n## {heading}\n")).expect("it has the section");
    let section = section.split("\n## ").next().unwrap_or_default();
    let first = |line: &str| line.strip_prefix("| ")?.split(" | ").next().map(str::to_owned);
    let rows: Vec<_> = section.lines().filter_map(first).filter(|row| row != "what").collect();
    assert!(!rows.is_empty(), "the table has rows");
    rows
}

/// The tests' own sources, without this one, which speaks of systems.
fn suite() -> Vec<(String, String)> {
    let mut sources = [files("crates/veduta/tests"), files("crates/veduta-cli/tests")].concat();
    sources.retain(|(path, _)| path.ends_with(".rs") && !path.ends_with("/tidy.rs"));
    sources
}

/// The row that a comment names.
fn row(line: &str) -> Option<&str> {
    line.split_once("// Row: ").map(|(_, row)| row.trim())
}

#[test]
fn a_test_of_one_system_names_the_row_that_says_why() {
    let rows = rows("What one system has and the other has not");
    no_line(&suite(), |line, before| {
        let above = before.last().filter(|line| line.trim_start().starts_with("// Row: "));
        let named = row(line).or_else(|| row(above?));
        asks_for_system(line) && !named.is_some_and(|row| rows.iter().any(|known| known == row))
    });
}

#[test]
fn what_wine_does_wrong_is_asserted_by_a_test() {
    let names = rows("Where Wine 8 is not Windows").into_iter().map(|row| format!("\"{row}\""));
    let suite = suite();
    let forgotten: Vec<_> = names.filter(|name| !suite.iter().any(|(_, text)| text.contains(name))).collect();
    assert_eq!(forgotten, [""; 0]);
}

#[test]
fn unsafe_code_stands_where_it_is_expected() {
    let is_unsafe = |line: &str| {
        let code = line.split("//").next().unwrap_or_default();
        ["unsafe {", "unsafe fn", "unsafe impl", "allow(unsafe_code)"].iter().any(|word| code.contains(word))
    };
    let mut files = portable();
    files.retain(|(path, _)| !path.contains("/src/memory/"));
    no_line(&files, |line, before| {
        let reasoned = before.iter().rev().take(4).any(|line| line.contains("#[allow(unsafe_code, reason"));
        is_unsafe(line) && !reasoned
    });
}

#[test]
fn every_source_says_what_it_is() {
    let silent: Vec<_> =
        sources().into_iter().filter(|(_, text)| !text.starts_with("//! ")).map(|(path, _)| path).collect();
    assert_eq!(silent, [""; 0]);
}

#[test]
fn nothing_unfinished_and_nothing_of_one_machine_is_left() {
    // Not in one piece, because this file is looked at too.
    let words =
        [["TO", "DO"], ["FIX", "ME"], ["XX", "X"], ["/wo", "rk/"], ["/ho", "me/"], ["/tmp/", "target"]]
            .map(|word| word.concat());
    no_line(&files(""), |line, _| words.iter().any(|word| line.contains(word)));
}

#[test]
fn documents_stay_short() {
    for (file, most) in [("README.md", 200), ("ARCHITECTURE.md", 150), ("CONTRIBUTING.md", 80)] {
        let lines = fs::read_to_string(root().join(file)).expect("it is there").lines().count();
        assert!(lines <= most, "{file} has {lines} lines, at most {most} are read");
    }
}

// Row: tools
#[cfg(target_os = "linux")]
#[test]
fn dependencies_have_licences_that_we_may_use_and_one_source() {
    use serde_json::Value;
    use std::process::Command;
    let rules = fs::read_to_string(root().join("deny.toml")).expect("it is there");
    let allowed =
        rules.lines().find(|line| line.starts_with("allow = ")).expect("the licences are in one line");
    let allowed: Vec<_> = allowed.split('"').skip(1).step_by(2).collect();

    let platform = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--format-version", "1", "--filter-platform", &platform])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let packages = metadata["packages"].as_array().expect("it is a list");
    // One licence for each part. Blind to parentheses this is stricter than what the expression says, never laxer.
    let may_be_used = |licence: &str| {
        licence.split(" AND ").all(|part| {
            let mut choices = part.split(" OR ").flat_map(|choice| choice.split('/'));
            choices.any(|choice| allowed.contains(&choice.trim_matches(['(', ')', ' '])))
        })
    };
    let may_come_from = |source: &Value| {
        source.is_null() || source == "registry+https://github.com/rust-lang/crates.io-index"
    };
    let strange: Vec<_> = packages
        .iter()
        .filter(|package| {
            !(package["license"].as_str().is_some_and(may_be_used) && may_come_from(&package["source"]))
        })
        .map(|package| ["name", "license", "source"].map(|key| package[key].to_string()))
        .collect();
    assert!(strange.is_empty() && packages.len() > 4, "{strange:#?}");
}
