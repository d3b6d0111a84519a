//! `FormatMessage`.

#![allow(unsafe_code, missing_docs)]

use std::ffi::{CString, c_char, c_void};
use std::ptr::{null, null_mut};
use veduta_win32 as _;

#[rustfmt::skip]
unsafe extern "C" {
    safe fn GetLastError() -> u32;
    fn FormatMessageA(flags: u32, source: *const c_void, id: u32, language: u32, buffer: *mut c_char, size: u32, arguments: *const c_void) -> u32;
    fn FormatMessageW(flags: u32, source: *const c_void, id: u32, language: u32, buffer: *mut u16, size: u32, arguments: *const c_void) -> u32;
    fn LocalFree(memory: *mut c_void) -> *mut c_void;
}

/// Runs statements that call functions of C.
macro_rules! c {
    ($($body:tt)*) => {{
        #[allow(clippy::multiple_unsafe_ops_per_block)]
        // SAFETY: the test passes texts with their ends, buffers that are as large as it says, and as many arguments as inserts.
        let result = unsafe { $($body)* };
        result
    }};
}

const IGNORE_INSERTS: u32 = 0x200;
const FROM_STRING: u32 = 0x400;
const FROM_SYSTEM: u32 = 0x1000;
const ARGUMENT_ARRAY: u32 = 0x2000;

fn text(pointer: &std::ffi::CStr) -> usize {
    pointer.as_ptr().expose_provenance()
}

fn call(flags: u32, message: &str, arguments: *const c_void) -> Result<String, u32> {
    let message = CString::new(message).unwrap();
    let mut buffer = [0x23; 300];
    let length = c!(FormatMessageA(
        FROM_STRING | flags,
        message.as_ptr().cast(),
        0,
        0,
        buffer.as_mut_ptr(),
        300,
        arguments
    ));
    if length == 0 {
        return Err(GetLastError());
    }
    let result = c!(std::ffi::CStr::from_ptr(buffer.as_ptr())).to_str().unwrap().to_owned();
    assert_eq!(result.len(), length as usize);
    Ok(result)
}

fn array(message: &str, arguments: &[usize]) -> Result<String, u32> {
    call(ARGUMENT_ARRAY, message, arguments.as_ptr().cast())
}

#[test]
fn escapes_and_line_breaks() {
    assert_eq!(call(0, "a%%b%.d%!e% f%ng%th%rx%yz", null()).unwrap(), "a%b.d!e f\r\ng\th\rxyz");
    assert_eq!(call(IGNORE_INSERTS, "a%%b%1c%.d%!e% f%ng%th", null()).unwrap(), "a%%b%1c%.d%!e% f\r\ng\th");
    assert_eq!(call(0, "a%0b", null()).unwrap(), "a");
    assert_eq!(call(0, "a\nb\r\nc\rd", null()).unwrap(), "a\r\nb\r\nc\r\nd");
    assert_eq!(call(0xFF, "a\nb\r\nc\rd%nx", null()).unwrap(), "a b c d\r\nx");
    assert_eq!(call(10, "one two three\nfour", null()).unwrap(), "one two\r\nthree four");
    assert_eq!(call(10, "abcdefghijklmno pq", null()).unwrap(), "abcdefghij\r\nklmno pq");
    assert_eq!(call(0, "abc%", null()), Err(87));
    assert_eq!(call(0, "", null()), Err(235));
    assert_eq!(call(0, "abc%1", null()), Err(87));
}

