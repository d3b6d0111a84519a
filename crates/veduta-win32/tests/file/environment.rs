//! Command line, program, variables, machine and user.

use crate::sys::*;
use std::ffi::CStr;
use std::ptr::{null, null_mut};

fn get(name: &str) -> Result<String, u32> {
    // SAFETY: the buffer has that length.
    text(|buffer, length| unsafe { GetEnvironmentVariableA(c(name).as_ptr(), buffer, length) })
}

fn set(name: &str, value: Option<&str>) -> Result<(), u32> {
    let value: Option<std::ffi::CString> = value.map(c);
    // SAFETY: the texts end with 0.
    check(unsafe {
        SetEnvironmentVariableA(c(name).as_ptr(), value.as_ref().map_or(null(), |value| value.as_ptr()))
    })
}

#[test]
fn variables_have_names_without_case() {
    assert_eq!(set("Veduta_Test", Some("one")), Ok(()));
    assert_eq!(get("VEDUTA_TEST").as_deref(), Ok("one"));
    assert_eq!(set("VEDUTA_TEST", Some("two")), Ok(()));
    assert_eq!(std::env::var("Veduta_Test").as_deref(), Ok("two"), "the same variable");
    // SAFETY: the buffer has that length.
    let needed = unsafe { GetEnvironmentVariableA(c"Veduta_Test".as_ptr(), [0; 3].as_mut_ptr(), 3) };
    assert_eq!(needed, 4);
    assert_eq!(set("veduta_test", None), Ok(()));
    assert_eq!(get("Veduta_Test"), Err(203));
    assert_eq!(set("Veduta_Test", None), Err(203));
    assert_eq!((set("", Some("x")), set("a=b", Some("x"))), (Err(87), Err(87)));
    assert_eq!(get("a=b"), Err(203));
}

#[test]
fn the_program_knows_its_file_and_command_line() {
    // SAFETY: the buffer has that length.
    let file = text(|buffer, length| unsafe { GetModuleFileNameA(null_mut(), buffer, length) }).unwrap();
    let program = std::env::current_exe().unwrap();
    assert_eq!(file.replace('\\', "/"), program.to_str().unwrap());
    let mut buffer = [7; 5];
    // SAFETY: as above.
    assert_eq!(unsafe { GetModuleFileNameA(null_mut(), buffer.as_mut_ptr(), 5) }, 5);
    assert_eq!((buffer[4], GetLastError()), (0, 122), "cut");
    // SAFETY: the name is NULL or ends with 0.
    unsafe {
        let module = GetModuleHandleA(null());
        assert_eq!(*module.cast::<[u8; 4]>(), *b"\x7FELF");
        assert!(GetModuleFileNameA(module, [0; 4096].as_mut_ptr(), 4096) > 0);
        assert_eq!((GetModuleHandleA(c"other".as_ptr()), GetLastError()), (null_mut(), 126));
    }
    // SAFETY: the texts end with 0 and stay.
    let line = unsafe { CStr::from_ptr(GetCommandLineA()) }.to_str().unwrap();
    let first = std::env::args().next().unwrap();
    assert!(line.starts_with(&first) || line.starts_with(&format!("\"{first}\"")), "{line}");
    assert_eq!(GetCommandLineA(), GetCommandLineA());
    // SAFETY: as above.
    assert_eq!(unsafe { *GetCommandLineW() }, u16::from(line.as_bytes()[0]));
}

#[test]
fn machine_and_user_have_names() {
    for (function, counts_end, code) in
        [(GetComputerNameA as unsafe extern "C" fn(*mut u8, *mut u32) -> i32, 0, 111), (GetUserNameA, 1, 122)]
    {
        let (mut buffer, mut size) = ([0; 300], 300);
        // SAFETY: the buffer has that length.
        assert_eq!(unsafe { function(buffer.as_mut_ptr(), &mut size) }, 1);
        let length = buffer.iter().position(|&byte| byte == 0).unwrap() as u32;
        assert!(length > 0);
        assert_eq!(size, length + counts_end);
        size = 0;
        // SAFETY: there is no room, and nothing is written.
        assert_eq!(check(unsafe { function(null_mut(), &mut size) }), Err(code));
        assert_eq!(size, length + 1, "what is needed");
    }
}
