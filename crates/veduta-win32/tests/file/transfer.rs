//! Reading, writing, positions and sizes.

use crate::scratch::Scratch;
use crate::sys::*;
use std::fs;
use std::ptr::{null, null_mut};

const BOTH: u32 = GENERIC_READ | GENERIC_WRITE;

#[test]
fn bytes_come_back_and_the_end_gives_none() {
    let scratch = Scratch::new();
    let file = create_file(scratch.path("f"), BOTH, 0, CREATE_NEW, 0).unwrap();
    assert_eq!(write(&file, b"some bytes"), Ok(10));
    assert_eq!(read(&file, 4), Ok(vec![]), "at the end");
    assert_eq!(seek(&file, 0, 0), Ok(0));
    assert_eq!(read(&file, 4).unwrap(), b"some");
    assert_eq!(read(&file, 100).unwrap(), b" bytes", "what is there");
    assert_eq!(read(&file, 0), Ok(vec![]));
    assert_eq!(write(&file, b""), Ok(0));
    assert_eq!(check(FlushFileBuffers(file.0)), Ok(()));
}

#[test]
fn bad_arguments_are_refused() {
    let scratch = Scratch::new();
    let path = scratch.file("f", "bytes");
    let file = open(&path, BOTH, SHARE_ALL).unwrap();
    let mut count = 77;
    // SAFETY: NULL and numbers of nothing are what is tested.
    unsafe {
        assert_eq!(check(ReadFile(file.0, null_mut(), 1, &mut count, null_mut())), Err(998));
        assert_eq!(count, 0, "written before anything else");
        assert_eq!(check(WriteFile(file.0, null(), 1, &mut count, null_mut())), Err(998));
        assert_eq!(check(ReadFile(file.0, [0; 1].as_mut_ptr(), 1, null_mut(), null_mut())), Err(87));
        assert_eq!(check(WriteFile(null_mut(), b"x".as_ptr(), 1, &mut count, null_mut())), Err(6));
        let event = CreateEventA(null(), 0, 0, null());
        assert_eq!(check(ReadFile(event, [0; 1].as_mut_ptr(), 1, &mut count, null_mut())), Err(6));
        assert_eq!((GetFileType(event), GetLastError()), (0, 6));
        assert_eq!(CloseHandle(event), 1);
    }
    assert_eq!(fs::read(&path).unwrap(), b"bytes");
}

#[test]
fn positions_move_as_documented() {
    let scratch = Scratch::new();
    let file = open(scratch.file("f", "0123456789"), BOTH, 0).unwrap();
    // SAFETY: the upper half is NULL or a number.
    let pointer = |distance, high: Option<&mut i32>, method| unsafe {
        SetFilePointer(file.0, distance, high.map_or(null_mut(), |high| high), method)
    };
    assert_eq!(pointer(3, None, 0), 3);
    assert_eq!(pointer(2, None, 1), 5);
    assert_eq!(pointer(-1, None, 2), 9);
    assert_eq!(pointer(-1, None, 1), 8);
    assert_eq!((pointer(-9, None, 1), GetLastError()), (u32::MAX, 131));
    assert_eq!((pointer(0, None, 3), GetLastError()), (u32::MAX, 87));
    assert_eq!(pointer(0, None, 1), 8, "failures move nothing");
    assert_eq!(pointer(100, None, 2), 110, "beyond the end");

    // A position whose lower half looks like a failure.
    let mut high = 1;
    SetLastError(77);
    assert_eq!((pointer(-1, Some(&mut high), 0), GetLastError(), high), (u32::MAX, 0, 1));
    assert_eq!(seek(&file, 0, 1), Ok(0x1_FFFF_FFFF));
    assert_eq!((pointer(0, None, 1), GetLastError()), (u32::MAX, 87), "it does not fit");
    high = -1;
    assert_eq!(pointer(-0x10, Some(&mut high), 1), 0xFFFF_FFEF);
    assert_eq!(high, 1);
    assert_eq!(seek(&file, -1, 0), Err(131));
    assert_eq!(seek(&file, i64::MAX, 1), Err(87));
    // SAFETY: NULL is allowed.
    assert_eq!(check(unsafe { SetFilePointerEx(file.0, 0, null_mut(), 0) }), Ok(()));
}

