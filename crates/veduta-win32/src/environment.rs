//! What surrounds the program: its command line, its file, its variables, its machine and user.

use crate::code;
use crate::export::export;
use crate::failure::{Failure, Result, diagnoses, fail};
use crate::file::path;
use crate::last_error;
use crate::pointer::Out;
use crate::text::{self, Narrow, Text, Wide};
use crate::types::{BOOL, DWORD, UINT};
use std::ffi::{CStr, OsStr, OsString};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

export! {
    fn GetCommandLineA() -> *mut u8 { Ok(command_line().narrow.as_ptr().cast_mut()) }

    fn GetCommandLineW() -> *mut u16 { Ok(command_line().wide.as_ptr().cast_mut()) }

    fn GetModuleFileNameA(module: usize, buffer: Out<u8>, capacity: DWORD) -> DWORD {
        module_file_name::<Narrow>(module, buffer, capacity)
    }

    fn GetModuleFileNameW(module: usize, buffer: Out<u16>, capacity: DWORD) -> DWORD {
        module_file_name::<Wide>(module, buffer, capacity)
    }

    fn GetModuleHandleA(name: Narrow) -> usize { module_handle(name) }

    fn GetModuleHandleW(name: Wide) -> usize { module_handle(name) }

    fn GetEnvironmentVariableA(name: Narrow, buffer: Out<u8>, capacity: DWORD) -> DWORD {
        variable(name, buffer, capacity)
    }

    fn GetEnvironmentVariableW(name: Wide, buffer: Out<u16>, capacity: DWORD) -> DWORD {
        variable(name, buffer, capacity)
    }

    fn SetEnvironmentVariableA(name: Narrow, value: Narrow) -> BOOL { set_variable(name, value) }

    fn SetEnvironmentVariableW(name: Wide, value: Wide) -> BOOL { set_variable(name, value) }

    fn GetComputerNameA(buffer: Out<u8>, size: Out<DWORD>) -> BOOL { computer_name::<Narrow>(buffer, size) }

    fn GetComputerNameW(buffer: Out<u16>, size: Out<DWORD>) -> BOOL { computer_name::<Wide>(buffer, size) }

    fn GetUserNameA(buffer: Out<u8>, size: Out<DWORD>) -> BOOL { user_name::<Narrow>(buffer, size) }

    fn GetUserNameW(buffer: Out<u16>, size: Out<DWORD>) -> BOOL { user_name::<Wide>(buffer, size) }

    fn SetErrorMode(mode: UINT) -> UINT { Ok(ERROR_MODE.swap(mode, Ordering::Relaxed)) }

    fn GetErrorMode() -> UINT { Ok(ERROR_MODE.load(Ordering::Relaxed)) }

    fn OutputDebugStringA(text: Narrow) { output(text) }

    fn OutputDebugStringW(text: Wide) { output(text) }
}

/// Remembered and given back. No window asks anything here whatever it is.
static ERROR_MODE: AtomicU32 = AtomicU32::new(0);

/// The command line, ending with 0. Programs keep the pointers.
struct CommandLine {
    narrow: Vec<u8>,
    wide: Vec<u16>,
}

static COMMAND_LINE: OnceLock<CommandLine> = OnceLock::new();

impl CommandLine {
    fn new(line: &str) -> CommandLine {
        let (mut narrow, mut wide) = (Narrow::encode(line), Wide::encode(line));
        narrow.push(0);
        wide.push(0);
        CommandLine { narrow, wide }
    }
}

/// The command line as `CreateProcess` was given it. Without this it is put together from the arguments. It can be said once, before
/// anybody has asked.
pub(crate) fn set_command_line(line: &str) {
    let _first = COMMAND_LINE.set(CommandLine::new(line));
}

fn command_line() -> &'static CommandLine {
    COMMAND_LINE.get_or_init(|| {
        let arguments = std::fs::read("/proc/thread-self/cmdline").unwrap_or_default();
        let arguments = arguments.strip_suffix(b"\0").unwrap_or(&arguments);
        let quoted: Vec<_> = arguments
            .split(|&byte| byte == 0)
            .enumerate()
            .map(|(index, argument)| quote(&String::from_utf8_lossy(argument), index == 0))
            .collect();
        CommandLine::new(&quoted.join(" "))
    })
}