#[test]
fn inserts() {
    let (one, two) = (text(c"one"), text(c"two"));
    assert_eq!(array("%2 %1 %1", &[one, two]).unwrap(), "two one one");
    assert_eq!(
        array(
            "%1!5d!|%2!-5u!|%3!05x!|%4!#X!|%5!I64d!|",
            &[(-42_isize).cast_unsigned(), 7, 255, 255, usize::MAX]
        )
        .unwrap(),
        "  -42|7    |000ff|0XFF|-1|"
    );
    assert_eq!(
        array("%1!d!|%1!u!|%1!hd!|%1!I64x!|%1!lx!", &[0xFFFF_FFFF_FFFF]).unwrap(),
        "-1|4294967295|-1|ffffffffffff|ffffffff"
    );
    assert_eq!(
        array("%1!+d!|%2!o!|%2!.4d!|%3!p!|%4!10.3s!|%4!-10s!|", &[5, 8, 0x1234, text(c"abcdef")]).unwrap(),
        "+5|10|0008|0000000000001234|       abc|abcdef    |"
    );
    assert_eq!(array("%1!c!%2!c!", &[97, 98]).unwrap(), "ab");
    assert_eq!(array("%1", &[0]).unwrap(), "(null)");
    // Microsoft's example.
    let bill = text(c"Bill");
    assert_eq!(array("%1!*.*s! %4 %5!*s!", &[4, 2, bill, text(c"Bob"), 6, bill]).unwrap(), "  Bi Bob   Bill");
    let ten = [one, one, one, one, one, one, one, one, one, two];
    assert_eq!(array("%10 %100", &ten).unwrap(), "two two0");
    for malformed in ["%1!q!", "%1!f!", "%1!s", "%1!!", "%1!99999999s!", "%1!5.!"] {
        assert_eq!(array(malformed, &[one]), Err(87), "{malformed}");
    }
    let wide: Vec<u16> = "wä\0".encode_utf16().collect();
    assert_eq!(
        array("%1!ls! %1!S! %1!ws! %2!hs! %2!s!", &[wide.as_ptr().expose_provenance(), one]).unwrap(),
        "wä wä wä one one"
    );
}

/// A list as a variadic function of C makes it: what did not fit into registers is on the stack.
#[cfg(target_arch = "x86_64")]
#[repr(C)]
struct List {
    general: u32,
    floating: u32,
    overflow: *const usize,
    registers: *const usize,
}

#[cfg(target_arch = "x86_64")]
#[test]
fn inserts_of_a_list() {
    let bill = text(c"Bill");
    let registers = [0, 0, 0, 0, 4 | 7 << 32, 2];
    let overflow = [bill, text(c"Bob"), 6, bill];
    let list = List { general: 32, floating: 48, overflow: overflow.as_ptr(), registers: registers.as_ptr() };
    let pointer = (&raw const list).cast();
    // Microsoft's example for lists counts otherwise than that for arrays.
    assert_eq!(call(0, "%1!*.*s! %3 %4!*s!", pointer).unwrap(), "  Bi Bob   Bill");
    assert_eq!(call(0, "%2!d!%1!d!%4", pointer).unwrap(), "24Bob");
}

#[test]
fn messages_of_the_system() {
    let mut buffer = [0_u16; 200];
    let format = |flags, id, language, buffer: *mut u16, size| {
        c!(FormatMessageW(flags, null(), id, language, buffer, size, null()))
    };
    let length = format(FROM_SYSTEM | IGNORE_INSERTS, 2, 0x400, buffer.as_mut_ptr(), 200);
    let message = String::from_utf16(&buffer[..length as usize]).unwrap();
    assert!(message.ends_with(".\r\n") && buffer[length as usize] == 0, "{message:?}");
    assert_eq!(format(FROM_SYSTEM, 0x8007_0002, 0, buffer.as_mut_ptr(), 200), length);
    assert_eq!(format(FROM_SYSTEM | 0xFF, 2, 0, buffer.as_mut_ptr(), 200), length - 1);
    assert_eq!(buffer[length as usize - 2], 32);
    for (flags, id, language, size, code) in [
        (FROM_SYSTEM, 123_456, 0, 200, 317),
        (FROM_SYSTEM, 2, 0, 5, 122),
        (FROM_SYSTEM, 2, 0x407, 200, 1815),
        (0x800, 2, 0, 200, 1813),
        (0, 2, 0, 200, 87),
        (FROM_SYSTEM | FROM_STRING, 2, 0, 200, 87),
        (FROM_STRING, 2, 0, 200, 87),
    ] {
        buffer[0] = 7;
        assert_eq!(format(flags, id, language, buffer.as_mut_ptr(), size), 0);
        assert_eq!((GetLastError(), buffer[0]), (code, 7), "{flags:#x} {id}");
    }
    assert_eq!(format(FROM_SYSTEM, 2, 0, null_mut(), 200), 0);
    assert_eq!(GetLastError(), 87);
    let mut allocated: *mut u16 = null_mut();
    assert_eq!(format(FROM_SYSTEM | 0x100, 2, 0, (&raw mut allocated).cast(), 0), length);
    assert_eq!(
        String::from_utf16(c!(std::slice::from_raw_parts(allocated, length as usize))).unwrap(),
        message
    );
    assert!(c!(LocalFree(allocated.cast())).is_null());
}
