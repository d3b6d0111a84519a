//! What it was measured on.

use std::fs;
use std::process::Command;

/// Facts, by name.
pub(crate) fn facts() -> Vec<(&'static str, String)> {
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
    let mut facts = vec![
        ("Processor", format!("{}, {cores} to use", field("/proc/cpuinfo", "model name"))),
        ("Memory", field("/proc/meminfo", "MemTotal")),
        ("Kernel", fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned()),
        ("Large pages of shared memory", large_pages()),
        ("Compiler", said_by("rustc", &["--version"])),
        ("Commit", said_by("git", &["describe", "--always", "--dirty"])),
        ("When", jiff::Timestamp::now().strftime("%F %H:%M UTC").to_string()),
    ];
    if field("/proc/cpuinfo", "flags").split(' ').any(|flag| flag == "hypervisor") {
        facts.insert(1, ("Virtual", "yes: other machines use the same processors".to_owned()));
    }
    facts
}

fn field(file: &str, name: &str) -> String {
    let text = fs::read_to_string(file).unwrap_or_default();
    let value = text.lines().filter_map(|line| line.split_once(':')).find(|(key, _)| key.trim() == name);
    value.map_or_else(|| "unknown".to_owned(), |(_, value)| value.trim().to_owned())
}

fn large_pages() -> String {
    let modes = fs::read_to_string("/sys/kernel/mm/transparent_hugepage/shmem_enabled").unwrap_or_default();
    let chosen = modes.split('[').nth(1).and_then(|rest| rest.split(']').next());
    chosen.unwrap_or("unknown").to_owned()
}

/// What a program prints, in one line.
pub(crate) fn said_by(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    text.lines().next().unwrap_or("unknown").to_owned()
}
