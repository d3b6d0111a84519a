//! Temporary files: where they go, and names that nobody else has.

use super::create::{self, Disposition, Request};
use super::{path, share};
use crate::code;
use crate::environment;
use crate::export::export;
use crate::failure::{Failure, Result, fail};
use crate::pointer::Out;
use crate::rights::GENERIC_WRITE;
use crate::text::{self, MAX_PATH, Narrow, Text, Wide};
use crate::types::{DWORD, UINT};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

export! {
    fn GetTempPathA(capacity: DWORD, buffer: Out<u8>) -> DWORD { temporary_path::<Narrow>(capacity, buffer) }

    fn GetTempPathW(capacity: DWORD, buffer: Out<u16>) -> DWORD { temporary_path::<Wide>(capacity, buffer) }

    fn GetTempFileNameA(path: Narrow, prefix: Narrow, unique: UINT, name: Out<u8>) -> UINT {
        temporary_name(path, prefix, unique, name)
    }

    fn GetTempFileNameW(path: Wide, prefix: Wide, unique: UINT, name: Out<u16>) -> UINT {
        temporary_name(path, prefix, unique, name)
    }
}

fn temporary_path<T: Text>(capacity: u32, buffer: Out<T::Unit>) -> Result<u32> {
    // Windows' names for it first: a program may have set them.
    let named = ["TMP", "TEMP", "TMPDIR"]
        .into_iter()
        .filter_map(environment::direction)
        .find(|value| !value.is_empty());
    let directory = named.map_or_else(|| r"\tmp".to_owned(), |value| value.to_string_lossy().into_owned());
    let mut directory = path::full(&directory)?;
    if !directory.ends_with('\\') {
        directory.push('\\');
    }
    Ok(text::fill::<T>(buffer, capacity as usize, &directory))
}

/// How many characters of the prefix count.
const PREFIX: usize = 3;

fn temporary_name<T: Text>(directory: T, prefix: T, unique: u32, out: Out<T::Unit>) -> Result<u32> {
    let directory = directory.required()?;
    let prefix: String = prefix.read()?.unwrap_or_default().chars().take(PREFIX).collect();
    out.required()?;
    let separator = if directory.ends_with(['\\', '/']) || directory.is_empty() { "" } else { "\\" };
    let name = |number: u16| format!("{directory}{separator}{prefix}{number:x}.tmp");
    let finish = |number: u16, name: &str| {
        let mut units = T::encode(name);
        units.push(T::Unit::default());
        out.put_all(&units);
        Ok(number.into())
    };
    if T::encode(&name(u16::MAX)).len() >= MAX_PATH {
        return Err(Failure::hint(
            code::BUFFER_OVERFLOW,
            "the path leaves no room for a name in MAX_PATH characters",
        ));
    }
    let place = path::to_linux(if directory.is_empty() { "." } else { &directory })?;
    if !place.is_dir() {
        return Err(Failure::hint(code::DIRECTORY, "the path is not that of a directory"));
    }
    // A number that the caller has chosen is only put into a name.
    if unique as u16 != 0 {
        return finish(unique as u16, &name(unique as u16));
    }
    let first = first_number();
    for number in (0..=u16::MAX).map(|step| first.wrapping_add(step)).filter(|&number| number != 0) {
        let name = name(number);
        let request = Request {
            path: name.clone(),
            access: GENERIC_WRITE,
            share: share::ALL,
            disposition: Disposition::CreateNew,
            flags: 0,
            mode: None,
        };
        match create::open(&request) {
            Ok(_) => return finish(number, &name),
            Err(failure) if failure.code() == code::FILE_EXISTS => {}
            Err(failure) => return Err(failure),
        }
    }
    fail(code::FILE_EXISTS)
}

/// Where to begin to look: processes, and calls in one process, begin at different numbers.
fn first_number() -> u16 {
    static CALLS: AtomicU16 = AtomicU16::new(0);
    let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    (time.subsec_nanos() as u16)
        ^ (std::process::id() as u16).rotate_left(4)
        ^ CALLS.fetch_add(1, Ordering::Relaxed)
}
