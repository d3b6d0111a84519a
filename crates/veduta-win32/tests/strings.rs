//! Strings, code pages, and the C library's functions for 16-bit text.

#![allow(unsafe_code, missing_docs)]

use std::ffi::{CString, c_char, c_void};
use std::ptr::{null, null_mut};
use veduta_win32 as _;

#[rustfmt::skip]
unsafe extern "C" {
    safe fn GetLastError() -> u32;
    fn lstrlenA(text: *const c_char) -> i32;
    fn lstrlenW(text: *const u16) -> i32;
    fn lstrcpyA(to: *mut c_char, from: *const c_char) -> *mut c_char;
    fn lstrcpynW(to: *mut u16, from: *const u16, limit: i32) -> *mut u16;
    fn lstrcatW(to: *mut u16, from: *const u16) -> *mut u16;
    fn lstrcmpA(a: *const c_char, b: *const c_char) -> i32;
    fn lstrcmpiA(a: *const c_char, b: *const c_char) -> i32;
    fn MultiByteToWideChar(page: u32, flags: u32, text: *const u8, length: i32, to: *mut u16, capacity: i32) -> i32;
    fn WideCharToMultiByte(page: u32, flags: u32, text: *const u16, length: i32, to: *mut u8, capacity: i32, default: *const u8, used: *mut i32) -> i32;
    safe fn GetACP() -> u32;
    safe fn IsValidCodePage(page: u32) -> i32;
    fn veduta_wcslen(text: *const u16) -> usize;
    fn veduta_wcsncpy(to: *mut u16, from: *const u16, count: usize) -> *mut u16;
    fn veduta_wcscmp(a: *const u16, b: *const u16) -> i32;
    fn veduta_wcsncmp(a: *const u16, b: *const u16, count: usize) -> i32;
    fn veduta_wcsicmp(a: *const u16, b: *const u16) -> i32;
    fn veduta_wcschr(text: *const u16, wanted: u16) -> *mut u16;
    fn veduta_wcsrchr(text: *const u16, wanted: u16) -> *mut u16;
    fn veduta_wcsstr(text: *const u16, wanted: *const u16) -> *mut u16;
    fn veduta_wcspbrk(text: *const u16, set: *const u16) -> *mut u16;
    fn veduta_wcsspn(text: *const u16, set: *const u16) -> usize;
    fn veduta_wcscspn(text: *const u16, set: *const u16) -> usize;
    fn veduta_wcstok(text: *mut u16, separators: *const u16, rest: *mut *mut u16) -> *mut u16;
    fn veduta_wcstol(text: *const u16, end: *mut *mut u16, base: i32) -> i64;
    fn veduta_wcstod(text: *const u16, end: *mut *mut u16) -> f64;
    fn veduta_wcsdup(text: *const u16) -> *mut u16;
    fn veduta_wcsupr(text: *mut u16) -> *mut u16;
    fn veduta_mbstowcs(to: *mut u16, from: *const c_char, count: usize) -> usize;
    fn veduta_wcstombs(to: *mut c_char, from: *const u16, count: usize) -> usize;
    fn veduta_fputws(text: *const u16, stream: *mut c_void) -> i32;
    fn veduta_fgetws(buffer: *mut u16, capacity: i32, stream: *mut c_void) -> *mut u16;
    fn veduta_wide_main(entry: extern "C" fn(i32, *mut *mut u16) -> i32, count: i32, arguments: *const *const c_char) -> i32;
    safe fn tmpfile() -> *mut c_void;
    fn rewind(stream: *mut c_void);
    fn fclose(stream: *mut c_void) -> i32;
    fn free(memory: *mut c_void);
}

/// Runs statements that call functions of C.
macro_rules! c {
    ($($body:tt)*) => {{
        #[allow(clippy::multiple_unsafe_ops_per_block)]
        // SAFETY: the test passes texts with their ends and buffers that are as large as it says.
        let result = unsafe { $($body)* };
        result
    }};
}

fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}

fn read(text: *const u16) -> Option<String> {
    (!text.is_null())
        .then(|| String::from_utf16_lossy(c!(std::slice::from_raw_parts(text, lstrlenW(text) as usize))))
}

