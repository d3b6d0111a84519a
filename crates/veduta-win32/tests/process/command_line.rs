//! Command lines reach the child as they were passed, and its arguments are what the documented rules say.

use super::role::{self, How, told};
use super::sys::*;
use proptest::prelude::*;
use std::ffi::CStr;
use std::process::Command;
use std::ptr::null_mut;

/// An argument, written so that the rules give it back: always in quotes, with backslashes doubled before a quote.
fn quoted(argument: &str) -> String {
    let mut text = String::from("\"");
    let mut backslashes = 0;
    for character in argument.chars() {
        if character == '\\' {
            backslashes += 1;
            continue;
        }
        let needed = if character == '"' { 2 * backslashes + 1 } else { backslashes };
        text.extend(std::iter::repeat_n('\\', needed));
        backslashes = 0;
        text.push(character);
    }
    text.extend(std::iter::repeat_n('\\', 2 * backslashes));
    text.push('"');
    text
}

/// What a child that does not use the library prints.
fn printed(line: &str) -> Vec<u8> {
    let (mut read, mut write) = (null_mut(), null_mut());
    assert_eq!(CreatePipe(&mut read, &mut write, INHERITABLE, 0), 1);
    let start = Start { line: Some(line), standard: Some([null_mut(), write, write]), ..Start::default() };
    let child = start.start().unwrap_or_else(|error| panic!("{line}: error {error}"));
    close(write);
    let mut printed = Vec::new();
    loop {
        let mut part = [0; 4096];
        let mut length = 0;
        // SAFETY: the buffer is that long.
        let more = unsafe { ReadFile(read, part.as_mut_ptr(), 4096, Some(&mut length), null_mut()) };
        printed.extend(&part[..length as usize]);
        if more == 0 || length == 0 {
            break;
        }
    }
    wait(child.process);
    assert_eq!(process_code(child.process), 0);
    close_all([read, child.process, child.thread]);
    printed
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn arguments_arrive(arguments in prop::collection::vec(r#"[\\\\\\" \ta-c*é]{0,12}"#, 1..6)) {
        let words: Vec<_> = arguments.iter().map(|argument| quoted(argument)).collect();
        let printed = printed(&format!(r#"printf "%s\0" {}"#, words.join(" \t")));
        let expected: Vec<u8> = arguments.iter().flat_map(|argument| [argument.as_bytes(), b"\0"].concat()).collect();
        prop_assert_eq!(printed, expected);
    }
}

#[test]
#[ignore = "a role"]
fn asks_for_its_command_line() {
    // SAFETY: it ends with 0, and lasts as long as the program.
    let line = unsafe { CStr::from_ptr(GetCommandLineA()) };
    assert_eq!(line.to_str(), Ok(&*told("LINE")));
}

#[test]
fn the_child_gets_its_command_line_as_it_was_passed() {
    let program = std::env::current_exe().expect("it runs");
    let line = format!(
        "\"{}\"  command_line::asks_for_its_command_line  \"--exact\" --ignored \t --nocapture",
        program.display()
    );
    let mut environment = Vec::new();
    for (name, value) in std::env::vars().chain([("LINE".to_owned(), line.clone())]) {
        environment.extend(format!("{name}={value}\0").into_bytes());
    }
    environment.push(0);
    let child = Start { line: Some(&line), environment: Some(environment), ..Start::default() }
        .start()
        .expect("it runs");
    wait(child.process);
    assert_eq!(process_code(child.process), 0);
    close_all([child.process, child.thread]);
}

#[test]
#[ignore = "a role"]
fn finds_no_trace() {
    assert!(std::env::var_os("VEDUTA_INHERIT").is_none());
    // What a program starts by other means inherits nothing of it.
    let environment = Command::new("env").output().expect("it runs").stdout;
    assert!(!String::from_utf8_lossy(&environment).contains("VEDUTA_INHERIT"));
    let open = Command::new("ls").arg("/proc/self/fd").output().expect("it runs").stdout;
    // Standard streams, and the directory itself.
    let open = String::from_utf8_lossy(&open).lines().count();
    assert_eq!(open, 4 + told("ALREADY").parse::<usize>().expect("a number"));
}

/// Descriptors above the standard ones that children of this test get anyway.
fn open_for_children() -> usize {
    let open = Command::new("ls").arg("/proc/self/fd").output().expect("it runs").stdout;
    String::from_utf8_lossy(&open).lines().count() - 4
}

#[test]
fn grandchildren_get_nothing_by_accident() {
    let event = event(INHERITABLE);
    let already = open_for_children().to_string();
    let told: &[_] = &[("ALREADY", &*already)];
    let role = role::start("command_line::finds_no_trace", How { inherit: true, told, flags: 0 });
    assert_eq!(role.code(), 0);
    close(event);
}
