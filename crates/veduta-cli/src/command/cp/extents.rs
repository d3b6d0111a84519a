//! Where a file has data, and where only holes.

use rustix::fs::{SeekFrom, seek};
use rustix::io::Errno;
use std::fs::File;
use std::ops::Range;

/// The ranges of data among the first `size` bytes of a file, in order.
///
/// A filesystem that knows no holes has one range of data. What changes while this runs may be seen either way, as
/// with any copy of a file that is being written to.
#[derive(Debug)]
pub(super) struct Extents<'a> {
    file: &'a File,
    size: u64,
    at: u64,
}

impl<'a> Extents<'a> {
    pub(super) fn new(file: &'a File, size: u64) -> Extents<'a> {
        Extents { file, size, at: 0 }
    }
}

impl Iterator for Extents<'_> {
    type Item = rustix::io::Result<Range<u64>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.size {
            return None;
        }
        let extent = next_extent(self.file, self.at, self.size).transpose();
        self.at = match &extent {
            Some(Ok(extent)) => extent.end,
            Some(Err(_)) | None => self.size,
        };
        extent
    }
}

fn next_extent(file: &File, at: u64, size: u64) -> rustix::io::Result<Option<Range<u64>>> {
    let start = match seek(file, SeekFrom::Data(at)) {
        Ok(start) if start >= size => return Ok(None),
        Ok(start) => start,
        // No data from here to the end.
        Err(Errno::NXIO) => return Ok(None),
        Err(Errno::INVAL | Errno::OPNOTSUPP) => return Ok(Some(at..size)),
        Err(error) => return Err(error),
    };
    // NXIO: the file was cut off below `start` since. The view will say so.
    let end = match seek(file, SeekFrom::Hole(start)) {
        Ok(end) => end.clamp(start + 1, size),
        Err(_) => size,
    };
    Ok(Some(start..end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::FileExt;

    fn collect(file: &File, size: u64) -> Vec<Range<u64>> {
        Extents::new(file, size).map(|extent| extent.unwrap()).collect()
    }

    #[test]
    fn holes_are_found_and_data_is_never_lost() {
        const MIB: u64 = 1 << 20;
        let file = tempfile::tempfile().unwrap();
        file.set_len(8 * MIB).unwrap();
        assert!(collect(&file, 8 * MIB).iter().all(|extent| extent.end <= 8 * MIB));

        file.write_all_at(b"data", 3 * MIB + 5).unwrap();
        let data = collect(&file, 8 * MIB);
        assert!(data.iter().any(|extent| extent.contains(&(3 * MIB + 5))), "{data:?}");
        assert!(data.windows(2).all(|pair| pair[0].end <= pair[1].start), "{data:?}");

        file.write_all_at(&[0; 4096], 0).unwrap();
        assert_eq!(collect(&file, 8 * MIB)[0].start, 0, "zeros that were written are data");
        assert_eq!(collect(&file, 0), []);
    }
}
