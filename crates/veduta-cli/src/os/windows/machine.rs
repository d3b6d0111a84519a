//! Users, room, memory and limits.

use super::{done, wide};
use std::io;
use std::path::Path;
use std::ptr::{null, null_mut};
use veduta::User;
use windows_sys::Win32::Foundation::LocalFree;
use windows_sys::Win32::Security::Authorization::ConvertStringSidToSidW;
use windows_sys::Win32::Security::LookupAccountSidW;
use windows_sys::Win32::Storage::FileSystem::GetDiskFreeSpaceExW;

/// The variable that says where temporary files go.
pub(crate) const TEMPORARY: &str = "TMP";

/// The name of a user, if it has one.
pub(crate) fn user_name(user: &User) -> Option<String> {
    let text: Vec<u16> = user.to_string().encode_utf16().chain([0]).collect();
    let mut sid = null_mut();
    // SAFETY: the text ends with a NUL, and the pointer is ours.
    done(unsafe { ConvertStringSidToSidW(text.as_ptr(), &raw mut sid) }).ok()?;
    // Longer than names of accounts and of domains can be.
    let (mut name, mut domain) = ([0; 512], [0; 512]);
    let (mut name_len, mut domain_len) = (name.len() as u32, domain.len() as u32);
    let mut kind = 0;
    // SAFETY: the identifier was just made, and the buffers are as long as is said.
    let found = unsafe {
        LookupAccountSidW(
            null(),
            sid,
            name.as_mut_ptr(),
            &raw mut name_len,
            domain.as_mut_ptr(),
            &raw mut domain_len,
            &raw mut kind,
        )
    };
    // SAFETY: it was made above, and nobody uses it any more.
    unsafe { LocalFree(sid) };
    done(found).ok()?;
    Some(String::from_utf16_lossy(name.get(..name_len as usize)?)).filter(|name| !name.is_empty())
}

/// The room on the disk of a directory that this user may take.
pub(crate) fn free_space(directory: &Path) -> Option<u64> {
    let mut free = 0;
    let path = wide(directory);
    // SAFETY: the path ends with a NUL, and the number is ours.
    done(unsafe { GetDiskFreeSpaceExW(path.as_ptr(), &raw mut free, null_mut(), null_mut()) }).ok()?;
    Some(free)
}

/// Not told: Windows counts what was promised, to shared memory and to all other.
pub(crate) fn shared_memory() -> io::Result<Option<(u64, &'static str)>> {
    Ok(None)
}

/// There is no such limit.
pub(crate) fn descriptors_hint(_: &io::Error) -> Option<String> {
    None
}

/// There is no such limit.
pub(crate) fn file_size_hint() -> Option<String> {
    None
}
