//! What a named section takes, besides its own bytes.

use std::time::Duration;
use veduta::{Namespace, Section};

const SECTIONS: i64 = 1000;

/// Creates many named sections whose bytes nobody touches, and looks at what memory and descriptors they took. Gives how
/// many limits were passed.
pub(crate) fn per_section() -> u32 {
    allow_many_descriptors();
    // Others use the kernel's memory too: the middle of several rounds. Nothing is given back between them, because the kernel
    // takes its time over that.
    let mut held = Vec::new();
    let mut rounds: Vec<_> = (0..9).map(|index| round(index, &mut held)).collect();
    rounds.sort_unstable();
    let (memory, descriptors) = rounds[rounds.len() / 2];
    let over = u32::from(memory > 8 << 10) + u32::from(descriptors > 2);
    let mark = if over == 0 { "" } else { "   OVER" };
    println!(
        "a named section: {memory} bytes in the kernel (<= 8192), {descriptors} descriptors (<= 2){mark}"
    );
    over
}

fn round(round: i64, held: &mut Vec<Section>) -> (i64, i64) {
    // The objects last before, and first after: counting descriptors makes the kernel keep an object for each.
    let descriptors_before = descriptors();
    let objects_before = objects();
    held.extend((0..SECTIONS).map(|index| {
        let name = format!("bench-{}-{round}-{index}", std::process::id());
        Section::options().size(1 << 16).create_new(&name).expect("a section")
    }));
    let objects = objects() - objects_before;
    let descriptors = descriptors() - descriptors_before;
    let page = entry_blocks(&format!("bench-{}-{round}-0", std::process::id()));
    (objects / SECTIONS + page, descriptors / SECTIONS)
}

/// What a section's entry takes of tmpfs.
fn entry_blocks(name: &str) -> i64 {
    use std::os::unix::fs::MetadataExt;
    let entry = Namespace::local().expect("the namespace").path().join(name).join("e");
    entry.metadata().expect("the entry").blocks() as i64 * 512
}

/// What the kernel has in objects of the kinds that a section is made of. Only root may see their sizes. What the kernel's
/// allocator keeps free for later is not counted.
fn objects() -> i64 {
    // What was freed is counted until every processor has come past: of a create, two directory entries.
    std::thread::sleep(Duration::from_millis(200));
    const KINDS: &[&str] = &[
        "dentry ",
        "file_lock",
        "filp ",
        "lsm_",
        "maple_node ",
        "shmem_inode_cache ",
        "ftrace_event_field ",
    ];
    let slabs = std::fs::read_to_string("/proc/slabinfo").expect("root may read /proc/slabinfo");
    slabs
        .lines()
        .filter(|line| KINDS.iter().any(|kind| line.starts_with(kind)))
        .map(|line| {
            let field =
                |index| line.split_whitespace().nth(index).and_then(|number| number.parse::<i64>().ok());
            field(1).expect("a number of objects") * field(3).expect("their size")
        })
        .sum()
}

fn descriptors() -> i64 {
    std::fs::read_dir("/proc/self/fd").expect("/proc").count() as i64
}

/// Lets this process have as many descriptors as it may.
pub(crate) fn allow_many_descriptors() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).expect("the limit can be reached");
}