#[test]
fn small_string_functions() {
    assert_eq!((c!(lstrlenA(null())), c!(lstrlenW(null())), c!(lstrlenA(c"abc".as_ptr()))), (0, 0, 3));
    let mut narrow = [0; 8];
    assert!(c!(lstrcpyA(narrow.as_mut_ptr(), null())).is_null());
    assert_eq!(c!(lstrcpyA(narrow.as_mut_ptr(), c"abc".as_ptr())), narrow.as_mut_ptr());
    assert_eq!(c!(lstrcmpA(narrow.as_ptr(), c"abc".as_ptr())), 0);
    let mut buffer = [7_u16; 10];
    c!(lstrcpynW(buffer.as_mut_ptr(), wide("abcdef").as_ptr(), 4));
    assert_eq!(buffer[..5], [97, 98, 99, 0, 7]);
    c!(lstrcpynW(buffer.as_mut_ptr(), wide("x").as_ptr(), 0));
    assert_eq!(buffer[0], 97);
    c!(lstrcatW(buffer.as_mut_ptr(), wide("zz").as_ptr()));
    assert_eq!(read(buffer.as_ptr()).unwrap(), "abczz");
    // As a dictionary has it, not as the numbers of the characters are.
    for (a, b, expected, ignoring_case) in [
        (c"a", c"B", -1, -1),
        (c"A", c"b", -1, -1),
        (c"a", c"A", -1, 0),
        (c"ab", c"a", 1, 1),
        (c"1", c"a", -1, -1),
        (c"_", c"1", -1, -1),
        (c"", c"a", -1, -1),
    ] {
        assert_eq!(c!(lstrcmpA(a.as_ptr(), b.as_ptr())), expected, "{a:?} {b:?}");
        assert_eq!(c!(lstrcmpA(b.as_ptr(), a.as_ptr())), -expected, "{a:?} {b:?}");
        assert_eq!(c!(lstrcmpiA(a.as_ptr(), b.as_ptr())), ignoring_case, "{a:?} {b:?}");
    }
    assert_eq!(
        (
            c!(lstrcmpA(null(), c"".as_ptr())),
            c!(lstrcmpA(c"".as_ptr(), null())),
            c!(lstrcmpA(null(), null()))
        ),
        (-1, 1, 0)
    );
}

fn to_wide(page: u32, flags: u32, bytes: &[u8]) -> Result<Vec<u16>, u32> {
    let size = c!(MultiByteToWideChar(page, flags, bytes.as_ptr(), bytes.len() as i32, null_mut(), 0));
    if size == 0 {
        return Err(GetLastError());
    }
    let mut units = vec![0xAAAA; size as usize];
    assert_eq!(
        c!(MultiByteToWideChar(page, flags, bytes.as_ptr(), bytes.len() as i32, units.as_mut_ptr(), size)),
        size
    );
    Ok(units)
}

fn to_bytes(page: u32, flags: u32, units: &[u16]) -> Result<Vec<u8>, u32> {
    let call = |to, capacity| {
        c!(WideCharToMultiByte(
            page,
            flags,
            units.as_ptr(),
            units.len() as i32,
            to,
            capacity,
            null(),
            null_mut()
        ))
    };
    let size = call(null_mut(), 0);
    if size == 0 {
        return Err(GetLastError());
    }
    let mut bytes = vec![0xAA; size as usize];
    assert_eq!(call(bytes.as_mut_ptr(), size), size);
    Ok(bytes)
}

