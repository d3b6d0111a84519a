//! Security descriptors, as programs build, convert and misuse them.

#![allow(unsafe_code, missing_docs)]

use std::ffi::{CString, c_char, c_void};
use std::ptr::null_mut;
use veduta_win32 as _;

type Pointer = *mut c_void;

#[rustfmt::skip]
unsafe extern "C" {
    safe fn GetLastError() -> u32;
    fn InitializeSecurityDescriptor(descriptor: Pointer, revision: u32) -> i32;
    fn IsValidSecurityDescriptor(descriptor: Pointer) -> i32;
    fn SetSecurityDescriptorDacl(descriptor: Pointer, present: i32, dacl: Pointer, defaulted: i32) -> i32;
    fn GetSecurityDescriptorDacl(descriptor: Pointer, present: *mut i32, dacl: *mut Pointer, defaulted: *mut i32) -> i32;
    fn GetSecurityDescriptorLength(descriptor: Pointer) -> u32;
    fn InitializeAcl(acl: Pointer, size: u32, revision: u32) -> i32;
    fn IsValidAcl(acl: Pointer) -> i32;
    fn AddAccessAllowedAce(acl: Pointer, revision: u32, mask: u32, sid: Pointer) -> i32;
    fn AddAccessDeniedAce(acl: Pointer, revision: u32, mask: u32, sid: Pointer) -> i32;
    fn AllocateAndInitializeSid(authority: *const u8, count: u8, a: u32, b: u32, c: u32, d: u32, e: u32, f: u32, g: u32, h: u32, sid: *mut Pointer) -> i32;
    fn FreeSid(sid: Pointer) -> Pointer;
    fn CreateWellKnownSid(kind: u32, domain: Pointer, sid: Pointer, size: *mut u32) -> i32;
    fn GetLengthSid(sid: Pointer) -> u32;
    fn IsValidSid(sid: Pointer) -> i32;
    fn EqualSid(a: Pointer, b: Pointer) -> i32;
    fn CopySid(capacity: u32, target: Pointer, source: Pointer) -> i32;
    fn ConvertStringSidToSidA(text: *const c_char, sid: *mut Pointer) -> i32;
    fn ConvertSidToStringSidA(sid: Pointer, text: *mut *mut c_char) -> i32;
    fn ConvertStringSecurityDescriptorToSecurityDescriptorA(text: *const c_char, revision: u32, descriptor: *mut Pointer, size: *mut u32) -> i32;
    fn ConvertStringSecurityDescriptorToSecurityDescriptorW(text: *const u16, revision: u32, descriptor: *mut Pointer, size: *mut u32) -> i32;
    fn ConvertSecurityDescriptorToStringSecurityDescriptorA(descriptor: Pointer, revision: u32, parts: u32, text: *mut *mut c_char, length: *mut u32) -> i32;
    fn LocalFree(memory: Pointer) -> Pointer;
    fn LocalSize(memory: Pointer) -> usize;
}

/// Runs statements that call functions of C. What they need is in sight of each.
macro_rules! c {
    ($($body:tt)*) => {{
        #[allow(clippy::multiple_unsafe_ops_per_block)]
        // SAFETY: the test passes buffers of its own of the sizes that it says, or means to pass bad ones that are only read by the kernel.
        let result = unsafe { $($body)* };
        result
    }};
}

const EVERYONE: [u8; 12] = [1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0];

fn text_of(text: *mut c_char) -> String {
    let owned = c!(std::ffi::CStr::from_ptr(text)).to_str().unwrap().to_owned();
    assert!(c!(LocalFree(text.cast())).is_null());
    owned
}

