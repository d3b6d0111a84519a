//! Bytes that are gone: the file was cut off under its view.
#![allow(unsafe_code, reason = "signals and their handlers are what is tested")]

use super::*;
use crate::scratch::{code, file};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use veduta::Code;
use veduta::os::unix::in_page;

const PAGE: usize = 4096;

/// A view of a file of four pages that was cut off after `left` bytes.
fn cut_off(left: u64) -> (tempfile::TempPath, View) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    std::io::Write::write_all(&mut file, &[7; 4 * PAGE]).unwrap();
    let (file, path) = file.into_parts();
    let view = Section::options().file(&file).create_unnamed().unwrap().map(ViewAccess::Write).unwrap();
    file.set_len(left).unwrap();
    (path, view)
}

fn is_missing<T: std::fmt::Debug>(result: veduta::Result<T>, at: usize) {
    let error = result.unwrap_err();
    assert_eq!(error.code(), Code::SWAPERROR, "{error}");
    assert_eq!(error.failed_at(), Some(at as u64), "{error}");
}

#[test]
fn every_copy_fails_and_says_where() {
    let (_path, view) = cut_off(PAGE as u64);
    let (_other_path, other) = cut_off(4 * PAGE as u64);
    let mut buffer = [0; 3 * PAGE];
    is_missing(view.read_at(100, &mut buffer), PAGE);
    assert!(buffer[..PAGE - 100].iter().all(|&byte| byte == 7), "what is there was copied");
    is_missing(view.write_at(100, &[8; 2 * PAGE]), PAGE);
    assert_eq!(view.read_value::<u8>(PAGE - 1).unwrap(), 8, "what is there was written");
    is_missing(view.fill(2 * PAGE + 5..3 * PAGE, 1), 2 * PAGE + 5);
    is_missing(view.fill(0..4 * PAGE, 1), PAGE);
    is_missing(view.read_value::<u64>(PAGE - 4), PAGE);
    is_missing(view.read_value::<u8>(PAGE), PAGE);
    is_missing(view.write_value(4 * PAGE - 2, &[1_u8; 2]), 4 * PAGE - 2);
    is_missing(view.copy_within(0..PAGE, 2 * PAGE), 2 * PAGE);
    is_missing(view.copy_within(PAGE - 10..PAGE + 10, PAGE - 5), PAGE);
    is_missing(view.copy_from(PAGE + 3, &other, 0..1), PAGE + 3);
    is_missing(other.copy_from(0, &view, PAGE - 1..PAGE + 1), PAGE);
    is_missing(view.compare(0..2 * PAGE, &view, 0), PAGE);
    is_missing(other.compare(0..2 * PAGE, &view, 2 * PAGE), 2 * PAGE);
    is_missing(view.compare_bytes(PAGE, &[1]), PAGE);
    assert_eq!(view.lock(0..2 * PAGE).unwrap_err().code(), Code::SWAPERROR);
    // What is there goes on as if nothing had been.
    view.write_at(0, b"still here").unwrap();
    assert_eq!(view.compare_bytes(0, b"still here").unwrap(), None);
}

#[test]
fn copies_of_every_length_find_the_end() {
    let (_path, view) = cut_off(PAGE as u64);
    for len in (1..300).chain([1000, 2047, 2048, 4000, 4096]) {
        for over in [1, 2, len / 2, len].into_iter().filter(|&over| (1..=len).contains(&over)) {
            let from = PAGE + over - len;
            let mut buffer = vec![0; len];
            is_missing(view.read_at(from, &mut buffer), PAGE.max(from));
            let there = PAGE.saturating_sub(from);
            assert!(buffer[..there].iter().all(|&byte| byte == 7), "{len} bytes from {from}");
            assert!(buffer[there..].iter().all(|&byte| byte == 0), "{len} bytes from {from}");
            is_missing(view.write_at(from, &vec![1; len]), PAGE.max(from));
            assert_eq!(view.compare_bytes(from, &vec![1; there]).unwrap(), None, "{len} bytes from {from}");
            is_missing(view.fill(from..from + len, 2), PAGE.max(from));
            assert_eq!(view.compare_bytes(from, &vec![2; there]).unwrap(), None, "{len} bytes from {from}");
            view.fill(0..PAGE, 7).unwrap();
        }
    }
}