/// An argument as the rules of Microsoft's C runtime take it apart again: before a quote, backslashes count double.
fn quote(argument: &str, is_program: bool) -> String {
    let plain = !argument.is_empty() && !argument.contains([' ', '\t', '\n', '\x0B', '"']);
    if plain {
        return argument.to_owned();
    }
    if is_program {
        // In the program's name nothing is special but the quotes around it.
        return format!("\"{argument}\"");
    }
    let mut quoted = String::from("\"");
    let mut backslashes = 0;
    for character in argument.chars() {
        match character {
            '\\' => {
                backslashes += 1;
                continue;
            }
            '"' => quoted.push_str(&"\\".repeat(2 * backslashes + 1)),
            _ => quoted.push_str(&"\\".repeat(backslashes)),
        }
        backslashes = 0;
        quoted.push(character);
    }
    quoted.push_str(&"\\".repeat(2 * backslashes));
    quoted.push('"');
    quoted
}

/// Whether the environment comes from somebody with fewer rights than this program has (setuid, setgid, file capabilities).
pub(crate) fn is_foreign() -> bool {
    // SAFETY: the call takes a number.
    unsafe { libc::getauxval(libc::AT_SECURE) != 0 }
}

/// A variable by which whoever starts a program may direct this library, if the program should listen.
pub(crate) fn direction(name: &str) -> Option<OsString> {
    if is_foreign() { None } else { std::env::var_os(name) }
}

/// Where the program's own file begins in memory.
fn program() -> usize {
    // SAFETY: the call only looks something up.
    let headers = unsafe { libc::getauxval(libc::AT_PHDR) } as usize;
    // The program headers stand in the first page.
    headers & !0xFFF
}

fn module_handle(name: impl Text) -> Result<usize> {
    match name.read()? {
        None => Ok(program()),
        Some(name) => Err(Failure::hint(
            code::MOD_NOT_FOUND,
            format!("of modules only the program itself (NULL) is known, not {name}"),
        )),
    }
}

/// The file that the process was started from.
pub(crate) fn program_file() -> Result<String> {
    Ok(path::to_windows(&std::fs::read_link("/proc/thread-self/exe")?))
}

fn module_file_name<T: Text>(module: usize, buffer: Out<T::Unit>, capacity: u32) -> Result<u32> {
    if module != 0 && module != program() {
        return Err(Failure::hint(code::MOD_NOT_FOUND, "of modules only the program itself (NULL) is known"));
    }
    let units = T::encode(&program_file()?);
    let capacity = capacity as usize;
    if buffer.is_null() || capacity == 0 {
        return fail(code::INSUFFICIENT_BUFFER);
    }
    let fits = units.len() < capacity;
    let mut written = units[..units.len().min(capacity - 1)].to_vec();
    written.push(T::Unit::default());
    buffer.put_all(&written);
    if fits {
        return Ok(units.len() as u32);
    }
    // This function fills the buffer, and says in the last error alone that it was too small.
    last_error::set(code::INSUFFICIENT_BUFFER);
    Ok(capacity as u32)
}

/// A variable's name as it stands in the environment: Windows does not tell letters from capitals.
fn spelled(name: &str) -> Option<String> {
    if std::env::var_os(name).is_some() {
        return Some(name.to_owned());
    }
    let same = |(other, _): (OsString, _)| {
        other.to_str().filter(|other| other.to_lowercase() == name.to_lowercase()).map(str::to_owned)
    };
    std::env::vars_os().find_map(same)
}

fn variable<T: Text>(name: T, buffer: Out<T::Unit>, capacity: u32) -> Result<u32> {
    let name = name.required()?;
    // The standard library panics on such names.
    let value = (!name.is_empty() && !name.contains('='))
        .then(|| spelled(&name).and_then(std::env::var_os))
        .flatten()
        .ok_or(Failure::Code(code::ENVVAR_NOT_FOUND))?;
    Ok(text::fill::<T>(buffer, capacity as usize, &value.to_string_lossy()))
}

