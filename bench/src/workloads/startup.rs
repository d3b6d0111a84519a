//! How long the tool takes to start and to end.

use crate::contest::{Bench, Contest};
use crate::peer::Peer;
use crate::results::Work;
use std::path::Path;
use std::process::{Command, Stdio};

pub(crate) fn all(bench: &mut Bench) {
    let tool = bench.tool().to_owned();
    let mut contest =
        Contest::new(Work::new("Start-up", "start a program that prints its version, until it ends"));
    contest
        .with(Peer::Veduta, || run(&tool, &["--version"]))
        .with(Peer::Cp, || run(Path::new("cp"), &["--version"]))
        .with(Peer::Dd, || run(Path::new("dd"), &["--version"]))
        .with(Peer::Cat, || run(Path::new("cat"), &["--version"]))
        .with(Peer::Python, || run(Path::new("python3"), &["--version"]));
    bench.run(contest);
    let mut contest = Contest::new(
        Work::new("Start-up", "list the objects of a namespace")
            .note("Python: `os.listdir` of /dev/shm, which does not say who holds what."),
    );
    contest.with(Peer::Veduta, || run(&tool, &["--quiet", "ls"])).with(Peer::Python, || {
        run(Path::new("python3"), &["-c", "import os; print(os.listdir('/dev/shm'))"])
    });
    bench.run(contest);
}

fn run(program: &Path, arguments: &[&str]) {
    let status = Command::new(program).args(arguments).stdout(Stdio::null()).status().expect("it runs");
    assert!(status.success(), "{}: {status}", program.display());
}
