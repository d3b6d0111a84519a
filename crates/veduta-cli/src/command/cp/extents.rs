//! Where a file has data, and where only holes.

use crate::os::files;
use std::fs::File;
use std::io;
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
    type Item = io::Result<Range<u64>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.size {
            return None;
        }
        let extent = files::next_data(self.file, self.at..self.size).transpose();
        self.at = match &extent {
            Some(Ok(extent)) => extent.end,
            Some(Err(_)) | None => self.size,
        };
        extent
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Seek, SeekFrom, Write};

    fn write_at(mut file: &File, bytes: &[u8], at: u64) {
        file.seek(SeekFrom::Start(at)).unwrap();
        file.write_all(bytes).unwrap();
    }

    fn collect(file: &File, size: u64) -> Vec<Range<u64>> {
        Extents::new(file, size).map(|extent| extent.unwrap()).collect()
    }

    #[test]
    fn holes_are_found_and_data_is_never_lost() {
        const MIB: u64 = 1 << 20;
        let file = tempfile::tempfile().unwrap();
        file.set_len(8 * MIB).unwrap();
        assert!(collect(&file, 8 * MIB).iter().all(|extent| extent.end <= 8 * MIB));

        write_at(&file, b"data", 3 * MIB + 5);
        let data = collect(&file, 8 * MIB);
        assert!(data.iter().any(|extent| extent.contains(&(3 * MIB + 5))), "{data:?}");
        assert!(data.windows(2).all(|pair| pair[0].end <= pair[1].start), "{data:?}");

        write_at(&file, &[0; 4096], 0);
        assert_eq!(collect(&file, 8 * MIB)[0].start, 0, "zeros that were written are data");
        assert_eq!(collect(&file, 0), []);
    }
}