#[test]
fn code_pages() {
    for page in [0, 1, 3, 65001] {
        assert_eq!(to_wide(page, 0, "aä€😀".as_bytes()).unwrap(), "aä€😀".encode_utf16().collect::<Vec<_>>());
        assert_eq!(to_bytes(page, 0, &wide("aä€😀")).unwrap(), "aä€😀\0".as_bytes());
        assert_eq!(to_wide(page, 8, b"a\xFF"), Err(1113));
        assert_eq!(to_bytes(page, 0x80, &[0xD800]), Err(1113));
        assert_eq!(to_bytes(page, 0, &[0xD800, 97]).unwrap(), b"\xEF\xBF\xBDa");
        // Replacement characters, as many as Windows 10 makes.
        for (bytes, count) in [
            (b"\xC0\x80".as_slice(), 2),
            (b"\xE0\x80\x80", 3),
            (b"\xED\xA0\x80", 3),
            (b"\xF0\x90\x80", 1),
            (b"\xE3\x9B", 1),
            (b"\xF4\x90\x80\x80", 4),
            (b"\xFF", 1),
        ] {
            assert_eq!(to_wide(page, 0, bytes).unwrap(), vec![0xFFFD; count], "{bytes:x?}");
        }
    }
    assert_eq!(to_wide(65001, 1, b"a"), Err(1004));
    assert_eq!(to_wide(0, 1, b"a").unwrap(), [97], "MB_PRECOMPOSED is what programs pass with CP_ACP");
    assert_eq!(to_bytes(65001, 0x400, &[97]), Err(1004));
    assert_eq!(to_bytes(0, 0x400, &[97]).unwrap(), b"a");
    assert_eq!(to_wide(999, 0, b"a"), Err(87));
    assert_eq!(to_wide(65001, 0, b""), Err(87));
    assert_eq!(to_wide(1252, 0, b"\x80\xE4\x81").unwrap(), [0x20AC, 0xE4, 0x81]);
    assert_eq!(to_bytes(1252, 0, &wide("€ä→")).unwrap(), b"\x80\xE4?\0");
    assert_eq!(to_bytes(28591, 0, &wide("ä€")).unwrap(), b"\xE4?\0");
    let (mut buffer, mut used, mut bytes) = ([7_u16; 4], 7, [0_u8; 4]);
    let text = wide("→");
    assert_eq!(
        c!(WideCharToMultiByte(1252, 0, text.as_ptr(), -1, bytes.as_mut_ptr(), 4, b"#".as_ptr(), &mut used)),
        2
    );
    assert_eq!((bytes, used), (*b"#\0\0\0", 1));
    assert_eq!(
        c!(WideCharToMultiByte(65001, 0, text.as_ptr(), -1, bytes.as_mut_ptr(), 4, null(), &mut used)),
        0
    );
    assert_eq!(GetLastError(), 87);
    // Any length below 0 says that the text has an end. What does not fit is cut.
    assert_eq!(c!(MultiByteToWideChar(65001, 0, c"abc".as_ptr().cast(), -7, buffer.as_mut_ptr(), 4)), 4);
    assert_eq!(buffer, [97, 98, 99, 0]);
    assert_eq!(c!(MultiByteToWideChar(65001, 0, c"xyz".as_ptr().cast(), -1, buffer.as_mut_ptr(), 2)), 0);
    assert_eq!((GetLastError(), buffer), (122, [120, 121, 99, 0]));
    let same = buffer.as_mut_ptr();
    for (source, length, target, capacity) in [
        (null::<u8>(), -1, same, 4),
        (c"a".as_ptr().cast(), -1, null_mut(), 4),
        (c"a".as_ptr().cast(), -1, same, -1),
        (c"a".as_ptr().cast(), 0, same, 4),
        (same.cast_const().cast(), 1, same, 4),
    ] {
        assert_eq!(c!(MultiByteToWideChar(65001, 0, source, length, target, capacity)), 0);
        assert_eq!(GetLastError(), 87);
    }
    assert_eq!(
        (GetACP(), IsValidCodePage(65001), IsValidCodePage(1252), IsValidCodePage(0), IsValidCodePage(932)),
        (65001, 1, 1, 0, 0)
    );
}

