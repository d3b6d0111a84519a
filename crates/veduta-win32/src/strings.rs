//! The small string functions, and conversion between code pages and 16-bit text.
//!
//! The ANSI, OEM and thread code pages are UTF-8: that is what Linux' files, terminals and C library speak.

use crate::code;
use crate::export::{FailsAs, export};
use crate::failure::{Failure, Result, fail};
use crate::pointer::{In, Out};
use crate::types::{BOOL, DWORD, INT, UINT};
use std::cmp::Ordering;

/// A unit of a program's text.
trait Unit: Copy + PartialEq + Default {
    /// The characters of a text; what is malformed becomes U+FFFD.
    fn characters(units: &[Self]) -> Vec<char>;
}

impl Unit for u8 {
    fn characters(units: &[u8]) -> Vec<char> {
        String::from_utf8_lossy(units).chars().collect()
    }
}

impl Unit for u16 {
    fn characters(units: &[u16]) -> Vec<char> {
        char::decode_utf16(units.iter().copied()).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    }
}

/// The units before the final 0; `None` for NULL.
fn units<'a, U: Unit>(text: In<U>) -> Option<&'a [U]> {
    if text.is_null() {
        return None;
    }
    let mut length = 0;
    // SAFETY: not NULL, so the caller says that all units up to the final 0 may be read.
    while unsafe { text.as_ptr().wrapping_add(length).read() } != U::default() {
        length += 1;
    }
    // SAFETY: so many units were just read; the caller leaves them alone during the call.
    Some(unsafe { std::slice::from_raw_parts(text.as_ptr(), length) })
}

fn length<U: Unit>(text: In<U>) -> Result<i32> {
    Ok(units(text).map_or(0, |units| units.len() as i32))
}

/// Copies text with its end to somewhere in a buffer. It may overlap its source.
fn copy_to<U: Unit>(to: Out<U>, start: usize, text: &[U]) {
    let target = to.as_ptr().wrapping_add(start);
    // SAFETY: the caller says that there is room for the text and its end.
    unsafe { std::ptr::copy(text.as_ptr(), target, text.len()) };
    // SAFETY: as above.
    unsafe { target.wrapping_add(text.len()).write(U::default()) };
}

/// NULL for either is NULL for the result, as on Windows. Other bad pointers are the program's end, which they are not there.
fn copy<U: Unit>(to: Out<U>, from: In<U>) -> Result<*mut U> {
    match units(from) {
        Some(text) if !to.is_null() => {
            copy_to(to, 0, text);
            Ok(to.as_ptr())
        }
        _ => fail(code::INVALID_PARAMETER),
    }
}

/// `limit`: how many units there is room for, the end included.
fn copy_some<U: Unit>(to: Out<U>, from: In<U>, limit: i32) -> Result<*mut U> {
    if to.is_null() || from.is_null() {
        return fail(code::INVALID_PARAMETER);
    }
    let Some(most) = usize::try_from(limit).unwrap_or(0).checked_sub(1) else { return Ok(to.as_ptr()) };
    let mut length = 0;
    // SAFETY: not NULL; the caller says that all units up to the final 0 may be read, and no more are.
    while length < most && unsafe { from.as_ptr().wrapping_add(length).read() } != U::default() {
        length += 1;
    }
    // SAFETY: so many units were just read.
    copy_to(to, 0, unsafe { std::slice::from_raw_parts(from.as_ptr(), length) });
    Ok(to.as_ptr())
}

fn append<U: Unit>(to: Out<U>, from: In<U>) -> Result<*mut U> {
    match (units(to.as_in()), units(from)) {
        (Some(before), Some(text)) => {
            copy_to(to, before.len(), text);
            Ok(to.as_ptr())
        }
        _ => fail(code::INVALID_PARAMETER),
    }
}

/// NULL comes before all text.
fn compare<U: Unit>(a: In<U>, b: In<U>, ignore_case: bool) -> Result<i32> {
    Ok(match (units(a), units(b)) {
        (Some(a), Some(b)) => compare_words(&U::characters(a), &U::characters(b), ignore_case) as i32,
        (a, b) => a.is_some().cmp(&b.is_some()) as i32,
    })
}

