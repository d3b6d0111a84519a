//! What the fuzzer found, one test each.

mod calls {
    unsafe extern "C" {
        pub(super) fn veduta_wcstol(text: *const u16, end: *mut *const u16, base: i32) -> i64;
        pub(super) fn FormatMessageA(
            flags: u32,
            source: *const u8,
            id: u32,
            language: u32,
            buffer: *mut u8,
            size: u32,
            arguments: *const usize,
        ) -> u32;
        pub(super) fn CreateEventW(attributes: usize, manual: i32, set: i32, name: usize) -> usize;
        pub(super) fn SetHandleInformation(handle: usize, mask: u32, flags: u32) -> i32;
        pub(super) fn CloseHandle(handle: usize) -> i32;
        pub(super) fn DuplicateHandle(
            source_process: usize,
            source: usize,
            target_process: usize,
            target: *mut usize,
            access: u32,
            inherit: i32,
            options: u32,
        ) -> i32;
    }
}

/// The C library leaves the place of the end alone for a base that is none, and what was taken for an end was NULL.
#[test]
fn a_base_that_is_none_reads_nothing() {
    let text = [0x31, 0x32, 0];
    let mut end = std::ptr::null();
    // SAFETY: a text with its end, and a place.
    let number = unsafe { calls::veduta_wcstol(text.as_ptr(), &raw mut end, 37) };
    assert_eq!((number, end), (0, text.as_ptr()));
}

/// The memory of an empty message was allocated, and the failure that it is gave nobody a reason to free it.
#[test]
fn an_empty_message_allocates_nothing() {
    let mut made: *mut u8 = std::ptr::dangling_mut();
    let place = (&raw mut made).cast();
    // FORMAT_MESSAGE_ALLOCATE_BUFFER | FORMAT_MESSAGE_FROM_STRING
    // SAFETY: a text with its end, and a place for a pointer.
    let length =
        unsafe { calls::FormatMessageA(0x500, c"".as_ptr().cast(), 0, 0, place, 0, std::ptr::null()) };
    assert_eq!(length, 0);
    assert!(made.is_null());
}

/// The duplicate was made, and its value not told, because the source could not be closed.
#[test]
fn a_protected_source_does_not_lose_the_duplicate() {
    const SELF: usize = usize::MAX;
    // SAFETY: nothing is pointed to.
    let event = unsafe { calls::CreateEventW(0, 0, 0, 0) };
    // SAFETY: as above.
    assert_eq!(unsafe { calls::SetHandleInformation(event, 2, 2) }, 1);
    let mut duplicate = 0;
    // SAFETY: a place for a handle.
    assert_eq!(unsafe { calls::DuplicateHandle(SELF, event, SELF, &raw mut duplicate, 0, 0, 3) }, 1);
    // SAFETY: as above.
    assert_eq!(unsafe { calls::CloseHandle(duplicate) }, 1);
    // SAFETY: as above.
    assert_eq!(unsafe { calls::SetHandleInformation(event, 2, 0) }, 1);
    // SAFETY: as above.
    assert_eq!(unsafe { calls::CloseHandle(event) }, 1);
}
