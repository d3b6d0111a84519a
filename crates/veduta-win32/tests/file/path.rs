//! Paths: drives, and what is lexical.

use crate::role;
use crate::scratch::Scratch;
use crate::sys::*;
use std::fs;

fn linux(path: &str) -> Result<String, u32> {
    let mut buffer = [0; 4096];
    // SAFETY: the buffer has that length.
    let length = unsafe { veduta_linux_path(c(path).as_ptr(), buffer.as_mut_ptr(), buffer.len()) };
    if length == 0 {
        Err(GetLastError())
    } else {
        Ok(String::from_utf8_lossy(&buffer[..length]).into_owned())
    }
}

fn full(path: &str) -> Result<String, u32> {
    // SAFETY: the buffer has that length.
    text(|buffer, length| unsafe { GetFullPathNameA(c(path).as_ptr(), length, buffer, std::ptr::null_mut()) })
}

fn here() -> String {
    // SAFETY: the buffer has that length.
    text(|buffer, length| unsafe { GetCurrentDirectoryA(length, buffer) }).unwrap()
}

fn go(path: &str) -> Result<(), u32> {
    // SAFETY: the name ends with 0.
    check(unsafe { SetCurrentDirectoryA(c(path).as_ptr()) })
}

#[test]
fn without_drives_paths_are_of_linux() {
    assert_eq!(linux(r"\tmp\x").as_deref(), Ok("/tmp/x"));
    assert_eq!(linux("/tmp//./x").as_deref(), Ok("/tmp/x"));
    assert_eq!(linux(r"\a\..\..\x").as_deref(), Ok("/x"));
    assert_eq!(linux(r"a\b").as_deref(), Ok("a/b"));
    assert_eq!(linux(r"no\..\b").as_deref(), Ok("b"), "nobody looks");
    assert_eq!(linux(r"\\?\\tmp\a:b?").as_deref(), Ok("/tmp/a:b?"));
    assert_eq!(linux("Q:\\x"), Err(3));
    assert_eq!(linux(r"\\server\share\x"), Err(53));
    assert_eq!(linux("a?"), Err(123));
    assert_eq!(linux(r"\\?\x"), Err(161));
    assert_eq!(linux("NUL").as_deref(), Ok("/dev/null"));
    assert_eq!(full(r"\tmp\.\x\..\y\").as_deref(), Ok(r"\tmp\y\"));
    assert_eq!(full(r"Q:\a\..\b").as_deref(), Ok(r"Q:\b"), "only text");
    assert_eq!(full("nul").as_deref(), Ok(r"\\.\NUL"));
    assert_eq!(full(""), Err(123));
    // Cut, as by `snprintf`.
    let mut buffer = [7; 4];
    // SAFETY: the buffer has that length.
    assert_eq!(unsafe { veduta_linux_path(c"/tmp/x".as_ptr(), buffer.as_mut_ptr(), 4) }, 6);
    assert_eq!(&buffer, b"/tm\0");
}

#[test]
#[ignore = "a role"]
fn driver() {
    let root = role::told("ROOT");
    assert_eq!(linux(r"C:\dir\f").unwrap(), format!("{root}/c/dir/f"));
    assert_eq!(linux("d:/f").unwrap(), format!("{root}/c/inner/f"));
    assert_eq!(linux(r"C:\..\..\f").unwrap(), format!("{root}/c/f"), "nobody climbs out of a drive");
    assert_eq!(linux("E:\\f"), Err(3));

    go(r"C:\dir").unwrap();
    assert_eq!(here(), r"C:\dir");
    assert_eq!(linux("C:f").unwrap(), format!("{root}/c/dir/f"));
    assert_eq!(linux("D:f").unwrap(), format!("{root}/c/inner/f"), "the root of another drive");
    assert_eq!(linux(r"..\..\..\f").unwrap(), format!("{root}/c/f"));
    assert_eq!(full("f").as_deref(), Ok(r"C:\dir\f"));
    assert_eq!(full("C:..").as_deref(), Ok(r"C:\"));
    assert_eq!(full(&format!("{root}/c/inner/x")).as_deref(), Ok(r"D:\x"), "the inner drive says more");
    assert_eq!(full(&format!("{root}/x")).unwrap(), format!("{root}/x").replace('/', "\\"));
    go("\\").unwrap();
    assert_eq!(here(), "\\");
    go("D:").unwrap();
    assert_eq!(here(), r"D:\");
    assert_eq!(go("no"), Err(2));
    assert_eq!(go(r"no\no"), Err(3));
    fs::write(format!("{root}/c/inner/f"), "x").unwrap();
    assert_eq!(go("f"), Err(267));
    assert_eq!(open("D:\\f", GENERIC_READ, 0).map(|file| read(&file, 9).unwrap()), Ok(b"x".to_vec()));
    assert_eq!(open("D:\\F", GENERIC_READ, 0).err(), Some(2), "letters and capitals differ");
    let mut part = std::ptr::null_mut();
    let mut buffer = [0; 100];
    // SAFETY: the buffer has that length.
    let length = unsafe { GetFullPathNameA(c"f".as_ptr(), 100, buffer.as_mut_ptr(), &mut part) };
    assert_eq!(&buffer[..length as usize], b"D:\\f");
    assert_eq!(part, buffer.as_mut_ptr().wrapping_add(3));
    // SAFETY: as above.
    assert_eq!(unsafe { GetFullPathNameA(c"f".as_ptr(), 4, buffer.as_mut_ptr(), &mut part) }, 5, "too small");
    // SAFETY: as above.
    let temporary = text(|buffer, length| unsafe { GetTempPathA(length, buffer) }).unwrap();
    assert_eq!(temporary, r"C:\dir\");
}

#[test]
fn drives_are_directories() {
    let scratch = Scratch::new();
    fs::create_dir_all(scratch.path("c/dir")).unwrap();
    fs::create_dir(scratch.path("c/inner")).unwrap();
    let root = scratch.0.canonicalize().unwrap();
    let root = root.to_str().unwrap();
    let drives = format!("C:={root}/c/;d:={root}/c/inner;nonsense;E:=relative");
    role::run("path::driver", &[("ROOT", root), ("VEDUTA_DRIVES", &drives), ("TMP", r"C:\dir")]);
}
