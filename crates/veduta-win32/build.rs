//! Gives the shared library its SONAME: the number goes up when programs have to be linked anew.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libveduta_win32.so.0");
}