fn set_variable<T: Text>(name: T, value: T) -> Result<()> {
    let name = name.required()?;
    if name.is_empty() || name.contains('=') {
        return Err(Failure::hint(code::INVALID_PARAMETER, "a variable's name is not empty and has no ="));
    }
    let there = spelled(&name);
    match value.read()? {
        Some(value) => {
            let name = there.unwrap_or(name);
            // SAFETY: the standard library's own users of the environment exclude each other. C code that reads it meanwhile
            // would race with `setenv` in the same way; docs/win32.md says so.
            unsafe { std::env::set_var(OsStr::new(&name), OsStr::new(&value)) };
        }
        None => {
            let name = there.ok_or(Failure::Code(code::ENVVAR_NOT_FOUND))?;
            // SAFETY: as above.
            unsafe { std::env::remove_var(OsStr::new(&name)) };
        }
    }
    Ok(())
}

/// The longest name of a machine (`MAX_COMPUTERNAME_LENGTH`).
const COMPUTER_NAME: usize = 15;

/// The host's name as Windows has it for old protocols: short, and in capitals.
fn computer_name<T: Text>(buffer: Out<T::Unit>, size: Out<DWORD>) -> Result<()> {
    let host = rustix::system::uname().nodename().to_string_lossy().to_uppercase();
    let host: String = host.split('.').next().unwrap_or_default().chars().take(COMPUTER_NAME).collect();
    let capacity = size.as_in().required()?;
    let length = text::fill::<T>(buffer, capacity as usize, &host);
    size.put(length);
    if buffer.is_null() || length >= capacity { fail(code::BUFFER_OVERFLOW) } else { Ok(()) }
}

fn user_name<T: Text>(buffer: Out<T::Unit>, size: Out<DWORD>) -> Result<()> {
    let user = user();
    let capacity = size.as_in().required()?;
    let units = T::encode(&user).len() as u32 + 1;
    // With the end, unlike the computer's name.
    size.put(units);
    if buffer.is_null() || units > capacity {
        return fail(code::INSUFFICIENT_BUFFER);
    }
    text::fill::<T>(buffer, capacity as usize, &user);
    Ok(())
}

/// The name of the user that the process acts for; the number, where there is no name for it.
fn user() -> String {
    let number = rustix::process::geteuid().as_raw();
    let mut buffer = vec![0; 0x4000];
    let mut entry = std::mem::MaybeUninit::<libc::passwd>::uninit();
    let mut found = std::ptr::null_mut();
    // SAFETY: all pointers are good for the call, and the buffer has the length that is said.
    let status = unsafe {
        libc::getpwuid_r(number, entry.as_mut_ptr(), buffer.as_mut_ptr(), buffer.len(), &raw mut found)
    };
    if status != 0 || found.is_null() {
        return number.to_string();
    }
    // SAFETY: the call found an entry, and says that it is this one.
    let name = unsafe { (*found).pw_name };
    // SAFETY: the name stands in the buffer and ends with 0.
    let name = unsafe { CStr::from_ptr(name) };
    name.to_string_lossy().into_owned()
}

/// There is no debugger that listens: who diagnoses does.
fn output(text: impl Text) -> Result<()> {
    if diagnoses()
        && let Some(text) = text.read()?
    {
        eprint!("{text}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::quote;

    #[test]
    fn arguments_are_quoted_so_that_they_come_back() {
        for (argument, quoted) in [
            ("plain", "plain"),
            ("", r#""""#),
            ("two words", r#""two words""#),
            (r#"a"b"#, r#""a\"b""#),
            (r"C:\dir\", r"C:\dir\"),
            (r"C:\my dir\", r#""C:\my dir\\""#),
            (r#"a\\"b"#, r#""a\\\\\"b""#),
        ] {
            assert_eq!(quote(argument, false), quoted, "{argument}");
        }
    }
}