#[test]
fn wide_functions() {
    let text = wide("one, two,;three");
    let at = text.as_ptr();
    assert_eq!(c!(veduta_wcslen(at)), 15);
    assert_eq!(read(c!(veduta_wcschr(at, 116))).unwrap(), "two,;three");
    assert_eq!(read(c!(veduta_wcschr(at, 0))).unwrap(), "");
    assert_eq!(read(c!(veduta_wcschr(at, 122))), None);
    assert_eq!(read(c!(veduta_wcsrchr(at, 116))).unwrap(), "three");
    assert_eq!(read(c!(veduta_wcsstr(at, wide("two").as_ptr()))).unwrap(), "two,;three");
    assert_eq!(read(c!(veduta_wcsstr(at, wide("four").as_ptr()))), None);
    assert_eq!(read(c!(veduta_wcsstr(at, wide("").as_ptr()))).unwrap(), "one, two,;three");
    assert_eq!(read(c!(veduta_wcspbrk(at, wide(";w").as_ptr()))).unwrap(), "wo,;three");
    assert_eq!(
        (c!(veduta_wcsspn(at, wide("eno").as_ptr())), c!(veduta_wcscspn(at, wide(", ").as_ptr()))),
        (3, 3)
    );
    let (mut rest, mut cut, mut tokens) = (null_mut(), text.clone(), Vec::new());
    let mut next = c!(veduta_wcstok(cut.as_mut_ptr(), wide(",; ").as_ptr(), &mut rest));
    while let Some(token) = read(next) {
        tokens.push(token);
        next = c!(veduta_wcstok(null_mut(), wide(",; ").as_ptr(), &mut rest));
    }
    assert_eq!(tokens, ["one", "two", "three"]);
    let number = wide(" -0x7fz");
    let mut end = null_mut();
    assert_eq!(c!(veduta_wcstol(number.as_ptr(), &mut end, 0)), -127);
    assert_eq!(read(end).unwrap(), "z");
    assert_eq!(c!(veduta_wcstol(wide("ä").as_ptr(), null_mut(), 10)), 0);
    let number = wide("2.5e1ä");
    assert_eq!(c!(veduta_wcstod(number.as_ptr(), &mut end)), 25.0);
    assert_eq!(read(end).unwrap(), "ä");
    assert!(c!(veduta_wcscmp(wide("a").as_ptr(), wide("b").as_ptr())) < 0);
    assert_eq!(c!(veduta_wcsncmp(wide("abX").as_ptr(), wide("abY").as_ptr(), 2)), 0);
    assert_eq!(c!(veduta_wcsicmp(wide("ÄBc").as_ptr(), wide("äbC").as_ptr())), 0);
    let copy = c!(veduta_wcsdup(wide("äß1z").as_ptr()));
    assert_eq!(read(c!(veduta_wcsupr(copy))).unwrap(), "Äß1Z");
    c!(free(copy.cast()));
    let mut buffer = [9_u16; 6];
    c!(veduta_wcsncpy(buffer.as_mut_ptr(), wide("ab").as_ptr(), 5));
    assert_eq!(buffer, [97, 98, 0, 0, 0, 9]);
}

#[test]
fn multibyte_and_streams() {
    let mut buffer = [9_u16; 8];
    assert_eq!(c!(veduta_mbstowcs(null_mut(), c"ä😀".as_ptr(), 0)), 3);
    assert_eq!(c!(veduta_mbstowcs(buffer.as_mut_ptr(), c"ä😀".as_ptr(), 8)), 3);
    assert_eq!(read(buffer.as_ptr()).unwrap(), "ä😀");
    assert_eq!(c!(veduta_mbstowcs(buffer.as_mut_ptr(), c"\xFF".as_ptr(), 8)), usize::MAX);
    let mut bytes = [9; 8];
    assert_eq!(c!(veduta_wcstombs(bytes.as_mut_ptr(), wide("a😀").as_ptr(), 4)), 1, "no half of a character");
    assert_eq!(c!(veduta_wcstombs(bytes.as_mut_ptr(), wide("a😀").as_ptr(), 8)), 5);
    assert_eq!(c!(veduta_wcstombs(bytes.as_mut_ptr(), [0xD800, 0].as_ptr(), 8)), usize::MAX);

    let file = tmpfile();
    assert_eq!(c!(veduta_fputws(wide("first ä\nsecond 😀 line\nlast").as_ptr(), file)), 0);
    c!(rewind(file));
    let mut lines = Vec::new();
    while let Some(line) = read(c!(veduta_fgetws(buffer.as_mut_ptr(), 9 - 1, file))) {
        lines.push(line);
    }
    assert_eq!(lines, ["first ä", "\n", "second ", "😀 line", "\n", "last"].map(str::to_owned));
    c!(fclose(file));
}

extern "C" fn entry(count: i32, arguments: *mut *mut u16) -> i32 {
    let all = c!(std::slice::from_raw_parts(arguments, count as usize + 1));
    assert!(all[count as usize].is_null());
    assert_eq!(read(all[1]).unwrap(), "ä😀");
    assert_eq!(read(all[2]).unwrap(), "\u{FFFD}");
    42
}

#[test]
fn wide_main() {
    let texts = [c"program".to_owned(), c"ä😀".to_owned(), CString::new(b"\xFF").unwrap()];
    let arguments: Vec<_> = texts.iter().map(|text| text.as_ptr()).chain([null()]).collect();
    assert_eq!(c!(veduta_wide_main(entry, 3, arguments.as_ptr())), 42);
}