#[test]
fn a_descriptor_is_built_by_hand() {
    let mut descriptor = [0xAA_u8; 40];
    let descriptor: Pointer = descriptor.as_mut_ptr().cast();
    assert_eq!(c!(InitializeSecurityDescriptor(descriptor, 2)), 0);
    assert_eq!(GetLastError(), 1305);
    assert_eq!(c!(InitializeSecurityDescriptor(descriptor, 1)), 1);
    assert_eq!(c!(IsValidSecurityDescriptor(descriptor)), 1);
    let (mut present, mut dacl, mut defaulted) = (7, null_mut(), 7);
    assert_eq!(c!(GetSecurityDescriptorDacl(descriptor, &mut present, &mut dacl, &mut defaulted)), 1);
    assert_eq!((present, defaulted), (0, 7));
    assert_eq!(c!(SetSecurityDescriptorDacl(descriptor, 1, null_mut(), 0)), 1);
    assert_eq!(c!(GetSecurityDescriptorDacl(descriptor, &mut present, &mut dacl, &mut defaulted)), 1);
    assert_eq!((present, dacl.is_null(), defaulted), (1, true, 0));

    let mut sid = EVERYONE;
    let mut acl = [0_u32; 13];
    let list: Pointer = acl.as_mut_ptr().cast();
    assert_eq!(c!(InitializeAcl(list, 7, 2)), 0);
    assert_eq!(GetLastError(), 122);
    assert_eq!(c!(InitializeAcl(list, 52, 1)), 0);
    assert_eq!(GetLastError(), 87);
    assert_eq!(c!(InitializeAcl(list, 52, 2)), 1);
    assert_eq!(c!(AddAccessAllowedAce(list, 2, 0x8000_0000, sid.as_mut_ptr().cast())), 1);
    assert_eq!(c!(AddAccessDeniedAce(list, 2, 0x4000_0000, sid.as_mut_ptr().cast())), 1);
    assert_eq!(c!(AddAccessAllowedAce(list, 2, 1, sid.as_mut_ptr().cast())), 0);
    assert_eq!(GetLastError(), 1344);
    assert_eq!(c!(IsValidAcl(list)), 1);
    // The bytes that Windows has there: header, then kind, flags, size, mask, identifier.
    assert_eq!(acl[..2], [52 << 16 | 2, 2]);
    assert_eq!(acl[2..7], [20 << 16, 0x8000_0000, 0x0000_0101, 0x0100_0000, 0]);
    assert_eq!(c!(SetSecurityDescriptorDacl(descriptor, 1, list, 0)), 1);
    let (mut text, mut length) = (null_mut(), 0);
    let converted =
        c!(ConvertSecurityDescriptorToStringSecurityDescriptorA(descriptor, 1, 4, &mut text, &mut length));
    assert_eq!((converted, length), (1, 27));
    assert_eq!(text_of(text), "D:(A;;GR;;;WD)(D;;GW;;;WD)".to_owned());
}