/// Windows sorts these as a dictionary does, by the user's language: signs, digits, letters; case counts only where nothing else differs,
/// and then small letters come first. That much is done here, for all languages alike.
fn compare_words(a: &[char], b: &[char], ignore_case: bool) -> Ordering {
    let weight = |&c: &char| {
        let class = if c.is_alphabetic() { 2 } else { u8::from(c.is_numeric()) };
        (class, c.to_lowercase().next().unwrap_or(c))
    };
    let letters = a.iter().map(weight).cmp(b.iter().map(weight));
    if ignore_case {
        return letters;
    }
    letters.then_with(|| a.iter().map(|c| (c.is_uppercase(), c)).cmp(b.iter().map(|c| (c.is_uppercase(), c))))
}

export! {
    fn lstrlenA(text: In<u8>) -> INT { length(text) }
    fn lstrlenW(text: In<u16>) -> INT { length(text) }
    fn lstrcpyA(to: Out<u8>, from: In<u8>) -> *mut u8 { copy(to, from) }
    fn lstrcpyW(to: Out<u16>, from: In<u16>) -> *mut u16 { copy(to, from) }
    fn lstrcpynA(to: Out<u8>, from: In<u8>, limit: INT) -> *mut u8 { copy_some(to, from, limit) }
    fn lstrcpynW(to: Out<u16>, from: In<u16>, limit: INT) -> *mut u16 { copy_some(to, from, limit) }
    fn lstrcatA(to: Out<u8>, from: In<u8>) -> *mut u8 { append(to, from) }
    fn lstrcatW(to: Out<u16>, from: In<u16>) -> *mut u16 { append(to, from) }
    fn lstrcmpA(a: In<u8>, b: In<u8>) -> INT { compare(a, b, false) }
    fn lstrcmpW(a: In<u16>, b: In<u16>) -> INT { compare(a, b, false) }
    fn lstrcmpiA(a: In<u8>, b: In<u8>) -> INT { compare(a, b, true) }
    fn lstrcmpiW(a: In<u16>, b: In<u16>) -> INT { compare(a, b, true) }
}

const CP_ACP: u32 = 0;
const CP_OEMCP: u32 = 1;
const CP_THREAD_ACP: u32 = 3;
const CP_UTF8: u32 = 65001;
const CP_WINDOWS_1252: u32 = 1252;
const CP_LATIN_1: u32 = 28591;

const MB_PRECOMPOSED: u32 = 1;
const MB_COMPOSITE: u32 = 2;
const MB_USEGLYPHCHARS: u32 = 4;
const MB_ERR_INVALID_CHARS: u32 = 8;

const WC_COMPOSITECHECK: u32 = 0x200;
const WC_DISCARDNS: u32 = 0x10;
const WC_SEPCHARS: u32 = 0x20;
const WC_DEFAULTCHAR: u32 = 0x40;
const WC_ERR_INVALID_CHARS: u32 = 0x80;
const WC_NO_BEST_FIT_CHARS: u32 = 0x400;

