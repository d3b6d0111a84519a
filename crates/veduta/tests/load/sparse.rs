//! Sections of a tebibyte, of which next to nothing is used.

use crate::footprint::Footprint;
use crate::{alone, count, figure};
use std::path::PathBuf;
use std::time::Instant;
use veduta::{Code, Commit, Namespace, Section, SectionOptions, View, ViewAccess};

const TIB: u64 = 1 << 40;
/// Where something is written: at the beginning, in the middle and at the end.
const PLACES: [u64; 4] = [0, TIB / 2 - 3, TIB - 4096, TIB - 8];

#[test]
fn sections_of_a_tebibyte() {
    alone("sparse::role");
}

#[test]
#[ignore = "a role: a process of its own, with tebibytes of addresses"]
fn role() {
    let root = PathBuf::from(std::env::var_os("VEDUTA_ROOT").expect("the test says"));
    let namespace = Namespace::at(root.join("private")).unwrap();
    let file = tempfile::tempfile_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut memory = Section::options();
    let mut entry = Section::options();
    entry.namespace(&namespace);
    let mut of_file = Section::options();
    of_file.file(&file);
    use_them(&mut memory, r"Local\", &Namespace::local().unwrap());
    let footprint = Footprint::now();
    let begun = Instant::now();
    use_them(&mut memory, r"Local\", &Namespace::local().unwrap());
    use_them(&mut entry, "", &namespace);
    use_them(&mut of_file, r"Local\of a file ", &Namespace::local().unwrap());
    figure!("{} sections of 1 TiB, sparse: {:?}", 2 * count(16, 2) + 1, begun.elapsed());
    footprint.is_again(Footprint::now());
    use std::os::unix::fs::MetadataExt;
    let stat = file.metadata().unwrap();
    assert_eq!(stat.len(), TIB);
    assert!(stat.blocks() * 512 < 64 << 20, "{} blocks", stat.blocks());

    // That much memory cannot be promised.
    let promised = Section::options().size(TIB).create_unnamed();
    assert_eq!(promised.unwrap_err().code(), Code::COMMITMENT_LIMIT);
}

fn use_them(options: &mut SectionOptions<'_>, prefix: &str, namespace: &Namespace) {
    // One of a file: they would all show the same.
    let count = if prefix.contains("file") { 1 } else { count(16, 2) };
    options.size(TIB).commit(Commit::Reserve);
    let names: Vec<_> = (0..count).map(|number| format!("{prefix}tebibyte {number}")).collect();
    let sections: Vec<_> = names.iter().map(|name| options.create_new(name).unwrap()).collect();
    let whole: Vec<View> = sections.iter().map(|section| section.map(ViewAccess::Write).unwrap()).collect();
    for (number, view) in whole.iter().enumerate() {
        for place in PLACES {
            view.write_value(place as usize, &(place + number as u64)).unwrap();
        }
    }
    for (number, section) in sections.iter().enumerate() {
        for place in PLACES {
            let view = section.view().access(ViewAccess::Read).offset(place).len(8).map().unwrap();
            assert_eq!(view.read_value::<u64>(0).unwrap(), place + number as u64);
        }
        // A few pages, each of which the kernel may have made large ones.
        let resident = namespace.object(&names[number]).unwrap().resident;
        assert!(resident.is_some_and(|bytes| bytes <= 64 << 20), "{resident:?} bytes are in memory");
    }
}