#[test]
fn identifiers_are_made_and_compared() {
    let (mut world, mut again) = (null_mut(), null_mut());
    let authority = [0, 0, 0, 0, 0, 1];
    let made = c!(AllocateAndInitializeSid(authority.as_ptr(), 1, 0, 0, 0, 0, 0, 0, 0, 0, &mut world));
    assert_eq!(made, 1);
    assert_eq!(c!(GetLengthSid(world)), 12);
    assert_eq!(c!(std::slice::from_raw_parts(world.cast::<u8>(), 12)), EVERYONE);
    let too_many = c!(AllocateAndInitializeSid(authority.as_ptr(), 9, 0, 0, 0, 0, 0, 0, 0, 0, &mut again));
    assert_eq!((too_many, GetLastError()), (0, 1337));
    let mut buffer = [0_u8; 68];
    let mut size = 4;
    assert_eq!(c!(CreateWellKnownSid(1, null_mut(), buffer.as_mut_ptr().cast(), &mut size)), 0);
    assert_eq!((GetLastError(), size), (122, 12));
    assert_eq!(c!(CreateWellKnownSid(1, null_mut(), buffer.as_mut_ptr().cast(), &mut size)), 1);
    assert_eq!(c!(EqualSid(world, buffer.as_mut_ptr().cast())), 1);
    for (kind, text) in [
        (3, "S-1-3-0"),
        (4, "S-1-3-1"),
        (11, "S-1-5-4"),
        (17, "S-1-5-11"),
        (22, "S-1-5-18"),
        (26, "S-1-5-32-544"),
        (27, "S-1-5-32-545"),
    ] {
        size = 68;
        assert_eq!(c!(CreateWellKnownSid(kind, null_mut(), buffer.as_mut_ptr().cast(), &mut size)), 1);
        let mut string = null_mut();
        assert_eq!(c!(ConvertSidToStringSidA(buffer.as_mut_ptr().cast(), &mut string)), 1);
        assert_eq!(text_of(string), text);
        let string = CString::new(text).unwrap();
        assert_eq!(c!(ConvertStringSidToSidA(string.as_ptr(), &mut again)), 1);
        assert_eq!(c!(EqualSid(again, buffer.as_mut_ptr().cast())), 1);
        assert_eq!(c!(EqualSid(again, world)), 0);
        assert_eq!(GetLastError(), 0);
        assert!(c!(LocalFree(again)).is_null());
    }
    assert_eq!(c!(CopySid(11, buffer.as_mut_ptr().cast(), world)), 0);
    assert_eq!(GetLastError(), 122);
    assert_eq!(c!(CopySid(68, buffer.as_mut_ptr().cast(), world)), 1);
    for text in [
        "",
        "S",
        "S-1",
        "S-1-5",
        "S-2-5-1",
        "S-1-5-x",
        "S-1-5-4294967296",
        "S-1-5--1",
        "XX",
        "WDx",
        "S-1-5-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1",
    ] {
        let string = CString::new(text).unwrap();
        assert_eq!(c!(ConvertStringSidToSidA(string.as_ptr(), &mut again)), 0, "{text}");
        assert_eq!(GetLastError(), 1337, "{text}");
    }
    assert!(c!(FreeSid(world)).is_null());
    for bad in [null_mut(), std::ptr::without_provenance_mut(8), std::ptr::without_provenance_mut(usize::MAX)]
    {
        assert_eq!(c!(IsValidSid(bad)), 0);
        assert_eq!(c!(EqualSid(bad, bad)), 0);
        assert_eq!(c!(GetLengthSid(bad)), 0);
        assert_eq!(c!(IsValidAcl(bad)), 0);
        assert_eq!(c!(IsValidSecurityDescriptor(bad)), 0);
        assert_eq!(GetLastError(), 1338);
    }
}

#[test]
fn texts_become_descriptors_and_texts_again() {
    for text in [
        "D:(A;;GA;;;WD)",
        "O:BAG:SYD:P(A;;GRGW;;;BU)(A;OICI;FA;;;SY)",
        "D:NO_ACCESS_CONTROL",
        "S:(ML;;NW;;;LW)",
    ] {
        let (mut descriptor, mut size, mut string) = (null_mut(), 0, null_mut());
        let narrow = CString::new(text).unwrap();
        assert_eq!(
            c!(ConvertStringSecurityDescriptorToSecurityDescriptorA(
                narrow.as_ptr(),
                1,
                &mut descriptor,
                &mut size
            )),
            1
        );
        assert_eq!(c!(LocalSize(descriptor)), size as usize);
        assert_eq!(c!(GetSecurityDescriptorLength(descriptor)), size);
        assert_eq!(c!(IsValidSecurityDescriptor(descriptor)), 1);
        assert_eq!(c!(SetSecurityDescriptorDacl(descriptor, 1, null_mut(), 0)), 0);
        assert_eq!(GetLastError(), 1338);
        assert_eq!(
            c!(ConvertSecurityDescriptorToStringSecurityDescriptorA(
                descriptor,
                1,
                0x1F,
                &mut string,
                null_mut()
            )),
            1
        );
        assert_eq!(text_of(string), text);
        assert!(c!(LocalFree(descriptor)).is_null());
        let wide: Vec<u16> = text.encode_utf16().chain([0]).collect();
        assert_eq!(
            c!(ConvertStringSecurityDescriptorToSecurityDescriptorW(
                wide.as_ptr(),
                1,
                &mut descriptor,
                null_mut()
            )),
            1
        );
        assert!(c!(LocalFree(descriptor)).is_null());
    }
    let mut descriptor = null_mut();
    for (text, revision, code) in
        [(c"D:", 2, 1305), (c"D:(D", 1, 1336), (c"D:(A;;GA;;;XX)", 1, 1337), (c"O:S-1-x", 1, 1337)]
    {
        assert_eq!(
            c!(ConvertStringSecurityDescriptorToSecurityDescriptorA(
                text.as_ptr(),
                revision,
                &mut descriptor,
                null_mut()
            )),
            0
        );
        assert_eq!(GetLastError(), code, "{text:?}");
        assert!(descriptor.is_null());
    }
    assert_eq!(
        c!(ConvertStringSecurityDescriptorToSecurityDescriptorA(
            std::ptr::null(),
            1,
            &mut descriptor,
            null_mut()
        )),
        0
    );
    assert_eq!(GetLastError(), 87);
    assert_eq!(
        c!(ConvertStringSecurityDescriptorToSecurityDescriptorA(c"D:".as_ptr(), 1, null_mut(), null_mut())),
        0
    );
    assert_eq!(GetLastError(), 87);
}