#[test]
fn sizes_are_asked_and_set() {
    let scratch = Scratch::new();
    let path = scratch.file("f", "0123456789");
    let file = open(&path, BOTH, SHARE_ALL).unwrap();
    seek(&file, 4, 0).unwrap();
    assert_eq!(check(SetEndOfFile(file.0)), Ok(()));
    assert_eq!(fs::read(&path).unwrap(), b"0123");
    seek(&file, 0x1_0000_0005, 0).unwrap();
    assert_eq!(check(SetEndOfFile(file.0)), Ok(()));
    let mut high = 0;
    // SAFETY: a number may be written there.
    let low = unsafe { GetFileSize(file.0, &mut high) };
    assert_eq!((low, high), (5, 1));
    let (length, room) = (7_i64, 0x10000_i64);
    // SAFETY: both structures are one number.
    unsafe {
        assert_eq!(check(SetFileInformationByHandle(file.0, 6, (&raw const length).cast(), 8)), Ok(()));
        assert_eq!(check(SetFileInformationByHandle(file.0, 5, (&raw const room).cast(), 8)), Ok(()));
        assert_eq!(check(SetFileInformationByHandle(file.0, 6, (&raw const length).cast(), 4)), Err(24));
        assert_eq!(check(SetFileInformationByHandle(file.0, 99, (&raw const length).cast(), 8)), Err(87));
        assert_eq!(check(GetFileSizeEx(file.0, null_mut())), Err(87));
    }
    assert_eq!(fs::metadata(&path).unwrap().len(), 7);
}

#[test]
fn overlapped_says_where_and_hears_what_came_of_it() {
    let scratch = Scratch::new();
    let path = scratch.file("f", "0123456789");
    let file = create_file(&path, BOTH, SHARE_ALL, OPEN_EXISTING, FLAG_OVERLAPPED).unwrap();
    let event = Open(CreateEventA(null(), 1, 0, null()));
    let at = |offset| OVERLAPPED { status: 77, transferred: 77, offset, event: event.0 };
    let mut buffer = [0; 4];
    let mut bytes = 0;
    // SAFETY: the buffer has that length, and all structures are there during the calls.
    unsafe {
        let mut four = at(4);
        assert_eq!(ReadFile(file.0, buffer.as_mut_ptr(), 4, null_mut(), &mut four), 1);
        assert_eq!((&buffer, four.status, four.transferred), (b"4567", 0, 4));
        assert_eq!(WaitForSingleObject(event.0, 0), 0, "it was set");
        assert_eq!(GetOverlappedResult(file.0, &mut four, &mut bytes, 1), 1);
        assert_eq!(bytes, 4);

        let mut end = at(10);
        assert_eq!(check(ReadFile(file.0, buffer.as_mut_ptr(), 4, null_mut(), &mut end)), Err(38));
        SetLastError(0);
        assert_eq!(check(GetOverlappedResult(file.0, &mut end, &mut bytes, 0)), Err(38));

        let mut behind = at(u64::MAX);
        assert_eq!(WriteFile(file.0, b"ab".as_ptr(), 2, &mut bytes, &mut behind), 1);
        assert_eq!((fs::read(&path).unwrap(), bytes), (b"0123456789ab".to_vec(), 2), "at the end");

        assert_eq!(check(ReadFile(file.0, buffer.as_mut_ptr(), 4, &mut bytes, null_mut())), Err(87));
        let mut pending = OVERLAPPED { status: 0x103, ..at(0) };
        assert_eq!(check(GetOverlappedResult(file.0, &mut pending, &mut bytes, 0)), Err(996));
        let mut wrong = OVERLAPPED { event: file.0, ..at(0) };
        assert_eq!(check(ReadFile(file.0, buffer.as_mut_ptr(), 4, &mut bytes, &mut wrong)), Err(6));
    }
    // A handle that keeps a position goes on behind.
    let plain = open(&path, BOTH, SHARE_ALL).unwrap();
    let mut two = OVERLAPPED { event: null_mut(), ..at(2) };
    // SAFETY: as above.
    assert_eq!(unsafe { ReadFile(plain.0, buffer.as_mut_ptr(), 4, &mut bytes, &mut two) }, 1);
    assert_eq!(seek(&plain, 0, 1), Ok(6));
}
