//! The C library's string functions for 16-bit text: its own are for 32 bits, whatever the compiler is told.
//!
//! Pointers are the caller's to answer for, as in C; the library's checks of Windows functions are not made here.

use crate::export::export;
use crate::types::INT;
use std::cmp::Ordering;
use std::ffi::{c_char, c_int, c_void};
use std::ptr::null_mut;
use std::sync::atomic::{self, AtomicPtr};

type Text = *const u16;
type Buffer = *mut u16;

/// The unit at a place. C's rules: the caller says that there is one.
#[inline(always)]
fn at(text: Text, index: usize) -> u16 {
    // SAFETY: the caller says that the text reaches at least to here: its end or a length that was given comes later.
    unsafe { text.wrapping_add(index).read() }
}

#[inline(always)]
fn put(buffer: Buffer, index: usize, unit: u16) {
    // SAFETY: the caller says that there is room for what the function writes.
    unsafe { buffer.wrapping_add(index).write(unit) }
}

fn length(text: Text) -> usize {
    (0..).find(|&index| at(text, index) == 0).unwrap_or_default()
}

fn length_within(text: Text, limit: usize) -> usize {
    (0..limit).find(|&index| at(text, index) == 0).unwrap_or(limit)
}

fn slice<'a>(text: Text, length: usize) -> &'a [u16] {
    if length == 0 {
        return &[];
    }
    // SAFETY: the caller says that there are so many units.
    unsafe { std::slice::from_raw_parts(text, length) }
}

fn whole<'a>(text: Text) -> &'a [u16] {
    slice(text, length(text))
}

fn pointer(text: Text, index: Option<usize>) -> Buffer {
    index.map_or(null_mut(), |index| text.wrapping_add(index).cast_mut())
}

/// Letters by Unicode's simple mapping, where that is one unit.
fn lower(unit: u16) -> u16 {
    mapped(unit, |c| c.to_lowercase().collect())
}

fn upper(unit: u16) -> u16 {
    mapped(unit, |c| c.to_uppercase().collect())
}

fn mapped(unit: u16, map: impl FnOnce(char) -> Vec<char>) -> u16 {
    let character = char::from_u32(u32::from(unit));
    match character.map(map).as_deref() {
        Some(&[mapped]) => u16::try_from(u32::from(mapped)).unwrap_or(unit),
        _ => unit,
    }
}

fn compare(a: Text, b: Text, limit: usize, map: impl Fn(u16) -> u16) -> i32 {
    for index in 0..limit {
        let (one, other) = (map(at(a, index)), map(at(b, index)));
        match one.cmp(&other) {
            Ordering::Equal if one == 0 => return 0,
            Ordering::Equal => {}
            different => return different as i32,
        }
    }
    0
}

fn ascii_or(unit: u16, map: fn(u16) -> u16) -> u16 {
    match u8::try_from(unit) {
        Ok(byte) if byte.is_ascii() => u16::from(byte.to_ascii_lowercase()),
        _ => map(unit),
    }
}

fn change(text: Buffer, map: fn(u16) -> u16) -> Buffer {
    for index in 0..length(text) {
        put(text, index, map(at(text, index)));
    }
    text
}

fn copy(to: Buffer, from: Text, count: usize) {
    // SAFETY: the caller says that so many units are there, and room for them. They may overlap.
    unsafe { std::ptr::copy(from, to, count) }
}

/// A number as C's own functions read it: the part of the text that may belong to one is handed to them as bytes.
fn number<N>(text: Text, end: *mut Buffer, read: impl FnOnce(*const c_char, *mut *mut c_char) -> N) -> N {
    let mut bytes: Vec<u8> =
        whole(text).iter().map_while(|&unit| u8::try_from(unit).ok().filter(u8::is_ascii)).collect();
    bytes.push(0);
    let mut stop = bytes.as_mut_ptr().cast();
    let value = read(bytes.as_ptr().cast(), &mut stop);
    if !end.is_null() {
        let read = stop.addr() - bytes.as_ptr().addr();
        // SAFETY: not NULL, so the caller says that a pointer may be written there.
        unsafe { end.write(text.wrapping_add(read).cast_mut()) };
    }
    value
}

