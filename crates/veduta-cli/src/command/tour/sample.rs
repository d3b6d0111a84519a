//! The file that the tour copies, and the look at the copy.

use super::pattern;
use crate::failure::{Failure, Outcome};
use crate::os::{files, machine};
use crate::quantity::Bytes;
use crate::signals::Stop;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// What the bookkeeping of a filesystem may add to a file's blocks.
pub(super) const SLACK: u64 = 1 << 20;

/// Makes a file of `size` bytes that look random, but for a sixteenth in the middle that is never written: a hole, where the filesystem
/// has some. Returns its size.
pub(super) fn make(path: &Path, size: u64, stop: &Stop) -> Outcome<u64> {
    check_room(path, size)?;
    let cannot = |error| Failure::at("make", path, &error);
    let mut file = File::create_new(path).map_err(cannot)?;
    file.set_len(size).map_err(cannot)?;

    const BLOCK: u64 = pattern::BLOCK as u64;
    let blocks = size.div_ceil(BLOCK);
    let hole = blocks / 2..blocks / 2 + blocks / 16;
    let mut block = vec![0; pattern::BLOCK];
    for index in (0..blocks).filter(|index| !hole.contains(index)) {
        stop.check()?;
        let length = BLOCK.min(size - index * BLOCK) as usize;
        pattern::fill(&mut block[..length], index);
        file.seek(SeekFrom::Start(index * BLOCK)).map_err(cannot)?;
        file.write_all(&block[..length]).map_err(cannot)?;
    }
    // Else the disk would be busy with this file while the copy is timed.
    file.sync_all().map_err(cannot)?;
    Ok((hole.end - hole.start) * BLOCK)
}

/// The file and its copy need twice the size.
fn check_room(path: &Path, size: u64) -> Outcome<()> {
    let directory = path.parent().unwrap_or(path);
    let Some(free) = machine::free_space(directory) else { return Ok(()) };
    let needed = size.saturating_mul(2);
    if needed <= free {
        return Ok(());
    }
    Err(Failure::new(format!(
        "the tour's two files need {} in {}, and {} are free",
        Bytes(needed),
        std::env::temp_dir().display(),
        Bytes(free)
    ))
    .hint(format!(
        "set {} to a directory elsewhere, or take a smaller file with --file-size",
        machine::TEMPORARY
    )))
}

/// What comparing two files came to.
#[derive(Debug)]
pub(super) struct Compared {
    /// How many bytes are equal from the beginning.
    pub(super) equal: u64,
    /// Where the files first differ.
    pub(super) difference: Option<u64>,
}

/// Compares two files byte by byte.
pub(super) fn compare(left: &Path, right: &Path, stop: &Stop) -> Outcome<Compared> {
    let open = |path| File::open(path).map_err(|error| Failure::at("open", path, &error));
    let (mut left_file, mut right_file) = (open(left)?, open(right)?);
    let (mut left_bytes, mut right_bytes) = (vec![0; pattern::BLOCK], vec![0; pattern::BLOCK]);
    let mut equal = 0;
    loop {
        stop.check()?;
        let left_bytes =
            read_full(&mut left_file, &mut left_bytes).map_err(|e| Failure::at("read", left, &e))?;
        let right_bytes =
            read_full(&mut right_file, &mut right_bytes).map_err(|e| Failure::at("read", right, &e))?;
        // Equal blocks, the usual case, are compared at the speed of memory.
        if left_bytes == right_bytes {
            match left_bytes.len() {
                0 => return Ok(Compared { equal, difference: None }),
                length => equal += length as u64,
            }
        } else {
            let same = left_bytes.iter().zip(right_bytes).take_while(|(left, right)| left == right).count();
            equal += same as u64;
            return Ok(Compared { equal, difference: Some(equal) });
        }
    }
}

/// Reads until the buffer is full or the file ends.
fn read_full<'a>(file: &mut File, buffer: &'a mut [u8]) -> io::Result<&'a [u8]> {
    let mut length = 0;
    while length < buffer.len() {
        match file.read(&mut buffer[length..]) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(&buffer[..length])
}

/// The room that a file takes on its disk.
pub(super) fn room(path: &Path) -> Outcome<u64> {
    let allocated = File::open(path).and_then(|file| files::allocated(&file));
    allocated.map_err(|error| Failure::at("look at", path, &error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn differences_are_found_where_they_are() {
        let directory = tempfile::tempdir().unwrap();
        let [a, b] = ["a", "b"].map(|name| directory.path().join(name));
        let size = 17 * pattern::BLOCK as u64 + 5;
        assert_eq!(make(&a, size, &Stop::default()).unwrap(), pattern::BLOCK as u64);
        fs::copy(&a, &b).unwrap();
        let same = compare(&a, &b, &Stop::default()).unwrap();
        assert_eq!((same.equal, same.difference), (size, None));

        File::options().write(true).open(&b).unwrap().set_len(size - 1).unwrap();
        assert_eq!(compare(&a, &b, &Stop::default()).unwrap().difference, Some(size - 1));
        let mut bytes = fs::read(&b).unwrap();
        bytes[3] = !bytes[3];
        fs::write(&b, bytes).unwrap();
        assert_eq!(compare(&a, &b, &Stop::default()).unwrap().difference, Some(3));
    }
}