#[test]
fn overlapping_copies_move_all_that_lies_before_the_end() {
    const GOOD: usize = 2 * PAGE;
    // Towards the beginning by little and by much, towards the end, and onto itself.
    for (from, to, len) in [
        (3000, 2999, 6000),
        (4000, 2977, 6000),
        (1500, 0, 9000),
        (5000, 0, 10_000),
        (8000, 100, 8000),
        (100, 101, 8200),
        (0, 1, 8200),
        (0, 4096, 12_288),
        (5000, 7000, 4000),
        (100, 100, 8200),
    ] {
        let (_path, view) = cut_off(GOOD as u64);
        let mut expected: Vec<u8> = (0..GOOD).map(|index| (index % 251) as u8).collect();
        view.write_at(0, &expected).unwrap();
        is_missing(view.copy_within(from..from + len, to), GOOD);
        expected.copy_within(from..from + (GOOD - from.max(to)), to);
        assert_eq!(view.compare_bytes(0, &expected).unwrap(), None, "{len} bytes from {from} to {to}");
    }
}

#[test]
fn a_difference_before_the_end_is_found() {
    let (_path, view) = cut_off(PAGE as u64);
    for (start, differs) in [(50, 100), (0, PAGE - 1), (PAGE - 1, PAGE - 1), (100, PAGE)] {
        let mut bytes = vec![7; 2 * PAGE];
        bytes[differs - start] = 8;
        let compared = view.compare_bytes(start, &bytes);
        if differs < PAGE {
            assert_eq!(compared.unwrap(), Some(differs - start));
        } else {
            is_missing(compared, PAGE);
        }
    }
}

#[test]
fn a_buffer_that_is_gone_itself_is_named() {
    let (_path, view) = cut_off(4 * PAGE as u64);
    let (_gone_path, gone) = cut_off(0);
    // SAFETY: nobody changes the bytes, because there are none; that they are gone is what is tested.
    let bytes = unsafe { gone.slice(0..10) }.unwrap();
    let error = view.write_at(0, bytes).unwrap_err();
    assert_eq!((error.code(), error.failed_at()), (Code::SWAPERROR, None), "{error}");
    assert!(error.advice().unwrap().contains("buffer"), "{error}");
}

#[test]
fn all_threads_and_children_survive() {
    let (_path, view) = cut_off(PAGE as u64);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let view = &view;
            scope.spawn(move || {
                for index in 0..1000 {
                    is_missing(view.read_at(PAGE + index, &mut [0; 100]), PAGE + index);
                    view.write_at(thread * 8, &[1; 8]).unwrap();
                }
            });
        }
    });
    // SAFETY: the child makes one copy, and ends.
    match unsafe { libc::fork() } {
        0 => {
            let code = view.read_at(PAGE, &mut [0; 100]).map_err(|error| error.code());
            // SAFETY: ends the child, without what the parent has registered.
            unsafe { libc::_exit(if code == Err(Code::SWAPERROR) { 0 } else { 1 }) };
        }
        child => {
            let mut status = 0;
            // SAFETY: there is room for the status.
            assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
            assert_eq!(status, 0, "the child has the handler, too");
        }
    }
}

#[test]
fn an_error_number_is_left_as_it_was() {
    let (_path, view) = cut_off(0);
    std::fs::read("/no such file").unwrap_err();
    let _ = view.read_at(0, &mut [0]);
    // SAFETY: asks for the address of a number.
    let place = unsafe { libc::__errno_location() };
    // SAFETY: this thread's own.
    assert_eq!(unsafe { *place }, libc::ENOENT);
}

#[test]
fn writing_what_was_cut_off_to_a_file_is_an_error() {
    let source = file(20_000);
    let view = Section::options().file(&source).create_unnamed().unwrap().map(ViewAccess::Read).unwrap();
    source.set_len(0).unwrap();
    let error = view.write_to(8_192..20_000, &file(0), 0).unwrap_err();
    assert_eq!(error.code(), Code::SWAPERROR);
    assert!(error.advice().unwrap().contains("cut off"), "{error}");
}

#[test]
fn a_private_view_keeps_its_bytes_when_its_file_loses_them() {
    let file = file(3 * PAGE as u64);
    let section = Section::options().file(&file).create_unnamed().unwrap();
    section.map(ViewAccess::Write).unwrap().fill(0..3 * PAGE, 7).unwrap();
    let private = section.map(ViewAccess::Copy).unwrap().into_private().unwrap();
    file.set_len(0).unwrap();
    assert_eq!(*private, [7; 3 * PAGE]);
    file.set_len(3 * PAGE as u64).unwrap();
    assert_eq!(*private, [7; 3 * PAGE]);
}

