//! Gives the shared library its SONAME, of which the number goes up when programs have to be linked anew.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libveduta_win32.so.0");
    // Threads of the library's own, and what runs when threads end, must not outlive it: it is never unloaded.
    println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
}
