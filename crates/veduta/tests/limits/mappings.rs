//! vm.max_map_count: an operation with no mapping left, with one, with two … until it has enough.

use crate::confined::{self, Belongings, expect};
use crate::operations::{self, Stage};
use crate::scratch::PAGE;
use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous, munmap};
use std::ffi::c_void;
use veduta::{Code, Section, ViewAccess};

#[test]
fn mappings_that_run_out_are_told_and_nothing_is_left_behind() {
    confined::play("mappings::role_without_mappings");
}

#[test]
#[ignore = "a role: runs out of mappings"]
fn role_without_mappings() {
    let stage = Stage::new();
    // What is made once, at the first time.
    operations::all().for_each(|operation| drop((operation.run)(&stage)));
    let before = Belongings::now();
    let mut filling = Filling::new();
    for operation in operations::all() {
        let what = operation.what;
        let needed = (0..8).find(|&left| {
            filling.leave(left);
            let result = (operation.run)(&stage);
            if let Err(error) = &result {
                expect(error, Code::NOT_ENOUGH_MEMORY, &["vm.max_map_count", "mappings"]);
            }
            let succeeded = result.is_ok();
            // Closing the last handle may take one, too.
            filling.leave(8);
            drop(result);
            succeeded
        });
        let needed = needed.unwrap_or_else(|| panic!("{what} takes more than 8 mappings"));
        assert!(needed > 0 || !operation.maps, "{what} takes none");
    }
    drop(filling);
    assert_eq!(Belongings::now(), before);
}

/// The kernel joins views that lie side by side, and cannot take one out of their middle when mappings have run out.
#[test]
fn views_among_neighbours_are_protected_and_given_up_without_harm() {
    confined::play("mappings::role_neighbours");
}

#[test]
#[ignore = "a role: has neighbours, and no mappings"]
fn role_neighbours() {
    let section = Section::options().size(3 * PAGE as u64).create_unnamed().unwrap();
    let whole = section.map(ViewAccess::Write).unwrap();
    let base = whole.as_ptr() as usize;
    drop(whole);
    let mut views: Vec<_> = (0..3)
        .map(|page| {
            let view = section.view().access(ViewAccess::Write).base(base + page * PAGE);
            view.offset((page * PAGE) as u64).len(PAGE as u64).map().unwrap()
        })
        .collect();
    let mut filling = Filling::new();
    let error = views[1].protect(0..PAGE, ViewAccess::Read).unwrap_err();
    expect(&error, Code::NOT_ENOUGH_MEMORY, &["vm.max_map_count"]);
    views[1].write_at(0, b"as before").unwrap();
    drop(views.remove(1));
    filling.leave(2);
    views[1].protect(0..PAGE, ViewAccess::Read).unwrap();
}

/// Mappings of no use, as many as this process may have.
struct Filling(Vec<*mut c_void>);

impl Filling {
    fn new() -> Filling {
        let mut filling = Filling(Vec::with_capacity(1 << 17));
        filling.fill();
        filling
    }

    fn fill(&mut self) {
        loop {
            // Neighbours of one protection would be one mapping.
            let access = if self.0.len().is_multiple_of(2) { ProtFlags::READ } else { ProtFlags::empty() };
            #[allow(unsafe_code, reason = "mapping is what this is about")]
            // SAFETY: new memory, where the kernel likes it.
            match unsafe { mmap_anonymous(std::ptr::null_mut(), PAGE, access, MapFlags::PRIVATE) } {
                Ok(address) => self.0.push(address),
                Err(Errno::NOMEM) => return,
                Err(errno) => panic!("{errno}"),
            }
        }
    }

    /// Leaves room for so many mappings.
    fn leave(&mut self, mappings: usize) {
        self.fill();
        (0..mappings).for_each(|_| unmap(self.0.pop().expect("there are thousands")));
    }
}

impl Drop for Filling {
    fn drop(&mut self) {
        // The last first: the first are in the middle of others.
        while let Some(address) = self.0.pop() {
            unmap(address);
        }
    }
}

fn unmap(address: *mut c_void) {
    #[allow(unsafe_code, reason = "mapping is what this is about")]
    // SAFETY: a page that `fill` mapped, and nobody uses.
    let result = unsafe { munmap(address, PAGE) };
    result.expect("a whole mapping can be unmapped");
}
