//! What tests of C programs share: what is installed, and the library that this test was built with.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

/// The compiler for Windows.
pub(crate) const CROSS_COMPILER: &str = "x86_64-w64-mingw32-gcc";

pub(crate) fn crate_root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Whether a program is installed.
pub(crate) fn installed(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// The shared library that this test was built with: beside the test, or one directory up.
pub(crate) fn library() -> PathBuf {
    let test = std::env::current_exe().expect("this program is a file");
    let written = |path: &PathBuf| {
        fs::metadata(path).and_then(|file| file.modified()).unwrap_or(SystemTime::UNIX_EPOCH)
    };
    let places = test.ancestors().skip(1).take(2).map(|directory| directory.join("libveduta_win32.so"));
    places.filter(|path| path.exists()).max_by_key(written).expect("the library is built for its tests")
}

/// Has a program linked with the library, and find it when it is started: programs load it by its SONAME, which gets a link in `directory`.
pub(crate) fn link(command: &mut Command, directory: &Path) {
    let library = library();
    fs::create_dir_all(directory).expect("it can be made");
    let soname = directory.join("libveduta_win32.so.0");
    // Tests run at once: whoever is first makes it, and all make the same.
    if fs::read_link(&soname).ok().as_ref() != Some(&library) {
        let new = directory.join(format!("link {:?}", std::thread::current().id()));
        let _ = fs::remove_file(&new);
        symlink(&library, &new).expect("the library can be linked to");
        fs::rename(&new, &soname).expect("in its place");
    }
    // By its path: a search by name might find one that is installed. When it is started, this directory comes before Cargo's, where an older one
    // may be left.
    command
        .arg(library)
        .arg(format!("-Wl,--disable-new-dtags,-rpath,{}", directory.display()))
        .arg("-pthread");
}
