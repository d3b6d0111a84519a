//! What a file is: type, times, attributes, identity.

use super::times::{self, Times, in_halves};
use super::{Shape, Used, create, path, position, right, share, used};
use crate::code;
use crate::export::export;
use crate::failure::{Failure, Result, fail};
use crate::pointer::{In, Out};
use crate::rights::DELETE;
use crate::text::{self, Narrow, Text, Wide};
use crate::time::FileTime;
use crate::types::{BOOL, DWORD, HANDLE, INT, POINTER};
use rustix::fs::{AtFlags, CWD, FileType, Mode, Stat, Statx, StatxFlags};
use std::mem::size_of;
use std::path::Path;

const INVALID_FILE_ATTRIBUTES: u32 = u32::MAX;
const READONLY: u32 = 0x1;
const DIRECTORY: u32 = 0x10;
const ARCHIVE: u32 = 0x20;
const NORMAL: u32 = 0x80;

const FILE_TYPE_UNKNOWN: u32 = 0;
const FILE_TYPE_DISK: u32 = 1;
const FILE_TYPE_CHAR: u32 = 2;
const FILE_TYPE_PIPE: u32 = 3;

#[repr(C)]
#[derive(Clone, Copy)]
struct ByHandleInformation {
    attributes: u32,
    created: FileTime,
    accessed: FileTime,
    written: FileTime,
    volume: u32,
    size_high: u32,
    size_low: u32,
    links: u32,
    index_high: u32,
    index_low: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct AttributeData {
    attributes: u32,
    created: FileTime,
    accessed: FileTime,
    written: FileTime,
    size_high: u32,
    size_low: u32,
}

/// `FILE_BASIC_INFO`. A time of 0 is not set.
#[repr(C)]
#[derive(Clone, Copy)]
struct BasicInformation {
    created: i64,
    accessed: i64,
    written: i64,
    changed: i64,
    attributes: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct StandardInformation {
    allocated: i64,
    size: i64,
    links: u32,
    delete_pending: u8,
    directory: u8,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct AttributeTagInformation {
    attributes: u32,
    tag: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct IdInformation {
    volume: u64,
    id: [u8; 16],
}

const BASIC_INFO: i32 = 0;
const STANDARD_INFO: i32 = 1;
const DISPOSITION_INFO: i32 = 4;
const ALLOCATION_INFO: i32 = 5;
const END_OF_FILE_INFO: i32 = 6;
const ATTRIBUTE_TAG_INFO: i32 = 9;
const ID_INFO: i32 = 18;
const DISPOSITION_INFO_EX: i32 = 21;

const DISPOSITION_DELETE: u32 = 0x1;
const DISPOSITION_IGNORE_READONLY: u32 = 0x10;

export! {
    fn GetFileType(file: HANDLE) -> DWORD, failing FILE_TYPE_UNKNOWN {
        Ok(match used(file)?.shape() {
            Shape::Regular | Shape::Directory => FILE_TYPE_DISK,
            Shape::Character => FILE_TYPE_CHAR,
            Shape::Pipe => FILE_TYPE_PIPE,
        })
    }

    fn GetFileTime(file: HANDLE, created: Out<FileTime>, accessed: Out<FileTime>, written: Out<FileTime>) -> BOOL {
        let times = Times::of(used(file)?.descriptor())?;
        times::put(created, times.created);
        times::put(accessed, times.accessed);
        times::put(written, times.written);
        Ok(())
    }

    fn SetFileTime(file: HANDLE, _created: In<FileTime>, accessed: In<FileTime>, written: In<FileTime>) -> BOOL {
        let file = used(file)?;
        file.may(right::WRITE_ATTRIBUTES)?;
        // Linux does not let a program say when a file was made.
        let wanted = |time: In<FileTime>| time.get().map(times::steps).filter(|&steps| is_time(steps));
        Ok(times::set(file.descriptor(), wanted(accessed), wanted(written))?)
    }

    fn GetFileInformationByHandle(file: HANDLE, information: Out<ByHandleInformation>) -> BOOL {
        let file = used(file)?;
        file.on_disk()?;
        let (stat, times) = (rustix::fs::fstat(file.descriptor())?, Times::of(file.descriptor())?);
        information.required()?.put(ByHandleInformation {
            attributes: attributes_of(&stat),
            created: in_halves(times.created),
            accessed: in_halves(times.accessed),
            written: in_halves(times.written),
            volume: volume(&stat),
            size_high: (stat.st_size >> 32) as u32,
            size_low: stat.st_size as u32,
            links: stat.st_nlink as u32,
            index_high: (stat.st_ino >> 32) as u32,
            index_low: stat.st_ino as u32,
        });
        Ok(())
    }

    fn GetFileInformationByHandleEx(file: HANDLE, class: INT, information: POINTER, size: DWORD) -> BOOL {
        let file = used(file)?;
        let stat = rustix::fs::fstat(file.descriptor())?;
        match class {
            BASIC_INFO => {
                let times = Times::of(file.descriptor())?;
                give(information, size, BasicInformation {
                    created: times.created,
                    accessed: times.accessed,
                    written: times.written,
                    changed: times.changed,
                    attributes: attributes_of(&stat),
                })
            }
            STANDARD_INFO => give(information, size, StandardInformation {
                allocated: stat.st_blocks * 512,
                size: stat.st_size,
                links: stat.st_nlink as u32,
                delete_pending: (file.is_delete_pending()
                    || share::others_say(file.descriptor(), share::Byte::DeletePending)).into(),
                directory: (file.shape() == Shape::Directory).into(),
            }),
            ATTRIBUTE_TAG_INFO => {
                give(information, size, AttributeTagInformation { attributes: attributes_of(&stat), tag: 0 })
            }
            ID_INFO => {
                let mut id = [0; 16];
                id[..8].copy_from_slice(&stat.st_ino.to_le_bytes());
                give(information, size, IdInformation { volume: stat.st_dev, id })
            }
            _ => Err(unknown_class(class)),
        }
    }

    fn SetFileInformationByHandle(file: HANDLE, class: INT, information: POINTER, size: DWORD) -> BOOL {
        let file = used(file)?;
        match class {
            BASIC_INFO => {
                let wanted: BasicInformation = taken(information, size)?;
                file.may(right::WRITE_ATTRIBUTES)?;
                let time = |steps: i64| Some(steps).filter(|&steps| is_time(steps));
                times::set(file.descriptor(), time(wanted.accessed), time(wanted.written))?;
                if wanted.attributes != 0 {
                    let path = super::by_descriptor(file.descriptor());
                    set_attributes(Path::new(&path), wanted.attributes)?;
                }
                Ok(())
            }
            DISPOSITION_INFO => {
                let delete: u8 = taken(information, size)?;
                dispose(&file, delete != 0, false)
            }
            DISPOSITION_INFO_EX => {
                let flags: u32 = taken(information, size)?;
                dispose(&file, flags & DISPOSITION_DELETE != 0, flags & DISPOSITION_IGNORE_READONLY != 0)
            }
            ALLOCATION_INFO | END_OF_FILE_INFO => {
                let length: i64 = taken(information, size)?;
                file.may(right::WRITE_DATA)?;
                file.on_disk()?;
                let Ok(length) = u64::try_from(length) else { return fail(code::INVALID_PARAMETER) };
                if class == END_OF_FILE_INFO {
                    position::set_size(&file, length)
                } else {
                    position::set_allocation(&file, length)
                }
            }
            _ => Err(unknown_class(class)),
        }
    }

    fn GetFileAttributesA(name: Narrow) -> DWORD, failing INVALID_FILE_ATTRIBUTES { attributes(name) }

    fn GetFileAttributesW(name: Wide) -> DWORD, failing INVALID_FILE_ATTRIBUTES { attributes(name) }

    fn GetFileAttributesExA(name: Narrow, level: INT, data: Out<AttributeData>) -> BOOL {
        attributes_ex(name, level, data)
    }

    fn GetFileAttributesExW(name: Wide, level: INT, data: Out<AttributeData>) -> BOOL {
        attributes_ex(name, level, data)
    }

    fn SetFileAttributesA(name: Narrow, attributes: DWORD) -> BOOL {
        set_attributes(&path::to_linux(&path::required(name)?)?, attributes)
    }

    fn SetFileAttributesW(name: Wide, attributes: DWORD) -> BOOL {
        set_attributes(&path::to_linux(&path::required(name)?)?, attributes)
    }

    fn GetFinalPathNameByHandleA(file: HANDLE, buffer: Out<u8>, capacity: DWORD, flags: DWORD) -> DWORD {
        final_path::<Narrow>(file, buffer, capacity, flags)
    }

    fn GetFinalPathNameByHandleW(file: HANDLE, buffer: Out<u16>, capacity: DWORD, flags: DWORD) -> DWORD {
        final_path::<Wide>(file, buffer, capacity, flags)
    }
}

/// Whether steps are a time: 0 and -1 say that one is to stay as it is.
fn is_time(steps: i64) -> bool {
    steps != 0 && steps != -1
}

/// Writes a structure, if the caller's buffer is one.
fn give<T: Copy>(information: POINTER, size: u32, value: T) -> Result<()> {
    check_size::<T>(information, size)?;
    // SAFETY: the caller says that so many bytes may be written, and there are enough.
    unsafe { information.cast::<T>().write_unaligned(value) };
    Ok(())
}

/// Reads a structure, if the caller's buffer has one.
fn taken<T: Copy>(information: POINTER, size: u32) -> Result<T> {
    check_size::<T>(information, size)?;
    // SAFETY: the caller says that so many bytes may be read, and there are enough. The structures here are of integers.
    Ok(unsafe { information.cast::<T>().read_unaligned() })
}

fn check_size<T>(information: POINTER, size: u32) -> Result<()> {
    if (size as usize) < size_of::<T>() {
        let hint = format!("dwBufferSize is {size}, the structure has {} bytes", size_of::<T>());
        return Err(Failure::hint(code::BAD_LENGTH, hint));
    }
    if information.is_null() { fail(code::NOACCESS) } else { Ok(()) }
}

fn unknown_class(class: i32) -> Failure {
    Failure::hint(code::INVALID_PARAMETER, format!("the information class {class} is not there"))
}

/// The device's number, in half as many bits.
fn volume(stat: &Stat) -> u32 {
    (stat.st_dev >> 32) as u32 ^ stat.st_dev as u32
}

pub(crate) fn attributes_of(stat: &Stat) -> u32 {
    attributes_of_mode(stat.st_mode)
}

fn attributes_of_mode(mode: u32) -> u32 {
    let kind = match FileType::from_raw_mode(mode) {
        // Everybody may make a directory's files read-only, but that says nothing of the directory.
        FileType::Directory => return DIRECTORY,
        FileType::RegularFile => ARCHIVE,
        _ => return NORMAL,
    };
    if mode & create::WRITE_BITS == 0 { kind | READONLY } else { kind }
}

fn attributes(name: impl Text) -> Result<u32> {
    Ok(attributes_of_mode(look(name)?.stx_mode.into()))
}

fn look(name: impl Text) -> Result<Statx> {
    let path = path::to_linux(&path::required(name)?)?;
    rustix::fs::statx(CWD, &path, AtFlags::empty(), StatxFlags::BASIC_STATS | StatxFlags::BTIME)
        .map_err(|errno| path::failure(errno, &path))
}

fn attributes_ex(name: impl Text, level: i32, data: Out<AttributeData>) -> Result<()> {
    if level != 0 {
        return fail(code::INVALID_PARAMETER);
    }
    let stat = look(name)?;
    let times = Times::from_statx(&stat);
    data.required()?.put(AttributeData {
        attributes: attributes_of_mode(stat.stx_mode.into()),
        created: in_halves(times.created),
        accessed: in_halves(times.accessed),
        written: in_halves(times.written),
        size_high: (stat.stx_size >> 32) as u32,
        size_low: stat.stx_size as u32,
    });
    Ok(())
}

/// Linux keeps one of the attributes: whether anybody may write.
fn set_attributes(path: &Path, attributes: u32) -> Result<()> {
    let fail = |errno| path::failure(errno, path);
    let stat = rustix::fs::stat(path).map_err(fail)?;
    if !FileType::from_raw_mode(stat.st_mode).is_file() {
        return Ok(());
    }
    let mode = stat.st_mode & 0o7777;
    let wanted = match (attributes & READONLY != 0, mode & create::WRITE_BITS == 0) {
        (true, false) => mode & !create::WRITE_BITS,
        // Who else might write to it before is not known any more.
        (false, true) => mode | 0o200,
        _ => return Ok(()),
    };
    rustix::fs::chmod(path, Mode::from_raw_mode(wanted)).map_err(fail)
}

/// The delete disposition.
fn dispose(file: &Used, delete: bool, even_read_only: bool) -> Result<()> {
    file.may(DELETE)?;
    file.on_disk()?;
    if delete {
        let stat = rustix::fs::fstat(file.descriptor())?;
        if attributes_of(&stat) & READONLY != 0 && !even_read_only {
            return Err(Failure::hint(
                code::ACCESS_DENIED,
                "a file with FILE_ATTRIBUTE_READONLY is not deleted",
            ));
        }
        share::not_mapped(file.descriptor(), code::ACCESS_DENIED)?;
        if file.shape() == Shape::Directory && !is_empty(file)? {
            return fail(code::DIR_NOT_EMPTY);
        }
    }
    file.set_delete_pending(delete)
}

fn is_empty(directory: &Used) -> Result<bool> {
    let mut entries = rustix::fs::Dir::read_from(directory.descriptor())?;
    Ok(entries.all(|entry| entry.is_ok_and(|entry| matches!(entry.file_name().to_bytes(), b"." | b".."))))
}

fn final_path<T: Text>(file: HANDLE, buffer: Out<T::Unit>, capacity: u32, flags: u32) -> Result<u32> {
    // VOLUME_NAME_DOS, and whether links were followed on the way makes no difference here.
    if flags & !0x8 != 0 {
        return Err(Failure::hint(code::INVALID_PARAMETER, "only VOLUME_NAME_DOS is there"));
    }
    let file = used(file)?;
    file.on_disk()?;
    let Some((path, _)) = super::deletion::path_of(file.descriptor()) else {
        return fail(code::PATH_NOT_FOUND);
    };
    Ok(text::fill::<T>(buffer, capacity as usize, &format!(r"\\?\{}", path::to_windows(&path))))
}
