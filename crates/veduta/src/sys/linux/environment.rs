//! What the environment may change.

use std::ffi::OsString;

/// A variable of the environment; `None` too where the environment comes from somebody with fewer rights than this program has
/// (setuid, setgid, file capabilities): it must not say where such a program looks for objects.
pub(crate) fn variable(name: &str) -> Option<OsString> {
    // SAFETY: the call takes a number.
    let secure = unsafe { libc::getauxval(libc::AT_SECURE) } != 0;
    if secure { None } else { std::env::var_os(name) }
}
