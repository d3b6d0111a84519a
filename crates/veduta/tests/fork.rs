//! `fork` without `exec`: the child has the parent's handles, and they keep names and bytes as the parent's do.
// Row: fork
#![cfg(target_os = "linux")]

mod support;

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use support::{World, expect_refusal};
use veduta::{Code, Disposition, Section, ViewAccess};

const PLACES: [&str; 2] = [r"Local\", r"Global\"];

#[test]
fn a_child_keeps_what_its_parent_closes() {
    let world = World::new();
    let (mut parent, mut other) = (world.actor(), world.actor());
    for name in PLACES.map(|place| format!("{place}Kept by the child")) {
        let incarnation = parent.create_new(&name);
        let mut child = world.fork(&mut parent);
        parent.close(&name);
        assert_eq!(other.open(&name), Ok(incarnation));
        other.close(&name);
        assert_eq!(child.sees(&name), incarnation);
        child.close(&name);
        expect_refusal(other.open(&name), Code::FILE_NOT_FOUND);
        child.leave();
    }
}

#[test]
fn a_parent_keeps_what_its_child_closes() {
    let world = World::new();
    let (mut parent, mut other) = (world.actor(), world.actor());
    for name in PLACES.map(|place| format!("{place}Kept by the parent")) {
        let incarnation = parent.create_new(&name);
        let mut child = world.fork(&mut parent);
        child.close(&name);
        assert_eq!(other.open(&name), Ok(incarnation));
        other.close(&name);
        // A child that dies without closing anything lets go of no more than its own.
        let mut killed = world.fork(&mut parent);
        killed.kill();
        assert_eq!(other.open(&name), Ok(incarnation));
        other.close(&name);
        assert_eq!(parent.sees(&name), incarnation);
        parent.close(&name);
        expect_refusal(other.open(&name), Code::FILE_NOT_FOUND);
        child.leave();
    }
}

#[test]
fn a_killed_parent_leaves_its_child_what_they_shared() {
    let world = World::new();
    let mut other = world.actor();
    for name in PLACES.map(|place| format!("{place}Orphaned")) {
        let mut parent = world.actor();
        let incarnation = parent.create_new(&name);
        let mut child = world.fork(&mut parent);
        parent.kill();
        assert_eq!(other.open(&name), Ok(incarnation));
        other.close(&name);
        child.kill();
        expect_refusal(other.open(&name), Code::FILE_NOT_FOUND);
    }
}

#[test]
fn grandchildren_keep_it_too() {
    let world = World::new();
    let (mut parent, mut other) = (world.actor(), world.actor());
    for name in PLACES.map(|place| format!("{place}Kept by a grandchild")) {
        let incarnation = parent.create_new(&name);
        let mut child = world.fork(&mut parent);
        let mut grandchild = world.fork(&mut child);
        let mut last = world.fork(&mut grandchild);
        for ancestor in [&mut parent, &mut child, &mut grandchild] {
            ancestor.close(&name);
            assert_eq!(other.open(&name), Ok(incarnation));
            other.close(&name);
        }
        last.close(&name);
        expect_refusal(other.open(&name), Code::FILE_NOT_FOUND);
        for descendant in [last, grandchild, child] {
            descendant.leave();
        }
    }
}

#[test]
fn what_parent_and_child_open_after_the_fork_is_each_ones_own() {
    let world = World::new();
    let (mut parent, mut other) = (world.actor(), world.actor());
    for name in PLACES.map(|place| format!("{place}Opened afterwards")) {
        let incarnation = parent.create_new(&name);
        let mut child = world.fork(&mut parent);
        child.open(&name).unwrap();
        parent.duplicate(&name, "rw").unwrap();
        child.close(&name);
        child.close(&name);
        parent.close(&name);
        assert_eq!(other.open(&name), Ok(incarnation), "the parent's first handle is left");
        other.close(&name);
        parent.close(&name);
        assert_eq!(other.create(&name).map(|(disposition, _)| disposition), Ok(Disposition::Created));
        other.close(&name);
        child.leave();
    }
}

#[test]
fn a_view_is_the_childs_too() {
    let world = World::new();
    let mut parent = world.actor();
    for name in PLACES.map(|place| format!("{place}Viewed by both")) {
        parent.create_new(&name);
        parent.map(&name, "rw").unwrap();
        let mut child = world.fork(&mut parent);
        parent.close(&name);
        child.close(&name);
        parent.poke(&name, 8, 11).unwrap();
        assert_eq!(child.peek(&name, 8), Ok(11));
        child.poke(&name, 8, 12).unwrap();
        assert_eq!(parent.peek(&name, 8), Ok(12));
        child.leave();
        parent.unmap(&name);
    }
}

/// Children get copies of whatever handles other threads are just making or closing, and nobody in the child ever closes those.
/// That may keep a name for as long as the child lives, and must do nothing else.
#[test]
fn threads_may_create_and_close_while_another_forks() {
    let forking = AtomicBool::new(true);
    let created = AtomicU32::new(0);
    let name = |index: usize| format!(r"Local\Closed during a fork {} {index}", std::process::id());
    thread::scope(|scope| {
        for index in 0..4 {
            let (forking, created, name) = (&forking, &created, name(index));
            scope.spawn(move || {
                while forking.load(Ordering::Relaxed) {
                    let (section, disposition) = Section::options().size(4096).create(&name).unwrap();
                    let again = Section::options().open(&name).unwrap();
                    let view = section.map(ViewAccess::Write).unwrap();
                    view.store(0, 1_u32, Ordering::SeqCst).unwrap();
                    assert_eq!(
                        again.map(ViewAccess::Read).unwrap().load::<u32>(0, Ordering::SeqCst).unwrap(),
                        1
                    );
                    created.fetch_add((disposition == Disposition::Created).into(), Ordering::Relaxed);
                }
            });
        }
        let kept = Section::options().size(4096).create_new(&name(4)).unwrap();
        for _ in 0..300 {
            fork_and_wait();
            assert!(Section::options().open(&name(4)).is_ok(), "the children's ends do not end what we hold");
        }
        drop(kept);
        forking.store(false, Ordering::Relaxed);
    });
    assert!(created.into_inner() > 0);
    for index in 0..5 {
        let error = Section::options().open(&name(index)).unwrap_err();
        assert_eq!(error.code(), Code::FILE_NOT_FOUND, "no child is left that could hold it");
    }
}

#[allow(unsafe_code, reason = "the standard library does not fork")]
fn fork_and_wait() {
    // SAFETY: the child does nothing but end.
    let child = unsafe { libc::fork() };
    if child == 0 {
        // SAFETY: ends the child without running anything of this process's.
        unsafe { libc::_exit(0) };
    }
    assert!(child > 0, "a process may fork");
    let mut status = 0;
    // SAFETY: the child is ours and the status is a place for it.
    let waited = unsafe { libc::waitpid(child, &raw mut status, 0) };
    assert_eq!((waited, status), (child, 0));
}

#[test]
fn a_child_can_open_whatever_its_parents_threads_were_doing() {
    let world = World::new();
    let mut parent = world.actor();
    for name in PLACES.map(|place| format!("{place}Opened all the time")) {
        let incarnation = parent.create_new(&name);
        parent.answer(&["open-all-the-time", &name]).unwrap();
        for _ in 0..200 {
            let mut child = world.fork(&mut parent);
            assert_eq!(child.open(&name), Ok(incarnation));
            child.close(&name);
            child.close(&name);
            assert_eq!(child.open(&name), Ok(incarnation));
            child.leave();
        }
    }
}