#[test]
fn a_file_that_was_cut_off_cannot_become_private() {
    let file = file(3 * PAGE as u64);
    let copy = Section::options().file(&file).create_unnamed().unwrap().map(ViewAccess::Copy).unwrap();
    file.set_len(100).unwrap();
    let error = copy.into_private().unwrap_err();
    assert_eq!(error.code(), Code::SWAPERROR);
    assert!(error.advice().unwrap().contains("beyond the end of its file"), "{error}");
}

#[test]
fn populating_what_was_cut_off_is_an_error() {
    let file = file(4 * PAGE as u64);
    let view = Section::options().file(&file).create_unnamed().unwrap().map(ViewAccess::Read).unwrap();
    file.set_len(PAGE as u64).unwrap();
    view.advise(0..PAGE, veduta::Advice::PopulateRead).unwrap();
    assert_eq!(code(view.advise(0..2 * PAGE, veduta::Advice::PopulateRead)), Code::SWAPERROR);
}

/// How a role that is to be ended by a signal, or to do well, did.
fn status_of(role: &str) -> std::process::ExitStatus {
    std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", &format!("missing::{role}")])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .status()
        .unwrap()
}

fn ended_by(role: &str) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status_of(role))
}

#[test]
fn other_handlers_are_called_for_what_is_not_ours() {
    for role in [
        "role_one_that_was_there_before",
        "role_one_that_came_later_and_hands_on",
        "role_one_that_came_later_and_asks",
        "role_one_that_came_later_and_does_neither",
        "role_many_that_came_later",
        "role_one_that_is_called_once",
        "role_recovery",
        "role_sent_signal_once",
    ] {
        assert!(status_of(role).success(), "{role}");
    }
    assert_eq!(ended_by("role_nobody_else"), Some(libc::SIGBUS), "as without the library");
    assert_eq!(ended_by("role_sent_signal"), Some(libc::SIGBUS));
    assert_eq!(ended_by("role_sent_signal_twice"), Some(libc::SIGBUS), "as with the standard library alone");
}

static CALLED: AtomicU32 = AtomicU32::new(0);
/// The handler that another one found.
static FOUND: AtomicUsize = AtomicUsize::new(0);

type Handler = extern "C" fn(i32, *mut libc::siginfo_t, *mut libc::c_void);

/// Counts, and puts a page where none is, so that the thread can go on.
extern "C" fn mend(_: i32, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
    CALLED.fetch_add(1, Ordering::SeqCst);
    // SAFETY: the kernel passes what happened.
    let info = unsafe { &*info };
    // SAFETY: a fault has an address.
    let page = unsafe { info.si_addr() } as usize / PAGE * PAGE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED;
    // SAFETY: the page is one of a view of this test, which nobody else uses.
    unsafe { libc::mmap(page as *mut libc::c_void, PAGE, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0) };
}

extern "C" fn hand_on(signal: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: what `set` found, which is a function of that form.
    let found = unsafe { std::mem::transmute::<usize, Handler>(FOUND.load(Ordering::SeqCst)) };
    found(signal, info, context);
}

extern "C" fn ask(signal: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: what the kernel passed to this handler.
    if !unsafe { in_page::handle(info.cast(), context) } {
        mend(signal, info, context);
    }
}

fn set(handler: Handler, flags: i32) {
    // SAFETY: zeros are a valid action.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = handler as usize;
    action.sa_flags = libc::SA_SIGINFO | flags;
    // SAFETY: zeros are a valid action.
    let mut before: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: the handlers have the form that the flag says.
    assert_eq!(unsafe { libc::sigaction(libc::SIGBUS, &raw const action, &raw mut before) }, 0);
    FOUND.store(before.sa_sigaction, Ordering::SeqCst);
}

/// A copy is the library's, a touch through a pointer is the other handler's.
fn both_work(view: &View, page: usize) {
    let before = CALLED.load(Ordering::SeqCst);
    is_missing(view.read_at(page * PAGE, &mut [0; 10]), page * PAGE);
    assert_eq!(CALLED.load(Ordering::SeqCst), before, "that was the library's");
    touch(view, page);
    assert_eq!(CALLED.load(Ordering::SeqCst), before + 1, "that was the other's");
}