/// As [`number`], of a whole number. A base that is none reads nothing; what a C library does with the place then is not said.
fn integer<N: Default>(
    text: Text,
    end: *mut Buffer,
    base: INT,
    read: impl FnOnce(*const c_char, *mut *mut c_char) -> N,
) -> N {
    if base == 0 || (2..=36).contains(&base) {
        return number(text, end, read);
    }
    // SAFETY: takes nothing, and gives the calling thread's own place.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: as said.
    unsafe { errno.write(libc::EINVAL) };
    if !end.is_null() {
        // SAFETY: not NULL, so the caller says that a pointer may be written there.
        unsafe { end.write(text.cast_mut()) };
    }
    N::default()
}

fn bytes_of<'a>(text: *const c_char) -> &'a [u8] {
    // SAFETY: the caller says that it ends with 0.
    unsafe { std::ffi::CStr::from_ptr(text) }.to_bytes()
}

/// -1, as these functions say "cannot be converted".
const CANNOT: usize = usize::MAX;

/// Copies what fits, and its end if that does too.
fn converted<T: Copy + Default>(to: *mut T, count: usize, units: impl Iterator<Item = Vec<T>>) -> usize {
    let mut written = 0;
    for character in units {
        // A character is written whole or not at all.
        if !to.is_null() {
            if written + character.len() > count {
                return written;
            }
            // SAFETY: the caller says that there is room for `count`.
            unsafe {
                std::ptr::copy_nonoverlapping(character.as_ptr(), to.wrapping_add(written), character.len())
            };
        }
        written += character.len();
    }
    if !to.is_null() && written < count {
        // SAFETY: as above.
        unsafe { to.wrapping_add(written).write(T::default()) };
    }
    written
}

fn illegal_sequence() {
    // SAFETY: the thread's own errno is always there.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: as above.
    unsafe { errno.write(libc::EILSEQ) };
}