/// Numbers by xorshift: the test is the same each time.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// Descriptors with wrong bytes, offsets into nowhere and pointers to nowhere are refused, or read as what they say: nothing else happens.
#[test]
fn garbage_does_not_crash() {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let mut valid = 0;
    let texts = [c"O:BAG:SYD:P(A;;GRGW;;;BU)(A;OICI;FA;;;SY)S:(AU;SA;GA;;;WD)", c"D:(A;;GA;;;WD)"];
    for round in 0..20_000 {
        let (mut descriptor, mut size) = (null_mut(), 0);
        let text = texts[round % 2];
        assert_eq!(
            c!(ConvertStringSecurityDescriptorToSecurityDescriptorA(
                text.as_ptr(),
                1,
                &mut descriptor,
                &mut size
            )),
            1
        );
        let mut bytes = c!(std::slice::from_raw_parts(descriptor.cast::<u8>(), size as usize)).to_vec();
        assert!(c!(LocalFree(descriptor)).is_null());
        for _ in 0..=random.next() % 6 {
            let place = (random.next() % u64::from(size)) as usize;
            bytes[place] = random.next() as u8;
        }
        // Sometimes it has pointers, and they are random.
        bytes.resize(bytes.len().max(40), 0);
        let pointer: Pointer = bytes.as_mut_ptr().cast();
        if c!(IsValidSecurityDescriptor(pointer)) != 0 {
            valid += 1;
            let mut string = null_mut();
            if c!(ConvertSecurityDescriptorToStringSecurityDescriptorA(
                pointer,
                1,
                0x1F,
                &mut string,
                null_mut()
            )) != 0
            {
                let string = CString::new(text_of(string)).unwrap();
                let again = c!(ConvertStringSecurityDescriptorToSecurityDescriptorA(
                    string.as_ptr(),
                    1,
                    &mut descriptor,
                    null_mut()
                ));
                // What cannot be said in text is refused before it is text, but for an identifier without a number.
                if again != 0 {
                    assert!(c!(LocalFree(descriptor)).is_null());
                }
            }
        }
    }
    assert!(valid > 100, "only {valid} of the changed descriptors were still valid");
    // Texts, too.
    let letters = b"OGDSPAIRW:;()-0123456789x \xC3\xA4ML";
    for _ in 0..20_000 {
        let length = random.next() % 40;
        let text: Vec<u8> = (0..length).map(|_| letters[random.next() as usize % letters.len()]).collect();
        let text = CString::new([b"D:(A;".as_slice(), &text].concat()).unwrap();
        let mut descriptor = null_mut();
        if c!(ConvertStringSecurityDescriptorToSecurityDescriptorA(
            text.as_ptr(),
            1,
            &mut descriptor,
            null_mut()
        )) != 0
        {
            assert!(c!(LocalFree(descriptor)).is_null());
        }
    }
}