fn touch(view: &View, page: usize) {
    // SAFETY: inside the view, and what becomes of it is what is tested.
    unsafe { view.as_mut_ptr().wrapping_add(page * PAGE).write_volatile(1) };
}

#[test]
#[ignore = "a role: has a handler before the library has"]
fn role_one_that_was_there_before() {
    set(mend, 0);
    both_work(&cut_off(0).1, 0);
}

#[test]
#[ignore = "a role: installs a handler later that calls the one before"]
fn role_one_that_came_later_and_hands_on() {
    set(mend, 0);
    let (_path, view) = cut_off(0);
    set(hand_on, 0);
    both_work(&view, 0);
    // A second installation on top does not lead in a circle.
    in_page::install().unwrap();
    both_work(&view, 1);
}

#[test]
#[ignore = "a role: installs a handler later that asks the library"]
fn role_one_that_came_later_and_asks() {
    let (_path, view) = cut_off(0);
    set(ask, 0);
    both_work(&view, 0);
}

#[test]
#[ignore = "a role: installs a handler later that knows nothing of the library"]
fn role_one_that_came_later_and_does_neither() {
    let (_path, view) = cut_off(0);
    set(mend, 0);
    in_page::install().unwrap();
    both_work(&view, 0);
    in_page::install().unwrap();
    both_work(&view, 1);
}

#[test]
#[ignore = "a role: installs more handlers than there are layers"]
fn role_many_that_came_later() {
    let (_path, view) = cut_off(0);
    for _ in 0..7 {
        set(mend, 0);
        in_page::install().unwrap();
    }
    both_work(&view, 0);
    set(mend, 0);
    assert_eq!(in_page::install().unwrap_err().code(), Code::NO_SYSTEM_RESOURCES);
}

#[test]
#[ignore = "a role: has a handler before that is to be called once"]
fn role_one_that_is_called_once() {
    set(mend, libc::SA_RESETHAND);
    let (_path, view) = cut_off(0);
    both_work(&view, 0);
    let mut child = std::process::Command::new("true");
    let _ = child.status();
    // SAFETY: the child touches what is gone, and is ended by that.
    match unsafe { libc::fork() } {
        0 => {
            touch(&view, 1);
            // SAFETY: ends the child.
            unsafe { libc::_exit(0) };
        }
        child => {
            let mut status = 0;
            // SAFETY: there is room for the status.
            assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
            assert_eq!(libc::WTERMSIG(status), libc::SIGBUS, "the second time it is the system's");
        }
    }
}

#[test]
#[ignore = "a role: takes care of faults itself"]
fn role_recovery() {
    let (_path, view) = cut_off(0);
    in_page::set_recovery(|fault| {
        CALLED.fetch_add(1, Ordering::SeqCst);
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED;
        let page = fault.address() / PAGE * PAGE;
        // SAFETY: the page is one of the view of this test, which nobody else uses.
        let zeros = unsafe {
            libc::mmap(page as *mut libc::c_void, PAGE, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0)
        };
        zeros != libc::MAP_FAILED
    })
    .unwrap();
    both_work(&view, 0);
}

#[test]
#[ignore = "a role: touches what is gone"]
fn role_nobody_else() {
    let (_path, view) = cut_off(0);
    touch(&view, 0);
}

#[test]
#[ignore = "a role: sends itself the signal"]
fn role_sent_signal() {
    // The standard library's own lets it pass.
    // SAFETY: gives up a handler for the one of the system.
    unsafe { libc::signal(libc::SIGBUS, libc::SIG_DFL) };
    let _view = cut_off(0);
    // SAFETY: a signal to this thread.
    unsafe { libc::raise(libc::SIGBUS) };
}

/// What the standard library's handler does with a signal that was sent: it lets the first pass, and gives up its place for the system's.
fn send_and_copy() {
    let (_path, view) = cut_off(0);
    // SAFETY: a signal to this thread.
    unsafe { libc::raise(libc::SIGBUS) };
    is_missing(view.read_value::<u8>(0), 0);
}

#[test]
#[ignore = "a role: sends itself the signal, and goes on"]
fn role_sent_signal_once() {
    send_and_copy();
}

#[test]
#[ignore = "a role: sends itself the signal twice"]
fn role_sent_signal_twice() {
    send_and_copy();
    send_and_copy();
}