export! {
    fn veduta_wcslen(text: Text) -> usize { Ok(length(text)) }

    fn veduta_wcsnlen(text: Text, limit: usize) -> usize { Ok(length_within(text, limit)) }

    fn veduta_wcscpy(to: Buffer, from: Text) -> Buffer {
        copy(to, from, length(from) + 1);
        Ok(to)
    }

    fn veduta_wcsncpy(to: Buffer, from: Text, count: usize) -> Buffer {
        let length = length_within(from, count);
        copy(to, from, length);
        (length..count).for_each(|index| put(to, index, 0));
        Ok(to)
    }

    fn veduta_wcscat(to: Buffer, from: Text) -> Buffer {
        copy(to.wrapping_add(length(to)), from, length(from) + 1);
        Ok(to)
    }

    fn veduta_wcsncat(to: Buffer, from: Text, count: usize) -> Buffer {
        let (before, added) = (length(to), length_within(from, count));
        copy(to.wrapping_add(before), from, added);
        put(to, before + added, 0);
        Ok(to)
    }

    fn veduta_wcscmp(a: Text, b: Text) -> INT { Ok(compare(a, b, usize::MAX, |unit| unit)) }

    fn veduta_wcsncmp(a: Text, b: Text, count: usize) -> INT { Ok(compare(a, b, count, |unit| unit)) }

    fn veduta_wcsicmp(a: Text, b: Text) -> INT { Ok(compare(a, b, usize::MAX, |unit| ascii_or(unit, lower))) }

    fn veduta_wcsnicmp(a: Text, b: Text, count: usize) -> INT {
        Ok(compare(a, b, count, |unit| ascii_or(unit, lower)))
    }

    fn veduta_wcschr(text: Text, wanted: u16) -> Buffer {
        let found = (0..).find(|&index| at(text, index) == wanted || at(text, index) == 0);
        Ok(pointer(text, found.filter(|&index| at(text, index) == wanted)))
    }

    fn veduta_wcsrchr(text: Text, wanted: u16) -> Buffer {
        Ok(pointer(text, (0..=length(text)).rev().find(|&index| at(text, index) == wanted)))
    }

    fn veduta_wcsstr(text: Text, wanted: Text) -> Buffer {
        let wanted = whole(wanted);
        if wanted.is_empty() {
            return Ok(text.cast_mut());
        }
        Ok(pointer(text, whole(text).windows(wanted.len()).position(|part| part == wanted)))
    }

    fn veduta_wcspbrk(text: Text, set: Text) -> Buffer {
        Ok(pointer(text, whole(text).iter().position(|unit| whole(set).contains(unit))))
    }

    fn veduta_wcsspn(text: Text, set: Text) -> usize {
        let set = whole(set);
        Ok(whole(text).iter().take_while(|unit| set.contains(unit)).count())
    }

    fn veduta_wcscspn(text: Text, set: Text) -> usize {
        let set = whole(set);
        Ok(whole(text).iter().take_while(|unit| !set.contains(unit)).count())
    }

    fn veduta_wcstok(text: Buffer, separators: Text, rest: *mut Buffer) -> Buffer {
        // SAFETY: the caller says that its own pointer is there.
        let text = if text.is_null() { unsafe { rest.read() } } else { text };
        if text.is_null() {
            return Ok(null_mut());
        }
        let separators = whole(separators);
        let separates = |unit: &u16| separators.contains(unit);
        let start = whole(text).iter().take_while(|unit| separates(unit)).count();
        let token = text.wrapping_add(start);
        let size = whole(token).iter().take_while(|unit| !separates(unit)).count();
        let next = if at(token, size) == 0 {
            null_mut()
        } else {
            put(token, size, 0);
            token.wrapping_add(size + 1)
        };
        // SAFETY: as above.
        unsafe { rest.write(next) };
        Ok(if size == 0 { null_mut() } else { token })
    }

    fn veduta_wcstol(text: Text, end: *mut Buffer, base: INT) -> i64 {
        // SAFETY: a text with its end, and a place for a pointer.
        Ok(integer(text, end, base, |text, stop| unsafe { libc::strtol(text, stop, base) }))
    }

    fn veduta_wcstoul(text: Text, end: *mut Buffer, base: INT) -> u64 {
        // SAFETY: as above.
        Ok(integer(text, end, base, |text, stop| unsafe { libc::strtoul(text, stop, base) }))
    }

    fn veduta_wcstoll(text: Text, end: *mut Buffer, base: INT) -> i64 {
        // SAFETY: as above.
        Ok(integer(text, end, base, |text, stop| unsafe { libc::strtoll(text, stop, base) }))
    }

    fn veduta_wcstoull(text: Text, end: *mut Buffer, base: INT) -> u64 {
        // SAFETY: as above.
        Ok(integer(text, end, base, |text, stop| unsafe { libc::strtoull(text, stop, base) }))
    }

    fn veduta_wcstod(text: Text, end: *mut Buffer) -> f64 {
        // SAFETY: as above.
        Ok(number(text, end, |text, stop| unsafe { libc::strtod(text, stop) }))
    }

    /// For `free`.
    fn veduta_wcsdup(text: Text) -> Buffer {
        let units = length(text) + 1;
        // SAFETY: nothing is asked of the size.
        let made = unsafe { libc::malloc(units * 2) }.cast::<u16>();
        if !made.is_null() {
            copy(made, text, units);
        }
        Ok(made)
    }

    fn veduta_wcsupr(text: Buffer) -> Buffer { Ok(change(text, upper)) }

    fn veduta_wcslwr(text: Buffer) -> Buffer { Ok(change(text, lower)) }

    fn veduta_wmemcpy(to: Buffer, from: Text, count: usize) -> Buffer {
        copy(to, from, count);
        Ok(to)
    }

    fn veduta_wmemmove(to: Buffer, from: Text, count: usize) -> Buffer {
        copy(to, from, count);
        Ok(to)
    }

    fn veduta_wmemset(to: Buffer, value: u16, count: usize) -> Buffer {
        (0..count).for_each(|index| put(to, index, value));
        Ok(to)
    }

    fn veduta_wmemcmp(a: Text, b: Text, count: usize) -> INT { Ok(slice(a, count).cmp(slice(b, count)) as i32) }

    fn veduta_wmemchr(text: Text, wanted: u16, count: usize) -> Buffer {
        Ok(pointer(text, (0..count).find(|&index| at(text, index) == wanted)))
    }

    fn veduta_mbstowcs(to: Buffer, from: *const c_char, count: usize) -> usize {
        let Ok(text) = std::str::from_utf8(bytes_of(from)) else {
            illegal_sequence();
            return Ok(CANNOT);
        };
        Ok(converted(to, count, text.chars().map(|c| c.encode_utf16(&mut [0; 2]).to_vec())))
    }

    fn veduta_wcstombs(to: *mut u8, from: Text, count: usize) -> usize {
        let Ok(text) = String::from_utf16(whole(from)) else {
            illegal_sequence();
            return Ok(CANNOT);
        };
        Ok(converted(to, count, text.chars().map(|c| c.encode_utf8(&mut [0; 4]).as_bytes().to_vec())))
    }

    fn veduta_fputws(text: Text, stream: *mut libc::FILE) -> INT {
        let bytes = String::from_utf16_lossy(whole(text));
        // SAFETY: so many bytes are there; the caller says that it is an open stream.
        let written = unsafe { libc::fwrite(bytes.as_ptr().cast(), 1, bytes.len(), stream) };
        Ok(if written == bytes.len() { 0 } else { -1 })
    }

    fn veduta_fgetws(buffer: Buffer, capacity: INT, stream: *mut libc::FILE) -> Buffer {
        Ok(if read_line(buffer, usize::try_from(capacity).unwrap_or(0), stream) { buffer } else { null_mut() })
    }

    /// What is not UTF-8 in an argument becomes U+FFFD. The texts stay as long as the process.
    fn veduta_wide_main(
        entry: extern "C" fn(c_int, *mut Buffer) -> c_int,
        count: c_int,
        arguments: *const *const c_char,
    ) -> c_int {
        let mut wide: Vec<Buffer> = (0..usize::try_from(count).unwrap_or(0))
            .map(|index| {
                // SAFETY: main was given so many pointers.
                let argument = unsafe { arguments.wrapping_add(index).read() };
                let text = String::from_utf8_lossy(bytes_of(argument));
                let units: Vec<u16> = text.encode_utf16().chain([0]).collect();
                units.leak().as_mut_ptr()
            })
            .collect();
        wide.push(null_mut());
        let wide = wide.leak().as_mut_ptr();
        // Kept in sight of tools that look for leaks.
        static ARGUMENTS: AtomicPtr<Buffer> = AtomicPtr::new(null_mut());
        ARGUMENTS.store(wide, atomic::Ordering::Relaxed);
        Ok(entry(count, wide))
    }
}