/// What bytes mean.
#[derive(Clone, Copy, PartialEq, Eq)]
enum CodePage {
    Utf8,
    /// With the characters of the bytes 0x80 to 0x9F.
    Bytes(&'static [u16; 32]),
}

/// Five bytes have no character; Windows makes the control codes of the same number of them.
const WINDOWS_1252: [u16; 32] = [
    0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152,
    0x8D, 0x017D, 0x8F, 0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161,
    0x203A, 0x0153, 0x9D, 0x017E, 0x0178,
];

const LATIN_1: [u16; 32] = {
    let mut table = [0; 32];
    let mut index = 0;
    while index < 32 {
        table[index] = 0x80 + index as u16;
        index += 1;
    }
    table
};

impl CodePage {
    fn of(number: u32) -> Result<CodePage> {
        match number {
            CP_ACP | CP_OEMCP | CP_THREAD_ACP | CP_UTF8 => Ok(CodePage::Utf8),
            CP_WINDOWS_1252 => Ok(CodePage::Bytes(&WINDOWS_1252)),
            CP_LATIN_1 => Ok(CodePage::Bytes(&LATIN_1)),
            _ => Err(Failure::hint(
                code::INVALID_PARAMETER,
                format!("code page {number} is not here: there are UTF-8 (0, 1, 3, 65001), 1252 and 28591"),
            )),
        }
    }
}

/// Which flags a code page takes. 65001 by its number takes only `strict`, as documented; where UTF-8 stands in for the ANSI code page of
/// elsewhere, programs pass the flags for that, and the `idle` ones mean nothing to it.
fn check_flags(page: u32, flags: u32, strict: u32, idle: u32) -> Result<()> {
    let known = if page == CP_UTF8 { strict } else { strict | idle };
    if flags & !known != 0 {
        return Err(Failure::hint(
            code::INVALID_FLAGS,
            format!("flags {:#x} are not for this code page", flags & !known),
        ));
    }
    Ok(())
}

/// The source: so many units, or with its final 0 if a length is negative.
fn source<'a, U: Unit>(text: In<U>, length: i32) -> Result<&'a [U]> {
    let length = match usize::try_from(length) {
        Ok(0) => return Err(Failure::hint(code::INVALID_PARAMETER, "a source of length 0 is refused")),
        Ok(length) => length,
        Err(_) => units(text).map_or(0, <[U]>::len) + 1,
    };
    if text.is_null() {
        return Err(Failure::hint(code::INVALID_PARAMETER, "the source is NULL"));
    }
    // SAFETY: not NULL; the caller gave the length, or the final 0 was seen there.
    Ok(unsafe { std::slice::from_raw_parts(text.as_ptr(), length) })
}

/// Gives the size of the result where the caller asked for it, otherwise writes it. What does not fit is cut, and an error, as on Windows.
fn deliver<U: Unit>(result: &[U], to: Out<U>, capacity: i32) -> Result<i32> {
    let size = i32::try_from(result.len())
        .map_err(|_| Failure::hint(code::INVALID_PARAMETER, "the result is longer than a length can say"))?;
    if capacity == 0 {
        return Ok(size);
    }
    to.put_all(&result[..result.len().min(capacity as usize)]);
    if size > capacity { fail(code::INSUFFICIENT_BUFFER) } else { Ok(size) }
}

fn check_target<U: Unit>(to: Out<U>, capacity: i32) -> Result<()> {
    if capacity < 0 || capacity > 0 && to.is_null() {
        return Err(Failure::hint(code::INVALID_PARAMETER, "there is no buffer of that size"));
    }
    Ok(())
}

/// 16-bit text of bytes. `None` if there is something malformed among them, and `strict`.
fn widen(page: CodePage, bytes: &[u8], strict: bool) -> Option<Vec<u16>> {
    match page {
        CodePage::Bytes(high) => Some(
            bytes
                .iter()
                .map(
                    |&byte| if let 0x80..=0x9F = byte { high[usize::from(byte) - 0x80] } else { byte.into() },
                )
                .collect(),
        ),
        CodePage::Utf8 => match std::str::from_utf8(bytes) {
            Ok(text) => Some(text.encode_utf16().collect()),
            Err(_) if strict => None,
            // One U+FFFD for as many bytes as could have begun a character, as Windows 10 does it.
            Err(_) => Some(String::from_utf8_lossy(bytes).encode_utf16().collect()),
        },
    }
}

struct Narrowed {
    bytes: Vec<u8>,
    /// Whether something could not be said in that code page.
    defaulted: bool,
}

/// Bytes of 16-bit text. `None` if there is something malformed in it, and `strict`.
fn narrow(page: CodePage, units: &[u16], strict: bool, default: u8) -> Option<Narrowed> {
    let mut bytes = Vec::with_capacity(units.len());
    let mut defaulted = false;
    for character in char::decode_utf16(units.iter().copied()) {
        match (page, character) {
            (_, Err(_)) if strict => return None,
            (CodePage::Utf8, character) => {
                defaulted |= character.is_err();
                let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
                bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
            (CodePage::Bytes(high), character) => {
                match character.ok().and_then(|character| byte_of(high, character)) {
                    Some(byte) => bytes.push(byte),
                    None => {
                        defaulted = true;
                        bytes.push(default);
                    }
                }
            }
        }
    }
    Some(Narrowed { bytes, defaulted })
}

/// Characters that look alike are not taken for each other: what is not in the code page becomes the default character.
fn byte_of(high: &[u16; 32], character: char) -> Option<u8> {
    match u32::from(character) {
        number @ (0..=0x7F | 0xA0..=0xFF) => Some(number as u8),
        number => high.iter().position(|&unit| u32::from(unit) == number).map(|index| 0x80 + index as u8),
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
struct CodePageInfo {
    largest: u32,
    default: [u8; 2],
    lead_bytes: [u8; 12],
}

export! {
    fn MultiByteToWideChar(
        page: UINT,
        flags: DWORD,
        bytes: In<u8>,
        length: INT,
        to: Out<u16>,
        capacity: INT,
    ) -> INT {
        let code_page = CodePage::of(page)?;
        let bytes_of = source(bytes, length)?;
        check_target(to, capacity)?;
        if bytes.as_ptr().cast::<u16>() == to.as_ptr().cast_const() {
            return Err(Failure::hint(code::INVALID_PARAMETER, "the source is the target"));
        }
        check_flags(page, flags, MB_ERR_INVALID_CHARS, MB_PRECOMPOSED | MB_USEGLYPHCHARS)?;
        if flags & MB_COMPOSITE != 0 {
            return fail(code::INVALID_FLAGS);
        }
        match widen(code_page, bytes_of, flags & MB_ERR_INVALID_CHARS != 0) {
            Some(wide) => deliver(&wide, to, capacity),
            None => fail(code::NO_UNICODE_TRANSLATION),
        }
    }

    fn WideCharToMultiByte(
        page: UINT,
        flags: DWORD,
        text: In<u16>,
        length: INT,
        to: Out<u8>,
        capacity: INT,
        default: In<u8>,
        used_default: Out<BOOL>,
    ) -> INT {
        let code_page = CodePage::of(page)?;
        let units_of = source(text, length)?;
        check_target(to, capacity)?;
        if text.as_ptr().cast::<u8>() == to.as_ptr().cast_const() {
            return Err(Failure::hint(code::INVALID_PARAMETER, "the source is the target"));
        }
        const IDLE: u32 = WC_COMPOSITECHECK | WC_DISCARDNS | WC_SEPCHARS | WC_DEFAULTCHAR | WC_NO_BEST_FIT_CHARS;
        check_flags(page, flags, WC_ERR_INVALID_CHARS, IDLE)?;
        if page == CP_UTF8 && !(default.is_null() && used_default.is_null()) {
            return Err(Failure::hint(
                code::INVALID_PARAMETER,
                "with CP_UTF8 lpDefaultChar and lpUsedDefaultChar must be NULL",
            ));
        }
        let default = default.get().unwrap_or(b'?');
        match narrow(code_page, units_of, flags & WC_ERR_INVALID_CHARS != 0, default) {
            Some(narrowed) => {
                let size = deliver(&narrowed.bytes, to, capacity)?;
                used_default.put(narrowed.defaulted.into());
                Ok(size)
            }
            None => fail(code::NO_UNICODE_TRANSLATION),
        }
    }

    fn GetACP() -> UINT { Ok(CP_UTF8) }

    fn GetOEMCP() -> UINT { Ok(CP_UTF8) }

    fn IsValidCodePage(page: UINT) -> BOOL {
        // The names that stand for one are none themselves.
        Ok(BOOL::from(page > CP_THREAD_ACP && CodePage::of(page).is_ok()))
    }

    fn GetCPInfo(page: UINT, info: Out<CodePageInfo>) -> BOOL {
        let largest = if CodePage::of(page)? == CodePage::Utf8 { 4 } else { 1 };
        info.required()?.put(CodePageInfo { largest, default: [b'?', 0], lead_bytes: [0; 12] });
        Ok(())
    }

    /// No byte of UTF-8 is the first of two as Windows means it.
    fn IsDBCSLeadByte(_byte: u8) -> BOOL { Ok(BOOL::FALSE) }

    fn IsDBCSLeadByteEx(_page: UINT, _byte: u8) -> BOOL { Ok(BOOL::FALSE) }
}

impl FailsAs for i64 {
    const FAILED: i64 = 0;
}

impl FailsAs for f64 {
    const FAILED: f64 = 0.0;
}
