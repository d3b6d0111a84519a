//! A hundred thousand opens a minute.

use crate::footprint::Footprint;
use crate::{alone, duration, figure};
use std::fs::File;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering::SeqCst;
use std::time::{Duration, Instant};
use veduta::{Event, Mutex, Namespace, Section, ViewAccess};

const A_MINUTE: u64 = 100_000;
/// Where bytes may be.
const SECTIONS: [&str; 3] = [r"Local\memory", r"Local\file", r"Global\entry"];
const NUMBER: u64 = 0x0123_4567_89AB_CDEF;

#[test]
fn names_are_opened_all_the_time() {
    alone("opens::role");
}

fn root() -> PathBuf {
    std::env::var_os("VEDUTA_ROOT").expect("the test says").into()
}

fn private() -> Namespace {
    Namespace::at(root().join("private")).unwrap()
}

#[test]
#[ignore = "a role: the process that opens"]
fn role() {
    let mut holder = Command::new(std::env::current_exe().unwrap());
    holder.args(["opens::role_holder", "--exact", "--ignored", "--nocapture"]);
    let mut holder = holder.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    // The last of them is there when it is.
    while private().object("mutex").is_err() {
        std::thread::sleep(Duration::from_millis(1));
    }
    let namespace = private();
    // Everything that is there from the first time on, such as what is known of holders.
    (0..100).for_each(|index| open(index, &namespace));
    let (ours, theirs) = (Footprint::now(), Footprint::of(holder.id()));
    let seconds = duration();
    let total = A_MINUTE * seconds.as_secs() / 60;
    let begun = Instant::now();
    let (mut late, mut busy) = (Duration::ZERO, Duration::ZERO);
    for index in 0..total {
        let due = begun + seconds.mul_f64(index as f64 / total as f64);
        match due.checked_duration_since(Instant::now()) {
            Some(early) => std::thread::sleep(early),
            None => late = late.max(due.elapsed()),
        }
        let opening = Instant::now();
        open(index, &namespace);
        busy += opening.elapsed();
        if index % (total / 10).max(1) == 0 {
            ours.is_again(Footprint::now());
            theirs.is_again(Footprint::of(holder.id()));
        }
    }
    figure!(
        "{total} opens in {:?}: {:?} each with a look at the bytes and close, the latest {late:?} behind its time",
        begun.elapsed(),
        busy / total as u32,
    );
    ours.is_again(Footprint::now());
    theirs.is_again(Footprint::of(holder.id()));
    drop(holder.stdin.take());
    assert!(holder.wait().unwrap().success());
}

/// Opens one of the objects, sees that it is the right one, and closes it.
fn open(index: u64, namespace: &Namespace) {
    match index % 6 {
        0 => drop(Event::options().open(r"Global\event").unwrap()),
        1 => drop(Mutex::options().namespace(namespace).open("mutex").unwrap()),
        2 => see(&Section::options().namespace(namespace).open("entry").unwrap()),
        other => see(&Section::options().open(SECTIONS[other as usize - 3]).unwrap()),
    }
}

fn see(section: &Section) {
    assert_eq!(section.map(ViewAccess::Read).unwrap().load::<u64>(0, SeqCst).unwrap(), NUMBER);
}

#[test]
#[ignore = "a role: the process that holds what is opened"]
fn role_holder() {
    let namespace = private();
    let path = root().join("file");
    let file = File::options().read(true).write(true).create(true).truncate(true).open(&path).unwrap();
    let mut sections: Vec<Section> = SECTIONS
        .iter()
        .map(|name| {
            let mut options = Section::options();
            if name.ends_with("file") {
                options.file(&file);
            }
            options.size(4096).create_new(name).unwrap()
        })
        .collect();
    sections.push(Section::options().size(4096).namespace(&namespace).create_new("entry").unwrap());
    for section in &sections {
        section.map(ViewAccess::Write).unwrap().store(0, NUMBER, SeqCst).unwrap();
    }
    let _event = Event::options().create_new(r"Global\event").unwrap();
    let _mutex = Mutex::options().namespace(&namespace).create_new("mutex").unwrap();
    // Until it is over.
    std::io::stdin().read_line(&mut String::new()).unwrap();
}