/// Reads up to the end of a line, or as much as fits with its end. False if nothing was there.
fn read_line(buffer: Buffer, capacity: usize, stream: *mut libc::FILE) -> bool {
    let Some(room) = capacity.checked_sub(1) else { return false };
    let mut written = 0;
    while written < room {
        let Some(first) = read_byte(stream) else { break };
        let mut character = read_character(first, stream);
        if room < 2 && character.len_utf16() > room {
            character = char::REPLACEMENT_CHARACTER;
        }
        let mut units = [0; 2];
        let units = character.encode_utf16(&mut units);
        if written + units.len() > room {
            // Half a pair's room is left: the character waits for the next call. Four bytes go back; glibc has room for them, since it just
            // gave them out of its buffer.
            let mut bytes = [0; 4];
            for &byte in character.encode_utf8(&mut bytes).as_bytes().iter().rev() {
                push_back(byte, stream);
            }
            break;
        }
        for &mut unit in units {
            put(buffer, written, unit);
            written += 1;
        }
        if character == '\n' {
            break;
        }
    }
    if room > 0 && written == 0 {
        return false;
    }
    put(buffer, written, 0);
    true
}

fn read_byte(stream: *mut libc::FILE) -> Option<u8> {
    // SAFETY: the caller says that it is an open stream.
    u8::try_from(unsafe { libc::fgetc(stream) }).ok()
}

fn push_back(byte: u8, stream: *mut libc::FILE) {
    // SAFETY: as above.
    unsafe { libc::ungetc(c_int::from(byte), stream) };
}

/// The character that begins with this byte; U+FFFD if none does.
fn read_character(first: u8, stream: *mut libc::FILE) -> char {
    let size = match first {
        0..=0x7F => return char::from(first),
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => return char::REPLACEMENT_CHARACTER,
    };
    let mut bytes = vec![first];
    while bytes.len() < size {
        match read_byte(stream) {
            Some(byte @ 0x80..=0xBF) => bytes.push(byte),
            Some(other) => {
                push_back(other, stream);
                break;
            }
            None => break,
        }
    }
    String::from_utf8_lossy(&bytes).chars().next().unwrap_or(char::REPLACEMENT_CHARACTER)
}

// The headers say `long` and `unsigned long`; both have 64 bits here.
const _: () = assert!(size_of::<libc::c_long>() == 8 && size_of::<*const c_void>() == 8);
