//! Positions and sizes.

use super::{Shape, Used, right, share, used};
use crate::code;
use crate::export::export;
use crate::failure::{Failure, Result, fail};
use crate::last_error;
use crate::pointer::Out;
use crate::types::{BOOL, DWORD, HANDLE, LARGE, LONG};
use rustix::fs::{FallocateFlags, SeekFrom};
use rustix::io::Errno;

/// `INVALID_SET_FILE_POINTER` and `INVALID_FILE_SIZE`. It may also be the lower half of what was asked: then the last error is 0.
const INVALID: u32 = u32::MAX;

export! {
    fn SetFilePointer(file: HANDLE, distance: LONG, high: Out<LONG>, method: DWORD) -> DWORD, failing INVALID {
        let wide = match high.get() {
            Some(high) => i64::from(high) << 32 | i64::from(distance as u32),
            None => i64::from(distance),
        };
        let most = if high.is_null() { i64::from(u32::MAX) } else { i64::MAX };
        let position = move_to(file, wide, method, most)?;
        high.put((position >> 32) as i32);
        Ok(lower_half(position))
    }

    fn SetFilePointerEx(file: HANDLE, distance: LARGE, moved: Out<LARGE>, method: DWORD) -> BOOL {
        moved.put(move_to(file, distance, method, i64::MAX)?);
        Ok(())
    }

    fn GetFileSize(file: HANDLE, high: Out<DWORD>) -> DWORD, failing INVALID {
        let size = size(&used(file)?)?;
        high.put((size >> 32) as u32);
        Ok(lower_half(size))
    }

    fn GetFileSizeEx(file: HANDLE, size_out: Out<LARGE>) -> BOOL {
        let size = size(&used(file)?)?;
        size_out.required()?.put(size);
        Ok(())
    }

    fn SetEndOfFile(file: HANDLE) -> BOOL {
        let file = used(file)?;
        file.may(right::WRITE_DATA)?;
        file.on_disk()?;
        set_size(&file, rustix::fs::tell(file.descriptor())?)
    }
}

fn lower_half(value: i64) -> u32 {
    let low = value as u32;
    if low == INVALID {
        last_error::set(code::SUCCESS);
    }
    low
}

pub(crate) fn size(file: &Used) -> Result<i64> {
    file.on_disk()?;
    Ok(rustix::fs::fstat(file.descriptor())?.st_size)
}

/// Moves the position, unless it would come to lie before the file or beyond `most`.
fn move_to(file: HANDLE, distance: i64, method: u32, most: i64) -> Result<i64> {
    let file = used(file)?;
    file.on_disk()?;
    let descriptor = file.descriptor();
    let position = |errno| match errno {
        // The descriptor of a handle without rights to the data only names the file.
        Errno::BADF => Failure::hint(
            code::ACCESS_DENIED,
            "the handle has no right to the file's data, so no position in it",
        ),
        errno => errno.into(),
    };
    let from = match method {
        0 => 0,
        1 => rustix::fs::tell(descriptor).map_err(position)? as i64,
        2 => size(&file)?,
        _ => {
            return Err(Failure::hint(
                code::INVALID_PARAMETER,
                "the method is FILE_BEGIN, FILE_CURRENT or FILE_END",
            ));
        }
    };
    match from.checked_add(distance) {
        Some(to) if to < 0 => fail(code::NEGATIVE_SEEK),
        Some(to) if to <= most => {
            rustix::fs::seek(descriptor, SeekFrom::Start(to as u64)).map_err(position)?;
            Ok(to)
        }
        _ => Err(Failure::hint(
            code::INVALID_PARAMETER,
            "the position needs more than 32 bits: pass lpDistanceToMoveHigh",
        )),
    }
}

/// Makes a file longer or shorter. While there are sections or views of it, it does not become shorter.
pub(crate) fn set_size(file: &Used, size: u64) -> Result<()> {
    if file.shape() != Shape::Regular {
        return fail(code::INVALID_PARAMETER);
    }
    let descriptor = file.descriptor();
    let now = rustix::fs::fstat(descriptor)?.st_size as u64;
    if size < now {
        return share::shrink(descriptor, size);
    }
    Ok(rustix::io::retry_on_intr(|| rustix::fs::ftruncate(descriptor, size))?)
}

/// Sees to it that a file has room for so much. What lies beyond is cut off.
pub(crate) fn set_allocation(file: &Used, room: u64) -> Result<()> {
    if self::size(file)? as u64 > room {
        return set_size(file, room);
    }
    if room == 0 {
        return Ok(());
    }
    match rustix::fs::fallocate(file.descriptor(), FallocateFlags::KEEP_SIZE, 0, room) {
        // The file system takes room when it is written to.
        Ok(()) | Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}
